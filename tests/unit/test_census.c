/* Statistics: daemon/law/survival, census.  The curves were computed by hand, and again in Python with exact fractions. */
#define NOW "2026-03-01T00:00:00Z"
#include "tests/unit/censuses.h"

#include "daemon/law/survival.h"

/* ── survival ─────────────────────────────────────────────────────────────────────────────────── */

struct seen {
	int64_t days;
	bool is_over;
};

static struct survival survival_of(const struct seen *seen, size_t n)
{
	struct survival survival = { 0 };
	for (size_t i = 0; i < n; i++)
		survival_add(&survival, seen[i].days, seen[i].is_over);
	return survival;
}

/* Freireich's 21 patients with 6-MP, as every textbook has them: S(22) = 0.538, S(23) = 0.448, and it never falls further. */
static void the_curve_is_that_of_the_textbook(void **state)
{
	(void)state;
	static const struct seen seen[] = {
		{ 6, true }, { 6, true }, { 6, true }, { 6, false }, { 7, true }, { 9, false }, { 10, true }, { 10, false }, { 11, false },
		{ 13, true }, { 16, true }, { 17, false }, { 19, false }, { 20, false }, { 22, true }, { 23, true }, { 25, false },
		{ 32, false }, { 32, false }, { 34, false }, { 35, false },
	};
	struct survival survival = survival_of(seen, ARRAY_LEN(seen));
	uint32_t days;
	assert_int_equal(survival_ended(&survival), 9);
	assert_int_equal(survival_open(&survival), 12);
	assert_true(survival_reaches(&survival, 46, &days));	/* 1 - 0.538 = 0.462 */
	assert_int_equal(days, 22);
	assert_true(survival_reaches(&survival, 50, &days));
	assert_int_equal(days, 23);
	assert_false(survival_reaches(&survival, 90, &days));
}

static void what_is_open_draws_the_median_out(void **state)
{
	(void)state;
	static const struct seen seen[] = { { 1, true }, { 2, true }, { 3, false }, { 4, true }, { 5, false }, { 6, true } };
	struct survival all = survival_of(seen, ARRAY_LEN(seen)), over = { 0 };
	uint32_t days;
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		if (seen[i].is_over)
			survival_add(&over, seen[i].days, true);
	assert_true(survival_reaches(&over, 50, &days));
	assert_int_equal(days, 2);
	assert_true(survival_reaches(&all, 50, &days));		/* 5/6, 4/6, then 4/6 * 2/3 = 4/9 */
	assert_int_equal(days, 4);
	assert_true(survival_reaches(&all, 90, &days));
	assert_int_equal(days, 6);
}

static void exactly_half_is_the_median(void **state)
{
	(void)state;
	static const struct seen seen[] = { { 0, true }, { 1, true }, { 2, true }, { 9, false }, { 9, false }, { 9, false } };
	struct survival survival = survival_of(seen, ARRAY_LEN(seen));
	uint32_t days;
	assert_true(survival_reaches(&survival, 50, &days));
	assert_int_equal(days, 2);
}

static void no_step_of_the_curve_is_of_one_case(void **state)
{
	(void)state;
	struct seen seen[40];
	struct survival_point points[48];
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		seen[i] = (struct seen){ (int64_t)i, i % 4 != 3 };
	struct survival survival = survival_of(seen, ARRAY_LEN(seen));
	size_t n = survival_curve(&survival, 5, points, ARRAY_LEN(points));
	assert_int_equal(n, 6);		/* 30 ended */
	assert_int_equal(points[0].at, 5);	/* 0, 1, 2, 4, 5 */
	assert_int_equal(points[0].at_risk, 40);
	assert_int_equal(points[1].at_risk, 34);
	for (size_t i = 1; i < n; i++)
		assert_true(points[i].open < points[i - 1].open && points[i].at > points[i - 1].at);
	assert_int_equal(survival_curve(&survival, 1, points, 4), 3);	/* 8 in each, and 6 are left */
}

static void the_edges_are_counted(void **state)
{
	(void)state;
	static const struct seen seen[] = { { -3, true }, { SURVIVAL_DAYS + 1, true } };
	struct survival survival = survival_of(seen, ARRAY_LEN(seen)), none = { 0 };
	uint32_t days;
	assert_int_equal(survival_ended(&survival), 1);
	assert_int_equal(survival_open(&survival), 1);
	assert_true(survival_reaches(&survival, 50, &days));
	assert_int_equal(days, 0);
	assert_false(survival_reaches(&none, 1, &days));
}

