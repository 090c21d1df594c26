/* The life of a request: daemon/acts, statuses, preconditions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/statuses.h"
#include "proto/bytes.h"

#define S(name) COMITY__REQUEST_STATUS__VALUE__##name
#define M(name) COMITY__MEASURE_STATUS__VALUE__##name
#define KIND(name) COMITY__ACT__KIND_##name

enum { STATUSES = S(ABANDONED) + 1 };

static const struct transition *rows(size_t *n)
{
	return statuses_table(n);
}

/* ── the table ─────────────────────────────────────────────────────────────────────────────────── */

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

/* ── judging ───────────────────────────────────────────────────────────────────────────────────── */

/* One act of every kind, well enough filled that its preconditions hold. */
struct acts {
	Comity__Request request, draft;
	Comity__Contact contact;
	Comity__Question question, *questions[1];
	Comity__Answer answer, *answers[1];
	Comity__MeasureReport report, *reports[1];
	Comity__RefusalGround__Value ground;
	union {
		ProtobufCMessage base;
		Comity__ConsultationDraft consultation_draft;
		Comity__Receipt receipt;
		Comity__Acknowledgement acknowledgement;
		Comity__Redirect redirect;
		Comity__AdditionalInfoRequest additional_info_request;
		Comity__AdditionalInfo additional_info;
		Comity__StatusUpdate status_update;
		Comity__Consultation consultation;
		Comity__ConsultationClosed consultation_closed;
		Comity__Decision decision;
		Comity__TransferNotice transfer_notice;
		Comity__ExecutionResult execution_result;
		Comity__NonExecution non_execution;
		Comity__Withdrawal withdrawal;
		Comity__Closure closure;
		char room[512];
	} body;
	Comity__Act act;
};

static char word[] = "word", day[] = "2027-01-15", m1[] = "M1";

static const ProtobufCMessageDescriptor *type_of(act_kind kind)
{
	const ProtobufCMessageDescriptor *act = &comity__act__descriptor;
	for (unsigned i = 0; i < act->n_fields; i++)
		if (act->fields[i].id == (uint32_t)kind)
			return act->fields[i].descriptor;
	return NULL;
}

static void fill_decision(struct acts *acts, request_status to)
{
	Comity__Decision *decision = &acts->body.decision;
	decision->has_status = true;
	decision->status = to;
	decision->reasons = word;
	decision->review_on = day;
	decision->reply_period_ended_on = day;
	decision->has_postponement_ground = true;
	decision->postponement_ground = COMITY__POSTPONEMENT_GROUND__VALUE__ONGOING_INVESTIGATION;
	acts->ground = COMITY__REFUSAL_GROUND__VALUE__NE_BIS_IN_IDEM;
	decision->n_refusal_grounds = 1;
	decision->refusal_grounds = &acts->ground;
	if (to != S(PARTIALLY_REFUSED))
		return;
	comity__measure_report__init(&acts->report);
	acts->report.measure = m1;
	acts->report.has_status = acts->report.has_refusal_ground = true;
	acts->report.status = M(REFUSED);
	acts->report.refusal_ground = acts->ground;
	acts->report.reasons = word;
	acts->reports[0] = &acts->report;
	decision->n_measures = 1;
	decision->measures = acts->reports;
}

static void fill_questions(struct acts *acts)
{
	comity__question__init(&acts->question);
	acts->question.text = word;
	acts->questions[0] = &acts->question;
	acts->body.additional_info_request.n_questions = 1;
	acts->body.additional_info_request.questions = acts->questions;
}

static void fill_answers(struct acts *acts, request_status to)
{
	comity__answer__init(&acts->answer);
	acts->answer.number = 1;
	acts->answer.has_number = true;
	acts->answer.text = word;
	acts->answers[0] = &acts->answer;
	acts->body.additional_info.n_answers = 1;
	acts->body.additional_info.answers = acts->answers;
	acts->body.additional_info.has_status = to;
	acts->body.additional_info.status = to;
}

