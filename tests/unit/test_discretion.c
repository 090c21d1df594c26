/* What a reader of a table can work out: daemon/law/discretion.  The reader here is a program that tries every table there could be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "daemon/law/discretion.h"
#include "proto/bytes.h"

enum { ROWS_MAX = 5, THRESHOLD = 4 };

/* ── the attacker ─────────────────────────────────────────────────────────────────────────────────── */

/* What was told of one table, or of two: without a filter, and with one. */
struct known {
	const struct figure *all, *part;	/* part: NULL when only one table was asked for */
	size_t n;
	bool are_all_hidden;
	uint64_t all_sum, part_sum;
	uint64_t least[ROWS_MAX], most[ROWS_MAX];	/* found: of what is in question */
	bool of_rest;					/* in question is the rest, not the count itself */
};

static bool says(enum telling telling, uint64_t true_count, uint64_t guess, bool are_all_hidden)
{
	switch (telling) {
	case TOLD:   return guess == true_count;
	case BELOW:  return guess >= 1 && guess < THRESHOLD;
	case HIDDEN: return are_all_hidden ? guess >= 1 : guess >= THRESHOLD;
	}
	return false;
}

static void note(struct known *known, const uint64_t *all, const uint64_t *part)
{
	for (size_t i = 0; i < known->n; i++) {
		uint64_t guess = known->part ? known->of_rest ? all[i] - part[i] : part[i] : all[i];
		known->least[i] = guess < known->least[i] ? guess : known->least[i];
		known->most[i] = guess > known->most[i] ? guess : known->most[i];
	}
}

static void guess_part(struct known *known, const uint64_t *all, uint64_t *part, size_t row, uint64_t left)
{
	if (row == known->n) {
		if (!left)
			note(known, all, part);
		return;
	}
	for (part[row] = 0; part[row] <= all[row] && part[row] <= left; part[row]++)
		if (says(known->part[row].telling, known->part[row].count, part[row], false))
			guess_part(known, all, part, row + 1, left - part[row]);
}

static void guess_all(struct known *known, uint64_t *all, size_t row, uint64_t left)
{
	uint64_t part[ROWS_MAX] = { 0 };
	if (row == known->n) {
		if (!left && known->part)
			guess_part(known, all, part, 0, known->part_sum);
		else if (!left)
			note(known, all, NULL);
		return;
	}
	for (all[row] = 1; all[row] <= left; all[row]++)
		if (says(known->all[row].telling, known->all[row].count, all[row], known->are_all_hidden))
			guess_all(known, all, row + 1, left - all[row]);
}

static void attack(struct known *known)
{
	uint64_t all[ROWS_MAX] = { 0 };
	memset(known->most, 0, sizeof known->most);
	memset(known->least, 0xff, sizeof known->least);
	guess_all(known, all, 0, known->all_sum);
}

/* ── one table ────────────────────────────────────────────────────────────────────────────────────── */

static void must_withstand(const uint64_t *counts, size_t n)
{
	struct figure figures[ROWS_MAX] = { 0 };
	struct known known = { .all = figures, .n = n, .are_all_hidden = true };
	for (size_t i = 0; i < n; i++) {
		figures[i].count = counts[i];
		known.all_sum += counts[i];
	}
	if (known.all_sum < THRESHOLD || !discretion_apply(figures, n, THRESHOLD))
		return;		/* the total is not told; or no row is */
	for (size_t i = 0; i < n; i++)
		known.are_all_hidden = known.are_all_hidden && figures[i].telling == HIDDEN;
	attack(&known);
	for (size_t i = 0; i < n; i++) {
		if (counts[i] >= THRESHOLD)
			continue;
		assert_int_not_equal(figures[i].telling, TOLD);
		assert_int_equal(known.least[i], 1);
		assert_true(known.most[i] >= THRESHOLD - 1);
	}
}

static void try_tables(uint64_t *counts, size_t row, size_t n, uint64_t most)
{
	if (row == n) {
		must_withstand(counts, n);
		return;
	}
	for (counts[row] = 1; counts[row] <= most; counts[row]++)
		try_tables(counts, row + 1, n, most);
}

static void no_table_gives_a_small_count_away(void **state)
{
	(void)state;
	uint64_t counts[ROWS_MAX];
	for (size_t n = 2; n <= 4; n++)
		try_tables(counts, 0, n, 8);
}

/* 4 and 4 of 8 are known by their sum and their word; 1 and 1 of 2 too. */
static void two_small_ones_are_not_given_away_by_their_sum(void **state)
{
	(void)state;
	struct figure figures[] = { { .count = 4 }, { .count = 4 }, { .count = 30 }, { .count = 9 } };
	assert_true(discretion_apply(figures, ARRAY_LEN(figures), 5));
	assert_int_equal(figures[0].telling, BELOW);
	assert_int_equal(figures[1].telling, BELOW);
	assert_int_equal(figures[2].telling, TOLD);
	assert_int_equal(figures[3].telling, HIDDEN);
}

