/* The tables of what requests need, and what makes a request precise. */
#include "tests/unit/requests.h"

#include "daemon/law/completeness_needs.h"
#include "proto/field.h"

#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name
#define KIND(name) COMITY__REQUEST_KIND__VALUE__##name
#define TYPE(name) COMITY__IDENTIFIER_TYPE__VALUE__##name

static const struct needs *const tables[] = { &needs_of_all, &needs_of_kinds, &needs_of_natures, &needs_of_forms };

/* ── the tables are of the schema ──────────────────────────────────────────────────────────────── */

static bool is_of_schema(const ProtobufCMessageDescriptor *type, const char *path)
{
	char copy[200], *save = NULL;
	snprintf(copy, sizeof copy, "%.*s", (int)strcspn(path, "|"), path);
	for (char *name = strtok_r(copy, ".", &save); name; name = strtok_r(NULL, ".", &save)) {
		const ProtobufCFieldDescriptor *field = type ? field_find(type, name) : NULL;
		if (!field)
			return false;
		type = field->type == PROTOBUF_C_TYPE_MESSAGE ? field_type(field) : NULL;
	}
	return true;
}

static void every_need_names_fields_of_the_schema(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct need *need = &tables[t]->at[i];
			assert_true(need->fields || need->papers[0]);
			assert_non_null(need->message);
			for (const char *at = need->fields; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
				bool whole = !strncmp(at, "request.", 8);
				if (!is_of_schema(whole ? &comity__request__descriptor : &comity__measure__descriptor, at + (whole ? 8 : 0)))
					fail_msg("%s is not of the schema", need->fields);
			}
		}
	}
}

static void every_form_of_assistance_but_three_has_its_letter(void **state)
{
	(void)state;
	static const struct { Comity__AssistanceForm__Value form; char letter; } known[] = {
		{ FORM(TAKE_EVIDENCE_STATEMENT), 'A' }, { FORM(SERVICE_DOCUMENTS), 'B' }, { FORM(FREEZING), 'C' }, { FORM(EXAMINE_OBJECT_SITE), 'D' },
		{ FORM(EXPERT_EVALUATION), 'E' }, { FORM(CRIMINAL_RECORD_EXTRACT), 'F' }, { FORM(TRACE_PROCEEDS), 'G' }, { FORM(VOLUNTARY_APPEARANCE), 'H' },
		{ FORM(COVERT_INVESTIGATION), 'I' }, { FORM(LOCATE_IDENTIFY_PERSON), 'E' }, { FORM(PRESENCE_OF_OFFICIALS), 'I' }, { FORM(OTHER), 'I' },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		assert_int_equal(letter_of_form(known[i].form), known[i].letter - 'A' + 1);
	for (int form = FORM(CONFISCATION_OBTAIN_ORDER); form <= FORM(ASSET_RETURN_SHARING); form++)
		assert_int_equal(letter_of_form((Comity__AssistanceForm__Value)form), 0);
	assert_int_equal(letter_of_form((Comity__AssistanceForm__Value)77), 0);
	assert_int_equal(letter_of_form(FORM(UNSPECIFIED)), 0);
}

/* ── each row is missed ────────────────────────────────────────────────────────────────────────── */

static bool is_told(const struct problems *problems, const struct need *need)
{
	for (size_t i = 0; i < problems->n; i++)
		if (!strcmp(problems->at[i].message, need->message)
		    && problems->at[i].severity == (need->level == NEED_MUST ? SEVERITY_ERROR : SEVERITY_WARN))
			return true;
	return false;
}

static void nothing_but_its_kind_misses_all_that_its_kind_needs(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct need *need = &tables[t]->at[i];
			Comity__Request request = COMITY__REQUEST__INIT;
			Comity__Measure measure = COMITY__MEASURE__INIT, *list[] = { &measure };
			struct problems problems = { 0 };
			request.kind = tables[t] == &needs_of_kinds ? (Comity__RequestKind__Value)need->code : 0;
			request.nature = tables[t] == &needs_of_natures ? (Comity__RequestNature__Value)need->code : 0;
			measure.form = tables[t] == &needs_of_forms ? (Comity__AssistanceForm__Value)need->code : 0;
			request.measures = list;
			request.n_measures = 1;
			assert_int_equal(completeness_check(&request, NULL, 0, NULL, &problems), FAULT_INCOMPLETE);
			if (is_told(&problems, need) != (need->level != NEED_OFFERED))
				fail_msg("%s: %s", need->fields ? need->fields : "a paper", need->message);
			problems_clear(&problems);
		}
	}
}

