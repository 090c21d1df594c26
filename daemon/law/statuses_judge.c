#include "daemon/law/statuses.h"

#include <stdio.h>

#include "daemon/law/preconditions.h"
#include "proto/bytes.h"

#define STATUS(name) COMITY__REQUEST_STATUS__VALUE__##name
#define MEASURE(name) COMITY__MEASURE_STATUS__VALUE__##name
#define ACT(kind) COMITY__ACT__KIND_##kind

/* ── measures ──────────────────────────────────────────────────────────────────────────────────── */

static const char *const measure_names[] = {
	[MEASURE(UNSPECIFIED)] = "none",
	[MEASURE(PENDING)] = "pending",
	[MEASURE(ACCEPTED)] = "accepted",
	[MEASURE(IN_EXECUTION)] = "in-execution",
	[MEASURE(PARTIALLY_EXECUTED)] = "partially-executed",
	[MEASURE(EXECUTED)] = "executed",
	[MEASURE(NOT_EXECUTABLE)] = "not-executable",
	[MEASURE(POSTPONED)] = "postponed",
	[MEASURE(REFUSED)] = "refused",
	[MEASURE(WITHDRAWN)] = "withdrawn",
};

#define TO(name) (1u << MEASURE(name))
enum { TO_ANY_END = TO(EXECUTED) | TO(NOT_EXECUTABLE) | TO(REFUSED) | TO(WITHDRAWN) };

/* A report may skip stages that nobody announced, but never goes back, and nothing follows an end.  What
 * was partly executed can no longer be refused. */
static const unsigned measure_exits[ARRAY_LEN(measure_names)] = {
	[MEASURE(UNSPECIFIED)] = ~0u,
	[MEASURE(PENDING)] = TO(ACCEPTED) | TO(IN_EXECUTION) | TO(PARTIALLY_EXECUTED) | TO(POSTPONED) | TO_ANY_END,
	[MEASURE(ACCEPTED)] = TO(IN_EXECUTION) | TO(PARTIALLY_EXECUTED) | TO(POSTPONED) | TO_ANY_END,
	[MEASURE(IN_EXECUTION)] = TO(PARTIALLY_EXECUTED) | TO(POSTPONED) | TO_ANY_END,
	[MEASURE(PARTIALLY_EXECUTED)] = TO(EXECUTED) | TO(NOT_EXECUTABLE) | TO(WITHDRAWN),
	[MEASURE(POSTPONED)] = TO(PENDING) | TO(ACCEPTED) | TO(IN_EXECUTION) | TO(REFUSED) | TO(NOT_EXECUTABLE) | TO(WITHDRAWN),
};

const char *measure_status_name(measure_status status)
{
	return (size_t)status < ARRAY_LEN(measure_names) ? measure_names[status] : "unknown";
}

bool measure_may_become(measure_status from, measure_status to)
{
	if (from == to)
		return true;	/* a report that repeats itself */
	return (size_t)from < ARRAY_LEN(measure_exits) && (size_t)to < ARRAY_LEN(measure_exits)
		&& to && measure_exits[from] >> to & 1;
}

/* ── the sentences ─────────────────────────────────────────────────────────────────────────────── */

static const char *reference_of(const struct case_view *view)
{
	return view->reference ? view->reference : "the request";
}

static const char *side_name(enum side side)
{
	return side == SIDE_REQUESTING ? "requesting" : "requested";
}

static enum fault say_illegal(const struct case_view *view, const struct act_rule *rule, request_status to,
	enum side writer)
{
	char allowed[512], what[64];
	statuses_allowed_text(view, writer, allowed, sizeof allowed);
	snprintf(what, sizeof what, to ? "it cannot become \"%s\"" : "\"%s\" has no place now",
		to ? status_name(to) : rule->name);
	return fault_say(FAULT_STATUS_TRANSITION, "%s is \"%s\"; %s; allowed now: %s",
		reference_of(view), status_name(view->status), what, allowed);
}

static enum fault say_wrong_side(const struct case_view *view, const struct act_rule *rule, enum side writer)
{
	return fault_say(FAULT_WRONG_SIDE,
		"%s is \"%s\"; \"%s\" is for the %s side to write, not for the %s side",
		reference_of(view), status_name(view->status), rule->name, side_name(SIDE_BOTH ^ writer), side_name(writer));
}

