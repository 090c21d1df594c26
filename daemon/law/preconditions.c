#include "daemon/law/preconditions.h"

#include <string.h>

#include "proto/bytes.h"

#define MEASURE(name) COMITY__MEASURE_STATUS__VALUE__##name
#define GROUND(name) COMITY__REFUSAL_GROUND__VALUE__##name

static bool said(const char *text)
{
	return text && *text;
}

/* OK when it holds, else "incomplete" with the sentence. */
static enum fault want(bool holds, const char *sentence)
{
	return holds ? OK : fault_say(FAULT_INCOMPLETE, "%s", sentence);
}

/* ── measures ──────────────────────────────────────────────────────────────────────────────────── */

const struct measure_view *measure_of(const struct case_view *view, const char *id)
{
	for (size_t i = 0; i < view->n_measures; i++)
		if (said(id) && !strcmp(view->measures[i].id, id))
			return &view->measures[i];
	return NULL;
}

/* The status of a measure as it will be when the act is done. */
static measure_status measure_after(const struct measure_view *measure, const Comity__Act *act)
{
	size_t n;
	Comity__MeasureReport *const *reports = act_measures(act, &n);
	measure_status status = measure->status;
	for (size_t i = 0; i < n; i++)
		if (reports[i]->has_status && said(reports[i]->measure) && !strcmp(reports[i]->measure, measure->id))
			status = reports[i]->status;
	return status;
}

static enum fault report_known(const struct case_view *view, const Comity__MeasureReport *report)
{
	if (!said(report->measure))
		return fault_say(FAULT_INCOMPLETE, "a report on a measure must name the measure");
	if (!view->n_measures)
		return OK;

	const struct measure_view *measure = measure_of(view, report->measure);
	if (!measure)
		return fault_say(FAULT_NOT_FOUND, "the request has no measure \"%s\"", report->measure);
	if (!report->has_status || measure_may_become(measure->status, report->status))
		return OK;
	return fault_say(FAULT_STATUS_TRANSITION, "measure %s is \"%s\"; it cannot become \"%s\"", measure->id,
		measure_status_name(measure->status), measure_status_name(report->status));
}

enum fault measures_known(const struct case_view *view, const Comity__Act *act)
{
	size_t n;
	Comity__MeasureReport *const *reports = act_measures(act, &n);
	for (size_t i = 0; i < n; i++)
		TRY(report_known(view, reports[i]));
	return OK;
}

/* ── before and at the beginning ───────────────────────────────────────────────────────────────── */

enum fault marked_as_draft(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	const Comity__Request *draft = act->consultation_draft->draft;
	if (!draft)
		return fault_say(FAULT_INCOMPLETE, "a consultation needs the draft it is about");
	bool formal = draft->has_transmission_mode
		&& draft->transmission_mode != COMITY__TRANSMISSION_MODE__VALUE__UNSPECIFIED
		&& draft->transmission_mode != COMITY__TRANSMISSION_MODE__VALUE__CONSULTATION_DRAFT;
	return want(!formal, "a draft for consultation must not call itself formal: set transmission_mode to"
		" CONSULTATION_DRAFT (CETS 198 art. 34(6))");
}

enum fault registered(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	return want(said(act->receipt->requested_reference),
		"to register a request, give it a reference of your own register (requested_reference)");
}

/* 18(20): whoever cannot keep it says what will be disclosed, so that the requesting side can weigh it. */
static enum fault disclosure_named(Comity__CanComply__Value answer, const char *disclosure)
{
	return want(answer == COMITY__CAN_COMPLY__VALUE__UNSPECIFIED || answer == COMITY__CAN_COMPLY__VALUE__YES || said(disclosure),
		"confidentiality that cannot be kept needs the disclosure that cannot be avoided (unavoidable_disclosure; UNTOC 18(20))");
}

enum fault contact_named(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	const Comity__Contact *contact = act->acknowledgement->contact;
	bool named = contact && (said(contact->officer) || said(contact->unit));
	TRY(want(named && (said(contact->phone) || said(contact->email)),
		"an acknowledgement names who handles the request, with telephone or e-mail (contact)"));
	return disclosure_named(act->acknowledgement->confidentiality, act->acknowledgement->unavoidable_disclosure);
}

