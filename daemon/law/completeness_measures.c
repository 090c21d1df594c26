#include <string.h>

#include "daemon/law/completeness_parts.h"
#include "proto/bytes.h"

#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name
#define MEASURE_PLACE(index, field) place_of("request.measures[%zu]" field, index)

enum { PRESERVED_DAYS_MIN = 60 };

static bool is_first_of_its_id(const Comity__Request *request, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same_text(request->measures[i]->id, request->measures[index]->id))
			return false;
	return true;
}

static void check_identity(const struct check *check, size_t index)
{
	const Comity__Measure *measure = check->request->measures[index];
	if (!has_text(measure->id))
		ERROR(check, "field-missing", NULL, MEASURE_PLACE(index, ".id").text,
			"give the measure a label, such as M%zu", index + 1);
	if (!is_first_of_its_id(check->request, index))
		ERROR(check, "duplicate-id", NULL, MEASURE_PLACE(index, ".id").text,
			"another measure is called %s too", measure->id);
	if (!measure->has_form || !measure->form)
		ERROR(check, "field-missing", "UNTOC 18(3)", MEASURE_PLACE(index, ".form").text,
			"say which form of assistance is sought");
}

/* Absent is a problem of nobody: the period is open on that side. */
static bool check_moment(const struct check *check, const char *text, struct place place)
{
	if (!has_text(text))
		return false;
	if (is_moment(text))
		return true;
	ERROR(check, "bad-date", NULL, place.text,
		"\"%s\" is neither a date (YYYY-MM-DD) nor a time with offset", text);
	return false;
}

static void check_period(const struct check *check, size_t index)
{
	const Comity__Period *period = check->request->measures[index]->period;
	if (!period)
		return;
	bool has_from = check_moment(check, period->from, MEASURE_PLACE(index, ".period.from"));
	bool has_to = check_moment(check, period->to, MEASURE_PLACE(index, ".period.to"));
	if (has_from && has_to && is_after(period->from, period->to))
		ERROR(check, "period-order", NULL, MEASURE_PLACE(index, ".period").text,
			"the period ends before it begins");
}

static bool has_person(const Comity__Request *request, const char *ref)
{
	for (size_t i = 0; i < request->n_persons; i++)
		if (same_text(request->persons[i]->ref, ref))
			return true;
	return false;
}

static void check_references(const struct check *check, size_t index)
{
	const Comity__Measure *measure = check->request->measures[index];
	for (size_t i = 0; i < measure->n_persons; i++)
		if (!has_person(check->request, measure->persons[i]))
			ERROR(check, "reference", NULL, place_of("request.measures[%zu].persons[%zu]", index, i).text,
				"no person of the request is called %s", measure->persons[i]);
	if (has_text(measure->questions_attached) && !has_paper(check, measure->questions_attached))
		ERROR(check, "reference", NULL, MEASURE_PLACE(index, ".questions_attached").text,
			"there is no attachment %s", measure->questions_attached);
}

/* Budapest Convention 29(7). */
static void check_preservation(const struct check *check, size_t index)
{
	const Comity__Measure *measure = check->request->measures[index];
	if (measure->form == FORM(DATA_PRESERVATION) && measure->has_preserve_for_days && measure->preserve_for_days < PRESERVED_DAYS_MIN)
		WARN(check, "field-missing", "Budapest Convention 29(7)", MEASURE_PLACE(index, ".preserve_for_days").text,
			"preservation is for at least %d days", PRESERVED_DAYS_MIN);
}

void check_measures(const struct check *check)
{
	if (!check->request->n_measures)
		ERROR(check, "field-missing", "UNTOC 18(15)(d)", "request.measures",
			"say which assistance is sought: one measure at least");
	for (size_t i = 0; i < check->request->n_measures; i++) {
		check_identity(check, i);
		check_preservation(check, i);
		check_period(check, i);
		check_references(check, i);
	}
}
