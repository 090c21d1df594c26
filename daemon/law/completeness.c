#include "daemon/law/completeness.h"

#include <stdio.h>
#include <string.h>

#include "daemon/law/completeness_parts.h"
#include "proto/bytes.h"

/* ── what belongs together ─────────────────────────────────────────────────────────────────────── */

static void check_legal_bases(const struct check *check)
{
	for (size_t i = 0; i < check->request->n_legal_bases; i++) {
		const Comity__LegalBasisEntry *entry = check->request->legal_bases[i];
		bool unnamed = entry->basis == COMITY__LEGAL_BASIS__VALUE__BILATERAL_TREATY
			|| entry->basis == COMITY__LEGAL_BASIS__VALUE__OTHER_MULTILATERAL;
		if (!entry->has_basis || !entry->basis)
			ERROR(check, "field-missing", "UNTOC 18(7)",
				place_of("request.legal_bases[%zu].basis", i).text, "say which basis is invoked");
		if (unnamed && !has_text(entry->title))
			ERROR(check, "field-missing", "UNTOC 18(7)",
				place_of("request.legal_bases[%zu].title", i).text, "name the treaty");
	}
}

static void check_persons(const struct check *check)
{
	for (size_t i = 0; i < check->request->n_persons; i++) {
		const Comity__Person *person = check->request->persons[i];
		bool placed = has_text(person->location) || has_text(person->address) || has_text(person->seat)
			|| person->protection;
		if (!has_text(person->name) && !person->protection)
			WARN(check, "field-missing", "UNTOC 18(15)(e)",
				place_of("request.persons[%zu].name", i).text, "the identity is not given");
		if (!placed)
			WARN(check, "field-missing", "UNTOC 18(15)(e)",
				place_of("request.persons[%zu].location", i).text, "the location is not given");
	}
}

static void check_deadline(const struct check *check, const Comity__Deadline *deadline, size_t index)
{
	if (!has_text(deadline->by))
		ERROR(check, "field-missing", "UNTOC 18(24)",
			place_of("request.urgency.deadlines[%zu].by", index).text, "say by when");
	else if (!is_moment(deadline->by))
		ERROR(check, "bad-date", "UNTOC 18(24)", place_of("request.urgency.deadlines[%zu].by", index).text,
			"\"%s\" is neither a date (YYYY-MM-DD) nor a time with offset", deadline->by);
	if (!has_text(deadline->reason))
		ERROR(check, "deadline-reason", "UNTOC 18(24)",
			place_of("request.urgency.deadlines[%zu].reason", index).text,
			"give the reason for the deadline: only then it is taken into account");
	if (has_text(deadline->measure) && !has_measure(check->request, deadline->measure))
		ERROR(check, "reference", NULL, place_of("request.urgency.deadlines[%zu].measure", index).text,
			"no measure of the request is called %s", deadline->measure);
}

static void check_urgency(const struct check *check)
{
	const Comity__UrgencyStatement *urgency = check->request->urgency;
	for (size_t i = 0; urgency && i < urgency->n_deadlines; i++)
		check_deadline(check, urgency->deadlines[i], i);
	if (!urgency || !is_urgent(check->request))
		return;
	if (!urgency->n_reasons)
		ERROR(check, "urgency-reason", "UNTOC 18(24)", "request.urgency.reasons",
			"an urgent request needs a reason code");
	if (!has_text(urgency->text))
		ERROR(check, "urgency-reason", "UNTOC 18(24)", "request.urgency.text",
			"an urgent request says in words why it is urgent");
	if (!urgency->n_deadlines)
		ERROR(check, "urgency-reason", "UNTOC 18(24)", "request.urgency.deadlines",
			"an urgent request names the date that makes it urgent");
}

/* How it is marked drives storage, display and logs; what would need more than that has no place here. */
static void check_marking(const struct check *check)
{
	if (check->request->handling_marking == COMITY__HANDLING_MARKING__VALUE__SECRET_NOT_SUPPORTED)
		ERROR(check, "secret-not-supported", NULL, "request.handling_marking",
			"classified State secrets are not sent over this system: use the channel that both States agreed on for them");
}

