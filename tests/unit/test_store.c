#include "tests/unit/scratch.h"

#include <sys/wait.h>

#include "daemon/store.h"
#include "daemon/store_crc.h"

enum { MIB = 1 << 20 };

/* ── a world ────────────────────────────────────────────────────────────────────────────────── */

struct world {
	struct scratch scratch;
	char dir[80];
	size_t map_size;
	struct store *store;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	scratch_new(&world->scratch);
	snprintf(world->dir, sizeof world->dir, "%s/store", world->scratch.dir);
	world->map_size = 64 * MIB;
	assert_int_equal(store_create(world->dir), OK);
	assert_int_equal(store_open(world->dir, world->map_size, &world->store), OK);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	store_close(world->store);
	scratch_remove(&world->scratch);
	free(world);
	return 0;
}

static enum fault open_again(struct world *world)
{
	store_close(world->store);
	return store_open(world->dir, world->map_size, &world->store);
}

static struct span text(const char *words)
{
	return span_of_text(words);
}

static struct key key_of(const char *name, uint64_t number)
{
	struct key key = { 0 };
	key_text(&key, name);
	key_u64(&key, number);
	return key;
}

static void write_one(struct world *world, const char *key, const char *value)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_put(&txn, TABLE_CASES, text(key), text(value));
	assert_int_equal(txn_commit(&txn), OK);
}

static enum fault read_one(struct world *world, const char *key, char *to, size_t size)
{
	struct txn txn;
	struct span value;
	to[0] = 0;
	enum fault fault = txn_begin(world->store, TXN_READ, &txn);
	if (!fault && txn_get(&txn, TABLE_CASES, text(key), &value))
		snprintf(to, size, "%.*s", (int)value.len, (const char *)value.at);
	fault = fault ? fault : txn.fault;
	txn_abort(&txn);
	return fault;
}

static void assert_holds(struct world *world, const char *key, const char *value)
{
	char found[64];
	assert_int_equal(read_one(world, key, found, sizeof found), OK);
	assert_string_equal(found, value);
}

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
	assert_int_equal(store_open(elsewhere, MIB, &store), FAULT_STORE_MISSING);
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
	assert_int_equal(store_open(half, MIB, &store), OK);
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
	assert_int_equal(store_open(world->dir, MIB, &store), FAULT_STORE_BUSY);
	pid_t child = fork();
	if (!child)	/* another process; _exit, so that nothing of ours is closed */
		_exit(store_open(world->dir, MIB, &store) == FAULT_STORE_BUSY ? 0 : 1);
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
	assert_non_null(strstr(fault_detail(FAULT_STORE_FOREIGN), "schema 2"));
}

/* ── broken files ───────────────────────────────────────────────────────────────────────────── */

static void flip_where(struct world *world, const char *needle)
{
	int fd = open(scratch_path(&world->scratch, "store/data.mdb"), O_RDWR);
	off_t size = lseek(fd, 0, SEEK_END);
	uint8_t *all = malloc((size_t)size), *at = all;
	assert_int_equal(pread(fd, all, (size_t)size, 0), size);
	while ((at = memmem(at, (size_t)(all + size - at), needle, strlen(needle)))) {
		*at ^= 4;
		assert_int_equal(pwrite(fd, at, 1, at - all), 1);
		at++;
	}
	free(all);
	close(fd);
}