static void a_question_of_law_is_about_no_proceeding(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, "bank-records.yaml");
	world.request->kind = KIND(FOREIGN_LAW_INFORMATION);
	world.request->proceeding = NULL;
	no_facts(&world);
	world.request->n_offences = 0;
	assert_int_equal(check(&world), OK);
	world.request->kind = KIND(MLA);
	assert_int_equal(check(&world), FAULT_INCOMPLETE);
	world_close(&world);
}

static void blanks_and_empty_lists_say_nothing(void **state)
{
	(void)state;
	static char blank[] = " \n", word[] = "word";
	Comity__Request request = COMITY__REQUEST__INIT;
	Comity__Contact contact = COMITY__CONTACT__INIT;
	Comity__Person person = COMITY__PERSON__INIT, *persons[] = { &person };
	request.contact = &contact;
	request.persons = persons;
	request.n_persons = 1;
	contact.phone = blank;
	assert_false(need_is_met_by(&request.base, "contact.phone", 13));
	assert_false(need_is_met_by(&request.base, "persons", 7));
	assert_false(need_is_met_by(&request.base, "no.such.field", 13));
	contact.phone = person.name = word;
	assert_true(need_is_met_by(&request.base, "contact.phone", 13));
	assert_true(need_is_met_by(&request.base, "persons.name|more", 12));
	assert_true(need_is_met_by(&request.base, "contact", 7));
}

/* ── precision ─────────────────────────────────────────────────────────────────────────────────── */

static void a_number_that_cannot_be_right_is_pointed_out(void **state)
{
	(void)state;
	static const struct { Comity__IdentifierType__Value type; const char *value; bool is_right; } numbers[] = {
		{ TYPE(IBAN), "GB82 WEST 1234 5698 7654 32", true },    { TYPE(IBAN), "GB82 WEST 1234 5698 7654 23", false },
		{ TYPE(IBAN), "gb82west12345698765432", true },         { TYPE(IBAN), "GB82", false },
		{ TYPE(IBAN), "GB82 WEST 1234 5698 7654 32 GB82 WEST 1234 5698 7654 32", false }, { TYPE(IBAN), "GB82-WEST", false },
		{ TYPE(EMAIL), "pay@lantern.example", true },           { TYPE(EMAIL), "pay at lantern", false },
		{ TYPE(IP_V4), "192.0.2.44", true },                    { TYPE(IP_V4), "192.0.2.444", false },
		{ TYPE(IP_V6), "2001:db8:44::1", true },                { TYPE(IP_V6), "192.0.2.44", false },
		{ TYPE(PHONE_MSISDN), "+999 01 555-0104", true },       { TYPE(PHONE_MSISDN), "12", false },
		{ TYPE(IMEI), "490154203237518", true },                { TYPE(IMEI), "4901542", false },
		{ TYPE(VESSEL_IMO), "IMO 9074729", true },              { TYPE(VESSEL_IMO), "9074", false },
		{ TYPE(CARD_NUMBER), "4111 1111 1111 1111", true },     { TYPE(CARD_NUMBER), "4111 x", false },
		{ TYPE(URL), "https://lantern.example/a", true },       { TYPE(URL), "lantern", false },
		{ TYPE(DOMAIN), "lantern.example", true },              { TYPE(DOMAIN), "https://lantern.example", false },
		{ TYPE(USERNAME), "whatever it is", true },             { TYPE(USERNAME), " ", false },
	};
	static char seen[] = "2026-11-02T01:14:22Z";
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct world world;
		Comity__Identifier identifier = COMITY__IDENTIFIER__INIT, *list[] = { &identifier };
		world_open(&world, "bank-records.yaml");
		identifier.type = numbers[i].type;
		identifier.value = (char *)numbers[i].value;
		identifier.has_port = true;
		identifier.seen_at = seen;
		world.request->measures[1]->identifiers = list;
		world.request->measures[1]->n_identifiers = 1;
		assert_int_equal(check(&world), OK);
		if (has_problem(&world.problems, SEVERITY_WARN, "imprecise", "request.measures[1].identifiers[0]") == numbers[i].is_right)
			fail_msg("\"%s\"", numbers[i].value);
		world_close(&world);
	}
}