enum fault redirect_explained(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	const Comity__Redirect *redirect = act->redirect;
	TRY(want(redirect->has_reason && redirect->reason,
		"a redirection needs its reason (UNTOC 18(13), ETS 30 art. 18)"));
	bool other_channel = redirect->reason == COMITY__REDIRECT_REASON__VALUE__USE_OTHER_CHANNEL;
	return want(!other_channel || (redirect->has_channel && redirect->channel),
		"to send a request to another channel, name the channel");
}

/* ── additional information: 18(16) ────────────────────────────────────────────────────────────── */

enum fault questions_listed(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	const Comity__AdditionalInfoRequest *asked = act->additional_info_request;
	TRY(want(asked->n_questions,
		"additional information is asked by numbered questions: there is none (UNTOC 18(16))"));
	for (size_t i = 0; i < asked->n_questions; i++)
		if (!said(asked->questions[i]->text))
			return fault_say(FAULT_INCOMPLETE, "question %zu is empty (UNTOC 18(16))", i + 1);
	return OK;
}

static bool is_answered(const Comity__AdditionalInfo *info, uint32_t number)
{
	for (size_t i = 0; i < info->n_answers; i++) {
		const Comity__Answer *answer = info->answers[i];
		if (answer->number == number && (said(answer->text) || answer->declined || answer->n_attachments))
			return true;
	}
	return false;
}

enum fault questions_answered(const struct case_view *view, const Comity__Act *act)
{
	TRY(resume_matches(view, act));
	TRY(want(act->additional_info->n_answers, "there is no answer in it (UNTOC 18(16))"));
	for (size_t number = 1; number <= view->questions; number++)
		if (!is_answered(act->additional_info, (uint32_t)number))
			return fault_say(FAULT_INCOMPLETE,
				"question %zu is neither answered nor declined (UNTOC 18(16))", number);
	return OK;
}

/* Where the case resumes is not a matter of choice: it goes on where it stood. */
enum fault resume_matches(const struct case_view *view, const Comity__Act *act)
{
	request_status status = act_status(act);
	if (!view->resume_to || !status || view->resume_to == status)
		return OK;
	return fault_say(FAULT_INCOMPLETE,
		"the case was \"%s\" before and goes on there, not as \"%s\" (UNTOC 18(16), 18(26))",
		status_name(view->resume_to), status_name(status));
}

enum fault silence_shown(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	const Comity__Closure *closure = act->closure;
	return want(said(closure->notice_period_ended_on),
		"say when the notice period of your reminder ended (notice_period_ended_on)");
}

/* ── consultation and decision: 18(21), 18(23), 18(25), 18(26) ─────────────────────────────────── */

enum fault subject_stated(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	const Comity__Consultation *consultation = act->consultation;
	TRY(want(consultation->has_subject && consultation->subject,
		"say what the consultation is about (subject; UNTOC 18(26))"));
	return want(said(consultation->position),
		"say what stands in the way, so that the other side can answer (position; UNTOC 18(26))");
}

/* 18(26) is satisfied by an opinion, or by the opportunity to give one. */
static enum fault was_heard(const struct case_view *view, const Comity__Act *act)
{
	return want(view->heard || said(act->decision->reply_period_ended_on),
		"the requesting side must be heard first: wait for its reply, or say when the reply period ended"
		" (reply_period_ended_on; UNTOC 18(26))");
}

enum fault conditions_accepted(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	const Comity__Decision *decision = act->decision;
	for (size_t i = 0; i < decision->n_conditions; i++)
		if (decision->conditions[i]->answer != COMITY__CONDITION_ANSWER__VALUE__ACCEPTED)
			return fault_say(FAULT_INCOMPLETE,
				"condition %zu was not accepted by the requesting side (UNTOC 18(26))", i + 1);
	return OK;
}

