/* What acts do to a case, in memory. */
#include <stdio.h>
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "proto/stamp.h"

static const struct measure_view *view_measures(const Comity__Case *kase, struct arena *arena)
{
	struct measure_view *views = arena_alloc(arena, (kase->n_measures + 1) * sizeof *views);
	for (size_t i = 0; views && i < kase->n_measures; i++)
		views[i] = (struct measure_view){ kase->measures[i]->id, kase->measures[i]->status, kase->measures[i]->form,
			kase->measures[i]->milestone, kase->measures[i]->milestone_at };
	return views;
}

struct case_view case_view_of(const Comity__Case *kase, struct arena *arena)
{
	struct case_view view = {
		.reference = casework_name(kase),
		.our_side = case_our_side(kase),
		.kind = kase->kind,
		.status = kase->status,
		.resume_to = kase->resume_to,
		.questions = kase->questions,
		.heard = kase->heard,
		.deficient = kase->deficient,
		.secrecy = case_secrecy(kase),
		.fiscal_alone_barred = kase->fiscal_alone_barred,
		.budapest = kase->budapest,
		.measures = view_measures(kase, arena),
		.n_measures = kase->n_measures,
		.milestone = kase->milestone,
		.milestone_at = kase->milestone_at,
	};
	if (!view.measures)
		view.n_measures = 0;
	return view;
}

/* ── what a document tells of its case ────────────────────────────────────────────────────────── */

static bool add_measure(Comity__Case *kase, const Comity__Measure *measure, struct arena *arena)
{
	Comity__MeasureState *state = arena_alloc(arena, sizeof *state);
	if (!state)
		return false;
	comity__measure_state__init(state);
	state->id = record_text(arena, measure->id);
	state->has_form = measure->has_form;
	state->form = measure->form;
	state->has_status = 1;
	state->status = COMITY__MEASURE_STATUS__VALUE__PENDING;
	return record_append(arena, &kase->n_measures, &kase->measures, &state, sizeof state);
}

static const char *earliest_deadline(const Comity__UrgencyStatement *urgency)
{
	const char *earliest = NULL;
	for (size_t i = 0; urgency && i < urgency->n_deadlines; i++)
		if (urgency->deadlines[i]->by && (!earliest || strcmp(urgency->deadlines[i]->by, earliest) < 0))
			earliest = urgency->deadlines[i]->by;
	return earliest;
}

static void adopt_bases(Comity__Case *kase, const Comity__Request *document)
{
	kase->has_fiscal_alone_barred = kase->has_budapest = 0;
	kase->fiscal_alone_barred = kase->budapest = 0;
	for (size_t i = 0; i < document->n_legal_bases; i++) {
		Comity__LegalBasis__Value basis = document->legal_bases[i]->basis;
		if (basis == COMITY__LEGAL_BASIS__VALUE__UNTOC || basis == COMITY__LEGAL_BASIS__VALUE__UNCAC)
			kase->has_fiscal_alone_barred = kase->fiscal_alone_barred = 1;
		if (basis == COMITY__LEGAL_BASIS__VALUE__BUDAPEST_2001)
			kase->has_budapest = kase->budapest = 1;
	}
}

/* What the requested side's priority is suggested by, and until when somebody may be held. */
static void adopt_stakes(Comity__Case *kase, const Comity__Request *document, struct arena *arena)
{
	const Comity__UrgencyStatement *urgency = document->urgency;
	kase->has_seriousness = document->has_seriousness;
	kase->seriousness = document->seriousness;
	kase->custody_until = urgency ? record_text(arena, urgency->custody_until) : NULL;
	kase->n_urgency_reasons = 0;
	for (size_t i = 0; urgency && i < urgency->n_reasons; i++)
		record_append(arena, &kase->n_urgency_reasons, &kase->urgency_reasons, &urgency->reasons[i], sizeof urgency->reasons[i]);
}

