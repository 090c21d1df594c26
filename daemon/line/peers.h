#pragma once
/* Whom to call and when: keeps one open line to every verified peer.
 *
 * Peers with endpoints are dialled until they answer, with growing pauses and no giving up; peers without
 * must call us.  Between two authorities at most one line is open.  When both dialled, the line dialled by
 * the lexically smaller id wins (docs/PROTOCOL.md, "Two lines at once"; daemon/line/peers_lines.c).  Owns the
 * listening sockets, the dialers and the links; a peer's fault hurts nobody else's line.  Loop thread only. */
#include <stdbool.h>

#include "daemon/line/link.h"

struct context;
struct peers;
struct uv_loop_s;

enum {
	PEERS_LISTEN_MAX = 16,		/* listening addresses */
	PEER_ENDPOINTS_MAX = 16,
	PEERS_STRANGERS_MAX = 64,	/* connections whose peer is not known yet */
	PING_COUNT_MAX = 100,
};

/* Zero means the default. */
struct peers_settings {
	const char *const *listen;	/* "0.0.0.0:7443", "[::]:7443"; none: we only dial out */
	size_t listen_count;
	const char *software;		/* told in hello; NULL: nothing */
	uint64_t greeting_ms;		/* from the connection to the open line: 10,000 */
	uint64_t idle_ms;		/* silence after which we ping: 10,000 */
	uint64_t patience_ms;		/* silence after which a line is dead: 30,000 */
	uint64_t backoff_ms;		/* first pause between attempts: 200 */
	uint64_t ceiling_ms;		/* longest pause: 30,000 */
};

/* How sure it is whose line it was that did not come about. */
enum line_proof {
	LINE_CLAIMED,		/* who called said so, or showed a certificate that did not pass: anybody can */
	LINE_PROVEN,		/* its certificate passed, or it was we who called it */
};

/* What peers tells its owner.  Spans and structs are borrowed until you return.  Above, a peer has at
 * most one link: the old one's `closed` always comes before the new one's `opened`. */
struct peers_listener {
	/* For our hello: the last of our own chain and the last of theirs that we hold, and the same of cards. */
	void (*introduce)(void *owner, const char *peer, struct hello *ours);
	/* OK opens the line; a fault refuses it and is told to them. */
	enum fault (*compare)(void *owner, const char *peer, const struct hello *theirs);
	void (*opened)(void *owner, struct link *link);
	/* The last call about this link, only after `opened`. */
	void (*closed)(void *owner, struct link *link, enum fault why);
	/* A line did not come about.  The peer may be "" when it is not known. */
	void (*refused)(void *owner, const char *peer, enum line_proof proof, const char *address, enum fault why,
			const char *detail);
	/* Whatever is not about the line itself: manifests, fetches, summaries, … */
	void (*heard)(void *owner, struct link *link, const struct packet *packet);
	/* How far their clock is ahead of ours, in microseconds; negative: behind.  With each hello and each answer to a ping. */
	void (*clock)(void *owner, const char *peer, int64_t ahead_us);
	void (*bulk)(void *owner, struct link *link, uint32_t stream, uint64_t offset, struct span data);
	void (*drained)(void *owner, struct link *link);
};

enum peer_condition {
	PEER_IDLE,		/* no endpoint: it must call us */
	PEER_WAITING,		/* until the next attempt */
	PEER_DIALLING,		/* resolving, connecting */
	PEER_GREETING,		/* connected, not open yet */
	PEER_UP,
};

struct peer_report {
	enum peer_condition condition;
	int64_t since;			/* of this condition, microseconds since 1970 UTC */
	char address[64];		/* of the line, or the one tried last; "" when none */
	enum link_dialler dialler;	/* of the line */
	unsigned attempts;		/* since the line was last open */
	uint64_t next_attempt_ms;	/* from now; 0 when none is planned */
	enum fault fault;		/* why there is no line; OK when there is, or nothing was tried */
	char detail[256];
	uint64_t rtt_us;		/* 0: not measured */
	int64_t clock_ahead_us;		/* theirs before ours */
	uint32_t version;		/* spoken; 0 without a line */
	char versions[64];		/* offered by them */
	char software[64];
};

