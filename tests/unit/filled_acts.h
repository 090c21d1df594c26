#pragma once
/* For tests of the law: one act of every kind, and a case for it to meet.  Includes first what cmocka.h wants
 * included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/law/statuses.h"
#include "proto/bytes.h"

#define S(name) COMITY__REQUEST_STATUS__VALUE__##name
#define M(name) COMITY__MEASURE_STATUS__VALUE__##name
#define KIND(name) COMITY__ACT__KIND_##name

enum { STATUSES = S(ABANDONED) + 1 };

static inline const struct transition *rows(size_t *n)
{
	return statuses_table(n);
}

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
		Comity__ConfidentialityNotice confidentiality_notice;
		Comity__ConfidentialityResponse confidentiality_response;
		char room[512];
	} body;
	Comity__Act act;
};

static char word[] = "word", day[] = "2027-01-15", m1[] = "M1";

static inline const ProtobufCMessageDescriptor *type_of(act_kind kind)
{
	const ProtobufCMessageDescriptor *act = &comity__act__descriptor;
	for (unsigned i = 0; i < act->n_fields; i++)
		if (act->fields[i].id == (uint32_t)kind)
			return act->fields[i].descriptor;
	return NULL;
}

static inline void fill_decision(struct acts *acts, request_status to)
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

static inline void fill_questions(struct acts *acts)
{
	comity__question__init(&acts->question);
	acts->question.text = word;
	acts->questions[0] = &acts->question;
	acts->body.additional_info_request.n_questions = 1;
	acts->body.additional_info_request.questions = acts->questions;
}

static inline void fill_answers(struct acts *acts, request_status to)
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

static inline void fill_closure(struct acts *acts)
{
	acts->body.closure.has_outcome = true;
	acts->body.closure.outcome = COMITY__OUTCOME__VALUE__NO_RESPONSE;
	acts->body.closure.notice_period_ended_on = day;
}

static inline const Comity__Act *act_of(struct acts *acts, act_kind kind, request_status to)
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
	case KIND(ACKNOWLEDGEMENT):         acts->body.acknowledgement.contact = &acts->contact;
		acts->body.acknowledgement.has_confidentiality = true;
		acts->body.acknowledgement.confidentiality = COMITY__CAN_COMPLY__VALUE__YES; break;
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
	case KIND(CONFIDENTIALITY_NOTICE):  acts->body.confidentiality_notice.has_can_comply = true;
		acts->body.confidentiality_notice.can_comply = COMITY__CAN_COMPLY__VALUE__PARTLY;
		acts->body.confidentiality_notice.unavoidable_disclosure = word; break;
	case KIND(CONFIDENTIALITY_RESPONSE): acts->body.confidentiality_response.has_proceed = true;
		acts->body.confidentiality_response.proceed = true; break;
	default: break;
	}
	return &acts->act;
}

/* The same, of a case that stands there: a closure ends it as it stood. */
static inline const Comity__Act *act_from(struct acts *acts, act_kind kind, request_status to, request_status from)
{
	act_of(acts, kind, to);
	const struct transition *row = kind == KIND(CLOSURE) ? statuses_find(COMITY__REQUEST_KIND__VALUE__MLA, from, kind, S(CLOSED), SIDE_BOTH) : NULL;
	for (int outcome = 1; row && outcome <= COMITY__OUTCOME__VALUE__SUPERSEDED; outcome++)
		if (row->outcomes & 1U << (unsigned)outcome)
			acts->body.closure.outcome = (Comity__Outcome__Value)outcome;
	return &acts->act;
}

/* A case as both sides agree on it; resumes is where it goes on, if it is that kind of status. */
static inline struct case_view view_at(request_status status, request_status resumes)
{
	return (struct case_view){ .reference = "GR-2026-000017", .our_side = SIDE_REQUESTED, .kind = COMITY__REQUEST_KIND__VALUE__MLA,
		.status = status, .resume_to = resumes, .deficient = true };
}