void case_adopt(Comity__Case *kase, const Comity__Request *document, struct arena *arena)
{
	kase->has_kind = 1;
	kase->kind = document->kind;
	kase->subject = document->proceeding ? record_text(arena, document->proceeding->subject) : NULL;
	kase->has_urgency = document->urgency && document->urgency->has_level;
	kase->urgency = kase->has_urgency ? document->urgency->level : COMITY__URGENCY__VALUE__UNSPECIFIED;
	kase->answer_by = record_text(arena, earliest_deadline(document->urgency));
	adopt_stakes(kase, document, arena);
	if (document->requesting_reference)
		kase->requesting_reference = record_text(arena, document->requesting_reference);
	case_adopt_secrecy(kase, document->confidentiality, document->handling_marking);
	adopt_bases(kase, document);
	case_adopt_figures(kase, document, arena);
	kase->n_measures = 0;
	for (size_t i = 0; i < document->n_measures; i++)
		add_measure(kase, document->measures[i], arena);
}

void case_reset(Comity__Case *kase)
{
	const Comity__Request nothing = COMITY__REQUEST__INIT;
	Comity__Case empty = COMITY__CASE__INIT;
	case_adopt(kase, &nothing, NULL);
	kase->status = COMITY__REQUEST_STATUS__VALUE__DRAFT;
	kase->resume_to = empty.resume_to;
	kase->has_resume_to = kase->has_decision = kase->has_outcome = kase->has_consulted = kase->has_heard = 0;
	kase->has_questions = kase->has_deficient = kase->has_conditions_open = 0;
	kase->conditions_open = 0;
	kase->decision = empty.decision;
	kase->outcome = empty.outcome;
	kase->consulted = kase->heard = kase->deficient = 0;
	kase->questions = 0;
	kase->competent_authority = kase->competent_authority_reference = NULL;
	kase->requested_reference = kase->sent_at = kase->received_at = kase->message_id = NULL;
	kase->has_milestone = 0;
	kase->milestone = empty.milestone;
	kase->milestone_at = NULL;
	kase->n_dues = kase->n_conditions = kase->n_happenings = 0;
	kase->has_priority = 0;
	kase->priority = empty.priority;
	case_reset_figures(kase);
}

/* ── what each act tells beside the status ────────────────────────────────────────────────────── */

static void on_receipt(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	if (act->receipt->requested_reference)
		kase->requested_reference = record_text(arena, act->receipt->requested_reference);
}

static void on_acknowledgement(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	if (act->acknowledgement->requested_reference)
		kase->requested_reference = record_text(arena, act->acknowledgement->requested_reference);
	if (act->acknowledgement->has_priority) {
		kase->has_priority = 1;
		kase->priority = act->acknowledgement->priority;
	}
	case_answer_secrecy(kase, act->acknowledgement->confidentiality, act->acknowledgement->unavoidable_disclosure, arena);
}

static void on_questions(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	(void)arena;
	kase->has_questions = 1;
	kase->questions = (uint32_t)act->additional_info_request->n_questions;
}

static void on_answers(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	(void)act, (void)arena;
	kase->questions = 0;
}

static void on_consultation(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	(void)act, (void)arena;
	kase->has_consulted = kase->consulted = kase->has_heard = 1;
	kase->heard = 0;
}

static void on_reply(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	(void)act, (void)arena;
	kase->has_heard = kase->heard = 1;
}

static void on_decision(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	(void)arena;
	kase->has_decision = act->decision->has_decision;
	kase->decision = act->decision->decision;
}

static void on_transfer(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	const Comity__TransferNotice *notice = act->transfer_notice;
	kase->competent_authority = notice->withheld_by_law ? "withheld by law" : record_text(arena, notice->competent_authority);
	kase->competent_authority_reference = record_text(arena, notice->authority_reference);
}

/* What is in execution again already, since both spoke at once, need not be taken up again: so both sides have it. */
static void on_deficiency(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	(void)act, (void)arena;
	kase->has_deficient = 1;
	kase->deficient = kase->deficient || kase->status != COMITY__REQUEST_STATUS__VALUE__IN_EXECUTION;
}

