/* The store and its file: opened, broken, full. */
#include "tests/unit/stores.h"

#include <sys/wait.h>

/* ── opening ────────────────────────────────────────────────────────────────────────────────── */

static void what_is_committed_is_there_after_reopening(void **state)
{
	struct world *world = *state;
	write_one(world, "one", "first");
	assert_int_equal(open_again(world), OK);
	assert_holds(world, "one", "first");
	assert_int_equal(store_reopen(world->store), OK);
	assert_holds(world, "one", "first");
}

static void a_store_is_not_created_over_another(void **state)
{
	struct world *world = *state;
	assert_int_equal(store_create(world->dir), FAULT_EXISTS);
	assert_int_equal(store_create(world->scratch.dir), FAULT_EXISTS);	/* not empty */
	assert_non_null(strstr(fault_detail(FAULT_EXISTS), "not empty"));
	char half[80];
	snprintf(half, sizeof half, "%s.new", world->scratch.dir);
	assert_int_equal(access(half, F_OK), -1);
}

static void a_missing_store_is_missing_and_not_made(void **state)
{
	struct world *world = *state;
	struct store *store;
	const char *elsewhere = scratch_path(&world->scratch, "elsewhere");
	assert_int_equal(store_open_unlocked(elsewhere, MIB, &store), FAULT_STORE_MISSING);
	assert_null(store);
	assert_int_equal(access(elsewhere, F_OK), -1);
}

