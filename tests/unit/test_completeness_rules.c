/* Every rule of completeness, broken one at a time. */
#include "tests/unit/requests.h"

static char word[] = "word", nowhere[] = "X9";

static void no_making_authority(struct world *w)  { w->request->making_authority = NULL; }
static void no_proceeding(struct world *w)        { w->request->proceeding->has_type = false; w->request->proceeding->type = 0; }
static void no_subject(struct world *w)           { w->request->proceeding->subject = NULL; }
static void no_conductor(struct world *w)         { w->request->proceeding->conducting_authority->name = NULL; }
static void no_functions(struct world *w)         { w->request->proceeding->conducting_authority->functions = NULL; }
static void blank_facts(struct world *w)          { static char blank[] = " \n"; w->request->facts_summary = blank; }
static void no_persons(struct world *w)           { w->request->n_persons = 0; w->request->measures[0]->n_persons = w->request->measures[1]->n_persons = 0; }
static void no_location(struct world *w)          { w->request->persons[0]->location = NULL; }
static void no_measures(struct world *w)          { w->request->n_measures = 0; w->request->urgency->n_deadlines = 1; w->request->urgency->deadlines[0]->measure = NULL; }
static void no_bases(struct world *w)             { w->request->n_legal_bases = 0; }
static void unnamed_treaty(struct world *w)       { w->request->legal_bases[1]->basis = COMITY__LEGAL_BASIS__VALUE__BILATERAL_TREATY; }
static void no_language(struct world *w)          { w->request->language->request = NULL; }
static void no_signer(struct world *w)            { w->request->signed_ = NULL; }
static void no_signing_time(struct world *w)      { w->request->signed_->signed_at = NULL; }
static void no_contact(struct world *w)           { w->request->contact = NULL; }
static void no_kind(struct world *w)              { w->request->has_kind = false; }
static void renewed(struct world *w)              { w->request->nature = COMITY__REQUEST_NATURE__VALUE__RENEWED; }
static void oral(struct world *w)                 { w->request->nature = COMITY__REQUEST_NATURE__VALUE__CONFIRMATION_OF_ORAL; }
static void draft_mode(struct world *w)           { w->request->transmission_mode = COMITY__TRANSMISSION_MODE__VALUE__CONSULTATION_DRAFT; }
static void no_form(struct world *w)              { w->request->measures[2]->has_form = false; w->request->measures[2]->form = 0; }
static void no_label(struct world *w)             { w->request->measures[2]->id = NULL; w->request->urgency->n_deadlines = 2; }
static void same_label(struct world *w)           { w->request->measures[2]->id = w->request->measures[0]->id; w->request->urgency->n_deadlines = 2; }
static void obtain_order(struct world *w)         { w->request->measures[2]->form = COMITY__ASSISTANCE_FORM__VALUE__CONFISCATION_OBTAIN_ORDER; }
static void enforce_order(struct world *w)        { w->request->measures[2]->form = COMITY__ASSISTANCE_FORM__VALUE__CONFISCATION_ENFORCE_ORDER; }
static void preserve(struct world *w)             { w->request->measures[2]->form = COMITY__ASSISTANCE_FORM__VALUE__DATA_PRESERVATION; }
static void preserve_briefly(struct world *w)     { preserve(w); w->request->measures[2]->has_preserve_for_days = true; w->request->measures[2]->preserve_for_days = 30; }
static void video(struct world *w)                { w->request->measures[2]->form = COMITY__ASSISTANCE_FORM__VALUE__VIDEO_HEARING; }
static void transfer_person(struct world *w)      { w->request->measures[2]->form = COMITY__ASSISTANCE_FORM__VALUE__TEMPORARY_TRANSFER_DETAINEE; }
static void serve(struct world *w)                { w->request->measures[2]->form = COMITY__ASSISTANCE_FORM__VALUE__SERVICE_DOCUMENTS; }
static void bad_period(struct world *w)           { w->request->measures[1]->period->from = word; }
static void turned_period(struct world *w)        { static char late[] = "2026-11-24"; w->request->measures[1]->period->from = late; }
static void turned_hours(struct world *w)
{
	static char from[] = "2026-11-23T10:00:00+03:00", to[] = "2026-11-23T07:59:59+01:00";
	w->request->measures[1]->period->from = from;
	w->request->measures[1]->period->to = to;
}
static void unknown_person(struct world *w)       { w->request->measures[1]->persons[0] = nowhere; }
static void unknown_questions(struct world *w)    { w->request->measures[1]->questions_attached = nowhere; }
static void no_deadline_date(struct world *w)     { w->request->urgency->deadlines[0]->by = NULL; }
static void bad_deadline_date(struct world *w)    { static char by[] = "2027-02-30"; w->request->urgency->deadlines[0]->by = by; }
static void no_deadline_reason(struct world *w)   { w->request->urgency->deadlines[2]->reason = NULL; }
static void unknown_deadline(struct world *w)     { w->request->urgency->deadlines[2]->measure = nowhere; }
static void no_urgency_code(struct world *w)      { w->request->urgency->n_reasons = 0; }
static void no_urgency_date(struct world *w)      { w->request->urgency->n_deadlines = 0; }
static void no_scope(struct world *w)             { w->request->confidentiality->has_scope = false; }
static void no_secret_reason(struct world *w)     { w->request->confidentiality->reason = NULL; }
static void no_secret_until(struct world *w)      { w->request->confidentiality->until = NULL; }
static void a_state_secret(struct world *w)       { w->request->handling_marking = COMITY__HANDLING_MARKING__VALUE__SECRET_NOT_SUPPORTED; }
static void french_by_reason(struct world *w)     { french_letter(w); w->request->language->override_reason = word; }
static void promised_language(struct world *w)    { w->request->language->translation_attached[0] = french; }
static void unlinked(struct world *w)             { w->list[1]->translation_of = NULL; }
static void linked_to_nothing(struct world *w)    { w->list[1]->translation_of = nowhere; }
static void linked_to_itself(struct world *w)     { w->list[1]->translation_of = w->list[1]->id; }
static void same_paper_label(struct world *w)     { w->list[5]->id = w->list[4]->id; w->request->n_attachments = 5; }
static void same_file(struct world *w)            { w->list[6]->sha256 = w->list[0]->sha256; }
static void missing_file(struct world *w)         { w->n = 6; }
static void unknown_assignment(struct world *w)   { static char *ids[] = { nowhere }; w->list[4]->measures = ids; w->list[4]->n_measures = 1; }
static void large_file(struct world *w)           { w->transmission.has_max_attachment_bytes = true; w->transmission.max_attachment_bytes = 5000; w->list[4]->size = 5001; }
static void large_sum(struct world *w)            { w->transmission.has_max_message_bytes = true; w->transmission.max_message_bytes = 6999; }
static void wrapping_sum(struct world *w)         { large_sum(w); w->list[0]->size = w->list[1]->size = UINT64_MAX / 2 + 1; }
static void paper_wanted(struct world *w)         { w->transmission.paper_original_required = true; }
static void no_electronic(struct world *w)        { w->transmission.has_electronic_signature_accepted = true; }
static void other_state(struct world *w)          { static char state[] = "XQQ"; w->profile.state = state; }
static void other_part(struct world *w)           { w->profile.part = COMITY__DIRECTORY_PART__VALUE__OTHER_COMPETENT_AUTHORITY; }
static void not_covered(struct world *w)
{
	static Comity__RequestKind__Value kinds[] = { COMITY__REQUEST_KIND__VALUE__EXTRADITION };
	static Comity__ActsCovered covered, *list[] = { &covered };
	comity__acts_covered__init(&covered);
	covered.kinds = kinds;
	covered.n_kinds = 1;
	w->profile.acts_covered = list;
	w->profile.n_acts_covered = 1;
}
static void offence_text(struct world *w)         { w->requirement.offence_text_required = true; w->list[4]->role = COMITY__ATTACHMENT_ROLE__VALUE__EXHIBIT; }
static void no_reciprocity(struct world *w)       { w->requirement.reciprocity_assurance_required = true; w->request->undertakings = NULL; }
static void bare_address(struct world *w)
{
	static Comity__Identifier address, *list[] = { &address };
	comity__identifier__init(&address);
	address.has_type = true;
	address.type = COMITY__IDENTIFIER_TYPE__VALUE__IP_V4;
	w->request->measures[1]->identifiers = list;
	w->request->measures[1]->n_identifiers = 1;
}
static void code_of_tomorrow(struct world *w)     { w->request->urgency->reasons[1] = (Comity__UrgencyReason__Value)77; }

