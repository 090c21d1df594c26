/* The lines to a peer: who may have one, and which of two stays.
 *
 * Two lines at once (docs/PROTOCOL.md).  The preferred line is the one dialled by the lexically smaller
 * authority id.
 *  1. Whoever dials anew has given up what it dialled before: a new line by the same dialler ends its
 *     older ones that are not open yet, and replaces an open one when it opens itself.
 *  2. When a preferred line opens, every other line of that peer is closed with `duplicate-line`.
 *  3. When a line that is not preferred reaches an authority that still has a preferred one, then
 *     a. if we dialled the new one ourselves, we close it: the preferred line came in the meantime;
 *     b. if they dialled it, they may have lost the old one without our knowing.  The new line is held
 *        before hello and the old one is asked for an echo.  The echo, or the old one's opening, closes
 *        the new line with `duplicate-line`; silence for 2 s, or its end, gives way to the new one.
 *  4. A line that is not preferred and opens closes the others that are not preferred; a preferred line
 *     that is still greeting goes on and takes over when it opens.
 * Both sides come to the same end because both follow the smaller id, and only its bearer ever holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/line/peers_parts.h"

static bool is_living(const struct line *line)
{
	return link_state(line->link) != LINK_CLOSING;
}

static bool is_preferred(const struct line *line)
{
	bool we_are_smaller = strcmp(line->peers->own_id, line->peer->id) < 0;
	return we_are_smaller == (link_dialler(line->link) == DIALLED_BY_US);
}

/* A living line that is proven to be this peer's. */
static bool is_of(const struct line *line, const struct peer *peer)
{
	return line->peer == peer && is_living(line) && link_state(line->link) >= LINK_SECURED;
}

/* Another living line of the same peer that is preferred. */
static struct line *find_rival(const struct line *line)
{
	for (struct line *other = line->peers->lines; other; other = other->next)
		if (other != line && is_of(other, line->peer) && is_preferred(other))
			return other;
	return NULL;
}

bool lines_is_greeting(const struct peer *peer, enum link_dialler dialler)
{
	for (const struct line *line = peer->peers->lines; line; line = line->next)
		if (line->peer == peer && is_living(line) && line != peer->open && link_dialler(line->link) == dialler)
			return true;
	return false;
}

/* ── one stays ───────────────────────────────────────────────────────────────────────────────────── */

static void tell_closed(struct line *line, enum fault why)
{
	if (!line->is_told)
		return;
	line->is_told = false;
	if (line->peer && line->peer->open == line)
		line->peer->open = NULL;
	line->peers->listener->closed(line->peers->owner, line->link, why);
}

static void give_way(struct line *line)
{
	log_debug("peer %s: one line of two gives way", link_peer(line->link));
	tell_closed(line, FAULT_DUPLICATE_LINE);
	link_close(line->link, FAULT_DUPLICATE_LINE, NULL);
}

static void close_others(struct line *line, bool (*gives_way)(const struct line *line, const struct line *other))
{
	for (struct line *other = line->peers->lines; other; other = other->next)
		if (other != line && is_of(other, line->peer) && gives_way(line, other))
			give_way(other);
}

/* Rule 1, before it is open. */
static bool is_older_attempt(const struct line *line, const struct line *other)
{
	return link_dialler(other->link) == link_dialler(line->link) && link_state(other->link) != LINK_OPEN;
}

/* Rules 1, 2 and 4. */
static bool is_replaced(const struct line *line, const struct line *other)
{
	return is_preferred(line) || !is_preferred(other);
}

static void greet(struct line *line)
{
	line->is_held = false;
	link_greet(line->link);
}

/* Rule 3b. */
static void hold(struct line *line, struct line *rival)
{
	line->is_held = true;
	line->probe = link_ping(rival->link);
	uv_timer_start(&line->peer->probe, lines_on_probe, PROBE_MS, 0);
}

static struct line *find_held(const struct peer *peer)
{
	for (struct line *line = peer->peers->lines; line; line = line->next)
		if (line->is_held && is_of(line, peer))
			return line;
	return NULL;
}

