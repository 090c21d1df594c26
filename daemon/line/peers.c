#include "daemon/line/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/line/peers_parts.h"
#include "proto/stamp.h"

static const char *const condition_names[] = {
	[PEER_IDLE]     = "idle",
	[PEER_WAITING]  = "waiting",
	[PEER_DIALLING] = "dialling",
	[PEER_GREETING] = "greeting",
	[PEER_UP]       = "up",
};

const char *peer_condition_name(enum peer_condition condition)
{
	return condition_names[condition];
}

struct peer *find_peer(const struct peers *peers, const char *id)
{
	for (struct peer *peer = peers->list; peer; peer = peer->next)
		if (!strcmp(peer->id, id))
			return peer;
	return NULL;
}

void peer_set_condition(struct peer *peer, enum peer_condition condition)
{
	if (peer->condition != condition)
		peer->since = stamp_clock();
	peer->condition = condition;
}

/* ── one peer ────────────────────────────────────────────────────────────────────────────────────── */

static void on_peer_closed(uv_handle_t *handle)
{
	struct peer *peer = handle->data;
	if (--peer->open_handles)
		return;
	struct peers *peers = peer->peers;
	free(peer->endpoints);
	free(peer);
	peers_part_closed(peers);
}

static struct peer *peer_new(struct peers *peers, const char *id)
{
	struct peer *peer = calloc(1, sizeof *peer);
	if (!peer)
		return NULL;
	peer->peers = peers;
	snprintf(peer->id, sizeof peer->id, "%s", id);
	peer->backoff = (struct backoff){ .first_ms = peers->settings.backoff_ms, .ceiling_ms = peers->settings.ceiling_ms };
	peer->since = stamp_clock();
	uv_timer_init(peers->loop, &peer->redial);
	uv_timer_init(peers->loop, &peer->probe);
	peer->redial.data = peer->probe.data = peer;
	peer->open_handles = 2;
	peer->next = peers->list;
	peers->list = peer;
	peers->open_parts++;
	return peer;
}

/* The peer is out of the list from here on; its memory goes with its last handle. */
static void peer_close(struct peer *peer, enum fault why)
{
	struct peer **at = &peer->peers->list;
	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	dial_stop(peer);
	ladders_fail(peer, why, fault_text(why), NULL);
	lines_close_peer(peer, why);
	uv_close((uv_handle_t *)&peer->redial, on_peer_closed);
	uv_close((uv_handle_t *)&peer->probe, on_peer_closed);
}

static enum fault read_endpoints(const char *const *texts, size_t count, struct endpoint **endpoints)
{
	if (count > PEER_ENDPOINTS_MAX)
		return fault_say(FAULT_CONFIG, "%zu endpoints; the limit is %d", count, PEER_ENDPOINTS_MAX);
	struct endpoint *list = calloc(count + 1, sizeof *list);
	if (!list)
		return FAULT_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		enum fault fault = endpoint_read(texts[i], &list[i]);
		if (!fault)
			continue;
		free(list);
		return fault;
	}
	*endpoints = list;
	return OK;
}

enum fault peers_set(struct peers *peers, const char *id, const char *const *endpoints, size_t count)
{
	if (peers->is_closing)
		return FAULT_SHUTTING_DOWN;
	if (!authority_id_is_valid(span_of_text(id)))
		return fault_say(FAULT_CONFIG, "\"%.64s\" is not an authority id", id);
	struct endpoint *list = NULL;
	TRY(read_endpoints(endpoints, count, &list));
	struct peer *peer = find_peer(peers, id);
	if (!peer)
		peer = peer_new(peers, id);
	if (!peer) {
		free(list);
		return FAULT_NO_MEMORY;
	}
	free(peer->endpoints);
	peer->endpoints = list;
	peer->endpoint_count = count;
	peers_dial_now(peers, id);
	return OK;
}

void peers_remove(struct peers *peers, const char *id, enum fault why)
{
	struct peer *peer = find_peer(peers, id);
	if (peer)
		peer_close(peer, why);
}

void peers_dial_now(struct peers *peers, const char *id)
{
	struct peer *peer = find_peer(peers, id);
	if (!peer)
		return;
	backoff_reset(&peer->backoff);
	dial(peer);
}

void peers_dial_all_now(struct peers *peers)
{
	for (struct peer *peer = peers->list; peer; peer = peer->next) {
		backoff_reset(&peer->backoff);
		dial(peer);
	}
}

struct link *peers_find_link(struct peers *peers, const char *id)
{
	struct peer *peer = find_peer(peers, id);
	return peer && peer->open && link_state(peer->open->link) == LINK_OPEN ? peer->open->link : NULL;
}

struct link *peers_find_link_by_id(struct peers *peers, uint64_t id)
{
	for (struct line *line = peers->lines; line; line = line->next)
		if (line->is_told && link_id(line->link) == id && link_state(line->link) == LINK_OPEN)
			return line->link;
	return NULL;
}

static void report_link(const struct link *link, struct peer_report *report)
{
	report->dialler = link_dialler(link);
	report->rtt_us = link_rtt_us(link);
	report->clock_ahead_us = link_clock_ahead_us(link);
	report->version = link_version(link);
	snprintf(report->versions, sizeof report->versions, "%s", link_versions(link));
	snprintf(report->software, sizeof report->software, "%s", link_software(link));
}

