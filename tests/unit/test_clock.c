/* Our clock: what is believed, what is doubted, and what ends a doubt. */
#include "tests/unit/stores.h"

#include "daemon/ledger/clock.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define SOME_TIME (INT64_C(1795630000) * STAMP_SECOND)

/* A machine: its clock can be set, the other count of time only goes on. */
struct machine {
	struct clock_reading shows;
	struct clock clock;
};

static struct machine machine(void)
{
	struct machine one = { .shows = { .wall = SOME_TIME, .steady_ms = 5 * DAY_MS, .boot = "first" } };
	clock_look(&one.clock, &one.shows);
	return one;
}

static void pass(struct machine *one, int64_t milliseconds)
{
	for (int64_t step; milliseconds > 0; milliseconds -= step) {
		step = milliseconds < HOUR_MS / 4 ? milliseconds : HOUR_MS / 4;
		one->shows.wall += step * 1000;
		one->shows.steady_ms += step;
		clock_look(&one->clock, &one->shows);
	}
}

static void set_ahead(struct machine *one, int64_t milliseconds)
{
	one->shows.wall += milliseconds * 1000;
	clock_look(&one->clock, &one->shows);
}

/* Off for that long, then started anew. */
static void power_off(struct machine *one, const char *boot, int64_t milliseconds)
{
	one->shows.wall += milliseconds * 1000;
	one->shows.steady_ms = 20 * SECOND_MS;
	snprintf(one->shows.boot, sizeof one->shows.boot, "%s", boot);
	clock_look(&one->clock, &one->shows);
}

static void a_clock_that_goes_on_is_believed(void **state)
{
	(void)state;
	struct machine one = machine();
	int64_t now;
	assert_int_equal(clock_tell(&one.clock, &now), OK);
	pass(&one, 400 * DAY_MS);
	assert_false(one.clock.is_in_doubt);
	set_ahead(&one, 3 * HOUR_MS);		/* a time server, or somebody at the console */
	pass(&one, DAY_MS);
	set_ahead(&one, -3 * HOUR_MS);
	assert_false(one.clock.is_in_doubt);
}

static void a_jump_that_nothing_explains_is_doubted_until_it_is_undone(void **state)
{
	static const int64_t jumps[] = { 2 * DAY_MS, 60 * DAY_MS, -2 * DAY_MS, -300 * DAY_MS };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(jumps); i++) {
		struct machine one = machine();
		int64_t now;
		pass(&one, 10 * DAY_MS);
		one.shows.is_synchronised = true;	/* a time server does not jump */
		set_ahead(&one, jumps[i]);
		assert_int_equal(clock_tell(&one.clock, &now), FAULT_CLOCK_IN_DOUBT);
		pass(&one, DAY_MS);
		assert_true(one.clock.is_in_doubt);
		set_ahead(&one, -jumps[i]);
		assert_int_equal(clock_tell(&one.clock, &now), OK);
	}
}

/* Each step within the day that is allowed: the reference is taken anew once a day and no sooner. */
static void many_small_jumps_are_one_large_one(void **state)
{
	(void)state;
	struct machine one = machine();
	for (int i = 0; i < 10; i++) {
		pass(&one, HOUR_MS / 2);
		set_ahead(&one, 20 * HOUR_MS);
	}
	assert_true(one.clock.is_in_doubt);
}

static void being_off_explains_a_week(void **state)
{
	(void)state;
	struct machine one = machine();
	power_off(&one, "second", 6 * DAY_MS);
	assert_false(one.clock.is_in_doubt);
	power_off(&one, "third", 30 * DAY_MS);
	assert_true(one.clock.is_in_doubt);
	struct machine other = machine();
	power_off(&other, "second", -2 * DAY_MS);
	assert_true(other.clock.is_in_doubt);
}