static void fill_closure(struct acts *acts)
{
	acts->body.closure.has_outcome = true;
	acts->body.closure.outcome = COMITY__OUTCOME__VALUE__NO_RESPONSE;
	acts->body.closure.notice_period_ended_on = day;
}

static const Comity__Act *act_of(struct acts *acts, act_kind kind, request_status to)
{
	memset(acts, 0, sizeof *acts);
	comity__act__init(&acts->act);
	comity__request__init(&acts->request);
	comity__contact__init(&acts->contact);
	acts->contact.officer = acts->contact.phone = word;
	acts->act.kind_case = kind;
	acts->act.request = &acts->request;
	if (kind == KIND(REQUEST))
		return &acts->act;

	const ProtobufCMessageDescriptor *type = type_of(kind);
	assert_non_null(type);
	assert_true(type->sizeof_message <= sizeof acts->body);
	type->message_init(&acts->body.base);
	acts->act.receipt = &acts->body.receipt;
	switch (kind) {
	case KIND(CONSULTATION_DRAFT):      acts->body.consultation_draft.draft = &acts->request; break;
	case KIND(RECEIPT):                 acts->body.receipt.requested_reference = word; break;
	case KIND(ACKNOWLEDGEMENT):         acts->body.acknowledgement.contact = &acts->contact; break;
	case KIND(REDIRECT):                acts->body.redirect.has_reason = true;
		acts->body.redirect.reason = COMITY__REDIRECT_REASON__VALUE__WRONG_STATE; break;
	case KIND(ADDITIONAL_INFO_REQUEST): fill_questions(acts); break;
	case KIND(ADDITIONAL_INFO):         fill_answers(acts, to); break;
	case KIND(STATUS_UPDATE):           acts->body.status_update.has_status = to; acts->body.status_update.status = to; break;
	case KIND(CONSULTATION):            acts->body.consultation.has_subject = true; acts->body.consultation.position = word;
		acts->body.consultation.subject = COMITY__CONSULTATION_SUBJECT__VALUE__REFUSAL; break;
	case KIND(CONSULTATION_CLOSED):     acts->body.consultation_closed.has_status = to; acts->body.consultation_closed.status = to; break;
	case KIND(DECISION):                fill_decision(acts, to); break;
	case KIND(TRANSFER_NOTICE):         acts->body.transfer_notice.competent_authority = word; break;
	case KIND(EXECUTION_RESULT):        acts->body.execution_result.has_status = to; acts->body.execution_result.status = to;
		acts->body.execution_result.record_of_execution = word;
		comity__measure_report__init(&acts->report); acts->report.measure = m1; acts->reports[0] = &acts->report;
		acts->body.execution_result.n_measures = 1; acts->body.execution_result.measures = acts->reports; break;
	case KIND(NON_EXECUTION):           acts->body.non_execution.has_cause = true;
		acts->body.non_execution.cause = COMITY__NON_EXECUTION_CAUSE__VALUE__PERSON_NOT_FOUND; break;
	case KIND(WITHDRAWAL):              acts->body.withdrawal.reason = word; break;
	case KIND(CLOSURE):                 fill_closure(acts); break;
	default: break;
	}
	return &acts->act;
}

/* A case as both sides agree on it; resumes is where it goes on, if it is that kind of status. */
static struct case_view view_at(request_status status, request_status resumes)
{
	return (struct case_view){ .reference = "GR-2026-000017", .our_side = SIDE_REQUESTED, .kind = COMITY__REQUEST_KIND__VALUE__MLA,
		.status = status, .resume_to = resumes, .deficient = true };
}

