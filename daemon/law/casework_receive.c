/* What arrives from the other side, and what it does to the case. */
#include <stdio.h>
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "daemon/law/competence.h"
#include "daemon/law/completeness.h"
#include "daemon/ledger/directory.h"
#include "proto/stamp.h"

const Comity__Act *case_find_act(const Comity__Message *message, act_kind kind)
{
	for (size_t i = 0; i < message->n_acts; i++)
		if (message->acts[i]->kind_case == kind)
			return message->acts[i];
	return NULL;
}

bool case_begins_with(const Comity__Message *message)
{
	bool begins = false;
	for (size_t i = 0; i < message->n_acts; i++)
		begins = begins || act_begins(message->acts[i]->kind_case);
	return begins;
}

/* A request opens its case, and so does the draft of one; everything else belongs to one that is there. */
static enum fault find_or_open(struct casework *casework, struct txn *txn, const Comity__Message *message,
	struct arena *arena, Comity__Case **kase)
{
	struct key id = key_of_uuid(message->request_id);
	if (!id.len)
		return fault_say(FAULT_BAD_DOCUMENT, "its request_id is no UUID in lower case");
	*kase = case_find_by_id(txn, key_span(&id), arena);
	if (txn->fault)
		return txn->fault;
	if (*kase && ((*kase)->oral || strcmp((*kase)->peer, message->from)))
		return fault_say(FAULT_NOT_FOUND, "the message speaks of a request that is not between us");
	if (*kase && (*kase)->sent_at && case_find_act(message, COMITY__ACT__KIND_REQUEST))
		return fault_say(FAULT_STATUS_TRANSITION, "the request is here already: it is not opened twice");
	if (*kase)
		return OK;
	if (!case_begins_with(message))
		return fault_say(FAULT_NOT_FOUND, "the message speaks of a request that we do not have");
	*kase = case_new(arena, message->request_id, message->from, COMITY__ROLE__VALUE__REQUESTED);
	if (!*kase)
		return FAULT_NO_MEMORY;
	(*kase)->requesting_authority = record_text(arena, message->from);
	(*kase)->requested_authority = (char *)casework->own_id;
	(*kase)->requesting_reference = record_text(arena, message->requesting_reference);
	case_note_zone(txn, *kase, arena);
	return txn->fault;
}

