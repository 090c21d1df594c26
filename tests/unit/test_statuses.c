/* The table of a request's life: daemon/acts, statuses. */
#include "tests/unit/filled_acts.h"

static void there_are_71_rows_and_none_twice(void **state)
{
	(void)state;
	size_t n;
	const struct transition *row = rows(&n);
	assert_int_equal(n, 71);
	for (size_t i = 0; i < n; i++)
		assert_ptr_equal(statuses_find(COMITY__REQUEST_KIND__VALUE__MLA, row[i].from, row[i].act, row[i].to, row[i].side), &row[i]);
}

/* Whatever can be reached from `reached` by rows, followed forwards or backwards. */
static void spread(bool reached[STATUSES], bool backwards)
{
	size_t n;
	const struct transition *row = rows(&n);
	for (int round = 0; round < STATUSES; round++)
		for (size_t i = 0; i < n; i++)
			if (reached[backwards ? row[i].to : row[i].from])
				reached[backwards ? row[i].from : row[i].to] = true;
}

static void every_status_is_reached(void **state)
{
	(void)state;
	bool reached[STATUSES] = { [S(UNSPECIFIED)] = true };
	spread(reached, false);
	for (int status = 0; status < STATUSES; status++)
		assert_true(reached[status]);
}

static void every_status_comes_to_an_end(void **state)
{
	(void)state;
	bool ends[STATUSES] = { [S(CLOSED)] = true, [S(ABANDONED)] = true };
	spread(ends, true);
	for (int status = 0; status < STATUSES; status++)
		assert_true(ends[status]);
}

static void nothing_follows_an_end(void **state)
{
	(void)state;
	size_t n;
	const struct transition *row = rows(&n);
	for (size_t i = 0; i < n; i++)
		assert_true(row[i].from != S(CLOSED) && row[i].from != S(ABANDONED));
}

static void what_is_not_granted_was_consulted_about(void **state)
{
	(void)state;
	size_t n;
	const struct transition *row = rows(&n);
	for (size_t i = 0; i < n; i++)
		if (row[i].to == S(REFUSED) || row[i].to == S(PARTIALLY_REFUSED) || row[i].to == S(POSTPONED))
			assert_int_equal(row[i].from, S(CONSULTING));
}

static void every_row_names_its_source_and_fits_its_act(void **state)
{
	(void)state;
	size_t n;
	const struct transition *row = rows(&n);
	for (size_t i = 0; i < n; i++) {
		const struct act_rule *rule = act_rule(row[i].act);
		assert_non_null(row[i].source);
		assert_non_null(rule);
		assert_int_equal(rule->side & row[i].side, row[i].side);
	}
}

static void names_lead_back_to_their_statuses(void **state)
{
	(void)state;
	for (int status = 1; status < STATUSES; status++)
		assert_int_equal(status_of_name(status_name((request_status)status)), status);
	assert_string_equal(status_name(S(INFO_REQUESTED)), "info-requested");
	assert_string_equal(status_name((request_status)99), "unknown");
	assert_string_equal(status_name((request_status)-1), "unknown");
	assert_int_equal(status_of_name("done"), S(UNSPECIFIED));
	assert_int_equal(status_of_name("none"), S(UNSPECIFIED));
}

static void every_act_of_the_schema_has_a_rule(void **state)
{
	(void)state;
	const ProtobufCMessageDescriptor *act = &comity__act__descriptor;
	for (unsigned i = 0; i < act->n_fields; i++) {
		const struct act_rule *rule = act_rule((act_kind)act->fields[i].id);
		assert_non_null(rule);
		for (const char *a = rule->name, *b = act->fields[i].name; *a || *b; a++, b++)
			assert_int_equal(*a == '-' ? '_' : *a, *b);
		assert_int_equal(act_kind_of_name(rule->name), act->fields[i].id);
	}
	assert_null(act_rule((act_kind)999));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_71_rows_and_none_twice),
		cmocka_unit_test(every_status_is_reached),
		cmocka_unit_test(every_status_comes_to_an_end),
		cmocka_unit_test(nothing_follows_an_end),
		cmocka_unit_test(what_is_not_granted_was_consulted_about),
		cmocka_unit_test(every_row_names_its_source_and_fits_its_act),
		cmocka_unit_test(names_lead_back_to_their_statuses),
		cmocka_unit_test(every_act_of_the_schema_has_a_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