enum fault postponement_founded(const struct case_view *view, const Comity__Act *act)
{
	const Comity__Decision *decision = act->decision;
	TRY(was_heard(view, act));
	TRY(want(decision->has_postponement_ground && decision->postponement_ground,
		"a postponement needs its ground (postponement_ground; UNTOC 18(25))"));
	TRY(want(said(decision->reasons), "a postponement needs reasons (reasons; ETS 182 art. 7(3))"));
	return want(said(decision->review_on),
		"a postponement needs the date of its review (review_on; UNTOC 18(25))");
}

/* Preservation can be refused on these grounds only: Budapest Convention 29(5), and by reservation 29(4). */
static bool bars_preservation(Comity__RefusalGround__Value ground)
{
	return ground == GROUND(POLITICAL_OFFENCE) || ground == GROUND(SOVEREIGNTY_SECURITY_ORDRE_PUBLIC)
		|| ground == GROUND(NO_DUAL_CRIMINALITY);
}

static enum fault grounds_allowed(const struct case_view *view, const Comity__RefusalGround__Value *grounds, size_t n)
{
	if (view->fiscal_alone_barred && n == 1 && grounds[0] == GROUND(FISCAL_OFFENCE))
		return fault_say(FAULT_INCOMPLETE,
			"a request is not refused on the sole ground that the offence also involves"
			" fiscal matters (UNTOC 18(22), UNCAC 46(22))");
	bool preservation = view->budapest && view->kind == COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION;
	for (size_t i = 0; preservation && i < n; i++)
		if (!bars_preservation(grounds[i]))
			return fault_say(FAULT_INCOMPLETE,
				"preservation may be refused as a political offence or for sovereignty,"
				" security or ordre public only (Budapest Convention 29(5))");
	return OK;
}

enum fault refusal_founded(const struct case_view *view, const Comity__Act *act)
{
	const Comity__Decision *decision = act->decision;
	TRY(was_heard(view, act));
	TRY(want(decision->n_refusal_grounds && decision->refusal_grounds[0],
		"a refusal needs its ground (refusal_grounds; UNTOC 18(21))"));
	TRY(want(said(decision->reasons), "reasons shall be given for any refusal (reasons; UNTOC 18(23))"));
	return grounds_allowed(view, decision->refusal_grounds, decision->n_refusal_grounds);
}

enum fault partial_refusal_founded(const struct case_view *view, const Comity__Act *act)
{
	TRY(was_heard(view, act));
	const Comity__Decision *decision = act->decision;
	size_t refused = 0;
	for (size_t i = 0; i < decision->n_measures; i++) {
		const Comity__MeasureReport *report = decision->measures[i];
		if (report->status != MEASURE(REFUSED))
			continue;
		refused++;
		if (!report->has_refusal_ground || !report->refusal_ground || !said(report->reasons))
			return fault_say(FAULT_INCOMPLETE, "the refusal of measure %s needs its ground and reasons"
				" (UNTOC 18(21), 18(23))", report->measure);
		TRY(grounds_allowed(view, &report->refusal_ground, 1));
	}
	TRY(want(refused, "name the refused measures, each with ground and reasons (UNTOC 18(21), 18(23))"));
	return want(!view->n_measures || refused < view->n_measures,
		"every measure is refused: then the decision is REFUSED, not PARTIALLY_REFUSED");
}

/* ── confidentiality: 18(20) ───────────────────────────────────────────────────────────────────── */

enum fault notice_explained(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	const Comity__ConfidentialityNotice *notice = act->confidentiality_notice;
	TRY(want(notice->has_can_comply && notice->can_comply,
		"say whether confidentiality can be kept: YES, PARTLY or NO (can_comply; UNTOC 18(20))"));
	return disclosure_named(notice->can_comply, said(notice->unavoidable_disclosure) ? notice->unavoidable_disclosure : notice->reason);
}

/* No leave is given in advance, nor for what was not named. */
enum fault response_called_for(const struct case_view *view, const Comity__Act *act)
{
	TRY(want(act->confidentiality_response->has_proceed,
		"say whether the request is to be executed nevertheless (proceed; Budapest Convention 27(8))"));
	return want(view->secrecy >= SECRECY_KEPT,
		"the requested side has not said yet whether confidentiality can be kept: there is nothing to decide (UNTOC 18(20))");
}

