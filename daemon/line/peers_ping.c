/* The ladder of `comity peer ping`: how far does one get, from the name to the echo?
 *
 * A ladder does nothing of its own but ask for a call and for echoes.  It watches what happens to the peer
 * anyway, so that what it reports is what really happens. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/line/peers_parts.h"

enum { LADDER_MS = 30000, ECHO_MS = 5000 };

struct ladder {
	struct peer *peer;		/* NULL once it is over */
	struct ladder *next;
	uv_timer_t timer;		/* the end of patience; once over: the time to tell */
	unsigned count;
	uint64_t number, rtt_sum_us;	/* the echo that is awaited */
	struct ping_report report;
	void (*done)(void *owner, const struct ping_report *report);
	void *owner;
	struct peers *peers;
};

static const char *const stage_names[PING_STAGES] = {
	[PING_NAME]       = "name",
	[PING_TCP]        = "tcp",
	[PING_TLS]        = "tls",
	[PING_IDENTITY]   = "identity",
	[PING_PROTOCOL]   = "protocol",
	[PING_CLOCK]      = "clock",
	[PING_PERMISSION] = "permission",
	[PING_ECHO]       = "echo",
};

const char *ping_stage_name(enum ping_stage stage)
{
	return stage_names[stage];
}

/* ── the end ─────────────────────────────────────────────────────────────────────────────────────── */

static void on_ladder_closed(uv_handle_t *handle)
{
	struct ladder *ladder = handle->data;
	struct peers *peers = ladder->peers;
	free(ladder);
	peers_part_closed(peers);
}

static void on_time_to_tell(uv_timer_t *timer)
{
	struct ladder *ladder = timer->data;
	uv_close((uv_handle_t *)timer, on_ladder_closed);
	ladder->done(ladder->owner, &ladder->report);
}

static void get_off(struct ladder *ladder)
{
	struct ladder **at = &ladder->peer->ladders;
	while (*at != ladder)
		at = &(*at)->next;
	*at = ladder->next;
	ladder->peer = NULL;
	uv_timer_start(&ladder->timer, on_time_to_tell, 0, 0);
}

static void fail_at(struct ladder *ladder, enum ping_stage stage, enum fault why, const char *detail)
{
	struct ping_report *report = &ladder->report;
	report->stages[stage].outcome = PING_FAILED;
	snprintf(report->stages[stage].text, sizeof report->stages[stage].text, "%s", detail);
	report->fault = why;
	snprintf(report->detail, sizeof report->detail, "%s", detail);
	get_off(ladder);
}

/* ── the rungs ───────────────────────────────────────────────────────────────────────────────────── */

static enum ping_stage first_not_passed(const struct ladder *ladder)
{
	int stage = 0;
	while (stage < PING_ECHO && ladder->report.stages[stage].outcome == PING_PASSED)
		stage++;
	return (enum ping_stage)stage;
}

static void vpass(struct ladder *ladder, enum ping_stage stage, uint64_t us, const char *format, va_list arguments)
	__attribute__((format(printf, 4, 0)));

static void vpass(struct ladder *ladder, enum ping_stage stage, uint64_t us, const char *format, va_list arguments)
{
	struct ping_report *report = &ladder->report;
	report->stages[stage].outcome = PING_PASSED;
	report->stages[stage].us = us;
	vsnprintf(report->stages[stage].text, sizeof report->stages[stage].text, format, arguments);
}

void ladders_pass(struct peer *peer, enum ping_stage stage, uint64_t us, const char *format, ...)
{
	for (struct ladder *ladder = peer->ladders; ladder; ladder = ladder->next) {
		va_list arguments;
		va_start(arguments, format);
		vpass(ladder, stage, us, format, arguments);
		va_end(arguments);
	}
}

