#pragma once
/* What the files of peers share among themselves, and nobody else: a peer (dialling, peers_dial.c), a line
 * (a link and what it is to us, peers_lines.c), a ladder (peers_ping.c), a probe (peers_probe.c). */
#include <uv.h>

#include "certs/authority.h"
#include "daemon/line/backoff.h"
#include "daemon/line/dialer.h"
#include "daemon/line/exchange.h"
#include "daemon/line/listener.h"
#include "daemon/line/network.h"
#include "daemon/line/peers.h"
#include "daemon/line/socket.h"

enum {
	PROBE_MS = 2000,	/* an open line that does not echo within this gives way to a new call */
	STEADY_MS = 5000,	/* a line that stood this long was good news: the pauses begin anew */
};

struct peers {
	uv_loop_t *loop;
	struct exchange *exchange;
	struct listener *door;
	struct network *network;	/* NULL where the system does not tell */
	struct context *context;
	struct peers_settings settings;
	struct link_settings link_settings;
	char own_id[AUTHORITY_ID_SIZE], software[64];
	const struct peers_listener *listener;
	void *owner;
	struct peer *list;
	struct line *lines;
	struct probe *probes;
	size_t strangers;		/* lines whose peer is not known yet */
	bool is_closing;
	size_t open_parts;		/* door, exchange, peers and ladders that still have handles */
	void (*closed)(void *owner);
};

struct peer {
	struct peers *peers;
	struct peer *next;
	char id[AUTHORITY_ID_SIZE];
	struct endpoint *endpoints;
	size_t endpoint_count;

	struct dialer *dialer;		/* resolving, connecting */
	uv_timer_t redial, probe;
	int open_handles;
	struct backoff backoff;
	uint64_t next_attempt_at;	/* loop time, 0: none planned */
	uint64_t cheered_at;		/* loop time of their last call that made the pauses begin anew */
	unsigned attempts;

	struct line *open;
	enum peer_condition condition;
	int64_t since;
	enum fault why;
	char address[ENDPOINT_ADDRESS_SIZE], detail[256];
	struct ladder *ladders;
};

/* A connection with its link.  Its peer is whom we dialled, or known from LINK_SECURED on; NULL again once
 * it was removed. */
struct line {
	struct peers *peers;
	struct peer *peer;
	struct line *next;
	struct link *link;
	const struct context *context;	/* that it was opened with; only to be compared */
	bool is_stranger;		/* counted in peers->strangers */
	bool is_proven;			/* its certificate passed */
	bool is_told;			/* `opened` was said above, `closed` not yet */
	bool is_held;			/* waits for the answer of a rival */
	uint64_t probe;			/* the number of the echo it waits for; 0: the rival is not open yet */
	uint64_t opened_at;		/* loop time */
};

/* ── peers.c ── */
struct peer *find_peer(const struct peers *peers, const char *id);
void peer_set_condition(struct peer *peer, enum peer_condition condition);
void peers_part_closed(struct peers *peers);	/* one of open_parts is gone */

/* ── peers_lines.c ── */
listener_accepted lines_accept;
/* Over a connected handle.  `dialled` is NULL when they called.  False when it could not be done. */
bool lines_begin(struct peers *peers, TAKES uv_tcp_t *tcp, struct peer *dialled);
bool lines_is_greeting(const struct peer *peer, enum link_dialler dialler);	/* on its way to open */
void lines_close_peer(struct peer *peer, enum fault why);	/* and forget the peer in its lines */
void lines_on_probe(uv_timer_t *probe);

/* ── peers_dial.c ── */
void dial(struct peer *peer);			/* now, unless it is up or on its way */
void dial_later(struct peer *peer);		/* after a pause, which grows */
void dial_stop(struct peer *peer);
void dial_cheered(struct peer *peer);		/* they called: good news, though their line came to nothing */
void dial_on_redial(uv_timer_t *redial);
void note_trouble(struct peer *peer, const char *address, enum fault why, const char *detail);

/* ── peers_ping.c: what happens to a peer, for those who climb ── */
void ladders_pass(struct peer *peer, enum ping_stage stage, uint64_t us, const char *format, ...) PRINTF_LIKE(4, 5);
void ladders_secured(struct peer *peer, const struct link *link);
void ladders_greeted(struct peer *peer, const struct link *link);
void ladders_opened(struct peer *peer);
void ladders_ponged(struct peer *peer, uint64_t number, uint64_t rtt_us);
/* The line or the attempt came to nothing. */
void ladders_fail(struct peer *peer, enum fault why, const char *detail, const struct link *link);

/* ── peers_probe.c ── */
void probes_cancel(struct peers *peers);
