/* What an officer may want to do, by when and why: the priority of a request (DOMAIN 3.5), and the days by which it is acknowledged
 * and answered where nobody has named any.  Suggestions only: nothing follows from them by itself. */
#include <stdio.h>
#include <string.h>

#include "daemon/law/calendar.h"
#include "daemon/law/casework_parts.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

#define URGENCY(name) COMITY__URGENCY__VALUE__##name
#define REASON(name) COMITY__URGENCY_REASON__VALUE__##name
#define FORM(name) COMITY__ASSISTANCE_FORM__VALUE__##name
#define PRIORITY(name) COMITY__PRIORITY__VALUE__##name
#define STATUS(name) COMITY__REQUEST_STATUS__VALUE__##name

typedef Comity__Priority__Value priority;

enum { REASON_SIZE = 200, NEAR_DAYS = 5, MARGIN_DAYS = 5 };

/* Reasons for which every day counts: DOMAIN 3.5. */
static const Comity__UrgencyReason__Value gravest[] = {
	REASON(RISK_TO_LIFE), REASON(IMMINENT_OFFENCE), REASON(PERSON_IN_CUSTODY), REASON(CUSTODY_TIME_LIMIT),
};

/* What may be gone tomorrow: these raise by one. */
static const Comity__AssistanceForm__Value perishable[] = {
	FORM(FREEZING), FORM(SUBSCRIBER_DATA), FORM(TRAFFIC_DATA_STORED), FORM(CONTENT_DATA_STORED), FORM(DATA_PRESERVATION),
	FORM(TRAFFIC_DATA_REAL_TIME), FORM(INTERCEPTION_CONTENT), FORM(CONTROLLED_DELIVERY),
};

/* How soon, in working days of the requested authority, where no deadline was suggested. */
static const struct pace {
	Comity__Urgency__Value urgency;
	unsigned acknowledgement, answer;
	const char *why;
} paces[] = {
	{ URGENCY(EMERGENCY), 0, 1,  "an emergency: a risk to life or safety" },
	{ URGENCY(URGENT),    0, 10, "urgent: acknowledged the same day" },
	{ URGENCY(ROUTINE),   5, 63, "routine: as in Directive 2014/41/EU, a week (16(1)) and 90 days (12(4))" },
};

static const struct pace *pace_of(const Comity__Case *kase)
{
	for (size_t i = 0; i < ARRAY_LEN(paces); i++)
		if (paces[i].urgency == kase->urgency)
			return &paces[i];
	return kase->urgency ? &paces[0] : &paces[ARRAY_LEN(paces) - 1];
}

static void add_suggestion(const char *what, priority level, const char *by, const char *reason, struct arena *arena, Comity__RequestView *view)
{
	Comity__Suggestion *one = arena_alloc(arena, sizeof *one);
	if (!one)
		return;
	comity__suggestion__init(one);
	one->what = (char *)what;
	one->has_priority = level != PRIORITY(UNSPECIFIED);
	one->priority = level;
	one->by = record_text(arena, by);
	one->reason = record_text(arena, reason);
	record_push(arena, &view->n_suggestions, &view->suggestions, &one, sizeof one);
}

/* ── priority ─────────────────────────────────────────────────────────────────────────────────── */

/* A level with the words that led to it. */
struct weighing {
	int level;
	char why[REASON_SIZE];
};

static void add_word(struct weighing *weighing, const char *word)
{
	size_t len = strlen(weighing->why);
	snprintf(weighing->why + len, sizeof weighing->why - len, "%s%s", len ? ", " : "", word);
}

static bool is_gravest(const Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_urgency_reasons; i++)
		for (size_t k = 0; k < ARRAY_LEN(gravest); k++)
			if (kase->urgency_reasons[i] == gravest[k])
				return true;
	return kase->custody_until != NULL;
}

static bool is_perishable(const Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_measures; i++)
		for (size_t k = 0; k < ARRAY_LEN(perishable); k++)
			if (kase->measures[i]->form == perishable[k])
				return true;
	return false;
}

static void weigh_urgency(const Comity__Case *kase, struct weighing *weighing)
{
	bool is_serious = kase->seriousness >= COMITY__SERIOUSNESS__VALUE__SERIOUS;
	bool is_minor = kase->seriousness == COMITY__SERIOUSNESS__VALUE__MINOR;
	weighing->level = is_minor ? PRIORITY(P4_LOW) : PRIORITY(P3_NORMAL);
	add_word(weighing, is_minor ? "a minor offence" : is_serious ? "a serious offence" : "nothing special");
	if (kase->urgency == URGENCY(URGENT)) {
		weighing->level = is_serious && is_gravest(kase) ? PRIORITY(P1_IMMEDIATE) : PRIORITY(P2_HIGH);
		snprintf(weighing->why, sizeof weighing->why, "urgent%s%s", is_serious ? ", a serious offence" : "",
			is_gravest(kase) ? ", for life or liberty" : "");
	} else if (kase->urgency > URGENCY(URGENT)) {
		weighing->level = PRIORITY(P1_IMMEDIATE);
		snprintf(weighing->why, sizeof weighing->why, "an emergency");
	}
}