static void a_time_server_vouches_for_a_machine_that_was_off_for_long(void **state)
{
	(void)state;
	struct machine one = machine();
	one.shows.is_synchronised = true;
	power_off(&one, "second", 365 * DAY_MS);
	assert_false(one.clock.is_in_doubt);
}

static void a_new_start_does_not_end_a_doubt(void **state)
{
	(void)state;
	struct machine one = machine();
	set_ahead(&one, 5 * DAY_MS);
	assert_true(one.clock.is_in_doubt);
	one.shows.is_synchronised = true;
	power_off(&one, "second", 60 * SECOND_MS);
	assert_true(one.clock.is_in_doubt);
	set_ahead(&one, -5 * DAY_MS);
	assert_false(one.clock.is_in_doubt);
}

static void a_peer_that_agrees_ends_the_doubt_when_the_others_had_a_minute(void **state)
{
	(void)state;
	struct machine one = machine();
	power_off(&one, "second", 365 * DAY_MS);
	clock_hear(&one.clock, &one.shows, 3 * STAMP_SECOND);
	assert_true(one.clock.is_in_doubt);
	pass(&one, 59 * SECOND_MS);
	assert_true(one.clock.is_in_doubt);
	pass(&one, 2 * SECOND_MS);
	assert_false(one.clock.is_in_doubt);
}

static void a_peer_that_contradicts_keeps_the_doubt(void **state)
{
	(void)state;
	struct machine one = machine();
	set_ahead(&one, 60 * DAY_MS);
	for (int day = 0; day < 20; day++) {
		clock_hear(&one.clock, &one.shows, 0);
		clock_hear(&one.clock, &one.shows, -60 * STAMP_DAY);
		pass(&one, DAY_MS);
	}
	assert_true(one.clock.is_in_doubt);
	clock_hear(&one.clock, &one.shows, 0);
	pass(&one, 61 * SECOND_MS);
	assert_false(one.clock.is_in_doubt);
}

/* What was said of the one wrong time says nothing of the next. */
static void a_clock_that_is_set_once_more_is_judged_anew(void **state)
{
	(void)state;
	struct machine one = machine();
	set_ahead(&one, 60 * DAY_MS);
	clock_hear(&one.clock, &one.shows, 0);
	set_ahead(&one, 30 * DAY_MS);
	pass(&one, HOUR_MS);
	assert_true(one.clock.is_in_doubt);
}

static void a_week_without_contradiction_ends_the_doubt(void **state)
{
	(void)state;
	struct machine one = machine();
	set_ahead(&one, 60 * DAY_MS);
	pass(&one, 7 * DAY_MS - HOUR_MS);
	assert_true(one.clock.is_in_doubt);
	pass(&one, HOUR_MS);
	assert_false(one.clock.is_in_doubt);
	pass(&one, 30 * DAY_MS);
	assert_false(one.clock.is_in_doubt);
}

static void a_human_ends_the_doubt(void **state)
{
	(void)state;
	struct machine one = machine();
	set_ahead(&one, -60 * DAY_MS);
	clock_confirm(&one.clock, &one.shows);
	assert_false(one.clock.is_in_doubt);
	pass(&one, DAY_MS);
	assert_false(one.clock.is_in_doubt);
}

/* ── in the ledger ── */

static void keep(struct world *world, struct clock *clock)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	clock_keep(clock, &txn, UINT32_MAX);
	assert_int_equal(txn_commit(&txn), OK);
	clock->must_keep = false;
}

static void load(struct world *world, struct machine *one)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	clock_load(&one->clock, &txn, &one->shows);
	txn_abort(&txn);
}

static uint64_t newest_event(struct world *world, char *type, size_t size)
{
	struct txn txn;
	struct arena arena;
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	arena_init(&arena, UNPACK_ARENA);
	uint64_t number = events_last(&txn);
	const Comity__Event *event = number ? events_find(&txn, "xf-ca", number, &arena) : NULL;
	snprintf(type, size, "%s", event ? event->type : "");
	arena_clear(&arena);
	txn_abort(&txn);
	return number;
}