static void every_row_can_be_walked(void **state)
{
	(void)state;
	size_t n;
	const struct transition *row = rows(&n);
	for (size_t i = 0; i < n; i++) {
		struct acts acts;
		struct step step;
		enum side writer = row[i].side & SIDE_REQUESTED ? SIDE_REQUESTED : SIDE_REQUESTING;
		bool resumes = row[i].act == KIND(ADDITIONAL_INFO) || row[i].act == KIND(CONSULTATION_CLOSED);
		struct case_view view = view_at(row[i].from, resumes ? row[i].to : S(UNSPECIFIED));
		view.our_side = writer;
		enum fault fault = statuses_judge(&view, act_of(&acts, row[i].act, row[i].to), writer, &step);
		if (fault)
			fail_msg("%s -> %s: %s", status_name(row[i].from), status_name(row[i].to), fault_detail(fault));
		assert_int_equal(step.status, row[i].to);
		assert_ptr_equal(step.row, &row[i]);
	}
}

/* Every pair of statuses that the table does not join, by every act that could name the second. */
static void every_pair_that_is_not_in_the_table_is_refused(void **state)
{
	(void)state;
	size_t n, refused = 0;
	const struct transition *row = rows(&n);
	for (int from = 0; from < STATUSES; from++)
		for (size_t i = 0; i < n; i++) {
			enum side writer = row[i].side & SIDE_REQUESTED ? SIDE_REQUESTED : SIDE_REQUESTING;
			if (from == (int)row[i].to || statuses_find(COMITY__REQUEST_KIND__VALUE__MLA, (request_status)from, row[i].act, row[i].to, writer))
				continue;
			struct acts acts;
			struct step step;
			struct case_view view = view_at((request_status)from, S(UNSPECIFIED));
			view.our_side = writer;
			enum fault fault = statuses_judge(&view, act_of(&acts, row[i].act, row[i].to), writer, &step);
			assert_true(fault == FAULT_STATUS_TRANSITION || fault == FAULT_WRONG_SIDE);
			assert_false(step.changes);
			assert_int_equal(step.status, from);
			refused++;
		}
	assert_true(refused > 1000);
}

static void no_side_writes_for_the_other(void **state)
{
	(void)state;
	size_t n;
	const struct transition *row = rows(&n);
	for (size_t i = 0; i < n; i++) {
		if (row[i].side == SIDE_BOTH)
			continue;
		struct acts acts;
		struct step step;
		struct case_view view = view_at(row[i].from, S(UNSPECIFIED));
		view.our_side = SIDE_BOTH ^ row[i].side;
		bool remark = row[i].act == KIND(CONSULTATION);	/* the requesting side may open one: it changes nothing */
		enum fault fault = statuses_judge(&view, act_of(&acts, row[i].act, row[i].to), view.our_side, &step);
		assert_int_equal(fault, remark ? OK : FAULT_WRONG_SIDE);
		assert_false(step.changes);
	}
}

static void the_sentence_names_what_is_allowed(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(RECEIVED), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(EXECUTION_RESULT), S(EXECUTED)), SIDE_REQUESTED, &step),
		FAULT_STATUS_TRANSITION);
	assert_string_equal(fault_detail(FAULT_STATUS_TRANSITION),
		"GR-2026-000017 is \"received\"; it cannot become \"executed\"; allowed now: acknowledged, redirected");

	view = view_at(S(CLOSED), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(RECEIPT), S(RECEIVED)), SIDE_REQUESTED, &step), FAULT_STATUS_TRANSITION);
	assert_non_null(strstr(fault_detail(FAULT_STATUS_TRANSITION), "allowed now: nothing"));
}

static void a_case_goes_on_where_it_stood(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(IN_EXECUTION), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(ADDITIONAL_INFO_REQUEST), 0), SIDE_REQUESTED, &step), OK);
	assert_int_equal(step.status, S(INFO_REQUESTED));
	assert_int_equal(step.resume_to, S(IN_EXECUTION));

	view = view_at(step.status, step.resume_to);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(ADDITIONAL_INFO), S(UNDER_REVIEW)), SIDE_REQUESTING, &step), FAULT_INCOMPLETE);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(ADDITIONAL_INFO), S(UNSPECIFIED)), SIDE_REQUESTING, &step), OK);
	assert_int_equal(step.status, S(IN_EXECUTION));
	assert_int_equal(step.resume_to, S(UNSPECIFIED));

	request_status allowed[4];
	assert_int_equal(statuses_allowed(&view, SIDE_REQUESTING, allowed, 4), 2);
	assert_int_equal(allowed[0], S(IN_EXECUTION));
	assert_int_equal(allowed[1], S(WITHDRAWN));
}

