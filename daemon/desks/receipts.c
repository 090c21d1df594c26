#include "daemon/desks/receipts.h"

#include <stdio.h>
#include <string.h>

#include "daemon/desks/registry.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"

static Comity__MessageState *find_state(struct txn *txn, const char *own_id, const char *message_id, struct arena *arena)
{
	struct key key = key_of_message(own_id, message_id);
	return record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
}

static void keep_state(struct txn *txn, const Comity__MessageState *state)
{
	struct key key = key_of_message(state->from, state->message_id);
	record_keep(txn, TABLE_SEEN, key_span(&key), &state->base);
}

static bool is_about_reuse(const struct manifest_entry *entry)
{
	return entry->refused && !strcmp(entry->refused, fault_slug(FAULT_ID_REUSED));
}

/* Something went out under an id of ours that is not what we say: our keys, or our store, are elsewhere as well.  Nobody but a
 * human can tell how, so it stays on file with the peer. */
static void note_reuse(struct txn *txn, const Comity__MessageState *state)
{
	struct refused refused = { .fault = FAULT_ID_REUSED, .proof = LINE_PROVEN, .count = 1 };
	refused.first_at = refused.last_at = stamp_clock();
	snprintf(refused.detail, sizeof refused.detail, "two different messages of ours reached it under the id %s; it refused the later one",
		state->message_id);
	registry_note_refusal(txn, state->to, &refused);
}

static bool on_received(Comity__MessageState *state, const struct manifest *manifest, const struct manifest_entry *entry)
{
	bool is_complete = state->has_completion || !state->attachments;
	if (state->has_receipt || (entry->refused && state->has_completion))
		return false;	/* told already; refusing what is complete is no word that counts */
	state->has_receipt = state->has_transport = 1;
	state->receipt = manifest->number;
	state->delivered_at = (char *)manifest->at;
	state->transport = entry->refused ? COMITY__TRANSPORT__VALUE__REFUSED :
		is_complete ? COMITY__TRANSPORT__VALUE__COMPLETE : COMITY__TRANSPORT__VALUE__DELIVERED;
	state->reason = (char *)entry->refused;
	return true;
}

static bool on_complete(Comity__MessageState *state, const struct manifest *manifest, const struct manifest_entry *entry)
{
	(void)entry;
	if (state->has_completion || state->transport == COMITY__TRANSPORT__VALUE__REFUSED)
		return false;
	state->has_completion = state->has_transport = 1;
	state->completion = manifest->number;
	state->complete_at = (char *)manifest->at;
	state->transport = COMITY__TRANSPORT__VALUE__COMPLETE;
	return true;
}

/* Only its addressee confirms a message, and for other bytes than ours a receipt confirms nothing. */
static bool is_meant(const Comity__MessageState *state, const struct manifest *manifest, const struct manifest_entry *entry)
{
	return state && state->to && !strcmp(state->to, manifest->from) && state->sha256.len == DIGEST_SIZE &&
		!memcmp(state->sha256.data, entry->sha256, DIGEST_SIZE);
}

/* They refuse, under the id of one of ours, something that we did not say.  Told once. */
static bool is_about_another(const Comity__MessageState *state, const struct manifest *manifest, const struct manifest_entry *entry)
{
	return state && !state->reused_at && is_about_reuse(entry) && state->to && !strcmp(state->to, manifest->from) &&
		(state->sha256.len != DIGEST_SIZE || memcmp(state->sha256.data, entry->sha256, DIGEST_SIZE));
}

/* What became of our own message is as true as before. */
static void tell_reused(struct txn *txn, const struct manifest *manifest, Comity__MessageState *state)
{
	Comity__MessageState report = *state;
	report.reason = (char *)fault_slug(FAULT_ID_REUSED);
	state->reused_at = (char *)manifest->at;
	keep_state(txn, state);
	events_append_message(txn, EVENT_MESSAGE_REFUSED, report.to, &report);
	note_reuse(txn, state);
}

void receipts_take(struct txn *txn, const char *own_id, const struct manifest *manifest, receipts_refused *refused,
	void *owner)
{
	static bool (*const changes[])(Comity__MessageState *, const struct manifest *, const struct manifest_entry *) = {
		[PURPOSE_RECEIPT] = on_received, [PURPOSE_COMPLETE] = on_complete,
	};
	struct arena arena;
	arena_init(&arena, 64 << 20);
	for (size_t i = 0; i < manifest->count; i++) {
		const struct manifest_entry *entry = &manifest->entries[i];
		Comity__MessageState *state = entry->index ? NULL :
			find_state(txn, own_id, entry->message_id, &arena);
		if (is_about_another(state, manifest, entry))
			tell_reused(txn, manifest, state);
		if (!is_meant(state, manifest, entry) || !changes[manifest->purpose](state, manifest, entry))
			continue;
		keep_state(txn, state);
		events_append_message(txn, entry->refused ? EVENT_MESSAGE_REFUSED :
			manifest->purpose == PURPOSE_COMPLETE ? EVENT_MESSAGE_COMPLETE : EVENT_MESSAGE_DELIVERED, state->to, state);
		if (is_about_reuse(entry))
			note_reuse(txn, state);
		if (entry->refused)
			refused(owner, txn, state, &arena);
	}
	arena_clear(&arena);
}
