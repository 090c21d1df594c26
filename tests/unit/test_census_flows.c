/* Statistics: the balance of a period, the ages of what is open, the tables of codes (daemon/law/census_flows, census_rows). */
#define NOW "2026-07-01T00:00:00Z"
#include "tests/unit/censuses.h"

#include "daemon/law/census_rows.h"

static Comity__StatisticsOf of_period(const char *from, const char *to)
{
	Comity__StatisticsOf asked = COMITY__STATISTICS_OF__INIT;
	asked.from = (char *)from;
	asked.to = (char *)to;
	return asked;
}

/* Where a case stood from when on. */
struct step {
	const char *at;
	Comity__RequestStatus__Value status;
};

enum { STEPS = 6 };

static struct kept {
	Comity__Case kase;
	Comity__StatusStep steps[STEPS], *history[STEPS];
	Comity__LegalBasis__Value basis;
} kept;

/* To us; the first step is the sending.  Nothing is in it that is destroyed with the content of a case. */
static Comity__Case *case_of(const struct step *steps)
{
	Comity__Case *kase = &kept.kase;
	comity__case__init(kase);
	kase->role = COMITY__ROLE__VALUE__REQUESTED;
	kase->peer = "a";
	kase->kind = COMITY__REQUEST_KIND__VALUE__MLA;
	kase->sent_at = (char *)steps[0].at;
	kase->history = kept.history;
	kept.basis = COMITY__LEGAL_BASIS__VALUE__UNTOC;
	kase->n_bases_invoked = 1;
	kase->bases_invoked = &kept.basis;
	for (size_t i = 0; i < STEPS && steps[i].at; i++) {
		comity__status_step__init(kept.history[i] = &kept.steps[i]);
		kept.steps[i].status = kase->status = steps[i].status;
		kept.steps[i].occurred_at = (char *)steps[i].at;
		kase->n_history = i + 1;
	}
	return kase;
}

static void add_case(struct world *world, size_t count, const Comity__Case *kase)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(census_add(world->census, kase), OK);
}

static void add(struct world *world, size_t count, const struct step *steps)
{
	add_case(world, count, case_of(steps));
}

static const Comity__StatisticsFlow *flow_of(const Comity__StatisticsSide *side, const char *series)
{
	for (size_t i = 0; i < side->n_flows; i++)
		if (!strcmp(side->flows[i]->series, series))
			return side->flows[i];
	return NULL;
}

/* The whole life of requests before, in, across and after the second quarter. */
static const struct step over_before[] = { { "2026-01-01T00:00:00Z", S(SENT) }, { "2026-02-01T00:00:00Z", S(EXECUTED) }, { "2026-05-01T00:00:00Z", S(CLOSED) }, { 0 } };
static const struct step over_in[] = { { "2026-01-01T00:00:00Z", S(SENT) }, { "2026-04-10T00:00:00Z", S(REFUSED) }, { 0 } };
static const struct step came_and_over[] = { { "2026-04-05T00:00:00Z", S(SENT) }, { "2026-04-20T00:00:00Z", S(WITHDRAWN) }, { 0 } };
static const struct step open_still[] = { { "2026-04-05T00:00:00Z", S(SENT) }, { "2026-04-20T00:00:00Z", S(IN_EXECUTION) }, { 0 } };
static const struct step over_after[] = { { "2026-03-01T00:00:00Z", S(SENT) }, { "2026-06-20T00:00:00Z", S(EXECUTED) }, { 0 } };
static const struct step taken_up_again[] = { { "2026-03-01T00:00:00Z", S(SENT) }, { "2026-04-20T00:00:00Z", S(EXECUTED) },
	{ "2026-04-22T00:00:00Z", S(IN_EXECUTION) }, { "2026-06-20T00:00:00Z", S(EXECUTED) }, { 0 } };
static const struct step after[] = { { "2026-06-10T00:00:00Z", S(SENT) }, { 0 } };

static void add_all(struct world *world)
{
	add(world, 50, over_before);
	add(world, 6, over_in);
	add(world, 7, came_and_over);
	add(world, 8, open_still);
	add(world, 9, over_after);
	add(world, 10, taken_up_again);
	add(world, 60, after);
}

static void what_came_and_went_balances(void **state)
{
	(void)state;
	struct world world;
	begin(&world, of_period("2026-04-01T00:00:00Z", "2026-06-01T00:00:00Z"));
	add_all(&world);
	const Comity__StatisticsFlow *flow = flow_of(end(&world), "REQUEST");
	assert_false(flow->hidden);
	assert_int_equal(flow->open_before, 6 + 9 + 10);
	assert_int_equal(flow->entered, 7 + 8);
	assert_int_equal(flow->finalised, 6 + 7);
	assert_int_equal(flow->open_after, 8 + 9 + 10);	/* what was taken up again was never finalised */
	assert_int_equal(flow->open_before + flow->entered, flow->finalised + flow->open_after);
	assert_true(flow->clearance_percent > 86.6 && flow->clearance_percent < 86.7);
	assert_int_equal(flow->disposition_days, 127);	/* 27 of 13 in 61 days */
	assert_int_equal(cell_of(world.statistics.sides[1], "total", "requests")->count, flow->entered);
	assert_null(flow_of(world.statistics.sides[1], "SUPPLEMENTARY"));
	arena_clear(&world.arena);
}

