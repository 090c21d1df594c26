/* What came back, from the line into the ledger, in the order in which one thing led to another.
 *
 * Our next manifest can be kept when every message that it receipts is here; else their next comes first.  What they
 * receipt of ours is here then: they had it before they receipted it, and we had their receipt before we went on. */
#include <inttypes.h>
#include <string.h>

#include "certs/digest.h"
#include "daemon/ledger/certificates.h"
#include "daemon/ledger/events.h"
#include "daemon/desks/recovery_parts.h"
#include "daemon/desks/registry.h"
#include "daemon/desks/outbox.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

/* A step under way: what is still in the piles, and who they are. */
struct step {
	struct txn *txn;
	struct comeback *comeback;
	const struct recovery_rooms *rooms;
	const char *own_id;
	struct returned *next[2];		/* by direction */
	struct arena arena;			/* of the message at hand */
};

static Comity__MessageState *find_state(struct step *step, const char *sender, const char *message_id)
{
	struct key key = key_of_message(sender, message_id);
	return record_find(step->txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &step->arena);
}

static void keep_state(struct step *step, const Comity__MessageState *state)
{
	struct key key = key_of_message(state->from, state->message_id);
	record_keep(step->txn, TABLE_SEEN, key_span(&key), &state->base);
}

static bool is_same(const Comity__MessageState *state, const struct manifest_entry *entry)
{
	return state->sha256.len == DIGEST_SIZE && !memcmp(state->sha256.data, entry->sha256, DIGEST_SIZE);
}

/* ── one message of either side ───────────────────────────────────────────────────────────────── */

static void begin_state(struct step *step, const struct returned *returned, struct manifest_entry *entry, struct span raw,
	Comity__MessageState *state)
{
	bool is_ours = !strcmp(returned->manifest.from, step->own_id);
	comity__message_state__init(state);
	state->has_number = state->has_sha256 = state->has_size = state->has_transport = state->has_manifest = 1;
	state->has_attachments = state->has_attachments_missing = state->has_came_back = state->came_back = 1;
	state->number = txn_next(step->txn, "messages");
	state->message_id = entry->message_id;
	state->from = (char *)returned->manifest.from;
	state->to = (char *)returned->manifest.to;
	state->sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, entry->sha256 };
	state->size = raw.len;
	state->manifest = returned->manifest.number;
	state->transport = is_ours ? COMITY__TRANSPORT__VALUE__SENT : COMITY__TRANSPORT__VALUE__ARRIVED;
	*(is_ours ? &state->sent_at : &state->arrived_at) = (char *)returned->manifest.at;
}

/* Put it where it was.  What we refused then stays refused. */
static enum fault restore(struct step *step, struct span raw, const char *refused, Comity__MessageState *state, bool *is_overtaken)
{
	ProtobufCMessage *unpacked;
	struct casework_restored restored = { 0 };
	Comity__Recovery *record = &step->comeback->record;
	record->messages++;
	if (!raw.len) {
		char now[STAMP_SIZE];
		stamp_now(now);
		state->purged_at = record_text(&step->arena, now);	/* there, before now: that is all that is known */
		record->not_held++;
		return step->txn->fault;
	}
	TRY(unpack(&comity__message__descriptor, raw, &step->arena, FAULT_BAD_DOCUMENT, &unpacked));
	const Comity__Message *message = (const Comity__Message *)unpacked;
	if (!message->from || strcmp(message->from, state->from))
		return FAULT_WRONG_ADDRESSEE;
	state->request_id = message->request_id;
	if (!strcmp(state->from, step->own_id)) {
		state->queued_at = message->created_at;		/* by our own clock */
		state->has_heard = message->has_heard;
		state->heard = message->heard;
	}
	if (refused)
		return step->txn->fault;
	state->has_urgency = message->has_urgency;
	state->urgency = message->urgency;
	TRY(casework_restore(step->rooms->casework, step->txn, message, state, &step->arena, &restored));
	record->not_applied += !restored.is_applied && !restored.is_overtaken;
	*is_overtaken = restored.is_overtaken;
	record->attachments += restored.attachments;
	record->attachment_bytes += restored.attachment_bytes;
	return OK;
}

