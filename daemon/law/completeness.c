#include "daemon/law/completeness.h"

#include <stdio.h>
#include <string.h>

#include "daemon/law/completeness_parts.h"
#include "proto/bytes.h"

/* ── what a request must have: 18(15) ──────────────────────────────────────────────────────────── */

#define HAS_TEXT(name, field) \
	static bool name(const Comity__Request *r) { return has_text(r->field); }
#define HAS_TEXT_IN(name, part, field) \
	static bool name(const Comity__Request *r) { return r->part && has_text(r->part->field); }
#define HAS_VALUE(name, field) \
	static bool name(const Comity__Request *r) { return r->has_##field && r->field; }

HAS_VALUE(has_kind, kind)
HAS_VALUE(has_nature, nature)
HAS_TEXT_IN(has_making_authority, making_authority, name)
HAS_TEXT_IN(has_subject, proceeding, subject)
HAS_TEXT(has_purpose, purpose)
HAS_TEXT_IN(has_language, language, request)
HAS_TEXT_IN(has_signer, signed_, by)
HAS_TEXT_IN(has_signing_time, signed_, signed_at)

static const Comity__NamedAuthority *conducting_authority(const Comity__Request *request)
{
	return request->proceeding ? request->proceeding->conducting_authority : NULL;
}

static bool has_proceeding_type(const Comity__Request *request)
{
	return request->proceeding && request->proceeding->type;
}

static bool has_conducting_authority(const Comity__Request *request)
{
	return conducting_authority(request) && has_text(conducting_authority(request)->name);
}

static bool has_functions(const Comity__Request *request)
{
	return conducting_authority(request) && has_text(conducting_authority(request)->functions);
}

static bool is_service_only(const Comity__Request *request)
{
	for (size_t i = 0; i < request->n_measures; i++)
		if (request->measures[i]->form != COMITY__ASSISTANCE_FORM__VALUE__SERVICE_DOCUMENTS)
			return false;
	return request->n_measures;
}

static bool has_facts(const Comity__Request *request)
{
	return has_text(request->facts_summary) || is_service_only(request);
}

static bool has_legal_basis(const Comity__Request *request)
{
	return request->n_legal_bases;
}

static bool has_persons(const Comity__Request *request)
{
	return request->n_persons;
}

static bool has_offences(const Comity__Request *request)
{
	return request->n_offences;
}

static bool has_contact(const Comity__Request *request)
{
	return request->contact && (has_text(request->contact->phone) || has_text(request->contact->email));
}

static const struct must {
	const char *path;
	enum severity severity;
	bool (*present)(const Comity__Request *request);
	const char *article, *message;
} musts[] = {
	{ "request.kind", SEVERITY_ERROR, has_kind, NULL, "say what kind of request it is" },
	{ "request.nature", SEVERITY_ERROR, has_nature, NULL,
		"say whether it is an initial request or what it follows" },
	{ "request.making_authority.name", SEVERITY_ERROR, has_making_authority, "UNTOC 18(15)(a)",
		"name the authority making the request" },
	{ "request.proceeding.type", SEVERITY_ERROR, has_proceeding_type, "UNTOC 18(15)(b)",
		"say the nature of the investigation, prosecution or judicial proceeding" },
	{ "request.proceeding.subject", SEVERITY_ERROR, has_subject, "UNTOC 18(15)(b)",
		"say the subject matter of the investigation, prosecution or judicial proceeding" },
	{ "request.proceeding.conducting_authority.name", SEVERITY_ERROR, has_conducting_authority, "UNTOC 18(15)(b)",
		"name the authority conducting the proceeding" },
	{ "request.proceeding.conducting_authority.functions", SEVERITY_ERROR, has_functions, "UNTOC 18(15)(b)",
		"say the functions of the authority conducting the proceeding" },
	{ "request.facts_summary", SEVERITY_ERROR, has_facts, "UNTOC 18(15)(c)", "summarise the relevant facts" },
	{ "request.persons", SEVERITY_WARN, has_persons, "UNTOC 18(15)(e)",
		"where possible, give identity, location and nationality of any person concerned" },
	{ "request.purpose", SEVERITY_ERROR, has_purpose, "UNTOC 18(15)(f)",
		"say the purpose for which the evidence, information or action is sought" },
	{ "request.language.request", SEVERITY_ERROR, has_language, "UNTOC 18(14)",
		"say which language the request is written in" },
	{ "request.legal_bases", SEVERITY_ERROR, has_legal_basis, "UNTOC 18(7)",
		"invoke a legal basis: one at least" },
	{ "request.offences", SEVERITY_WARN, has_offences, "UNTOC 2(b)", "name the offences with their penalties" },
	{ "request.contact", SEVERITY_WARN, has_contact, NULL, "name a contact with telephone or e-mail" },
	{ "request.signed.by", SEVERITY_ERROR, has_signer, "UNTOC 18(14)", "name the officer who signs" },
	{ "request.signed.signed_at", SEVERITY_ERROR, has_signing_time, "UNTOC 18(14)", "say when it was signed" },
};

static void check_contents(const struct check *check)
{
	for (size_t i = 0; i < ARRAY_LEN(musts); i++)
		if (!musts[i].present(check->request))
			problems_add(check->problems, musts[i].severity, "field-missing", musts[i].article,
				musts[i].path, "%s", musts[i].message);
}

/* ── what belongs together ─────────────────────────────────────────────────────────────────────── */

static void check_nature(const struct check *check)
{
	const Comity__Request *request = check->request;
	if (request->nature == COMITY__REQUEST_NATURE__VALUE__CONFIRMATION_OF_ORAL) {
		if (!request->oral_request || !has_text(request->oral_request->made_at))
			ERROR(check, "field-missing", "UNTOC 18(14)", "request.oral_request.made_at",
				"say when the request was made orally");
		return;
	}
	if (request->nature > COMITY__REQUEST_NATURE__VALUE__INITIAL && !request->n_related)
		ERROR(check, "field-missing", NULL, "request.related",
			"name the earlier request that this one belongs to");
}

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

	check_contents(&check);
	check_mode(&check);
	check_nature(&check);
	check_legal_bases(&check);
	check_persons(&check);
	check_measures(&check);
	check_urgency(&check);
	check_confidentiality(&check);
	check_language(&check);
	check_papers(&check);
	check_addressee(&check);
	check_codes(&check);
	return verdict(problems);
}