static void a_draft_begins_a_case_only_when_it_comes_from_the_other_side(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(UNSPECIFIED), S(UNSPECIFIED));
	const Comity__Act *request = act_of(&acts, KIND(REQUEST), 0);
	assert_int_equal(statuses_judge(&view, request, SIDE_REQUESTING, &step), OK);
	assert_int_equal(step.status, S(SENT));
	view.our_side = SIDE_REQUESTING;
	assert_int_equal(statuses_judge(&view, request, SIDE_REQUESTING, &step), FAULT_STATUS_TRANSITION);
}

/* ── crossing ──────────────────────────────────────────────────────────────────────────────────── */

static void a_withdrawal_that_comes_too_late_is_noted(void **state)
{
	(void)state;
	static const request_status ended[] = { S(EXECUTED), S(REFUSED), S(NOT_EXECUTABLE), S(REDIRECTED), S(CLOSED) };
	for (size_t i = 0; i < ARRAY_LEN(ended); i++) {
		struct acts acts;
		struct step step;
		struct case_view view = view_at(ended[i], S(UNSPECIFIED));
		const Comity__Act *withdrawal = act_of(&acts, KIND(WITHDRAWAL), 0);
		assert_int_equal(statuses_judge(&view, withdrawal, SIDE_REQUESTING, &step), OK);
		assert_false(step.changes);
		assert_int_equal(step.status, ended[i]);
		view.our_side = SIDE_REQUESTING;	/* who knows that it is over does not withdraw it */
		assert_int_equal(statuses_judge(&view, withdrawal, SIDE_REQUESTING, &step), FAULT_STATUS_TRANSITION);
	}
}

/* What the requested side wrote before it saw the withdrawal is followed in the background; in the end both
 * sides hold the same status. */
static void both_sides_agree_after_a_crossing(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view ours = { .our_side = SIDE_REQUESTING, .kind = COMITY__REQUEST_KIND__VALUE__MLA, .status = S(TRANSFERRED) };
	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(WITHDRAWAL), 0), SIDE_REQUESTING, &step), OK);
	ours.status = step.status;
	ours.resume_to = step.resume_to;
	assert_int_equal(ours.resume_to, S(TRANSFERRED));

	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(STATUS_UPDATE), S(IN_EXECUTION)), SIDE_REQUESTED, &step), OK);
	assert_int_equal(step.status, S(WITHDRAWN));
	assert_int_equal(step.resume_to, S(IN_EXECUTION));
	ours.resume_to = step.resume_to;

	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(EXECUTION_RESULT), S(EXECUTED)), SIDE_REQUESTED, &step), OK);
	assert_int_equal(step.status, S(EXECUTED));
	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(ACKNOWLEDGEMENT), 0), SIDE_REQUESTED, &step), FAULT_STATUS_TRANSITION);
	assert_int_equal(step.status, S(WITHDRAWN));
}

static void an_answer_and_a_closure_for_silence_may_cross(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view ours = { .our_side = SIDE_REQUESTING, .kind = COMITY__REQUEST_KIND__VALUE__MLA, .status = S(UNDER_REVIEW) };
	assert_int_equal(statuses_judge(&ours, act_of(&acts, KIND(CLOSURE), 0), SIDE_REQUESTED, &step), OK);
	assert_int_equal(step.status, S(CLOSED));

	struct case_view theirs = view_at(S(CLOSED), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&theirs, act_of(&acts, KIND(ADDITIONAL_INFO), S(UNDER_REVIEW)), SIDE_REQUESTING, &step), OK);
	assert_false(step.changes);
	assert_int_equal(statuses_judge(&theirs, act_of(&acts, KIND(CLOSURE), 0), SIDE_REQUESTING, &step), OK);
	assert_false(step.changes);
}

