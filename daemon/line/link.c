#include "daemon/line/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/line/link_parts.h"
#include "daemon/log.h"
#include "proto/frame.h"
#include "proto/stamp.h"
#include "proto/text.h"

/* ── the states ──────────────────────────────────────────────────────────────────────────────────── */

static const char *const state_names[LINK_STATES] = {
	[LINK_SECURING] = "securing",
	[LINK_SECURED]  = "secured",
	[LINK_GREETING] = "greeting",
	[LINK_ANSWERED] = "answered",
	[LINK_OPEN]     = "open",
	[LINK_CLOSING]  = "closing",
};

/* The only place that changes link->state.  The greeting has one deadline for all its states. */
static void enter(struct link *link, enum link_state state)
{
	log_debug("link %s: %s -> %s", link_peer(link), state_names[link->state], state_names[state]);
	link->state = state;
	switch (state) {	/* no default: the compiler counts the states for us */
	case LINK_SECURING:
		wire_set_alarm(link->wire, link->settings->greeting_ms);
		break;
	case LINK_SECURED:
		wire_pause(link->wire);		/* their hello waits until we greet */
		link->listener->secured(link->owner, link);
		break;
	case LINK_GREETING:
		link_say_hello(link);
		wire_resume(link->wire);
		break;
	case LINK_ANSWERED:
		link_say_ready(link);
		break;
	case LINK_OPEN:
		wire_set_limit(link->wire, FRAME_SIZE_MAX);
		wire_set_alarm(link->wire, link->settings->idle_ms);
		link_ping(link);		/* the way and their clock are measured once at least */
		link->listener->opened(link->owner, link);
		break;
	case LINK_CLOSING:
	case LINK_STATES:
		break;
	}
}

static void end(struct link *link, enum fault why, const char *detail)
{
	if (link->state == LINK_CLOSING)
		return;
	enter(link, LINK_CLOSING);
	wire_close(link->wire, why, detail);
}

/* ── hearing ─────────────────────────────────────────────────────────────────────────────────────── */

static uint32_t best_version(const struct hello *hello)
{
	uint32_t best = 0;
	for (size_t i = 0; i < hello->version_count; i++)
		for (size_t k = 0; k < link_versions_count; k++)
			if (hello->versions[i] == link_versions_spoken[k] && hello->versions[i] > best)
				best = hello->versions[i];
	return best;
}

static void list_versions(struct link *link, const struct hello *hello)
{
	char *to = link->versions, *end_of_list = to + sizeof link->versions;
	for (size_t i = 0; i < hello->version_count && to < end_of_list; i++)
		to += snprintf(to, (size_t)(end_of_list - to), "%s%u", i ? ", " : "", hello->versions[i]);
}

static enum fault check_hello(struct link *link, const struct hello *hello)
{
	/* "must equal the SAN of the certificate shown" */
	if (strcmp(hello->authority, wire_peer(link->wire)))
		return fault_say(FAULT_WRONG_PEER, "hello from \"%s\" over a line certified for \"%s\"",
			hello->authority, wire_peer(link->wire));
	/* "whom the speaker believes to talk to" */
	if (strcmp(hello->addressee, link->settings->own_id))
		return fault_say(FAULT_WRONG_PEER, "hello to \"%s\", but this is \"%s\"",
			hello->addressee, link->settings->own_id);
	if (!link->version)
		return fault_say(FAULT_VERSION, "versions offered: %s; spoken here: %d", link->versions, PROTOCOL_VERSION);
	return OK;
}

static enum fault on_hello(struct link *link, const struct packet *packet)
{
	const struct hello *hello = &packet->hello;
	link->version = best_version(hello);
	list_versions(link, hello);
	link->clock_ahead_us = hello->sent_at - stamp_clock();
	text_excerpt(link->software, sizeof link->software, span_of_text(hello->software));
	TRY(check_hello(link, hello));
	link->greetings.they_sent = hello->sent;
	link->greetings.they_received = hello->received;
	link->greetings.their_card = hello->card_serial;
	link->greetings.they_hold = hello->card_held;
	TRY(link->listener->compare(link->owner, link, hello));
	if (link->state == LINK_GREETING)
		enter(link, LINK_ANSWERED);
	return OK;
}

