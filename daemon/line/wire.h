#pragma once
/* One connection: TCP, TLS and frames.  Knows bytes and time, not whose turn it is.
 *
 * What is sent during one turn of the loop leaves together at the turn's end, in as few writes as
 * possible; daemon/line/exchange.h holds what all wires of a loop share for that.  At most one write is under way; what gathers meanwhile
 * goes with the next.  Bulk has a queue of its own, and leaves behind whatever else there is to say; only so that it is
 * never starved, it has its turn now and then.  Callers should stop sending while their queue is congested; `drained`
 * tells when to go on.  When all wires together have much that waits, a wire is congested by anything that does, and when
 * they have too much, the one whose peer has not read for the longest time is cut (exchange.h).
 *
 * Closing is a request; `closed` is the end.  What was said before, the TLS alert or close_notify still
 * leave; the wire then waits, by itself, for the other side's end of stream, 2 s in all. */
#include <stdbool.h>

#include "certs/tls.h"
#include "proto/packet.h"

struct uv_tcp_s;
struct wire;
struct exchange;

enum {
	WIRE_QUEUE_HIGH = 512 << 10,	/* bytes queued, without bulk, from which a wire is congested */
	WIRE_QUEUE_LOW = 128 << 10,	/* bytes queued at which it has drained */
	WIRE_BULK_HIGH = 256 << 10,	/* the same of bulk */
	WIRE_BULK_LOW = 64 << 10,
	WIRE_GOODBYE_MS = 2000,
};

/* What a wire tells its owner, from the loop only, never from inside a call of the owner's. */
struct wire_listener {
	void (*ready)(void *owner);				/* TLS stands: wire_peer() is known */
	void (*packet)(void *owner, const struct packet *packet);	/* borrowed until you return */
	void (*bulk)(void *owner, uint32_t stream, uint64_t offset, struct span data);	/* the same */
	void (*broken)(void *owner, enum fault why, const char *detail);	/* what came is no frame: close */
	void (*drained)(void *owner);				/* a queue was congested, and has room again */
	void (*alarm)(void *owner);				/* the time set with wire_set_alarm() is up */
	void (*closed)(void *owner, enum fault why, const char *detail);	/* the last call */
};

/* Speak over a connected handle, which was allocated with malloc() and is the wire's from here on, unless
 * this fails.  The caller names the peer it expects.  Faults: no memory, TLS. */
enum fault wire_open(struct exchange *exchange, TAKES struct uv_tcp_s *tcp, struct context *context,
		enum tls_side side, const char *expected_peer,
		const struct wire_listener *listener, void *owner, struct wire **wire) MUST_CHECK;

/* Queue a frame.  A failure (no memory, frame too large) also closes the wire; on a wire that is
 * closing nothing happens. */
void wire_send(struct wire *wire, const struct packet *packet);
void wire_send_bulk(struct wire *wire, uint32_t stream, uint64_t offset, struct span data);

const char *wire_peer(const struct wire *wire);		/* proven once ready; before, whom it claims to be or "" */
const char *wire_tls(const struct wire *wire);		/* "TLSv1.3, TLS_AES_256_GCM_SHA384, X25519" */
const char *wire_address(const struct wire *wire);	/* of the other side, "192.0.2.1:7443" */
size_t wire_queue_bytes(const struct wire *wire);
bool wire_is_congested(const struct wire *wire);	/* from HIGH until LOW; bulk does not count */
bool wire_is_bulk_congested(const struct wire *wire);	/* the same for bulk alone */
uint64_t wire_now(const struct wire *wire);		/* milliseconds, steady; the loop's idea of now */
uint64_t wire_heard_at(const struct wire *wire);	/* wire_now() when bytes last arrived; now while we do not read */
bool wire_waits(const struct wire *wire);		/* not read, until there is memory for the frame it brings */
uint64_t wire_holds_up_ms(const struct wire *wire);	/* for so long it has a frame half said while others wait to; 0: it does not */

void wire_set_limit(struct wire *wire, size_t frame_size_max);	/* FRAME_GREETING_MAX at first */
void wire_set_alarm(struct wire *wire, uint64_t milliseconds);	/* replaces the one before; 0: none */
void wire_pause(struct wire *wire);			/* stop reading; what was read already waits too */
void wire_resume(struct wire *wire);

/* Judge the peer by what we trust now.  Faults: those of trust_judge(); the wire stays as it is. */
enum fault wire_judge_again(struct wire *wire) MUST_CHECK;
int64_t wire_peer_not_after(const struct wire *wire);	/* as tls_peer_not_after() */

/* Again is harmless: the first reason stays.  The detail is copied; NULL takes the fault's. */
void wire_close(struct wire *wire, enum fault why, const char *detail);
/* The same without ceremony, for a peer that does not answer any more. */
void wire_cut(struct wire *wire, enum fault why, const char *detail);
