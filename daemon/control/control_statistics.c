/* Statistics: one pass over the cases, on the steward's thread. */
#include <stdatomic.h>

#include "daemon/control/control_chore.h"
#include "daemon/control/control_room.h"
#include "daemon/law/census.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

enum { CASE_BUDGET = 64 << 20 };	/* of one case, unpacked */

static enum fault add(struct txn *txn, struct span value, struct census *census, struct arena *arena)
{
	const Comity__Case *kase = record_read(txn, value, &comity__case__descriptor, arena);
	if (!kase)
		return txn->fault ? txn->fault : arena_fault(arena);
	return census_add(census, kase);
}

static enum fault add_all(struct txn *txn, struct census *census, const atomic_bool *must_stop)
{
	struct arena arena;
	struct walk walk;
	struct span key, value;
	enum fault fault = OK;
	arena_init(&arena, CASE_BUDGET);
	walk_from(&walk, txn, TABLE_CASES, (struct span){ 0 }, (struct span){ 0 });
	while (!fault && walk_next(&walk, &key, &value)) {
		fault = must_stop && atomic_load(must_stop) ? fault_say(FAULT_SHUTTING_DOWN, "counting the cases was given up") : add(txn, value, census, &arena);
		arena_reset(&arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
	return fault ? fault : txn->fault;
}

static enum fault compile_statistics(struct chore *chore)
{
	struct census *census;
	struct txn txn;
	if (!chore_make(chore, &comity__statistics__descriptor, &chore->reply.statistics))
		return arena_fault(&chore->arena);
	chore->reply.kind_case = COMITY__REPLY__KIND_STATISTICS;
	TRY(census_begin(&census, chore->call->statistics, stamp_clock(), &chore->arena));
	TRY(txn_begin(chore->rooms->store, TXN_READ, &txn));
	enum fault fault = add_all(&txn, census, chore->rooms->must_stop);
	txn_abort(&txn);
	return fault ? fault : census_end(census, chore->reply.statistics);
}

static const struct chore_kind compiling = { .work = compile_statistics };

void pursue_statistics(struct session *session)
{
	chore_begin(session, &compiling);
}
