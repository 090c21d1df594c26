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

/* Data that are preserved are preserved still, and evidence is used after it was given: 18(19). */
static bool outlives(due_kind kind)
{
	return kind == DUE(FOLLOW_UP) || kind == DUE(CONSENT);
}

static bool is_ended(request_status status)
{
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (ends[i] == status)
			return true;
	return phase_of(status) == PHASE_OVER;
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
	return is_reply || !may_be_owed(kase, due->kind);
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

static enum fault owe(Comity__Case *kase, const struct promise *promise, enum side writer, const char *by, const char *measure,
	const Comity__Message *message, struct arena *arena)
{
	enum side reader = writer == SIDE_REQUESTING ? SIDE_REQUESTED : SIDE_REQUESTING;
	enum side side = promise->side == SIDE_BOTH ? reader : promise->side;
	Comity__Due *due = find_due(kase, promise->kind, side, measure);
	if (!due && (!(due = arena_alloc(arena, sizeof *due)) || !record_append(arena, &kase->n_dues, &kase->dues, &due, sizeof due)))
		return arena_fault(arena);
	comity__due__init(due);
	due->has_kind = due->has_side = 1;
	due->kind = promise->kind;
	due->side = (Comity__Role__Value)side;
	due->by = record_text(arena, by);
	due->measure = record_text(arena, measure);
	due->message_id = record_text(arena, message->message_id);
	return OK;
}

enum fault case_note_dues(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, enum side writer,
	struct arena *arena)
{
	static const struct promise answer = { ACT(REQUEST), NULL, DUE(ANSWER), SIDE_REQUESTED };
	drop_settled(kase, message, act, writer);
	if (act->kind_case == ACT(REQUEST) && kase->answer_by)
		return owe(kase, &answer, writer, kase->answer_by, NULL, message, arena);
	for (size_t i = 0; i < ARRAY_LEN(promises); i++) {
		const char *by = promises[i].act == act->kind_case ? act_text(act, promises[i].field) : NULL;
		if (by && *by && may_be_owed(kase, promises[i].kind))
			TRY(owe(kase, &promises[i], writer, by, act_text(act, "measure"), message, arena));
	}
	return OK;
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

void case_show_dues(Comity__Case *kase, struct arena *arena)
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
	}
}

const char *due_name(const Comity__Due *due)
{
	static const char *const names[] = {
		[DUE(ANSWER)] = "answer", [DUE(EXECUTION)] = "execution", [DUE(INFORMATION)] = "information", [DUE(OPINION)] = "opinion",
		[DUE(STATUS)] = "status", [DUE(REVIEW)] = "review", [DUE(CONSENT)] = "consent", [DUE(FOLLOW_UP)] = "follow-up",
		[DUE(REPLY)] = "reply",
	};
	return (size_t)due->kind < ARRAY_LEN(names) && names[due->kind] ? names[due->kind] : "something";
}

bool due_is_theirs(const Comity__Case *kase, const Comity__Due *due)
{
	return (enum side)due->side != case_our_side(kase);
}
