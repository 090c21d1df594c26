/* What the scribe promises to whoever gives it a job. */
#include "tests/unit/scribes.h"

/* ── what is promised ───────────────────────────────────────────────────────────────────────── */

static void done_comes_after_the_commit_in_order(void **state)
{
	struct world *world = *state;
	struct entry entries[200];
	for (int i = 0; i < 200; i++) {
		char name[16];
		snprintf(name, sizeof name, "%d", i);
		entries[i] = entry_of(world, name);
		scribe_add(world->scribe, &entries[i].job);
	}
	assert_int_equal(scribe_waiting(world->scribe), 200);
	settle(world);
	const char *at = world->said;
	for (int i = 0; i < 200; i++) {
		char expected[24];
		snprintf(expected, sizeof expected, "%d ok; ", i);
		at = strstr(at, expected);
		assert_non_null(at);
		assert_true(entries[i].was_there);
	}
	assert_int_equal(scribe_waiting(world->scribe), 0);
	struct scribe_stat stat = scribe_stat(world->scribe);
	assert_int_equal(stat.jobs, 200);
	assert_true(stat.commits >= 1 && stat.commits < 200);
	assert_int_equal(world->batches, world->closings);
}

static void a_bad_job_does_not_spoil_its_neighbours(void **state)
{
	struct world *world = *state;
	struct entry entries[] = {
		entry_of(world, "good"), entry_of(world, "bad"), entry_of(world, "fine"),
	};
	entries[1].fault = FAULT_STATUS_TRANSITION;
	write_as_one_batch(world, entries, 3);
	assert_non_null(strstr(world->said, "good ok; bad status-transition; fine ok; batch ok; "));
	assert_true(entries[0].was_there && !entries[1].was_there && entries[2].was_there);
	assert_string_equal(entries[1].detail, "bad may not");
	assert_string_equal(entries[2].detail, fault_text(OK));
	assert_int_equal(entries[0].runs, 2);	/* together, then apart */
	assert_int_equal(scribe_stat(world->scribe).repeats, 1);
}

static void a_refusal_before_writing_costs_nobody_a_repetition(void **state)
{
	struct world *world = *state;
	struct entry entries[] = {
		entry_of(world, "good"), entry_of(world, "no"), entry_of(world, "fine"),
	};
	entries[1].fault = FAULT_NOT_FOUND;
	entries[1].count = 0;
	write_as_one_batch(world, entries, 3);
	assert_non_null(strstr(world->said, "good ok; no not-found; fine ok; "));
	assert_int_equal(scribe_stat(world->scribe).repeats, 0);
	assert_int_equal(entries[0].runs, 1);
}

static void a_batch_has_one_commit(void **state)
{
	struct world *world = *state;
	static struct entry entries[SCRIBE_BATCH_MAX + 10];
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		entries[i] = entry_of(world, "n");
		entries[i].first = i;
	}
	write_as_one_batch(world, entries, ARRAY_LEN(entries));
	struct scribe_stat stat = scribe_stat(world->scribe);
	assert_true(stat.commits <= 3);		/* the plug's batch may have caught some */
	assert_true(stat.batch_max <= SCRIBE_BATCH_MAX);
	assert_int_equal(stat.jobs, ARRAY_LEN(entries) + 1);
}

/* ── the listener ───────────────────────────────────────────────────────────────────────────── */

static void write_manifest(struct world *world, struct txn *txn)
{
	(void)world;
	struct key key = key_of("manifest", txn_next(txn, "manifests"));
	txn_put(txn, TABLE_EVENTS, key_span(&key), (struct span){ 0 });
}

static void write_and_fail(struct world *world, struct txn *txn)
{
	write_manifest(world, txn);
	txn_fail(txn, FAULT_BAD_KEY);
}

static void closing_writes_with_the_batch(void **state)
{
	struct world *world = *state;
	struct entry entry = entry_of(world, "one");
	world->closing = write_manifest;
	scribe_add(world->scribe, &entry.job);
	settle(world);
	assert_true(is_kept(world, "manifest", 1));
	assert_int_equal(scribe_stat(world->scribe).commits, 1);
}

static void a_closing_that_fails_is_rolled_back_alone(void **state)
{
	struct world *world = *state;
	struct entry entry = entry_of(world, "one");
	world->closing = write_and_fail;
	scribe_add(world->scribe, &entry.job);
	settle(world);
	assert_string_equal(world->said, "one ok; batch bad-key; ");
	assert_true(entry.was_there);
	assert_false(is_kept(world, "manifest", 1));
}

/* ── the end ────────────────────────────────────────────────────────────────────────────────── */

static void note_end(void *owner)
{
	struct world *world = owner;
	say(world, "scribe", "closed");
}

static void closing_down_writes_what_waits_and_what_follows(void **state)
{
	struct world *world = *state;
	struct entry entries[50], last = entry_of(world, "last");
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		entries[i] = entry_of(world, "n");
		entries[i].first = i;
		scribe_add(world->scribe, &entries[i].job);
	}
	entries[49].follower = &last;
	scribe_close(world->scribe, note_end);
	scribe_close(world->scribe, note_end);
	settle(world);
	world->scribe = NULL;
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		assert_true(entries[i].was_there);
	assert_true(last.was_there);
	assert_non_null(strstr(world->said, "last ok; batch ok; scribe closed; "));
}

static void a_job_may_close_the_scribe_that_tells_it(void **state)
{
	struct world *world = *state;
	struct entry entry = entry_of(world, "one");
	entry.must_close = true;
	scribe_add(world->scribe, &entry.job);
	settle(world);
	world->scribe = NULL;
	assert_string_equal(world->said, "one ok; batch ok; ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(done_comes_after_the_commit_in_order),
		TEST(a_bad_job_does_not_spoil_its_neighbours),
		TEST(a_refusal_before_writing_costs_nobody_a_repetition),
		TEST(a_batch_has_one_commit),
		TEST(closing_writes_with_the_batch),
		TEST(a_closing_that_fails_is_rolled_back_alone),
		TEST(closing_down_writes_what_waits_and_what_follows),
		TEST(a_job_may_close_the_scribe_that_tells_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