static void on_status_update(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	if (act->status_update->has_milestone) {
		kase->has_milestone = 1;
		kase->milestone = act->status_update->milestone;
		kase->milestone_at = record_text(arena, act->status_update->milestone_at);
	}
	if (act_status(act) == COMITY__REQUEST_STATUS__VALUE__IN_EXECUTION)
		kase->deficient = 0;
}

static void on_confidentiality(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	const Comity__ConfidentialityNotice *notice = act->confidentiality_notice;
	const char *disclosure = notice->unavoidable_disclosure ? notice->unavoidable_disclosure : notice->reason;
	case_answer_secrecy(kase, notice->can_comply, disclosure, arena);
}

static void on_leave(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	(void)arena;
	case_waive_secrecy(kase, act->confidentiality_response->proceed);
}

/* Of the measure that it names, else of every one that asks for preservation: Budapest Convention 29. */
static void on_preservation(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	const Comity__PreservationNotice *notice = act->preservation_notice;
	for (size_t i = 0; notice->has_preservation && i < kase->n_measures; i++) {
		Comity__MeasureState *measure = kase->measures[i];
		bool is_meant = notice->measure ? measure->id && !strcmp(measure->id, notice->measure)
			: measure->form == COMITY__ASSISTANCE_FORM__VALUE__DATA_PRESERVATION;
		if (!is_meant)
			continue;
		measure->has_preservation = 1;
		measure->preservation = notice->preservation;
		if (notice->until)
			measure->preserved_until = record_text(arena, notice->until);
	}
}

static void on_spontaneous_information(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	(void)arena;
	kase->has_conditions_open = 1;
	kase->conditions_open = act->spontaneous_information->conditions_first;
}

static void on_spontaneous_response(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	(void)arena;
	if (act->spontaneous_response->answer == COMITY__CONDITION_ANSWER__VALUE__ACCEPTED)
		kase->conditions_open = 0;
}

static const struct telling {
	act_kind kind;
	void (*tell)(Comity__Case *kase, const Comity__Act *act, struct arena *arena);
} tellings[] = {
	{ COMITY__ACT__KIND_RECEIPT,                 on_receipt },
	{ COMITY__ACT__KIND_ACKNOWLEDGEMENT,         on_acknowledgement },
	{ COMITY__ACT__KIND_ADDITIONAL_INFO_REQUEST, on_questions },
	{ COMITY__ACT__KIND_ADDITIONAL_INFO,         on_answers },
	{ COMITY__ACT__KIND_CONSULTATION,            on_consultation },
	{ COMITY__ACT__KIND_CONSULTATION_REPLY,      on_reply },
	{ COMITY__ACT__KIND_DECISION,                on_decision },
	{ COMITY__ACT__KIND_TRANSFER_NOTICE,         on_transfer },
	{ COMITY__ACT__KIND_DEFICIENCY_NOTICE,       on_deficiency },
	{ COMITY__ACT__KIND_STATUS_UPDATE,           on_status_update },
	{ COMITY__ACT__KIND_CONFIDENTIALITY_NOTICE,  on_confidentiality },
	{ COMITY__ACT__KIND_PRESERVATION_NOTICE,     on_preservation },
	{ COMITY__ACT__KIND_SPONTANEOUS_INFORMATION,  on_spontaneous_information },
	{ COMITY__ACT__KIND_SPONTANEOUS_RESPONSE,  on_spontaneous_response },
	{ COMITY__ACT__KIND_CONFIDENTIALITY_RESPONSE, on_leave },
};

static enum side writer_of(const Comity__Case *kase, const Comity__Message *message)
{
	return strcmp(message->from, kase->requesting_authority) ? SIDE_REQUESTED : SIDE_REQUESTING;
}