static enum fault on_ready(struct link *link, const struct packet *packet)
{
	/* "the highest version both speak" */
	if (packet->ready.version != link->version)
		return fault_say(FAULT_VERSION, "ready for version %u, where %u is the highest both speak",
			packet->ready.version, link->version);
	enter(link, LINK_OPEN);
	return OK;
}

/* What is said about cases, chains and the state of the two sides is others' affair. */
static enum fault on_content(struct link *link, const struct packet *packet)
{
	link->listener->heard(link->owner, link, packet);
	return OK;
}

static enum fault on_ping(struct link *link, const struct packet *packet)
{
	if (wire_is_congested(link->wire))
		return OK;	/* whoever pings and does not read gets no heap of pongs */
	struct pong pong = { packet->ping.number, stamp_clock() };
	wire_send(link->wire, &(struct packet){ .kind = PACKET_PONG, .pong = pong });
	return OK;
}

static enum fault on_pong(struct link *link, const struct packet *packet)
{
	uint64_t number = packet->pong.number, slot = number % PINGS_UNDER_WAY;
	if (!number || link->pings[slot].number != number)
		return OK;	/* an answer to a question that is forgotten */
	link->pings[slot].number = 0;
	link->rtt_us = link_steady_us() - link->pings[slot].sent_at;
	link->clock_ahead_us = packet->pong.sent_at + (int64_t)link->rtt_us / 2 - stamp_clock();
	link->listener->ponged(link->owner, link, number, link->rtt_us);
	return OK;
}

/* Some of what they say of themselves is, said of them, another fault; most of it is theirs alone. */
static enum fault fault_of_goodbye(enum fault told)
{
	static const struct { enum fault told, ours; } meanings[] = {
		{ FAULT_DUPLICATE_LINE, FAULT_DUPLICATE_LINE },
		{ FAULT_LINE_RENEWED,   FAULT_LINE_RENEWED },
		{ FAULT_CHAIN_FORK,     FAULT_CHAIN_FORK },	/* only who holds the longer chain can see it */
		{ FAULT_ON_HOLD,        FAULT_PEER_ON_HOLD },
		{ FAULT_STORE_FULL,     FAULT_REMOTE_STORE_FULL },
		{ FAULT_DISK_FULL,      FAULT_REMOTE_STORE_FULL },
		{ FAULT_MESSAGE_QUOTA,  FAULT_REMOTE_QUOTA },
	};
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].told == told)
			return meanings[i].ours;
	return FAULT_GOODBYE;
}

static enum fault on_goodbye(struct link *link, const struct packet *packet)
{
	enum fault told = *packet->goodbye.reason ? fault_from_slug(packet->goodbye.reason) : FAULT_GOODBYE;
	link->told = told == OK || told == FAULT_COUNT ? FAULT_GOODBYE : told;
	char detail[PACKET_TEXT_MAX + PACKET_SLUG_MAX + 16], shown[256];
	snprintf(detail, sizeof detail, "they say: %s: %s", packet->goodbye.reason, packet->goodbye.text);
	text_excerpt(shown, sizeof shown, span_of_text(detail));
	end(link, fault_of_goodbye(told), shown);
	return OK;
}

