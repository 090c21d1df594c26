#include "daemon/control/control_chore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/control_notes.h"
#include "daemon/control/control_room.h"
#include "daemon/log.h"

static const size_t arena_budget = 256 << 20;

bool chore_make(struct chore *chore, const ProtobufCMessageDescriptor *type, void *made)
{
	ProtobufCMessage *message = arena_alloc(&chore->arena, type->sizeof_message);
	if (message)
		type->message_init(message);
	memcpy(made, &message, sizeof message);
	return message != NULL;
}

static void work(struct errand *errand)
{
	struct chore *chore = container_of(errand, struct chore, errand);
	chore->fault = chore->kind->work(chore);
	if (chore->fault)
		snprintf(chore->detail, sizeof chore->detail, "%s", fault_detail(chore->fault));
}

static void answer(struct chore *chore)
{
	struct session *session = chore->session;
	if (!chore->fault && chore->kind->settle)
		chore->kind->settle(chore);
	if (chore->fault)
		session_refuse(session, fault_say(chore->fault, "%s", chore->detail));
	else
		session_reply(session, &chore->reply, false);
	arena_wipe(&chore->arena);	/* there may be a content key in it */
	free(chore);
	session_release(session);
}

static enum fault write_note(struct txn *txn, struct job *job)
{
	struct chore *chore = container_of(job, struct chore, job);
	txn_use_reserve(txn);	/* that it was done is small */
	if (chore->kind->note)
		chore->kind->note(txn, chore);
	note_outcome(chore->session, txn, chore->call, chore->fault, chore->detail);
	return txn->fault;
}

/* The work is done all the same. */
static void on_noted(struct job *job, enum fault fault)
{
	if (fault)
		log_broken("control: what was done cannot be recorded: %s", fault_detail(fault));
	answer(container_of(job, struct chore, job));
}

static void on_worked(struct errand *errand)
{
	struct chore *chore = container_of(errand, struct chore, errand);
	chore->job = (struct job){ .write = write_note, .done = on_noted };
	scribe_add(chore->rooms->scribe, &chore->job);
}

void chore_begin(struct session *session, const struct chore_kind *kind)
{
	struct chore *chore = calloc(1, sizeof *chore);
	if (!chore) {
		session_refuse(session, FAULT_NO_MEMORY);
		return;
	}
	chore->kind = kind;
	chore->session = session;
	chore->rooms = &session->control->rooms;
	chore->call = session->call;
	chore->errand = (struct errand){ .work = work, .done = on_worked };
	arena_init(&chore->arena, arena_budget);
	comity__reply__init(&chore->reply);
	session_hold(session);
	porter_add(chore->rooms->steward, &chore->errand);
}