/* Two closures may cross: the requested side is the arbiter, among the ends that the case can have from where it stood. */
static void settle_outcome(Comity__Case *kase, const Comity__Closure *closure, enum side writer)
{
	if (kase->outcome && (writer != SIDE_REQUESTED || !statuses_outcomes_agree(kase->outcome, closure->outcome)))
		return;
	kase->has_outcome = closure->has_outcome;
	kase->outcome = closure->outcome;
}

static void tell(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, struct arena *arena)
{
	for (size_t i = 0; i < ARRAY_LEN(tellings); i++)
		if (tellings[i].kind == act->kind_case)
			tellings[i].tell(kase, act, arena);
	if (act->kind_case == COMITY__ACT__KIND_CLOSURE)
		settle_outcome(kase, act->closure, writer_of(kase, message));
	if (act->kind_case == COMITY__ACT__KIND_DESTRUCTION_NOTICE)
		case_note_destruction(kase, message, act, arena);
}

/* ── applying ─────────────────────────────────────────────────────────────────────────────────── */

static Comity__MeasureState *find_measure(Comity__Case *kase, const char *id)
{
	for (size_t i = 0; id && i < kase->n_measures; i++)
		if (kase->measures[i]->id && !strcmp(kase->measures[i]->id, id))
			return kase->measures[i];
	return NULL;
}

/* A decision or a result that names no measure speaks of all that are on the way; also where a withdrawal crosses it, which
 * leaves the status as it is. */
static const struct {
	act_kind kind;
	request_status status;
	measure_status from, to;
} sweeps[] = {
	{ COMITY__ACT__KIND_DECISION, COMITY__REQUEST_STATUS__VALUE__ACCEPTED,
	  COMITY__MEASURE_STATUS__VALUE__PENDING, COMITY__MEASURE_STATUS__VALUE__ACCEPTED },
	{ COMITY__ACT__KIND_STATUS_UPDATE, COMITY__REQUEST_STATUS__VALUE__IN_EXECUTION,
	  COMITY__MEASURE_STATUS__VALUE__ACCEPTED, COMITY__MEASURE_STATUS__VALUE__IN_EXECUTION },
	{ COMITY__ACT__KIND_DECISION, COMITY__REQUEST_STATUS__VALUE__REFUSED,
	  COMITY__MEASURE_STATUS__VALUE__PENDING, COMITY__MEASURE_STATUS__VALUE__REFUSED },
};

static void sweep_measures(Comity__Case *kase, const Comity__Act *act, const char *now)
{
	for (size_t i = 0; i < ARRAY_LEN(sweeps); i++)
		for (size_t k = 0; k < kase->n_measures; k++)
			if (sweeps[i].kind == act->kind_case && sweeps[i].status == act_status(act) &&
			    sweeps[i].from == kase->measures[k]->status) {
				kase->measures[k]->status = sweeps[i].to;
				kase->measures[k]->changed_at = (char *)now;
			}
}

static void report_measures(Comity__Case *kase, const Comity__Act *act, const char *now, struct arena *arena)
{
	size_t count;
	Comity__MeasureReport *const *reports = act_measures(act, &count);
	for (size_t i = 0; i < count; i++) {
		Comity__MeasureState *measure = find_measure(kase, reports[i]->measure);
		if (!measure)
			continue;
		if (reports[i]->has_status)
			measure->status = reports[i]->status;
		if (reports[i]->note)
			measure->note = record_text(arena, reports[i]->note);
		if (reports[i]->has_milestone) {
			measure->has_milestone = 1;
			measure->milestone = reports[i]->milestone;
			measure->milestone_at = record_text(arena, reports[i]->milestone_at);
		}
		measure->changed_at = (char *)now;
	}
	sweep_measures(kase, act, now);
}

/* When it was done, by who did it. */
static const char *done_at(const Comity__Message *message, const Comity__Act *act)
{
	const char *occurred_at = act_text(act, "occurred_at");
	return occurred_at ? occurred_at : message->created_at;
}