static void check_confidentiality(const struct check *check)
{
	const Comity__Confidentiality *confidentiality = check->request->confidentiality;
	if (!confidentiality || !confidentiality->requested)
		return;
	if (!confidentiality->has_scope || !confidentiality->scope)
		WARN(check, "field-missing", "UNTOC 18(20)", "request.confidentiality.scope",
			"say what is to be kept confidential");
	if (!has_text(confidentiality->reason))
		WARN(check, "field-missing", "UNTOC 18(20)", "request.confidentiality.reason",
			"say why, so that it can be weighed");
	if (!has_text(confidentiality->until))
		WARN(check, "field-missing", "UNTOC 18(20)", "request.confidentiality.until",
			"say until when: a date, an event, or further notice");
}

/* ── the whole ─────────────────────────────────────────────────────────────────────────────────── */

static void check_mode(const struct check *check)
{
	if (check->request->transmission_mode == COMITY__TRANSMISSION_MODE__VALUE__CONSULTATION_DRAFT)
		ERROR(check, "draft", NULL, "request.transmission_mode",
			"a draft for consultation is not a request: set it to FORMAL");
}

/* The sentence for the terminal and the log: how many, and the first that stops it. */
static enum fault verdict(const struct problems *problems)
{
	if (problems->memory_exhausted)
		return FAULT_NO_MEMORY;
	if (!problems->errors)
		return OK;
	const struct problem *first = NULL;
	for (size_t i = 0; i < problems->n && !first; i++)
		if (problems->at[i].severity == SEVERITY_ERROR)
			first = &problems->at[i];
	return fault_say(FAULT_INCOMPLETE, "%zu error%s, %zu warning%s; %s: %s",
		problems->errors, problems->errors == 1 ? "" : "s", problems->warnings, problems->warnings == 1 ? "" : "s",
		first ? first->path : "request", first ? first->message : "see the list");
}

/* Some rules compare every item with every other: what is judged is bounded first. */
static bool is_too_long(const struct check *check)
{
	const Comity__Request *request = check->request;
	if (request->n_measures <= ITEMS_MAX && request->n_persons <= ITEMS_MAX && paper_count(check) <= ITEMS_MAX)
		return false;
	ERROR(check, "too-many", NULL, "request",
		"more than %d measures, persons or attachments: make several requests of it", ITEMS_MAX);
	return true;
}

enum fault completeness_check(const Comity__Request *request, const Comity__Attachment *const *attachments, size_t n,
	const Comity__Profile *addressee, struct problems *problems)
{
	struct check check = { request, attachments, n, addressee, problems };
	if (is_too_long(&check))
		return verdict(problems);

	check_needs(&check);
	check_mode(&check);
	check_legal_bases(&check);
	check_persons(&check);
	check_measures(&check);
	check_precision(&check);
	check_urgency(&check);
	check_confidentiality(&check);
	check_marking(&check);
	check_language(&check);
	check_papers(&check);
	check_addressee(&check);
	check_codes(&check);
	return verdict(problems);
}

/* Is it for the daemon to refuse, not for an officer to weigh? */
static bool is_lack(const struct problem *problem)
{
	static const char *const lacks[] = { "too-many", "channel", "attachment-large" };
	bool found = problem->article && !strcmp(problem->code, "field-missing");
	for (size_t i = 0; i < ARRAY_LEN(lacks); i++)
		found = found || !strcmp(problem->code, lacks[i]);
	return found && problem->severity == SEVERITY_ERROR;
}

static const struct problem *find_lack(const struct problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		if (is_lack(&problems->at[i]))
			return &problems->at[i];
	return NULL;
}

enum fault completeness_check_received(const Comity__Request *request, const Comity__Attachment *const *attachments, size_t n,
	const Comity__Profile *own)
{
	struct problems problems = { 0 };
	enum fault fault = completeness_check(request, attachments, n, own, &problems);
	const struct problem *lack = fault == FAULT_INCOMPLETE ? find_lack(&problems) : NULL;
	if (lack)
		fault = fault_say(FAULT_INCOMPLETE, "%s: %s (%s)", lack->path, lack->message, lack->article ? lack->article : lack->code);
	else if (fault == FAULT_INCOMPLETE)
		fault = OK;
	problems_clear(&problems);
	return fault;
}