#define W SEVERITY_WARN
#define E SEVERITY_ERROR

static const struct {
	void (*breaks)(struct world *);
	enum severity severity;
	const char *code, *path, *article;	/* article NULL: practice */
} rules[] = {
	{ no_kind,             E, "field-missing",        "request.kind", NULL },
	{ no_making_authority, E, "field-missing",        "request.making_authority.name", "UNTOC 18(15)(a)" },
	{ no_proceeding,       E, "field-missing",        "request.proceeding.type", "UNTOC 18(15)(b)" },
	{ no_subject,          E, "field-missing",        "request.proceeding.subject", "UNTOC 18(15)(b)" },
	{ no_conductor,        E, "field-missing",        "request.proceeding.conducting_authority.name", "UNTOC 18(15)(b)" },
	{ no_functions,        E, "field-missing",        "request.proceeding.conducting_authority.functions", "UNTOC 18(15)(b)" },
	{ no_facts,            E, "field-missing",        "request.facts_summary", "UNTOC 18(15)(c)" },
	{ blank_facts,         E, "field-missing",        "request.facts_summary", "UNTOC 18(15)(c)" },
	{ no_measures,         E, "field-missing",        "request.measures", "UNTOC 18(15)(d)" },
	{ no_persons,          W, "field-missing",        "request.persons", "UNTOC 18(15)(e)" },
	{ no_location,         W, "field-missing",        "request.persons[0].location", "UNTOC 18(15)(e)" },
	{ no_bases,            E, "field-missing",        "request.legal_bases", "UNTOC 18(7)" },
	{ unnamed_treaty,      E, "field-missing",        "request.legal_bases[1].title", "UNTOC 18(7)" },
	{ no_language,         E, "field-missing",        "request.language.request", "UNTOC 18(14)" },
	{ no_signer,           E, "field-missing",        "request.signed.by", "UNTOC 18(14)" },
	{ no_signing_time,     E, "field-missing",        "request.signed.signed_at", "UNTOC 18(14)" },
	{ no_contact,          W, "field-missing",        "request.contact", NULL },
	{ renewed,             E, "field-missing",        "request.related", NULL },
	{ oral,                E, "field-missing",        "request.oral_request.made_at", "UNTOC 18(14)" },
	{ draft_mode,          E, "draft",                "request.transmission_mode", NULL },
	{ no_form,             E, "field-missing",        "request.measures[2].form", "UNTOC 18(3)" },
	{ no_label,            E, "field-missing",        "request.measures[2].id", NULL },
	{ same_label,          E, "duplicate-id",         "request.measures[2].id", NULL },
	{ obtain_order,        E, "field-missing",        "request.measures[2].assets", "UNTOC 13(3)(a)" },
	{ obtain_order,        E, "field-missing",        "request.measures[2].statement_of_facts", "UNTOC 13(3)(a)" },
	{ enforce_order,       E, "field-missing",        "request.measures[2]", "UNTOC 13(3)(b)" },
	{ enforce_order,       E, "field-missing",        "request.measures[2].extent_of_execution", "UNTOC 13(3)(b)" },
	{ preserve,            E, "field-missing",        "request.measures[2].custodian", "Budapest Convention 29(2)(d)" },
	{ preserve,            E, "field-missing",        "request.measures[2].necessity", "Budapest Convention 29(2)(e)" },
	{ preserve,            E, "field-missing",        "request.measures[2]", "Budapest Convention 29(2)(f)" },
	{ preserve_briefly,    W, "field-missing",        "request.measures[2].preserve_for_days", "Budapest Convention 29(7)" },
	{ video,               E, "field-missing",        "request.measures[2].reason_no_personal_attendance", "ETS 182 art. 9(3)" },
	{ video,               E, "field-missing",        "request.measures[2]", "ETS 182 art. 9(3)" },
	{ transfer_person,     W, "field-missing",        "request.measures[2].consent_of_person", "UNTOC 18(10)(a)" },
	{ serve,               W, "field-missing",        "request.measures[2]", "ETS 30 art. 7" },
	{ bad_period,          E, "bad-date",             "request.measures[1].period.from", NULL },
	{ turned_period,       E, "period-order",         "request.measures[1].period", NULL },
	{ turned_hours,        E, "period-order",         "request.measures[1].period", NULL },
	{ unknown_person,      E, "reference",            "request.measures[1].persons[0]", NULL },
	{ unknown_questions,   E, "reference",            "request.measures[1].questions_attached", NULL },
	{ bare_address,        W, "imprecise",            "request.measures[1].identifiers[0]", NULL },
	{ no_deadline_date,    E, "field-missing",        "request.urgency.deadlines[0].by", "UNTOC 18(24)" },
	{ bad_deadline_date,   E, "bad-date",             "request.urgency.deadlines[0].by", "UNTOC 18(24)" },
	{ no_deadline_reason,  E, "deadline-reason",      "request.urgency.deadlines[2].reason", "UNTOC 18(24)" },
	{ unknown_deadline,    E, "reference",            "request.urgency.deadlines[2].measure", NULL },
	{ no_urgency_code,     E, "urgency-reason",       "request.urgency.reasons", "UNTOC 18(24)" },
	{ no_urgency_date,     E, "urgency-reason",       "request.urgency.deadlines", "UNTOC 18(24)" },
	{ no_scope,            W, "field-missing",        "request.confidentiality.scope", "UNTOC 18(20)" },
	{ no_secret_reason,    W, "field-missing",        "request.confidentiality.reason", "UNTOC 18(20)" },
	{ no_secret_until,     W, "field-missing",        "request.confidentiality.until", "UNTOC 18(20)" },
	{ a_state_secret,      E, "secret-not-supported", "request.handling_marking", NULL },
	{ french_letter,       E, "language",             "request.language.request", "UNTOC 18(14)" },
	{ french_by_reason,    W, "language",             "request.language.request", "UNTOC 18(14)" },
	{ promised_language,   E, "translation-missing",  "request.language.translation_attached[0]", "UNTOC 18(14)" },
	{ unlinked,            E, "translation-unlinked", "attachments[1].translation_of", "UNTOC 18(14)" },
	{ linked_to_nothing,   E, "translation-unlinked", "attachments[1].translation_of", "UNTOC 18(14)" },
	{ linked_to_itself,    E, "translation-unlinked", "attachments[1].translation_of", "UNTOC 18(14)" },
	{ same_paper_label,    E, "duplicate-id",         "attachments[5].id", NULL },
	{ same_file,           W, "duplicate-attachment", "attachments[6].sha256", NULL },
	{ missing_file,        E, "attachment-missing",   "request.attachments[6]", NULL },
	{ unknown_assignment,  E, "reference",            "attachments[4].measures[0]", NULL },
	{ large_file,          E, "attachment-large",     "attachments[4].size", NULL },
	{ large_sum,           E, "attachment-large",     "attachments", NULL },
	{ wrapping_sum,        E, "attachment-large",     "attachments", NULL },
	{ diplomatic,          E, "channel",              "request.transmission_mode", "UNTOC 18(13)" },
	{ paper_wanted,        W, "channel",              "request.transmission_mode", "UNTOC 18(14)" },
	{ no_electronic,       E, "channel",              "request.transmission_mode", "UNTOC 18(14)" },
	{ other_state,         E, "wrong-addressee",      "request.requested_state", NULL },
	{ other_part,          E, "not-competent",        "request.requested_central_authority", "UNTOC 18(13)" },
	{ not_covered,         E, "not-competent",        "request.kind", "UNTOC 18(13)" },
	{ offence_text,        E, "field-missing",        "request.offences[0].text", NULL },
	{ required_document,   E, "document-missing",     "request.attachments", NULL },
	{ no_reciprocity,      E, "field-missing",        "request.undertakings.reciprocity", NULL },
	{ code_of_tomorrow,    W, "unknown-code",         "request.urgency.reasons[1]", NULL },
};

static const struct problem *problem_of(const struct problems *problems, size_t rule)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *problem = &problems->at[i];
		bool same_article = rules[rule].article ? problem->article && !strcmp(problem->article, rules[rule].article) : !problem->article;
		if (!strcmp(problem->code, rules[rule].code) && !strcmp(problem->path, rules[rule].path) && same_article)
			return problem;
	}
	return NULL;
}

static void each_rule_is_missed_where_it_is_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct world world;
		world_open(&world, "bank-records.yaml");
		rules[i].breaks(&world);
		enum fault fault = check(&world);
		const struct problem *problem = problem_of(&world.problems, i);
		if (!problem) {
			for (size_t p = 0; p < world.problems.n; p++)
				print_error("found: %s %s\n", world.problems.at[p].code, world.problems.at[p].path);
			fail_msg("rule %zu: %s at %s is not found", i, rules[i].code, rules[i].path);
		}
		assert_int_equal(problem->severity, rules[i].severity);
		assert_int_equal(fault, world.problems.errors ? FAULT_INCOMPLETE : OK);
		if (rules[i].severity == SEVERITY_WARN && rules[i].breaks != preserve_briefly)
			assert_int_equal(fault, OK);
		world_close(&world);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_is_missed_where_it_is_broken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