static void tell_anew(struct step *step, const Comity__MessageState *state)
{
	bool is_fit;
	enum fault fault = casework_tell_anew(step->txn, state, &step->arena, &is_fit);
	if (fault)
		txn_fail(step->txn, fault);
	step->comeback->record.not_applied += !is_fit;
}

static void keep_new(struct step *step, const struct returned *returned, struct manifest_entry *entry, struct span raw,
	const char *refused)
{
	Comity__MessageState state;
	bool is_ours = !strcmp(returned->manifest.from, step->own_id), is_overtaken = false;
	begin_state(step, returned, entry, raw, &state);
	enum fault fault = restore(step, raw, refused, &state, &is_overtaken);
	if (fault && fault_remedy(fault) != REMEDY_REFUSE && fault_remedy(fault) != REMEDY_HANG_UP) {
		txn_fail(step->txn, fault);
		return;
	}
	if (raw.len)
		record_keep_message(step->txn, &state, raw);
	step->comeback->record.not_applied += fault && !refused;
	if (refused) {
		state.transport = COMITY__TRANSPORT__VALUE__REJECTED;
		state.reason = (char *)refused;
	}
	if (!is_ours && !refused && !state.attachments_missing)
		state.transport = COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE;
	keep_state(step, &state);
	if (is_overtaken && !fault)
		tell_anew(step, &state);
	events_append_message(step->txn, EVENT_MESSAGE_RECOVERED, step->comeback->peer, &state);
}

/* ── their manifests ──────────────────────────────────────────────────────────────────────────── */

/* What our own receipt, which comes next, says of it. */
static const char *verdict_on(const struct step *step, const struct manifest_entry *entry)
{
	const struct returned *receipt = step->next[DIRECTION_OURS];
	for (size_t i = 0; receipt && i < receipt->manifest.count; i++)
		if (!strcmp(receipt->manifest.entries[i].message_id, entry->message_id) && receipt->manifest.entries[i].refused)
			return receipt->manifest.entries[i].refused;
	return NULL;
}

static void keep_messages(struct step *step, const struct returned *returned)
{
	size_t at = 0;
	for (size_t i = 0; i < returned->manifest.count && !step->txn->fault; i++) {
		struct manifest_entry entry = returned->manifest.entries[i];
		if (entry.index)
			continue;
		struct span raw = returned->messages[at++];
		arena_reset(&step->arena);
		if (!find_state(step, returned->manifest.from, entry.message_id))
			keep_new(step, returned, &entry, raw, verdict_on(step, &entry));
	}
}

static enum fault keep_theirs(struct step *step, const struct returned *returned)
{
	enum chain_fit fit;
	TRY(chain_judge(step->txn, &returned->manifest, returned->text, &fit));
	if (fit == CHAIN_REPEAT)
		return OK;
	chain_accept(step->txn, &returned->manifest, returned->text, returned->signature, returned->signer);
	if (returned->manifest.purpose == PURPOSE_DISPATCH)
		keep_messages(step, returned);
	else if (returned->manifest.purpose != PURPOSE_WITHDRAWAL)	/* that one changes nothing here */
		receipts_take(step->txn, step->own_id, &returned->manifest, step->rooms->refused, step->rooms->owner);
	step->comeback->record.their_manifests++;
	return step->txn->fault;
}

/* ── our manifests ────────────────────────────────────────────────────────────────────────────── */

/* A message that this store still has waiting had left already. */
static void note_sent(struct step *step, const struct returned *returned, Comity__MessageState *state)
{
	outbox_forget(step->txn, state);
	state->has_lane = 0;
	state->has_transport = state->has_manifest = 1;
	state->transport = COMITY__TRANSPORT__VALUE__SENT;
	state->manifest = returned->manifest.number;
	state->sent_at = (char *)returned->manifest.at;
	keep_state(step, state);
}

