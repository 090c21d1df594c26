/* Records that were opened last: found only as what they were. */
#include "tests/unit/stores.h"

#include "daemon/ledger/store_seal.h"
#include "daemon/ledger/store_warm.h"

static struct warm warms[WARM_SLOTS];

/* A sealed record as far as a slot is concerned: an owner's id, a nonce, and what follows. */
struct sample {
	uint8_t bytes[SEALED_OVERHEAD + 8];
};

static struct sample sample_of(uint8_t owner, uint8_t nonce, uint8_t content)
{
	struct sample sample;
	memset(sample.bytes, content, sizeof sample.bytes);
	memset(sample.bytes, owner, STORE_OWNER_SIZE);
	sample.bytes[STORE_OWNER_SIZE] = nonce;
	return sample;
}

static int begin(void **state)
{
	(void)state;
	warm_empty(warms);
	return 0;
}

static void what_was_kept_is_found_as_that_record_alone(void **state)
{
	(void)state;
	struct sample sample = sample_of(1, 5, 9), altered = sample, moved = sample_of(2, 5, 9);
	struct span value;
	altered.bytes[sizeof altered.bytes - 1] ^= 1;
	warm_keep(warms, 1, TABLE_CASES, text("key"), SPAN(sample.bytes), text("content"));
	assert_true(warm_find(warms, 2, TABLE_CASES, text("key"), SPAN(sample.bytes), &value));
	assert_true(span_equal(value, text("content")));
	assert_false(warm_find(warms, 2, TABLE_CASES, text("key"), SPAN(altered.bytes), &value));
	assert_false(warm_find(warms, 2, TABLE_CASES, text("key"), SPAN(moved.bytes), &value));
	assert_false(warm_find(warms, 2, TABLE_CASES, text("kez"), SPAN(sample.bytes), &value));
	assert_false(warm_find(warms, 2, TABLE_CASES, text("k"), SPAN(sample.bytes), &value));
	assert_false(warm_find(warms, 2, TABLE_SEEN, text("key"), SPAN(sample.bytes), &value));
	assert_false(warm_find(warms, 2, TABLE_CASES, text("key"), (struct span){ sample.bytes, SEALED_OVERHEAD }, &value));
}

static void what_is_lent_stays_until_its_time_is_over(void **state)
{
	(void)state;
	struct sample one = sample_of(1, 7, 1), other = sample_of(1, 7 + WARM_SLOTS, 2);	/* in the same slot */
	struct span lent, value;
	warm_keep(warms, 1, TABLE_CASES, text("one"), SPAN(one.bytes), text("first"));
	assert_true(warm_find(warms, 2, TABLE_CASES, text("one"), SPAN(one.bytes), &lent));
	warm_keep(warms, 2, TABLE_CASES, text("other"), SPAN(other.bytes), text("later"));
	assert_true(span_equal(lent, text("first")));
	assert_false(warm_find(warms, 2, TABLE_CASES, text("other"), SPAN(other.bytes), &value));
	warm_keep(warms, 3, TABLE_CASES, text("other"), SPAN(other.bytes), text("later"));
	assert_true(warm_find(warms, 3, TABLE_CASES, text("other"), SPAN(other.bytes), &value));
	assert_false(warm_find(warms, 3, TABLE_CASES, text("one"), SPAN(one.bytes), &value));
}

static void what_is_too_large_is_not_kept_and_an_empty_value_is(void **state)
{
	(void)state;
	static uint8_t much[WARM_SIZE_MAX];
	struct sample sample = sample_of(1, 3, 1);
	struct span value;
	warm_keep(warms, 1, TABLE_CASES, text("key"), SPAN(sample.bytes), SPAN(much));
	assert_false(warm_find(warms, 2, TABLE_CASES, text("key"), SPAN(sample.bytes), &value));
	warm_keep(warms, 2, TABLE_CASES, text("key"), SPAN(sample.bytes), (struct span){ 0 });
	assert_true(warm_find(warms, 3, TABLE_CASES, text("key"), SPAN(sample.bytes), &value));
	assert_int_equal(value.len, 0);
	warm_empty(warms);
	assert_false(warm_find(warms, 4, TABLE_CASES, text("key"), SPAN(sample.bytes), &value));
}

static void of_tables_whose_records_are_not_read_again_nothing_is_kept(void **state)
{
	(void)state;
	struct sample sample = sample_of(1, 4, 1), other = sample_of(1, 4, 2);	/* in the same slot */
	struct span value;
	warm_keep(warms, 1, TABLE_CASES, text("key"), SPAN(sample.bytes), text("content"));
	warm_keep(warms, 2, TABLE_MESSAGES, text("key"), SPAN(other.bytes), text("words"));
	assert_false(warm_find(warms, 3, TABLE_MESSAGES, text("key"), SPAN(other.bytes), &value));
	assert_true(warm_find(warms, 3, TABLE_CASES, text("key"), SPAN(sample.bytes), &value));
}

/* The same through the store: a record that is read again is what lies there now. */
static void a_record_that_was_written_again_is_read_as_it_is_now(void **state)
{
	struct world *world = *state;
	struct span value;
	struct txn txn, child;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_put(&txn, TABLE_PEERS, text("one"), text("first"));
	assert_true(txn_get(&txn, TABLE_PEERS, text("one"), &value) && span_equal(value, text("first")));
	assert_int_equal(txn_begin_child(&txn, &child), OK);
	txn_put(&child, TABLE_PEERS, text("one"), text("second"));
	assert_true(txn_get(&child, TABLE_PEERS, text("one"), &value) && span_equal(value, text("second")));
	txn_abort(&child);
	assert_true(txn_get(&txn, TABLE_PEERS, text("one"), &value) && span_equal(value, text("first")));
	txn_delete(&txn, TABLE_PEERS, text("one"));
	assert_false(txn_get(&txn, TABLE_PEERS, text("one"), &value));
	assert_int_equal(txn_commit(&txn), OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		TEST(what_was_kept_is_found_as_that_record_alone),
		TEST(what_is_lent_stays_until_its_time_is_over),
		TEST(what_is_too_large_is_not_kept_and_an_empty_value_is),
		TEST(of_tables_whose_records_are_not_read_again_nothing_is_kept),
		cmocka_unit_test_setup_teardown(a_record_that_was_written_again_is_read_as_it_is_now, setup, teardown),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	warm_empty(warms);
	return failed;
}
