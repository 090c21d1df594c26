/* What is owed in a case, by whom, until when: as the acts say it, in one table, and what settles it, in another. */
#include <string.h>

#include "daemon/law/calendar.h"
#include "daemon/law/casework_parts.h"
#include "daemon/ledger/directory.h"
#include "proto/stamp.h"

#define ACT(kind) COMITY__ACT__KIND_##kind
#define DUE(kind) COMITY__DUE_KIND__VALUE__##kind

typedef Comity__DueKind__Value due_kind;

/* A text of an act that says until when something is owed. */
static const struct promise {
	act_kind act;
	const char *field;
	due_kind kind;
	enum side side;				/* who owes it; SIDE_BOTH: whoever reads the act */
} promises[] = {
	{ ACT(ACKNOWLEDGEMENT),         "expected_on",  DUE(EXECUTION),   SIDE_REQUESTED },
	{ ACT(STATUS_UPDATE),           "expected_on",  DUE(EXECUTION),   SIDE_REQUESTED },
	{ ACT(TRANSFER_NOTICE),         "expected_on",  DUE(EXECUTION),   SIDE_REQUESTED },
	{ ACT(ADDITIONAL_INFO_REQUEST), "answer_by_on", DUE(INFORMATION), SIDE_REQUESTING },
	{ ACT(CONSULTATION),            "reply_by_on",  DUE(OPINION),     SIDE_BOTH },
	{ ACT(STATUS_ENQUIRY),          "wanted_on",    DUE(STATUS),      SIDE_REQUESTED },
	{ ACT(DECISION),                "review_on",    DUE(REVIEW),      SIDE_REQUESTED },
	{ ACT(USE_CONSENT_REQUEST),     "answer_by_on", DUE(CONSENT),     SIDE_BOTH },
	{ ACT(PRESERVATION_NOTICE),     "until",        DUE(FOLLOW_UP),   SIDE_REQUESTING },
	{ ACT(REMINDER),                "answer_by_on", DUE(REPLY),       SIDE_BOTH },
};

/* An act that gives what was owed, whatever it says.  Where question and answer may cross on the line, only the answer to that
 * question settles it (in_reply_to_id): else one side would hold it settled, by what was said before it was asked, and the
 * other not. */
static const struct settling {
	act_kind act;
	due_kind kind;
	enum { BY_ITSELF, IN_REPLY } how;
} settlings[] = {
	{ ACT(ADDITIONAL_INFO),      DUE(INFORMATION), BY_ITSELF },
	{ ACT(CONSULTATION_REPLY),   DUE(OPINION),     IN_REPLY },
	{ ACT(CONSULTATION_CLOSED),  DUE(OPINION),     BY_ITSELF },
	{ ACT(STATUS_UPDATE),        DUE(STATUS),      IN_REPLY },
	{ ACT(DECISION),             DUE(REVIEW),      BY_ITSELF },
	{ ACT(DECISION),             DUE(OPINION),     BY_ITSELF },
	{ ACT(USE_CONSENT_RESPONSE), DUE(CONSENT),     IN_REPLY },
};

/* Where the request stands when nothing is owed to it any more; data that are preserved are preserved still. */
static const request_status ends[] = {
	COMITY__REQUEST_STATUS__VALUE__EXECUTED,
	COMITY__REQUEST_STATUS__VALUE__REFUSED,
	COMITY__REQUEST_STATUS__VALUE__NOT_EXECUTABLE,
	COMITY__REQUEST_STATUS__VALUE__REDIRECTED,
	COMITY__REQUEST_STATUS__VALUE__WITHDRAWN,
};

/* Data that are preserved are preserved still, evidence is used after it was given (18(19)), and who was arrested is held. */
static bool outlives(due_kind kind)
{
	return kind == DUE(FOLLOW_UP) || kind == DUE(CONSENT) || kind == DUE(EXTRADITION_REQUEST) || kind == DUE(ARREST_END);
}

