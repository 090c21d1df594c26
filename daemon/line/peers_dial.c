/* When a peer is called: at once, then after pauses that double up to the ceiling, for ever (backoff.h).  The pauses begin
 * anew with good news: a line that stood, the network coming up, a call of the peer's own, an operator. */
#include <stdio.h>

#include "daemon/log.h"
#include "daemon/line/peers_parts.h"

static bool is_on_its_way(const struct peer *peer)
{
	return peer->open || peer->dialer || lines_is_greeting(peer, DIALLED_BY_US);
}

void note_trouble(struct peer *peer, const char *address, enum fault why, const char *detail)
{
	if (peer->why != why)
		log_unusual("peer %s: no line: %s (%s)", peer->id, detail, fault_slug(why));
	peer->why = why;
	snprintf(peer->detail, sizeof peer->detail, "%s", detail);
	snprintf(peer->address, sizeof peer->address, "%s", address);
}

/* ── what the dialer tells ───────────────────────────────────────────────────────────────────────── */

static void on_resolved(void *owner, const char *addresses, uint64_t us)
{
	struct peer *peer = owner;
	ladders_pass(peer, PING_NAME, us, "%s", addresses);
}

static void on_connected(void *owner, TAKES uv_tcp_t *tcp, const char *address, uint64_t us)
{
	struct peer *peer = owner;
	peer->dialer = NULL;
	snprintf(peer->address, sizeof peer->address, "%s", address);
	ladders_pass(peer, PING_TCP, us, "%s", address);
	peer_set_condition(peer, PEER_GREETING);
	if (!lines_begin(peer->peers, tcp, peer))
		dial_later(peer);
}

static void on_failed(void *owner, const char *address, enum fault why, const char *detail)
{
	struct peer *peer = owner;
	struct peers *peers = peer->peers;
	peer->dialer = NULL;
	note_trouble(peer, address, why, detail);
	ladders_fail(peer, why, detail, NULL);
	dial_later(peer);
	peers->listener->refused(peers->owner, peer->id, LINE_PROVEN, address, why, detail);
}

static const struct dialer_listener dialer_listener = {
	.resolved = on_resolved, .connected = on_connected, .failed = on_failed,
};

/* ── what peers asks ─────────────────────────────────────────────────────────────────────────────── */

void dial(struct peer *peer)
{
	if (peer->peers->is_closing || !peer->endpoint_count || is_on_its_way(peer))
		return;
	uv_timer_stop(&peer->redial);
	peer->next_attempt_at = 0;
	const struct endpoint *endpoint = &peer->endpoints[peer->attempts++ % peer->endpoint_count];
	enum fault fault = dialer_start(peer->peers->loop, endpoint, &dialer_listener, peer, &peer->dialer);
	if (!fault) {
		peer_set_condition(peer, PEER_DIALLING);
		return;
	}
	peer->dialer = NULL;
	note_trouble(peer, "", fault, fault_text(fault));
	dial_later(peer);
}

void dial_later(struct peer *peer)
{
	struct peers *peers = peer->peers;
	if (peers->is_closing || is_on_its_way(peer) || peer->next_attempt_at)
		return;
	if (!peer->endpoint_count) {
		peer_set_condition(peer, PEER_IDLE);
		return;
	}
	uint64_t pause = backoff_next(&peer->backoff);
	peer->next_attempt_at = uv_now(peers->loop) + pause;
	uv_timer_start(&peer->redial, dial_on_redial, pause, 0);
	peer_set_condition(peer, PEER_WAITING);
}

/* Not with each of their calls: two that call one another in vain would do so ever faster. */
void dial_cheered(struct peer *peer)
{
	uint64_t now = uv_now(peer->peers->loop);
	if (peer->cheered_at && now - peer->cheered_at < peer->peers->settings.ceiling_ms)
		return;
	peer->cheered_at = now;
	backoff_reset(&peer->backoff);
	uv_timer_stop(&peer->redial);
	peer->next_attempt_at = 0;
}

void dial_on_redial(uv_timer_t *redial)
{
	dial(redial->data);
}

void dial_stop(struct peer *peer)
{
	uv_timer_stop(&peer->redial);
	peer->next_attempt_at = 0;
	if (peer->dialer)
		dialer_cancel(peer->dialer);
	peer->dialer = NULL;
}
