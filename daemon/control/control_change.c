/* A call that changes something: one job of the scribe, done once however often the call is repeated with its key, and
 * noted in the audit log in the same transaction. */
#include "daemon/control/control_calls.h"

#include <stdlib.h>
#include <string.h>

#include "certs/digest.h"
#include "daemon/control/control_notes.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

struct work {
	struct job job;
	struct session *session;
	struct change change;
	struct inquiry inquiry;
	Comity__Reply reply;
	Comity__Call *call;
	unsigned attempts;
	uint8_t digest[DIGEST_SIZE];	/* of what was asked, where the call has an idempotency key */
};

static struct key key_of_token(const struct work *work)
{
	struct key key = { 0 };
	key_u32(&key, work->session->uid);	/* nobody is answered what another asked */
	key_text(&key, work->call->idempotency_key);
	return key;
}

/* What was asked: the call as it came, without its number on this session, and what goes with it. */
static enum fault digest_call(struct work *work)
{
	enum { ID_FIELD = 1 };
	struct bytes asked = { 0 };
	enum fault fault = packed_without(span_of(&work->session->packed), ID_FIELD, &asked);
	if (!fault)
		fault = bytes_append(&asked, work->change.also);
	if (!fault)
		digest_of(work->digest, span_of(&asked));
	bytes_clear(&asked);
	return fault;
}

/* A call that was answered before is answered the same again. */
static enum fault find_token(struct work *work, struct txn *txn, bool *is_repeat)
{
	struct key key = key_of_token(work);
	Comity__Token *token = record_find(txn, TABLE_TOKENS, key_span(&key), &comity__token__descriptor,
		work->inquiry.arena);
	*is_repeat = token != NULL;
	if (!token)
		return txn->fault;
	if (!span_equal(span_of_binary(token->call_sha256), SPAN(work->digest)))
		return fault_say(FAULT_KEY_REUSED, "the idempotency key \"%s\" was used for another call at %s",
			work->call->idempotency_key, token->at ? token->at : "an unknown time");
	ProtobufCMessage *reply;
	TRY(unpack(&comity__reply__descriptor, span_of_binary(token->reply), work->inquiry.arena, FAULT_STORE_BROKEN,
		&reply));
	work->reply = *(Comity__Reply *)reply;
	return OK;
}

static enum fault keep_token(struct work *work, struct txn *txn)
{
	struct bytes packed = { 0 };
	char now[STAMP_SIZE];
	stamp_now(now);
	TRY(pack(&work->reply.base, &packed));
	Comity__Token token = COMITY__TOKEN__INIT;
	token.has_call_sha256 = token.has_reply = 1;
	token.call_sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, work->digest };
	token.reply = (ProtobufCBinaryData){ packed.len, packed.at };
	token.at = now;
	struct key key = key_of_token(work);
	record_keep(txn, TABLE_TOKENS, key_span(&key), &token.base);
	bytes_clear(&packed);
	return txn->fault;
}

/* The act and its line in the audit log: both or neither. */
static enum fault write_and_note(struct work *work, struct txn *txn)
{
	TRY(work->change.write(&work->inquiry, work->change.state));
	TRY(inquiry_fault(&work->inquiry));
	return work->change.is_routine ? txn->fault : note_done(work->session, txn, work->call, &work->reply);
}

static enum fault write_once(struct work *work, struct txn *txn)
{
	bool is_repeat;
	TRY(find_token(work, txn, &is_repeat));
	if (is_repeat)
		return OK;
	TRY(write_and_note(work, txn));
	return keep_token(work, txn);
}

static bool has_key(const Comity__Call *call)
{
	return call->idempotency_key && *call->idempotency_key;
}

/* The rules may fill in the call as they go, so every further attempt begins with the bytes that came, which were checked
 * then. */
static enum fault read_again(struct work *work)
{
	ProtobufCMessage *call;
	arena_reset(&work->session->arena);
	work->inquiry.call = work->call = NULL;
	TRY(unpack_own(&comity__call__descriptor, span_of(&work->session->packed), &work->session->arena, FAULT_BAD_DOCUMENT, &call));
	work->inquiry.call = work->call = (Comity__Call *)call;
	return OK;
}

/* On the scribe's thread: the session's arena and packed call are the job's. */
static enum fault write_change(struct txn *txn, struct job *job)
{
	struct work *work = container_of(job, struct work, job);
	comity__reply__init(&work->reply);
	work->inquiry.txn = txn;
	work->inquiry.peer[0] = '\0';
	if (work->attempts++)
		TRY(read_again(work));
	if (work->change.uses_reserve)
		txn_use_reserve(txn);
	return has_key(work->call) ? write_once(work, txn) : write_and_note(work, txn);
}

/* A refusal of a document carries what is wrong with it. */
static void refuse_change(struct work *work, enum fault fault)
{
	struct session *session = work->session;
	Comity__Submitted *submitted = work->reply.kind_case == COMITY__REPLY__KIND_SUBMITTED ? work->reply.submitted : NULL;
	if (fault == FAULT_INCOMPLETE && submitted)
		session_refuse_document(session, fault, submitted->warnings, submitted->n_warnings);
	else
		session_refuse(session, fault);
}

static void end_change(struct work *work)
{
	struct session *session = work->session;
	if (work->change.forget)
		work->change.forget(work->change.state);
	free(work);
	session_release(session);
}

static void on_refusal_noted(void *owner, enum fault fault)
{
	struct work *work = owner;
	refuse_change(work, fault);
	end_change(work);
}

static void on_changed(struct job *job, enum fault fault)
{
	struct work *work = container_of(job, struct work, job);
	work->session->call = work->call;
	work->inquiry.txn = NULL;
	if (fault) {
		note_refused(work->session, fault, on_refusal_noted, work);
		return;
	}
	if (work->change.settle)
		work->change.settle(&work->inquiry);
	session_reply(work->session, &work->reply, false);
	end_change(work);
}

/* As far as it needs no transaction. */
static enum fault prepare(struct work *work, struct session *session, const struct change *change)
{
	if (!work)
		return FAULT_NO_MEMORY;
	work->session = session;
	work->change = *change;
	work->call = session->call;
	return has_key(work->call) ? digest_call(work) : OK;
}

void calls_change(struct session *session, const struct change *change)
{
	struct work *work = calloc(1, sizeof *work);
	enum fault fault = prepare(work, session, change);
	if (fault) {
		free(work);
		session_refuse(session, fault);
		if (change->forget)
			change->forget(change->state);
		return;
	}
	work->inquiry = (struct inquiry){
		.rooms = &session->control->rooms, .arena = &session->arena, .call = session->call, .session = session,
		.uid = session->uid, .reply = &work->reply,
	};
	work->job.write = write_change;
	work->job.done = on_changed;
	session->call = NULL;
	session_hold(session);
	scribe_add(session->control->rooms.scribe, &work->job);
}