static void whose_midnight_matters_for_what_a_provider_logged(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, "bank-records.yaml");
	assert_int_equal(check(&world), OK);
	assert_int_equal(world.problems.n, 0);			/* a bank's book has days */
	world.request->measures[1]->form = FORM(TRAFFIC_DATA_STORED);
	assert_int_equal(check(&world), OK);
	assert_true(has_problem(&world.problems, SEVERITY_WARN, "imprecise", "request.measures[1].period"));
	world_close(&world);
}

static void a_hearing_is_at_one_instant_on_both_clocks(void **state)
{
	(void)state;
	static char other[] = "2027-02-10T13:00:00+03:00";
	struct world world;
	world_open(&world, "protected-witness.yaml");
	assert_int_equal(completeness_check(world.request, NULL, 0, NULL, &world.problems), OK);
	assert_int_equal(world.problems.n, 0);
	world.request->measures[0]->proposed_time->local_start_at = other;
	assert_int_equal(completeness_check(world.request, NULL, 0, NULL, &world.problems), OK);
	assert_true(has_problem(&world.problems, SEVERITY_WARN, "imprecise", "request.measures[0].proposed_time"));
	world_close(&world);
}

static void what_is_there_twice_is_pointed_out(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, "bank-records.yaml");
	Comity__Measure *first = world.request->measures[0], *third = world.request->measures[2];
	third->form = first->form;
	third->description = first->description;
	third->actions_requested = first->actions_requested;
	third->persons = first->persons;
	third->n_persons = first->n_persons;
	Comity__Person *persons[] = { world.request->persons[0], world.request->persons[1], world.request->persons[0] };
	world.request->persons = persons;
	world.request->n_persons = 3;
	assert_int_equal(check(&world), FAULT_INCOMPLETE);
	assert_true(has_problem(&world.problems, SEVERITY_WARN, "duplicate-measure", "request.measures[2]"));
	assert_true(has_problem(&world.problems, SEVERITY_WARN, "duplicate-person", "request.persons[2]"));
	assert_true(has_problem(&world.problems, SEVERITY_ERROR, "duplicate-id", "request.persons[2].ref"));
	world_close(&world);
}

static void kind_and_nature_fit_what_is_asked_and_followed(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, "subscriber-data.yaml");
	assert_int_equal(completeness_check(world.request, NULL, 0, NULL, &world.problems), OK);
	assert_false(has_problem(&world.problems, SEVERITY_WARN, "relation", "request.related"));
	world.request->related[0]->type = COMITY__RELATION_TYPE__VALUE__RENEWS;
	world.request->kind = KIND(SPECIAL_TECHNIQUES);
	assert_int_equal(completeness_check(world.request, NULL, 0, NULL, &world.problems), OK);
	assert_true(has_problem(&world.problems, SEVERITY_WARN, "relation", "request.related"));
	assert_true(has_problem(&world.problems, SEVERITY_WARN, "unusual-form", "request.measures"));
	world_close(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_need_names_fields_of_the_schema),
		cmocka_unit_test(every_form_of_assistance_but_three_has_its_letter),
		cmocka_unit_test(nothing_but_its_kind_misses_all_that_its_kind_needs),
		cmocka_unit_test(a_question_of_law_is_about_no_proceeding),
		cmocka_unit_test(blanks_and_empty_lists_say_nothing),
		cmocka_unit_test(a_number_that_cannot_be_right_is_pointed_out),
		cmocka_unit_test(whose_midnight_matters_for_what_a_provider_logged),
		cmocka_unit_test(a_hearing_is_at_one_instant_on_both_clocks),
		cmocka_unit_test(what_is_there_twice_is_pointed_out),
		cmocka_unit_test(kind_and_nature_fit_what_is_asked_and_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
