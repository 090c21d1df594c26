/* What the ledger says of a recovery: written in the same transactions as what comes back, so that it tells the truth
 * whenever it is asked, and after a crash as well. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/events.h"
#include "daemon/desks/recovery_parts.h"
#include "proto/stamp.h"

static void keep(struct txn *txn, const char *peer, const Comity__Correspondence *correspondence)
{
	struct key key = key_of_peer(peer);
	record_keep(txn, TABLE_CORRESPONDENCES, key_span(&key), &correspondence->base);
}

/* Beside the record, for those who ask often whether one is under way. */
static void mark(struct txn *txn, const char *peer, bool is_under_way)
{
	struct key key = key_of_comeback(peer);
	if (is_under_way)
		txn_put(txn, TABLE_CORRESPONDENCES, key_span(&key), (struct span){ 0 });
	else
		txn_delete(txn, TABLE_CORRESPONDENCES, key_span(&key));
}

static void tell(struct txn *txn, const char *type, const char *peer, enum fault why, const char *text)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.peer = (char *)peer;
	data.reason = (char *)fault_slug(why);
	data.text = (char *)text;
	events_append(txn, type, peer, &data);
}

Comity__Correspondence *record_of_peer(struct txn *txn, const char *peer, struct arena *arena)
{
	struct key key = key_of_peer(peer);
	return record_find(txn, TABLE_CORRESPONDENCES, key_span(&key), &comity__correspondence__descriptor, arena);
}

/* ── we are behind ────────────────────────────────────────────────────────────────────────────── */

/* One that was cut off goes on; what ended is of the past. */
static Comity__Recovery *open_record(struct txn *txn, const struct comeback *comeback, uint64_t first_missing,
	Comity__Correspondence *correspondence, struct arena *arena)
{
	Comity__Recovery *recovery = correspondence->recovery;
	char now[STAMP_SIZE], text[160];
	if (recovery && !recovery->ended_at)
		return recovery;
	recovery = correspondence->recovery = arena_alloc(arena, sizeof *recovery);
	if (!recovery)
		return NULL;
	comity__recovery__init(recovery);
	stamp_now(now);
	recovery->began_at = record_text(arena, now);
	recovery->has_from = 1;
	recovery->from = first_missing;
	events_begin_epoch(txn);
	snprintf(text, sizeof text, "they hold our chain up to %" PRIu64 ", we only up to %" PRIu64, comeback->goal.number,
		first_missing - 1);
	tell(txn, EVENT_PEER_BEHIND, comeback->peer, FAULT_BEHIND_OWN_PAST, text);
	return recovery;
}

static void add(Comity__Recovery *to, const Comity__Recovery *step)
{
	to->has_own_manifests = to->has_their_manifests = to->has_messages = to->has_attachments = to->has_attachment_bytes =
		to->has_not_held = to->has_not_applied = 1;
	to->own_manifests += step->own_manifests;
	to->their_manifests += step->their_manifests;
	to->messages += step->messages;
	to->attachments += step->attachments;
	to->attachment_bytes += step->attachment_bytes;
	to->not_held += step->not_held;
	to->not_applied += step->not_applied;
}

static void tell_recovered(struct txn *txn, const char *peer, const Comity__Recovery *recovery)
{
	char text[320];
	snprintf(text, sizeof text, "%" PRIu64 " manifests of ours and %" PRIu64 " of theirs, %" PRIu64 " messages; %" PRIu64
		" attachments of %" PRIu64 " bytes are fetched again; %" PRIu64 " messages are no longer held, %" PRIu64
		" no longer fit their case", recovery->own_manifests, recovery->their_manifests, recovery->messages,
		recovery->attachments, recovery->attachment_bytes, recovery->not_held, recovery->not_applied);
	tell(txn, EVENT_PEER_RECOVERED, peer, FAULT_CAUGHT_UP, text);
}

void record_step(struct txn *txn, const struct comeback *comeback, uint64_t first_missing)
{
	char now[STAMP_SIZE];
	struct arena arena;
	Comity__Correspondence first = COMITY__CORRESPONDENCE__INIT;
	arena_init(&arena, 1 << 20);
	Comity__Correspondence *found = record_of_peer(txn, comeback->peer, &arena);
	Comity__Correspondence *correspondence = found ? found : &first;
	Comity__Recovery *recovery = open_record(txn, comeback, first_missing, correspondence, &arena);
	if (recovery) {
		add(recovery, &comeback->record);
		recovery->has_to = 1;
		recovery->to = comeback->goal.number;
		stamp_now(now);
		if (comeback->outcome == IS_WHOLE) {
			recovery->ended_at = now;
			tell_recovered(txn, comeback->peer, recovery);
		}
		keep(txn, comeback->peer, correspondence);
		mark(txn, comeback->peer, comeback->outcome != IS_WHOLE);
	} else {
		txn_fail(txn, arena_fault(&arena));
	}
	arena_clear(&arena);
}

/* ── they are ─────────────────────────────────────────────────────────────────────────────────── */

void record_they_are_behind(struct txn *txn, const char *peer)
{
	char now[STAMP_SIZE];
	struct arena arena;
	Comity__Correspondence first = COMITY__CORRESPONDENCE__INIT;
	arena_init(&arena, 1 << 20);
	Comity__Correspondence *found = record_of_peer(txn, peer, &arena);
	Comity__Correspondence *correspondence = found ? found : &first;
	if (!correspondence->they_are_behind_since) {
		stamp_now(now);
		correspondence->they_are_behind_since = now;
		keep(txn, peer, correspondence);
		tell(txn, EVENT_PEER_BEHIND, peer, FAULT_CHAIN_GAP, "their store is older than its own past; they fetch it back from us");
	}
	arena_clear(&arena);
}

/* ── neither is any more ──────────────────────────────────────────────────────────────────────── */

void record_all_is_well(struct txn *txn, const char *peer)
{
	char now[STAMP_SIZE];
	struct arena arena;
	arena_init(&arena, 1 << 20);
	Comity__Correspondence *correspondence = record_of_peer(txn, peer, &arena);
	stamp_now(now);
	if (correspondence && correspondence->they_are_behind_since) {
		correspondence->they_are_behind_since = NULL;
		tell(txn, EVENT_PEER_RECOVERED, peer, FAULT_CAUGHT_UP, "they hold their own past again");
	}
	/* Its end was never reached: they were themselves put back to before that. */
	if (correspondence && correspondence->recovery && !correspondence->recovery->ended_at) {
		correspondence->recovery->ended_at = now;
		tell_recovered(txn, peer, correspondence->recovery);
		mark(txn, peer, false);
	}
	if (correspondence)
		keep(txn, peer, correspondence);
	arena_clear(&arena);
}
