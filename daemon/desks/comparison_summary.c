/* What a summary counts, what two of them say, and what the ledger keeps of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/chain.h"
#include "daemon/desks/comparison_parts.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

static const int64_t FRESH = 10 * STAMP_SECOND;

/* ── counting ─────────────────────────────────────────────────────────────────────────────────── */

static bool is_between(const Comity__MessageState *state, const char *peer)
{
	return state->has_manifest && state->to && state->from && (!strcmp(state->to, peer) || !strcmp(state->from, peer));
}

/* Messages from one sender that are in a manifest between us and this peer. */
static uint64_t count(struct txn *txn, const char *sender, const char *peer, struct arena *arena)
{
	uint64_t count = 0;
	struct key prefix = key_of_peer(sender);
	struct span key, value;
	struct walk walk;
	walk_from(&walk, txn, TABLE_SEEN, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		arena_reset(arena);
		const Comity__MessageState *state = record_read(txn, value, &comity__message_state__descriptor, arena);
		count += state && is_between(state, peer);
	}
	walk_end(&walk);
	return count;
}

/* A peer that asks again and again does not have us count again and again. */
static bool is_fresh(const struct pair *pair, const struct summary *heads)
{
	return stamp_clock() - pair->counted_at < FRESH && pair->counted_at &&
		!memcmp(&pair->counted.sent, &heads->sent, sizeof heads->sent) &&
		!memcmp(&pair->counted.received, &heads->received, sizeof heads->received);
}

static void count_both(struct pair *pair, struct txn *txn)
{
	struct arena arena;
	struct summary now = { .sent = chain_head(txn, pair->peer, DIRECTION_OURS),
		.received = chain_head(txn, pair->peer, DIRECTION_THEIRS) };
	if (is_fresh(pair, &now))
		return;
	arena_init(&arena, UNPACK_ARENA);
	now.messages_sent = count(txn, pair->comparison->rooms.own_id, pair->peer, &arena);
	now.messages_received = count(txn, pair->peer, pair->peer, &arena);
	arena_clear(&arena);
	pair->counted = now;
	pair->counted_at = stamp_clock();
}

enum fault pair_count(struct pair *pair)
{
	struct txn txn;
	TRY(txn_begin(pair->comparison->rooms.store, TXN_READ, &txn));
	count_both(pair, &txn);
	enum fault fault = txn.fault;
	txn_abort(&txn);
	return fault;
}

/* ── comparing ────────────────────────────────────────────────────────────────────────────────── */

static enum likeness compare(const char *whose, const struct position *here, uint64_t messages_here,
	const struct position *there, uint64_t messages_there, char difference[DIFFERENCE_SIZE])
{
	if (here->number != there->number) {
		snprintf(difference, DIFFERENCE_SIZE, "%s chain goes to %" PRIu64 " here and to %" PRIu64 " there", whose, here->number,
			there->number);
		return MOVING;
	}
	if (memcmp(here->hash, there->hash, DIGEST_SIZE)) {
		snprintf(difference, DIFFERENCE_SIZE, "number %" PRIu64 " of %s chain is another manifest here than there", here->number,
			whose);
		return UNLIKE;
	}
	if (messages_here == messages_there)
		return ALIKE;
	snprintf(difference, DIFFERENCE_SIZE, "of %s messages %" PRIu64 " are here and %" PRIu64 " there", whose, messages_here,
		messages_there);
	return UNLIKE;
}

enum likeness summaries_compare(const struct summary *ours, const struct summary *theirs, char difference[DIFFERENCE_SIZE])
{
	char second[DIFFERENCE_SIZE];
	*difference = 0;
	enum likeness sent = compare("our", &ours->sent, ours->messages_sent, &theirs->received, theirs->messages_received,
		difference);
	enum likeness received = compare("their", &ours->received, ours->messages_received, &theirs->sent, theirs->messages_sent,
		second);
	if (received > sent)
		memcpy(difference, second, sizeof second);
	return received > sent ? received : sent;
}

/* ── recording ────────────────────────────────────────────────────────────────────────────────── */

Comity__Comparison pair_finding(struct pair *pair)
{
	Comity__Comparison found = COMITY__COMPARISON__INIT;
	found.at = pair->at;
	found.has_equal = found.has_sent = found.has_messages_sent = found.has_received = found.has_messages_received = 1;
	found.equal = pair->is_equal;
	found.difference = pair->is_equal ? NULL : pair->difference;
	found.sent = pair->recorded.sent.number;
	found.messages_sent = pair->recorded.messages_sent;
	found.received = pair->recorded.received.number;
	found.messages_received = pair->recorded.messages_received;
	return found;
}

/* A difference is told when it is new, and that it has gone. */
static void tell(struct txn *txn, const struct pair *pair, const Comity__Comparison *before)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	bool was_equal = !before || before->equal;
	if (was_equal && pair->is_equal)
		return;
	data.peer = (char *)pair->peer;
	data.reason = pair->is_equal ? NULL : (char *)fault_slug(FAULT_OUT_OF_STEP);
	data.text = (char *)(pair->is_equal ? "both hold the same again" : pair->difference);
	events_append(txn, EVENT_PEER_COMPARED, pair->peer, &data);
}

enum fault pair_record(struct txn *txn, struct job *job)
{
	struct pair *pair = container_of(job, struct pair, job);
	struct arena arena;
	struct key key = key_of_peer(pair->peer);
	Comity__Correspondence first = COMITY__CORRESPONDENCE__INIT;
	Comity__Comparison found = pair_finding(pair);
	arena_init(&arena, 1 << 20);
	Comity__Correspondence *held =
		record_find(txn, TABLE_CORRESPONDENCES, key_span(&key), &comity__correspondence__descriptor, &arena);
	Comity__Correspondence *correspondence = held ? held : &first;
	tell(txn, pair, correspondence->comparison);
	correspondence->comparison = &found;
	record_keep(txn, TABLE_CORRESPONDENCES, key_span(&key), &correspondence->base);
	arena_clear(&arena);
	return txn->fault;
}