void ladders_secured(struct peer *peer, const struct link *link)
{
	bool is_ours = link_dialler(link) == DIALLED_BY_US;
	if (!is_ours)	/* they were quicker: no name was looked up, no connection made */
		ladders_pass(peer, PING_NAME, 0, "%s, they called us", link_address(link));
	else if (peer->ladders && first_not_passed(peer->ladders) == PING_NAME)
		ladders_pass(peer, PING_NAME, 0, "%s", link_address(link));
	if (!is_ours || (peer->ladders && first_not_passed(peer->ladders) == PING_TCP))
		ladders_pass(peer, PING_TCP, 0, "%s", link_address(link));
	ladders_pass(peer, PING_TLS, link_handshake_us(link), "%s", link_tls(link));
	ladders_pass(peer, PING_IDENTITY, 0, "matches the verified identity of %s", peer->id);
}

static void pass_clock(struct peer *peer, const struct link *link)
{
	double seconds = (double)link_clock_ahead_us(link) / 1e6;
	ladders_pass(peer, PING_CLOCK, 0, "peer is %.1f s %s", seconds < 0 ? -seconds : seconds,
		seconds < 0 ? "behind" : "ahead");
}

void ladders_greeted(struct peer *peer, const struct link *link)
{
	if (!link_version(link))
		return;
	ladders_pass(peer, PING_PROTOCOL, 0, "comity %u (peer offers %s)", link_version(link), link_versions(link));
	pass_clock(peer, link);
}

/* ── the echo ────────────────────────────────────────────────────────────────────────────────────── */

static void ask_for_echo(struct ladder *ladder)
{
	ladder->number = link_ping(ladder->peer->open->link);
	ladder->report.sent++;
	uint64_t due = uv_timer_get_due_in(&ladder->timer);
	if (due < ECHO_MS)
		uv_timer_start(&ladder->timer, ladder->timer.timer_cb, ECHO_MS, 0);
}

static void sum_up(struct ladder *ladder)
{
	struct ping_report *report = &ladder->report;
	report->rtt_avg_us = ladder->rtt_sum_us / report->received;
	report->stages[PING_ECHO].outcome = PING_PASSED;
	report->stages[PING_ECHO].us = report->rtt_avg_us;
	snprintf(report->stages[PING_ECHO].text, sizeof report->stages[PING_ECHO].text,
		"%u of %u, rtt min/avg/max %.1f/%.1f/%.1f ms", report->received, report->sent,
		(double)report->rtt_min_us / 1e3, (double)report->rtt_avg_us / 1e3, (double)report->rtt_max_us / 1e3);
	get_off(ladder);
}

static void take_echo(struct ladder *ladder, uint64_t rtt_us)
{
	struct ping_report *report = &ladder->report;
	report->received++;
	ladder->rtt_sum_us += rtt_us;
	if (report->received == 1 || rtt_us < report->rtt_min_us)
		report->rtt_min_us = rtt_us;
	if (rtt_us > report->rtt_max_us)
		report->rtt_max_us = rtt_us;
	if (report->received < ladder->count)
		ask_for_echo(ladder);
	else
		sum_up(ladder);
}

void ladders_ponged(struct peer *peer, uint64_t number, uint64_t rtt_us)
{
	for (struct ladder *ladder = peer->ladders, *next; ladder; ladder = next) {
		next = ladder->next;
		if (ladder->number && ladder->number == number)
			take_echo(ladder, rtt_us);
	}
}

void ladders_opened(struct peer *peer)
{
	ladders_pass(peer, PING_PERMISSION, 0, "peer has verified us: yes");
	for (struct ladder *ladder = peer->ladders; ladder; ladder = ladder->next)
		ask_for_echo(ladder);
}

/* ── where it broke ──────────────────────────────────────────────────────────────────────────────── */