static void keep_dispatch(struct step *step, const struct returned *returned)
{
	size_t at = 0;
	for (size_t i = 0; i < returned->manifest.count && !step->txn->fault; i++) {
		struct manifest_entry entry = returned->manifest.entries[i];
		if (entry.index)
			continue;
		struct span raw = returned->messages[at++];
		arena_reset(&step->arena);
		Comity__MessageState *state = find_state(step, step->own_id, entry.message_id);
		if (state && !is_same(state, &entry))
			txn_fail(step->txn, fault_say(FAULT_RECALL_FORGED, "message %s of ours has another content here", entry.message_id));
		else if (state && state->transport == COMITY__TRANSPORT__VALUE__QUEUED)
			note_sent(step, returned, state);
		else if (!state)
			keep_new(step, returned, &entry, raw, NULL);
	}
}

static void note_receipt(const struct manifest *manifest, const struct manifest_entry *entry, Comity__MessageState *state)
{
	if (state->has_receipt)
		return;		/* of a repetition: the first one counts */
	state->has_receipt = 1;
	state->receipt = manifest->number;
	state->arrived_at = (char *)manifest->at;
	if (!entry->refused)
		return;
	state->transport = COMITY__TRANSPORT__VALUE__REJECTED;
	state->reason = (char *)entry->refused;
}

static void note_completion(const struct manifest *manifest, const struct manifest_entry *entry, Comity__MessageState *state)
{
	(void)entry;
	state->has_completion = 1;
	state->completion = manifest->number;
	state->complete_at = (char *)manifest->at;
	if (!state->attachments_missing)
		state->transport = COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE;
}

static void keep_receipt(struct step *step, const struct returned *returned)
{
	static void (*const notes[])(const struct manifest *, const struct manifest_entry *, Comity__MessageState *) = {
		[PURPOSE_RECEIPT] = note_receipt, [PURPOSE_COMPLETE] = note_completion,
	};
	for (size_t i = 0; i < returned->manifest.count && !step->txn->fault; i++) {
		const struct manifest_entry *entry = &returned->manifest.entries[i];
		arena_reset(&step->arena);
		Comity__MessageState *state = entry->index ? NULL : find_state(step, step->comeback->peer, entry->message_id);
		if (!state || !is_same(state, entry))
			continue;	/* another message under a known id, refused then */
		notes[returned->manifest.purpose](&returned->manifest, entry, state);
		keep_state(step, state);
	}
}

/* A message that this store still has waiting was dropped.  One that it does not know is only a name in the chain. */
static void keep_withdrawal(struct step *step, const struct returned *returned)
{
	for (size_t i = 0; i < returned->manifest.count && !step->txn->fault; i++) {
		const struct manifest_entry *entry = &returned->manifest.entries[i];
		arena_reset(&step->arena);
		Comity__MessageState *state = entry->index ? NULL : find_state(step, step->own_id, entry->message_id);
		if (!state || !is_same(state, entry) || state->transport != COMITY__TRANSPORT__VALUE__QUEUED)
			continue;
		outbox_forget(step->txn, state);
		state->has_lane = 0;
		state->hold = NULL;
		state->has_transport = state->has_manifest = 1;
		state->transport = COMITY__TRANSPORT__VALUE__WITHDRAWN;
		state->reason = "withdrawn";
		state->manifest = returned->manifest.number;
		keep_state(step, state);
		enum fault fault = casework_dropped(step->rooms->casework, step->txn, state, &step->arena);
		if (fault && fault_remedy(fault) != REMEDY_REFUSE)
			txn_fail(step->txn, fault);
	}
}