/* ── preconditions ─────────────────────────────────────────────────────────────────────────────── */

static void spoil_receipt(struct acts *acts)         { acts->body.receipt.requested_reference = NULL; }
static void spoil_contact(struct acts *acts)         { acts->contact.phone = NULL; }
static void spoil_redirect(struct acts *acts)        { acts->body.redirect.reason = 0; }
static void spoil_channel(struct acts *acts)         { acts->body.redirect.reason = COMITY__REDIRECT_REASON__VALUE__USE_OTHER_CHANNEL; }
static void spoil_questions(struct acts *acts)       { acts->body.additional_info_request.n_questions = 0; }
static void spoil_question(struct acts *acts)        { acts->question.text = NULL; }
static void spoil_answers(struct acts *acts)         { acts->body.additional_info.n_answers = 0; }
static void spoil_subject(struct acts *acts)         { acts->body.consultation.has_subject = false; }
static void spoil_position(struct acts *acts)        { acts->body.consultation.position = NULL; }
static void spoil_hearing(struct acts *acts)         { acts->body.decision.reply_period_ended_on = NULL; }
static void spoil_grounds(struct acts *acts)         { acts->body.decision.n_refusal_grounds = 0; }
static void spoil_reasons(struct acts *acts)         { acts->body.decision.reasons = NULL; }
static void spoil_fiscal(struct acts *acts)          { acts->ground = COMITY__REFUSAL_GROUND__VALUE__FISCAL_OFFENCE; }
static void spoil_postponement(struct acts *acts)    { acts->body.decision.has_postponement_ground = false; }
static void spoil_review(struct acts *acts)          { acts->body.decision.review_on = NULL; }
static void spoil_measure_reasons(struct acts *acts) { acts->report.reasons = NULL; }
static void spoil_measure_ground(struct acts *acts)  { acts->report.has_refusal_ground = false; }
static void spoil_refused(struct acts *acts)         { acts->body.decision.n_measures = 0; }
static void spoil_authority(struct acts *acts)       { acts->body.transfer_notice.competent_authority = NULL; }
static void spoil_cause(struct acts *acts)           { acts->body.non_execution.has_cause = false; }
static void spoil_record(struct acts *acts)          { acts->body.execution_result.record_of_execution = NULL; }
static void spoil_results(struct acts *acts)         { acts->body.execution_result.n_measures = 0; }
static void spoil_withdrawal(struct acts *acts)      { acts->body.withdrawal.reason = NULL; }
static void spoil_notice(struct acts *acts)          { acts->body.closure.notice_period_ended_on = NULL; }
static void spoil_outcome(struct acts *acts)         { acts->body.closure.has_outcome = false; }
static void spoil_draft(struct acts *acts)
{
	acts->request.has_transmission_mode = true;
	acts->request.transmission_mode = COMITY__TRANSMISSION_MODE__VALUE__FORMAL;
}