/* What was told tells the rung; any other fault belongs to the first one not passed. */
static const struct { enum fault fault; enum ping_stage stage; } rungs[] = {
	{ FAULT_NO_HOST,          PING_NAME },
	{ FAULT_NO_ROUTE,         PING_TCP },
	{ FAULT_LINE_REFUSED,     PING_TCP },
	{ FAULT_STRANGER,         PING_IDENTITY },
	{ FAULT_WRONG_PEER,       PING_IDENTITY },
	{ FAULT_PEER_UNVERIFIED,  PING_IDENTITY },
	{ FAULT_PEER_BLOCKED,     PING_IDENTITY },
	{ FAULT_CERT_EXPIRED,     PING_IDENTITY },
	{ FAULT_CERT_NOT_YET,     PING_IDENTITY },
	{ FAULT_CERT_REVOKED,     PING_IDENTITY },
	{ FAULT_CERT_UNTRUSTED,   PING_IDENTITY },
	{ FAULT_CERT_PROFILE,     PING_IDENTITY },
	{ FAULT_VERSION,          PING_PROTOCOL },
	{ FAULT_REFUSED_BY_PEER,  PING_PERMISSION },
	{ FAULT_OWN_CERT_REVOKED, PING_PERMISSION },
	{ FAULT_GOODBYE,          PING_PERMISSION },
	{ FAULT_CHAIN_FORK,       PING_PERMISSION },
	{ FAULT_PEER_ON_HOLD,     PING_PERMISSION },
	{ FAULT_REMOTE_STORE_FULL, PING_PERMISSION },
	{ FAULT_REMOTE_QUOTA,     PING_PERMISSION },
};

static enum ping_stage rung_of(const struct ladder *ladder, enum fault why, const struct link *link)
{
	if (link && link_told(link) == FAULT_VERSION)
		return PING_PROTOCOL;
	for (size_t i = 0; i < ARRAY_LEN(rungs); i++)
		if (rungs[i].fault == why)
			return rungs[i].stage;
	return first_not_passed(ladder);
}

/* A caller learns only after its own handshake that its certificate was refused. */
static void fill_below(struct ladder *ladder, enum ping_stage stage)
{
	for (int below = 0; below < (int)stage; below++) {
		bool is_said_by_hello = below == PING_PROTOCOL || below == PING_CLOCK;
		if (ladder->report.stages[below].outcome != PING_NOT_REACHED || is_said_by_hello)
			continue;
		ladder->report.stages[below].outcome = PING_PASSED;
	}
}

static void on_patience_over(uv_timer_t *timer)
{
	struct ladder *ladder = timer->data;
	fail_at(ladder, first_not_passed(ladder), FAULT_LINE_TIMEOUT, "no answer in time");
}

void ladders_fail(struct peer *peer, enum fault why, const char *detail, const struct link *link)
{
	while (peer->ladders) {
		struct ladder *ladder = peer->ladders;
		enum ping_stage stage = rung_of(ladder, why, link);
		fill_below(ladder, stage);
		fail_at(ladder, stage, why, detail);
	}
}

/* ── the beginning ───────────────────────────────────────────────────────────────────────────────── */

static void climb(struct peer *peer, struct ladder *ladder)
{
	if (peer->open) {
		const struct link *link = peer->open->link;
		ladders_secured(peer, link);
		ladders_greeted(peer, link);
		ladders_pass(peer, PING_PERMISSION, 0, "peer has verified us: yes");
		ask_for_echo(ladder);
		return;
	}
	bool is_coming = lines_is_greeting(peer, DIALLED_BY_THEM);
	if (peer->endpoint_count || is_coming)
		peers_dial_now(peer->peers, peer->id);
	else
		fail_at(ladder, PING_NAME, FAULT_PEER_AWAY, "no endpoint is known: it must call us");
}

enum fault peers_ping(struct peers *peers, const char *id, unsigned count,
		void (*done)(void *owner, const struct ping_report *report), void *owner)
{
	struct peer *peer = find_peer(peers, id);
	if (!peer)
		return fault_say(FAULT_PEER_UNKNOWN, "%s is not a verified peer", id);
	struct ladder *ladder = calloc(1, sizeof *ladder);
	if (!ladder)
		return FAULT_NO_MEMORY;
	ladder->peer = peer;
	ladder->peers = peers;
	ladder->count = count < 1 ? 1 : count > PING_COUNT_MAX ? PING_COUNT_MAX : count;
	ladder->done = done;
	ladder->owner = owner;
	ladder->next = peer->ladders;
	peer->ladders = ladder;
	peers->open_parts++;
	uv_timer_init(peers->loop, &ladder->timer);
	ladder->timer.data = ladder;
	uv_timer_start(&ladder->timer, on_patience_over, LADDER_MS, 0);
	climb(peer, ladder);
	return OK;
}
