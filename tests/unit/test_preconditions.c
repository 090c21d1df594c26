/* What the law wants said before a status is reached: daemon/preconditions. */
#include "tests/unit/filled_acts.h"

#define MILESTONE(name) COMITY__MILESTONE__VALUE__##name
#define DAY(date) date "T10:00:00+01:00"

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
		const Comity__Act *act = act_from(&acts, incomplete[i].act, incomplete[i].to, incomplete[i].from);
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
	view.secrecy = SECRECY_UNANSWERED;
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(TRANSFER_NOTICE), 0), SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(STATUS_UPDATE), S(IN_EXECUTION)), SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	assert_non_null(strstr(fault_detail(FAULT_INCOMPLETE), "18(20)"));
}

/* Budapest Convention 27(8): who asked for it decides. */
static void what_cannot_be_kept_is_decided_before_execution(void **state)
{
	(void)state;
	static const struct { enum secrecy secrecy; enum fault fault; } rows[] = {
		{ SECRECY_NOT_ASKED, OK }, { SECRECY_UNANSWERED, FAULT_INCOMPLETE }, { SECRECY_KEPT, OK },
		{ SECRECY_UNDECIDED, FAULT_INCOMPLETE }, { SECRECY_WAIVED, OK },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct acts acts;
		struct step step;
		struct case_view view = view_at(S(TRANSFERRED), S(UNSPECIFIED));
		view.secrecy = rows[i].secrecy;
		assert_int_equal(statuses_judge(&view, act_of(&acts, KIND(STATUS_UPDATE), S(IN_EXECUTION)), SIDE_REQUESTED, &step),
			rows[i].fault);
	}
	assert_non_null(strstr(fault_detail(FAULT_INCOMPLETE), "27(8)"));
}