static const struct {
	request_status from, to;
	act_kind act;
	enum side writer;
	void (*spoil)(struct acts *);
	const char *says;
} incomplete[] = {
	{ S(DRAFT),          S(IN_CONSULTATION),    KIND(CONSULTATION_DRAFT),      SIDE_REQUESTING, spoil_draft,          "34(6)" },
	{ S(SENT),           S(RECEIVED),           KIND(RECEIPT),                 SIDE_REQUESTED,  spoil_receipt,        "requested_reference" },
	{ S(RECEIVED),       S(ACKNOWLEDGED),       KIND(ACKNOWLEDGEMENT),         SIDE_REQUESTED,  spoil_contact,        "contact" },
	{ S(RECEIVED),       S(REDIRECTED),         KIND(REDIRECT),                SIDE_REQUESTED,  spoil_redirect,       "18(13)" },
	{ S(RECEIVED),       S(REDIRECTED),         KIND(REDIRECT),                SIDE_REQUESTED,  spoil_channel,        "channel" },
	{ S(UNDER_REVIEW),   S(INFO_REQUESTED),     KIND(ADDITIONAL_INFO_REQUEST), SIDE_REQUESTED,  spoil_questions,      "18(16)" },
	{ S(UNDER_REVIEW),   S(INFO_REQUESTED),     KIND(ADDITIONAL_INFO_REQUEST), SIDE_REQUESTED,  spoil_question,       "question 1" },
	{ S(INFO_REQUESTED), S(UNDER_REVIEW),       KIND(ADDITIONAL_INFO),         SIDE_REQUESTING, spoil_answers,        "18(16)" },
	{ S(UNDER_REVIEW),   S(CONSULTING),         KIND(CONSULTATION),            SIDE_REQUESTED,  spoil_subject,        "18(26)" },
	{ S(UNDER_REVIEW),   S(CONSULTING),         KIND(CONSULTATION),            SIDE_REQUESTED,  spoil_position,       "18(26)" },
	{ S(CONSULTING),     S(REFUSED),            KIND(DECISION),                SIDE_REQUESTED,  spoil_hearing,        "18(26)" },
	{ S(CONSULTING),     S(REFUSED),            KIND(DECISION),                SIDE_REQUESTED,  spoil_grounds,        "18(21)" },
	{ S(CONSULTING),     S(REFUSED),            KIND(DECISION),                SIDE_REQUESTED,  spoil_reasons,        "18(23)" },
	{ S(CONSULTING),     S(REFUSED),            KIND(DECISION),                SIDE_REQUESTED,  spoil_fiscal,         "18(22)" },
	{ S(CONSULTING),     S(POSTPONED),          KIND(DECISION),                SIDE_REQUESTED,  spoil_hearing,        "18(26)" },
	{ S(CONSULTING),     S(POSTPONED),          KIND(DECISION),                SIDE_REQUESTED,  spoil_postponement,   "18(25)" },
	{ S(CONSULTING),     S(POSTPONED),          KIND(DECISION),                SIDE_REQUESTED,  spoil_reasons,        "7(3)" },
	{ S(CONSULTING),     S(POSTPONED),          KIND(DECISION),                SIDE_REQUESTED,  spoil_review,         "18(25)" },
	{ S(CONSULTING),     S(PARTIALLY_REFUSED),  KIND(DECISION),                SIDE_REQUESTED,  spoil_measure_reasons, "18(23)" },
	{ S(CONSULTING),     S(PARTIALLY_REFUSED),  KIND(DECISION),                SIDE_REQUESTED,  spoil_measure_ground, "18(21)" },
	{ S(CONSULTING),     S(PARTIALLY_REFUSED),  KIND(DECISION),                SIDE_REQUESTED,  spoil_refused,        "18(21)" },
	{ S(ACCEPTED),       S(TRANSFERRED),        KIND(TRANSFER_NOTICE),         SIDE_REQUESTED,  spoil_authority,      "18(13)" },
	{ S(UNDER_REVIEW),   S(NOT_EXECUTABLE),     KIND(NON_EXECUTION),           SIDE_REQUESTED,  spoil_cause,          "27(7)" },
	{ S(IN_EXECUTION),   S(EXECUTED),           KIND(EXECUTION_RESULT),        SIDE_REQUESTED,  spoil_record,         "record" },
	{ S(IN_EXECUTION),   S(PARTIALLY_EXECUTED), KIND(EXECUTION_RESULT),        SIDE_REQUESTED,  spoil_results,        "no result" },
	{ S(ACCEPTED),       S(WITHDRAWN),          KIND(WITHDRAWAL),              SIDE_REQUESTING, spoil_withdrawal,     "18(24)" },
	{ S(EXECUTED),       S(CLOSED),             KIND(CLOSURE),                 SIDE_REQUESTED,  spoil_notice,         "results_complete" },
	{ S(INFO_REQUESTED), S(CLOSED),             KIND(CLOSURE),                 SIDE_REQUESTED,  spoil_outcome,        "NO_RESPONSE" },
};