static void a_creation_that_died_is_begun_anew(void **state)
{
	struct world *world = *state;
	struct store *store;
	char half[80], fresh[96];
	snprintf(half, sizeof half, "%s/half", world->scratch.dir);
	snprintf(fresh, sizeof fresh, "%s.new", half);
	assert_int_equal(mkdir(fresh, 0700), 0);
	strcat(fresh, "/data.mdb");
	close(open(fresh, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(store_create(half), OK);
	assert_int_equal(store_open_unlocked(half, MIB, &store), OK);
	store_close(store);
}

static void only_the_owner_may_read_it(void **state)
{
	static const char *const files[] = {
		"store", "store/data.mdb", "store/lock.mdb", "store/daemon.lock",
	};
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct stat file;
		assert_int_equal(stat(scratch_path(&world->scratch, files[i]), &file), 0);
		assert_int_equal(file.st_mode & 077, 0);
	}
}

static void no_file_of_it_is_left_to_an_executed_child(void **state)
{
	(void)state;
	for (int fd = 3; fd < 64; fd++) {
		char link[32], path[128] = "";
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		if (readlink(link, path, sizeof path - 1) > 0 && strstr(path, "comity-test"))
			assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
}

static void a_second_opening_is_refused(void **state)
{
	struct world *world = *state;
	struct store *store;
	assert_int_equal(store_open_unlocked(world->dir, MIB, &store), FAULT_STORE_BUSY);
	pid_t child = fork();
	if (!child)	/* another process; _exit, so that nothing of ours is closed */
		_exit(store_open_unlocked(world->dir, MIB, &store) == FAULT_STORE_BUSY ? 0 : 1);
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	write_one(world, "still", "ours");
}

static void a_store_of_another_schema_is_foreign(void **state)
{
	struct world *world = *state;
	struct txn txn;
	struct key key = { 0 };
	key_text(&key, "schema");
	static const uint8_t other[4] = { 0, 0, 0, STORE_SCHEMA + 1 };
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_put(&txn, TABLE_META, key_span(&key), SPAN(other));
	assert_int_equal(txn_commit(&txn), OK);
	assert_int_equal(open_again(world), FAULT_STORE_FOREIGN);
	assert_non_null(strstr(fault_detail(FAULT_STORE_FOREIGN), "schema 3"));
}

/* ── broken files ───────────────────────────────────────────────────────────────────────────── */

/* Flip a bit so far behind each place where that key stands; how many there were. */
static size_t flip_behind(struct world *world, const char *needle, size_t distance)
{
	int fd = open(scratch_path(&world->scratch, "store/data.mdb"), O_RDWR);
	off_t size = lseek(fd, 0, SEEK_END);
	uint8_t *all = malloc((size_t)size), *at = all;
	size_t count = 0;
	assert_int_equal(pread(fd, all, (size_t)size, 0), size);
	while ((at = memmem(at, (size_t)(all + size - at), needle, strlen(needle)))) {
		at[distance] ^= 4;
		assert_int_equal(pwrite(fd, at + distance, 1, at + distance - all), 1);
		count++;
		at++;
	}
	free(all);
	close(fd);
	return count;
}

static void a_flipped_bit_is_found_and_named(void **state)
{
	enum { KEY = 7, OWNER = STORE_OWNER_SIZE, NONCE = 12, TEXT = 12, TAG = 16 };
	static const size_t places[] = { 0, KEY - 1, KEY, KEY + OWNER - 1, KEY + OWNER, KEY + OWNER + NONCE - 1, KEY + OWNER + NONCE,
		KEY + OWNER + NONCE + TEXT - 1, KEY + OWNER + NONCE + TEXT, KEY + OWNER + NONCE + TEXT + TAG - 1 };
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		write_one(world, "one-key", "the evidence");
		store_close(world->store);
		world->store = NULL;
		assert_int_equal(flip_behind(world, "the evidence", 0), 0);	/* it is sealed */
		assert_true(flip_behind(world, "one-key", places[i]) > 0);
		assert_int_equal(store_open_unlocked(world->dir, world->map_size, &world->store), OK);
		struct txn txn;
		struct walk walk;
		struct span key, value;
		assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
		walk_from(&walk, &txn, TABLE_CASES, (struct span){ 0 }, (struct span){ 0 });
		assert_false(walk_next(&walk, &key, &value));
		assert_int_equal(txn.fault, FAULT_STORE_BROKEN);
		assert_non_null(strstr(fault_detail(txn.fault), "table cases"));
		txn_abort(&txn);
		assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
		txn_delete(&txn, TABLE_CASES, places[i] == 0 ? text("kne-key") : places[i] == KEY - 1 ? text("one-ke}") : text("one-key"));
		assert_int_equal(txn_commit(&txn), OK);
	}
}

static void a_flipped_bit_of_a_plain_record_is_found_too(void **state)
{
	static const char *const needles[] = { "the digest", "one-key" };
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(needles); i++) {
		struct txn txn;
		struct span value;
		struct walk walk;
		struct span key;
		enum soundness soundness;
		assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
		txn_put(&txn, TABLE_CHAINS, text("one-key"), text("the digest"));
		assert_int_equal(txn_commit(&txn), OK);
		store_close(world->store);
		world->store = NULL;
		assert_true(flip_behind(world, needles[i], 0) > 0);
		assert_int_equal(store_open_unlocked(world->dir, world->map_size, &world->store), OK);
		assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
		walk_from(&walk, &txn, TABLE_CHAINS, (struct span){ 0 }, (struct span){ 0 });
		assert_true(walk_next_any(&walk, &key, &value, &soundness));
		assert_int_equal(soundness, NOT_WHOLE);
		walk_end(&walk);
		txn_abort(&txn);
	}
}

