/* Bandwidth: the account of a peer by a clock of the test's own, and who is called when. */
#include "tests/unit/scratch.h"

#include "daemon/line/throttle.h"
#include "proto/bytes.h"

enum { MIB = 1 << 20, SECOND = 1000000 };

/* ── the account ──────────────────────────────────────────────────────────────────────────────── */

static void what_is_taken_is_paid_for_afterwards(void **state)
{
	(void)state;
	struct bucket bucket = { 0 };
	uint64_t now = 1000 * (uint64_t)SECOND;
	assert_int_equal(bucket_wait(&bucket, now), 0);
	bucket_take(&bucket, 4 * MIB, MIB, now);			/* a quarter of a second, less what was saved up */
	assert_int_equal(bucket_wait(&bucket, now), SECOND / 4 - BUCKET_SLACK_US);
	assert_int_equal(bucket_wait(&bucket, now + 100000), SECOND / 4 - BUCKET_SLACK_US - 100000);
	assert_int_equal(bucket_wait(&bucket, now + SECOND / 4), 0);
}

static void a_long_rest_saves_up_no_more_than_the_slack(void **state)
{
	(void)state;
	struct bucket rested = { .even_at_us = SECOND }, fresh = { 0 };
	uint64_t now = 3600 * (uint64_t)SECOND;
	bucket_take(&rested, MIB, MIB, now);
	bucket_take(&fresh, MIB, MIB, now);
	assert_int_equal(bucket_wait(&rested, now), SECOND - BUCKET_SLACK_US);
	assert_int_equal(bucket_wait(&fresh, now), SECOND - BUCKET_SLACK_US);
}

/* Whatever the size of the pieces and however late the taker comes: over a minute it is what was allowed, and one piece. */
static void over_time_it_is_the_rate(void **state)
{
	(void)state;
	static const struct { uint64_t rate, piece, late; } rows[] = {
		{ 4 * MIB, MIB, 0 }, { 4 * MIB, MIB, 900 }, { 4 * MIB, 64 << 10, 15000 }, { 1024, 64 << 10, 1 },
		{ 100 * (uint64_t)MIB, 256 << 10, 5000 }, { 1, 7, 0 }, { UINT64_C(1) << 40, MIB, 1000 },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bucket bucket = { 0 };
		uint64_t start = 50 * (uint64_t)SECOND, now = start, taken = 0;
		while (now < start + 60 * (uint64_t)SECOND) {
			uint64_t wait = bucket_wait(&bucket, now);
			if (wait) {
				now += wait + rows[i].late;
				continue;
			}
			bucket_take(&bucket, rows[i].rate, rows[i].piece, now);
			taken += rows[i].piece;
			if (rows[i].rate >> 40)
				now += 100;	/* more than anybody can take */
		}
		uint64_t allowed = rows[i].rate * 60 + rows[i].rate / 10 + rows[i].piece;
		if (taken > allowed || (!(rows[i].rate >> 40) && taken < rows[i].rate * 59))
			fail_msg("row %zu: %llu taken, %llu allowed", i, (unsigned long long)taken, (unsigned long long)allowed);
	}
}

/* ── whose turn it is ─────────────────────────────────────────────────────────────────────────── */

struct taker {
	struct turn turn;
	struct throttle *throttle;
	const char *peer;
	struct taker *forgets;			/* in its turn it makes this one wait no more */
	unsigned taken, came;
};

static void take(struct taker *taker, unsigned most)
{
	while (taker->taken < most && throttle_take(taker->throttle, taker->peer, MIB, &taker->turn))
		taker->taken++;
}

static void on_turn(struct turn *turn)
{
	struct taker *taker = container_of(turn, struct taker, turn);
	taker->came++;
	if (taker->forgets)
		throttle_forget(taker->throttle, &taker->forgets->turn);
	take(taker, 3);
}

static void a_turn_comes_and_one_peer_does_not_use_up_anothers(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct throttle *throttle;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(throttle_open(&loop, 8 * MIB, &throttle), OK);
	struct taker one = { .turn = { .come = on_turn }, .throttle = throttle, .peer = "xs-ca" };
	struct taker other = { .turn = { .come = on_turn }, .throttle = throttle, .peer = "xm-ca" };
	take(&one, 3);
	take(&other, 1);
	assert_int_equal(one.taken, 1);
	assert_int_equal(other.taken, 1);
	take(&one, 3);			/* to ask again is harmless */
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(one.taken, 3);
	assert_int_equal(one.came, 2);
	assert_int_equal(other.came, 0);
	throttle_close(throttle);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void who_is_forgotten_is_not_called(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct throttle *throttle;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(throttle_open(&loop, 8 * MIB, &throttle), OK);
	struct taker late = { .turn = { .come = on_turn }, .throttle = throttle, .peer = "xm-ca" };
	struct taker one = { .turn = { .come = on_turn }, .throttle = throttle, .peer = "xs-ca", .forgets = &late };
	take(&one, 2);
	take(&late, 2);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(one.taken, 3);
	assert_int_equal(late.taken, 1);
	assert_int_equal(late.came, 0);
	throttle_close(throttle);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void nothing_is_limited_without_a_limit(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct throttle *throttle;
	struct turn turn = { 0 };
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(throttle_open(&loop, 0, &throttle), OK);
	for (int i = 0; i < 1000; i++)
		assert_true(throttle_take(throttle, "xs-ca", MIB, &turn));
	assert_int_equal(throttle_piece(throttle, 64 << 10, MIB), MIB);
	throttle_close(throttle);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void pieces_are_as_small_as_the_bandwidth_asks(void **state)
{
	(void)state;
	static const struct { uint64_t rate; size_t piece; } rows[] = {
		{ 1024, 64 << 10 }, { 256 << 10, 64 << 10 }, { MIB, 256 << 10 }, { 4 * MIB, MIB }, { 100 * (uint64_t)MIB, MIB },
	};
	uv_loop_t loop;
	assert_int_equal(uv_loop_init(&loop), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct throttle *throttle;
		assert_int_equal(throttle_open(&loop, rows[i].rate, &throttle), OK);
		assert_int_equal(throttle_piece(throttle, 64 << 10, MIB), rows[i].piece);
		throttle_close(throttle);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_is_paid_for_afterwards),
		cmocka_unit_test(a_long_rest_saves_up_no_more_than_the_slack),
		cmocka_unit_test(over_time_it_is_the_rate),
		cmocka_unit_test(a_turn_comes_and_one_peer_does_not_use_up_anothers),
		cmocka_unit_test(who_is_forgotten_is_not_called),
		cmocka_unit_test(nothing_is_limited_without_a_limit),
		cmocka_unit_test(pieces_are_as_small_as_the_bandwidth_asks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
