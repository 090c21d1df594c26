/* Rounds of the retention policy: when one may begin. */
#include "tests/unit/authorities.h"

#include "daemon/ledger/clock.h"
#include "daemon/upkeep/purger.h"
#include "proto/stamp.h"

static int64_t moment;

static int64_t astray(void)
{
	return moment;
}

static void a_clock_outside_our_certificates_lives_destroys_nothing(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	const struct clock clock = { 0 };
	const struct purger_rooms rooms = { .own_id = "xf-ca", .identity = freedonia.identity, .clock = &clock, .keep_events_ms = 0 };
	struct purger *purger;
	assert_ok(purger_open(&rooms, &purger));
	stamp_clock = astray;
	static const int64_t days[] = { -40 * 365, -400, 400, 40 * 365 };
	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		moment = (NOON + days[i] * DAY) * STAMP_SECOND;
		enum fault fault = purger_run(purger, false, NULL, NULL);	/* would begin with rooms that are not there */
		assert_true(fault);
		assert_int_not_equal(fault, FAULT_NOT_YET);
	}
	stamp_clock = stamp_system_clock;
	purger_close(purger);
	authority_free(&freedonia);
}

static void a_clock_in_doubt_destroys_nothing(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	const struct clock clock = { .is_in_doubt = true, .reason = "as the test wants it" };
	const struct purger_rooms rooms = { .own_id = "xf-ca", .identity = freedonia.identity, .clock = &clock, .keep_events_ms = 0 };
	struct purger *purger;
	assert_ok(purger_open(&rooms, &purger));
	moment = NOON * STAMP_SECOND;
	stamp_clock = astray;
	assert_int_equal(purger_run(purger, false, NULL, NULL), FAULT_CLOCK_IN_DOUBT);
	stamp_clock = stamp_system_clock;
	purger_close(purger);
	authority_free(&freedonia);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_outside_our_certificates_lives_destroys_nothing),
		cmocka_unit_test(a_clock_in_doubt_destroys_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
