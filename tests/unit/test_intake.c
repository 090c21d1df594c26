/* How many messages of a peer came within a day: counted with the fact, undone with it, forgotten by the hour. */
#include "tests/unit/ledgers.h"

#include "daemon/ledger/events.h"
#include "daemon/ledger/intake.h"
#include "proto/stamp.h"

#define AN_HOUR (3600 * (int64_t)STAMP_SECOND)
#define THEN (500000 * AN_HOUR)

static void come(struct ledger *ledger, const char *peer, int64_t now, uint64_t messages)
{
	WRITING(ledger, txn);
	intake_add(&txn, peer, now, messages);
	assert_ok(ledger_end(&txn, OK));
}

static uint64_t came(struct ledger *ledger, const char *peer, int64_t now)
{
	READING(ledger, txn);
	uint64_t messages = intake_find(&txn, peer, now).messages;
	assert_ok(txn.fault);
	txn_abort(&txn);
	return messages;
}

static void each_peer_is_counted_by_itself(void **state)
{
	assert_int_equal(came(*state, "xf-ca", THEN), 0);
	come(*state, "xf-ca", THEN, 3);
	come(*state, "xf-ca", THEN + AN_HOUR, 4);
	come(*state, "xs-ca", THEN, UINT64_C(5) << 40);
	assert_int_equal(came(*state, "xf-ca", THEN + AN_HOUR), 7);
	assert_int_equal(came(*state, "xs-ca", THEN + AN_HOUR), UINT64_C(5) << 40);
	assert_int_equal(came(*state, "xf-c", THEN + AN_HOUR), 0);
}

static void hours_are_forgotten_one_by_one(void **state)
{
	for (int hour = 0; hour < 30; hour++)
		come(*state, "xf-ca", THEN + hour * AN_HOUR, 1);
	assert_int_equal(came(*state, "xf-ca", THEN + 29 * AN_HOUR), INTAKE_HOURS);
	assert_int_equal(came(*state, "xf-ca", THEN + 30 * AN_HOUR), INTAKE_HOURS - 1);
	assert_int_equal(came(*state, "xf-ca", THEN + 52 * AN_HOUR), 1);
	assert_int_equal(came(*state, "xf-ca", THEN + 53 * AN_HOUR), 0);
	assert_int_equal(came(*state, "xf-ca", THEN + 500000 * AN_HOUR), 0);
}

static void a_clock_that_is_put_back_forgets_nothing_early(void **state)
{
	come(*state, "xf-ca", THEN + 1000 * AN_HOUR, 5);
	come(*state, "xf-ca", THEN, 1);
	assert_int_equal(came(*state, "xf-ca", THEN), 6);
	assert_int_equal(came(*state, "xf-ca", THEN + 23 * AN_HOUR), 6);
	assert_int_equal(came(*state, "xf-ca", THEN + 24 * AN_HOUR), 0);
}

static void what_was_not_committed_does_not_count(void **state)
{
	struct ledger *ledger = *state;
	WRITING(ledger, txn);
	intake_add(&txn, "xf-ca", THEN, 100);
	assert_int_equal(intake_find(&txn, "xf-ca", THEN).messages, 100);
	txn_abort(&txn);
	assert_int_equal(came(ledger, "xf-ca", THEN), 0);
}

static void judge(struct ledger *ledger, int64_t now, bool is_over)
{
	WRITING(ledger, txn);
	intake_judge(&txn, "xf-ca", now, is_over, "9 messages of xf-ca came within a day");
	assert_ok(ledger_end(&txn, OK));
}

static void being_over_is_told_once_and_its_end_too(void **state)
{
	struct ledger *ledger = *state;
	come(ledger, "xf-ca", THEN, 9);
	judge(ledger, THEN, false);
	assert_int_equal(ledger_events(ledger), 0);
	judge(ledger, THEN, true);
	judge(ledger, THEN + AN_HOUR, true);
	assert_int_equal(ledger_events(ledger), 1);
	assert_string_equal(ledger_event(ledger, 1)->type, EVENT_PEER_OVER_QUOTA);
	assert_string_equal(ledger_event(ledger, 1)->data->reason, "message-quota");
	READING(ledger, txn);
	struct intake intake = intake_find(&txn, "xf-ca", THEN + AN_HOUR);
	txn_abort(&txn);
	assert_int_equal(intake.messages, 9);
	assert_true(intake.over_since[0]);
	judge(ledger, THEN + 24 * AN_HOUR, false);
	assert_int_equal(ledger_events(ledger), 2);
	assert_string_equal(ledger_event(ledger, 2)->type, EVENT_PEER_IN_QUOTA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(each_peer_is_counted_by_itself),
		LEDGER_TEST(hours_are_forgotten_one_by_one),
		LEDGER_TEST(a_clock_that_is_put_back_forgets_nothing_early),
		LEDGER_TEST(what_was_not_committed_does_not_count),
		LEDGER_TEST(being_over_is_told_once_and_its_end_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
