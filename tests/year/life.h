#pragma once
/* What officers do in a simulated year: each looks at a case every few days, and does something that the table allows there
 * (daemon/law/statuses.c), or says something that changes no status. */
#include "tests/year/requests.h"

struct life {
	char request_id[UUID_TEXT_SIZE];
	struct office *sides[2];		/* requesting, requested */
	int64_t next[2];
	bool is_begun, is_misdirected, is_asked_again;	/* it went to the wrong State, and is to be asked of another; was */
};

enum { ROWS_MAX = 160, MEASURES_MAX = 4 };

static struct { uint64_t taken[2][ROWS_MAX], acts[96], promises, refused_here; } lives;

/* ── a request ────────────────────────────────────────────────────────────────────────────────────── */

/* A date so many days ahead. */
static inline char *date_ahead(char text[DATE_SIZE], uint32_t days)
{
	date_write(text, now / STAMP_DAY + days);
	return text;
}

static inline Comity__Request *document_of(struct arena *arena, const char *yaml)
{
	struct document document = { 0 };
	ProtobufCMessage *message;
	assert_ok(yaml_read(&document, "request.yaml", span_of_text(yaml)));
	assert_ok(mapping_read(&document, &comity__request__descriptor, arena, &message, NULL));
	document_clear(&document);
	return (Comity__Request *)message;
}

static inline void begin(struct life *life)
{
	struct office *office = life->sides[0];
	char date[DATE_SIZE], text[REQUEST_SIZE];
	Comity__Case *kase;
	write_request(text, happens(40) ? date_ahead(date, 5 + chance(60)) : NULL);
	WRITING(&office->ledger, txn);
	assert_ok(casework_draft(&office->casework, &txn, life->sides[1]->id, document_of(&office->ledger.arena, text), OFFICER,
		&office->ledger.arena, &kase));
	snprintf(life->request_id, sizeof life->request_id, "%s", kase->request_id);
	assert_ok(ledger_end(&txn, OK));
	arena_reset(&office->ledger.arena);
	life->is_begun = true;
}

/* ── an act ───────────────────────────────────────────────────────────────────────────────────────── */

struct plan {
	struct acts acts;
	Comity__MeasureReport reports[MEASURES_MAX], *list[MEASURES_MAX];
	char date[DATE_SIZE], reference[64], until[STAMP_SIZE];
	bool promises;
};

/* Every date by which something is owed is some weeks away; now and then there is none. */
static inline void promise(struct plan *plan)
{
	static const char *const names[] = { "expected_on", "answer_by_on", "reply_by_on", "wanted_on", "review_on", "until" };
	ProtobufCMessage *body = &plan->acts.body.base;
	for (size_t i = 0; i < ARRAY_LEN(names) && plan->acts.act.kind_case != KIND(REQUEST); i++) {
		const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(body->descriptor, names[i]);
		if (!field || field->type != PROTOBUF_C_TYPE_STRING || (happens(20) && strcmp(names[i], "review_on") != 0))
			continue;
		*(char **)((char *)body + field->offset) = date_ahead(plan->date, 3 + chance(strcmp(names[i], "until") ? 40 : 90));
		plan->promises = true;
	}
}

/* All that is not settled yet is done. */
static inline void report_done(struct plan *plan, const Comity__Case *kase)
{
	Comity__ExecutionResult *result = &plan->acts.body.execution_result;
	result->measures = plan->list;
	for (size_t i = result->n_measures = 0; i < kase->n_measures && i < MEASURES_MAX; i++) {
		measure_status status = kase->measures[i]->status;
		if (status == M(REFUSED) || status == M(WITHDRAWN) || status == M(NOT_EXECUTABLE) || status == M(EXECUTED))
			continue;
		comity__measure_report__init(&plan->reports[i]);
		plan->reports[i].measure = kase->measures[i]->id;
		plan->reports[i].has_status = 1;
		plan->reports[i].status = M(EXECUTED);
		plan->list[result->n_measures++] = &plan->reports[i];
	}
	result->n_measures = result->n_measures ? result->n_measures : 0;
}

static inline Comity__Outcome__Value outcome_of(request_status status)
{
	switch (status) {
	case S(REFUSED):        return COMITY__OUTCOME__VALUE__REFUSED;
	case S(NOT_EXECUTABLE): return COMITY__OUTCOME__VALUE__NOT_EXECUTABLE;
	case S(REDIRECTED):     return COMITY__OUTCOME__VALUE__REDIRECTED;
	case S(WITHDRAWN):      return COMITY__OUTCOME__VALUE__WITHDRAWN;
	default:                return COMITY__OUTCOME__VALUE__FULLY_EXECUTED;
	}
}

