/* Named consumers of the events: their places, and what is kept for them. */
#include "tests/unit/ledgers.h"

#include "daemon/ledger/consumers.h"
#include "daemon/upkeep/retention.h"

enum { EVENTS = 10 };

static int64_t later;

static int64_t clock_later(void) { return clock_at_noon() + later; }

static void happen(struct ledger *ledger, unsigned times)
{
	WRITING(ledger, txn);
	for (unsigned i = 0; i < times; i++) {
		Comity__EventData data = COMITY__EVENT_DATA__INIT;
		events_append(&txn, EVENT_PEER_ADDED, "xs-ca", &data);
	}
	assert_ok(ledger_end(&txn, OK));
}

static enum fault add(struct ledger *ledger, const char *name, uint64_t seq)
{
	WRITING(ledger, txn);
	return ledger_end(&txn, consumer_add(&txn, name, seq, 1007));
}

static enum fault acknowledge(struct ledger *ledger, const char *name, uint64_t seq, const uint32_t *epoch)
{
	WRITING(ledger, txn);
	return ledger_end(&txn, consumer_acknowledge(&txn, name, seq, epoch));
}

static uint64_t place_of(struct ledger *ledger, const char *name)
{
	READING(ledger, txn);
	const Comity__Consumer *consumer = consumer_find(&txn, name, &ledger->arena);
	txn_abort(&txn);
	assert_non_null(consumer);
	return consumer->seq;
}

static void a_place_goes_on_and_never_back(void **state)
{
	struct ledger *ledger = *state;
	stamp_clock = clock_at_noon;
	happen(ledger, EVENTS);
	assert_ok(add(ledger, "cms1", 3));
	assert_fault(add(ledger, "cms1", 3), FAULT_EXISTS);
	assert_ok(acknowledge(ledger, "cms1", 7, NULL));
	assert_ok(acknowledge(ledger, "cms1", 7, NULL));	/* the answer was lost, and it says so again */
	assert_fault(acknowledge(ledger, "cms1", 6, NULL), FAULT_USAGE);
	assert_fault(acknowledge(ledger, "cms1", EVENTS + 1, NULL), FAULT_USAGE);
	assert_int_equal(place_of(ledger, "cms1"), 7);
	assert_fault(acknowledge(ledger, "cms2", 7, NULL), FAULT_NOT_FOUND);
}

/* After a restore the same number is another event's: who dealt with the one has not dealt with the other. */
static void a_number_of_another_epoch_is_refused(void **state)
{
	struct ledger *ledger = *state;
	const uint32_t first = 1, second = 2;
	stamp_clock = clock_at_noon;
	happen(ledger, EVENTS);
	assert_ok(add(ledger, "cms1", 3));
	WRITING(ledger, txn);
	events_begin_epoch(&txn);
	assert_ok(ledger_end(&txn, OK));
	happen(ledger, EVENTS);
	assert_fault(acknowledge(ledger, "cms1", EVENTS + 2, &first), FAULT_ANOTHER_EPOCH);
	assert_int_equal(place_of(ledger, "cms1"), 3);
	assert_ok(acknowledge(ledger, "cms1", EVENTS + 2, &second));
}

static void a_name_is_short_and_plain(void **state)
{
	struct ledger *ledger = *state;
	static const char *const bad[] = { "", "-x", "Cms", "a b", "a/b", "\xc3\xa9", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL };
	stamp_clock = clock_at_noon;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fault(add(ledger, bad[i], 0), FAULT_USAGE);
	assert_fault(acknowledge(ledger, NULL, 0, NULL), FAULT_NOT_FOUND);
	assert_ok(add(ledger, "cms-1_a.b", 0));
}

static void there_are_only_so_many(void **state)
{
	struct ledger *ledger = *state;
	char name[16];
	stamp_clock = clock_at_noon;
	for (unsigned i = 0; i < CONSUMERS_MAX; i++) {
		snprintf(name, sizeof name, "c%u", i);
		assert_ok(add(ledger, name, 0));
	}
	assert_fault(add(ledger, "one-more", 0), FAULT_TOO_LARGE);
	WRITING(ledger, txn);
	assert_ok(ledger_end(&txn, consumer_remove(&txn, "c7")));
	assert_ok(add(ledger, "one-more", 0));
}

static uint64_t first_left(struct ledger *ledger, int64_t gone_since)
{
	const struct retention retention = { .own_id = "xf-ca", .cases_before = INT64_MIN, .events_before = INT64_MAX,
		.consumers_gone_since = gone_since };
	struct retention_round round = { 0 };
	WRITING(ledger, txn);
	while (!round.is_over)
		retention_step(&txn, &retention, &round);
	uint64_t first = events_first(&txn);
	assert_ok(ledger_end(&txn, OK));
	return first;
}

/* The retention policy says that all of them may go. */
static void what_a_consumer_needs_is_kept_until_it_is_gone(void **state)
{
	struct ledger *ledger = *state;
	stamp_clock = clock_at_noon;
	happen(ledger, EVENTS);
	assert_ok(add(ledger, "slow", 4));
	assert_ok(add(ledger, "fast", 9));
	assert_int_equal(first_left(ledger, clock_at_noon()), 5);
	later = INT64_C(86400) * STAMP_SECOND;
	stamp_clock = clock_later;
	assert_ok(acknowledge(ledger, "fast", 9, NULL));
	assert_int_equal(first_left(ledger, clock_later()), EVENTS);	/* the slow one said nothing since; the newest always stays */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(a_place_goes_on_and_never_back),
		LEDGER_TEST(a_number_of_another_epoch_is_refused),
		LEDGER_TEST(a_name_is_short_and_plain),
		LEDGER_TEST(there_are_only_so_many),
		LEDGER_TEST(what_a_consumer_needs_is_kept_until_it_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