/* ── execution ─────────────────────────────────────────────────────────────────────────────────── */

enum fault may_begin(const struct case_view *view, const Comity__Act *act)
{
	(void)act;
	TRY(want(view->secrecy != SECRECY_UNANSWERED, "confidentiality was asked for: answer first whether it can be kept"
		" (acknowledgement or confidentiality-notice; UNTOC 18(20))"));
	return want(view->secrecy != SECRECY_UNDECIDED, "confidentiality cannot be kept as it was asked for: the requesting side"
		" must say first whether to go on nevertheless (confidentiality-response; UNTOC 18(20), Budapest Convention 27(8))");
}

enum fault authority_named(const struct case_view *view, const Comity__Act *act)
{
	const Comity__TransferNotice *notice = act->transfer_notice;
	TRY(may_begin(view, act));
	return want(said(notice->competent_authority) || notice->withheld_by_law,
		"name the competent authority, or say that the law withholds its name (withheld_by_law;"
		" UNTOC 18(13))");
}

enum fault cause_stated(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	const Comity__NonExecution *non = act->non_execution;
	if (non->has_cause && non->cause)
		return OK;
	TRY(want(non->n_measures, "say why it cannot be executed (cause; Budapest Convention 27(7))"));
	for (size_t i = 0; i < non->n_measures; i++)
		if (!non->measures[i]->has_cause || !non->measures[i]->cause)
			return fault_say(FAULT_INCOMPLETE,
				"say why measure %s cannot be executed (cause; Budapest Convention 27(7))",
				non->measures[i]->measure);
	return OK;
}

/* A cause without a list of measures speaks of all of them. */
enum fault none_executable(const struct case_view *view, const Comity__Act *act)
{
	TRY(cause_stated(view, act));
	for (size_t i = 0; act->non_execution->n_measures && i < view->n_measures; i++) {
		measure_status status = measure_after(&view->measures[i], act);
		if (status != MEASURE(NOT_EXECUTABLE) && status != MEASURE(REFUSED) && status != MEASURE(WITHDRAWN))
			return fault_say(FAULT_INCOMPLETE,
				"measure %s is \"%s\": the request is not executable only when no accepted"
				" measure is", view->measures[i].id, measure_status_name(status));
	}
	return OK;
}

enum fault result_delivered(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	return want(act->execution_result->n_results || act->execution_result->n_measures,
		"there is no result in it: name what is delivered, or which measures it settles");
}

enum fault all_done(const struct case_view *view, const Comity__Act *act)
{
	for (size_t i = 0; i < view->n_measures; i++) {
		measure_status status = measure_after(&view->measures[i], act);
		if (status != MEASURE(EXECUTED) && status != MEASURE(NOT_EXECUTABLE) && status != MEASURE(REFUSED)
		    && status != MEASURE(WITHDRAWN))
			return fault_say(FAULT_INCOMPLETE,
				"measure %s is \"%s\": a request is executed when every accepted measure"
				" is dealt with", view->measures[i].id, measure_status_name(status));
	}
	return want(said(act->execution_result->record_of_execution),
		"the record of execution is missing: date, place, persons (record_of_execution; ETS 30 art. 4)");
}

/* ── the end ───────────────────────────────────────────────────────────────────────────────────── */

enum fault deficiency_noticed(const struct case_view *view, const Comity__Act *act)
{
	(void)act;
	return want(view->deficient, "execution is taken up again when the requesting side sent a deficiency notice");
}

enum fault results_settled(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	return want(act->closure->results_complete || said(act->closure->notice_period_ended_on),
		"an executed request is closed when the requesting side confirms the results (results_complete)"
		" or the notice period has ended (notice_period_ended_on)");
}

enum fault withdrawal_explained(const struct case_view *view, const Comity__Act *act)
{
	(void)view;
	return want(said(act->withdrawal->reason),
		"say why the assistance is no longer required (reason; UNTOC 18(24))");
}