/* ── judging ───────────────────────────────────────────────────────────────────────────────────── */

static bool is_theirs(const struct case_view *view, enum side writer)
{
	return view->our_side && writer != view->our_side;
}

static bool resumes(act_kind kind)
{
	return kind == ACT(ADDITIONAL_INFO) || kind == ACT(CONSULTATION_CLOSED);
}

/* A draft never leaves its authority: what begins a case here began as a draft there. */
static request_status stands_at(const struct case_view *view, act_kind kind, enum side writer)
{
	return !view->status && act_begins(kind) && is_theirs(view, writer) ? STATUS(DRAFT) : view->status;
}

static request_status wanted(const struct case_view *view, const Comity__Act *act)
{
	request_status status = act_status(act);
	if (status)
		return status;
	return resumes(act->kind_case) ? view->resume_to : statuses_target_of(act->kind_case);
}

bool status_is_remembered(request_status status)
{
	return status == STATUS(INFO_REQUESTED) || status == STATUS(CONSULTING) || status == STATUS(WITHDRAWN);
}

/* A case ends as it stood: what was refused was not executed. */
static enum fault outcome_judged(const struct transition *row, const Comity__Act *act)
{
	char condition[CONDITION_SIZE];
	bool is_end = row->act == ACT(CLOSURE) && row->outcomes;
	bool is_said = is_end && act->closure->has_outcome && act->closure->outcome;
	if (!is_end || (is_said && statuses_outcome_fits(row, act->closure->outcome)))
		return OK;
	statuses_condition(row, condition);
	return fault_say(FAULT_INCOMPLETE, "from \"%s\" a case is closed with: %s%s", status_name(row->from), condition,
		is_said ? ", not with the outcome that was said" : "; say the outcome");
}

static enum fault follow(const struct transition *row, const struct case_view *view, const Comity__Act *act,
	struct step *step)
{
	if (row->precondition_holds)
		TRY(row->precondition_holds(view, act));
	TRY(outcome_judged(row, act));
	step->row = row;
	step->changes = true;
	step->status = row->to;
	step->resume_to = status_is_remembered(row->to) ? row->from : STATUS(UNSPECIFIED);
	return OK;
}

/* Would this act of this writer change a status somewhere? */
static bool moves(const struct case_view *view, act_kind kind, enum side writer, request_status to)
{
	for (request_status from = STATUS(UNSPECIFIED); from <= STATUS(ABANDONED); from++)
		if (to && statuses_find(view->kind, from, kind, to, writer))
			return true;
	return false;
}

/* What an act that leaves the status alone must say; the others have it in their rows. */
static enum fault says_enough(const struct case_view *view, const Comity__Act *act)
{
	static const struct {
		act_kind kind;
		enum fault (*holds)(const struct case_view *, const Comity__Act *);
	} manners[] = {
		{ ACT(CONFIDENTIALITY_NOTICE),   notice_explained },
		{ ACT(CONFIDENTIALITY_RESPONSE), response_called_for },
	};
	for (size_t i = 0; i < ARRAY_LEN(manners); i++)
		if (manners[i].kind == act->kind_case)
			return manners[i].holds(view, act);
	return OK;
}

/* An act that leaves the status alone, in a phase where it has its place.  The other side's may be late. */
static bool is_noted(const struct case_view *view, const struct act_rule *rule, request_status to, enum side writer)
{
	unsigned phases = rule->phases;
	if (is_theirs(view, writer) && phases & PHASE_LIVE)
		phases |= PHASE_OVER;
	if (!(phases & phase_of(view->status)))
		return false;
	return to == view->status || !moves(view, rule->kind, writer, to);
}

/* ── acts that crossed on the way ──────────────────────────────────────────────────────────────── */

/* The requested side wrote it before it saw our withdrawal: judge it from where the case stood.  What can no
 * longer be withdrawn stands. */
static enum fault after_withdrawal(const struct case_view *view, const Comity__Act *act, enum side writer,
	struct step *step)
{
	struct case_view before = *view;
	before.status = view->resume_to;
	before.resume_to = STATUS(UNSPECIFIED);	/* two steps back is not remembered: the act says it */
	before.n_measures = 0;			/* nor how its measures stood */
	const struct transition *row = statuses_find(view->kind, before.status, act->kind_case,
		wanted(&before, act), writer);
	if (!row)
		return FAULT_STATUS_TRANSITION;