static enum fault keep_ours(struct step *step, const struct returned *returned)
{
	static void (*const keepers[PURPOSE_COUNT])(struct step *, const struct returned *) = {
		[PURPOSE_DISPATCH] = keep_dispatch, [PURPOSE_RECEIPT] = keep_receipt, [PURPOSE_COMPLETE] = keep_receipt,
		[PURPOSE_WITHDRAWAL] = keep_withdrawal,
	};
	const struct position *goal = &step->comeback->goal;
	uint8_t hash[DIGEST_SIZE];
	digest_of(hash, returned->text);
	if (returned->manifest.number == goal->number && memcmp(hash, goal->hash, DIGEST_SIZE))
		return fault_say(FAULT_RECALL_FORGED, "number %" PRIu64 " of our chain is not the one that hello named", goal->number);
	TRY(chain_restore(step->txn, &returned->manifest, returned->text, returned->signature, returned->signer));
	keepers[returned->manifest.purpose](step, returned);
	step->comeback->record.own_manifests++;
	return step->txn->fault;
}

/* ── the order ────────────────────────────────────────────────────────────────────────────────── */

static bool is_ready(struct step *step, const struct returned *ours)
{
	bool is_ready = true;
	for (size_t i = 0; is_ready && ours->manifest.purpose == PURPOSE_RECEIPT && i < ours->manifest.count; i++) {
		struct key key = key_of_message(step->comeback->peer, ours->manifest.entries[i].message_id);
		is_ready = txn_get(step->txn, TABLE_SEEN, key_span(&key), NULL);
	}
	return is_ready;
}

static enum fault need(struct step *step, enum outcome outcome)
{
	struct comeback *comeback = step->comeback;
	comeback->outcome = outcome;
	for (int direction = 0; direction < 2; direction++)
		comeback->heads[direction] = chain_head(step->txn, comeback->peer, (enum direction)direction).number;
	TRY(step->txn->fault);
	return outcome != NEEDS_THEIRS || comeback->heads[DIRECTION_THEIRS] < comeback->their_last ? OK :
		fault_say(FAULT_RECALL_FORGED, "our own receipt names a message that %s does not have", comeback->peer);
}

static void keep_certificates(struct step *step, const struct returned *returned)
{
	if (!txn_get(step->txn, TABLE_CERTIFICATES, SPAN(returned->signer), NULL))
		certificates_keep(step->txn, returned->certificates);
}

static enum fault take(struct step *step, enum direction direction, enum fault (*keep)(struct step *, const struct returned *))
{
	struct returned *returned = step->next[direction];
	TRY(keep(step, returned));
	keep_certificates(step, returned);
	step->next[direction] = returned->next;
	step->comeback->kept[direction]++;
	return step->txn->fault;
}

static enum fault keep_all(struct step *step)
{
	struct comeback *comeback = step->comeback;
	while (!step->txn->fault) {
		const struct returned *ours = step->next[DIRECTION_OURS];
		if (chain_head(step->txn, comeback->peer, DIRECTION_OURS).number >= comeback->goal.number)
			return need(step, IS_WHOLE);
		if (!ours)
			return need(step, NEEDS_OURS);
		if (is_ready(step, ours))
			TRY(take(step, DIRECTION_OURS, keep_ours));
		else if (step->next[DIRECTION_THEIRS])
			TRY(take(step, DIRECTION_THEIRS, keep_theirs));
		else
			return need(step, NEEDS_THEIRS);
	}
	return step->txn->fault;
}

enum fault comeback_keep(struct txn *txn, struct job *job)
{
	struct comeback *comeback = container_of(job, struct comeback, job);
	struct step step = { .txn = txn, .comeback = comeback, .rooms = &comeback->recovery->rooms,
		.own_id = identity_authority(comeback->recovery->rooms.identity),
		.next = { comeback->piles[0].first, comeback->piles[1].first } };
	comeback->kept[0] = comeback->kept[1] = 0;
	comity__recovery__init(&comeback->record);
	uint64_t head = chain_head(txn, comeback->peer, DIRECTION_OURS).number;
	arena_init(&step.arena, UNPACK_ARENA);
	enum fault fault = keep_all(&step);
	arena_clear(&step.arena);
	TRY(fault);
	if (head < comeback->goal.number)
		record_step(txn, comeback, head + 1);
	return txn->fault;
}