void lines_on_probe(uv_timer_t *probe)
{
	struct peer *peer = probe->data;
	struct line *held = find_held(peer), *rival = held ? find_rival(held) : NULL;
	if (rival) {
		tell_closed(rival, FAULT_LINE_TIMEOUT);
		link_cut(rival->link, FAULT_LINE_TIMEOUT, "no echo, and they called anew");
	}
	if (held)
		greet(held);
}

/* ── what a link tells about its life ────────────────────────────────────────────────────────────── */

static void not_a_stranger_any_more(struct line *line)
{
	line->peers->strangers -= line->is_stranger;
	line->is_stranger = false;
}

static void on_secured(void *owner, struct link *link)
{
	struct line *line = owner;
	not_a_stranger_any_more(line);
	line->is_proven = true;
	if (link_dialler(link) == DIALLED_BY_THEM)
		line->peer = find_peer(line->peers, link_peer(link));
	if (!line->peer) {
		link_close(link, FAULT_PEER_UNKNOWN, "we hold no verified card of yours");
		return;
	}
	ladders_secured(line->peer, link);
	close_others(line, is_older_attempt);
	struct line *rival = is_preferred(line) ? NULL : find_rival(line);
	if (!rival)
		greet(line);
	else if (link_dialler(link) == DIALLED_BY_US)
		give_way(line);
	else
		hold(line, rival);
}

static void on_introduce(void *owner, struct link *link, struct hello *ours)
{
	struct line *line = owner;
	line->peers->listener->introduce(line->peers->owner, link_peer(link), ours);
}

static enum fault on_compare(void *owner, struct link *link, const struct hello *theirs)
{
	struct line *line = owner;
	if (line->peer) {
		line->peers->listener->clock(line->peers->owner, line->peer->id, link_clock_ahead_us(link));
		ladders_greeted(line->peer, link);
	}
	return line->peers->listener->compare(line->peers->owner, link_peer(link), theirs);
}

static void on_opened(void *owner, struct link *link)
{
	struct line *line = owner;
	struct peer *peer = line->peer;
	if (!peer)
		return;		/* removed meanwhile: the link is closing */
	close_others(line, is_replaced);
	if (line->peer != peer)
		return;		/* removed by whoever heard of the others' end */
	uv_timer_stop(&peer->probe);
	dial_stop(peer);
	peer->open = line;
	peer->why = OK;
	line->is_told = true;
	line->opened_at = uv_now(line->peers->loop);
	snprintf(peer->address, sizeof peer->address, "%s", link_address(link));
	peer_set_condition(peer, PEER_UP);
	log_info("link %s: open over %s, secured in %llu ms", peer->id, link_address(link),
		(unsigned long long)link_handshake_us(link) / 1000);
	ladders_opened(peer);
	line->peers->listener->opened(line->peers->owner, link);
}

static void on_ponged(void *owner, struct link *link, uint64_t number, uint64_t rtt_us)
{
	struct line *line = owner;
	(void)link;
	if (!line->peer)
		return;
	struct line *held = find_held(line->peer);
	if (held && held != line && held->probe == number) {	/* the old line lives: rule 3b */
		uv_timer_stop(&line->peer->probe);
		give_way(held);
	}
	line->peers->listener->clock(line->peers->owner, line->peer->id, link_clock_ahead_us(link));
	ladders_ponged(line->peer, number, rtt_us);
}

static void unchain(struct line *line)
{
	struct line **at = &line->peers->lines;
	while (*at != line)
		at = &(*at)->next;
	*at = line->next;
}

/* The open line ended, or one of ours came to nothing: think of the next call. */
static void mourn(struct line *line, enum fault why, const char *detail, bool was_open)
{
	struct peer *peer = line->peer;
	uint64_t lasted = uv_now(line->peers->loop) - line->opened_at;
	if (was_open && lasted >= STEADY_MS) {
		backoff_reset(&peer->backoff);
		peer->attempts = 0;
	}
	if (!peer->open && why != FAULT_DUPLICATE_LINE && why != FAULT_LINE_RENEWED) {
		note_trouble(peer, link_address(line->link), why, detail);
		ladders_fail(peer, why, detail, line->link);
	}
	struct line *held = find_held(peer);
	if (held && !find_rival(held))
		greet(held);
	if (peer->open || lines_is_greeting(peer, DIALLED_BY_THEM))
		return;
	if (link_dialler(line->link) == DIALLED_BY_US && why == FAULT_LINE_RENEWED) {
		peers_dial_now(peer->peers, peer->id);
		return;
	}
	if (link_dialler(line->link) == DIALLED_BY_THEM && why != FAULT_DUPLICATE_LINE)
		dial_cheered(peer);
	dial_later(peer);
}

