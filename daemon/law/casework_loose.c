/* What belongs to no case: said to a peer, and heard from one.  It is kept and shown; only what an update of the directory says is
 * acted upon (casework_directory.c). */
#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "daemon/law/casework_parts.h"
#include "daemon/ledger/events.h"
#include "proto/frame.h"
#include "proto/stamp.h"
#include "proto/text.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

/* Faults: bad document, when one of its acts belongs to a case. */
static enum fault name_acts(const Comity__Message *message, Comity__MessageState *state, struct arena *arena)
{
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

static void file(struct txn *txn, const char *peer, const Comity__MessageState *state)
{
	struct key key = key_of_peer(peer), value = key_of_message(state->from, state->message_id);
	key_u64(&key, state->number);
	txn_put(txn, TABLE_LOOSE, key_span(&key), key_span(&value));
}

enum fault case_receive_loose(struct txn *txn, const Comity__Message *message, Comity__MessageState *state, struct arena *arena)
{
	if (message->n_attachments)
		return fault_say(FAULT_BAD_DOCUMENT, "attachments belong to a case, and the message names none");
	TRY(name_acts(message, state, arena));
	file(txn, message->from, state);
	return txn->fault;
}

enum fault case_restore_loose(struct txn *txn, const Comity__Message *message, Comity__MessageState *state, struct arena *arena)
{
	TRY(name_acts(message, state, arena));
	file(txn, message->to, state);
	return txn->fault;
}

/* ── said ─────────────────────────────────────────────────────────────────────────────────────── */

static enum fault pack_message(const Comity__Message *message, struct bytes *raw)
{
	TRY(pack(&message->base, raw));
	return raw->len <= MESSAGE_SIZE_MAX ? OK :
		fault_say(FAULT_TOO_LARGE, "the message has %zu bytes; the limit is %d", raw->len, MESSAGE_SIZE_MAX);
}

static void tell_queued(struct txn *txn, const Comity__MessageState *state)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.axis = "transport";
	data.peer = state->to;
	data.message_id = state->message_id;
	data.has_actor_uid = 1;
	data.actor_uid = state->actor_uid;
	data.n_acts = state->n_acts;
	data.acts = state->acts;
	events_append(txn, EVENT_MESSAGE_QUEUED, state->to, &data);
}

static void keep(struct casework *casework, struct txn *txn, Comity__MessageState *state, struct span raw)
{
	uint8_t sha256[DIGEST_SIZE];
	struct key key = key_of_message(state->from, state->message_id);
	digest_of(sha256, raw);
	state->has_number = state->has_sha256 = state->has_size = state->has_transport = state->has_attachments = state->has_actor_uid = 1;
	state->number = txn_next(txn, "messages");
	state->sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, sha256 };
	state->size = raw.len;
	state->transport = COMITY__TRANSPORT__VALUE__QUEUED;
	file(txn, state->to, state);
	record_keep(txn, TABLE_SEEN, key_span(&key), &state->base);
	record_keep_message(txn, state, raw);
	tell_queued(txn, state);
	casework->submitted(casework->owner, txn, state);
}

enum fault casework_say(struct casework *casework, struct txn *txn, const char *peer, const Comity__Message *template, uint32_t uid,
	struct arena *arena, char message_id[UUID_TEXT_SIZE])
{
	char now[STAMP_SIZE];
	bool wants_sealed;
	struct bytes raw = { 0 };
	Comity__Message message = *template;
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	TRY(case_may_send(txn, peer, &wants_sealed));
	uuid_new(message_id);
	stamp_now(now);
	message.message_id = state.message_id = message_id;
	message.created_at = state.queued_at = now;
	message.from = state.from = (char *)casework->own_id;
	message.to = state.to = (char *)peer;
	state.actor_uid = uid;
	state.has_urgency = message.has_urgency;
	state.urgency = message.urgency;
	if (wants_sealed)
		TRY(case_check_sealed(&message, arena));
	TRY(name_acts(&message, &state, arena));
	enum fault fault = pack_message(&message, &raw);
	if (!fault)
		keep(casework, txn, &state, span_of(&raw));
	bytes_clear(&raw);
	return fault ? fault : txn->fault;
}

/* ── by officers ──────────────────────────────────────────────────────────────────────────────── */

static bool says_something(const Comity__Message *message)
{
	bool says = (message->text && *message->text) || (message->subject && *message->subject);
	for (size_t i = 0; i < message->n_acts; i++) {
		const char *note = act_text(message->acts[i], "note");
		says = says || message->acts[i]->kind_case != COMITY__ACT__KIND_GENERAL_CORRESPONDENCE || (note && *note);
	}
	return says;
}

static enum fault check_acts(const Comity__Message *message)
{
	if (!message->n_acts)
		return fault_say(FAULT_BAD_DOCUMENT, "a message carries at least one act");
	for (size_t i = 0; i < message->n_acts; i++) {
		const struct act_rule *rule = act_rule(message->acts[i]->kind_case);
		if (!rule)
			return fault_say(FAULT_BAD_DOCUMENT, "act %zu is of no kind that is known here", i + 1);
		if (rule->kind == COMITY__ACT__KIND_DIRECTORY_UPDATE)
			return fault_say(FAULT_USAGE, "the directory is told with: comity directory announce");
		if (!(rule->phases & PHASE_NONE))
			return fault_say(FAULT_USAGE, "\"%s\" belongs to a case: comity message send REF", rule->name);
	}
	return OK;
}

/* What an officer says of it must not make it one of a case after all. */
static Comity__Message loosened(const Comity__Message *template)
{
	Comity__Message message = *template;
	message.request_id = message.requesting_reference = message.requested_reference = NULL;
	return message;
}

enum fault casework_check_loose(struct txn *txn, const char *peer, const Comity__Message *template, struct arena *arena)
{
	bool wants_sealed;
	Comity__Message message = loosened(template);
	message.to = (char *)peer;
	TRY(case_may_send(txn, peer, &wants_sealed));
	TRY(check_acts(&message));
	if (message.n_attachments)
		return fault_say(FAULT_USAGE, "files belong to a case: comity attach add REF FILE");
	if (message.sealed || message.has_sealed_body)
		return fault_say(FAULT_USAGE, "what belongs to no case is not sealed end to end: say it in a case");
	if ((message.text && !text_is_clean(span_of_text(message.text))) || (message.subject && !text_is_clean(span_of_text(message.subject))))
		return fault_say(FAULT_BAD_TEXT, "the text has control characters");
	if (!says_something(&message))
		return fault_say(FAULT_INCOMPLETE, "nothing is said: give it a text");
	return wants_sealed ? case_check_sealed(&message, arena) : OK;
}

enum fault casework_write(struct casework *casework, struct txn *txn, const char *peer, const Comity__Message *template, uint32_t uid,
	struct arena *arena, Comity__Submitted *submitted)
{
	char message_id[UUID_TEXT_SIZE];
	Comity__Message message = loosened(template);
	TRY(casework_check_loose(txn, peer, template, arena));
	TRY(casework_say(casework, txn, peer, &message, uid, arena, message_id));
	submitted->schema = "comity.submitted/1";
	submitted->message_id = record_text(arena, message_id);
	submitted->peer = record_text(arena, peer);
	submitted->has_transport = submitted->has_seq = 1;
	submitted->transport = COMITY__TRANSPORT__VALUE__QUEUED;
	submitted->seq = events_last(txn);
	return arena->was_refused ? arena_fault(arena) : txn->fault;
}
