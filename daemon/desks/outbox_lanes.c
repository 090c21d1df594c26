/* In which lane a message waits.
 *
 * Its own urgency says so, unless a later message of the same request is more urgent: that one takes its waiting
 * predecessors along, so that messages of a request never overtake one another; and one that is held keeps those behind
 * it.  Hence, of the messages of one request that wait, an earlier one is never in a later lane; everything here keeps
 * this true, and the forming relies on it. */
#include <string.h>

#include "daemon/desks/outbox_parts.h"
#include "proto/unpack.h"

enum { WAITING_COUNT_MAX = 1000000 };

/* ── states and keys ──────────────────────────────────────────────────────────────────────────── */

Comity__MessageState *outbox_find_state(struct outbox *outbox, struct txn *txn, const char *message_id, struct arena *arena)
{
	struct key key = key_of_message(identity_authority(outbox->identity), message_id);
	return record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
}

void outbox_keep_state(struct txn *txn, const Comity__MessageState *state)
{
	struct key key = key_of_message(state->from, state->message_id);
	record_keep(txn, TABLE_SEEN, key_span(&key), &state->base);
}

static outbox_lane own_lane(const Comity__MessageState *state)
{
	static const outbox_lane lanes[] = {
		[COMITY__URGENCY__VALUE__UNSPECIFIED] = LANE(ROUTINE), [COMITY__URGENCY__VALUE__ROUTINE] = LANE(ROUTINE),
		[COMITY__URGENCY__VALUE__URGENT] = LANE(URGENT), [COMITY__URGENCY__VALUE__EMERGENCY] = LANE(EMERGENCY),
	};
	return (size_t)state->urgency < ARRAY_LEN(lanes) ? lanes[state->urgency] : LANE(ROUTINE);
}

outbox_lane outbox_lane_of(const Comity__MessageState *state)
{
	return state->has_lane ? state->lane : own_lane(state);
}

struct key outbox_key_of_lane(const char *peer, outbox_lane lane)
{
	struct key key = key_of_peer(peer);
	key_u8(&key, (uint8_t)lane);
	return key;
}

struct key outbox_key_of(const Comity__MessageState *state, outbox_lane lane)
{
	struct key key = outbox_key_of_lane(state->to, lane);
	key_u64(&key, state->number);
	return key;
}

/* ── what a request said before ───────────────────────────────────────────────────────────────── */

void past_begin(struct past *past, struct outbox *outbox, struct txn *txn, const Comity__MessageState *state,
	struct arena *arena)
{
	struct key prefix = key_of_uuid(state->request_id), start = prefix;
	key_u64(&start, state->number);
	*past = (struct past){ .outbox = outbox, .txn = txn, .arena = arena, .number = state->number };
	if (state->request_id)	/* what belongs to no case waits for nothing */
		walk_last(&past->walk, txn, TABLE_CASE_MESSAGES, key_span(&prefix), key_span(&start));
}

Comity__MessageState *past_next(struct past *past)
{
	struct span key, value;
	const char *sender;
	while (walk_next(&past->walk, &key, &value)) {
		struct span name = value;
		if (!key_take_text(&name, &sender) || strcmp(sender, identity_authority(past->outbox->identity)))
			continue;	/* the other side's */
		Comity__MessageState *state =
			record_find(past->txn, TABLE_SEEN, value, &comity__message_state__descriptor, past->arena);
		if (!state || state->number == past->number)
			continue;
		if (state->transport == COMITY__TRANSPORT__VALUE__WITHDRAWN)
			continue;
		if (state->transport != COMITY__TRANSPORT__VALUE__QUEUED)
			break;
		return state;
	}
	walk_end(&past->walk);
	return NULL;
}

void past_end(struct past *past)
{
	walk_end(&past->walk);
}

/* ── waiting ──────────────────────────────────────────────────────────────────────────────────── */

