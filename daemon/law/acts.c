#include "daemon/law/acts.h"

#include <string.h>

#include "proto/bytes.h"

#define ACT(kind) COMITY__ACT__KIND_##kind

enum { ALWAYS = PHASE_NONE | PHASE_DRAFT | PHASE_LIVE | PHASE_OVER, SENT = PHASE_LIVE | PHASE_OVER };

static const struct act_rule rules[] = {
	{ ACT(CREATE),                   "create",                   SIDE_REQUESTING, 0 },
	{ ACT(CONSULTATION_DRAFT),       "consultation-draft",       SIDE_REQUESTING, 0 },
	{ ACT(CONSULTATION_COMMENT),     "consultation-comment",     SIDE_REQUESTED,  PHASE_DRAFT | PHASE_LIVE },
	{ ACT(REVISE),                   "revise",                   SIDE_REQUESTING, 0 },
	{ ACT(ABANDON),                  "abandon",                  SIDE_REQUESTING, 0 },
	{ ACT(REQUEST),                  "request",                  SIDE_REQUESTING, 0 },
	{ ACT(RECEIPT),                  "receipt",                  SIDE_REQUESTED,  0 },
	{ ACT(ACKNOWLEDGEMENT),          "acknowledgement",          SIDE_REQUESTED,  0 },
	{ ACT(REDIRECT),                 "redirect",                 SIDE_REQUESTED,  0 },
	{ ACT(ADDITIONAL_INFO_REQUEST),  "additional-info-request",  SIDE_REQUESTED,  0 },
	{ ACT(ADDITIONAL_INFO),          "additional-info",          SIDE_REQUESTING, 0 },
	{ ACT(STATUS_ENQUIRY),           "status-enquiry",           SIDE_REQUESTING, PHASE_LIVE },
	{ ACT(STATUS_UPDATE),            "status-update",            SIDE_REQUESTED,  SENT },
	{ ACT(CONSULTATION),             "consultation",             SIDE_BOTH,       PHASE_LIVE },
	{ ACT(CONSULTATION_REPLY),       "consultation-reply",       SIDE_BOTH,       PHASE_LIVE },
	{ ACT(CONSULTATION_CLOSED),      "consultation-closed",      SIDE_REQUESTED,  0 },
	{ ACT(CONDITIONS_PROPOSED),      "conditions-proposed",      SIDE_REQUESTED,  PHASE_LIVE },
	{ ACT(CONDITIONS_RESPONSE),      "conditions-response",      SIDE_REQUESTING, PHASE_LIVE },
	{ ACT(DECISION),                 "decision",                 SIDE_REQUESTED,  0 },
	{ ACT(TRANSFER_NOTICE),          "transfer-notice",          SIDE_REQUESTED,  0 },
	{ ACT(EXECUTION_RESULT),         "execution-result",         SIDE_REQUESTED,  0 },
	{ ACT(RESULT_RECEIPT),           "result-receipt",           SIDE_REQUESTING, SENT },
	{ ACT(DEFICIENCY_NOTICE),        "deficiency-notice",        SIDE_REQUESTING, PHASE_LIVE },
	{ ACT(NON_EXECUTION),            "non-execution",            SIDE_REQUESTED,  0 },
	{ ACT(WITHDRAWAL),               "withdrawal",               SIDE_REQUESTING, 0 },
	{ ACT(CLOSURE),                  "closure",                  SIDE_BOTH,       0 },
	{ ACT(CORRECTION),               "correction",               SIDE_BOTH,       ALWAYS },
	{ ACT(REMINDER),                 "reminder",                 SIDE_BOTH,       PHASE_DRAFT | SENT },
	{ ACT(PRESERVATION_NOTICE),      "preservation-notice",      SIDE_REQUESTED,  SENT },
	{ ACT(PRESERVATION_EXTENSION_REQUEST), "preservation-extension-request", SIDE_REQUESTING, SENT },
	{ ACT(SPONTANEOUS_INFORMATION),  "spontaneous-information",  SIDE_REQUESTING, 0 },
	{ ACT(SPONTANEOUS_RESPONSE),     "spontaneous-response",     SIDE_REQUESTED,  SENT },
	{ ACT(USE_CONSENT_REQUEST),      "use-consent-request",      SIDE_BOTH,       SENT },
	{ ACT(USE_CONSENT_RESPONSE),     "use-consent-response",     SIDE_BOTH,       SENT },
	{ ACT(EXCULPATORY_NOTICE),       "exculpatory-notice",       SIDE_BOTH,       SENT },
	{ ACT(CONFIDENTIALITY_NOTICE),   "confidentiality-notice",   SIDE_REQUESTED,  SENT },
	{ ACT(CONFIDENTIALITY_RESPONSE), "confidentiality-response", SIDE_REQUESTING, PHASE_LIVE },
	{ ACT(SAFE_CONDUCT_NOTICE),      "safe-conduct-notice",      SIDE_REQUESTING, SENT },
	{ ACT(RETURN_OF_ORIGINALS),      "return-of-originals",      SIDE_REQUESTING, SENT },
	{ ACT(FEEDBACK),                 "feedback",                 SIDE_BOTH,       SENT },
	{ ACT(DESTRUCTION_NOTICE),       "destruction-notice",       SIDE_BOTH,       SENT },
	{ ACT(MEETING_PROPOSAL),         "meeting-proposal",         SIDE_BOTH,       ALWAYS },
	{ ACT(MEETING_RESPONSE),         "meeting-response",         SIDE_BOTH,       ALWAYS },
	{ ACT(DIRECTORY_UPDATE),         "directory-update",         SIDE_BOTH,       ALWAYS },
	{ ACT(GENERAL_CORRESPONDENCE),   "general-correspondence",   SIDE_BOTH,       ALWAYS },
};