static bool add_step(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, const char *name,
	const char *now, struct arena *arena)
{
	Comity__StatusStep *step = arena_alloc(arena, sizeof *step);
	if (!step)
		return false;
	comity__status_step__init(step);
	step->has_status = 1;
	step->status = kase->status;
	step->authority = record_text(arena, message->from);
	step->officer = record_text(arena, message->officer);
	step->occurred_at = record_text(arena, done_at(message, act));
	step->recorded_at = (char *)now;
	step->note = record_text(arena, act_text(act, "note"));
	step->message_id = record_text(arena, message->message_id);
	step->act = (char *)name;
	return record_append(arena, &kase->n_history, &kase->history, &step, sizeof step);
}

/* What an act brings is what it is judged by.  A draft that we share is no news to us; theirs is no request, and starts
 * no clock. */
static void adopt_from(Comity__Case *kase, const Comity__Act *act, struct arena *arena)
{
	const Comity__Request *document = act_document(act);
	bool is_request = act->kind_case == COMITY__ACT__KIND_REQUEST, is_theirs = case_our_side(kase) == SIDE_REQUESTED;
	if (document && (is_request || is_theirs))
		case_adopt(kase, document, arena);
	if (document && !is_request && is_theirs)
		kase->answer_by = NULL;
	/* Ours had its kind from the draft, unless that is lost and the message came back. */
	if (act->kind_case == COMITY__ACT__KIND_SPONTANEOUS_INFORMATION && (is_theirs || !kase->has_kind)) {
		kase->has_kind = 1;
		kase->kind = COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION;
		kase->subject = record_text(arena, act->spontaneous_information->subject);
		case_adopt_secrecy(kase, NULL, act->spontaneous_information->handling_marking);
	}
}

/* What the message says of itself, whatever its acts are. */
static void adopt_header(Comity__Case *kase, const Comity__Message *message, struct arena *arena)
{
	if (message->requested_reference && !kase->requested_reference && writer_of(kase, message) == SIDE_REQUESTED)
		kase->requested_reference = record_text(arena, message->requested_reference);
}

static void note_sent(Comity__Case *kase, const Comity__Message *message, const char *now, struct arena *arena)
{
	if (case_our_side(kase) == SIDE_REQUESTED)
		kase->received_at = record_text(arena, now);
	kase->sent_at = record_text(arena, message->created_at);
	kase->message_id = record_text(arena, message->message_id);
}

static bool is_content(const Comity__Message *message, const Comity__Act *act)
{
	const Comity__SpontaneousInformation *information =
		act->kind_case == COMITY__ACT__KIND_SPONTANEOUS_INFORMATION ? act->spontaneous_information : NULL;
	return message->n_attachments || (message->text && *message->text) || act->kind_case == COMITY__ACT__KIND_GENERAL_CORRESPONDENCE
		|| (information && (information->n_persons || (information->information && *information->information)));
}

/* Where the transmitting State so set, nothing of the content travels before its conditions are accepted: 18(5). */
static enum fault check_conditions(const Comity__Case *kase, const Comity__Message *message, const Comity__Act *act)
{
	bool begins = act->kind_case == COMITY__ACT__KIND_SPONTANEOUS_INFORMATION;
	bool first = begins ? act->spontaneous_information->conditions_first : kase->conditions_open;
	if (!first || writer_of(kase, message) != SIDE_REQUESTING)
		return OK;
	if (begins && !act->spontaneous_information->n_conditions)
		return fault_say(FAULT_INCOMPLETE, "conditions_first without conditions: say which must be accepted (UNTOC 18(5))");
	return !is_content(message, act) ? OK : fault_say(FAULT_INCOMPLETE, "the conditions come first: information, persons, files and"
		" correspondence are sent when the other side has accepted them (conditions_first; UNTOC 18(5))");
}

