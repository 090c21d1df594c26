#pragma once
/* The sockets on which other authorities reach us.  Knows addresses, not who calls. */
#include <stddef.h>
#include <stdint.h>

#include "proto/fault.h"

struct listener;
struct uv_loop_s;
struct uv_tcp_s;

/* A connection came in; it was allocated with malloc() and is yours (wire_open(), socket_drop()). */
typedef void listener_accepted(void *owner, TAKES struct uv_tcp_s *tcp);

/* Listen on all of the addresses ("0.0.0.0:7443", "[::]:7443") or on none.  Faults: config, naming the
 * address and why; no memory. */
enum fault listener_open(struct uv_loop_s *loop, const char *const *addresses, size_t count,
		listener_accepted *accepted, void *owner, struct listener **listener) MUST_CHECK;
uint16_t listener_port(const struct listener *listener, size_t index);
/* `closed` (may be NULL) is the last call. */
void listener_close(struct listener *listener, void (*closed)(void *owner));