static bool is_ended(request_status status)
{
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (ends[i] == status)
			return true;
	return phase_of(status) == PHASE_OVER;
}

bool case_is_ended(const Comity__Case *kase)
{
	return is_ended(kase->status);
}

static bool may_be_owed(const Comity__Case *kase, due_kind kind)
{
	return !is_ended(kase->status) || (outlives(kind) && phase_of(kase->status) != PHASE_OVER);
}

/* ── what an act changes ──────────────────────────────────────────────────────────────────────── */

static const struct settling *settling_of(const Comity__Due *due, const Comity__Act *act)
{
	for (size_t i = 0; i < ARRAY_LEN(settlings); i++)
		if (settlings[i].act == act->kind_case && settlings[i].kind == due->kind)
			return &settlings[i];
	return NULL;
}

static bool is_answer(const Comity__Due *due, const char *message_id)
{
	return due->message_id && message_id && !strcmp(due->message_id, message_id);
}

static bool is_settled(const Comity__Case *kase, const Comity__Due *due, const Comity__Message *message, const Comity__Act *act,
	enum side writer)
{
	const struct settling *settling = settling_of(due, act);
	bool is_reply = due->kind == DUE(REPLY) && (enum side)due->side == writer && act->kind_case != ACT(REMINDER);
	if (settling && (settling->how == BY_ITSELF || is_answer(due, message->in_reply_to_id) ||
		is_answer(due, act_text(act, "answers_message_id"))))
		return true;
	return is_reply || !may_be_owed(kase, due->kind) || case_clock_has_stopped(kase, due->kind);
}

const char *case_answers(const Comity__Case *kase, const Comity__Message *message)
{
	for (size_t act = 0; act < message->n_acts; act++)
		for (size_t i = 0; i < kase->n_dues; i++)
			if (settling_of(kase->dues[i], message->acts[act]) && !due_is_theirs(kase, kase->dues[i]))
				return kase->dues[i]->message_id;
	return NULL;
}

static void drop_settled(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, enum side writer)
{
	size_t kept = 0;
	for (size_t i = 0; i < kase->n_dues; i++)
		if (!is_settled(kase, kase->dues[i], message, act, writer))
			kase->dues[kept++] = kase->dues[i];
	kase->n_dues = kept;
}

static bool is_same(const char *one, const char *other)
{
	return !one || !other ? one == other : !strcmp(one, other);
}

/* What was said later of the same thing takes the place of the earlier word; of what each side owes, for their words may cross. */
static Comity__Due *find_due(Comity__Case *kase, due_kind kind, enum side side, const char *measure)
{
	for (size_t i = 0; i < kase->n_dues; i++)
		if (kase->dues[i]->kind == kind && (enum side)kase->dues[i]->side == side && is_same(kase->dues[i]->measure, measure))
			return kase->dues[i];
	return NULL;
}

static enum fault owe(const struct owing *owing, due_kind kind, enum side side, const char *by, const char *measure)
{
	Comity__Case *kase = owing->kase;
	struct arena *arena = owing->arena;
	Comity__Due *due = find_due(kase, kind, side, measure);
	if (!due && (!(due = arena_alloc(arena, sizeof *due)) || !record_append(arena, &kase->n_dues, &kase->dues, &due, sizeof due)))
		return arena_fault(arena);
	comity__due__init(due);
	due->has_kind = due->has_side = 1;
	due->kind = kind;
	due->side = (Comity__Role__Value)side;
	due->by = record_text(arena, by);
	due->measure = record_text(arena, measure);
	due->message_id = record_text(arena, owing->message->message_id);
	return OK;
}

enum fault case_owe(const struct owing *owing, due_kind kind, enum side side, const char *by)
{
	return may_be_owed(owing->kase, kind) ? owe(owing, kind, side, by, NULL) : OK;
}

