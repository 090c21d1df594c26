/* What arrives from the other side, and what it does to the case. */
#include <stdio.h>
#include <string.h>

#include "daemon/casework_parts.h"

const Comity__Act *case_find_act(const Comity__Message *message, act_kind kind)
{
	for (size_t i = 0; i < message->n_acts; i++)
		if (message->acts[i]->kind_case == kind)
			return message->acts[i];
	return NULL;
}

/* A request opens its case; everything else belongs to one that is there. */
static enum fault find_or_open(struct casework *casework, struct txn *txn, const Comity__Message *message,
	struct arena *arena, Comity__Case **kase)
{
	struct key id = key_of_uuid(message->request_id);
	const Comity__Act *request = case_find_act(message, COMITY__ACT__KIND_REQUEST);
	if (!id.len)
		return fault_say(FAULT_BAD_DOCUMENT, "its request_id is no UUID in lower case");
	*kase = case_find_by_id(txn, key_span(&id), arena);
	if (txn->fault)
		return txn->fault;
	if (*kase && strcmp((*kase)->peer, message->from))
		return fault_say(FAULT_NOT_FOUND, "the message speaks of a request that is not between us");
	if (*kase && request && (*kase)->n_history)
		return fault_say(FAULT_STATUS_TRANSITION, "the request is here already: it is not opened twice");
	if (*kase)
		return OK;
	if (!request)
		return fault_say(FAULT_NOT_FOUND, "the message speaks of a request that we do not have");
	*kase = case_new(arena, message->request_id, message->from, COMITY__ROLE__VALUE__REQUESTED);
	if (!*kase)
		return FAULT_NO_MEMORY;
	(*kase)->requesting_authority = record_text(arena, message->from);
	(*kase)->requested_authority = (char *)casework->own_id;
	(*kase)->requesting_reference = record_text(arena, message->requesting_reference);
	(*kase)->message_id = record_text(arena, message->message_id);
	(*kase)->sent_at = record_text(arena, message->created_at);
	(*kase)->received_at = (*kase)->created_at;
	case_adopt(*kase, request->request, arena);
	return OK;
}

void case_want(struct txn *txn, const char *peer, const Comity__MessageState *state,
	const Comity__AttachmentState *attachment, struct arena *arena)
{
	uint8_t *digest = arena_alloc(arena, DIGEST_SIZE);
	if (!digest || !hex_read(digest, DIGEST_SIZE, span_of_text(attachment->attachment->sha256))) {
		txn_fail(txn, FAULT_NO_MEMORY);
		return;
	}
	Comity__Wanted wanted = COMITY__WANTED__INIT;
	wanted.message_id = state->message_id;
	wanted.request_id = state->request_id;
	wanted.has_index = wanted.has_sha256 = wanted.has_size = wanted.has_number = 1;
	wanted.index = attachment->index;
	wanted.number = attachment->number;
	wanted.size = attachment->attachment->size;
	wanted.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, digest };
	wanted.has_own = wanted.own = strcmp(state->from, peer) != 0;
	struct key key = key_of_peer(peer);
	key_u64(&key, state->number);
	key_u32(&key, attachment->index);
	record_keep(txn, TABLE_WANTED, key_span(&key), &wanted.base);
}

void case_note_attachments(struct txn *txn, Comity__Case *kase, const Comity__Message *message,
	Comity__MessageState *state, struct arena *arena)
{
	for (size_t i = 0; i < message->n_attachments; i++) {
		Comity__AttachmentState *attachment = case_number_attachment(kase, message->attachments[i], message->from, arena);
		if (!attachment) {
			txn_fail(txn, FAULT_NO_MEMORY);
			return;
		}
		attachment->presence = COMITY__PRESENCE__VALUE__ARRIVING;
		attachment->message_id = state->message_id;
		attachment->has_index = 1;
		attachment->index = (uint32_t)i + 1;
		case_keep_attachment(txn, kase, attachment);
		case_want(txn, message->from, state, attachment, arena);
	}
	state->attachments = state->attachments_missing = (uint32_t)message->n_attachments;
}

/* Without a case: kept, shown, never acted upon. */
static enum fault receive_loose(const Comity__Message *message, Comity__MessageState *state, struct arena *arena)
{
	if (message->n_attachments)
		return fault_say(FAULT_BAD_DOCUMENT, "attachments belong to a case, and the message names none");
	state->acts = arena_alloc(arena, (message->n_acts + 1) * sizeof *state->acts);
	if (!state->acts)
		return arena_fault(arena);
	for (size_t i = 0; i < message->n_acts; i++) {
		const struct act_rule *rule = act_rule(message->acts[i]->kind_case);
		if (rule && !(rule->phases & PHASE_NONE))
			return fault_say(FAULT_BAD_DOCUMENT, "\"%s\" belongs to a case, and the message names none", rule->name);
		state->acts[state->n_acts++] = (char *)(rule ? rule->name : "unknown");
	}
	return OK;
}

