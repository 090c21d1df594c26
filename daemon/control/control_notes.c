#include "daemon/control/control_notes.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/control/control_room.h"
#include "daemon/ledger/audit.h"
#include "daemon/log.h"
#include "proto/text.h"

/* A line that is written for its own sake. */
struct note {
	struct job job;
	uint32_t uid;
	const char *role, *act, *result;	/* static */
	char subject[256], text[1000];
	enum fault refused;			/* what is passed on; OK: it begins */
	noted *done;
	void *owner;
};

/* What the call is about: the first of these that it has. */
static const char *subject_of(const Comity__Call *call)
{
	static const char *const members[] = { "ref", "peer", "authority", "subject", "to", "message_id", "path" };
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *text = calls_member(call, members[i]);
		if (text)
			return text;
	}
	return NULL;
}

static const char *message_of(const Comity__Reply *reply)
{
	return reply->kind_case == COMITY__REPLY__KIND_SUBMITTED ? reply->submitted->message_id : NULL;
}

enum fault note_done(const struct session *session, struct txn *txn, const Comity__Call *call, const Comity__Reply *reply)
{
	const struct audit_act act = { .uid = session->uid, .role = desk_names[session->desk], .act = calls_name(call),
		.subject = subject_of(call), .message_id = message_of(reply), .result = AUDIT_OK };
	audit_append(txn, &act);
	return txn->fault;
}

void note_outcome(const struct session *session, struct txn *txn, const Comity__Call *call, enum fault result, const char *text)
{
	const struct audit_act act = { .uid = session->uid, .role = desk_names[session->desk], .act = calls_name(call),
		.subject = subject_of(call), .result = result ? fault_slug(result) : AUDIT_OK, .text = result ? text : NULL };
	audit_append(txn, &act);
}

/* ── lines of their own ───────────────────────────────────────────────────────────────────────────── */

static enum fault write_note(struct txn *txn, struct job *job)
{
	const struct note *note = container_of(job, struct note, job);
	const struct audit_act act = { .uid = note->uid, .role = note->role, .act = note->act,
		.subject = *note->subject ? note->subject : NULL, .result = note->result, .text = note->text };
	txn_use_reserve(txn);
	audit_append(txn, &act);
	return txn->fault;
}

static void on_written(struct job *job, enum fault fault)
{
	struct note *note = container_of(job, struct note, job);
	if (fault)
		log_broken("audit: uid %u, %s, %s %s: %s: this cannot be written: %s", note->uid, note->role, note->act,
			note->subject, note->result, fault_detail(fault));
	if (note->done)
		note->done(note->owner, note->refused ? fault_say(note->refused, "%s", note->text) : OK);
	free(note);
}

static struct note *note_new(struct session *session, noted *done, void *owner)
{
	struct note *note = calloc(1, sizeof *note);
	if (!note)
		return NULL;
	const char *subject = subject_of(session->call);
	note->job = (struct job){ .write = write_note, .done = on_written };
	note->uid = session->uid;
	note->role = desk_names[session->desk];
	note->act = calls_name(session->call);
	note->done = done;
	note->owner = owner;
	text_excerpt(note->subject, sizeof note->subject, span_of_text(subject ? subject : ""));
	return note;
}

void note_refused(struct session *session, enum fault fault, noted *done, void *owner)
{
	bool is_judgement = session->call && fault_remedy(fault) == REMEDY_REFUSE;
	struct note *note = is_judgement ? note_new(session, done, owner) : NULL;
	if (!note) {
		done(owner, fault);
		return;
	}
	note->refused = fault;
	note->result = fault_slug(fault);
	snprintf(note->text, sizeof note->text, "%s", fault_detail(fault));
	scribe_add(session->control->rooms.scribe, &note->job);
}

/* Which part of it, where the subject is a case. */
static void say_part(struct note *note, const Comity__Call *call)
{
	static const char *const members[] = { "attachment", "message" };
	for (size_t i = 0; i < ARRAY_LEN(members) && call->kind_case == COMITY__CALL__KIND_UNSEAL; i++) {
		const char *part = calls_member(call, members[i]);
		char text[256];
		if (!part || *note->text)
			continue;
		snprintf(text, sizeof text, "%s %.200s", members[i], part);
		text_excerpt(note->text, sizeof note->text, span_of_text(text));
	}
}

void note_begun(struct session *session, noted *done, void *owner)
{
	struct note *note = note_new(session, done, owner);
	if (!note && done)
		done(owner, FAULT_NO_MEMORY);
	if (!note)
		return;
	note->result = AUDIT_BEGUN;
	say_part(note, session->call);
	scribe_add(session->control->rooms.scribe, &note->job);
}