/* Who may speak when: the whole protocol on one screen. */
#define IN(state) (1u << (state))
#define IN_GREETINGS (IN(LINK_GREETING) | IN(LINK_ANSWERED))
static const struct turn {
	unsigned welcome;	/* the states in which this packet may arrive */
	enum fault (*hear)(struct link *link, const struct packet *packet);
} turns[PACKET_KINDS] = {
	[PACKET_HELLO]    = { IN(LINK_GREETING),            on_hello },
	[PACKET_READY]    = { IN(LINK_ANSWERED),            on_ready },
	[PACKET_MANIFEST] = { IN(LINK_OPEN),                on_content },
	[PACKET_CONFIRM]  = { IN(LINK_OPEN),                on_content },
	[PACKET_FETCH]    = { IN(LINK_OPEN),                on_content },
	[PACKET_MISSING]  = { IN(LINK_OPEN),                on_content },
	[PACKET_PING]     = { IN(LINK_OPEN),                on_ping },
	[PACKET_PONG]     = { IN(LINK_OPEN),                on_pong },
	[PACKET_GOODBYE]  = { IN_GREETINGS | IN(LINK_OPEN), on_goodbye },
	[PACKET_RECALL]   = { IN(LINK_OPEN),                on_content },
	[PACKET_RECALLED] = { IN(LINK_OPEN),                on_content },
	[PACKET_SUMMARY]  = { IN(LINK_OPEN),                on_content },
	[PACKET_CHECKUP]  = { IN(LINK_OPEN),                on_content },
	[PACKET_FINDINGS] = { IN(LINK_OPEN),                on_content },
	[PACKET_ANNOUNCE] = { IN(LINK_OPEN),                on_content },
	[PACKET_ANNOUNCED] = { IN(LINK_OPEN),               on_content },
	[PACKET_AUDIT_HEAD] = { IN(LINK_OPEN),              on_content },
	[PACKET_WAITING]  = { IN(LINK_OPEN),                on_content },
};

static enum fault out_of_turn(const struct link *link, const char *what)
{
	return fault_say(FAULT_OUT_OF_TURN, "a %s frame came while the line was %s", what, state_names[link->state]);
}

/* ── what the wire tells ─────────────────────────────────────────────────────────────────────────── */

static void on_wire_ready(void *owner)
{
	struct link *link = owner;
	link->handshake_us = link_steady_us() - link->connected_at;
	enter(link, LINK_SECURED);
}

static void on_packet(void *owner, const struct packet *packet)
{
	struct link *link = owner;
	const struct turn *turn = &turns[packet->kind];
	bool is_welcome = turn->welcome & IN(link->state);
	enum fault fault = is_welcome ? turn->hear(link, packet) : out_of_turn(link, packet_name(packet->kind));
	if (fault)
		link_close(link, fault, fault_detail(fault));
}

static void on_bulk(void *owner, uint32_t stream, uint64_t offset, struct span data)
{
	struct link *link = owner;
	if (link->state == LINK_OPEN)
		link->listener->bulk(link->owner, link, stream, offset, data);
	else
		link_close(link, FAULT_OUT_OF_TURN, fault_detail(out_of_turn(link, "bulk")));
}

static void on_broken(void *owner, enum fault why, const char *detail)
{
	link_close(owner, why, detail);
}

static void on_drained(void *owner)
{
	struct link *link = owner;
	if (link->state == LINK_OPEN)
		link->listener->drained(link->owner, link);
}

/* Ping an idle line, give a silent one up. */
static void on_alarm(void *owner)
{
	struct link *link = owner;
	const struct link_settings *settings = link->settings;
	if (link->state != LINK_OPEN) {
		link_close(link, FAULT_LINE_TIMEOUT, "the greeting took too long");
		return;
	}
	if (wire_holds_up_ms(link->wire) >= settings->patience_ms) {
		wire_cut(link->wire, FAULT_LINE_TIMEOUT, "a frame was begun and not finished, and others wait");
		return;
	}
	uint64_t silence = wire_now(link->wire) - wire_heard_at(link->wire);
	if (silence >= settings->patience_ms) {
		wire_cut(link->wire, FAULT_LINE_TIMEOUT, "the other side fell silent");
		return;
	}
	if (silence >= settings->idle_ms || wire_waits(link->wire))
		link_ping(link);	/* who is not read hears at least that we are there */
	uint64_t next = silence >= settings->idle_ms ? settings->idle_ms : settings->idle_ms - silence;
	uint64_t left = settings->patience_ms - silence;
	wire_set_alarm(link->wire, next < left ? next : left);
}