/* Of one that is sealed the daemons read the clear part only: the tool that opens it judges. */
static enum fault check_request_in(struct casework *casework, struct txn *txn, const Comity__Message *message, struct arena *arena)
{
	const Comity__Act *act = message->sealed ? NULL : case_find_act(message, COMITY__ACT__KIND_REQUEST);
	if (!act)
		return OK;
	const Comity__Profile *sender = directory_profile(txn, message->from, arena), *own = directory_profile(txn, casework->own_id, arena);
	const char *objection = competence_objection(sender, act->request, message->created_at);
	if (txn->fault || objection)
		return txn->fault ? txn->fault : fault_say(FAULT_INCOMPLETE, "%s makes no such request: %s (UNTOC 18(13))", message->from, objection);
	return completeness_check_received(act->request, (const Comity__Attachment *const *)message->attachments, message->n_attachments, own);
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
	wanted.since = state->arrived_at;
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

enum fault casework_receive(struct casework *casework, struct txn *txn, const Comity__Message *message,
	Comity__MessageState *state, struct arena *arena)
{
	Comity__Case *kase;
	struct verdict verdict;
	TRY(case_check_attachments(message));
	TRY(case_hear_directory(casework, txn, message, false, arena));
	if (!message->request_id) {
		TRY(case_receive_loose(txn, message, state, arena));
		return case_hear_directory(casework, txn, message, true, arena);
	}
	TRY(find_or_open(casework, txn, message, arena, &kase));
	TRY(case_check_room(kase, message->n_attachments));
	TRY(check_request_in(casework, txn, message, arena));
	TRY(case_apply(kase, message, state, arena, &verdict));
	TRY(case_hear_destruction(casework, txn, kase, message, arena));
	state->reference = case_own_reference(kase);
	case_link_message(txn, kase, message, arena);
	case_keep_document_in(txn, kase, message);
	case_note_attachments(txn, kase, message, state, arena);
	case_keep(txn, kase);
	case_file_message(txn, kase, state);
	case_tell(txn, kase, &verdict, state->message_id, UINT32_MAX);
	case_tell_destruction(txn, kase, message);
	TRY(case_hear_directory(casework, txn, message, true, arena));
	if (state->came_back)
		return txn->fault;	/* it was answered in its time, and the answer comes back as well */
	return txn->fault ? txn->fault : case_answer_enquiry(casework, txn, kase, message, arena);
}

/* ── taken back: refused over there, or dropped here ───────────────────────────────────────────────────────────────────────── */

static bool add_step_back(Comity__Case *kase, const Comity__MessageState *state, const char *authority, char *at,
	const char *note, struct arena *arena)
{
	Comity__StatusStep *step = arena_alloc(arena, sizeof *step);
	if (!step)
		return false;
	comity__status_step__init(step);
	step->has_status = 1;
	step->status = kase->status;
	kase->changed_at = at;
	step->authority = (char *)authority;
	step->note = record_text(arena, note);
	step->recorded_at = step->occurred_at = at;
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

/* Without a message: it stays that, whatever becomes of what was said before. */
static bool is_abandoned_here(const Comity__Case *kase)
{
	const Comity__StatusStep *last = kase->n_history ? kase->history[kase->n_history - 1] : NULL;
	return kase->status == COMITY__REQUEST_STATUS__VALUE__ABANDONED && (!last || last->status != kase->status);
}

/* The messages of a shell cannot tell it anew; its history still can. */
static void step_back(Comity__Case *kase, const Comity__MessageState *state)
{
	size_t i = kase->n_history;
	while (i && kase->history[i - 1]->message_id && !strcmp(kase->history[i - 1]->message_id, state->message_id))
		i--;
	if (i && i < kase->n_history)
		kase->status = kase->history[i - 1]->status;
}

/* What the message did is taken back.  That its status changed is told by a further step: the history is only ever added
 * to. */
static enum fault take_back(struct txn *txn, Comity__Case *kase, const Comity__MessageState *state,
	const char *authority, char *at, const char *note, struct arena *arena)
{
	struct verdict verdict = { .count = 1, .steps = { { .from = kase->status } } };
	stage_again(txn, kase, state, arena);
	if (is_abandoned_here(kase))
		return txn->fault;
	if (kase->purged_at)
		step_back(kase, state);
	else
		TRY(case_replay(txn, kase, arena));
	verdict.steps[0].to = kase->status;
	verdict.count = verdict.steps[0].from != kase->status;
	if (verdict.count && !add_step_back(kase, state, authority, at, note, arena))
		return arena_fault(arena);
	case_keep(txn, kase);
	case_tell(txn, kase, &verdict, state->message_id, UINT32_MAX);
	return txn->fault;
}

void casework_refused(struct casework *casework, struct txn *txn, const Comity__MessageState *state, struct arena *arena)
{
	(void)casework;
	struct key id = key_of_uuid(state->request_id);
	Comity__Case *kase = state->request_id ? case_find_by_id(txn, key_span(&id), arena) : NULL;
	char note[128];
	snprintf(note, sizeof note, "the counterpart's system refused the message: %s", state->reason ? state->reason : "");
	enum fault fault = kase ? take_back(txn, kase, state, kase->peer, state->delivered_at, note, arena) : OK;
	if (fault)
		txn_fail(txn, fault);
}

static bool has_taken_steps(const Comity__Case *kase, const Comity__MessageState *state)
{
	for (size_t i = 0; i < kase->n_history; i++)
		if (kase->history[i]->message_id && !strcmp(kase->history[i]->message_id, state->message_id))
			return true;
	return false;
}

/* Has anything been said in the case after this message that was not dropped as well? */
static bool is_followed(struct txn *txn, const Comity__Case *kase, const Comity__MessageState *state, struct arena *arena)
{
	struct key prefix = key_of_uuid(kase->request_id), start = prefix;
	struct span key, value;
	struct walk walk;
	bool is_found = false;
	key_u64(&start, state->number + 1);
	walk_from(&walk, txn, TABLE_CASE_MESSAGES, key_span(&prefix), key_span(&start));
	while (!is_found && walk_next(&walk, &key, &value)) {
		const Comity__MessageState *later = record_find(txn, TABLE_SEEN, value, &comity__message_state__descriptor, arena);
		is_found = later && later->transport != COMITY__TRANSPORT__VALUE__WITHDRAWN;
	}
	walk_end(&walk);
	return is_found;
}

enum fault casework_dropped(struct casework *casework, struct txn *txn, const Comity__MessageState *state, struct arena *arena)
{
	struct key id = key_of_uuid(state->request_id);
	Comity__Case *kase = state->request_id ? case_find_by_id(txn, key_span(&id), arena) : NULL;
	const char *reason = state->reason_text ? state->reason_text : "";
	char now[STAMP_SIZE], note[256];
	if (!kase && !state->request_id)
		return txn->fault;	/* it did nothing to any */
	if (!kase)
		return txn->fault ? txn->fault : fault_say(FAULT_NOT_FOUND, "message %s belongs to no request", state->message_id);
	if (has_taken_steps(kase, state) && is_followed(txn, kase, state, arena))
		return fault_say(FAULT_OTHERS_FOLLOW, "message %s changed the status of %s, and was not the last word in it",
			state->message_id, casework_name(kase));
	stamp_now(now);
	snprintf(note, sizeof note, "dropped before it was sent%s%s", *reason ? ": " : "", reason);
	return take_back(txn, kase, state, casework->own_id, record_text(arena, now), note, arena);
}