static void put(struct txn *txn, const Comity__MessageState *state, outbox_lane lane)
{
	struct key key = outbox_key_of(state, lane), id = key_of_uuid(state->message_id);
	txn_put(txn, TABLE_OUTBOX, key_span(&key), key_span(&id));
}

static void move(struct txn *txn, Comity__MessageState *state, outbox_lane lane)
{
	struct key key = outbox_key_of(state, outbox_lane_of(state));
	txn_delete(txn, TABLE_OUTBOX, key_span(&key));
	put(txn, state, lane);
	state->has_lane = lane != own_lane(state);
	state->lane = lane;
	outbox_keep_state(txn, state);
}

/* Those before it in its request come along.  Where one is as urgent already, so are those before that. */
static void pull_up(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state, outbox_lane lane)
{
	struct arena arena;
	struct past past;
	Comity__MessageState *before;
	arena_init(&arena, UNPACK_ARENA);
	past_begin(&past, outbox, txn, state, &arena);
	while ((before = past_next(&past)) && outbox_lane_of(before) > lane) {
		move(txn, before, lane);
		arena_reset(&arena);
	}
	past_end(&past);
	arena_clear(&arena);
}

void outbox_forget(struct txn *txn, const Comity__MessageState *state)
{
	struct key key = outbox_key_of(state, outbox_lane_of(state));
	txn_delete(txn, TABLE_OUTBOX, key_span(&key));
}

Comity__MessageState *outbox_before(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state, struct arena *arena)
{
	struct past past;
	past_begin(&past, outbox, txn, state, arena);
	Comity__MessageState *before = past_next(&past);
	past_end(&past);
	return before;
}

static bool is_anything_held(struct txn *txn, const char *peer)
{
	struct key prefix = outbox_key_of_lane(peer, LANE(HELD));
	struct span key, value;
	struct walk walk;
	walk_from(&walk, txn, TABLE_OUTBOX, key_span(&prefix), (struct span){ 0 });
	bool is_held = walk_next(&walk, &key, &value);
	walk_end(&walk);
	return is_held;
}

/* Does it follow one that is held? */
static bool is_kept_back(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state)
{
	struct arena arena;
	if (!is_anything_held(txn, state->to))
		return false;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__MessageState *before = outbox_before(outbox, txn, state, &arena);
	bool is_kept = before && outbox_lane_of(before) == LANE(HELD);
	arena_clear(&arena);
	return is_kept;
}

void outbox_touch(struct outbox *outbox, const char *peer)
{
	for (struct way *way = outbox->ways; way; way = way->next)
		way->is_touched |= !peer || !strcmp(way->peer, peer);
}

void outbox_add(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state)
{
	outbox_lane lane = own_lane(state);
	put(txn, state, lane);
	if (is_kept_back(outbox, txn, state)) {
		Comity__MessageState kept = *state;
		move(txn, &kept, LANE(HELD));
	} else if (lane != LANE(ROUTINE)) {	/* there is nothing behind that */
		pull_up(outbox, txn, state, lane);
	}
	outbox_touch(outbox, state->to);
}

/* A request's waiting messages, the newest first. */
struct step {
	struct step *older;
	Comity__MessageState *state;
};

static struct step *all_waiting(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state, struct arena *arena)
{
	struct step *newest = NULL, **end = &newest;
	Comity__MessageState from = *state, *waiting;
	struct past past;
	from.number = UINT64_MAX;
	past_begin(&past, outbox, txn, &from, arena);
	while ((waiting = past_next(&past)) && (*end = arena_alloc(arena, sizeof **end))) {
		(*end)->state = waiting;
		end = &(*end)->older;
	}
	past_end(&past);
	return newest;
}