static inline void fill(struct plan *plan, const struct office *office, const Comity__Case *kase, act_kind kind, request_status to)
{
	plan->promises = false;
	act_of(&plan->acts, kind, to);
	promise(plan);
	switch (kind) {
	case KIND(RECEIPT):
		snprintf(plan->reference, sizeof plan->reference, "%s/%.13s", office->id, kase->request_id);
		plan->acts.body.receipt.requested_reference = plan->reference;
		break;
	case KIND(ACKNOWLEDGEMENT):
		plan->acts.body.acknowledgement.has_confidentiality = kase->confidentiality_asked;
		plan->acts.body.acknowledgement.confidentiality = COMITY__CAN_COMPLY__VALUE__YES;
		break;
	case KIND(DECISION):
		if (kase->budapest)
			plan->acts.ground = COMITY__REFUSAL_GROUND__VALUE__POLITICAL_OFFENCE;
		plan->acts.report.refusal_ground = plan->acts.ground;
		break;
	case KIND(EXECUTION_RESULT):
		if (to == S(EXECUTED))
			report_done(plan, kase);
		break;
	case KIND(CLOSURE):
		plan->acts.body.closure.has_results_complete = plan->acts.body.closure.results_complete = 1;
		if (kase->status != S(INFO_REQUESTED))
			plan->acts.body.closure.outcome = outcome_of(kase->status);
		break;
	default: break;
	}
}

/* How many acts left something owed by the day that they named, for the report: that it is told in time is judged by year.c. */
static inline void count_promise(const struct plan *plan, const Comity__Case *kase)
{
	bool is_found = false;
	for (size_t i = 0; i < kase->n_dues; i++)
		is_found = is_found || (kase->dues[i]->by && !strcmp(kase->dues[i]->by, plan->date));
	lives.promises += is_found;
}

static inline bool say(struct office *office, const char *request_id, struct plan *plan)
{
	Comity__Submitted submitted = COMITY__SUBMITTED__INIT;
	Comity__Message message = COMITY__MESSAGE__INIT;
	Comity__Act *act = &plan->acts.act;
	Comity__Case *kase;
	message.n_acts = 1;
	message.acts = &act;
	WRITING(&office->ledger, txn);
	enum fault fault = casework_find(&txn, request_id, &office->ledger.arena, &kase);
	if (!fault && act->kind_case == KIND(REQUEST))
		fault = casework_send(&office->casework, &txn, kase, NULL, "Officer", OFFICER, &office->ledger.arena, &submitted);
	else if (!fault)
		fault = casework_submit(&office->casework, &txn, kase, &message, true, OFFICER, &office->ledger.arena, &submitted);
	if (!fault && plan->promises)
		count_promise(plan, kase);
	if (fault && fault_remedy(fault) != REMEDY_REFUSE)
		fail_msg("%s: %s", office->id, fault_detail(fault));
	lives.refused_here += fault != OK;
	if (fault && getenv("YEAR_TALK"))
		printf("%s: %d in %s: %s\n", office->id, act->kind_case, status_name(kase->status), fault_detail(fault));
	fault = ledger_end(&txn, fault);
	if (!fault && (size_t)act->kind_case < ARRAY_LEN(lives.acts))
		lives.acts[act->kind_case]++;
	return !fault;
}

/* ── what next? ───────────────────────────────────────────────────────────────────────────────────── */

/* Said beside the table, where it stands so. */
static const struct {
	act_kind kind;
	enum side side;
	request_status status;			/* UNSPECIFIED: any while the request lives */
	uint32_t per_cent;
} asides[] = {
	{ KIND(CONSULTATION_REPLY),             SIDE_REQUESTING, S(CONSULTING),  80 },
	{ KIND(DEFICIENCY_NOTICE),              SIDE_REQUESTING, S(EXECUTED),    25 },
	{ KIND(RESULT_RECEIPT),                 SIDE_REQUESTING, S(EXECUTED),    20 },
	{ KIND(STATUS_ENQUIRY),                 SIDE_REQUESTING, S(UNSPECIFIED),  8 },
	{ KIND(USE_CONSENT_REQUEST),            SIDE_REQUESTING, S(EXECUTED),    10 },
	{ KIND(CONSULTATION_COMMENT),           SIDE_REQUESTED,  S(IN_CONSULTATION), 60 },
	{ KIND(SPONTANEOUS_RESPONSE),           SIDE_REQUESTED,  S(RECEIVED),    10 },
	{ KIND(STATUS_UPDATE),                  SIDE_REQUESTED,  S(UNSPECIFIED),  5 },
	{ KIND(PRESERVATION_NOTICE),            SIDE_REQUESTED,  S(UNSPECIFIED), 10 },
	{ KIND(PRESERVATION_EXTENSION_REQUEST), SIDE_REQUESTING, S(UNSPECIFIED),  6 },
	{ KIND(CORRECTION),                     SIDE_BOTH,       S(UNSPECIFIED),  3 },
};

