/* How much is taken in before it is kept: of messages, and of attachments. */
#include "tests/unit/scratch.h"

#include "daemon/desks/fetcher_parts.h"
#include "daemon/desks/inbox_window.h"
#include "proto/frame.h"

enum { PEERS = 64, SIZE = 1 << 20 };

static void so_many_or_so_much_shuts_the_window_and_half_opens_it(void **state)
{
	(void)state;
	static const struct { size_t size; unsigned shut_at, open_at; } rows[] = {
		{ 100, WINDOW_ARRIVALS, WINDOW_ARRIVALS / 2 }, { WINDOW_BYTES / 4, 4, 2 }, { 2 * WINDOW_BYTES, 1, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct window window = { 0 };
		size_t all = 0;
		for (unsigned n = 1; n <= rows[i].shut_at; n++)
			assert_int_equal(window_fill(&window, &all, rows[i].size), n == rows[i].shut_at);
		for (unsigned left = rows[i].shut_at; left-- > 0; )
			assert_int_equal(window_empty(&window, &all, rows[i].size), left == rows[i].open_at);
		assert_int_equal(all, 0);
		assert_int_equal(window.bytes, 0);
	}
}

/* All of them say as much as they may: it is never more than the bound and one of each, and each goes on in the end. */
static void all_peers_together_are_bounded_and_none_is_shut_for_ever(void **state)
{
	(void)state;
	struct window windows[PEERS] = { 0 };
	size_t all = 0;
	for (int round = 0; round < WINDOW_ARRIVALS; round++)
		for (int i = 0; i < PEERS; i++)
			if (!windows[i].is_shut)
				window_fill(&windows[i], &all, SIZE);
	assert_true(all < WINDOW_ALL_BYTES + (size_t)PEERS * SIZE);
	for (int i = 0; i < PEERS; i++) {
		assert_true(windows[i].is_shut);
		bool has_opened = false;
		while (windows[i].arrivals)
			has_opened |= window_empty(&windows[i], &all, SIZE);
		assert_true(has_opened);
		assert_false(windows[i].is_shut);
	}
	assert_int_equal(all, 0);
}

static void attachments_of_all_peers_share_one_window(void **state)
{
	(void)state;
	assert_int_equal(haul_window(0), 4 << 20);
	assert_int_equal(haul_window(1), 4 << 20);
	assert_int_equal(haul_window(4), 4 << 20);
	assert_int_equal(haul_window(16), 1 << 20);
	for (size_t peers = 1; peers <= 256; peers++) {
		assert_true(peers * haul_window(peers) <= HAUL_WINDOW_ALL);
		assert_true(haul_window(peers) >= BULK_SIZE_MAX);
	}
	assert_int_equal(haul_window(10000), BULK_SIZE_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_or_so_much_shuts_the_window_and_half_opens_it),
		cmocka_unit_test(all_peers_together_are_bounded_and_none_is_shut_for_ever),
		cmocka_unit_test(attachments_of_all_peers_share_one_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