void outbox_settle_lanes(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state)
{
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	struct step *newest = all_waiting(outbox, txn, state, &arena), *oldest_held = NULL, *step;
	outbox_lane lane = LANE(HELD);
	for (step = newest; step; step = step->older)
		oldest_held = step->state->hold ? step : oldest_held;
	for (step = oldest_held ? newest : NULL; step; step = step == oldest_held ? NULL : step->older)
		if (outbox_lane_of(step->state) != LANE(HELD))
			move(txn, step->state, LANE(HELD));
	for (step = oldest_held ? oldest_held->older : newest; step; step = step->older) {
		lane = own_lane(step->state) < lane ? own_lane(step->state) : lane;
		if (outbox_lane_of(step->state) != lane)
			move(txn, step->state, lane);
	}
	if (arena.was_refused)
		txn_fail(txn, arena_fault(&arena));
	arena_clear(&arena);
}

uint64_t outbox_waiting(struct txn *txn, const char *peer)
{
	uint64_t count = 0;
	struct key prefix = key_of_peer(peer);
	struct span key, value;
	struct walk walk;
	walk_from(&walk, txn, TABLE_OUTBOX, key_span(&prefix), (struct span){ 0 });
	while (count < WAITING_COUNT_MAX && walk_next(&walk, &key, &value))
		count += key.len > prefix.len && key.at[prefix.len] != LANE(WITHDRAWN);
	walk_end(&walk);
	return count;
}

static int64_t head_of_lane(struct outbox *outbox, struct txn *txn, const char *peer, outbox_lane lane)
{
	struct walk walk;
	struct span key, id;
	struct arena arena;
	char message_id[UUID_TEXT_SIZE];
	struct key prefix = outbox_key_of_lane(peer, lane);
	int64_t at = 0;
	arena_init(&arena, UNPACK_ARENA);
	walk_from(&walk, txn, TABLE_OUTBOX, key_span(&prefix), (struct span){ 0 });
	if (walk_next(&walk, &key, &id) && id.len == UUID_SIZE) {
		uuid_text(message_id, id.at);
		const Comity__MessageState *state = outbox_find_state(outbox, txn, message_id, &arena);
		if (!state || !state->queued_at || !stamp_read(state->queued_at, &at))
			at = 0;
	}
	walk_end(&walk);
	arena_clear(&arena);
	return at;
}

int64_t outbox_oldest(struct outbox *outbox, struct txn *txn, const char *peer)
{
	const ProtobufCEnumDescriptor *lanes = &comity__lane__value__descriptor;
	int64_t oldest = 0;
	for (unsigned i = 0; i < lanes->n_values; i++) {
		outbox_lane lane = (outbox_lane)lanes->values[i].value;
		int64_t at = lane == LANE(WITHDRAWN) ? 0 : head_of_lane(outbox, txn, peer, lane);
		oldest = at && (!oldest || at < oldest) ? at : oldest;
	}
	return oldest;
}

/* ── stores from before there were lanes ──────────────────────────────────────────────────────── */

/* Their rows have no lane between peer and number; as the numbers are small, they come before all that have. */
static bool take_old(struct span key, const char **peer, uint64_t *number)
{
	return key_take_text(&key, peer) && key_take_u64(&key, number) && !key.len;
}

enum fault outbox_move_old(struct store *store)
{
	struct txn txn;
	struct walk walk;
	struct span key, value;
	TRY(txn_begin(store, TXN_WRITE, &txn));
	txn_use_reserve(&txn);
	walk_from(&walk, &txn, TABLE_OUTBOX, (struct span){ 0 }, (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		const char *peer;
		Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
		uint64_t number;
		char id[UUID_TEXT_SIZE];
		struct key old = { 0 };
		if (!take_old(key, &peer, &number) || value.len != UUID_SIZE)
			continue;
		key_bytes(&old, key);
		uuid_text(id, value.at);
		state.number = number;
		state.message_id = id;
		state.to = (char *)peer;
		struct key new = outbox_key_of(&state, LANE(ROUTINE)), name = key_of_uuid(id);
		txn_put(&txn, TABLE_OUTBOX, key_span(&new), key_span(&name));
		txn_delete(&txn, TABLE_OUTBOX, key_span(&old));
	}
	walk_end(&walk);
	if (!txn_writes(&txn)) {
		txn_abort(&txn);
		return OK;
	}
	return txn_commit(&txn);
}
