#include "tests/unit/authorities.h"

#include "proto/clear.h"
#include "proto/unpack.h"

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_clear(&arena);
	return 0;
}

static Comity__Act decision(Comity__Decision *decision, Comity__MeasureReport *report, Comity__MeasureReport **reports)
{
	Comity__Act act = COMITY__ACT__INIT;
	comity__decision__init(decision);
	comity__measure_report__init(report);
	report->measure = "M1";
	report->has_status = 1;
	report->status = COMITY__MEASURE_STATUS__VALUE__REFUSED;
	report->reasons = "words";
	report->note = "words";
	*reports = report;
	decision->n_measures = 1;
	decision->measures = reports;
	decision->reasons = "words";
	decision->note = "words";
	decision->review_on = "2027-01-15";
	act.kind_case = COMITY__ACT__KIND_DECISION;
	act.decision = decision;
	return act;
}

static void codes_and_dates_stay_and_words_leave_a_mark_where_the_law_asks_for_them(void **state)
{
	Comity__Decision whole;
	Comity__MeasureReport report, *reports;
	Comity__Act act = decision(&whole, &report, &reports);
	(void)state;
	const Comity__Act *part = clear_part(&act, &arena);
	assert_non_null(part);
	assert_int_equal(part->kind_case, COMITY__ACT__KIND_DECISION);
	assert_string_equal(part->decision->review_on, "2027-01-15");
	assert_string_equal(part->decision->reasons, CLEAR_MARK);
	assert_null(part->decision->note);
	assert_int_equal(part->decision->n_measures, 1);
	assert_string_equal(part->decision->measures[0]->measure, "M1");
	assert_int_equal(part->decision->measures[0]->status, COMITY__MEASURE_STATUS__VALUE__REFUSED);
	assert_string_equal(part->decision->measures[0]->reasons, CLEAR_MARK);
	assert_null(part->decision->measures[0]->note);
	assert_string_equal(whole.note, "words");
}

static void of_a_request_what_the_case_is_about_goes(void **state)
{
	Comity__Act act = COMITY__ACT__INIT;
	Comity__Request request = COMITY__REQUEST__INIT;
	Comity__Proceeding proceeding = COMITY__PROCEEDING__INIT;
	Comity__Person person = COMITY__PERSON__INIT, *persons = &person;
	Comity__Measure measure = COMITY__MEASURE__INIT, *measures = &measure;
	(void)state;
	measure.id = "M1";
	measure.description = person.name = proceeding.subject = request.facts_summary = "words";
	request.requesting_reference = "R 1";
	request.proceeding = &proceeding;
	request.n_persons = request.n_measures = 1;
	request.persons = &persons;
	request.measures = &measures;
	act.kind_case = COMITY__ACT__KIND_REQUEST;
	act.request = &request;
	const Comity__Act *part = clear_part(&act, &arena);
	assert_non_null(part);
	assert_string_equal(part->request->requesting_reference, "R 1");
	assert_string_equal(part->request->measures[0]->id, "M1");
	assert_null(part->request->measures[0]->description);
	assert_null(part->request->facts_summary);
	assert_null(part->request->proceeding);
	assert_int_equal(part->request->n_persons, 0);
}

static void what_is_clear_is_told_from_what_is_not(void **state)
{
	Comity__Decision whole, other;
	Comity__MeasureReport report, *reports, another, *others;
	Comity__Act act = decision(&whole, &report, &reports), changed = decision(&other, &another, &others);
	(void)state;
	const Comity__Act *part = clear_part(&act, &arena);
	assert_non_null(part);
	assert_fault(clear_check(&act, &arena), FAULT_SEALING_REQUIRED);
	assert_ok(clear_check(part, &arena));
	assert_ok(clear_matches(part, &act, &arena));
	other.reasons = "other words";
	assert_ok(clear_matches(part, &changed, &arena));
	other.review_on = "2027-02-15";
	assert_fault(clear_matches(part, &changed, &arena), FAULT_BAD_DOCUMENT);
}

/* A walk by the schema: of any kind of act, what is left has nothing more to lose. */
static void what_is_left_of_any_kind_is_clear(void **state)
{
	const ProtobufCMessageDescriptor *type = &comity__act__descriptor;
	(void)state;
	for (unsigned i = 0; i < type->n_fields; i++) {
		uint8_t tag[] = { 0, 0, 4, 0x12, 2, 'h', 'i' };	/* the kind, with a note */
		ProtobufCMessage *act;
		uint32_t key = type->fields[i].id << 3 | 2;
		tag[0] = (uint8_t)(key | 0x80);
		tag[1] = (uint8_t)(key >> 7);
		if (type->fields[i].id == COMITY__ACT__KIND_REQUEST)
			continue;	/* has no note */
		assert_ok(unpack(type, SPAN(tag), &arena, FAULT_BAD_DOCUMENT, &act));
		assert_fault(clear_check((Comity__Act *)act, &arena), FAULT_SEALING_REQUIRED);
		const Comity__Act *part = clear_part((Comity__Act *)act, &arena);
		assert_non_null(part);
		assert_ok(clear_check(part, &arena));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(codes_and_dates_stay_and_words_leave_a_mark_where_the_law_asks_for_them, begin, end),
		cmocka_unit_test_setup_teardown(of_a_request_what_the_case_is_about_goes, begin, end),
		cmocka_unit_test_setup_teardown(what_is_clear_is_told_from_what_is_not, begin, end),
		cmocka_unit_test_setup_teardown(what_is_left_of_any_kind_is_clear, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
