#pragma once
/* TLS over memory: bytes in, bytes out.  No socket, no loop, no waiting.
 *
 * Whatever was called, afterwards drain and send what is there, also after a fault: it carries the
 * alert that tells the other side why.  After a fault the line is dead: every further call returns the
 * same fault.  An end of the stream without tls_is_closed() is a cut line, which only the caller sees. */
#include "certs/context.h"

enum tls_side {
	TLS_CALLER,		/* dialled; says whom it expects */
	TLS_CALLEE,		/* was dialled; learns who it is */
};

struct tls;

/* A caller must expect somebody; for a callee `expected` may be NULL.  The caller's first bytes are ready
 * to be drained at once.  Faults: wrong peer (a caller that expects nobody), no memory. */
enum fault tls_new(struct context *context, enum tls_side side, const char *expected,
		   struct tls **tls) MUST_CHECK;
void tls_free(struct tls *tls);				/* takes NULL */

/* Take in what came from the line, append what it said to plaintext (never more than came in).  The
 * ciphertext is not needed afterwards.  Wanting more is no fault.
 * Faults: those of trust_judge; refused by peer (an alert about our certificate: look for it also after
 * tls_is_ready, a caller learns it only then); tls, with what was wrong. */
enum fault tls_feed(struct tls *tls, struct span ciphertext, struct bytes *plaintext) MUST_CHECK;

/* Seal plaintext for the line.  Pack small frames into one call: a record holds 16 KiB and costs the
 * same half empty.  Faults: tls; internal (the line is not ready, or was closed by us). */
enum fault tls_seal(struct tls *tls, struct span plaintext) MUST_CHECK;

/* Move what must go onto the line to the end of ciphertext; an empty one changes buffers with us, so
 * handing the same two round and round copies nothing. */
enum fault tls_drain(struct tls *tls, struct bytes *ciphertext) MUST_CHECK;
size_t tls_waiting(const struct tls *tls);		/* bytes to be drained */

bool tls_is_ready(const struct tls *tls);		/* the handshake is done on our side */
bool tls_is_closed(const struct tls *tls);		/* the other side said close_notify: its end is no cut */
/* The authority at the other end: proven once ready; before, and after a fault, whom it claims to be or "". */
const char *tls_peer(const struct tls *tls);
int64_t tls_peer_not_after(const struct tls *tls);	/* the first of its certificates' to end; 0 before ready */
const char *tls_description(struct tls *tls);	/* "TLSv1.3, TLS_AES_256_GCM_SHA384, X25519" */

/* Judge the other side anew by what we trust now and what time it is now: after every change of trust
 * and now and then.  Sends nothing.  Faults: those of trust_judge. */
enum fault tls_judge_again(struct tls *tls) MUST_CHECK;
/* New keys in both directions.  Happens by itself by count; call it also by time (RFC 8446 section 4.6.3). */
enum fault tls_update_keys(struct tls *tls) MUST_CHECK;
/* Say that nothing more will come from us.  Again is harmless. */
void tls_close_notify(struct tls *tls);
