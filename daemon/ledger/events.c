#include "daemon/ledger/events.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/ledger/deeds.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

static const char counter[] = "events";

static struct key key_of(uint64_t number)
{
	struct key key = { 0 };
	key_u64(&key, number);
	return key;
}

/* As casework_is_discreet() says it of a case that is unpacked. */
static bool is_discreet(struct span packed_case)
{
	enum { ASKED_FIELD = 90, MARKING_FIELD = 94 };	/* dug out of the record: it may be long, and one asks with every event */
	uint64_t is_asked = 0, marking = 0;
	packed_number(packed_case, ASKED_FIELD, &is_asked);
	packed_number(packed_case, MARKING_FIELD, &marking);
	return is_asked || marking >= COMITY__HANDLING_MARKING__VALUE__RESTRICTED;
}

/* What a person wrote about a case that is confidential stays in the case: an event goes to whoever watches. */
static bool says_too_much(struct txn *txn, const Comity__EventData *data)
{
	struct span kase;
	if (!data || !data->text || !data->has_actor_uid || !data->request_id)
		return false;
	struct key id = key_of_uuid(data->request_id);
	return txn_get(txn, TABLE_CASES, key_span(&id), &kase) && is_discreet(kase);
}

uint64_t events_append(struct txn *txn, const char *type, const char *subject, Comity__EventData *data)
{
	char now[STAMP_SIZE];
	stamp_now(now);
	Comity__Event event = COMITY__EVENT__INIT;
	event.type = (char *)type;
	event.subject = (char *)subject;
	event.time = now;
	event.data = data;
	if (says_too_much(txn, data))
		data->text = NULL;
	uint64_t number = txn_next(txn, counter);
	struct key key = key_of(number);
	record_keep(txn, TABLE_EVENTS, key_span(&key), &event.base);
	deeds_note(txn, type, subject, data);
	return number;
}

void events_append_message(struct txn *txn, const char *type, const char *peer, const Comity__MessageState *state)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.axis = "transport";
	data.peer = (char *)peer;
	data.message_id = state->message_id;
	data.request = state->reference;
	data.request_id = state->request_id;
	data.reason = state->reason;
	data.n_acts = state->n_acts;
	data.acts = state->acts;
	const char *request = state->reference ? state->reference : state->request_id;
	events_append(txn, type, request ? request : peer, &data);
}

/* In TABLE_META: the number with which each epoch after the first begins. */
static struct span epochs(struct txn *txn)
{
	struct span starts = { 0 };
	struct key key = { 0 };
	key_text(&key, "epochs");
	txn_get(txn, TABLE_META, key_span(&key), &starts);
	return starts;
}

uint32_t events_epoch(struct txn *txn, uint64_t number)
{
	struct span starts = epochs(txn);
	uint32_t epoch = 1;
	for (size_t at = 0; at + 8 <= starts.len && get_u64(starts.at + at) <= number; at += 8)
		epoch++;
	return epoch;
}

void events_begin_epoch(struct txn *txn)
{
	struct bytes starts = { 0 };
	uint8_t next[8];
	struct key key = { 0 };
	key_text(&key, "epochs");
	put_u64(next, events_last(txn) + 1);
	if (bytes_append(&starts, epochs(txn)) || bytes_append(&starts, SPAN(next)))
		txn_fail(txn, FAULT_NO_MEMORY);
	txn_put(txn, TABLE_META, key_span(&key), span_of(&starts));
	bytes_clear(&starts);
}

uint64_t events_first(struct txn *txn)
{
	struct walk walk;
	struct span key, value;
	uint64_t number = 0;
	walk_from(&walk, txn, TABLE_EVENTS, (struct span){ 0 }, (struct span){ 0 });
	if (walk_next(&walk, &key, &value) && !key_take_u64(&key, &number))
		number = 0;
	walk_end(&walk);
	return number;
}

/* The last one is kept, however old: the numbers go on from it. */
uint64_t events_prune(struct txn *txn, int64_t before, uint64_t up_to, uint64_t most, bool is_dry)
{
	struct walk walk;
	struct span key, value;
	struct arena arena;
	uint64_t count = 0, number, last = events_last(txn);
	bool is_old = true;
	arena_init(&arena, UNPACK_ARENA);
	walk_from(&walk, txn, TABLE_EVENTS, (struct span){ 0 }, (struct span){ 0 });
	while (is_old && (is_dry || count < most) && walk_next(&walk, &key, &value)) {
		struct span whole = key;
		int64_t at;
		arena_reset(&arena);
		const Comity__Event *event = record_read(txn, value, &comity__event__descriptor, &arena);
		is_old = event && key_take_u64(&key, &number) && number < last && number <= up_to && event->time && stamp_read(event->time, &at) &&
			at < before;
		count += is_old;
		if (is_old && !is_dry)
			txn_delete(txn, TABLE_EVENTS, whole);
	}
	walk_end(&walk);
	arena_clear(&arena);
	return count;
}

uint64_t events_last(struct txn *txn)
{
	return txn_last(txn, counter);
}

Comity__Event *events_find(struct txn *txn, const char *own_id, uint64_t number, struct arena *arena)
{
	struct key key = key_of(number);
	Comity__Event *event = record_find(txn, TABLE_EVENTS, key_span(&key), &comity__event__descriptor, arena);
	if (!event)
		return NULL;
	char id[96], source[64];
	event->comityepoch = events_epoch(txn, number);
	snprintf(id, sizeof id, "%s/%u/%" PRIu64, own_id, event->comityepoch, number);
	snprintf(source, sizeof source, "comity:%s", own_id);
	event->specversion = "1.0";
	event->id = record_text(arena, id);
	event->source = record_text(arena, source);
	event->datacontenttype = "application/json";
	event->has_comityseq = event->has_comityepoch = 1;
	event->comityseq = number;
	return event;
}
