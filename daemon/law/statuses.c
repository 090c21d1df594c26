#include "daemon/law/statuses.h"

#include <stdio.h>
#include <string.h>

#include "daemon/law/preconditions.h"
#include "proto/bytes.h"

#define STATUS(name) COMITY__REQUEST_STATUS__VALUE__##name
#define ACT(kind) COMITY__ACT__KIND_##kind
#define ROW(from, to, side, act, holds, precondition, source) \
	{ STATUS(from), STATUS(to), SIDE_##side, ACT(act), holds, precondition, source, 0 }
#define OUTCOME(name) (1U << COMITY__OUTCOME__VALUE__##name)
/* How a case ends follows from where it stood: DOMAIN 3.9.2, 3.9.4. */
#define END(from, side, outcomes, holds, precondition, source) \
	{ STATUS(from), STATUS(CLOSED), SIDE_##side, ACT(CLOSURE), holds, precondition, source, outcomes }

/* DOMAIN 3.9.3, row for row. */
static const struct transition table[] = {
	ROW(UNSPECIFIED,        DRAFT,              REQUESTING, CREATE,                  NULL,
		NULL, "practice"),
	ROW(DRAFT,              IN_CONSULTATION,    REQUESTING, CONSULTATION_DRAFT,      marked_as_draft,
		"marked not a formal request", "seed 10; Annex I(e); CETS 198 34(6)"),
	ROW(IN_CONSULTATION,    DRAFT,              REQUESTING, REVISE,                  NULL,
		"comments received or own initiative", "seed 10"),
	ROW(IN_CONSULTATION,    SENT,               REQUESTING, REQUEST,                 NULL,
		"completeness check passed; signed", "UNTOC 18(13)-(15)"),
	ROW(DRAFT,              SENT,               REQUESTING, REQUEST,                 NULL,
		"completeness check passed; signed", "UNTOC 18(13)-(15)"),
	ROW(DRAFT,              ABANDONED,          REQUESTING, ABANDON,                 NULL,
		NULL, "practice"),
	ROW(IN_CONSULTATION,    ABANDONED,          REQUESTING, ABANDON,                 NULL,
		"notify if draft was shared", "practice"),
	ROW(SENT,               RECEIVED,           REQUESTED,  RECEIPT,                 registered,
		"registered; RD reference and date of receipt", "practice; seed 13"),
	ROW(RECEIVED,           ACKNOWLEDGED,       REQUESTED,  ACKNOWLEDGEMENT,         contact_named,
		"handling officer and contact named", "practice; EIO 16(1)"),
	ROW(RECEIVED,           REDIRECTED,         REQUESTED,  REDIRECT,                redirect_explained,
		"redirect reason", "UNTOC 18(13); ETS 30 18; seed 8"),
	ROW(ACKNOWLEDGED,       REDIRECTED,         REQUESTED,  REDIRECT,                redirect_explained,
		"redirect reason", "UNTOC 18(13); ETS 30 18; seed 8"),
	ROW(ACKNOWLEDGED,       UNDER_REVIEW,       REQUESTED,  STATUS_UPDATE,           NULL,
		NULL, "practice"),
	ROW(UNDER_REVIEW,       REDIRECTED,         REQUESTED,  REDIRECT,                redirect_explained,
		"redirect reason", "UNTOC 18(13); ETS 30 18; seed 8"),
	ROW(UNDER_REVIEW,       INFO_REQUESTED,     REQUESTED,  ADDITIONAL_INFO_REQUEST, questions_listed,
		"questions listed; resume_to=UNDER_REVIEW", "UNTOC 18(16)"),
	ROW(TRANSFERRED,        INFO_REQUESTED,     REQUESTED,  ADDITIONAL_INFO_REQUEST, questions_listed,
		"resume_to=TRANSFERRED", "UNTOC 18(16)"),
	ROW(IN_EXECUTION,       INFO_REQUESTED,     REQUESTED,  ADDITIONAL_INFO_REQUEST, questions_listed,
		"resume_to=IN_EXECUTION", "UNTOC 18(16)"),
	ROW(PARTIALLY_EXECUTED, INFO_REQUESTED,     REQUESTED,  ADDITIONAL_INFO_REQUEST, questions_listed,
		"resume_to=PARTIALLY_EXECUTED", "UNTOC 18(16)"),
	ROW(INFO_REQUESTED,     UNDER_REVIEW,       REQUESTING, ADDITIONAL_INFO,         questions_answered,
		"all questions answered or declined; resume_to matches", "UNTOC 18(16)"),
	ROW(INFO_REQUESTED,     TRANSFERRED,        REQUESTING, ADDITIONAL_INFO,         questions_answered,
		"resume_to matches", "UNTOC 18(16)"),
	ROW(INFO_REQUESTED,     IN_EXECUTION,       REQUESTING, ADDITIONAL_INFO,         questions_answered,
		"resume_to matches", "UNTOC 18(16)"),
	ROW(INFO_REQUESTED,     PARTIALLY_EXECUTED, REQUESTING, ADDITIONAL_INFO,         questions_answered,
		"resume_to matches", "UNTOC 18(16)"),
	END(INFO_REQUESTED, REQUESTED, OUTCOME(NO_RESPONSE), silence_shown,
		"reminder sent and notice period elapsed", "practice"),
	ROW(UNDER_REVIEW,       CONSULTING,         REQUESTED,  CONSULTATION,            subject_stated,
		"subject and intended decision stated; resume_to=UNDER_REVIEW", "UNTOC 18(26); 16(16); 18(28)"),
	ROW(TRANSFERRED,        CONSULTING,         REQUESTED,  CONSULTATION,            subject_stated,
		"resume_to=TRANSFERRED", "UNTOC 18(26); 18(28)"),
	ROW(IN_EXECUTION,       CONSULTING,         REQUESTED,  CONSULTATION,            subject_stated,
		"resume_to=IN_EXECUTION", "UNTOC 18(26); 18(28)"),
	ROW(PARTIALLY_EXECUTED, CONSULTING,         REQUESTED,  CONSULTATION,            subject_stated,
		"resume_to=PARTIALLY_EXECUTED", "UNTOC 18(26); 18(28)"),
	ROW(POSTPONED,          CONSULTING,         REQUESTED,  CONSULTATION,            subject_stated,
		"resume_to=POSTPONED", "UNTOC 18(26)"),
	ROW(CONSULTING,         UNDER_REVIEW,       REQUESTED,  CONSULTATION_CLOSED,     resume_matches,
		"obstacle resolved; resume_to matches", "UNTOC 18(26)"),
	ROW(CONSULTING,         TRANSFERRED,        REQUESTED,  CONSULTATION_CLOSED,     resume_matches,
		"obstacle resolved; resume_to matches", "UNTOC 18(26)"),
	ROW(CONSULTING,         IN_EXECUTION,       REQUESTED,  CONSULTATION_CLOSED,     resume_matches,
		"obstacle resolved; resume_to matches", "UNTOC 18(26)"),
	ROW(CONSULTING,         PARTIALLY_EXECUTED, REQUESTED,  CONSULTATION_CLOSED,     resume_matches,
		"obstacle resolved; resume_to matches", "UNTOC 18(26)"),
	ROW(CONSULTING,         ACCEPTED,           REQUESTED,  DECISION,                conditions_accepted,
		"conditions if any accepted by RQ", "UNTOC 18(26)"),
	ROW(CONSULTING,         POSTPONED,          REQUESTED,  DECISION,                postponement_founded,
		"RQ was heard or reply period elapsed; ground; reasons; review date", "UNTOC 18(25)-(26); ETS 182 7(3)"),
	ROW(CONSULTING,         PARTIALLY_REFUSED,  REQUESTED,  DECISION,                partial_refusal_founded,
		"RQ was heard or reply period elapsed; per-measure ground and reasons", "UNTOC 18(21); 18(23); 18(26)"),
	ROW(CONSULTING,         REFUSED,            REQUESTED,  DECISION,                refusal_founded,
		"RQ was heard or reply period elapsed; ground and reasons", "UNTOC 18(21); 18(23); 18(26); 16(16)"),
	ROW(UNDER_REVIEW,       ACCEPTED,           REQUESTED,  DECISION,                conditions_accepted,
		NULL, "UNTOC 18(17)"),
	ROW(UNDER_REVIEW,       NOT_EXECUTABLE,     REQUESTED,  NON_EXECUTION,           cause_stated,
		"cause stated", "Budapest 27(7)"),
	ROW(ACCEPTED,           TRANSFERRED,        REQUESTED,  TRANSFER_NOTICE,         authority_named,
		"competent authority identified as far as law allows; date", "UNTOC 18(13); seed 13"),
	ROW(ACCEPTED,           IN_EXECUTION,       REQUESTED,  STATUS_UPDATE,           may_begin,
		"central authority executes itself", "UNTOC 18(13)"),
	ROW(PARTIALLY_REFUSED,  TRANSFERRED,        REQUESTED,  TRANSFER_NOTICE,         authority_named,
		"for the accepted measures", "UNTOC 18(13)"),
	ROW(PARTIALLY_REFUSED,  IN_EXECUTION,       REQUESTED,  STATUS_UPDATE,           may_begin,
		"for the accepted measures", "UNTOC 18(13)"),
	ROW(TRANSFERRED,        TRANSFERRED,        REQUESTED,  TRANSFER_NOTICE,         authority_named,
		"re-assigned to another competent authority", "seed 13; ETS 30 18"),
	ROW(TRANSFERRED,        IN_EXECUTION,       REQUESTED,  STATUS_UPDATE,           may_begin,
		"execution begun", "seed 13"),
	ROW(TRANSFERRED,        NOT_EXECUTABLE,     REQUESTED,  NON_EXECUTION,           cause_stated,
		"cause stated", "Budapest 27(7)"),
	ROW(IN_EXECUTION,       PARTIALLY_EXECUTED, REQUESTED,  EXECUTION_RESULT,        result_delivered,
		"at least one measure result delivered", "practice"),
	ROW(PARTIALLY_EXECUTED, PARTIALLY_EXECUTED, REQUESTED,  EXECUTION_RESULT,        result_delivered,
		"further part", "practice"),
	ROW(PARTIALLY_EXECUTED, EXECUTED,           REQUESTED,  EXECUTION_RESULT,        all_done,
		"every accepted measure terminal; record of execution", "UNTOC 18(24)"),
	ROW(IN_EXECUTION,       EXECUTED,           REQUESTED,  EXECUTION_RESULT,        all_done,
		"every accepted measure terminal; record of execution", "UNTOC 18(24)"),
	ROW(IN_EXECUTION,       NOT_EXECUTABLE,     REQUESTED,  NON_EXECUTION,           none_executable,
		"every accepted measure not executable", "Budapest 27(7)"),
	ROW(POSTPONED,          UNDER_REVIEW,       REQUESTED,  STATUS_UPDATE,           NULL,
		"ground lapsed", "UNTOC 18(25)"),
	ROW(POSTPONED,          ACCEPTED,           REQUESTED,  DECISION,                conditions_accepted,
		"ground lapsed", "UNTOC 18(25)"),
	ROW(POSTPONED,          TRANSFERRED,        REQUESTED,  TRANSFER_NOTICE,         authority_named,
		"ground lapsed", "UNTOC 18(25)"),
	ROW(POSTPONED,          IN_EXECUTION,       REQUESTED,  STATUS_UPDATE,           may_begin,
		"ground lapsed", "UNTOC 18(25)"),
	ROW(EXECUTED,           IN_EXECUTION,       REQUESTED,  STATUS_UPDATE,           deficiency_noticed,
		"RQ sent DEFICIENCY_NOTICE and RD agrees", "practice"),
	END(EXECUTED, BOTH, OUTCOME(FULLY_EXECUTED) | OUTCOME(PARTLY_EXECUTED), results_settled,
		"RQ confirms results complete; or RD after notice period", "practice"),
	END(REFUSED, BOTH, OUTCOME(REFUSED), NULL,
		"reasons were given", "UNTOC 18(23)"),
	END(NOT_EXECUTABLE, BOTH, OUTCOME(NOT_EXECUTABLE), NULL,
		NULL, "practice"),
	END(REDIRECTED, BOTH, OUTCOME(REDIRECTED) | OUTCOME(SUPERSEDED), NULL,
		"link to new request if any", "practice"),
	ROW(SENT,               WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(RECEIVED,           WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(ACKNOWLEDGED,       WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(UNDER_REVIEW,       WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(INFO_REQUESTED,     WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(CONSULTING,         WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(ACCEPTED,           WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(PARTIALLY_REFUSED,  WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(TRANSFERRED,        WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(IN_EXECUTION,       WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(PARTIALLY_EXECUTED, WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	ROW(POSTPONED,          WITHDRAWN,          REQUESTING, WITHDRAWAL,              withdrawal_explained,
		"reason", "UNTOC 18(24)"),
	END(WITHDRAWN, REQUESTED, OUTCOME(WITHDRAWN) | OUTCOME(SUPERSEDED), NULL,
		"execution stopped; measures already carried out reported", "practice"),
};

/* Spontaneous information expects no execution and has a short life of its own: DOMAIN 3.9.6. */
static const struct transition spontaneous[] = {
	ROW(UNSPECIFIED, DRAFT,     REQUESTING, CREATE,                  NULL,       NULL, "practice"),
	ROW(DRAFT,       ABANDONED, REQUESTING, ABANDON,                 NULL,       NULL, "practice"),
	ROW(DRAFT,       SENT,      REQUESTING, SPONTANEOUS_INFORMATION, NULL,       NULL, "UNTOC 18(4)"),
	ROW(SENT,        RECEIVED,  REQUESTED,  RECEIPT,                 registered, "registered", "practice"),
	ROW(RECEIVED,    CLOSED,    BOTH,       CLOSURE,                 NULL,
		"conditions accepted, or declined and the information returned or destroyed", "UNTOC 18(5)"),
};

static const char *const names[] = {
	[STATUS(UNSPECIFIED)] = "none",
	[STATUS(DRAFT)] = "draft",
	[STATUS(IN_CONSULTATION)] = "in-consultation",
	[STATUS(SENT)] = "sent",
	[STATUS(RECEIVED)] = "received",
	[STATUS(ACKNOWLEDGED)] = "acknowledged",
	[STATUS(UNDER_REVIEW)] = "under-review",
	[STATUS(INFO_REQUESTED)] = "info-requested",
	[STATUS(CONSULTING)] = "consulting",
	[STATUS(ACCEPTED)] = "accepted",
	[STATUS(TRANSFERRED)] = "transferred",
	[STATUS(IN_EXECUTION)] = "in-execution",
	[STATUS(PARTIALLY_EXECUTED)] = "partially-executed",
	[STATUS(EXECUTED)] = "executed",
	[STATUS(POSTPONED)] = "postponed",
	[STATUS(PARTIALLY_REFUSED)] = "partially-refused",
	[STATUS(REFUSED)] = "refused",
	[STATUS(NOT_EXECUTABLE)] = "not-executable",
	[STATUS(REDIRECTED)] = "redirected",
	[STATUS(WITHDRAWN)] = "withdrawn",
	[STATUS(CLOSED)] = "closed",
	[STATUS(ABANDONED)] = "abandoned",
};

const char *status_name(request_status status)
{
	return (size_t)status < ARRAY_LEN(names) ? names[status] : "unknown";
}

request_status status_of_name(const char *name)
{
	for (size_t i = 1; i < ARRAY_LEN(names); i++)
		if (!strcmp(names[i], name))
			return (request_status)i;
	return STATUS(UNSPECIFIED);
}

/* ── looking things up ─────────────────────────────────────────────────────────────────────────── */

static const struct transition *rows_of(Comity__RequestKind__Value kind, size_t *n)
{
	if (kind != COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION)
		return *n = ARRAY_LEN(table), table;
	return *n = ARRAY_LEN(spontaneous), spontaneous;
}

const struct transition *statuses_table(size_t *n)
{
	return rows_of(COMITY__REQUEST_KIND__VALUE__MLA, n);
}

const struct transition *statuses_table_spontaneous(size_t *n)
{
	return rows_of(COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION, n);
}

const struct transition *statuses_find(Comity__RequestKind__Value kind, request_status from, act_kind act,
	request_status to, enum side side)
{
	size_t n;
	const struct transition *rows = rows_of(kind, &n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].from == from && rows[i].act == act && rows[i].to == to && rows[i].side & side)
			return &rows[i];
	return NULL;
}

/* ── how it ends ───────────────────────────────────────────────────────────────────────────────── */

static bool is_known(Comity__Outcome__Value outcome)
{
	return protobuf_c_enum_descriptor_get_value(&comity__outcome__value__descriptor, (int)outcome);
}

bool statuses_outcome_fits(const struct transition *row, Comity__Outcome__Value outcome)
{
	return !row->outcomes || !is_known(outcome) || row->outcomes & 1U << (unsigned)outcome;
}

bool statuses_outcomes_agree(Comity__Outcome__Value one, Comity__Outcome__Value other)
{
	if (!is_known(one) || !is_known(other))
		return false;
	unsigned both = 1U << (unsigned)one | 1U << (unsigned)other;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((table[i].outcomes & both) == both)
			return true;
	return false;
}

void statuses_condition(const struct transition *row, char text[CONDITION_SIZE])
{
	const ProtobufCEnumDescriptor *type = &comity__outcome__value__descriptor;
	size_t used = (size_t)snprintf(text, CONDITION_SIZE, "%s", row->precondition ? row->precondition : "");
	const char *before = used ? "; outcome " : "outcome ";
	for (unsigned i = 0; i < type->n_values && used < CONDITION_SIZE; i++) {
		if (!(row->outcomes & 1U << (unsigned)type->values[i].value))
			continue;
		used += (size_t)snprintf(text + used, CONDITION_SIZE - used, "%s%s", before, type->values[i].name);
		before = " or ";
	}
}

/* ── where an act leads ────────────────────────────────────────────────────────────────────────── */

request_status statuses_target_of(act_kind act)
{
	if (act == ACT(SPONTANEOUS_INFORMATION))
		return STATUS(SENT);

	request_status target = STATUS(UNSPECIFIED);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].act != act)
			continue;
		if (target && target != table[i].to)
			return STATUS(UNSPECIFIED);
		target = table[i].to;
	}
	return target;
}

/* Additional information and the end of a consultation lead back to where the case stood, nowhere else. */
static bool leads_elsewhere(const struct case_view *view, const struct transition *row)
{
	bool resumes = row->act == ACT(ADDITIONAL_INFO) || row->act == ACT(CONSULTATION_CLOSED);
	return resumes && view->resume_to && row->to != view->resume_to;
}

static bool is_among(const request_status *statuses, size_t n, request_status status)
{
	for (size_t i = 0; i < n; i++)
		if (statuses[i] == status)
			return true;
	return false;
}

size_t statuses_allowed(const struct case_view *view, enum side side, request_status *to, size_t max)
{
	request_status found[ARRAY_LEN(table)];
	size_t n, count = 0;
	const struct transition *rows = rows_of(view->kind, &n);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].from != view->status || !(rows[i].side & side) || leads_elsewhere(view, &rows[i]))
			continue;
		if (!is_among(found, count, rows[i].to))
			found[count++] = rows[i].to;
	}
	memcpy(to, found, (count < max ? count : max) * sizeof found[0]);
	return count;
}

void statuses_allowed_text(const struct case_view *view, enum side side, char *text, size_t size)
{
	request_status to[ARRAY_LEN(names)];
	size_t n = statuses_allowed(view, side, to, ARRAY_LEN(to)), used = 0;
	snprintf(text, size, "nothing");
	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", status_name(to[i]));
}
