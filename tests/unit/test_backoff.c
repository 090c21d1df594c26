/* Pauses between attempts, and what makes them begin anew. */
#include "tests/unit/pairs.h"

#include "daemon/line/backoff.h"

static void pauses_double_up_to_the_ceiling_and_never_end(void **state)
{
	(void)state;
	struct backoff backoff = { .first_ms = 200, .ceiling_ms = 30000 };
	for (uint64_t wanted = 200, i = 0; i < 10000; i++) {
		uint64_t pause = backoff_next(&backoff);
		assert_in_range(pause, wanted * 4 / 5, wanted * 6 / 5 < 30000 ? wanted * 6 / 5 : 30000);
		wanted = wanted * 2 < 30000 ? wanted * 2 : 30000;
	}
}

static void good_news_begins_anew(void **state)
{
	(void)state;
	struct backoff backoff = { .first_ms = 200, .ceiling_ms = 30000 };
	for (int i = 0; i < 20; i++)
		backoff_next(&backoff);
	backoff_reset(&backoff);
	assert_in_range(backoff_next(&backoff), 160, 240);
	assert_in_range(backoff_next(&backoff), 320, 480);
}

static void pauses_are_not_all_alike(void **state)
{
	(void)state;
	uint64_t least = UINT64_MAX, most = 0;
	for (int i = 0; i < 1000; i++) {
		struct backoff backoff = { .first_ms = 1000, .ceiling_ms = 30000 };
		uint64_t pause = backoff_next(&backoff);
		least = pause < least ? pause : least;
		most = pause > most ? pause : most;
	}
	assert_true(least < 900 && most > 1100);
}

static void a_ceiling_below_the_first_pause_holds(void **state)
{
	(void)state;
	struct backoff backoff = { .first_ms = 5000, .ceiling_ms = 1000 };
	for (int i = 0; i < 100; i++)
		assert_in_range(backoff_next(&backoff), 800, 1000);
}

/* ── peers that nobody answers ── */

static struct peer_report report_of(struct side *side, const char *id)
{
	struct peer_report report;
	assert_true(peers_report(side->peers, id, &report));
	return report;
}

static void call_nobody(struct side *side, struct side *other)
{
	static const char *const nowhere[] = { HOST ":1" };
	trust_in(side, other->authority, STANDING_VERIFIED);
	assert_ok(peers_set(side->peers, id_of(other->authority), nowhere, 1));
}

static void a_peer_that_never_answers_is_called_for_ever(void **state)
{
	(void)state;
	struct pair pair;
	const struct peers_settings quick = { .backoff_ms = 1, .ceiling_ms = 4 };
	side_open(&pair.f, &freedonia, NULL, &quick);
	side_open(&pair.s, &sylvania, NULL, NULL);
	call_nobody(&pair.f, &pair.s);
	until(report_of(&pair.f, "xs-ca").attempts > 100);
	assert_true(report_of(&pair.f, "xs-ca").next_attempt_ms <= 4);
	side_close(&pair.s);
	side_close(&pair.f);
}

static const struct peers_settings slow = { .backoff_ms = 1000000, .ceiling_ms = 1000000 };

static void the_network_coming_up_is_good_news(void **state)
{
	(void)state;
	struct pair pair;
	side_open(&pair.f, &freedonia, NULL, &slow);
	side_open(&pair.s, &sylvania, NULL, NULL);
	call_nobody(&pair.f, &pair.s);
	until(report_of(&pair.f, "xs-ca").condition == PEER_WAITING);
	assert_int_equal(report_of(&pair.f, "xs-ca").attempts, 1);
	assert_true(report_of(&pair.f, "xs-ca").next_attempt_ms > 100000);
	peers_dial_all_now(pair.f.peers);
	until(report_of(&pair.f, "xs-ca").attempts == 2);
	side_close(&pair.s);
	side_close(&pair.f);
}

/* Their call comes to nothing, but who can call can perhaps be called; once in a while, or both would go on ever faster. */
static void a_call_of_the_peers_own_is_good_news(void **state)
{
	(void)state;
	struct pair pair;
	const struct peers_settings growing = { .backoff_ms = 1, .ceiling_ms = 1000000 };
	side_open(&pair.f, &freedonia, HOST ":0", &growing);
	side_open(&pair.s, &sylvania, NULL, &slow);
	call_nobody(&pair.f, &pair.s);
	until(report_of(&pair.f, "xs-ca").next_attempt_ms > 100);	/* it has grown */
	pair.f.compare_with = FAULT_ON_HOLD;
	knows(&pair.s, &pair.f, HOST);
	until(pair.f.refused_why == FAULT_ON_HOLD);
	assert_true(report_of(&pair.f, "xs-ca").next_attempt_ms <= 2);
	until(report_of(&pair.f, "xs-ca").next_attempt_ms > 100);
	unsigned refused = pair.f.refused;
	peers_dial_now(pair.s.peers, "xf-ca");
	until(pair.f.refused > refused && pair.f.refused_why == FAULT_ON_HOLD);
	assert_true(report_of(&pair.f, "xs-ca").next_attempt_ms > 10);
	side_close(&pair.s);
	side_close(&pair.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_double_up_to_the_ceiling_and_never_end),
		cmocka_unit_test(good_news_begins_anew),
		cmocka_unit_test(pauses_are_not_all_alike),
		cmocka_unit_test(a_ceiling_below_the_first_pause_holds),
		cmocka_unit_test(a_peer_that_never_answers_is_called_for_ever),
		cmocka_unit_test(the_network_coming_up_is_good_news),
		cmocka_unit_test(a_call_of_the_peers_own_is_good_news),
	};
	return cmocka_run_group_tests(tests, world_open, world_close);
}
