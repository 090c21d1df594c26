/* What belongs to no case: said to a peer, and heard from one.  It is kept and shown; only what an update of the directory says is
 * acted upon (casework_directory.c). */
#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "daemon/law/casework_parts.h"
#include "daemon/ledger/events.h"
#include "proto/frame.h"
#include "proto/stamp.h"
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

enum fault case_receive_loose(const Comity__Message *message, Comity__MessageState *state, struct arena *arena)
{
	if (message->n_attachments)
		return fault_say(FAULT_BAD_DOCUMENT, "attachments belong to a case, and the message names none");
	return name_acts(message, state, arena);
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
	if (wants_sealed)
		TRY(case_check_sealed(&message, arena));
	TRY(name_acts(&message, &state, arena));
	enum fault fault = pack_message(&message, &raw);
	if (!fault)
		keep(casework, txn, &state, span_of(&raw));
	bytes_clear(&raw);
	return fault ? fault : txn->fault;
}