static void what_is_open_at_the_end_is_open_at_the_next_beginning(void **state)
{
	(void)state;
	static const char *const ends[] = { NULL, "2026-01-20T00:00:00Z", "2026-04-01T00:00:00Z", "2026-04-15T00:00:00Z", "2026-06-25T00:00:00Z", NULL };
	uint64_t open = 0;
	for (size_t i = 0; i + 1 < ARRAY_LEN(ends); i++) {
		struct world world;
		begin(&world, of_period(ends[i], ends[i + 1]));
		add_all(&world);
		const Comity__StatisticsFlow *flow = flow_of(end(&world), "REQUEST");
		assert_false(flow->hidden);
		assert_int_equal(flow->open_before, open);
		open = flow->open_after;
		arena_clear(&world.arena);
	}
	assert_int_equal(open, 8 + 60);
}

static void ages_add_up_to_what_is_open(void **state)
{
	(void)state;
	struct world world;
	begin(&world, of_period("2026-04-01T00:00:00Z", "2026-06-01T00:00:00Z"));
	add_all(&world);
	add(&world, 5, (const struct step[]){ { "2025-06-01T00:00:00Z", S(SENT) }, { 0 } });	/* 365 days */
	add(&world, 6, (const struct step[]){ { "2025-05-31T00:00:00Z", S(SENT) }, { 0 } });
	add(&world, 7, (const struct step[]){ { "2020-05-31T00:00:00Z", S(SENT) }, { 0 } });
	const Comity__StatisticsSide *side = end(&world);
	assert_int_equal(cell_of(side, "age", "31-TO-90-DAYS")->count, 8);
	assert_int_equal(cell_of(side, "age", "91-TO-180-DAYS")->count, 9 + 10);	/* since the 1st of March: 92 */
	assert_int_equal(cell_of(side, "age", "181-TO-365-DAYS")->count, 5);
	assert_int_equal(cell_of(side, "age", "1-TO-2-YEARS")->count, 6);
	assert_int_equal(cell_of(side, "age", "OVER-2-YEARS")->count, 7);
	assert_null(cell_of(side, "age", "UP-TO-30-DAYS"));
	assert_int_equal(flow_of(side, "REQUEST")->open_after, 8 + 9 + 10 + 5 + 6 + 7);
	for (size_t i = 1; i < side->n_cells; i++)	/* in the order of time, whatever their counts */
		if (!strcmp(side->cells[i]->by, "age") && !strcmp(side->cells[i - 1]->by, "age"))
			assert_true(census_rank_of_row("age", side->cells[i - 1]->name) < census_rank_of_row("age", side->cells[i]->name));
	arena_clear(&world.arena);
}

/* 3 are open: neither their number, nor what it follows from, nor their ages. */
static void a_small_number_hides_its_balance_and_the_ages(void **state)
{
	(void)state;
	struct world world;
	begin(&world, of_period("2026-04-01T00:00:00Z", "2026-06-01T00:00:00Z"));
	add(&world, 6, over_in);
	add(&world, 7, came_and_over);
	add(&world, 3, open_still);
	const Comity__StatisticsSide *side = end(&world);
	const Comity__StatisticsFlow *flow = flow_of(side, "REQUEST");
	assert_true(flow->hidden);
	assert_false(flow->has_open_before || flow->has_entered || flow->has_finalised || flow->has_open_after || flow->has_clearance_percent ||
		flow->has_disposition_days);
	assert_null(cell_of(side, "age", "31-TO-90-DAYS"));
	assert_false(cell_of(side, "age", "NOT-TOLD")->has_count);
	assert_int_equal(cell_of(side, "total", "requests")->count, 10);
	arena_clear(&world.arena);
}

/* What entered stands in the table of series too: where that hides it, the balance must not tell it. */
static void what_the_series_hide_the_balance_does_not_tell(void **state)
{
	(void)state;
	struct world world;
	begin(&world, (Comity__StatisticsOf)COMITY__STATISTICS_OF__INIT);
	add(&world, 30, open_still);
	Comity__Case *kase = case_of(open_still);
	kase->kind = COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION;
	add_case(&world, 2, kase);
	const Comity__StatisticsSide *side = end(&world);
	assert_false(cell_of(side, "series", "REQUEST")->has_count);	/* else 32 - 30 tells it */
	assert_true(flow_of(side, "REQUEST")->hidden);
	assert_true(flow_of(side, "PRESERVATION")->hidden);
	arena_clear(&world.arena);
}