static enum fault owe_promises(const struct owing *owing)
{
	const Comity__Act *act = owing->act;
	enum side reader = owing->writer == SIDE_REQUESTING ? SIDE_REQUESTED : SIDE_REQUESTING;
	for (size_t i = 0; i < ARRAY_LEN(promises); i++) {
		const char *by = promises[i].act == act->kind_case ? act_text(act, promises[i].field) : NULL;
		enum side side = promises[i].side == SIDE_BOTH ? reader : promises[i].side;
		if (by && *by && may_be_owed(owing->kase, promises[i].kind))
			TRY(owe(owing, promises[i].kind, side, by, act_text(act, "measure")));
	}
	return OK;
}

enum fault case_note_dues(const struct owing *owing)
{
	drop_settled(owing->kase, owing->message, owing->act, owing->writer);
	if (owing->act->kind_case == ACT(REQUEST) && owing->kase->answer_by)
		TRY(owe(owing, DUE(ANSWER), SIDE_REQUESTED, owing->kase->answer_by, NULL));
	TRY(owe_promises(owing));
	return case_owe_by_clocks(owing);
}

/* ── what others ask of it ────────────────────────────────────────────────────────────────────── */

void case_note_zone(struct txn *txn, Comity__Case *kase, struct arena *arena)
{
	const Comity__Profile *profile = directory_profile(txn, kase->requested_authority, arena);
	kase->time_zone = profile && profile->hours ? record_text(arena, profile->hours->time_zone) : NULL;
}

bool due_ends(const Comity__Case *kase, const Comity__Due *due, int64_t *stamp)
{
	int64_t day;
	if (!due->by)
		return false;
	if (!date_read(due->by, &day))
		return stamp_read(due->by, stamp);
	*stamp = zone_day_begins(zone_find(kase->time_zone), day + 1);
	return true;
}

/* Today is not one of them; of what is over there are none. */
static void show_days_left(Comity__Due *due, const struct calendar *calendar, int64_t end)
{
	due->has_working_days_left = 1;
	due->working_days_left = calendar_between(calendar, calendar_day(calendar, stamp_clock()), calendar_day(calendar, end - 1));
}

void case_show_dues(Comity__Case *kase, const struct calendar *calendar, struct arena *arena)
{
	char here[STAMP_SIZE], there[STAMP_SIZE];
	int64_t end;
	for (size_t i = 0; i < kase->n_dues; i++) {
		if (!due_ends(kase, kase->dues[i], &end))
			continue;
		stamp_write(here, end);
		zone_write(there, zone_find(kase->time_zone), end);
		kase->dues[i]->ends_at = record_text(arena, here);
		kase->dues[i]->ends_there_at = record_text(arena, there);
		if (calendar)
			show_days_left(kase->dues[i], calendar, end);
	}
}

const char *due_kind_name(due_kind kind)
{
	static const char *const names[] = {
		[DUE(ANSWER)] = "answer", [DUE(EXECUTION)] = "execution", [DUE(INFORMATION)] = "information", [DUE(OPINION)] = "opinion",
		[DUE(STATUS)] = "status", [DUE(REVIEW)] = "review", [DUE(CONSENT)] = "consent", [DUE(FOLLOW_UP)] = "follow-up",
		[DUE(REPLY)] = "reply", [DUE(CONFIDENTIALITY)] = "confidentiality", [DUE(GO_AHEAD)] = "go-ahead",
		[DUE(EXTRADITION_REQUEST)] = "extradition-request", [DUE(ARREST_END)] = "arrest-end", [DUE(CUSTODY_END)] = "custody-end",
		[DUE(CONFIRMATION)] = "confirmation",
	};
	return (size_t)kind < ARRAY_LEN(names) && names[kind] ? names[kind] : NULL;
}

const char *due_name(const Comity__Due *due)
{
	const char *name = due_kind_name(due->kind);
	return name ? name : "something";
}

bool due_is_theirs(const Comity__Case *kase, const Comity__Due *due)
{
	return (enum side)due->side != case_our_side(kase);
}
