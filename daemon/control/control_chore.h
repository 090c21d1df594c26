#pragma once
/* Calls that take long: worked on by the steward, noted in the ledger, then answered.  Only daemon/control_*.c. */
#include "daemon/control/control_calls.h"
#include "daemon/ledger/porter.h"
#include "proto/ledger.pb-c.h"

struct chore;

struct chore_kind {
	/* On the steward's thread: fill in chore->reply; what it points to lives in chore->arena. */
	enum fault (*work)(struct chore *chore);
	/* On the scribe's thread, afterwards, also when the work faulted (chore->fault): what the ledger should remember of it.
	 * May be NULL. */
	void (*note)(struct txn *txn, struct chore *chore);
	/* On the loop, when all went well and was noted, before the answer: what follows from it.  May be NULL. */
	void (*settle)(struct chore *chore);
};

struct chore {
	struct errand errand;
	struct job job;
	const struct chore_kind *kind;
	struct session *session;
	const struct control_rooms *rooms;
	const Comity__Call *call;
	struct arena arena;
	Comity__Reply reply;
	enum fault fault;
	char detail[1024];
};

void chore_begin(struct session *session, const struct chore_kind *kind);
/* A message in the chore's arena.  False when the budget is spent. */
bool chore_make(struct chore *chore, const ProtobufCMessageDescriptor *type, void *made);