static void raise(struct weighing *weighing, const char *why)
{
	if (weighing->level > PRIORITY(P1_IMMEDIATE))
		weighing->level--;
	add_word(weighing, why);
}

/* Something that we owe ends within a week of work. */
static bool is_near(const Comity__Case *kase, const struct calendar *calendar)
{
	int64_t ends, now = stamp_clock();
	for (size_t i = 0; i < kase->n_dues; i++)
		if (!due_is_theirs(kase, kase->dues[i]) && kase->dues[i]->kind != COMITY__DUE_KIND__VALUE__CONFIDENTIALITY
				&& due_ends(kase, kase->dues[i], &ends)
				&& calendar_between(calendar, calendar_day(calendar, now), calendar_day(calendar, ends - 1)) <= NEAR_DAYS)
			return true;
	return false;
}

static void suggest_priority(const Comity__Case *kase, const struct calendar *calendar, struct arena *arena, Comity__RequestView *view)
{
	struct weighing weighing = { 0 };
	if (kase->priority)
		return;
	weigh_urgency(kase, &weighing);
	if (is_perishable(kase))
		raise(&weighing, "what is asked for perishes");
	if (is_near(kase, calendar))
		raise(&weighing, "a deadline is near");
	add_suggestion("priority", (priority)weighing.level, NULL, weighing.why, arena, view);
}

/* ── days ─────────────────────────────────────────────────────────────────────────────────────── */

static void suggest_in(const Comity__Case *kase, const struct calendar *calendar, const char *what, unsigned days, struct arena *arena,
	Comity__RequestView *view)
{
	char date[DATE_SIZE];
	int64_t since, last;
	if (!kase->sent_at || !stamp_read(kase->sent_at, &since))	/* a draft: from today */
		since = stamp_clock();
	if (!calendar_add(calendar, calendar_day(calendar, since), days, &last))
		return;
	date_write(date, last);
	add_suggestion(what, PRIORITY(UNSPECIFIED), date, pace_of(kase)->why, arena, view);
}

/* A week of work before somebody must be let go. */
static bool suggest_for_custody(const Comity__Case *kase, const struct calendar *calendar, struct arena *arena, Comity__RequestView *view)
{
	char date[DATE_SIZE] = "", reason[REASON_SIZE];
	int64_t ends, first;
	snprintf(date, sizeof date, "%.10s", kase->custody_until ? kase->custody_until : "");
	if (!date_read(date, &ends) || !calendar_before(calendar, ends, MARGIN_DAYS, &first))
		return false;
	date_write(date, first);
	snprintf(reason, sizeof reason, "a person may be held until %.32s only: %d working days before", kase->custody_until, MARGIN_DAYS);
	add_suggestion("answer", PRIORITY(UNSPECIFIED), date, reason, arena, view);
	return true;
}

static void suggest_answer(const Comity__Case *kase, const struct calendar *calendar, struct arena *arena, Comity__RequestView *view)
{
	if (!kase->answer_by && !suggest_for_custody(kase, calendar, arena, view))
		suggest_in(kase, calendar, "answer", pace_of(kase)->answer, arena, view);
}

static bool is_unacknowledged(const Comity__Case *kase)
{
	return kase->status == STATUS(SENT) || kase->status == STATUS(RECEIVED);
}

void casework_suggest(const Comity__Case *kase, const struct calendar *calendar, struct arena *arena, Comity__RequestView *view)
{
	bool is_ours = case_our_side(kase) == SIDE_REQUESTING, is_draft = phase_of(kase->status) == PHASE_DRAFT;
	if (kase->kind == COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION)
		return;
	if (is_ours && is_draft)
		suggest_answer(kase, calendar, arena, view);
	if (is_ours || is_draft || kase->oral || case_is_ended(kase))
		return;
	suggest_priority(kase, calendar, arena, view);
	if (is_unacknowledged(kase))
		suggest_in(kase, calendar, "acknowledgement", pace_of(kase)->acknowledgement, arena, view);
	suggest_answer(kase, calendar, arena, view);
}
