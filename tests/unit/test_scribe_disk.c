/* The scribe on a disk that fails and in a map that fills. */
#include "tests/unit/scribes.h"

/* ── a disk that fails ──────────────────────────────────────────────────────────────────────── */

static void after_a_failed_commit_nothing_is_answered_as_done(void **state)
{
	static const struct { int disk; enum fault fault; const char *slug; } cases[] = {
		{ SYNC_FAILS, FAULT_IN_DOUBT,  "in-doubt" },
		{ META_FAILS, FAULT_IN_DOUBT,  "in-doubt" },
		{ NO_SPACE,   FAULT_DISK_FULL, "disk-full" },
	};
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct entry entries[] = {
			entry_of(world, "early"), entry_of(world, "refused"), entry_of(world, "late"),
		};
		entries[1].fault = FAULT_EXISTS;	/* maybe because of what is not there now */
		entries[1].count = 0;
		entries[0].first = entries[2].first = i;
		disk = cases[i].disk;
		write_as_one_batch(world, entries, 2);
		char expected[80];
		const char *slug = cases[i].slug;
		snprintf(expected, sizeof expected, "early %s; refused %s; batch %s; ", slug, slug, slug);
		assert_non_null(strstr(world->said, expected));
		assert_int_equal(world->settled, cases[i].fault);
		assert_false(entries[0].was_there);
		assert_int_equal(scribe_stat(world->scribe).failures, i + 1);

		scribe_add(world->scribe, &entries[2].job);	/* and it goes on */
		settle(world);
		assert_int_equal(world->settled, OK);
		assert_true(entries[2].was_there);
		world->said[0] = 0;
	}
}

static void refuse_to_read(struct job *job, enum fault fault)
{
	struct entry *entry = container_of(job, struct entry, job);
	say(entry->world, entry->name, fault_slug(fault));
}

static void a_store_that_does_not_reopen_is_tried_again_with_each_batch(void **state)
{
	struct world *world = *state;
	struct entry lost = entry_of(world, "lost"), back = entry_of(world, "back");
	struct txn txn;
	char away[96];
	snprintf(away, sizeof away, "%s.away", world->dir);
	assert_int_equal(rename(world->dir, away), 0);
	disk = META_FAILS;
	lost.job.done = refuse_to_read;
	for (int i = 0; i < 3; i++) {
		scribe_add(world->scribe, &lost.job);
		settle(world);
		assert_int_equal(txn_begin(world->store, TXN_READ, &txn), FAULT_IN_DOUBT);
	}
	assert_int_equal(store_grow(world->store), FAULT_IN_DOUBT);
	assert_string_equal(world->said, "lost in-doubt; batch in-doubt; "
	                                 "lost in-doubt; batch in-doubt; "
	                                 "lost in-doubt; batch in-doubt; ");
	assert_int_equal(rename(away, world->dir), 0);
	scribe_add(world->scribe, &back.job);
	settle(world);
	assert_true(back.was_there);
}

/* ── a map that fills ───────────────────────────────────────────────────────────────────────── */

static void a_full_map_grows_unseen(void **state)
{
	struct world *world = *state;
	struct entry entries[40];
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		entries[i] = entry_of(world, "large");
		entries[i].first = i * 20;
		entries[i].count = 20;
		entries[i].size = 50000;	/* a megabyte a job: 40 MiB in a map of 16 */
	}
	write_as_one_batch(world, entries, ARRAY_LEN(entries));
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		assert_true(entries[i].was_there);
	assert_null(strstr(world->said, "store-full"));
}

/* What reads on the loop and what moves the map on the other thread must not meet. */
static void readers_are_safe_while_it_grows(void **state)
{
	struct world *world = *state;
	struct entry entries[32];
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		entries[i] = entry_of(world, "busy");
		entries[i].first = i * 100;
		entries[i].rounds = 24;
		entries[i].size = 50000;	/* 40 MiB in all */
		scribe_add(world->scribe, &entries[i].job);
	}
	settle(world);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		assert_true(is_kept(world, "busy", i * 100 + 24));
}

static void a_map_at_its_end_refuses_and_recovers_after_deleting(void **state)
{
	struct world *world = *state;
	struct entry entries[] = {
		entry_of(world, "small"), entry_of(world, "huge"), entry_of(world, "tiny"),
	};
	entries[1].count = 200;
	entries[1].size = 50000;	/* ten megabytes into four */
	write_as_one_batch(world, entries, 3);
	assert_non_null(strstr(world->said, "small ok; huge store-full; tiny ok; "));
	assert_false(entries[1].was_there);

	uint64_t filled = 0;
	for (;; filled++) {
		struct entry entry = entry_of(world, "fill");
		entry.first = filled;
		entry.size = 50000;
		scribe_add(world->scribe, &entry.job);
		settle(world);
		if (entry.job.fault)
			break;
	}
	assert_true(filled > 40);
	struct entry deletion = entry_of(world, "fill"), again = entry_of(world, "again");
	deletion.count = 20;
	deletion.must_delete = true;
	again.size = 50000;
	scribe_add(world->scribe, &deletion.job);
	settle(world);
	scribe_add(world->scribe, &again.job);
	settle(world);
	assert_true(again.was_there);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_SMALL(name) cmocka_unit_test_setup_teardown(name, setup_small, teardown)
	const struct CMUnitTest tests[] = {
		TEST(after_a_failed_commit_nothing_is_answered_as_done),
		TEST(a_store_that_does_not_reopen_is_tried_again_with_each_batch),
		TEST(a_full_map_grows_unseen),
		TEST(readers_are_safe_while_it_grows),
		TEST_SMALL(a_map_at_its_end_refuses_and_recovers_after_deleting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
