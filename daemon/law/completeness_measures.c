#include <string.h>

#include "daemon/law/completeness_parts.h"
#include "proto/bytes.h"

#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name
#define MEASURE_PLACE(index, field) place_of("request.measures[%zu]" field, index)

/* ── what each form of assistance asks for ─────────────────────────────────────────────────────── */

static bool describes(const struct check *check, const Comity__Measure *measure)
{
	(void)check;	/* preservation is described by data, custodian and identifiers: Budapest Convention 29(2) */
	return has_text(measure->description) || measure->form == FORM(DATA_PRESERVATION);
}

static bool has_actions(const struct check *check, const Comity__Measure *measure)
{
	(void)check;
	return has_text(measure->actions_requested);
}

static bool has_statement(const struct check *check, const Comity__Measure *measure)
{
	(void)check;
	return has_text(measure->statement_of_facts);
}

static bool has_property(const struct check *check, const Comity__Measure *measure)
{
	(void)check;
	for (size_t i = 0; i < measure->n_assets; i++)
		if (has_text(measure->assets[i]->description) || measure->assets[i]->identifier)
			return true;
	return false;
}

static bool has_order(const struct check *check, const Comity__Measure *measure)
{
	(void)measure;
	return has_paper_of(check, COMITY__ATTACHMENT_ROLE__VALUE__CONFISCATION_ORDER);
}

static bool has_extent(const struct check *check, const Comity__Measure *measure)
{
	(void)check;
	return has_text(measure->extent_of_execution);
}

static bool has_data_types(const struct check *check, const Comity__Measure *measure)
{
	(void)check;
	return measure->n_data_types || has_text(measure->description);
}

static bool has_custodian(const struct check *check, const Comity__Measure *measure)
{
	(void)check;
	return has_text(measure->custodian) || measure->n_identifiers;
}

static bool has_necessity(const struct check *check, const Comity__Measure *measure)
{
	(void)check;
	return has_text(measure->necessity);
}

static bool has_intention(const struct check *check, const Comity__Measure *measure)
{
	(void)measure;
	return check->request->intention_to_submit_mla_request;
}

static bool has_offence(const struct check *check, const Comity__Measure *measure)
{
	(void)measure;
	return check->request->n_offences;
}

static bool keeps_sixty_days(const struct check *check, const Comity__Measure *measure)
{
	(void)check;
	return !measure->has_preserve_for_days || measure->preserve_for_days >= 60;
}

static bool has_reason_for_link(const struct check *check, const Comity__Measure *measure)
{
	(void)check;
	return has_text(measure->reason_no_personal_attendance);
}

static bool has_persons_conducting(const struct check *check, const Comity__Measure *measure)
{
	(void)measure;
	const Comity__Proceeding *proceeding = check->request->proceeding;
	return proceeding && proceeding->conducting_authority
		&& proceeding->conducting_authority->n_persons_conducting;
}

static bool has_consent(const struct check *check, const Comity__Measure *measure)
{
	return measure->consent_of_person || has_paper_of(check, COMITY__ATTACHMENT_ROLE__VALUE__CONSENT_DECLARATION);
}

static bool has_document_to_serve(const struct check *check, const Comity__Measure *measure)
{
	(void)measure;
	return has_paper_of(check, COMITY__ATTACHMENT_ROLE__VALUE__DOCUMENT_TO_BE_SERVED);
}

