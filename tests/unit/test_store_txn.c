/* Transactions and walks over what they hold. */
#include "daemon/ledger/disk.h"
#include "tests/unit/stores.h"

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

static void a_commit_says_that_it_waits_for_the_disk(void **state)
{
	struct world *world = *state;
	struct txn txn;
	for (int i = 0; i < 500 && disk_is_awaited(); i++)
		usleep(10000);
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	assert_int_equal(txn_commit(&txn), OK);
	assert_false(disk_is_awaited());	/* nothing was written */
	write_one(world, "one", "first");
	assert_true(disk_is_awaited());
}

static void put_numbered(struct txn *txn, uint64_t number, struct span value)
{
	struct key key = { 0 };
	key_u64(&key, number);
	txn_put(txn, TABLE_EVENTS, key_span(&key), value);
}

/* Six of these have room in a page of LMDB. */
static void records_whose_number_only_grows_fill_their_pages(void **state)
{
	enum { COUNT = 600, A_PAGE = 6, BRANCHES = 10, PAGE = 4096 };
	struct world *world = *state;
	static const uint8_t event[600];
	struct store_stat before, after;
	struct txn txn;
	assert_int_equal(store_stat(world->store, &before), OK);
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	for (uint64_t number = 1; number <= COUNT; number++)
		put_numbered(&txn, number, SPAN(event));
	assert_int_equal(txn_commit(&txn), OK);
	assert_int_equal(store_stat(world->store, &after), OK);
	assert_true(after.used_bytes - before.used_bytes <= (COUNT / A_PAGE + BRANCHES) * PAGE);
}

static void one_that_comes_late_finds_its_place(void **state)
{
	static const uint64_t numbers[] = { 1, 3, 4, 2, 3, 1, 5 };
	struct world *world = *state;
	struct span key, value;
	struct walk walk;
	struct txn txn;
	uint64_t number, next = 1;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		put_numbered(&txn, numbers[i], text("told"));
	walk_from(&walk, &txn, TABLE_EVENTS, (struct span){ 0 }, (struct span){ 0 });
	for (; walk_next(&walk, &key, &value); next++)
		assert_true(span_equal(value, text("told")) && key_take_u64(&key, &number) && number == next);
	assert_int_equal(next, 6);
	assert_int_equal(txn_commit(&txn), OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_first_fault_sticks_and_keeps_all_out),
		TEST(a_child_that_is_aborted_takes_back_only_its_own),
		TEST(what_is_too_large_is_refused),
		TEST(counters_have_no_gaps),
		TEST(a_reader_sees_the_ledger_as_it_was),
		TEST(a_walk_gives_its_prefix_and_no_more),
		TEST(a_prefix_of_all_ones_has_an_end),
		TEST(a_walk_may_delete_and_rewrite_what_it_meets),
		TEST(a_commit_says_that_it_waits_for_the_disk),
		TEST(records_whose_number_only_grows_fill_their_pages),
		TEST(one_that_comes_late_finds_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
