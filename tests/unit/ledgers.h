#pragma once
/* A ledger for tests of the rooms that stand on the store: real LMDB, one transaction after the other, and an arena that
 * lasts as long. */
#include "tests/unit/authorities.h"
#include "tests/unit/vaults.h"

#include "daemon/ledger/events.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

struct ledger {
	struct scratch scratch;
	struct store *store;
	struct arena arena;
};

static inline void ledger_open(struct ledger *ledger)
{
	scratch_new(&ledger->scratch);
	assert_ok(store_create(scratch_path(&ledger->scratch, "store")));
	assert_ok(store_open_unlocked(scratch_path(&ledger->scratch, "store"), 64 << 20, &ledger->store));
	arena_init(&ledger->arena, 256 << 20);
}

static inline void ledger_close(struct ledger *ledger)
{
	arena_clear(&ledger->arena);
	store_close(ledger->store);
	scratch_remove(&ledger->scratch);
}

/* As after a restart of the daemon. */
static inline void ledger_reopen(struct ledger *ledger)
{
	store_close(ledger->store);
	assert_ok(store_open_unlocked(scratch_path(&ledger->scratch, "store"), 64 << 20, &ledger->store));
}

/* A transaction must not move: it is begun where it lives. */
#define WRITING(ledger, txn) \
	struct txn txn; \
	assert_ok(txn_begin((ledger)->store, TXN_WRITE, &txn))
#define READING(ledger, txn) \
	struct txn txn; \
	assert_ok(txn_begin((ledger)->store, TXN_READ, &txn))

/* End it as the scribe does: what returned a fault is taken back. */
static inline enum fault ledger_end(struct txn *txn, enum fault fault)
{
	txn_fail(txn, fault);
	fault = txn->fault;
	char detail[512];
	snprintf(detail, sizeof detail, "%s", fault_detail(fault));
	enum fault committed = txn_commit(txn);
	assert_int_equal(committed, fault);
	return fault ? fault_say(fault, "%s", detail) : OK;
}

static inline uint64_t ledger_events(const struct ledger *ledger)
{
	READING(ledger, txn);
	uint64_t last = events_last(&txn);
	txn_abort(&txn);
	return last;
}

/* In the ledger's arena. */
static inline Comity__Event *ledger_event(struct ledger *ledger, uint64_t number)
{
	READING(ledger, txn);
	Comity__Event *event = events_find(&txn, "xf-ca", number, &ledger->arena);
	txn_abort(&txn);
	return event;
}

static inline int ledger_setup(void **state)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);
	ledger_open(ledger);
	*state = ledger;
	return 0;
}

static inline int ledger_teardown(void **state)
{
	ledger_close(*state);
	free(*state);
	return 0;
}

#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, ledger_setup, ledger_teardown)

/* For stamp_clock: it stands. */
static inline int64_t clock_at_noon(void) { return NOON * STAMP_SECOND; }
