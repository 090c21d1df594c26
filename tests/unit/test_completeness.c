/* Is a request fit to be sent?  The samples, and what is allowed. */
#include "tests/unit/requests.h"

/* ── the samples ───────────────────────────────────────────────────────────────────────────────── */

static void the_sample_is_fit_to_be_sent(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, "bank-records.yaml");
	assert_int_equal(check(&world), OK);
	assert_int_equal(world.problems.n, 0);

	assert_int_equal(completeness_check(world.request, NULL, 0, NULL, &world.problems), OK);
	assert_int_equal(world.problems.n, 0);
	world_close(&world);
}

static void the_incomplete_sample_is_told_its_mistakes_at_once(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, "bank-records-incomplete.yaml");
	assert_int_equal(check(&world), FAULT_INCOMPLETE);
	assert_int_equal(world.problems.errors, 6);
	assert_int_equal(world.problems.warnings, 0);
	assert_non_null(strstr(fault_detail(FAULT_INCOMPLETE), "6 errors, 0 warnings; request.purpose: "));
	assert_true(has_problem(&world.problems, SEVERITY_ERROR, "field-missing", "request.purpose"));
	assert_true(has_problem(&world.problems, SEVERITY_ERROR, "field-missing", "request.measures[0].actions_requested"));
	assert_true(has_problem(&world.problems, SEVERITY_ERROR, "field-missing", "request.measures[1].description"));
	assert_true(has_problem(&world.problems, SEVERITY_ERROR, "urgency-reason", "request.urgency.text"));
	assert_true(has_problem(&world.problems, SEVERITY_ERROR, "deadline-reason", "request.urgency.deadlines[1].reason"));
	assert_true(has_problem(&world.problems, SEVERITY_ERROR, "language", "request.language.request"));
	world_close(&world);
}

static void an_empty_request_is_told_everything_and_breaks_nothing(void **state)
{
	(void)state;
	Comity__Request request = COMITY__REQUEST__INIT;
	struct problems problems = { 0 };
	assert_int_equal(completeness_check(&request, NULL, 0, NULL, &problems), FAULT_INCOMPLETE);
	assert_true(problems.errors >= 13);
	problems_clear(&problems);
	assert_null(problems.at);
}

/* ── what is allowed ───────────────────────────────────────────────────────────────────────────── */

static void service_alone_needs_no_facts(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, "bank-records.yaml");
	no_facts(&world);
	for (size_t i = 0; i < world.request->n_measures; i++)
		world.request->measures[i]->form = COMITY__ASSISTANCE_FORM__VALUE__SERVICE_DOCUMENTS;
	assert_int_equal(check(&world), OK);
	world_close(&world);
}

static void a_date_is_its_whole_day(void **state)
{
	(void)state;
	static char evening[] = "2026-11-23T20:00:00+01:00";	/* the period ends on 2026-11-23 */
	struct world world;
	world_open(&world, "bank-records.yaml");
	world.request->measures[1]->period->from = evening;
	assert_int_equal(check(&world), OK);
	world_close(&world);
}

static void a_translation_of_the_letter_makes_its_language_acceptable(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, "bank-records.yaml");
	world.request->language->request = french;
	assert_int_equal(check(&world), OK);

	static char canadian[] = "fr-CA", franconian[] = "frr", *french_only[] = { french };
	world.languages.requests = french_only;
	world.languages.n_requests = 1;
	world.request->language->request = canadian;
	assert_int_equal(check(&world), OK);
	world.request->language->request = franconian;
	assert_int_equal(check(&world), FAULT_INCOMPLETE);
	world_close(&world);
}

static void urgent_requests_may_come_in_more_languages(void **state)
{
	(void)state;
	static char *urgent[] = { french };
	struct world world;
	world_open(&world, "bank-records.yaml");
	french_letter(&world);
	world.languages.urgent_requests = urgent;
	world.languages.n_urgent_requests = 1;
	assert_int_equal(check(&world), OK);
	world_close(&world);
}

static void an_advance_copy_passes_where_the_diplomatic_channel_is_required(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, "bank-records.yaml");
	diplomatic(&world);
	world.request->transmission_mode = COMITY__TRANSMISSION_MODE__VALUE__ADVANCE_COPY;
	assert_int_equal(check(&world), OK);
	world_close(&world);
}

static void a_requirement_for_one_form_leaves_the_others_alone(void **state)
{
	(void)state;
	static Comity__AssistanceForm__Value forms[] = { COMITY__ASSISTANCE_FORM__VALUE__VIDEO_HEARING };
	struct world world;
	world_open(&world, "bank-records.yaml");
	required_document(&world);
	world.requirement.forms = forms;
	world.requirement.n_forms = 1;
	assert_int_equal(check(&world), OK);
	world_close(&world);
}

static void more_than_anybody_could_execute_is_not_even_judged(void **state)
{
	(void)state;
	static Comity__Measure measure, *measures[1000];
	comity__measure__init(&measure);
	for (size_t i = 0; i < ARRAY_LEN(measures); i++)
		measures[i] = &measure;
	Comity__Request request = COMITY__REQUEST__INIT;
	request.measures = measures;
	request.n_measures = ARRAY_LEN(measures);
	struct problems problems = { 0 };
	assert_int_equal(completeness_check(&request, NULL, 0, NULL, &problems), FAULT_INCOMPLETE);
	assert_int_equal(problems.n, 1);
	assert_true(has_problem(&problems, SEVERITY_ERROR, "too-many", "request"));
	problems_clear(&problems);
}

static void problems_are_counted_beyond_what_is_kept(void **state)
{
	(void)state;
	struct problems problems = { 0 };
	for (int i = 0; i < 3 * PROBLEMS_MAX; i++)
		problems_add(&problems, i % 2 ? SEVERITY_ERROR : SEVERITY_WARN, "code", NULL, "path", "number %d", i);
	assert_int_equal(problems.n, PROBLEMS_MAX);
	assert_int_equal(problems.errors + problems.warnings, 3 * PROBLEMS_MAX);
	assert_string_equal(problems.at[7].message, "number 7");
	problems_clear(&problems);
	problems_clear(&problems);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_is_fit_to_be_sent),
		cmocka_unit_test(the_incomplete_sample_is_told_its_mistakes_at_once),
		cmocka_unit_test(an_empty_request_is_told_everything_and_breaks_nothing),
		cmocka_unit_test(service_alone_needs_no_facts),
		cmocka_unit_test(a_date_is_its_whole_day),
		cmocka_unit_test(a_translation_of_the_letter_makes_its_language_acceptable),
		cmocka_unit_test(urgent_requests_may_come_in_more_languages),
		cmocka_unit_test(an_advance_copy_passes_where_the_diplomatic_channel_is_required),
		cmocka_unit_test(a_requirement_for_one_form_leaves_the_others_alone),
		cmocka_unit_test(more_than_anybody_could_execute_is_not_even_judged),
		cmocka_unit_test(problems_are_counted_beyond_what_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