static void what_the_law_wants_said_is_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(incomplete); i++) {
		struct acts acts;
		struct step step;
		struct case_view view = view_at(incomplete[i].from, S(UNSPECIFIED));
		view.our_side = incomplete[i].writer;
		view.fiscal_alone_barred = true;
		const Comity__Act *act = act_of(&acts, incomplete[i].act, incomplete[i].to);
		assert_int_equal(statuses_judge(&view, act, incomplete[i].writer, &step), OK);
		incomplete[i].spoil(&acts);
		if (statuses_judge(&view, act, incomplete[i].writer, &step) != FAULT_INCOMPLETE)
			fail_msg("%s -> %s is not missed: %s", status_name(incomplete[i].from), status_name(incomplete[i].to), incomplete[i].says);
		if (!strstr(fault_detail(FAULT_INCOMPLETE), incomplete[i].says))
			fail_msg("\"%s\" does not name %s", fault_detail(FAULT_INCOMPLETE), incomplete[i].says);
		assert_false(step.changes);
	}
}

static void confidentiality_is_answered_before_execution(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(ACCEPTED), S(UNSPECIFIED));
	view.confidentiality_open = true;
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(TRANSFER_NOTICE), 0), SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(STATUS_UPDATE), S(IN_EXECUTION)), SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	assert_non_null(strstr(fault_detail(FAULT_INCOMPLETE), "18(20)"));
}

static void preservation_is_refused_on_its_two_grounds_only(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(CONSULTING), S(UNSPECIFIED));
	view.kind = COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION;
	view.budapest = true;
	const Comity__Act *refusal = act_of(&acts, KIND(DECISION), S(REFUSED));
	assert_int_equal(statuses_judge(&view, refusal, SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	acts.ground = COMITY__REFUSAL_GROUND__VALUE__POLITICAL_OFFENCE;
	assert_int_equal(statuses_judge(&view, refusal, SIDE_REQUESTED, &step), OK);
}

static void executed_means_every_measure_is_dealt_with(void **state)
{
	(void)state;
	struct measure_view measures[] = { { "M1", M(IN_EXECUTION) }, { "M2", M(ACCEPTED) } };
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(IN_EXECUTION), S(UNSPECIFIED));
	view.measures = measures;
	view.n_measures = 2;
	const Comity__Act *result = act_of(&acts, KIND(EXECUTION_RESULT), S(EXECUTED));
	acts.report.has_status = true;
	acts.report.status = M(EXECUTED);
	assert_int_equal(statuses_judge(&view, result, SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	assert_non_null(strstr(fault_detail(FAULT_INCOMPLETE), "M2 is \"accepted\""));
	measures[1].status = M(REFUSED);
	assert_int_equal(statuses_judge(&view, result, SIDE_REQUESTED, &step), OK);

	static char m9[] = "M9";
	acts.report.measure = m9;
	assert_int_equal(statuses_judge(&view, result, SIDE_REQUESTED, &step), FAULT_NOT_FOUND);
	acts.report.measure = m1;
	measures[0].status = M(WITHDRAWN);
	assert_int_equal(statuses_judge(&view, result, SIDE_REQUESTED, &step), FAULT_STATUS_TRANSITION);
}

/* ── the rest ──────────────────────────────────────────────────────────────────────────────────── */

static void an_act_without_a_status_is_a_remark(void **state)
{
	(void)state;
	struct acts acts;
	struct step step;
	struct case_view view = view_at(S(IN_EXECUTION), S(UNSPECIFIED));
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(STATUS_UPDATE), 0), SIDE_REQUESTED, &step), OK);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(STATUS_ENQUIRY), 0), SIDE_REQUESTING, &step), OK);
	assert_false(step.changes);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(DECISION), 0), SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(EXECUTION_RESULT), 0), SIDE_REQUESTED, &step), FAULT_INCOMPLETE);

	struct case_view accepted = view_at(S(ACCEPTED), S(UNSPECIFIED));	/* no new loop before execution */
	assert_int_equal(statuses_judge(&accepted, act_of(&acts, KIND(CONSULTATION), 0), SIDE_REQUESTED, &step), FAULT_STATUS_TRANSITION);
	struct case_view none = { .our_side = SIDE_REQUESTED };
	assert_int_equal(statuses_judge(&none, act_of(&acts, KIND(GENERAL_CORRESPONDENCE), 0), SIDE_REQUESTING, &step), OK);
	assert_int_equal(statuses_judge(&none, act_of(&acts, KIND(STATUS_ENQUIRY), 0), SIDE_REQUESTING, &step), FAULT_STATUS_TRANSITION);

	Comity__Act empty = COMITY__ACT__INIT;
	assert_int_equal(statuses_judge(&view, &empty, SIDE_REQUESTED, &step), FAULT_BAD_DOCUMENT);
}

