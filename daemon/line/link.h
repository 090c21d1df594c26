#pragma once
/* One line to one peer: whose turn it is (docs/PROTOCOL.md, "The line").
 *
 * TLS, then hello both ways, then `ready` both ways: then the line is open, and manifests, confirmations,
 * fetches and bulk flow.  An idle line is pinged; a silent one is given up.  A frame out of turn ends this
 * line and no other.  Knows packets and time; no loop, no store, no law.  Across a wait keep link_id(),
 * not the pointer: the link dies when its listener's `closed` returns. */
#include <stdbool.h>

#include "proto/packet.h"

struct context;
struct exchange;
struct link;
struct uv_tcp_s;

enum link_state {
	LINK_SECURING,		/* TLS is being agreed */
	LINK_SECURED,		/* the peer is known; waiting to be told to greet */
	LINK_GREETING,		/* our hello is out, theirs is not in */
	LINK_ANSWERED,		/* their hello was accepted, our ready is out, theirs is not in */
	LINK_OPEN,		/* everything flows */
	LINK_CLOSING,		/* the wire is coming down */
	LINK_STATES,
};

enum link_dialler { DIALLED_BY_US, DIALLED_BY_THEM };

struct link_settings {
	const char *own_id, *software;		/* outlive the link */
	uint64_t greeting_ms;			/* from the connection to the open line: 10 s */
	uint64_t idle_ms;			/* silence after which we ping: 10 s */
	uint64_t patience_ms;			/* silence after which the line is dead: 30 s */
};

/* What a link tells its owner (peers), from the loop only, never from inside a call of the owner's; but
 * link_greet() asks for the introduction at once. */
struct link_listener {
	void (*secured)(void *owner, struct link *link);	/* say link_greet() or link_close() */
	void (*introduce)(void *owner, struct link *link, struct hello *ours);	/* fill in positions and serials */
	enum fault (*compare)(void *owner, struct link *link, const struct hello *theirs);	/* OK: accept */
	void (*opened)(void *owner, struct link *link);
	void (*closed)(void *owner, struct link *link, enum fault why, const char *detail);	/* the last */
	void (*ponged)(void *owner, struct link *link, uint64_t number, uint64_t rtt_us);
	/* Whatever is not about the line itself: manifests, fetches, summaries, … */
	void (*heard)(void *owner, struct link *link, const struct packet *packet);
	void (*bulk)(void *owner, struct link *link, uint32_t stream, uint64_t offset, struct span data);
	void (*drained)(void *owner, struct link *link);
};

/* ── for whoever sends ───────────────────────────────────────────────────────────────────────────── */

const char *link_peer(const struct link *link);		/* proven from LINK_SECURED on; before, "" or a claim */
uint64_t link_id(const struct link *link);		/* never used again in this process */
/* All of these do nothing on a link that is not open; when memory is out they close it. */
void link_send_manifest(struct link *link, const struct signed_manifest *manifest);
void link_send_confirm(struct link *link, const struct position *received);
void link_send_fetch(struct link *link, const struct fetch *fetch);
void link_send_bulk(struct link *link, uint32_t stream, uint64_t offset, struct span data);
void link_send_missing(struct link *link, uint32_t stream, const char *reason);
void link_send_waiting(struct link *link, const struct waiting *waiting);
void link_send_recall(struct link *link, const struct recall *recall);
void link_send_recalled(struct link *link, const struct recalled *recalled);
void link_send_summary(struct link *link, const struct summary *summary);
void link_send_audit_head(struct link *link, struct span text, struct span signature);
void link_send_checkup(struct link *link);
void link_send_findings(struct link *link, const struct findings *findings);
void link_send_announce(struct link *link, const struct announce *announce);
void link_send_announced(struct link *link, uint32_t serial, const char *reason);
/* How much waits to leave.  Bulk waits apart, and leaves behind all else: from 512 KiB of the one, or 256 KiB of the
 * other, the link is congested for it, and the sender should wait for `drained`. */
size_t link_queue_bytes(const struct link *link);
bool link_is_congested(const struct link *link);
bool link_is_bulk_congested(const struct link *link);
/* Stop and go on hearing this peer, when what it sends comes faster than it is kept. */
void link_pause(struct link *link);
void link_resume(struct link *link);
/* Say goodbye, with the fault's slug and a sentence (NULL: the fault's own), and close. */
void link_close(struct link *link, enum fault why, const char *text);
/* Without a goodbye, for a peer that does not answer any more. */
void link_cut(struct link *link, enum fault why, const char *text);

/* ── for peers ───────────────────────────────────────────────────────────────────────────────────── */

/* Takes the connected handle (see wire_open()) unless this fails.  `expected_peer` is whom we dialled, NULL
 * when they dialled us.  Faults: no memory, TLS. */
enum fault link_open(struct exchange *exchange, TAKES struct uv_tcp_s *tcp, struct context *context,
		const char *expected_peer, const struct link_settings *settings,
		const struct link_listener *listener, void *owner, struct link **link) MUST_CHECK;
void link_greet(struct link *link);
/* Ask for an echo; gives the number that `ponged` will name, 0 when the link is not open. */
uint64_t link_ping(struct link *link);
/* Judge the peer by what we trust now, and close if it does not pass any more. */
void link_judge_again(struct link *link);
int64_t link_peer_not_after(const struct link *link);	/* as tls_peer_not_after() */

enum link_state link_state(const struct link *link);
const char *link_state_name(enum link_state state);
enum link_dialler link_dialler(const struct link *link);
const char *link_tls(const struct link *link);		/* "TLSv1.3, TLS_AES_256_GCM_SHA384, X25519" */
const char *link_address(const struct link *link);
uint64_t link_handshake_us(const struct link *link);	/* from the connection to the secured line */
uint64_t link_rtt_us(const struct link *link);		/* 0: not measured yet */
int64_t link_clock_ahead_us(const struct link *link);	/* how far their clock is before ours */
uint32_t link_version(const struct link *link);		/* spoken on this line; 0 before hello */
const char *link_versions(const struct link *link);	/* offered by them, "1, 2"; "" before hello */
const char *link_software(const struct link *link);	/* as they told, made safe; "" when not told */
/* What the two hellos said: the positions, and of whose card which serial is the newest and which is held.  Both sides
 * know all of it and so draw the same conclusions, whatever has been committed since.  All zero before hello. */
struct greetings {
	struct position we_sent, we_received, they_sent, they_received;
	uint32_t our_card, their_card, we_hold, they_hold;
};
const struct greetings *link_greetings(const struct link *link);
/* Why they said goodbye: OK while they have not, FAULT_GOODBYE for a slug we do not know. */
enum fault link_told(const struct link *link);