bool peers_report(struct peers *peers, const char *id, struct peer_report *report)
{
	*report = (struct peer_report){ 0 };
	const struct peer *peer = find_peer(peers, id);
	if (!peer)
		return false;
	uint64_t now = uv_now(peers->loop);
	report->condition = peer->condition;
	report->since = peer->since;
	report->attempts = peer->attempts;
	report->next_attempt_ms = peer->next_attempt_at > now ? peer->next_attempt_at - now : 0;
	report->fault = peer->why;
	snprintf(report->address, sizeof report->address, "%s", peer->address);
	snprintf(report->detail, sizeof report->detail, "%s", peer->why ? peer->detail : "");
	if (peer->open)
		report_link(peer->open->link, report);
	return true;
}

/* ── all of them ─────────────────────────────────────────────────────────────────────────────────── */

void peers_part_closed(struct peers *peers)
{
	if (--peers->open_parts)
		return;
	void (*closed)(void *owner) = peers->closed;
	if (closed)
		closed(peers->owner);
}

void peers_free(struct peers *peers)
{
	free(peers);
}

static void on_part_closed(void *owner)
{
	peers_part_closed(owner);
}

static uint64_t or_default(uint64_t value, uint64_t usual)
{
	return value ? value : usual;
}

static void take_settings(struct peers *peers, const struct peers_settings *settings, const char *own_id)
{
	snprintf(peers->own_id, sizeof peers->own_id, "%s", own_id);
	snprintf(peers->software, sizeof peers->software, "%s", settings->software ? settings->software : "");
	peers->settings.backoff_ms = or_default(settings->backoff_ms, 200);
	peers->settings.ceiling_ms = or_default(settings->ceiling_ms, 30000);
	peers->link_settings = (struct link_settings){
		.own_id = peers->own_id,
		.software = settings->software ? peers->software : NULL,
		.greeting_ms = or_default(settings->greeting_ms, 10000),
		.idle_ms = or_default(settings->idle_ms, 10000),
		.patience_ms = or_default(settings->patience_ms, 30000),
	};
}

static void on_network_up(void *owner)
{
	struct peers *peers = owner;
	if (!peers->is_closing)
		peers_dial_all_now(peers);
}

/* Without it peers are called when their pauses are over, as ever. */
static void watch_network(struct peers *peers)
{
	if (network_open(peers->loop, on_network_up, peers, &peers->network))
		log_info("peers: %s", fault_detail(FAULT_IO));
	else
		peers->open_parts++;
}

enum fault peers_open(struct uv_loop_s *loop, const struct peers_settings *settings, struct context *context,
		const char *own_id, const struct peers_listener *listener, void *owner, struct peers **peers)
{
	if (settings->listen_count > PEERS_LISTEN_MAX)
		return fault_say(FAULT_CONFIG, "%zu listening addresses; the limit is %d", settings->listen_count, PEERS_LISTEN_MAX);
	struct peers *new = calloc(1, sizeof *new);
	if (!new)
		return FAULT_NO_MEMORY;
	new->loop = loop;
	new->context = context;
	new->listener = listener;
	new->owner = owner;
	take_settings(new, settings, own_id);
	enum fault fault = exchange_open(loop, &new->exchange);
	if (!fault)
		fault = listener_open(loop, settings->listen, settings->listen_count, lines_accept, new, &new->door);
	if (fault) {
		if (new->exchange)
			exchange_close(new->exchange, NULL, NULL);
		free(new);
		return fault;
	}
	new->open_parts = 2;	/* the exchange and the door */
	watch_network(new);
	*peers = new;
	return OK;
}

uint16_t peers_port(const struct peers *peers, size_t index)
{
	return listener_port(peers->door, index);
}

void peers_set_context(struct peers *peers, struct context *context)
{
	peers->context = context;
	for (struct line *line = peers->lines; line; line = line->next)
		if (line->context != context)
			link_close(line->link, FAULT_LINE_RENEWED, NULL);
}

void peers_ask_clocks(struct peers *peers)
{
	for (struct line *line = peers->lines; line; line = line->next)
		link_ping(line->link);
}

/* Was it judged before, and is there still something to be lost? */
static bool is_to_be_judged(const struct line *line)
{
	return link_state(line->link) >= LINK_SECURED && link_state(line->link) < LINK_CLOSING;
}

void peers_judge_again(struct peers *peers, const char *id)
{
	for (struct line *line = peers->lines, *next; line; line = next) {
		next = line->next;
		if (is_to_be_judged(line) && (!id || !strcmp(link_peer(line->link), id)))
			link_judge_again(line->link);
	}
}

void peers_judge_expired(struct peers *peers, int64_t now)
{
	for (struct line *line = peers->lines, *next; line; line = next) {
		next = line->next;
		if (is_to_be_judged(line) && link_peer_not_after(line->link) < now)
			link_judge_again(line->link);
	}
}

void peers_close(struct peers *peers, void (*closed)(void *owner))
{
	peers->closed = closed;
	peers->is_closing = true;
	probes_cancel(peers);
	while (peers->list)
		peer_close(peers->list, FAULT_SHUTTING_DOWN);
	for (struct line *line = peers->lines; line; line = line->next)
		link_close(line->link, FAULT_SHUTTING_DOWN, NULL);	/* those whose peer is not known */
	listener_close(peers->door, on_part_closed);
	exchange_close(peers->exchange, on_part_closed, peers);
	if (peers->network)
		network_close(peers->network, on_part_closed);
}
