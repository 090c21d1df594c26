/* A case in memory and its record: what it is called, where it is kept. */
#include <ctype.h>
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"

enum side case_our_side(const Comity__Case *kase)
{
	return kase->role == COMITY__ROLE__VALUE__REQUESTING ? SIDE_REQUESTING : SIDE_REQUESTED;
}

char *case_own_reference(const Comity__Case *kase)
{
	return kase->role == COMITY__ROLE__VALUE__REQUESTING ? kase->requesting_reference : kase->requested_reference;
}

const char *casework_our_reference(const Comity__Case *kase)
{
	const char *reference = case_own_reference(kase);
	return reference ? reference : "";
}

const char *casework_their_reference(const Comity__Case *kase)
{
	const char *reference = kase->role == COMITY__ROLE__VALUE__REQUESTING ? kase->requested_reference : kase->requesting_reference;
	return reference ? reference : "";
}

const char *casework_name(const Comity__Case *kase)
{
	const char *ours = casework_our_reference(kase), *theirs = casework_their_reference(kase);
	return *ours ? ours : *theirs ? theirs : kase->request_id;
}

/* ── finding ──────────────────────────────────────────────────────────────────────────────────── */

Comity__Case *case_find_by_id(struct txn *txn, struct span id, struct arena *arena)
{
	return record_find(txn, TABLE_CASES, id, &comity__case__descriptor, arena);
}

/* References are found in any case of letters. */
void case_fold_reference(char *to, size_t size, const char *reference)
{
	size_t i = 0;
	for (; reference[i] && i + 1 < size; i++)
		to[i] = (char)toupper((unsigned char)reference[i]);
	to[i] = 0;
}

Comity__Case *case_new(struct arena *arena, const char *request_id, const char *peer, Comity__Role__Value role)
{
	char now[STAMP_SIZE];
	Comity__Case *kase = arena_alloc(arena, sizeof *kase);
	if (!kase)
		return NULL;
	stamp_now(now);
	comity__case__init(kase);
	kase->request_id = record_text(arena, request_id);
	kase->peer = record_text(arena, peer);
	kase->has_role = kase->has_status = 1;
	kase->role = role;
	kase->status = COMITY__REQUEST_STATUS__VALUE__DRAFT;
	kase->created_at = kase->changed_at = record_text(arena, now);
	return kase->changed_at ? kase : NULL;
}

/* ── keeping ──────────────────────────────────────────────────────────────────────────────────── */

static void keep_reference(struct txn *txn, const char *reference, struct key id)
{
	char folded[REFERENCE_MAX + 1];
	struct key key = { 0 };
	if (!reference || !*reference)
		return;
	case_fold_reference(folded, sizeof folded, reference);
	key_text(&key, folded);
	key_bytes(&key, key_span(&id));
	if (!txn_get(txn, TABLE_REFERENCES, key_span(&key), NULL))
		txn_put(txn, TABLE_REFERENCES, key_span(&key), (struct span){ 0 });
}

void case_drop_reference(struct txn *txn, const Comity__Case *kase, const char *reference)
{
	char folded[REFERENCE_MAX + 1];
	struct key key = { 0 }, id = key_of_uuid(kase->request_id);
	if (!reference || !*reference)
		return;
	case_fold_reference(folded, sizeof folded, reference);
	key_text(&key, folded);
	key_bytes(&key, key_span(&id));
	txn_delete(txn, TABLE_REFERENCES, key_span(&key));
}

void case_keep(struct txn *txn, const Comity__Case *kase)
{
	struct key id = key_of_uuid(kase->request_id);
	record_keep(txn, TABLE_CASES, key_span(&id), &kase->base);
	keep_reference(txn, kase->requesting_reference, id);
	keep_reference(txn, kase->requested_reference, id);
}

void casework_keep(struct txn *txn, const Comity__Case *kase)
{
	case_keep(txn, kase);
}

void case_tell(struct txn *txn, const Comity__Case *kase, const struct verdict *verdict, const char *message_id, uint32_t uid)
{
	for (size_t i = 0; i < verdict->count; i++) {
		Comity__EventData data = COMITY__EVENT_DATA__INIT;
		data.request = (char *)casework_our_reference(kase);
		data.request_id = kase->request_id;
		data.peer = kase->peer;
		data.axis = "case";
		data.from = (char *)status_name(verdict->steps[i].from);
		data.to = (char *)status_name(verdict->steps[i].to);
		data.message_id = (char *)message_id;
		data.has_actor_uid = uid != UINT32_MAX;
		data.actor_uid = uid;
		events_append(txn, EVENT_REQUEST_STATUS, *data.request ? data.request : kase->request_id, &data);
	}
}

void case_tell_of(struct txn *txn, const Comity__Case *kase, const char *type, uint32_t uid)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	const char *reference = casework_our_reference(kase);
	data.request = (char *)reference;
	data.request_id = kase->request_id;
	data.peer = kase->peer;
	data.has_actor_uid = 1;
	data.actor_uid = uid;
	events_append(txn, type, *reference ? reference : kase->request_id, &data);
}

void case_file_message(struct txn *txn, const Comity__Case *kase, const Comity__MessageState *state)
{
	struct key key = key_of_uuid(kase->request_id), value = key_of_message(state->from, state->message_id);
	key_u64(&key, state->number);
	txn_put(txn, TABLE_CASE_MESSAGES, key_span(&key), key_span(&value));
}

void case_keep_document(struct txn *txn, const Comity__Case *kase, const Comity__Request *document)
{
	struct key key = key_of_uuid(kase->request_id);
	record_keep(txn, TABLE_DRAFTS, key_span(&key), &document->base);
}

void case_keep_document_in(struct txn *txn, const Comity__Case *kase, const Comity__Message *message)
{
	for (size_t i = 0; i < message->n_acts; i++)
		if (act_document(message->acts[i]))
			case_keep_document(txn, kase, act_document(message->acts[i]));
}

Comity__Request *casework_document(struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	struct key key = key_of_uuid(kase->request_id);
	return record_find(txn, TABLE_DRAFTS, key_span(&key), &comity__request__descriptor, arena);
}