static void a_flipped_bit_is_found_and_named(void **state)
{
	static const char *const needles[] = { "the evidence", "one-key" };
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(needles); i++) {
		write_one(world, "one-key", "the evidence");
		store_close(world->store);
		world->store = NULL;
		flip_where(world, needles[i]);
		assert_int_equal(store_open(world->dir, world->map_size, &world->store), OK);
		struct txn txn;
		struct walk walk;
		struct span key, value;
		assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
		walk_from(&walk, &txn, TABLE_CASES, (struct span){ 0 }, (struct span){ 0 });
		assert_false(walk_next(&walk, &key, &value));
		assert_int_equal(txn.fault, FAULT_STORE_BROKEN);
		assert_non_null(strstr(fault_detail(txn.fault), "table cases"));
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
		enum fault fault = store_open(world->dir, world->map_size, &world->store);
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

/* ── transactions ───────────────────────────────────────────────────────────────────────────── */

static void the_first_fault_sticks_and_keeps_all_out(void **state)
{
	struct world *world = *state;
	struct txn txn;
	struct span value;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_put(&txn, TABLE_CASES, text("one"), text("first"));
	assert_int_equal(txn_fail(&txn, FAULT_STATUS_TRANSITION), FAULT_STATUS_TRANSITION);
	assert_int_equal(txn_fail(&txn, FAULT_IO), FAULT_STATUS_TRANSITION);
	txn_put(&txn, TABLE_CASES, text("two"), text("second"));
	assert_false(txn_get(&txn, TABLE_CASES, text("one"), &value));
	assert_int_equal(txn_next(&txn, "events"), 0);
	assert_false(txn_delete(&txn, TABLE_CASES, text("one")));
	assert_int_equal(txn_writes(&txn), 1);
	assert_int_equal(txn_commit(&txn), FAULT_STATUS_TRANSITION);
	assert_holds(world, "one", "");
}

static void a_child_that_is_aborted_takes_back_only_its_own(void **state)
{
	struct world *world = *state;
	struct txn txn, child;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_put(&txn, TABLE_CASES, text("parent"), text("p"));
	assert_int_equal(txn_begin_child(&txn, &child), OK);
	txn_put(&child, TABLE_CASES, text("kept"), text("k"));
	assert_int_equal(txn_commit(&child), OK);
	assert_int_equal(txn_begin_child(&txn, &child), OK);
	txn_put(&child, TABLE_CASES, text("parent"), text("spoiled"));
	txn_abort(&child);
	assert_int_equal(txn_writes(&txn), 2);
	assert_int_equal(txn_commit(&txn), OK);
	assert_holds(world, "parent", "p");
	assert_holds(world, "kept", "k");
}

static void what_is_too_large_is_refused(void **state)
{
	struct world *world = *state;
	static const uint8_t zeros[STORE_VALUE_MAX + 1];
	struct key key = { 0 };
	for (int i = 0; i < 600; i++)
		key_u8(&key, 1);
	const struct { struct span key, value; enum fault fault; } cases[] = {
		{ { key.at, KEY_SIZE_MAX }, { zeros, 1 }, OK },
		{ key_span(&key), { zeros, 1 }, FAULT_TOO_LARGE },
		{ text("k"), { zeros, STORE_VALUE_MAX }, OK },
		{ text("k"), { zeros, STORE_VALUE_MAX + 1 }, FAULT_TOO_LARGE },
		{ text("k"), { NULL, 0 }, OK },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct txn txn;
		struct span value;
		assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
		txn_put(&txn, TABLE_CASES, cases[i].key, cases[i].value);
		assert_int_equal(txn.fault, cases[i].fault);
		if (!txn.fault)
			assert_true(txn_get(&txn, TABLE_CASES, cases[i].key, &value) &&
			            span_equal(value, cases[i].value));
		assert_int_equal(txn_commit(&txn), cases[i].fault);
	}
}

static void counters_have_no_gaps(void **state)
{
	struct world *world = *state;
	for (uint64_t i = 1; i <= 5; i++) {
		struct txn txn;
		assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
		assert_int_equal(txn_last(&txn, "events"), i - 1);
		assert_int_equal(txn_next(&txn, "events"), i);
		assert_int_equal(txn_commit(&txn), OK);
		assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
		assert_int_equal(txn_next(&txn, "events"), i + 1);
		txn_abort(&txn);
	}
}

static void a_reader_sees_the_ledger_as_it_was(void **state)
{
	struct world *world = *state;
	struct txn txn;
	struct span value;
	write_one(world, "one", "old");
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	write_one(world, "one", "new");
	assert_true(txn_get(&txn, TABLE_CASES, text("one"), &value));
	assert_true(span_is(value, "old"));
	txn_abort(&txn);
	assert_holds(world, "one", "new");
}

/* ── walks ──────────────────────────────────────────────────────────────────────────────────── */

static void fill_walks(struct txn *txn)
{
	static const char *const peers[] = { "xe", "xf", "xf-ca", "xg" };
	for (size_t i = 0; i < ARRAY_LEN(peers); i++)
		for (uint64_t number = 10; number <= 30; number += 10) {
			struct key key = key_of(peers[i], number);
			txn_put(txn, TABLE_OUTBOX, key_span(&key), key_span(&key));
		}
}

/* The numbers that a walk gives, as "10 20 30 ". */
static void collect(struct walk *walk, char numbers[64])
{
	struct span key, value;
	numbers[0] = 0;
	while (walk_next(walk, &key, &value)) {
		const char *name;
		uint64_t number;
		assert_true(span_equal(key, value));
		assert_true(key_take_text(&key, &name) && key_take_u64(&key, &number) && !key.len);
		snprintf(numbers + strlen(numbers), 64 - strlen(numbers), "%d ", (int)number);
	}
}

static void a_walk_gives_its_prefix_and_no_more(void **state)
{
	static const struct { const char *prefix; uint64_t start; const char *up, *down; } cases[] = {
		{ "xf", 0,     "10 20 30 ", "30 20 10 " },
		{ "xe", 0,     "10 20 30 ", "30 20 10 " },
		{ "xg", 0,     "10 20 30 ", "30 20 10 " },
		{ "xf", 5,     "10 20 30 ", "" },
		{ "xf", 10,    "10 20 30 ", "10 " },
		{ "xf", 11,    "20 30 ",    "10 " },
		{ "xf", 30,    "30 ",       "30 20 10 " },
		{ "xf", 31,    "",          "30 20 10 " },
		{ "xg", 31,    "",          "30 20 10 " },
		{ "x",  0,     "",          "" },
		{ "xh", 0,     "",          "" },
		{ "",   0,     "10 20 30 10 20 30 10 20 30 10 20 30 ",
		               "30 20 10 30 20 10 30 20 10 30 20 10 " },
	};
	struct world *world = *state;
	struct txn txn;
	char numbers[64];
	for (enum txn_mode mode = TXN_READ; mode <= TXN_WRITE; mode++) {
		assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
		fill_walks(&txn);
		if (mode == TXN_READ) {
			assert_int_equal(txn_commit(&txn), OK);
			assert_int_equal(txn_begin(world->store, mode, &txn), OK);
		}
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct key prefix = { 0 }, start = key_of(cases[i].prefix, cases[i].start);
			struct walk walk;
			if (cases[i].prefix[0])
				key_text(&prefix, cases[i].prefix);
			if (!cases[i].start)
				start.len = 0;
			walk_from(&walk, &txn, TABLE_OUTBOX, key_span(&prefix), key_span(&start));
			collect(&walk, numbers);
			assert_string_equal(numbers, cases[i].up);
			walk_last(&walk, &txn, TABLE_OUTBOX, key_span(&prefix), key_span(&start));
			collect(&walk, numbers);
			assert_string_equal(numbers, cases[i].down);
		}
		assert_int_equal(txn_count(&txn, TABLE_OUTBOX), 12);
		txn_abort(&txn);
	}
}

