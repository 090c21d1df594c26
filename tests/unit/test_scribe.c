#include "tests/unit/scratch.h"

#include <errno.h>
#include <sys/syscall.h>

#include "daemon/porter.h"
#include "daemon/scribe.h"

enum { MIB = 1 << 20 };

/* ── a disk that fails: these stand before the C library's, for LMDB as well ─────────────────── */

static _Atomic enum { HEALTHY, SYNC_FAILS, META_FAILS, NO_SPACE } disk;

int fdatasync(int fd)
{
	if (disk == SYNC_FAILS || disk == NO_SPACE) {
		errno = disk == NO_SPACE ? ENOSPC : EIO;
		disk = HEALTHY;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* Under both names, whichever the C library's headers make of it for LMDB. */
ssize_t write_at(int fd, const void *from, size_t count, off_t offset) __asm__("pwrite");
ssize_t write_at_64(int fd, const void *from, size_t count, off_t offset) __asm__("pwrite64");

ssize_t write_at(int fd, const void *from, size_t count, off_t offset)
{
	if (disk == META_FAILS && count < 512) {	/* pages are larger */
		disk = HEALTHY;
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, from, count, offset);
}

ssize_t write_at_64(int fd, const void *from, size_t count, off_t offset)
{
	return write_at(fd, from, count, offset);
}

/* ── a world ────────────────────────────────────────────────────────────────────────────────── */

struct world {
	struct scratch scratch;
	char dir[80];
	struct store *store;
	struct scribe *scribe;
	uv_loop_t loop;
	/* what was heard */
	char said[4096];
	enum fault settled;
	int batches, closings;
	void (*closing)(struct world *world, struct txn *txn);
};

/* A job of the tests: it puts its name `count` times, and then faults, if told to. */
struct entry {
	struct job job;
	struct world *world;
	char name[32];
	uint64_t first, count;
	size_t size;
	enum fault fault;
	bool must_delete, must_close, was_there;
	int runs, rounds;		/* times it ran; times it is still to be added anew */
	char detail[64];
	struct entry *follower;
};

static struct key key_of(const char *name, uint64_t number)
{
	struct key key = { 0 };
	key_text(&key, name);
	key_u64(&key, number);
	return key;
}

static enum fault write_entry(struct txn *txn, struct job *job)
{
	struct entry *entry = container_of(job, struct entry, job);
	static const uint8_t zeros[64 << 10];
	entry->runs++;
	for (uint64_t i = entry->first; i < entry->first + entry->count; i++) {
		struct key key = key_of(entry->name, i);
		if (entry->must_delete)
			txn_delete(txn, TABLE_EVENTS, key_span(&key));
		else
			txn_put(txn, TABLE_EVENTS, key_span(&key), (struct span){ zeros, entry->size });
	}
	return entry->fault ? fault_say(entry->fault, "%s may not", entry->name) : OK;
}

static bool is_kept(struct world *world, const char *name, uint64_t number)
{
	struct txn txn;
	struct key key = key_of(name, number);
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	bool is_there = txn_get(&txn, TABLE_EVENTS, key_span(&key), NULL);
	txn_abort(&txn);
	return is_there;
}

static void say(struct world *world, const char *name, const char *what)
{
	size_t len = strlen(world->said);
	snprintf(world->said + len, sizeof world->said - len, "%s %s; ", name, what);
}

static void on_entry_done(struct job *job, enum fault fault)
{
	struct entry *entry = container_of(job, struct entry, job);
	entry->was_there = is_kept(entry->world, entry->name, entry->first);
	snprintf(entry->detail, sizeof entry->detail, "%s", fault_detail(fault));
	say(entry->world, entry->name, fault_slug(fault));
	if (entry->rounds && entry->rounds--) {
		assert_true(entry->was_there);
		entry->first++;
		scribe_add(entry->world->scribe, job);
	}
	if (entry->follower)
		scribe_add(entry->world->scribe, &entry->follower->job);
	if (entry->must_close)
		scribe_close(entry->world->scribe, NULL);
}

static struct entry entry_of(struct world *world, const char *name)
{
	struct entry entry = { .world = world, .count = 1, .size = 100,
	                       .job = { .write = write_entry, .done = on_entry_done } };
	snprintf(entry.name, sizeof entry.name, "%s", name);
	return entry;
}

static void on_closing(void *owner, struct txn *txn)
{
	struct world *world = owner;
	world->closings++;
	if (world->closing)
		world->closing(world, txn);
}

static void on_settled(void *owner, enum fault fault)
{
	struct world *world = owner;
	world->settled = fault;
	world->batches++;
	say(world, "batch", fault_slug(fault));
}

static const struct scribe_listener listener = { on_closing, on_settled };

static int begin_world(void **state, size_t map_size)
{
	struct world *world = calloc(1, sizeof *world);
	scratch_new(&world->scratch);
	snprintf(world->dir, sizeof world->dir, "%s/store", world->scratch.dir);
	assert_int_equal(store_create(world->dir), OK);
	assert_int_equal(store_open(world->dir, map_size, &world->store), OK);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	assert_int_equal(scribe_open(&world->loop, world->store, &listener, world, &world->scribe), OK);
	*state = world;
	return 0;
}

static int setup(void **state)
{
	return begin_world(state, 64 * MIB);
}

static int setup_small(void **state)
{
	return begin_world(state, 4 * MIB);
}

static int teardown(void **state)
{
	struct world *world = *state;
	if (world->scribe)
		scribe_close(world->scribe, NULL);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	store_close(world->store);
	scratch_remove(&world->scratch);
	free(world);
	return 0;
}

/* Until nothing is outstanding any more: an idle scribe does not keep the loop. */
static void settle(struct world *world)
{
	uv_run(&world->loop, UV_RUN_DEFAULT);
}

/* The jobs in one batch: a writer who holds the ledger meanwhile makes them wait for one another.  The
 * first of them may have been taken alone by then, so there is a plug before them. */
static void write_as_one_batch(struct world *world, struct entry *entries, size_t count)
{
	struct txn txn;
	struct entry plug = entry_of(world, "plug");
	plug.count = 0;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	scribe_add(world->scribe, &plug.job);
	for (size_t i = 0; i < count; i++)
		scribe_add(world->scribe, &entries[i].job);
	txn_abort(&txn);
	settle(world);
}

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

/* ── the porter ─────────────────────────────────────────────────────────────────────────────── */

struct carried {
	struct errand errand;
	int *order, place;
	struct porter *porter;
	bool is_last;
};

static void carry(struct errand *errand)
{
	struct carried *carried = container_of(errand, struct carried, errand);
	carried->place = (*carried->order)++;
}

static void on_carried(struct errand *errand)
{
	struct carried *carried = container_of(errand, struct carried, errand);
	if (carried->is_last)
		porter_close(carried->porter, NULL, NULL);
}

static void the_porter_runs_errands_in_order_and_counts_what_waits(void **state)
{
	struct world *world = *state;
	struct porter *porter;
	struct carried carried[20];
	int order = 0;
	assert_int_equal(porter_open(&world->loop, &porter), OK);
	assert_true(porter_has_room(porter, 2 * (size_t)PORTER_BACKLOG_MAX));
	for (int i = 0; i < 20; i++) {
		carried[i] = (struct carried){
			.errand = { .work = carry, .done = on_carried, .bytes = PORTER_BACKLOG_MAX / 20 },
			.order = &order, .porter = porter, .is_last = i == 19,
		};
		assert_true(porter_has_room(porter, PORTER_BACKLOG_MAX / 20));
		porter_add(porter, &carried[i].errand);
	}
	assert_int_equal(porter_backlog_bytes(porter), PORTER_BACKLOG_MAX / 20 * 20);
	assert_false(porter_has_room(porter, PORTER_BACKLOG_MAX / 20));
	settle(world);
	for (int i = 0; i < 20; i++)
		assert_int_equal(carried[i].place, i);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_SMALL(name) cmocka_unit_test_setup_teardown(name, setup_small, teardown)
	const struct CMUnitTest tests[] = {
		TEST(done_comes_after_the_commit_in_order),
		TEST(a_bad_job_does_not_spoil_its_neighbours),
		TEST(a_refusal_before_writing_costs_nobody_a_repetition),
		TEST(a_batch_has_one_commit),
		TEST(closing_writes_with_the_batch),
		TEST(a_closing_that_fails_is_rolled_back_alone),
		TEST(after_a_failed_commit_nothing_is_answered_as_done),
		TEST(a_store_that_does_not_reopen_is_tried_again_with_each_batch),
		TEST(a_full_map_grows_unseen),
		TEST(readers_are_safe_while_it_grows),
		TEST_SMALL(a_map_at_its_end_refuses_and_recovers_after_deleting),
		TEST(closing_down_writes_what_waits_and_what_follows),
		TEST(a_job_may_close_the_scribe_that_tells_it),
		TEST(the_porter_runs_errands_in_order_and_counts_what_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