static void a_file_cut_short_is_no_crash(void **state)
{
	struct world *world = *state;
	char value[3000], found[64];
	memset(value, 'v', sizeof value);
	value[sizeof value - 1] = 0;
	for (int i = 0; i < 50; i++) {
		char name[16];
		snprintf(name, sizeof name, "key-%d", i);
		write_one(world, name, value);
	}
	store_close(world->store);
	world->store = NULL;
	const char *path = scratch_path(&world->scratch, "store/data.mdb");
	struct stat file;
	assert_int_equal(stat(path, &file), 0);
	for (off_t size = file.st_size - 4096; size >= 0; size -= size > 16384 ? 8192 : 4096) {
		assert_int_equal(truncate(scratch_path(&world->scratch, "store/data.mdb"), size), 0);
		enum fault fault = store_open_unlocked(world->dir, world->map_size, &world->store);
		for (int i = 0; !fault && i < 50; i++) {
			char name[16];
			snprintf(name, sizeof name, "key-%d", i);
			fault = read_one(world, name, found, sizeof found);
		}
		bool is_noticed = fault == FAULT_STORE_BROKEN || fault == FAULT_STORE_FOREIGN;
		assert_true(size > 16384 || is_noticed);
		store_close(world->store);
		world->store = NULL;
	}
}

/* ── fullness ───────────────────────────────────────────────────────────────────────────────── */

static enum fault put_one(struct world *world, uint64_t number, size_t size, bool from_reserve)
{
	struct txn txn;
	uint8_t *value = calloc(1, size);
	struct key key = key_of("n", number);
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	if (from_reserve)
		txn_use_reserve(&txn);
	txn_put(&txn, TABLE_EVENTS, key_span(&key), (struct span){ value, size });
	free(value);
	return txn_commit(&txn);
}

static void a_full_map_grows_and_at_its_end_keeps_a_reserve(void **state)
{
	struct world *world = *state;
	enum { SIZE = 60000 };
	uint64_t number = 0;
	enum fault fault;
	unsigned growths = 0;
	for (;;) {
		fault = put_one(world, number + 1, SIZE, false);
		if (fault != FAULT_STORE_FULL) {
			assert_int_equal(fault, OK);
			number++;
			continue;
		}
		if (store_grow(world->store))
			break;
		growths++;
	}
	assert_int_equal(growths, 2);				/* 16, 32, 64 MiB */
	assert_true(number * SIZE > world->map_size / 10 * 8);	/* nine tenths, less what pages waste */
	struct store_stat stat;
	assert_int_equal(store_stat(world->store, &stat), OK);
	assert_true(stat.used_bytes > stat.ordinary_bytes && stat.used_bytes <= stat.map_bytes);
	assert_int_equal(stat.entries[TABLE_EVENTS], number);

	assert_int_equal(put_one(world, number + 1, SIZE, true), OK);
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	for (uint64_t i = 1; i <= number / 2; i++) {
		struct key key = key_of("n", i);
		assert_true(txn_delete(&txn, TABLE_EVENTS, key_span(&key)));
	}
	assert_int_equal(txn_commit(&txn), OK);
	assert_int_equal(put_one(world, 1, SIZE, false), OK);
}

static void a_smaller_map_size_than_the_file_still_opens(void **state)
{
	struct world *world = *state;
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	fill_numbers(&txn, 4000, 1000);
	assert_int_equal(txn_commit(&txn), OK);
	world->map_size = STORE_MAP_MIN;
	assert_int_equal(open_again(world), OK);
	assert_int_equal(put_one(world, 1, 10, false), FAULT_STORE_FULL);
	assert_int_equal(put_one(world, 1, 10, true), OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_committed_is_there_after_reopening),
		TEST(a_store_is_not_created_over_another),
		TEST(a_missing_store_is_missing_and_not_made),
		TEST(a_creation_that_died_is_begun_anew),
		TEST(only_the_owner_may_read_it),
		TEST(no_file_of_it_is_left_to_an_executed_child),
		TEST(a_second_opening_is_refused),
		TEST(a_store_of_another_schema_is_foreign),
		TEST(a_flipped_bit_is_found_and_named),
		TEST(a_flipped_bit_of_a_plain_record_is_found_too),
		TEST(a_file_cut_short_is_no_crash),
		TEST(a_full_map_grows_and_at_its_end_keeps_a_reserve),
		TEST(a_smaller_map_size_than_the_file_still_opens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
