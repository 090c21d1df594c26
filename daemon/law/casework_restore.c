/* What comes back from the counterpart after this store was older than its own past: both sides' messages, put where
 * they were.  All of it was said, signed and accepted once, so nothing is refused here: what no longer fits its case is
 * filed in it all the same, and changes no status. */
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "daemon/ledger/events.h"

/* ── attachments of ours ──────────────────────────────────────────────────────────────────────── */

static bool is_here(struct txn *txn, const Comity__Case *kase, const Comity__Attachment *attachment)
{
	uint8_t sha256[DIGEST_SIZE];
	if (!hex_read(sha256, DIGEST_SIZE, span_of_text(attachment->sha256)))
		return false;
	struct key key = key_of_blob(kase->request_id, SPAN(sha256));
	return txn_get(txn, TABLE_BLOBS, key_span(&key), NULL);
}

/* It may still lie in the case from before it was sent. */
static Comity__AttachmentState *find_staged(const Comity__AttachmentList *list, const Comity__Attachment *attachment)
{
	for (size_t i = 0; i < list->n_data; i++) {
		const Comity__Attachment *staged = list->data[i]->attachment;
		if (list->data[i]->presence == COMITY__PRESENCE__VALUE__STAGED && staged->id && attachment->id && staged->sha256 &&
		    !strcmp(staged->id, attachment->id) && !strcmp(staged->sha256, attachment->sha256))
			return list->data[i];
	}
	return NULL;
}

static void note_own(struct txn *txn, Comity__Case *kase, const Comity__Message *message, Comity__MessageState *state,
	struct arena *arena, struct casework_restored *restored)
{
	Comity__AttachmentList *list = casework_attachments(txn, kase, arena);
	for (size_t i = 0; list && i < message->n_attachments; i++) {
		Comity__AttachmentState *attachment = find_staged(list, message->attachments[i]);
		if (!attachment)
			attachment = case_number_attachment(kase, message->attachments[i], message->from, arena);
		if (!attachment)
			break;
		bool has_content = is_here(txn, kase, message->attachments[i]);
		attachment->presence = has_content ? COMITY__PRESENCE__VALUE__SENT : COMITY__PRESENCE__VALUE__ARRIVING;
		attachment->message_id = state->message_id;
		attachment->has_index = 1;
		attachment->index = (uint32_t)i + 1;
		case_keep_attachment(txn, kase, attachment);
		if (has_content)
			continue;
		case_want(txn, kase->peer, state, attachment, arena);
		restored->attachments++;
		restored->attachment_bytes += message->attachments[i]->size;
	}
	state->attachments = (uint32_t)message->n_attachments;
	if (arena->was_refused)
		txn_fail(txn, arena_fault(arena));
}

static void note_theirs(const Comity__Message *message, struct casework_restored *restored)
{
	restored->attachments = (uint32_t)message->n_attachments;
	for (size_t i = 0; i < message->n_attachments; i++)
		restored->attachment_bytes += message->attachments[i]->size;
}

/* ── messages of ours ─────────────────────────────────────────────────────────────────────────── */

static enum fault make_case(struct casework *casework, struct txn *txn, const Comity__Message *message, struct arena *arena, Comity__Case **kase)
{
	*kase = case_new(arena, message->request_id, message->to, COMITY__ROLE__VALUE__REQUESTING);
	if (!*kase)
		return FAULT_NO_MEMORY;
	(*kase)->created_at = record_text(arena, message->created_at);
	(*kase)->requesting_authority = (char *)casework->own_id;
	(*kase)->requested_authority = (*kase)->peer;
	(*kase)->requesting_reference = record_text(arena, message->requesting_reference);
	case_note_zone(txn, *kase, arena);
	return txn->fault;
}

static enum fault find_or_make(struct casework *casework, struct txn *txn, const Comity__Message *message,
	struct arena *arena, Comity__Case **kase)
{
	struct key id = key_of_uuid(message->request_id);
	bool begins = case_begins_with(message);
	if (!id.len)
		return fault_say(FAULT_BAD_DOCUMENT, "its request_id is no UUID in lower case");
	*kase = case_find_by_id(txn, key_span(&id), arena);
	TRY(txn->fault);
	if (*kase && strcmp((*kase)->peer, message->to))
		return fault_say(FAULT_NOT_FOUND, "the message speaks of a request with somebody else");
	if (!*kase && !begins)
		return fault_say(FAULT_NOT_FOUND, "the message speaks of a request that did not come back");
	if (!*kase)
		TRY(make_case(casework, txn, message, arena, kase));
	for (size_t i = 0; i < message->n_acts; i++)
		if (act_document(message->acts[i]))	/* the draft may have been changed before it was sent */
			case_adopt(*kase, act_document(message->acts[i]), arena);
	return OK;
}