const struct act_rule *act_rule(act_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].kind == kind)
			return &rules[i];
	return NULL;
}

act_kind act_kind_of_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (!strcmp(rules[i].name, name))
			return rules[i].kind;
	return COMITY__ACT__KIND__NOT_SET;
}

bool act_begins(act_kind kind)
{
	return kind == ACT(REQUEST) || kind == ACT(CONSULTATION_DRAFT) || kind == ACT(SPONTANEOUS_INFORMATION);
}

enum phase phase_of(request_status status)
{
	if (status == COMITY__REQUEST_STATUS__VALUE__UNSPECIFIED)
		return PHASE_NONE;
	if (status == COMITY__REQUEST_STATUS__VALUE__DRAFT
		|| status == COMITY__REQUEST_STATUS__VALUE__IN_CONSULTATION)
		return PHASE_DRAFT;
	if (status == COMITY__REQUEST_STATUS__VALUE__CLOSED || status == COMITY__REQUEST_STATUS__VALUE__ABANDONED)
		return PHASE_OVER;
	return PHASE_LIVE;
}

static request_status decided(const Comity__Decision *decision)
{
	static const struct {
		Comity__DecisionKind__Value decision;
		request_status status;
	} leads_to[] = {
		{ COMITY__DECISION_KIND__VALUE__ACCEPTED, COMITY__REQUEST_STATUS__VALUE__ACCEPTED },
		{ COMITY__DECISION_KIND__VALUE__ACCEPTED_WITH_CONDITIONS, COMITY__REQUEST_STATUS__VALUE__ACCEPTED },
		{ COMITY__DECISION_KIND__VALUE__PARTIALLY_REFUSED, COMITY__REQUEST_STATUS__VALUE__PARTIALLY_REFUSED },
		{ COMITY__DECISION_KIND__VALUE__REFUSED, COMITY__REQUEST_STATUS__VALUE__REFUSED },
		{ COMITY__DECISION_KIND__VALUE__POSTPONED, COMITY__REQUEST_STATUS__VALUE__POSTPONED },
	};
	for (size_t i = 0; i < ARRAY_LEN(leads_to); i++)
		if (decision->has_decision && leads_to[i].decision == decision->decision)
			return leads_to[i].status;
	return decision->has_status ? decision->status : COMITY__REQUEST_STATUS__VALUE__UNSPECIFIED;
}

#define NAMED(body) ((body)->has_status ? (body)->status : COMITY__REQUEST_STATUS__VALUE__UNSPECIFIED)

request_status act_status(const Comity__Act *act)
{
	switch (act->kind_case) {
	case ACT(ADDITIONAL_INFO):     return NAMED(act->additional_info);
	case ACT(STATUS_UPDATE):       return NAMED(act->status_update);
	case ACT(CONSULTATION_CLOSED): return NAMED(act->consultation_closed);
	case ACT(EXECUTION_RESULT):    return NAMED(act->execution_result);
	case ACT(DECISION):            return decided(act->decision);
	default:                       return COMITY__REQUEST_STATUS__VALUE__UNSPECIFIED;
	}
}

const Comity__Request *act_document(const Comity__Act *act)
{
	switch (act->kind_case) {
	case ACT(REQUEST):            return act->request;
	case ACT(CONSULTATION_DRAFT): return act->consultation_draft->draft;
	default:                      return NULL;
	}
}

#define REPORTS(body) (*n = (body)->n_measures, (body)->measures)

Comity__MeasureReport *const *act_measures(const Comity__Act *act, size_t *n)
{
	switch (act->kind_case) {
	case ACT(STATUS_UPDATE):    return REPORTS(act->status_update);
	case ACT(DECISION):         return REPORTS(act->decision);
	case ACT(TRANSFER_NOTICE):  return REPORTS(act->transfer_notice);
	case ACT(EXECUTION_RESULT): return REPORTS(act->execution_result);
	case ACT(NON_EXECUTION):    return REPORTS(act->non_execution);
	default:                    return *n = 0, NULL;
	}
}

const char *act_text(const Comity__Act *act, const char *name)
{
	const ProtobufCMessage *body = (const ProtobufCMessage *)act->request;	/* any member: all are pointers */
	if (act->kind_case == COMITY__ACT__KIND__NOT_SET || act->kind_case == COMITY__ACT__KIND_REQUEST)
		return NULL;
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(body->descriptor, name);
	if (!field || field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED)
		return NULL;
	return *(const char *const *)((const char *)body + field->offset);
}