	TRY(measures_known(&before, act));
	TRY(freeze_respected(view, act));
	TRY(follow(row, &before, act, step));
	if (!statuses_find(view->kind, row->to, ACT(WITHDRAWAL), STATUS(WITHDRAWN), SIDE_REQUESTING))
		return OK;
	step->status = STATUS(WITHDRAWN);
	step->resume_to = row->to;
	step->changes = false;
	return OK;
}

/* Our answer and the requested side's closure for want of one crossed: it is the arbiter. */
static const struct transition *closed_for_silence(const struct case_view *view, const Comity__Act *act,
	enum side writer)
{
	bool answered = statuses_find(view->kind, STATUS(INFO_REQUESTED), ACT(ADDITIONAL_INFO), view->status,
		SIDE_REQUESTING);
	bool silence = act->kind_case == ACT(CLOSURE) && act->closure->has_outcome
		&& act->closure->outcome == COMITY__OUTCOME__VALUE__NO_RESPONSE;
	if (!answered || !silence)
		return NULL;
	return statuses_find(view->kind, STATUS(INFO_REQUESTED), ACT(CLOSURE), STATUS(CLOSED), writer);
}

/* Came when the case was over for us: it is noted, results keep their use limits. */
static bool came_too_late(const struct case_view *view, act_kind kind)
{
	bool ended = statuses_find(view->kind, view->status, ACT(CLOSURE), STATUS(CLOSED), SIDE_REQUESTING);
	if (view->status == STATUS(CLOSED))
		return kind == ACT(WITHDRAWAL) || kind == ACT(ADDITIONAL_INFO) || kind == ACT(CLOSURE);
	return ended && kind == ACT(WITHDRAWAL);
}

/* OK where the act is one that crossed with ours; "status transition" without a sentence where it is none. */
static enum fault crossed(const struct case_view *view, const Comity__Act *act, enum side writer, struct step *step)
{
	if (!is_theirs(view, writer))
		return FAULT_STATUS_TRANSITION;
	if (came_too_late(view, act->kind_case))
		return OK;
	if (writer != SIDE_REQUESTED)
		return FAULT_STATUS_TRANSITION;
	if (view->status == STATUS(WITHDRAWN) && view->resume_to)
		return after_withdrawal(view, act, writer, step);

	const struct transition *row = closed_for_silence(view, act, writer);
	return row ? follow(row, view, act, step) : FAULT_STATUS_TRANSITION;
}

/* ── the whole ─────────────────────────────────────────────────────────────────────────────────── */

/* No row, no crossing, no place for a remark: say why not. */
static enum fault explain(const struct case_view *view, const struct act_rule *rule, request_status to,
	enum side writer)
{
	if (!to && (rule->kind == ACT(DECISION) || rule->kind == ACT(EXECUTION_RESULT)))
		return fault_say(FAULT_INCOMPLETE, "%s: this %s must say which status results",
			reference_of(view), rule->name);
	if (statuses_find(view->kind, view->status, rule->kind, to, SIDE_BOTH ^ writer))
		return say_wrong_side(view, rule, writer);
	return say_illegal(view, rule, to, writer);
}

enum fault statuses_judge(const struct case_view *view, const Comity__Act *act, enum side writer, struct step *step)
{
	*step = (struct step){ .status = view->status, .resume_to = view->resume_to };
	const struct act_rule *rule = act_rule(act->kind_case);
	if (!rule)
		return fault_say(FAULT_BAD_DOCUMENT, "%s: an act is of a kind that this version does not know",
			reference_of(view));
	if (!(rule->side & writer))
		return say_wrong_side(view, rule, writer);

	request_status to = wanted(view, act);
	const struct transition *row = statuses_find(view->kind, stands_at(view, rule->kind, writer),
		rule->kind, to, writer);
	if (row || is_noted(view, rule, to, writer)) {
		TRY(measures_known(view, act));
		TRY(freeze_respected(view, act));
	}
	if (row)
		return follow(row, view, act, step);
	if (is_noted(view, rule, to, writer))
		return says_enough(view, act);

	enum fault fault = crossed(view, act, writer, step);
	return fault == FAULT_STATUS_TRANSITION ? explain(view, rule, to, writer) : fault;
}
