/* From what waits to signed manifests: at the end of the scribe's batch, in its transaction.
 *
 * A number that is signed cannot be overtaken any more, so only as much is signed as the line is about to take; the
 * rest waits in its lanes.  The lanes are taken in order, but none is ever starved: the more urgent leave a part of each
 * manifest's room to the rest, and now and then the oldest of the last lane goes first, whatever its size. */
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/chain.h"
#include "daemon/ledger/hold.h"
#include "daemon/desks/outbox_parts.h"
#include "proto/frame.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

enum {
	MANIFEST_MESSAGES_MAX = 512,
	MANIFEST_BYTES_MAX = MESSAGE_SIZE_MAX,	/* of messages in one manifest; a single one may be as large */
	UNSENT_MAX = 4,				/* manifests signed and not yet given to the line */
	TURN_OF_THE_LAST = 8,			/* so often its oldest goes first */
};

/* How many eighths of a manifest a lane and those before it may fill. */
static const struct { outbox_lane lane; unsigned eighths; } shares[] = {
	{ LANE(EMERGENCY), 6 }, { LANE(URGENT), 7 }, { LANE(ROUTINE), 8 },
};

/* What goes into one manifest. */
struct load {
	struct outbox *outbox;
	struct txn *txn;
	struct way *way;
	struct arena arena;
	struct manifest_entry entries[MANIFEST_MESSAGES_MAX * 4];
	Comity__MessageState *states[MANIFEST_MESSAGES_MAX];
	size_t entry_count, count, bytes;
	bool is_cut;				/* more waits than went in */
};

static bool add_attachments(struct load *load, const Comity__MessageState *state)
{
	struct key key = key_of_message(state->from, state->message_id);
	struct span raw;
	ProtobufCMessage *message;
	if (!txn_get(load->txn, TABLE_MESSAGES, key_span(&key), &raw) ||
	    unpack(&comity__message__descriptor, raw, &load->arena, FAULT_STORE_BROKEN, &message))
		return false;
	const Comity__Message *content = (const Comity__Message *)message;
	for (size_t i = 0; i < content->n_attachments; i++) {
		struct manifest_entry *entry = &load->entries[load->entry_count++];
		*entry = load->entries[load->entry_count - 2 - i];
		entry->index = (uint32_t)i + 1;
		if (!hex_read(entry->sha256, DIGEST_SIZE, span_of_text(content->attachments[i]->sha256)))
			return false;
	}
	return true;
}

static bool fits(const struct load *load, const Comity__MessageState *state, unsigned eighths)
{
	size_t messages_max = MANIFEST_MESSAGES_MAX * eighths / 8, bytes_max = MANIFEST_BYTES_MAX / 8 * eighths;
	return load->count < messages_max && load->entry_count + 1 + state->attachments <= ARRAY_LEN(load->entries) &&
		(!load->count || load->bytes + state->size <= bytes_max);
}

/* The message alone. */
static void list(struct load *load, Comity__MessageState *state)
{
	struct manifest_entry *entry = &load->entries[load->entry_count++];
	*entry = (struct manifest_entry){ 0 };
	memcpy(entry->sha256, state->sha256.data, DIGEST_SIZE);
	memcpy(entry->message_id, state->message_id, UUID_TEXT_SIZE - 1);
	load->states[load->count++] = state;
	load->bytes += state->size;
}

static void add(struct load *load, Comity__MessageState *state)
{
	list(load, state);
	if (state->attachments && !add_attachments(load, state))
		txn_fail(load->txn, FAULT_STORE_BROKEN);
}

static bool has(const struct load *load, uint64_t number)
{
	for (size_t i = 0; i < load->count; i++)
		if (load->states[i]->number == number)
			return true;
	return false;
}

/* Does an earlier message of its request wait, and not go with this load?  It may, once a lane before was cut short. */
static bool would_overtake(struct load *load, const Comity__MessageState *state)
{
	struct past past;
	if (!load->is_cut)
		return false;
	past_begin(&past, load->outbox, load->txn, state, &load->arena);
	const Comity__MessageState *before = past_next(&past);
	past_end(&past);
	return before && !has(load, before->number);
}

static Comity__MessageState *state_of_row(struct load *load, struct span id)
{
	char text[UUID_TEXT_SIZE];
	if (id.len != UUID_SIZE)
		return NULL;
	uuid_text(text, id.at);
	return outbox_find_state(load->outbox, load->txn, text, &load->arena);
}

/* Take the lane's messages, the oldest first, of at most `limit`. */
static void take_lane(struct load *load, outbox_lane lane, unsigned eighths, size_t limit)
{
	struct key prefix = outbox_key_of_lane(load->way->peer, lane);
	struct span key, id;
	struct walk walk;
	walk_from(&walk, load->txn, TABLE_OUTBOX, key_span(&prefix), (struct span){ 0 });
	for (; limit && walk_next(&walk, &key, &id); limit--) {
		Comity__MessageState *state = state_of_row(load, id);
		if (!state) {
			txn_fail(load->txn, fault_say(FAULT_STORE_BROKEN, "a message waits, but there is no record of it"));
			break;
		}
		if (has(load, state->number))
			continue;
		if (!fits(load, state, eighths)) {
			load->is_cut = true;
			break;
		}
		if (!would_overtake(load, state))
			add(load, state);
	}
	walk_end(&walk);
}