static const struct need {
	Comity__AssistanceForm__Value form;	/* UNSPECIFIED: every form */
	enum severity severity;
	const char *field;
	bool (*met)(const struct check *check, const Comity__Measure *measure);
	const char *article, *message;
} needs[] = {
	{ FORM(UNSPECIFIED), SEVERITY_ERROR, ".description", describes, "UNTOC 18(15)(d)",
		"describe the assistance that is sought" },
	{ FORM(FREEZING), SEVERITY_ERROR, ".actions_requested", has_actions, "UNTOC 13(3)(c)",
		"describe the actions requested: what is to be frozen, what reported, who heard before"
		" it is lifted" },
	{ FORM(CONFISCATION_OBTAIN_ORDER), SEVERITY_ERROR, ".assets", has_property, "UNTOC 13(3)(a)",
		"describe the property to be confiscated" },
	{ FORM(CONFISCATION_OBTAIN_ORDER), SEVERITY_ERROR, ".statement_of_facts", has_statement, "UNTOC 13(3)(a)",
		"state the facts so that an order can be sought under the other State's law" },
	{ FORM(CONFISCATION_ENFORCE_ORDER), SEVERITY_ERROR, "", has_order, "UNTOC 13(3)(b)",
		"attach a legally admissible copy of the confiscation order (role CONFISCATION_ORDER)" },
	{ FORM(CONFISCATION_ENFORCE_ORDER), SEVERITY_ERROR, ".statement_of_facts", has_statement,
		"UNTOC 13(3)(b)", "state the facts" },
	{ FORM(CONFISCATION_ENFORCE_ORDER), SEVERITY_ERROR, ".extent_of_execution", has_extent, "UNTOC 13(3)(b)",
		"say to what extent the order is to be executed" },
	{ FORM(DATA_PRESERVATION), SEVERITY_ERROR, "", has_offence, "Budapest Convention 29(2)(b)",
		"name the offence (request.offences)" },
	{ FORM(DATA_PRESERVATION), SEVERITY_ERROR, ".data_types", has_data_types,
		"Budapest Convention 29(2)(c)", "say which data are to be preserved" },
	{ FORM(DATA_PRESERVATION), SEVERITY_ERROR, ".custodian", has_custodian, "Budapest Convention 29(2)(d)",
		"say who holds the data, or by which identifiers they are found" },
	{ FORM(DATA_PRESERVATION), SEVERITY_ERROR, ".necessity", has_necessity, "Budapest Convention 29(2)(e)",
		"say why preservation is necessary" },
	{ FORM(DATA_PRESERVATION), SEVERITY_ERROR, "", has_intention, "Budapest Convention 29(2)(f)",
		"say that a request for the data will follow (request.intention_to_submit_mla_request)" },
	{ FORM(DATA_PRESERVATION), SEVERITY_WARN, ".preserve_for_days", keeps_sixty_days, "Budapest Convention 29(7)",
		"preservation is for at least 60 days" },
	{ FORM(VIDEO_HEARING), SEVERITY_ERROR, ".reason_no_personal_attendance", has_reason_for_link,
		"ETS 182 art. 9(3)",
		"say why it is not desirable or possible to attend in person" },
	{ FORM(VIDEO_HEARING), SEVERITY_ERROR, "", has_persons_conducting, "ETS 182 art. 9(3)",
		"name who will conduct the hearing (request.proceeding.conducting_authority.persons_conducting)" },
	{ FORM(TEMPORARY_TRANSFER_DETAINEE), SEVERITY_WARN, ".consent_of_person", has_consent, "UNTOC 18(10)(a)",
		"the person's free and informed consent is needed" },
	{ FORM(SERVICE_DOCUMENTS), SEVERITY_WARN, "", has_document_to_serve, "ETS 30 art. 7",
		"attach the document to be served (role DOCUMENT_TO_BE_SERVED)" },
};

static void check_needs(const struct check *check, size_t index)
{
	const Comity__Measure *measure = check->request->measures[index];
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		const struct need *need = &needs[i];
		if ((!need->form || need->form == measure->form) && !need->met(check, measure))
			problems_add(check->problems, need->severity, "field-missing", need->article,
				place_of("request.measures[%zu]%s", index, need->field).text, "%s", need->message);
	}
}

/* ── what holds for all of them ────────────────────────────────────────────────────────────────── */

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

/* An IP address is shared by many, and by others an hour later. */
static void check_addresses(const struct check *check, size_t index)
{
	const Comity__Measure *measure = check->request->measures[index];
	for (size_t i = 0; i < measure->n_identifiers; i++) {
		const Comity__Identifier *identifier = measure->identifiers[i];
		bool address = identifier->type == COMITY__IDENTIFIER_TYPE__VALUE__IP_V4
			|| identifier->type == COMITY__IDENTIFIER_TYPE__VALUE__IP_V6;
		if (address && (!has_text(identifier->seen_at) || !identifier->has_port))
			WARN(check, "imprecise", NULL, place_of("request.measures[%zu].identifiers[%zu]", index, i).text,
				"an IP address identifies nobody without its port and the time it was seen");
	}
}

void check_measures(const struct check *check)
{
	if (!check->request->n_measures)
		ERROR(check, "field-missing", "UNTOC 18(15)(d)", "request.measures",
			"say which assistance is sought: one measure at least");
	for (size_t i = 0; i < check->request->n_measures; i++) {
		check_identity(check, i);
		check_needs(check, i);
		check_period(check, i);
		check_references(check, i);
		check_addresses(check, i);
	}
}