static void tell_refused(struct line *line, enum fault why, const char *detail)
{
	struct peers *peers = line->peers;
	if (why == FAULT_DUPLICATE_LINE || peers->is_closing)
		return;
	/* What fails when we call a peer is its trouble, whoever it is that answers there. */
	const char *whose = line->peer ? line->peer->id : link_peer(line->link);
	enum line_proof proof = line->peer || line->is_proven ? LINE_PROVEN : LINE_CLAIMED;
	peers->listener->refused(peers->owner, whose, proof, link_address(line->link), why, detail);
}

static void on_closed(void *owner, struct link *link, enum fault why, const char *detail)
{
	struct line *line = owner;
	bool was_open = line->is_told, was_opened = line->opened_at != 0;
	unchain(line);
	not_a_stranger_any_more(line);
	struct peer *peer = line->peer;
	if (was_open)
		log_info("link %s: closed: %s", link_peer(link), detail);
	tell_closed(line, why);
	if (!was_opened)
		tell_refused(line, why, detail);
	if (peer && !line->peers->is_closing)	/* who only claimed to be the peer changes nothing about it */
		mourn(line, why, detail, was_open);
	free(line);
}

/* ── what a link tells about its traffic goes straight up ────────────────────────────────────────── */

static void on_heard(void *owner, struct link *link, const struct packet *packet)
{
	struct peers *peers = ((struct line *)owner)->peers;
	peers->listener->heard(peers->owner, link, packet);
}

static void on_bulk(void *owner, struct link *link, uint32_t stream, uint64_t offset, struct span data)
{
	struct peers *peers = ((struct line *)owner)->peers;
	peers->listener->bulk(peers->owner, link, stream, offset, data);
}

static void on_drained(void *owner, struct link *link)
{
	struct peers *peers = ((struct line *)owner)->peers;
	peers->listener->drained(peers->owner, link);
}

static const struct link_listener link_listener = {
	.secured = on_secured, .introduce = on_introduce, .compare = on_compare, .opened = on_opened,
	.closed = on_closed, .ponged = on_ponged, .heard = on_heard, .bulk = on_bulk, .drained = on_drained,
};

/* ── beginning and end ───────────────────────────────────────────────────────────────────────────── */

static struct line *line_new(struct peers *peers, uv_tcp_t *tcp, struct peer *dialled)
{
	struct line *line = calloc(1, sizeof *line);
	if (!line)
		return NULL;
	line->peers = peers;
	line->peer = dialled;
	line->context = peers->context;
	enum fault fault = link_open(peers->exchange, tcp, peers->context, dialled ? dialled->id : NULL,
		&peers->link_settings, &link_listener, line, &line->link);
	if (!fault)
		return line;
	log_broken("peers: a connection cannot be used: %s", fault_detail(fault));
	free(line);
	return NULL;
}

bool lines_begin(struct peers *peers, TAKES uv_tcp_t *tcp, struct peer *dialled)
{
	struct line *line = line_new(peers, tcp, dialled);
	if (!line) {
		socket_drop(tcp);
		return false;
	}
	line->is_stranger = !dialled;
	peers->strangers += line->is_stranger;
	line->next = peers->lines;
	peers->lines = line;
	return true;
}

void lines_accept(void *owner, TAKES uv_tcp_t *tcp)
{
	struct peers *peers = owner;
	if (peers->strangers < PEERS_STRANGERS_MAX) {
		lines_begin(peers, tcp, NULL);
		return;
	}
	log_unusual("peers: %d connections have not said who they are; a further one is dropped", PEERS_STRANGERS_MAX);
	socket_drop(tcp);
}

void lines_close_peer(struct peer *peer, enum fault why)
{
	for (struct line *line = peer->peers->lines; line; line = line->next) {
		if (line->peer != peer)
			continue;
		line->peer = NULL;	/* `closed` is told above when the loop comes to it */
		link_close(line->link, why, NULL);
	}
}
