/* What is owed in a case though no act names the day: the answer about confidentiality, and what follows from somebody's being held.
 * Both sides must come to the same day, so it is counted from what both hold: the request, the act, and the days of the calendar. */
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "proto/stamp.h"

#define ACT(kind) COMITY__ACT__KIND_##kind
#define DUE(kind) COMITY__DUE_KIND__VALUE__##kind
#define MILESTONE(name) COMITY__MILESTONE__VALUE__##name

enum { LAST_OF_EXTRADITION = MILESTONE(SUBMITTED_FOR_PROSECUTION), DATE_LEN = 10 };

/* Until when the question of confidentiality should be settled, where no deadline comes first. */
static const struct patience {
	Comity__Urgency__Value urgency;
	unsigned days;
} patiences[] = {
	{ COMITY__URGENCY__VALUE__EMERGENCY, 1 },
	{ COMITY__URGENCY__VALUE__URGENT, 3 },
	{ COMITY__URGENCY__VALUE__ROUTINE, 14 },
	{ COMITY__URGENCY__VALUE__UNSPECIFIED, 14 },
};

static unsigned patience_of(Comity__Urgency__Value urgency)
{
	for (size_t i = 0; i < ARRAY_LEN(patiences); i++)
		if (patiences[i].urgency == urgency)
			return patiences[i].days;
	return 1;			/* more urgent than we know */
}

/* The day of a date or a moment, as its author wrote it. */
static bool day_of(const char *text, int64_t *day)
{
	char date[DATE_SIZE] = "";
	if (!text || strlen(text) < DATE_LEN)
		return false;
	memcpy(date, text, DATE_LEN);
	return date_read(date, day);
}

static enum fault owe_on(const struct owing *owing, Comity__DueKind__Value kind, enum side side, int64_t day)
{
	char date[DATE_SIZE];
	date_write(date, day);
	return case_owe(owing, kind, side, date);
}

/* ── confidentiality: 18(20), Budapest Convention 27(8) ───────────────────────────────────────── */

static int64_t secrecy_day(const struct owing *owing, int64_t asked)
{
	int64_t answer, day = asked + patience_of(owing->kase->urgency);
	return day_of(owing->kase->answer_by, &answer) && answer >= asked && answer < day ? answer : day;
}

static enum fault owe_secrecy(const struct owing *owing)
{
	int64_t asked;
	enum secrecy secrecy = case_secrecy(owing->kase);
	bool begins = owing->act->kind_case == ACT(REQUEST), answers = owing->act->kind_case == ACT(ACKNOWLEDGEMENT)
		|| owing->act->kind_case == ACT(CONFIDENTIALITY_NOTICE);
	if (!day_of(owing->message->created_at, &asked))
		return OK;
	if (begins && secrecy == SECRECY_UNANSWERED)
		return owe_on(owing, DUE(CONFIDENTIALITY), SIDE_REQUESTED, secrecy_day(owing, asked));
	if (answers && secrecy == SECRECY_UNDECIDED)
		return owe_on(owing, DUE(GO_AHEAD), SIDE_REQUESTING, secrecy_day(owing, asked));
	return OK;
}

/* ── somebody is held ─────────────────────────────────────────────────────────────────────────── */

/* ETS 24 art. 16(4): arrest may end when the request and its papers are not there within 18 days, and must after 40. */
static const struct custody {
	Comity__DueKind__Value kind;
	int days;
} custodies[] = {
	{ DUE(EXTRADITION_REQUEST), 18 },
	{ DUE(ARREST_END), 40 },
};

/* The last that was told of the person: an arrest lasts until something else is. */
static const Comity__Happening *last_of_person(const Comity__Case *kase)
{
	for (size_t i = kase->n_happenings; i-- > 0;) {
		Comity__Milestone__Value milestone = kase->happenings[i]->milestone;
		if (milestone > MILESTONE(PERSON_LOCATED) && milestone <= (int)LAST_OF_EXTRADITION)
			return kase->happenings[i];
	}
	return NULL;
}

static bool is_arrested(const Comity__Case *kase)
{
	const Comity__Happening *last = last_of_person(kase);
	return last && last->milestone == MILESTONE(PROVISIONALLY_ARRESTED);
}

static bool is_free(const Comity__Case *kase)
{
	const Comity__Happening *last = last_of_person(kase);
	return last && last->milestone == MILESTONE(RELEASED);
}

/* A request for extradition that is linked to this one is what was waited for. */
static bool is_followed(const Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_links; i++)
		if (kase->links[i]->inverse && !kase->links[i]->own)
			return true;
	return false;
}

static bool tells_arrest(const struct owing *owing)
{
	const Comity__Happening *last = last_of_person(owing->kase);
	return owing->happenings < owing->kase->n_happenings && last && last == owing->kase->happenings[owing->kase->n_happenings - 1]
		&& last->milestone == MILESTONE(PROVISIONALLY_ARRESTED);
}

static enum fault owe_arrest(const struct owing *owing)
{
	int64_t arrested;
	const Comity__Happening *last = last_of_person(owing->kase);
	if (!tells_arrest(owing) || !day_of(last->happened_at, &arrested))
		return OK;
	for (size_t i = 0; i < ARRAY_LEN(custodies); i++)
		if (!case_clock_has_stopped(owing->kase, custodies[i].kind))
			TRY(owe_on(owing, custodies[i].kind, SIDE_REQUESTING, arrested + custodies[i].days));
	return OK;
}

static enum fault owe_custody(const struct owing *owing)
{
	const char *until = owing->kase->custody_until;
	return owing->act->kind_case == ACT(REQUEST) && until ? case_owe(owing, DUE(CUSTODY_END), SIDE_REQUESTED, until) : OK;
}

enum fault case_owe_by_clocks(const struct owing *owing)
{
	TRY(owe_secrecy(owing));
	TRY(owe_custody(owing));
	return owe_arrest(owing);
}

bool case_clock_has_stopped(const Comity__Case *kase, Comity__DueKind__Value kind)
{
	switch ((int)kind) {
	case DUE(CONFIDENTIALITY):     return case_secrecy(kase) != SECRECY_UNANSWERED;
	case DUE(GO_AHEAD):            return case_secrecy(kase) != SECRECY_UNDECIDED;
	case DUE(EXTRADITION_REQUEST): return !is_arrested(kase) || is_followed(kase) || kase->kind == COMITY__REQUEST_KIND__VALUE__EXTRADITION;
	case DUE(ARREST_END):          return !is_arrested(kase);
	case DUE(CUSTODY_END):         return is_free(kase) || !kase->custody_until;
	default:                       return false;
	}
}