static void no_more_is_hidden_than_needed(void **state)
{
	(void)state;
	struct figure small[] = { { .count = 9 }, { .count = 4 }, { .count = 6 } }, large[] = { { .count = 5 }, { .count = 50 } };
	assert_true(discretion_apply(small, ARRAY_LEN(small), 5));
	assert_int_equal(small[0].telling, TOLD);
	assert_int_equal(small[1].telling, BELOW);
	assert_int_equal(small[2].telling, HIDDEN);
	assert_true(discretion_apply(large, ARRAY_LEN(large), 5));
	assert_int_equal(large[0].telling, TOLD);
	assert_int_equal(large[1].telling, TOLD);
}

/* Five names with a total of five: one each. */
static void where_the_names_tell_it_there_are_no_names(void **state)
{
	(void)state;
	struct figure ones[] = { { .count = 1 }, { .count = 1 }, { .count = 1 }, { .count = 1 }, { .count = 1 } };
	struct figure some[] = { { .count = 4 }, { .count = 4 }, { .count = 4 } };
	assert_false(discretion_apply(ones, ARRAY_LEN(ones), 5));
	assert_true(discretion_apply(some, ARRAY_LEN(some), 5));
	for (size_t i = 0; i < ARRAY_LEN(some); i++)
		assert_int_equal(some[i].telling, HIDDEN);
}

static void with_a_threshold_of_one_all_is_told(void **state)
{
	(void)state;
	for (uint32_t threshold = 0; threshold < 2; threshold++) {
		struct figure figures[] = { { .count = 1, .whole = 2 }, { .count = 2, .whole = 2 } };
		assert_true(discretion_apply(figures, ARRAY_LEN(figures), threshold));
		assert_int_equal(figures[0].telling, TOLD);
		assert_int_equal(figures[1].telling, TOLD);
	}
}

/* ── two tables, of which one is a part of the other ──────────────────────────────────────────────── */

struct pair {
	struct figure all[ROWS_MAX], part[ROWS_MAX];
	size_t n;
};

static bool ask_twice(struct pair *pair, const uint64_t (*counts)[2], size_t n)
{
	*pair = (struct pair){ .n = n };
	for (size_t i = 0; i < n; i++)
		pair->all[i].count = counts[i][0] + counts[i][1];
	if (!discretion_apply(pair->all, n, THRESHOLD))
		return false;
	for (size_t i = 0; i < n; i++)
		pair->part[i] = (struct figure){ .count = counts[i][0], .whole = pair->all[i].count, .is_secret = pair->all[i].telling != TOLD };
	return discretion_apply(pair->part, n, THRESHOLD);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* All rows are told without the filter, and some are small in it, or outside of it. */
static void must_withstand_two(const uint64_t (*counts)[2], size_t n)
{
	struct pair pair;
	struct known known = { .all = pair.all, .part = pair.part, .n = n };
	uint64_t all_hidden = 0;
	if (!ask_twice(&pair, counts, n))
		return;
	for (size_t i = 0; i < n; i++) {
		if (pair.all[i].telling != TOLD)
			return;
		all_hidden += pair.part[i].telling == HIDDEN;
		known.all_sum += pair.all[i].count;
		known.part_sum += pair.part[i].count;
	}
	if (all_hidden == n)
		return;
	attack(&known);
	for (size_t i = 0; i < n; i++)
		if (counts[i][0] < THRESHOLD) {
			assert_int_equal(known.least[i], 1);
			assert_int_equal(known.most[i], THRESHOLD - 1);
		}
	known.of_rest = true;
	attack(&known);
	for (size_t i = 0; i < n; i++)		/* of a whole that is told, and a part that is below 4, the rest is known as well as the part */
		if (counts[i][1] && counts[i][1] < THRESHOLD)
			assert_true(known.most[i] - known.least[i] >= (counts[i][0] < THRESHOLD ? THRESHOLD - 2 : least(THRESHOLD - 2, pair.all[i].count - THRESHOLD - 1)));
}

static void a_filter_does_not_give_away_what_it_leaves_out(void **state)
{
	(void)state;
	uint64_t counts[3][2];
	for (uint64_t code = 0; code < 6 * 6 * 6 * 6 * 6 * 6; code++) {
		uint64_t rest = code;
		for (size_t i = 0; i < 3; i++, rest /= 36) {
			counts[i][0] = rest % 36 / 6 * 2 + 1;
			counts[i][1] = rest % 6 * 2;
		}
		must_withstand_two((const uint64_t (*)[2])counts, 3);
	}
}

static void what_is_hidden_of_all_is_hidden_of_a_part(void **state)
{
	(void)state;
	static const uint64_t counts[][2] = { { 2, 1 }, { 9, 9 }, { 6, 0 }, { 40, 40 } };
	struct pair pair;
	assert_true(ask_twice(&pair, counts, ARRAY_LEN(counts)));
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (pair.all[i].telling != TOLD)
			assert_int_not_equal(pair.part[i].telling, TOLD);
	assert_int_equal(pair.all[0].telling, BELOW);
	assert_int_equal(pair.all[3].telling, TOLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_table_gives_a_small_count_away),
		cmocka_unit_test(two_small_ones_are_not_given_away_by_their_sum),
		cmocka_unit_test(no_more_is_hidden_than_needed),
		cmocka_unit_test(where_the_names_tell_it_there_are_no_names),
		cmocka_unit_test(with_a_threshold_of_one_all_is_told),
		cmocka_unit_test(a_filter_does_not_give_away_what_it_leaves_out),
		cmocka_unit_test(what_is_hidden_of_all_is_hidden_of_a_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
