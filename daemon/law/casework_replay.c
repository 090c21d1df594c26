/* A case is what its messages make of it: told again from the first to the last, they give the same case again.
 *
 * So what a message did is taken back by telling the case without it.  Nothing else is ever undone, and no act needs to
 * know how it would be.  Between two messages the case is the bytes of its record: one that does not fit leaves them as
 * they were, and a case of any length costs the memory of one message. */
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

struct replay {
	struct txn *txn;
	struct bytes standing;			/* the case so far, packed, without its history */
	struct arena scratch;			/* of the message at hand */
	struct arena *arena;			/* of the case; NULL when its history is not told anew */
	size_t n_history;
	Comity__StatusStep **history;
	const char *asked;			/* a message of which it is asked ... */
	bool is_fit;				/* ... whether it fits */
};

/* Refused by one side, or never sent: for both it was not said. */
static bool is_void(const Comity__MessageState *state)
{
	return state->transport == COMITY__TRANSPORT__VALUE__REFUSED ||
		state->transport == COMITY__TRANSPORT__VALUE__REJECTED ||
		state->transport == COMITY__TRANSPORT__VALUE__WITHDRAWN;
}

static enum fault put(struct replay *replay, Comity__Case *kase)
{
	kase->n_history = 0;
	replay->standing.len = 0;
	return pack(&kase->base, &replay->standing);
}

static enum fault take(const struct replay *replay, struct arena *arena, Comity__Case **kase)
{
	ProtobufCMessage *unpacked = NULL;
	enum fault fault = unpack_own(&comity__case__descriptor, span_of(&replay->standing), arena, FAULT_STORE_BROKEN, &unpacked);
	*kase = (Comity__Case *)unpacked;
	return fault;
}

/* The steps that one message made. */
static enum fault keep_steps(struct replay *replay, const Comity__Case *kase)
{
	for (size_t i = 0; replay->arena && i < kase->n_history; i++) {
		struct bytes packed = { 0 };
		ProtobufCMessage *step;
		enum fault fault = pack(&kase->history[i]->base, &packed);
		if (!fault)
			fault = unpack(&comity__status_step__descriptor, span_of(&packed), replay->arena, FAULT_STORE_BROKEN, &step);
		bytes_clear(&packed);
		TRY(fault);
		if (!record_push(replay->arena, &replay->n_history, &replay->history, &step, sizeof step))
			return arena_fault(replay->arena);
	}
	return OK;
}

static enum fault say_again(struct replay *replay, const Comity__Message *message, Comity__MessageState *state)
{
	struct verdict verdict;
	Comity__Case *kase;
	TRY(take(replay, &replay->scratch, &kase));
	enum fault fault = case_apply(kase, message, state, &replay->scratch, &verdict);
	if (fault_remedy(fault) == REMEDY_REFUSE)
		return OK;	/* it rested on one that is void: the case stands as before */
	if (replay->asked && !strcmp(replay->asked, state->message_id))
		replay->is_fit = !fault;
	TRY(fault);
	TRY(keep_steps(replay, kase));
	return put(replay, kase);
}

static enum fault hear_again(struct replay *replay, struct span key)
{
	ProtobufCMessage *message;
	struct span raw;
	arena_reset(&replay->scratch);
	Comity__MessageState *state =
		record_find(replay->txn, TABLE_SEEN, key, &comity__message_state__descriptor, &replay->scratch);
	if (!state || is_void(state) || !txn_get(replay->txn, TABLE_MESSAGES, key, &raw))
		return replay->txn->fault;
	TRY(unpack_own(&comity__message__descriptor, raw, &replay->scratch, FAULT_STORE_BROKEN, &message));
	return say_again(replay, (const Comity__Message *)message, state);
}

static enum fault hear_all(struct replay *replay, const Comity__Case *kase)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	enum fault fault = OK;
	walk_from(&walk, replay->txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	while (!fault && walk_next(&walk, &key, &value))
		fault = hear_again(replay, value);
	walk_end(&walk);
	return fault ? fault : replay->txn->fault;
}

/* Ours begins with our draft, theirs with nothing. */
static enum fault begin(struct replay *replay, const Comity__Case *kase)
{
	Comity__Case start = *kase;
	case_reset(&start);
	const Comity__Request *document = case_our_side(kase) == SIDE_REQUESTING ?
		casework_document(replay->txn, kase, &replay->scratch) : NULL;
	if (document)
		case_adopt(&start, document, &replay->scratch);
	TRY(replay->txn->fault);
	return put(replay, &start);
}

enum fault case_replay(struct txn *txn, Comity__Case *kase, struct arena *arena)
{
	struct replay replay = { .txn = txn };
	Comity__Case *now = NULL, before = *kase;
	arena_init(&replay.scratch, UNPACK_ARENA);
	enum fault fault = begin(&replay, kase);
	if (!fault)
		fault = hear_all(&replay, kase);
	if (!fault)
		fault = take(&replay, arena, &now);
	if (!fault) {
		*kase = *now;
		kase->n_history = before.n_history;
		kase->history = before.history;
		kase->changed_at = before.changed_at;
	}
	bytes_clear(&replay.standing);
	arena_clear(&replay.scratch);
	return fault;
}