/* ── census ───────────────────────────────────────────────────────────────────────────────────── */

/* `count` cases that were sent on the 1st of January and went through these steps. */
static void add(struct world *world, size_t count, const char *peer, const char *const *at, const Comity__RequestStatus__Value *status,
	size_t n, Comity__LegalBasis__Value basis)
{
	Comity__StatusStep steps[8], *history[8];
	Comity__Case kase = COMITY__CASE__INIT;
	for (size_t i = 0; i < n; i++) {
		comity__status_step__init(history[i] = &steps[i]);
		steps[i].status = status[i];
		steps[i].occurred_at = (char *)at[i];
	}
	kase.n_bases_invoked = 1;
	kase.bases_invoked = &basis;
	kase.role = COMITY__ROLE__VALUE__REQUESTED;
	kase.peer = (char *)peer;
	kase.kind = COMITY__REQUEST_KIND__VALUE__MLA;
	kase.sent_at = "2026-01-01T00:00:00Z";
	kase.n_history = n;
	kase.history = history;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(census_add(world->census, &kase), OK);
}

static const Comity__StatisticsTime *time_of(const Comity__StatisticsSide *side, const char *period, bool is_net)
{
	for (size_t i = 0; i < side->n_times; i++)
		if (!strcmp(side->times[i]->period, period) && side->times[i]->net == is_net)
			return side->times[i];
	fail();
	return NULL;
}

static void small_counts_are_hidden_and_cannot_be_subtracted(void **state)
{
	(void)state;
	struct world world;
	begin(&world, (Comity__StatisticsOf)COMITY__STATISTICS_OF__INIT);
	add(&world, 9, "a", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);
	add(&world, 4, "b", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);
	add(&world, 6, "c", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);
	const Comity__StatisticsSide *side = end(&world);
	assert_int_equal(cell_of(side, "total", "requests")->count, 19);
	assert_int_equal(cell_of(side, "counterpart", "a")->count, 9);
	assert_false(cell_of(side, "counterpart", "b")->has_count);
	assert_true(cell_of(side, "counterpart", "b")->below);
	assert_false(cell_of(side, "counterpart", "c")->has_count);	/* else 19 - 9 - 6 tells b */
	assert_true(cell_of(side, "counterpart", "c")->has_below);
	assert_false(cell_of(side, "counterpart", "c")->below);
	arena_clear(&world.arena);
}

/* Three tables are asked for: all, what invokes the Convention, and by subtraction the rest. */
static void a_filter_hides_what_it_leaves_out(void **state)
{
	(void)state;
	struct world world;
	Comity__StatisticsOf asked = COMITY__STATISTICS_OF__INIT;
	asked.untoc = true;
	begin(&world, asked);
	add(&world, 9, "a", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);
	add(&world, 2, "a", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNCAC);
	add(&world, 20, "b", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);
	add(&world, 20, "b", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNCAC);
	add(&world, 30, "c", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);
	const Comity__StatisticsSide *side = end(&world);
	assert_int_equal(cell_of(side, "total", "requests")->count, 59);
	assert_false(cell_of(side, "counterpart", "a")->has_count);	/* 11 are told without the filter */
	assert_false(cell_of(side, "counterpart", "a")->below);
	assert_false(cell_of(side, "counterpart", "b")->has_count);
	assert_int_equal(cell_of(side, "counterpart", "c")->count, 30);
	arena_clear(&world.arena);
}

static void names_that_give_it_away_are_not_told(void **state)
{
	(void)state;
	static const char *const peers[] = { "a", "b", "c", "d", "e" };
	struct world world;
	begin(&world, (Comity__StatisticsOf)COMITY__STATISTICS_OF__INIT);
	for (size_t i = 0; i < ARRAY_LEN(peers); i++)
		add(&world, 1, peers[i], NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);
	const Comity__StatisticsSide *side = end(&world);
	assert_null(cell_of(side, "counterpart", "a"));
	assert_false(cell_of(side, "counterpart", "NOT-TOLD")->has_count);
	assert_int_equal(cell_of(side, "total", "requests")->count, 5);
	arena_clear(&world.arena);
}