static void what_was_believed_outlives_the_daemon(void **state)
{
	struct world *world = *state;
	struct machine one = machine();
	char type[64];
	assert_true(one.clock.must_keep);
	keep(world, &one.clock);
	assert_int_equal(newest_event(world, type, sizeof type), 0);
	load(world, &one);
	one.shows.steady_ms += 40 * DAY_MS;	/* the daemon was stopped, the machine was not */
	set_ahead(&one, 40 * DAY_MS);
	assert_false(one.clock.is_in_doubt);
	keep(world, &one.clock);
	load(world, &one);
	set_ahead(&one, 60 * DAY_MS);
	assert_true(one.clock.is_in_doubt);
}

static void a_doubt_outlives_the_daemon_and_is_told_once(void **state)
{
	struct world *world = *state;
	struct machine one = machine();
	char type[64];
	keep(world, &one.clock);
	set_ahead(&one, 60 * DAY_MS);
	assert_true(one.clock.must_keep);
	keep(world, &one.clock);
	assert_int_equal(newest_event(world, type, sizeof type), 1);
	assert_string_equal(type, EVENT_CLOCK_DOUBTED);
	load(world, &one);
	assert_true(one.clock.is_in_doubt);
	assert_non_null(strstr(one.clock.reason, "it shows"));
	pass(&one, 2 * HOUR_MS);
	assert_true(one.clock.must_keep);	/* how long it was quiet */
	keep(world, &one.clock);
	assert_int_equal(newest_event(world, type, sizeof type), 1);
	clock_confirm(&one.clock, &one.shows);
	keep(world, &one.clock);
	assert_int_equal(newest_event(world, type, sizeof type), 2);
	assert_string_equal(type, EVENT_CLOCK_BELIEVED);
}

static void time_in_which_nobody_could_contradict_does_not_count(void **state)
{
	struct world *world = *state;
	struct machine one = machine();
	set_ahead(&one, 60 * DAY_MS);
	keep(world, &one.clock);
	one.shows.steady_ms += 30 * DAY_MS;
	one.shows.wall += 30 * DAY_MS * 1000;
	load(world, &one);
	clock_look(&one.clock, &one.shows);
	assert_true(one.clock.is_in_doubt);
	pass(&one, 7 * DAY_MS);
	assert_false(one.clock.is_in_doubt);
}

static void the_system_is_read(void **state)
{
	(void)state;
	struct clock_reading first, second;
	clock_read(&first);
	clock_read(&second);
	assert_true(first.wall > SOME_TIME / 2);
	assert_true(second.steady_ms >= first.steady_ms);
	assert_true(*first.boot);
	assert_string_equal(first.boot, second.boot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_goes_on_is_believed),
		cmocka_unit_test(a_jump_that_nothing_explains_is_doubted_until_it_is_undone),
		cmocka_unit_test(many_small_jumps_are_one_large_one),
		cmocka_unit_test(being_off_explains_a_week),
		cmocka_unit_test(a_time_server_vouches_for_a_machine_that_was_off_for_long),
		cmocka_unit_test(a_new_start_does_not_end_a_doubt),
		cmocka_unit_test(a_peer_that_agrees_ends_the_doubt_when_the_others_had_a_minute),
		cmocka_unit_test(a_peer_that_contradicts_keeps_the_doubt),
		cmocka_unit_test(a_clock_that_is_set_once_more_is_judged_anew),
		cmocka_unit_test(a_week_without_contradiction_ends_the_doubt),
		cmocka_unit_test(a_human_ends_the_doubt),
		cmocka_unit_test(the_system_is_read),
		cmocka_unit_test_setup_teardown(what_was_believed_outlives_the_daemon, setup, teardown),
		cmocka_unit_test_setup_teardown(a_doubt_outlives_the_daemon_and_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(time_in_which_nobody_could_contradict_does_not_count, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
