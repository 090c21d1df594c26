/* What each peer occupies: counted with the fact, undone with it. */
#include "tests/unit/ledgers.h"

#include "daemon/ledger/quota.h"

static void change(struct ledger *ledger, const char *peer, uint64_t more, uint64_t less)
{
	WRITING(ledger, txn);
	quota_change(&txn, peer, more, less);
	assert_ok(ledger_end(&txn, OK));
}

static uint64_t used(struct ledger *ledger, const char *peer)
{
	READING(ledger, txn);
	uint64_t bytes = quota_used(&txn, peer);
	assert_ok(txn.fault);
	txn_abort(&txn);
	return bytes;
}

static void each_peer_has_a_number_of_its_own(void **state)
{
	assert_int_equal(used(*state, "xf-ca"), 0);
	change(*state, "xf-ca", 100, 0);
	change(*state, "xs-ca", UINT64_C(5) << 40, 0);
	change(*state, "xf-ca", 50, 30);
	assert_int_equal(used(*state, "xf-ca"), 120);
	assert_int_equal(used(*state, "xs-ca"), UINT64_C(5) << 40);
	assert_int_equal(used(*state, "xf-c"), 0);
}

static void nobody_occupies_less_than_nothing(void **state)
{
	change(*state, "xf-ca", 10, 11);
	assert_int_equal(used(*state, "xf-ca"), 0);
	change(*state, "xf-ca", 7, 0);
	assert_int_equal(used(*state, "xf-ca"), 7);
}

static void what_was_not_committed_does_not_count(void **state)
{
	struct ledger *ledger = *state;
	WRITING(ledger, txn);
	quota_change(&txn, "xf-ca", 100, 0);
	assert_int_equal(quota_used(&txn, "xf-ca"), 100);
	txn_abort(&txn);
	assert_int_equal(used(ledger, "xf-ca"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(each_peer_has_a_number_of_its_own),
		LEDGER_TEST(nobody_occupies_less_than_nothing),
		LEDGER_TEST(what_was_not_committed_does_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
