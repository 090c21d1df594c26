/* Idempotency keys are kept a while, and pruned in small steps. */
#include "tests/unit/ledgers.h"

#include "daemon/ledger/tokens.h"

enum { COUNT = 1000 };

static int64_t day(int number)
{
	return (INT64_C(20000) + number) * 24 * 3600 * STAMP_SECOND;
}

static void keep(struct txn *txn, uint32_t uid, unsigned number, int64_t at)
{
	char stamp[STAMP_SIZE], name[32];
	struct key key = { 0 };
	Comity__Token token = COMITY__TOKEN__INIT;
	stamp_write(stamp, at);
	snprintf(name, sizeof name, "key-%u", number * 2654435761U);	/* in no order of time */
	key_u32(&key, uid);
	key_text(&key, name);
	token.at = stamp;
	record_keep(txn, TABLE_TOKENS, key_span(&key), &token.base);
}

/* So many, kept over so many days from the first on. */
static void fill(struct ledger *ledger, unsigned number, unsigned days)
{
	WRITING(ledger, txn);
	for (unsigned i = 0; i < number; i++)
		keep(&txn, i % 3, i, day((int)(i % days)));
	assert_ok(ledger_end(&txn, OK));
}

static uint64_t count(struct ledger *ledger)
{
	READING(ledger, txn);
	uint64_t count = txn_count(&txn, TABLE_TOKENS);
	txn_abort(&txn);
	return count;
}

static void old_tokens_go_in_small_steps_and_young_ones_stay(void **state)
{
	struct ledger ledger = { 0 };
	struct key at = { 0 };
	(void)state;
	ledger_open(&ledger);
	fill(&ledger, COUNT, 50);
	bool goes_on = true;
	size_t steps = 0;
	for (uint64_t before = COUNT; goes_on; steps++) {
		WRITING(&ledger, txn);
		goes_on = tokens_prune(&txn, day(30), &at);
		assert_true(txn_writes(&txn) <= TOKENS_STEP);
		assert_ok(ledger_end(&txn, OK));
		assert_true(before - count(&ledger) <= TOKENS_STEP);
		before = count(&ledger);
	}
	assert_in_range(steps, COUNT / TOKENS_STEP, COUNT / TOKENS_STEP + 2);
	assert_int_equal(count(&ledger), COUNT * 20 / 50);
	ledger_close(&ledger);
}

static void a_round_that_finds_nothing_writes_nothing(void **state)
{
	struct ledger ledger = { 0 };
	struct key at = { 0 };
	(void)state;
	ledger_open(&ledger);
	fill(&ledger, 3, 1);
	WRITING(&ledger, txn);
	assert_false(tokens_prune(&txn, day(0), &at));
	assert_int_equal(txn_writes(&txn), 0);
	assert_ok(ledger_end(&txn, OK));
	assert_int_equal(count(&ledger), 3);
	ledger_close(&ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_tokens_go_in_small_steps_and_young_ones_stay),
		cmocka_unit_test(a_round_that_finds_nothing_writes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