static void an_answer_that_it_cannot_be_kept_names_the_disclosure(void **state)
{
	(void)state;
	struct step step;
	struct case_view view = view_at(S(UNDER_REVIEW), S(UNSPECIFIED));
	Comity__ConfidentialityNotice notice = COMITY__CONFIDENTIALITY_NOTICE__INIT;
	Comity__Act act = COMITY__ACT__INIT;
	act.kind_case = KIND(CONFIDENTIALITY_NOTICE);
	act.confidentiality_notice = &notice;
	view.secrecy = SECRECY_UNANSWERED;
	assert_int_equal(statuses_judge(&view, &act, SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	notice.has_can_comply = 1;
	notice.can_comply = COMITY__CAN_COMPLY__VALUE__YES;
	assert_int_equal(statuses_judge(&view, &act, SIDE_REQUESTED, &step), OK);
	notice.can_comply = 77;		/* of a newer version: no yes */
	assert_int_equal(statuses_judge(&view, &act, SIDE_REQUESTED, &step), FAULT_INCOMPLETE);
	notice.unavoidable_disclosure = "the bank tells its customer";
	assert_int_equal(statuses_judge(&view, &act, SIDE_REQUESTED, &step), OK);
	assert_false(step.changes);
}

static void leave_to_go_on_is_not_given_in_advance(void **state)
{
	(void)state;
	struct step step;
	struct case_view view = view_at(S(UNDER_REVIEW), S(UNSPECIFIED));
	Comity__ConfidentialityResponse response = COMITY__CONFIDENTIALITY_RESPONSE__INIT;
	Comity__Act act = COMITY__ACT__INIT;
	act.kind_case = KIND(CONFIDENTIALITY_RESPONSE);
	act.confidentiality_response = &response;
	view.secrecy = SECRECY_UNDECIDED;
	assert_int_equal(statuses_judge(&view, &act, SIDE_REQUESTING, &step), FAULT_INCOMPLETE);
	response.has_proceed = response.proceed = 1;
	assert_int_equal(statuses_judge(&view, &act, SIDE_REQUESTING, &step), OK);
	assert_int_equal(statuses_judge(&view, &act, SIDE_REQUESTED, &step), FAULT_WRONG_SIDE);
	view.secrecy = SECRECY_KEPT;	/* the two crossed */
	assert_int_equal(statuses_judge(&view, &act, SIDE_REQUESTING, &step), OK);
	view.secrecy = SECRECY_UNANSWERED;
	assert_int_equal(statuses_judge(&view, &act, SIDE_REQUESTING, &step), FAULT_INCOMPLETE);
	assert_non_null(strstr(fault_detail(FAULT_INCOMPLETE), "nothing to decide"));
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

/* What is told of M1, which asks for a freeze, or of M2, which asks for records, or of the request; the words of the refusal. */
static const struct {
	const char *measure;
	Comity__Milestone__Value before, told;
	const char *told_for, *at, *says;
} freezes[] = {
	{ "M1", 0,                         MILESTONE(FROZEN),              NULL,         DAY("2026-11-20"), NULL },
	{ "M1", MILESTONE(FROZEN),         MILESTONE(FREEZE_LIFTED),       NULL,         DAY("2026-11-30"), "55(8)" },
	{ NULL, MILESTONE(FROZEN),         MILESTONE(FREEZE_LIFTED),       NULL,         DAY("2026-11-30"), "55(8)" },
	{ "M1", MILESTONE(FROZEN),         MILESTONE(FREEZE_TO_BE_LIFTED), NULL,         NULL,         "55(8)" },
	{ "M1", MILESTONE(FROZEN),         MILESTONE(FREEZE_TO_BE_LIFTED), NULL,         DAY("2026-11-24"), "time to come" },
	{ "M1", MILESTONE(FROZEN),         MILESTONE(FREEZE_TO_BE_LIFTED), NULL,         "soon",       "time to come" },
	{ "M1", MILESTONE(FROZEN),         MILESTONE(FREEZE_TO_BE_LIFTED), NULL,         DAY("2026-12-15"), NULL },
	{ "M1", MILESTONE(FREEZE_TO_BE_LIFTED), MILESTONE(FREEZE_LIFTED),  DAY("2026-12-15"), DAY("2026-12-14"), "2026-12-15T10:00:00+01:00, or later" },
	{ "M1", MILESTONE(FREEZE_TO_BE_LIFTED), MILESTONE(FREEZE_LIFTED),  DAY("2026-12-15"), DAY("2026-12-15"), NULL },
	{ NULL, MILESTONE(FREEZE_TO_BE_LIFTED), MILESTONE(FREEZE_LIFTED),  DAY("2026-12-15"), DAY("2026-12-16"), NULL },
	{ "M1", MILESTONE(FROZEN),         MILESTONE(CONFISCATED),         NULL,         DAY("2026-12-15"), "2(f)" },
	{ "M1", MILESTONE(FROZEN),         MILESTONE(REALISED),            NULL,         DAY("2026-12-15"), "M1 asks for a freeze" },
	{ "M2", MILESTONE(FROZEN),         MILESTONE(CONFISCATED),         NULL,         DAY("2026-12-15"), NULL },
};

static void a_freeze_is_temporary_and_not_lifted_unannounced(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(freezes); i++) {
		struct acts acts;
		struct step step;
		struct case_view view = view_at(S(IN_EXECUTION), S(UNSPECIFIED));
		struct measure_view measures[] = { { .id = "M1", .form = COMITY__ASSISTANCE_FORM__VALUE__FREEZING },
			{ .id = "M2", .form = COMITY__ASSISTANCE_FORM__VALUE__BANK_FINANCIAL_RECORDS } };
		Comity__MeasureReport report = COMITY__MEASURE_REPORT__INIT, *reports = &report;
		act_of(&acts, KIND(STATUS_UPDATE), S(UNSPECIFIED));
		Comity__StatusUpdate *update = &acts.body.status_update;
		view.measures = measures;
		view.n_measures = ARRAY_LEN(measures);
		view.said_at = "2026-11-24T09:00:00.000Z";
		view.milestone = measures[0].milestone = freezes[i].before;
		view.milestone_at = measures[0].milestone_at = freezes[i].told_for;
		update->n_measures = freezes[i].measure != NULL;
		update->measures = &reports;
		report.measure = (char *)freezes[i].measure;
		*(freezes[i].measure ? &report.milestone : &update->milestone) = freezes[i].told;
		*(freezes[i].measure ? &report.milestone_at : &update->milestone_at) = (char *)freezes[i].at;
		enum fault fault = statuses_judge(&view, &acts.act, SIDE_REQUESTED, &step);
		assert_int_equal(fault, freezes[i].says ? FAULT_INCOMPLETE : OK);
		if (freezes[i].says)
			assert_non_null(strstr(fault_detail(FAULT_INCOMPLETE), freezes[i].says));
	}
}

static void executed_means_every_measure_is_dealt_with(void **state)
{
	(void)state;
	struct measure_view measures[] = { { .id = "M1", .status = M(IN_EXECUTION) }, { .id = "M2", .status = M(ACCEPTED) } };
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_law_wants_said_is_asked_for),
		cmocka_unit_test(confidentiality_is_answered_before_execution),
		cmocka_unit_test(what_cannot_be_kept_is_decided_before_execution),
		cmocka_unit_test(an_answer_that_it_cannot_be_kept_names_the_disclosure),
		cmocka_unit_test(leave_to_go_on_is_not_given_in_advance),
		cmocka_unit_test(preservation_is_refused_on_its_two_grounds_only),
		cmocka_unit_test(a_freeze_is_temporary_and_not_lifted_unannounced),
		cmocka_unit_test(executed_means_every_measure_is_dealt_with),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