enum fault casework_receive(struct casework *casework, struct txn *txn, const Comity__Message *message,
	Comity__MessageState *state, struct arena *arena)
{
	Comity__Case *kase;
	struct verdict verdict;
	TRY(case_check_attachments(message));
	if (!message->request_id)
		return receive_loose(message, state, arena);
	TRY(find_or_open(casework, txn, message, arena, &kase));
	if (message->requested_reference && !kase->requested_reference && kase->role == COMITY__ROLE__VALUE__REQUESTING)
		kase->requested_reference = record_text(arena, message->requested_reference);
	TRY(case_apply(kase, message, state, arena, &verdict));
	state->reference = case_own_reference(kase);
	const Comity__Act *request = case_find_act(message, COMITY__ACT__KIND_REQUEST);
	if (request)
		case_keep_document(txn, kase, request->request);
	case_note_attachments(txn, kase, message, state, arena);
	case_keep(txn, kase);
	case_file_message(txn, kase, state);
	case_tell(txn, kase, &verdict, state->message_id, UINT32_MAX);
	return txn->fault;
}

/* ── refused over there ───────────────────────────────────────────────────────────────────────── */

static bool is_refused(struct txn *txn, const char *own_id, const char *message_id, struct arena *arena)
{
	if (!message_id)
		return false;
	struct key key = key_of_message(own_id, message_id);
	const Comity__MessageState *state =
		record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
	return state && state->transport == COMITY__TRANSPORT__VALUE__REFUSED;
}

/* Where the case stood last, and before that, by what both sides hold: without the steps of refused messages. */
struct footing { request_status last, before; };

static struct footing footing_of(struct casework *casework, struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	struct footing footing = { COMITY__REQUEST_STATUS__VALUE__DRAFT, COMITY__REQUEST_STATUS__VALUE__UNSPECIFIED };
	for (size_t i = 0; i < kase->n_history; i++) {
		if (is_refused(txn, casework->own_id, kase->history[i]->message_id, arena))
			continue;
		footing.before = footing.last;
		footing.last = kase->history[i]->status;
	}
	return footing;
}

static bool add_refusal(Comity__Case *kase, const Comity__MessageState *state, struct arena *arena)
{
	char note[128];
	Comity__StatusStep *step = arena_alloc(arena, sizeof *step);
	if (!step)
		return false;
	comity__status_step__init(step);
	snprintf(note, sizeof note, "the counterpart's system refused the message: %s", state->reason ? state->reason : "");
	step->has_status = 1;
	step->status = kase->status;
	step->authority = kase->peer;
	step->note = record_text(arena, note);
	step->recorded_at = step->occurred_at = state->delivered_at;
	step->message_id = state->message_id;
	return record_append(arena, &kase->n_history, &kase->history, &step, sizeof step);
}

/* What was to go with it waits again. */
static void stage_again(struct txn *txn, const Comity__Case *kase, const Comity__MessageState *state, struct arena *arena)
{
	Comity__AttachmentList *list = casework_attachments(txn, kase, arena);
	for (size_t i = 0; list && i < list->n_data; i++) {
		Comity__AttachmentState *attachment = list->data[i];
		if (attachment->presence != COMITY__PRESENCE__VALUE__SENT || strcmp(attachment->message_id, state->message_id))
			continue;
		attachment->presence = COMITY__PRESENCE__VALUE__STAGED;
		attachment->message_id = NULL;
		attachment->has_index = 0;
		case_keep_attachment(txn, kase, attachment);
	}
}

/* What the message did is taken back, by a further step: the history is only ever added to. */
void casework_refused(struct casework *casework, struct txn *txn, const Comity__MessageState *state, struct arena *arena)
{
	struct key id = key_of_uuid(state->request_id);
	Comity__Case *kase = state->request_id ? case_find_by_id(txn, key_span(&id), arena) : NULL;
	if (!kase)
		return;
	stage_again(txn, kase, state, arena);
	struct footing footing = footing_of(casework, txn, kase, arena);
	if (footing.last == kase->status)
		return;	/* it changed no status, or others came after it */
	struct verdict verdict = { .count = 1 };
	verdict.steps[0].from = kase->status;
	verdict.steps[0].to = kase->status = footing.last;
	kase->resume_to = status_is_remembered(footing.last) ? footing.before : COMITY__REQUEST_STATUS__VALUE__UNSPECIFIED;
	if (kase->status == COMITY__REQUEST_STATUS__VALUE__DRAFT)
		kase->sent_at = kase->message_id = NULL;
	if (!add_refusal(kase, state, arena)) {
		txn_fail(txn, arena_fault(arena));
		return;
	}
	case_keep(txn, kase);
	case_tell(txn, kase, &verdict, state->message_id, UINT32_MAX);
}