static void a_band_of_few_is_hidden_with_another(void **state)
{
	(void)state;
	struct world world;
	begin(&world, (Comity__StatisticsOf)COMITY__STATISTICS_OF__INIT);
	add(&world, 30, open_still);
	add(&world, 20, after);
	add(&world, 2, (const struct step[]){ { "2025-05-31T00:00:00Z", S(SENT) }, { 0 } });
	const Comity__StatisticsSide *side = end(&world);
	assert_int_equal(flow_of(side, "REQUEST")->open_after, 52);
	assert_true(cell_of(side, "age", "1-TO-2-YEARS")->below);
	assert_false(cell_of(side, "age", "UP-TO-30-DAYS")->has_count);	/* the smaller of the others */
	assert_int_equal(cell_of(side, "age", "31-TO-90-DAYS")->count, 30);
	arena_clear(&world.arena);
}

/* Without the filter 30, with it 27: the balance of the other 3 would follow. */
static void a_filter_hides_the_balance_of_what_it_leaves_out(void **state)
{
	(void)state;
	struct world world;
	Comity__StatisticsOf asked = COMITY__STATISTICS_OF__INIT;
	asked.untoc = true;
	begin(&world, asked);
	add(&world, 27, open_still);
	Comity__Case *kase = case_of(open_still);
	kept.basis = COMITY__LEGAL_BASIS__VALUE__UNCAC;
	add_case(&world, 3, kase);
	assert_true(flow_of(end(&world), "REQUEST")->hidden);
	arena_clear(&world.arena);
	begin(&world, asked);
	add(&world, 27, open_still);
	kept.basis = COMITY__LEGAL_BASIS__VALUE__UNCAC;
	add_case(&world, 10, &kept.kase);
	assert_int_equal(flow_of(end(&world), "REQUEST")->open_after, 27);
	arena_clear(&world.arena);
}

static void history_and_codes_make_rows(void **state)
{
	(void)state;
	static const struct step asked_twice[] = { { "2026-04-05T00:00:00Z", S(SENT) }, { "2026-04-06T00:00:00Z", S(INFO_REQUESTED) },
		{ "2026-04-07T00:00:00Z", S(UNDER_REVIEW) }, { "2026-04-08T00:00:00Z", S(INFO_REQUESTED) }, { "2026-04-09T00:00:00Z", S(REFUSED) }, { 0 } };
	struct world world;
	Comity__Mark mark = COMITY__MARK__INIT, *marks = &mark;
	Comity__MeasureState measure = COMITY__MEASURE_STATE__INIT, *measures = &measure;
	mark.by = "offence";
	mark.name = "FRAUD";
	measure.form = COMITY__ASSISTANCE_FORM__VALUE__SEARCH_SEIZURE;
	measure.status = COMITY__MEASURE_STATUS__VALUE__REFUSED;
	begin(&world, (Comity__StatisticsOf)COMITY__STATISTICS_OF__INIT);
	Comity__Case *kase = case_of(asked_twice);
	kase->n_marks = kase->n_measures = 1;
	kase->marks = &marks;
	kase->measures = &measures;
	kase->answer_by = "2026-04-08";
	kase->decision = COMITY__DECISION_KIND__VALUE__REFUSED;
	add_case(&world, 6, kase);
	const Comity__StatisticsSide *side = end(&world);
	static const char *const rows[][2] = {
		{ "status", "REFUSED" }, { "offence", "FRAUD" }, { "information-rounds", "TWO" }, { "consulted-before", "NO" }, { "refusal-heard", "NO" },
		{ "deadline", "MISSED" }, { "letter", "18(3)(c)" }, { "measure-status", "REFUSED" }, { "nature", "INITIAL" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!cell_of(side, rows[i][0], rows[i][1]))
			fail_msg("there is no row %s of %s", rows[i][1], rows[i][0]);
		assert_int_equal(cell_of(side, rows[i][0], rows[i][1])->count, 6);
	}
	arena_clear(&world.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_and_went_balances),
		cmocka_unit_test(what_is_open_at_the_end_is_open_at_the_next_beginning),
		cmocka_unit_test(ages_add_up_to_what_is_open),
		cmocka_unit_test(a_small_number_hides_its_balance_and_the_ages),
		cmocka_unit_test(what_the_series_hide_the_balance_does_not_tell),
		cmocka_unit_test(a_band_of_few_is_hidden_with_another),
		cmocka_unit_test(a_filter_hides_the_balance_of_what_it_leaves_out),
		cmocka_unit_test(history_and_codes_make_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