static void on_wire_closed(void *owner, enum fault why, const char *detail)
{
	struct link *link = owner;
	if (link->state != LINK_CLOSING)
		enter(link, LINK_CLOSING);
	link->listener->closed(link->owner, link, why, detail);
	free(link);
}

static const struct wire_listener wire_listener = {
	.ready = on_wire_ready, .packet = on_packet, .bulk = on_bulk, .broken = on_broken,
	.drained = on_drained, .alarm = on_alarm, .closed = on_wire_closed,
};

/* ── what others ask ─────────────────────────────────────────────────────────────────────────────── */

enum fault link_open(struct exchange *exchange, TAKES struct uv_tcp_s *tcp, struct context *context,
		const char *expected_peer, const struct link_settings *settings,
		const struct link_listener *listener, void *owner, struct link **link)
{
	static uint64_t ids;
	struct link *new = calloc(1, sizeof *new);
	if (!new)
		return FAULT_NO_MEMORY;
	new->id = ++ids;
	new->dialler = expected_peer ? DIALLED_BY_US : DIALLED_BY_THEM;
	new->settings = settings;
	new->listener = listener;
	new->owner = owner;
	new->connected_at = link_steady_us();
	enum fault fault = wire_open(exchange, tcp, context, expected_peer ? TLS_CALLER : TLS_CALLEE,
		expected_peer, &wire_listener, new, &new->wire);
	if (fault) {
		free(new);
		return fault;
	}
	enter(new, LINK_SECURING);
	*link = new;
	return OK;
}

void link_greet(struct link *link)
{
	if (link->state == LINK_SECURED)
		enter(link, LINK_GREETING);
}

int64_t link_peer_not_after(const struct link *link)
{
	return wire_peer_not_after(link->wire);
}

void link_judge_again(struct link *link)
{
	enum fault fault = wire_judge_again(link->wire);
	if (fault)
		link_close(link, fault, fault_detail(fault));
}

void link_close(struct link *link, enum fault why, const char *text)
{
	if (link->state >= LINK_SECURED && link->state < LINK_CLOSING)
		link_say_goodbye(link, why, text ? text : fault_text(why));
	end(link, why, text);
}

void link_cut(struct link *link, enum fault why, const char *text)
{
	if (link->state != LINK_CLOSING)
		enter(link, LINK_CLOSING);
	wire_cut(link->wire, why, text);
}

void link_pause(struct link *link)                      { wire_pause(link->wire); }
void link_resume(struct link *link)                     { wire_resume(link->wire); }
size_t link_queue_bytes(const struct link *link)        { return wire_queue_bytes(link->wire); }
bool link_is_congested(const struct link *link)         { return wire_is_congested(link->wire); }
bool link_is_bulk_congested(const struct link *link)    { return wire_is_bulk_congested(link->wire); }
const char *link_peer(const struct link *link)          { return wire_peer(link->wire); }
const char *link_tls(const struct link *link)           { return wire_tls(link->wire); }
const char *link_address(const struct link *link)       { return wire_address(link->wire); }
uint64_t link_id(const struct link *link)               { return link->id; }
enum link_state link_state(const struct link *link)     { return link->state; }
const char *link_state_name(enum link_state state)      { return state_names[state]; }
enum link_dialler link_dialler(const struct link *link) { return link->dialler; }
uint64_t link_handshake_us(const struct link *link)     { return link->handshake_us; }
uint64_t link_rtt_us(const struct link *link)           { return link->rtt_us; }
int64_t link_clock_ahead_us(const struct link *link)    { return link->clock_ahead_us; }
uint32_t link_version(const struct link *link)          { return link->version; }
const char *link_versions(const struct link *link)      { return link->versions; }
const char *link_software(const struct link *link)      { return link->software; }
const struct greetings *link_greetings(const struct link *link) { return &link->greetings; }
enum fault link_told(const struct link *link)           { return link->told; }