static inline bool speak_aside(struct office *office, const Comity__Case *kase, enum side side)
{
	static struct plan plan;
	for (size_t i = 0; i < ARRAY_LEN(asides); i++) {
		bool is_here = asides[i].status ? asides[i].status == kase->status : phase_of(kase->status) == PHASE_LIVE;
		bool is_spontaneous = kase->kind == COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION;
		bool fits = is_spontaneous == (asides[i].kind == KIND(SPONTANEOUS_RESPONSE)) || asides[i].kind == KIND(CORRECTION);
		if (!is_here || !fits || !(asides[i].side & side) || !happens(asides[i].per_cent))
			continue;
		if ((asides[i].kind == KIND(PRESERVATION_NOTICE) || asides[i].kind == KIND(PRESERVATION_EXTENSION_REQUEST)) &&
		    kase->kind != COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION)
			continue;
		fill(&plan, office, kase, asides[i].kind, 0);
		if (asides[i].kind == KIND(PRESERVATION_NOTICE))
			((Comity__PreservationNotice *)&plan.acts.body)->measure = m1;
		return say(office, kase->request_id, &plan);
	}
	return false;
}

static inline bool leads_elsewhere(const Comity__Case *kase, const struct transition *row)
{
	return (row->act == KIND(ADDITIONAL_INFO) || row->act == KIND(CONSULTATION_CLOSED)) && kase->resume_to && row->to != kase->resume_to;
}

/* Withdrawals and dropped drafts are rarer than the rest. */
static inline bool is_chosen(const struct transition *row)
{
	bool is_rare = row->act == KIND(WITHDRAWAL) || row->act == KIND(ABANDON) || row->act == KIND(REDIRECT);
	return row->act != KIND(CREATE) && (!is_rare || happens(8));
}

/* A draft that nobody has seen is dropped without a word. */
static inline bool drop_unseen(struct office *office, const char *request_id)
{
	Comity__Case *kase;
	WRITING(&office->ledger, txn);
	enum fault fault = casework_find(&txn, request_id, &office->ledger.arena, &kase);
	if (!fault)
		fault = casework_abandon(&office->casework, &txn, kase, OFFICER, &office->ledger.arena);
	return !ledger_end(&txn, fault);
}

/* The draft that the other side is to read is ours as it is, but says that it is one. */
static inline Comity__Request *draft_of(struct office *office, const Comity__Case *kase)
{
	READING(&office->ledger, txn);
	Comity__Request *draft = casework_document(&txn, kase, &office->ledger.arena);
	txn_abort(&txn);
	assert_non_null(draft);
	draft->transmission_mode = COMITY__TRANSMISSION_MODE__VALUE__CONSULTATION_DRAFT;
	return draft;
}

static inline bool take_a_row(struct office *office, const Comity__Case *kase, enum side side)
{
	static struct plan plan;
	bool is_spontaneous = kase->kind == COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION;
	size_t n, open[ROWS_MAX], count = 0;
	const struct transition *table = is_spontaneous ? statuses_table_spontaneous(&n) : statuses_table(&n);
	for (size_t i = 0; i < n; i++)
		if (table[i].from == kase->status && table[i].side & side && !leads_elsewhere(kase, &table[i]) && is_chosen(&table[i]))
			open[count++] = i;
	while (count) {
		size_t which = chance((uint32_t)count), at = open[which];
		const struct transition *row = &table[at];
		open[which] = open[--count];
		fill(&plan, office, kase, row->act, row->to);
		if (row->act == KIND(CONSULTATION_DRAFT))
			plan.acts.body.consultation_draft.draft = draft_of(office, kase);
		if (say(office, kase->request_id, &plan) || (row->act == KIND(ABANDON) && drop_unseen(office, kase->request_id))) {
			lives.taken[is_spontaneous][at]++;
			return true;
		}
	}
	return false;
}

static inline void act_in(struct life *life, size_t which)
{
	struct office *office = life->sides[which];
	Comity__Case *kase = case_of(office, life->request_id);
	enum side side = which ? SIDE_REQUESTED : SIDE_REQUESTING;
	if (kase && phase_of(kase->status) == PHASE_OVER) {
		life->next[which] = INT64_MAX;
		life->is_misdirected = !which && !life->is_asked_again && kase->outcome == COMITY__OUTCOME__VALUE__REDIRECTED;
	}
	else if (kase && !speak_aside(office, kase, side))
		take_a_row(office, kase, side);
	arena_reset(&office->ledger.arena);
}