/* ── what waited, and what was heard meanwhile ────────────────────────────────────────────────── */

bool case_waited_for(const Comity__MessageState *ours, uint64_t theirs)
{
	return ours->came_back && ours->has_heard && theirs > ours->heard;
}

/* A message that is told again. */
struct turn {
	struct span key;
	uint64_t theirs;			/* its manifest, when it is theirs and came back; 0 else */
};

struct turns {
	struct turn *data;
	size_t count;
	struct arena arena;
};

/* Messages that came back have their numbers in the order in which we signed our dispatches and receipts.  Only what waited to be
 * signed was judged before what has a lower number: it goes before those of theirs that it waited for. */
static void sort_in(struct turns *turns, struct turn turn, const Comity__MessageState *state)
{
	size_t i = turns->count - 1;
	for (; i && turns->data[i - 1].theirs && case_waited_for(state, turns->data[i - 1].theirs); i--)
		turns->data[i] = turns->data[i - 1];
	turns->data[i] = turn;
}

static enum fault gather(struct replay *replay, const Comity__Case *kase, struct turns *turns)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct turn none = { 0 };
	struct span key, value;
	struct walk walk;
	walk_from(&walk, replay->txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		arena_reset(&replay->scratch);
		const Comity__MessageState *state =
			record_find(replay->txn, TABLE_SEEN, value, &comity__message_state__descriptor, &replay->scratch);
		if (!state)
			continue;
		struct turn turn = { .key = span_of_binary(record_bytes(&turns->arena, value)) };
		turn.theirs = state->came_back && state->arrived_at ? state->manifest : 0;
		if (!turn.key.at || !record_push(&turns->arena, &turns->count, &turns->data, &none, sizeof none))
			break;
		sort_in(turns, turn, state);
	}
	walk_end(&walk);
	return replay->txn->fault ? replay->txn->fault : turns->arena.was_refused ? arena_fault(&turns->arena) : OK;
}

static enum fault hear_in_turn(struct replay *replay, const Comity__Case *kase)
{
	struct turns turns = { 0 };
	arena_init(&turns.arena, UNPACK_ARENA);
	enum fault fault = gather(replay, kase, &turns);
	for (size_t i = 0; !fault && i < turns.count; i++)
		fault = hear_again(replay, turns.data[i].key);
	arena_clear(&turns.arena);
	return fault;
}

/* ── its history anew ─────────────────────────────────────────────────────────────────────────── */

static bool is_told(const struct replay *replay, const Comity__StatusStep *step)
{
	for (size_t i = 0; step->message_id && i < replay->n_history; i++)
		if (replay->history[i]->message_id && !strcmp(replay->history[i]->message_id, step->message_id))
			return true;
	return false;
}

static int64_t step_time(const Comity__StatusStep *step)
{
	int64_t at = 0;
	if (step->recorded_at)
		stamp_read(step->recorded_at, &at);
	return at;
}

/* Steps without a message, and of one that does not count, are in no message that is told again. */
static enum fault add_others(struct replay *replay, const Comity__Case *before)
{
	for (size_t i = 0; i < before->n_history; i++) {
		Comity__StatusStep *step = before->history[i];
		if (is_told(replay, step))
			continue;
		if (!record_push(replay->arena, &replay->n_history, &replay->history, &step, sizeof step))
			return arena_fault(replay->arena);
		size_t at = replay->n_history - 1;
		for (; at && step_time(replay->history[at - 1]) > step_time(step); at--)
			replay->history[at] = replay->history[at - 1];
		replay->history[at] = step;
	}
	return OK;
}

static enum fault tell_anew(struct replay *replay, const Comity__Case *before, Comity__Case **now)
{
	TRY(begin(replay, before));
	TRY(hear_in_turn(replay, before));
	TRY(take(replay, replay->arena, now));
	TRY(add_others(replay, before));
	(*now)->n_history = replay->n_history;
	(*now)->history = replay->history;
	(*now)->changed_at = before->changed_at;
	return OK;
}

enum fault casework_tell_anew(struct txn *txn, const Comity__MessageState *state, struct arena *arena, bool *is_fit)
{
	struct replay replay = { .txn = txn, .arena = arena, .asked = state->message_id };
	struct key id = key_of_uuid(state->request_id);
	Comity__Case *now = NULL, *before = id.len ? case_find_by_id(txn, key_span(&id), arena) : NULL;
	*is_fit = false;
	if (!before || before->purged_at)	/* a shell's messages cannot tell it anew */
		return txn->fault;
	arena_init(&replay.scratch, UNPACK_ARENA);
	enum fault fault = tell_anew(&replay, before, &now);
	if (!fault)
		case_keep(txn, now);
	*is_fit = replay.is_fit;
	bytes_clear(&replay.standing);
	arena_clear(&replay.scratch);
	return fault ? fault : txn->fault;
}