static void a_prefix_of_all_ones_has_an_end(void **state)
{
	struct world *world = *state;
	static const uint8_t ones[] = { 0xff, 0xff }, longer[] = { 0xff, 0xff, 1 };
	struct txn txn;
	struct walk walk;
	struct span key, value;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_put(&txn, TABLE_CASES, text("a"), text(""));
	txn_put(&txn, TABLE_CASES, SPAN(longer), text(""));
	walk_last(&walk, &txn, TABLE_CASES, SPAN(ones), (struct span){ 0 });
	assert_true(walk_next(&walk, &key, &value) && span_equal(key, SPAN(longer)));
	assert_false(walk_next(&walk, &key, &value));
	walk_last(&walk, &txn, TABLE_CASES, text("a"), (struct span){ 0 });
	assert_true(walk_next(&walk, &key, &value) && span_is(key, "a"));
	assert_false(walk_next(&walk, &key, &value));
	txn_abort(&txn);
}

static void fill_numbers(struct txn *txn, uint64_t count, size_t size)
{
	uint8_t *value = calloc(1, size);
	for (uint64_t number = 1; number <= count; number++) {
		struct key key = key_of("n", number);
		txn_put(txn, TABLE_EVENTS, key_span(&key), (struct span){ value, size });
	}
	free(value);
}