static void only_one_direction_when_one_is_asked_for(void **state)
{
	(void)state;
	struct world world;
	Comity__StatisticsOf asked = COMITY__STATISTICS_OF__INIT;
	asked.has_role = 1;
	asked.role = COMITY__ROLE__VALUE__REQUESTING;
	begin(&world, asked);
	add(&world, 9, "a", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);	/* to us */
	assert_int_equal(census_end(world.census, &world.statistics), OK);
	assert_int_equal(world.statistics.n_sides, 1);
	assert_int_equal(world.statistics.sides[0]->role, COMITY__ROLE__VALUE__REQUESTING);
	assert_int_equal(world.statistics.sides[0]->n_cells, 0);
	arena_clear(&world.arena);
}

static void waiting_for_the_other_side_is_net_of_it(void **state)
{
	(void)state;
	static const char *const at[] = { "2026-01-03T00:00:00Z", "2026-01-06T00:00:00Z", "2026-01-16T00:00:00Z", "2026-01-21T00:00:00Z" };
	static const Comity__RequestStatus__Value status[] = { S(ACKNOWLEDGED), S(INFO_REQUESTED), S(UNDER_REVIEW), S(EXECUTED) };
	struct world world;
	begin(&world, (Comity__StatisticsOf)COMITY__STATISTICS_OF__INIT);
	add(&world, 5, "a", at, status, ARRAY_LEN(at), COMITY__LEGAL_BASIS__VALUE__UNTOC);
	const Comity__StatisticsSide *side = end(&world);
	assert_int_equal(time_of(side, "acknowledgement", false)->median_days, 2);
	assert_int_equal(time_of(side, "first-answer", false)->median_days, 5);
	assert_int_equal(time_of(side, "execution", false)->median_days, 20);
	assert_int_equal(time_of(side, "execution", true)->median_days, 10);
	assert_int_equal(time_of(side, "execution", true)->ended, 5);
	assert_false(time_of(side, "closing", false)->has_median_days);
	assert_int_equal(time_of(side, "closing", false)->open, 5);
	assert_int_equal(time_of(side, "information", false)->median_days, 10);
	assert_int_equal(time_of(side, "transmission", false)->median_days, 2);	/* acknowledged is registered too */
	const Comity__StatisticsTime *execution = time_of(side, "execution", true);
	assert_int_equal(execution->n_curve, 1);	/* the five together */
	assert_int_equal(execution->curve[0]->at, 10);
	assert_int_equal(execution->curve[0]->at_risk, 5);
	assert_true(execution->curve[0]->open_percent < 0.001);
	arena_clear(&world.arena);
}

static void only_what_was_asked_for_is_counted(void **state)
{
	(void)state;
	struct world world;
	Comity__StatisticsOf asked = COMITY__STATISTICS_OF__INIT;
	asked.untoc = true;
	asked.to = "2026-01-01T00:00:01Z";
	begin(&world, asked);
	add(&world, 5, "a", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC_SOM);
	add(&world, 7, "a", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNCAC);
	assert_int_equal(cell_of(end(&world), "total", "requests")->count, 5);
	arena_clear(&world.arena);
	asked.to = "2026-01-01T00:00:00Z";
	begin(&world, asked);
	add(&world, 5, "a", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);
	assert_null(cell_of(end(&world), "total", "requests"));
	arena_clear(&world.arena);
}

static void too_few_to_say_anything_of_are_not_timed(void **state)
{
	(void)state;
	struct world world;
	begin(&world, (Comity__StatisticsOf)COMITY__STATISTICS_OF__INIT);
	add(&world, 4, "a", NULL, NULL, 0, COMITY__LEGAL_BASIS__VALUE__UNTOC);
	const Comity__StatisticsTime *time = time_of(end(&world), "closing", false);
	assert_true(time->hidden);
	assert_false(time->has_ended || time->has_open || time->has_median_days || time->has_p90_days);
	arena_clear(&world.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_curve_is_that_of_the_textbook),
		cmocka_unit_test(what_is_open_draws_the_median_out),
		cmocka_unit_test(no_step_of_the_curve_is_of_one_case),
		cmocka_unit_test(exactly_half_is_the_median),
		cmocka_unit_test(the_edges_are_counted),
		cmocka_unit_test(small_counts_are_hidden_and_cannot_be_subtracted),
		cmocka_unit_test(a_filter_hides_what_it_leaves_out),
		cmocka_unit_test(names_that_give_it_away_are_not_told),
		cmocka_unit_test(only_one_direction_when_one_is_asked_for),
		cmocka_unit_test(waiting_for_the_other_side_is_net_of_it),
		cmocka_unit_test(only_what_was_asked_for_is_counted),
		cmocka_unit_test(too_few_to_say_anything_of_are_not_timed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