static enum fault restore_own(struct casework *casework, struct txn *txn, const Comity__Message *message,
	Comity__MessageState *state, struct arena *arena, struct casework_restored *restored)
{
	Comity__Case *kase;
	struct verdict verdict;
	TRY(find_or_make(casework, txn, message, arena, &kase));
	TRY(case_apply(kase, message, state, arena, &verdict));
	state->reference = case_own_reference(kase);
	case_link_message(txn, kase, message, arena);
	case_keep_document_in(txn, kase, message);
	note_own(txn, kase, message, state, arena, restored);
	case_keep(txn, kase);
	case_file_message(txn, kase, state);
	case_tell(txn, kase, &verdict, state->message_id, UINT32_MAX);
	return txn->fault;
}

/* ── what does not fit ────────────────────────────────────────────────────────────────────────── */

static enum fault name_acts(const Comity__Message *message, Comity__MessageState *state, struct arena *arena)
{
	state->n_acts = 0;
	state->acts = arena_alloc(arena, (message->n_acts + 1) * sizeof *state->acts);
	if (!state->acts)
		return arena_fault(arena);
	for (size_t i = 0; i < message->n_acts; i++) {
		const struct act_rule *rule = act_rule(message->acts[i]->kind_case);
		state->acts[state->n_acts++] = (char *)(rule ? rule->name : "unknown");
	}
	return OK;
}

/* The law judged a copy of the case in memory, which is thrown away: the one in the ledger is as it was. */
static enum fault file_only(struct txn *txn, const Comity__Message *message, Comity__MessageState *state, bool is_own,
	struct arena *arena, struct casework_restored *restored)
{
	struct key id = key_of_uuid(message->request_id);
	TRY(name_acts(message, state, arena));
	Comity__Case *kase = id.len ? case_find_by_id(txn, key_span(&id), arena) : NULL;
	if (!kase || strcmp(kase->peer, is_own ? message->to : message->from))
		return txn->fault;
	state->reference = case_own_reference(kase);
	if (is_own)
		note_own(txn, kase, message, state, arena, restored);
	else
		case_note_attachments(txn, kase, message, state, arena);
	case_keep(txn, kase);
	case_file_message(txn, kase, state);
	return txn->fault;
}

/* Has a message of theirs come back before it that was judged while this one waited? */
static bool is_overtaken(struct txn *txn, const Comity__Message *message, const Comity__MessageState *ours, struct arena *arena)
{
	struct key prefix = key_of_uuid(message->request_id);
	struct span key, value;
	struct walk walk;
	bool is_found = false, goes_on = true;
	walk_last(&walk, txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	while (goes_on && !is_found && walk_next(&walk, &key, &value)) {
		const Comity__MessageState *state = record_find(txn, TABLE_SEEN, value, &comity__message_state__descriptor, arena);
		goes_on = state && state->came_back;
		is_found = goes_on && state->arrived_at && case_waited_for(ours, state->manifest);
	}
	walk_end(&walk);
	return is_found;
}

enum fault casework_restore(struct casework *casework, struct txn *txn, const Comity__Message *message,
	Comity__MessageState *state, struct arena *arena, struct casework_restored *restored)
{
	bool is_own = !strcmp(message->from, casework->own_id);
	*restored = (struct casework_restored){ .is_applied = true };
	TRY(case_check_attachments(message));
	restored->is_overtaken = is_own && message->request_id && is_overtaken(txn, message, state, arena);
	enum fault fault;
	if (!is_own)
		fault = casework_receive(casework, txn, message, state, arena);
	else if (message->request_id)
		fault = restore_own(casework, txn, message, state, arena, restored);
	else
		fault = case_restore_loose(txn, message, state, arena);
	if (fault_remedy(fault) == REMEDY_REFUSE && !txn->fault) {
		restored->is_applied = false;
		fault = file_only(txn, message, state, is_own, arena, restored);
	}
	if (!fault && !is_own)
		note_theirs(message, restored);
	return fault;
}