static void gather(struct load *load)
{
	load->count = load->entry_count = load->bytes = 0;
	load->is_cut = ++load->way->turns % TURN_OF_THE_LAST == 0;
	if (load->is_cut)
		take_lane(load, LANE(ROUTINE), 8, 1);
	load->is_cut = false;
	for (size_t i = 0; i < ARRAY_LEN(shares) && !load->txn->fault; i++)
		take_lane(load, shares[i].lane, shares[i].eighths, MANIFEST_MESSAGES_MAX);
}

static void settle(struct load *load, uint64_t number)
{
	char now[STAMP_SIZE];
	stamp_now(now);
	for (size_t i = 0; i < load->count; i++) {
		Comity__MessageState *state = load->states[i];
		struct key key = outbox_key_of(state, outbox_lane_of(state));
		txn_delete(load->txn, TABLE_OUTBOX, key_span(&key));
		state->has_transport = state->has_manifest = 1;
		state->transport = COMITY__TRANSPORT__VALUE__SENT;
		state->manifest = number;
		state->sent_at = now;
		state->has_lane = 0;
		outbox_keep_state(load->txn, state);
	}
}

/* True when it formed one and there is more. */
static bool form_one(struct load *load)
{
	struct txn *txn = load->txn;
	arena_init(&load->arena, 64 << 20);
	gather(load);
	if (load->count && !txn->fault) {
		uint64_t number = chain_append(txn, load->outbox->identity, load->way->peer, PURPOSE_DISPATCH, load->entries,
			load->entry_count);
		settle(load, number);
		atomic_store(&load->way->formed, number);
	}
	arena_clear(&load->arena);
	return load->is_cut && load->count && !txn->fault;
}

static void take_withdrawn(struct load *load)
{
	struct key prefix = outbox_key_of_lane(load->way->peer, LANE(WITHDRAWN));
	struct span key, id;
	struct walk walk;
	load->count = load->entry_count = load->bytes = 0;
	walk_from(&walk, load->txn, TABLE_OUTBOX, key_span(&prefix), (struct span){ 0 });
	while (load->count < MANIFEST_MESSAGES_MAX && walk_next(&walk, &key, &id)) {
		Comity__MessageState *state = state_of_row(load, id);
		if (!state) {
			txn_fail(load->txn, fault_say(FAULT_STORE_BROKEN, "a message was dropped, but there is no record of it"));
			break;
		}
		list(load, state);
	}
	walk_end(&walk);
}

/* Say, signed, what was dropped: its manifest is the record that it was there and never left. */
static void form_withdrawal(struct load *load)
{
	struct txn *txn = load->txn;
	arena_init(&load->arena, 64 << 20);
	take_withdrawn(load);
	uint64_t number = load->count && !txn->fault ? chain_append(txn, load->outbox->identity, load->way->peer,
		PURPOSE_WITHDRAWAL, load->entries, load->entry_count) : 0;
	for (size_t i = 0; i < load->count && number; i++) {
		struct key key = outbox_key_of(load->states[i], LANE(WITHDRAWN));
		txn_delete(txn, TABLE_OUTBOX, key_span(&key));
		load->states[i]->has_manifest = 1;
		load->states[i]->manifest = number;
		outbox_keep_state(txn, load->states[i]);
	}
	if (number)
		atomic_store(&load->way->formed, number);
	arena_clear(&load->arena);
}

static bool is_held(struct txn *txn, const struct way *way)
{
	return hold_kind(txn, HOLD_EVERYBODY) != COMITY__HOLD_KIND__VALUE__NONE ||
		hold_kind(txn, way->peer) != COMITY__HOLD_KIND__VALUE__NONE;
}

static bool has_room(struct txn *txn, struct way *way)
{
	return chain_head(txn, way->peer, DIRECTION_OURS).number < atomic_load(&way->sent) + UNSENT_MAX;
}

static void form_all(struct load *load)
{
	struct way *way = load->way;
	bool is_more = true;
	way->is_touched = false;
	if (is_held(load->txn, way))
		return;		/* whoever lifts the hold touches it again */
	if (has_room(load->txn, way))
		form_withdrawal(load);
	while (is_more && has_room(load->txn, way))
		is_more = form_one(load);
	if (is_more)
		atomic_store(&way->is_short, true);
}

void outbox_form(struct outbox *outbox, struct txn *txn)
{
	struct load *load = NULL;
	for (struct way *way = outbox->ways; way && !txn->fault; way = way->next) {
		if (!way->is_touched || !atomic_load(&way->is_ready))
			continue;
		if (!load && !(load = malloc(sizeof *load))) {
			txn_fail(txn, FAULT_NO_MEMORY);
			return;
		}
		load->outbox = outbox;
		load->txn = txn;
		load->way = way;
		form_all(load);
	}
	free(load);
}