static void spontaneous_information_has_a_short_life(void **state)
{
	(void)state;
	static const struct {
		act_kind act;
		enum side writer;
		request_status becomes;
	} life[] = {
		{ KIND(SPONTANEOUS_INFORMATION), SIDE_REQUESTING, S(SENT) },
		{ KIND(RECEIPT), SIDE_REQUESTED, S(RECEIVED) },
		{ KIND(SPONTANEOUS_RESPONSE), SIDE_REQUESTED, S(RECEIVED) },
		{ KIND(CLOSURE), SIDE_REQUESTING, S(CLOSED) },
		{ KIND(FEEDBACK), SIDE_REQUESTED, S(CLOSED) },
	};
	struct case_view view = { .our_side = SIDE_REQUESTED, .kind = COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION };
	for (size_t i = 0; i < ARRAY_LEN(life); i++) {
		struct acts acts;
		struct step step;
		assert_int_equal(statuses_judge(&view, act_of(&acts, life[i].act, 0), life[i].writer, &step), OK);
		assert_int_equal(step.status, life[i].becomes);
		view.status = step.status;
	}
}

static void a_measure_never_goes_back(void **state)
{
	(void)state;
	static const measure_status ends[] = { M(EXECUTED), M(NOT_EXECUTABLE), M(REFUSED), M(WITHDRAWN) };
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		for (int to = M(UNSPECIFIED); to <= M(WITHDRAWN); to++)
			assert_int_equal(measure_may_become(ends[i], (measure_status)to), ends[i] == (measure_status)to);
	assert_true(measure_may_become(M(POSTPONED), M(IN_EXECUTION)));
	assert_false(measure_may_become(M(PARTIALLY_EXECUTED), M(REFUSED)));
	assert_false(measure_may_become(M(PENDING), (measure_status)40));
	assert_false(measure_may_become((measure_status)40, M(PENDING)));
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
		cmocka_unit_test(every_row_can_be_walked),
		cmocka_unit_test(every_pair_that_is_not_in_the_table_is_refused),
		cmocka_unit_test(no_side_writes_for_the_other),
		cmocka_unit_test(the_sentence_names_what_is_allowed),
		cmocka_unit_test(a_case_goes_on_where_it_stood),
		cmocka_unit_test(a_draft_begins_a_case_only_when_it_comes_from_the_other_side),
		cmocka_unit_test(a_withdrawal_that_comes_too_late_is_noted),
		cmocka_unit_test(both_sides_agree_after_a_crossing),
		cmocka_unit_test(an_answer_and_a_closure_for_silence_may_cross),
		cmocka_unit_test(what_the_law_wants_said_is_asked_for),
		cmocka_unit_test(confidentiality_is_answered_before_execution),
		cmocka_unit_test(preservation_is_refused_on_its_two_grounds_only),
		cmocka_unit_test(executed_means_every_measure_is_dealt_with),
		cmocka_unit_test(an_act_without_a_status_is_a_remark),
		cmocka_unit_test(spontaneous_information_has_a_short_life),
		cmocka_unit_test(a_measure_never_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