static void a_walk_may_delete_and_rewrite_what_it_meets(void **state)
{
	struct world *world = *state;
	for (int is_down = 0; is_down <= 1; is_down++) {
		struct txn txn;
		struct walk walk;
		struct span key, value;
		uint64_t met = 0;
		static const uint8_t larger[900];
		assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
		fill_numbers(&txn, 500, 300);
		struct span all = { 0 };
		(is_down ? walk_last : walk_from)(&walk, &txn, TABLE_EVENTS, all, all);
		while (walk_next(&walk, &key, &value)) {
			if (met++ % 3)
				txn_put(&txn, TABLE_EVENTS, key, SPAN(larger));
			else
				assert_true(txn_delete(&txn, TABLE_EVENTS, key));
		}
		assert_int_equal(met, 500);
		assert_int_equal(txn_count(&txn, TABLE_EVENTS), 333);
		assert_int_equal(txn.fault, OK);
		txn_abort(&txn);
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

/* ── pieces ─────────────────────────────────────────────────────────────────────────────────── */

static void the_checksum_is_crc32c_either_way(void **state)
{
	(void)state;	/* the vectors of RFC 3720, appendix B.4, as numbers */
	static uint8_t zeros[32], ones[32], up[32];
	memset(ones, 0xff, sizeof ones);
	for (uint8_t i = 0; i < sizeof up; i++)
		up[i] = i;
	const struct { struct span bytes; uint32_t crc; } cases[] = {
		{ SPAN(zeros), 0x8a9136aa }, { SPAN(ones), 0x62a8ab43 }, { SPAN(up), 0x46dd794e },
		{ text("123456789"), 0xe3069283 }, { { NULL, 0 }, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct span bytes = cases[i].bytes;
		assert_int_equal(crc32c(0, bytes), cases[i].crc);
		assert_int_equal(crc32c_plain(0, bytes), cases[i].crc);
		for (size_t cut = 0; cut < bytes.len; cut++) {
			struct span head = { bytes.at, cut }, tail = { bytes.at + cut, bytes.len - cut };
			assert_int_equal(crc32c(crc32c(0, head), tail), cases[i].crc);
		}
	}
}

static void keys_sort_by_their_parts(void **state)
{
	(void)state;
	const struct key ordered[] = {
		key_of("xf", 1), key_of("xf", 255), key_of("xf", 256), key_of("xf", UINT64_MAX),
		key_of("xf-ca", 0), key_of("xg", 0),
	};
	for (size_t i = 1; i < ARRAY_LEN(ordered); i++) {
		struct span a = key_span(&ordered[i - 1]), b = key_span(&ordered[i]);
		assert_true(memcmp(a.at, b.at, a.len < b.len ? a.len : b.len) < 0);
	}
}

static void a_key_of_another_form_is_not_taken_apart(void **state)
{
	(void)state;
	struct key key = { 0 };
	key_u8(&key, 7);
	key_u32(&key, 8);
	struct span rest = key_span(&key), bytes;
	const char *name;
	uint8_t seven;
	uint32_t eight;
	uint64_t none;
	assert_false(key_take_u64(&rest, &none));
	assert_true(key_take_u8(&rest, &seven) && seven == 7);
	assert_true(key_take_u32(&rest, &eight) && eight == 8);
	assert_false(key_take_text(&rest, &name));
	assert_false(key_take_bytes(&rest, 1, &bytes));
	rest = text("no end");
	assert_false(key_take_text(&rest, &name));
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
		TEST(a_file_cut_short_is_no_crash),
		TEST(the_first_fault_sticks_and_keeps_all_out),
		TEST(a_child_that_is_aborted_takes_back_only_its_own),
		TEST(what_is_too_large_is_refused),
		TEST(counters_have_no_gaps),
		TEST(a_reader_sees_the_ledger_as_it_was),
		TEST(a_walk_gives_its_prefix_and_no_more),
		TEST(a_prefix_of_all_ones_has_an_end),
		TEST(a_walk_may_delete_and_rewrite_what_it_meets),
		TEST(a_full_map_grows_and_at_its_end_keeps_a_reserve),
		TEST(a_smaller_map_size_than_the_file_still_opens),
		cmocka_unit_test(the_checksum_is_crc32c_either_way),
		cmocka_unit_test(keys_sort_by_their_parts),
		cmocka_unit_test(a_key_of_another_form_is_not_taken_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