/* Both closed it before they heard of one another: for both it was closed when the first of them did. */
static void meet_closing(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, struct arena *arena)
{
	Comity__StatusStep *last = kase->n_history ? kase->history[kase->n_history - 1] : NULL;
	int64_t theirs, ours;
	if (act->kind_case != COMITY__ACT__KIND_CLOSURE || !last || last->status != COMITY__REQUEST_STATUS__VALUE__CLOSED)
		return;
	const char *at = done_at(message, act);
	if (at && stamp_read(at, &theirs) && last->occurred_at && stamp_read(last->occurred_at, &ours) && theirs < ours)
		last->occurred_at = record_text(arena, at);
}

static enum fault apply_one(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, const char *name,
	const char *now, struct arena *arena, struct verdict *verdict)
{
	struct step step;
	adopt_from(kase, act, arena);
	struct case_view view = case_view_of(kase, arena);
	view.said_at = message->created_at;
	TRY(statuses_judge(&view, act, writer_of(kase, message), &step));
	TRY(check_conditions(kase, message, act));
	kase->has_status = kase->has_resume_to = 1;
	kase->status = step.status;
	kase->resume_to = step.resume_to;
	tell(kase, message, act, arena);
	case_note_figures(kase, message, act, arena);
	report_measures(kase, act, now, arena);
	const struct owing owing = { kase, message, act, writer_of(kase, message), kase->n_happenings, arena };
	TRY(case_note_happenings(kase, message, act, now, arena));
	TRY(case_note_conditions(kase, message, act, name, arena));
	TRY(case_note_dues(&owing));
	if (act->kind_case != COMITY__ACT__KIND_REMINDER)	/* of what is so: it breaks no silence */
		kase->changed_at = (char *)now;
	if (!step.changes) {
		meet_closing(kase, message, act, arena);
		return OK;
	}
	if (step.status == COMITY__REQUEST_STATUS__VALUE__SENT)
		note_sent(kase, message, now, arena);
	if (verdict->count == ARRAY_LEN(verdict->steps))
		return fault_say(FAULT_TOO_LARGE, "a message carries at most %zu acts", ARRAY_LEN(verdict->steps));
	verdict->steps[verdict->count].from = view.status;
	verdict->steps[verdict->count].to = step.status;
	verdict->steps[verdict->count++].act = name;
	return add_step(kase, message, act, name, now, arena) ? OK : FAULT_NO_MEMORY;
}

/* Refused in good time, for what the store cannot keep would stop the line: the peer would send it again for ever. */
static enum fault check_size(const Comity__Case *kase)
{
	return protobuf_c_message_get_packed_size(&kase->base) <= CASE_SIZE_MAX ? OK :
		fault_say(FAULT_TOO_LARGE, "the history of %s has reached %d KiB: go on in a new request that refers to it",
			casework_name(kase), CASE_SIZE_MAX >> 10);
}

/* When the message reached this ledger. */
static const char *recorded_at(const Comity__MessageState *state, struct arena *arena)
{
	char now[STAMP_SIZE];
	if (state->arrived_at || state->queued_at)
		return state->arrived_at ? state->arrived_at : state->queued_at;
	stamp_now(now);
	return record_text(arena, now);
}

enum fault case_apply(Comity__Case *kase, const Comity__Message *message, Comity__MessageState *state,
	struct arena *arena, struct verdict *verdict)
{
	const char *now = recorded_at(state, arena);
	state->acts = arena_alloc(arena, (message->n_acts + 1) * sizeof *state->acts);
	if (!now || !state->acts)
		return arena_fault(arena);
	verdict->count = state->n_acts = 0;
	adopt_header(kase, message, arena);
	for (size_t i = 0; i < message->n_acts; i++) {
		const struct act_rule *rule = act_rule(message->acts[i]->kind_case);
		state->acts[state->n_acts++] = (char *)(rule ? rule->name : "unknown");
		if (rule)
			TRY(apply_one(kase, message, message->acts[i], rule->name, now, arena, verdict));
	}
	return check_size(kase);
}