/* The ladder of `comity peer ping`, in order. */
enum ping_stage {
	PING_NAME, PING_TCP, PING_TLS, PING_IDENTITY, PING_PROTOCOL, PING_CLOCK, PING_PERMISSION, PING_ECHO,
	PING_STAGES,
};

enum ping_outcome { PING_NOT_REACHED, PING_PASSED, PING_FAILED };

struct ping_report {
	struct {
		enum ping_outcome outcome;
		char text[192];
		uint64_t us;		/* it took; 0 where time says nothing */
	} stages[PING_STAGES];
	enum fault fault;		/* where it stopped; OK when all passed */
	char detail[256];
	unsigned sent, received;	/* echoes */
	uint64_t rtt_min_us, rtt_avg_us, rtt_max_us;
};

/* Whether a peer's endpoints can be reached, apart from any line. */
struct probe_report {
	enum fault fault;		/* of the last endpoint tried; OK: one of them takes connections */
	char addresses[256];		/* what its name resolved to; "" when it did not */
	char address[64], detail[256];
};

const char *peer_condition_name(enum peer_condition condition);
const char *ping_stage_name(enum ping_stage stage);

/* Listen and be ready to dial.  Copies the settings; `context` outlives peers, or its successor does.  Faults: config
 * (an address that cannot be listened on, named), no memory; what was opened
 * closes in the next turns of the loop. */
enum fault peers_open(struct uv_loop_s *loop, const struct peers_settings *settings, struct context *context,
		const char *own_id, const struct peers_listener *listener, void *owner, struct peers **peers) MUST_CHECK;
/* Goodbye to all, at most 3 s; `closed(owner)` is the last call.  Until it is freed, whoever still asks (a job that was
 * under way) finds no line and no peer. */
void peers_close(struct peers *peers, void (*closed)(void *owner));
void peers_free(struct peers *peers);		/* takes NULL */
/* The port of listening address `index`, for settings that asked for port 0. */
uint16_t peers_port(const struct peers *peers, size_t index);

/* A verified peer, which may call us and, when it has endpoints ("host:port", "[v6]:port"), is dialled.
 * Again replaces the endpoints.  Faults: config (an endpoint that cannot be read), no memory, shutting down. */
enum fault peers_set(struct peers *peers, const char *id, const char *const *endpoints, size_t count) MUST_CHECK;
/* Blocked or removed: its link is closed and it is not dialled.  Unknown ids are fine. */
void peers_remove(struct peers *peers, const char *id, enum fault why);
/* Good news: do not wait for the next attempt. */
void peers_dial_now(struct peers *peers, const char *id);
void peers_dial_all_now(struct peers *peers);

/* Our certificate was renewed: lines from now on use this context, and those with another begin anew at once. */
void peers_set_context(struct peers *peers, struct context *context);
/* Ping everybody, so that their clocks are told anew. */
void peers_ask_clocks(struct peers *peers);
/* What we know of this peer has changed: judge its lines again and close those that fail.  NULL: everybody's. */
void peers_judge_again(struct peers *peers, const char *id);
/* Time has passed: the same for the lines with a certificate that ended before `now`, in seconds since 1970. */
void peers_judge_expired(struct peers *peers, int64_t now);

struct link *peers_find_link(struct peers *peers, const char *id);	/* open, or NULL */
struct link *peers_find_link_by_id(struct peers *peers, uint64_t id);	/* the same by link_id() */
/* False when the peer is not known. */
bool peers_report(struct peers *peers, const char *id, struct peer_report *report);

/* Climb the ladder; dials when there is no line.  `done` is called once, from the loop, also when the
 * peer is removed or peers closes; the report is borrowed.  Faults: peer unknown, no memory, then `done`
 * is not called. */
enum fault peers_ping(struct peers *peers, const char *id, unsigned count,
		void (*done)(void *owner, const struct ping_report *report), void *owner) MUST_CHECK;
/* Try the peer's endpoints, in turn, and drop the connection that comes about.  `done` is called once, from the loop,
 * also when peers closes.  Faults, and then it is not called: peer unknown, peer away (it has no endpoint), no memory. */
enum fault peers_probe(struct peers *peers, const char *id, void (*done)(void *owner, const struct probe_report *report),
		void *owner) MUST_CHECK;
