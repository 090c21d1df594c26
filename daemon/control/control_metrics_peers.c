/* The metrics that each peer has of its own: its line, what waits for it, what has passed. */
#include <stdio.h>

#include "daemon/control/control_metrics.h"
#include "daemon/desks/outbox.h"
#include "daemon/ledger/chain.h"
#include "daemon/ledger/quota.h"
#include "daemon/ledger/tally.h"
#include "daemon/line/peers.h"
#include "proto/stamp.h"

typedef void of_peer(struct writing *writing, const struct metrics_peer *peer);

static void look(struct inquiry *inquiry, const Comity__Peer *peer, struct metrics_peer *seen)
{
	snprintf(seen->authority, sizeof seen->authority, "%s", peer->authority);
	seen->is_verified = peer->standing == COMITY__STANDING__VALUE__VERIFIED;
	for (size_t i = 0; i < peer->n_refusals; i++)
		seen->refusals += peer->refusals[i]->count;
	if (!peers_report(inquiry->rooms->peers, peer->authority, &seen->report))
		seen->report = (struct peer_report){ 0 };
}

enum fault metrics_look(struct inquiry *inquiry, struct metrics_peer **peers, size_t *count)
{
	struct walk walk;
	struct span key, value;
	struct arena arena;
	uint64_t most = txn_count(inquiry->txn, TABLE_PEERS);
	*count = 0;
	*peers = arena_alloc(inquiry->arena, (most + 1) * sizeof **peers);
	if (!*peers)
		return inquiry_fault(inquiry);
	arena_init(&arena, 8 << 20);
	walk_from(&walk, inquiry->txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
	while (*count < most && walk_next(&walk, &key, &value)) {
		const Comity__Peer *peer = record_read(inquiry->txn, value, &comity__peer__descriptor, &arena);
		if (peer)
			look(inquiry, peer, &(*peers)[(*count)++]);
		arena_reset(&arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
	return inquiry_fault(inquiry);
}

static void for_each_peer(struct writing *writing, of_peer *each)
{
	for (size_t i = 0; i < writing->peer_count; i++)
		each(writing, &writing->peers[i]);
}

/* ── its line ─────────────────────────────────────────────────────────────────────────────────── */

static void up(struct writing *writing, const struct metrics_peer *peer)
{
	LINE(writing, "{peer=\"%s\"} %d", peer->authority, peer->report.condition == PEER_UP);
}

static void verified(struct writing *writing, const struct metrics_peer *peer)
{
	LINE(writing, "{peer=\"%s\"} %d", peer->authority, peer->is_verified);
}

static void since(struct writing *writing, const struct metrics_peer *peer)
{
	const struct peer_report *report = &peer->report;
	if (report->since)
		LINE(writing, "{peer=\"%s\",state=\"%s\"} %.3f", peer->authority, peer_condition_name(report->condition),
			(double)report->since / STAMP_SECOND);
}

static void attempts(struct writing *writing, const struct metrics_peer *peer)
{
	LINE(writing, "{peer=\"%s\"} %u", peer->authority, peer->report.attempts);
}

static void refusals(struct writing *writing, const struct metrics_peer *peer)
{
	LINE(writing, "{peer=\"%s\"} %" PRIu64, peer->authority, peer->refusals);
}

static void rtt(struct writing *writing, const struct metrics_peer *peer)
{
	const struct peer_report *report = &peer->report;
	if (report->condition == PEER_UP && report->rtt_us)
		LINE(writing, "{peer=\"%s\"} %.6f", peer->authority, (double)report->rtt_us / 1e6);
}

static void clock_offset(struct writing *writing, const struct metrics_peer *peer)
{
	const struct peer_report *report = &peer->report;
	if (report->condition == PEER_UP)
		LINE(writing, "{peer=\"%s\"} %.6f", peer->authority, (double)report->clock_ahead_us / 1e6);
}

void metrics_peers_up(struct writing *writing)       { for_each_peer(writing, up); }
void metrics_peers_verified(struct writing *writing) { for_each_peer(writing, verified); }
void metrics_peers_since(struct writing *writing)    { for_each_peer(writing, since); }
void metrics_peers_attempts(struct writing *writing) { for_each_peer(writing, attempts); }
void metrics_peers_refusals(struct writing *writing) { for_each_peer(writing, refusals); }
void metrics_peers_rtt(struct writing *writing)      { for_each_peer(writing, rtt); }
void metrics_peers_clock(struct writing *writing)    { for_each_peer(writing, clock_offset); }

/* ── what waits for it ────────────────────────────────────────────────────────────────────────── */

static void waiting(struct writing *writing, const struct metrics_peer *peer)
{
	LINE(writing, "{peer=\"%s\"} %" PRIu64, peer->authority, outbox_waiting(writing->inquiry->txn, peer->authority));
}

static void oldest(struct writing *writing, const struct metrics_peer *peer)
{
	int64_t at = outbox_oldest(writing->inquiry->rooms->outbox, writing->inquiry->txn, peer->authority);
	if (at)
		LINE(writing, "{peer=\"%s\"} %.3f", peer->authority, (double)at / STAMP_SECOND);
}

void metrics_queues(struct writing *writing)        { for_each_peer(writing, waiting); }
void metrics_queues_oldest(struct writing *writing) { for_each_peer(writing, oldest); }

/* ── what has passed ──────────────────────────────────────────────────────────────────────────── */

static const char *const directions[] = { [TALLY_OURS] = "sent", [TALLY_THEIRS] = "received" };

static void tell_tally(struct writing *writing, const struct metrics_peer *peer, enum tally tally)
{
	for (int whose = TALLY_OURS; whose <= TALLY_THEIRS; whose++)
		LINE(writing, "{peer=\"%s\",direction=\"%s\"} %" PRIu64, peer->authority, directions[whose],
			tally_find(writing->inquiry->txn, peer->authority, whose).counts[tally]);
}

static void messages(struct writing *writing, const struct metrics_peer *peer)    { tell_tally(writing, peer, TALLY_MESSAGES); }
static void attachments(struct writing *writing, const struct metrics_peer *peer) { tell_tally(writing, peer, TALLY_ATTACHMENTS); }
static void receipts(struct writing *writing, const struct metrics_peer *peer)    { tell_tally(writing, peer, TALLY_RECEIPTS); }
static void refused(struct writing *writing, const struct metrics_peer *peer)     { tell_tally(writing, peer, TALLY_REFUSALS); }
static void completions(struct writing *writing, const struct metrics_peer *peer) { tell_tally(writing, peer, TALLY_COMPLETIONS); }
static void withdrawals(struct writing *writing, const struct metrics_peer *peer) { tell_tally(writing, peer, TALLY_WITHDRAWALS); }

static void manifests(struct writing *writing, const struct metrics_peer *peer)
{
	struct txn *txn = writing->inquiry->txn;
	LINE(writing, "{peer=\"%s\",direction=\"sent\"} %" PRIu64, peer->authority, chain_head(txn, peer->authority, DIRECTION_OURS).number);
	LINE(writing, "{peer=\"%s\",direction=\"received\"} %" PRIu64, peer->authority,
		chain_head(txn, peer->authority, DIRECTION_THEIRS).number);
}

static void occupied(struct writing *writing, const struct metrics_peer *peer)
{
	LINE(writing, "{peer=\"%s\"} %" PRIu64, peer->authority, quota_used(writing->inquiry->txn, peer->authority));
}

void metrics_messages(struct writing *writing)         { for_each_peer(writing, messages); }
void metrics_attachments(struct writing *writing)      { for_each_peer(writing, attachments); }
void metrics_receipts(struct writing *writing)         { for_each_peer(writing, receipts); }
void metrics_message_refusals(struct writing *writing) { for_each_peer(writing, refused); }
void metrics_completions(struct writing *writing)      { for_each_peer(writing, completions); }
void metrics_withdrawals(struct writing *writing)      { for_each_peer(writing, withdrawals); }
void metrics_manifests(struct writing *writing)        { for_each_peer(writing, manifests); }
void metrics_occupied(struct writing *writing)         { for_each_peer(writing, occupied); }
