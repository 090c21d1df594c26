#pragma once
/* One attempt to reach one endpoint: resolve its name, try all its addresses, the first that answers wins.
 *
 * Names are resolved anew for each attempt; literals need no resolver.  The addresses are tried with the
 * two families alternating, the next one 250 ms after the last or when it failed (RFC 8305 sections 4, 5). */
#include <stdint.h>

#include "daemon/line/endpoint.h"

struct dialer;
struct uv_loop_s;
struct uv_tcp_s;

enum { DIAL_STAGGER_MS = 250, DIAL_PATIENCE_MS = 10000, DIAL_ADDRESSES_MAX = 16 };

/* Never called from inside dialer_start(); after connected or failed the dialer is gone. */
struct dialer_listener {
	void (*resolved)(void *owner, const char *addresses, uint64_t us);	/* "192.0.2.1:7443, [2001:…" */
	/* The handle was allocated with malloc() and is yours. */
	void (*connected)(void *owner, TAKES struct uv_tcp_s *tcp, const char *address, uint64_t us);
	/* Faults: no host, no route, line refused, line timeout, no memory. */
	void (*failed)(void *owner, const char *address, enum fault why, const char *detail);
};

enum fault dialer_start(struct uv_loop_s *loop, const struct endpoint *endpoint,
		const struct dialer_listener *listener, void *owner, struct dialer **dialer) MUST_CHECK;
/* Nothing more is told. */
void dialer_cancel(struct dialer *dialer);
