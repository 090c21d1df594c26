/* The periods of a request's life. */
#include "daemon/law/census_times.h"

#include "daemon/law/survival.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

#define IN(status) (1u << COMITY__REQUEST_STATUS__VALUE__##status)
#define NO_EXECUTION (IN(REFUSED) | IN(NOT_EXECUTABLE) | IN(REDIRECTED) | IN(WITHDRAWN) | IN(CLOSED))
#define DECISIONS (IN(ACCEPTED) | IN(POSTPONED) | IN(PARTIALLY_REFUSED) | IN(REFUSED) | IN(NOT_EXECUTABLE) | IN(REDIRECTED))
#define ANSWERS (DECISIONS | IN(INFO_REQUESTED) | IN(CONSULTING) | IN(TRANSFERRED) | IN(IN_EXECUTION) | IN(PARTIALLY_EXECUTED) | IN(EXECUTED))
#define FINAL (IN(EXECUTED) | IN(REFUSED) | IN(NOT_EXECUTABLE) | IN(REDIRECTED))
#define GONE (IN(WITHDRAWN) | IN(CLOSED))

enum { CURVE_MAX = 48 };

/* After a status of `never` the end cannot come any more, and the case leaves as one that is open. */
struct period {
	const char *code, *name;
	enum fault (*add)(struct survival **measures, const struct period *period, const Comity__Case *kase, int64_t now, struct arena *arena);
	uint32_t begins, ends, never;		/* begins 0: with the sending */
	Comity__RequestKind__Value kind;	/* only of this kind */
};

struct lasting {
	int64_t gross, waited;
	bool is_over;
};

/* ── adding ───────────────────────────────────────────────────────────────────────────────────── */

static enum fault add_to(struct survival **survival, int64_t units, bool is_over, struct arena *arena)
{
	if (!*survival && !(*survival = arena_alloc(arena, sizeof **survival)))
		return arena_fault(arena);
	survival_add(*survival, units, is_over);
	return OK;
}

static bool was_urgent(const Comity__Case *kase)
{
	return kase->urgency == COMITY__URGENCY__VALUE__URGENT || kase->urgency == COMITY__URGENCY__VALUE__EMERGENCY;
}

static enum fault add_lasting(struct survival **measures, const Comity__Case *kase, struct lasting lasting, struct arena *arena)
{
	const int64_t hour = 3600 * STAMP_SECOND, net = lasting.gross - lasting.waited;
	TRY(add_to(&measures[0], lasting.gross / STAMP_DAY, lasting.is_over, arena));
	TRY(add_to(&measures[1], net / STAMP_DAY, lasting.is_over, arena));
	if (!was_urgent(kase))
		return OK;
	TRY(add_to(&measures[2], lasting.gross / hour, lasting.is_over, arena));
	return add_to(&measures[3], net / hour, lasting.is_over, arena);
}

static uint32_t bit_of(const Comity__StatusStep *step)
{
	return (unsigned)step->status < 32 ? 1u << step->status : 0;
}

/* The next step after `*i` that has a date, or NULL. */
static const Comity__StatusStep *following_step(const Comity__Case *kase, size_t *i, int64_t *at)
{
	while (*i < kase->n_history) {
		const Comity__StatusStep *step = kase->history[(*i)++];
		if (step->occurred_at && stamp_read(step->occurred_at, at))
			return step;
	}
	return NULL;
}

/* From the step at `i` on. */
static struct lasting last(const Comity__Case *kase, size_t i, int64_t begin, int64_t now, const struct period *period)
{
	struct lasting lasting = { 0 };
	const Comity__StatusStep *step;
	int64_t at = begin, asked = 0;
	while ((step = following_step(kase, &i, &at))) {
		uint32_t bit = bit_of(step);
		if (asked && !(bit & IN(INFO_REQUESTED))) {
			lasting.waited += at - asked;
			asked = 0;
		} else if (!asked && (bit & IN(INFO_REQUESTED)))
			asked = at;
		lasting.is_over = bit & period->ends;
		if (bit & (period->ends | period->never)) {
			lasting.gross = at - begin;
			return lasting;
		}
	}
	lasting.gross = now - begin;
	lasting.waited += asked ? now - asked : 0;
	return lasting;
}

static enum fault add_span(struct survival **measures, const struct period *period, const Comity__Case *kase, int64_t now,
	struct arena *arena)
{
	const Comity__StatusStep *step;
	int64_t begin;
	size_t i = 0;
	if ((period->kind && period->kind != kase->kind) || !stamp_read(kase->sent_at, &begin))
		return OK;
	while (period->begins) {
		step = following_step(kase, &i, &begin);
		if (!step)
			return OK;
		if (bit_of(step) & period->begins)
			break;
	}
	return add_lasting(measures, kase, last(kase, i, begin, now, period), arena);
}

/* 18(16): from each request for information to the next step. */
static enum fault add_rounds(struct survival **measures, const struct period *period, const Comity__Case *kase, int64_t now,
	struct arena *arena)
{
	(void)period;
	const Comity__StatusStep *step;
	int64_t at = 0, asked = 0;
	for (size_t i = 0; (step = following_step(kase, &i, &at)); asked = bit_of(step) & IN(INFO_REQUESTED) ? asked ? asked : at : 0)
		if (asked && !(bit_of(step) & IN(INFO_REQUESTED)))
			TRY(add_lasting(measures, kase, (struct lasting){ .gross = at - asked, .is_over = true }, arena));
	return asked ? add_lasting(measures, kase, (struct lasting){ .gross = now - asked }, arena) : OK;
}

static enum fault add_enquiries(struct survival **measures, const struct period *period, const Comity__Case *kase, int64_t now,
	struct arena *arena)
{
	(void)period;
	for (size_t i = 0; i < kase->n_enquiries; i++) {
		const Comity__Round *enquiry = kase->enquiries[i];
		int64_t asked, answered = now;
		bool is_over = enquiry->answered_at && stamp_read(enquiry->answered_at, &answered);
		if (enquiry->asked_at && stamp_read(enquiry->asked_at, &asked))
			TRY(add_lasting(measures, kase, (struct lasting){ .gross = answered - asked, .is_over = is_over }, arena));
	}
	return OK;
}

/* 18(14): "forthwith". */
static enum fault add_oral(struct survival **measures, const struct period *period, const Comity__Case *kase, int64_t now,
	struct arena *arena)
{
	int64_t made_at, sent_at;
	(void)period, (void)now;
	if (!kase->oral_made_at || !stamp_read(kase->oral_made_at, &made_at) || !stamp_read(kase->sent_at, &sent_at))
		return OK;
	return add_lasting(measures, kase, (struct lasting){ .gross = sent_at - made_at, .is_over = true }, arena);
}

/* ── the table ────────────────────────────────────────────────────────────────────────────────── */

static const struct period periods[CENSUS_PERIODS] = {
	{ "T1",  "transmission",               add_span, 0, ANSWERS | IN(RECEIVED) | IN(ACKNOWLEDGED), GONE, 0 },
	{ "",    "acknowledgement",            add_span, 0, ANSWERS | IN(ACKNOWLEDGED), GONE, 0 },
	{ "",    "first-answer",               add_span, 0, ANSWERS, GONE, 0 },
	{ "",    "execution",                  add_span, 0, IN(EXECUTED), NO_EXECUTION, 0 },
	{ "T7",  "closing",                    add_span, 0, IN(CLOSED), 0, 0 },
	{ "T2",  "received-to-acknowledged",   add_span, IN(RECEIVED), ANSWERS | IN(ACKNOWLEDGED), GONE, 0 },
	{ "T3",  "received-to-decided",        add_span, IN(RECEIVED), DECISIONS, GONE, 0 },
	{ "T4",  "received-to-transferred",    add_span, IN(RECEIVED), IN(TRANSFERRED), NO_EXECUTION, 0 },
	{ "T5",  "transferred-to-executed",    add_span, IN(TRANSFERRED), IN(EXECUTED), NO_EXECUTION, 0 },
	{ "T6",  "received-to-final-reply",    add_span, IN(RECEIVED), FINAL, GONE, 0 },
	{ "T8",  "information",                add_rounds, 0, 0, 0, 0 },
	{ "T9",  "enquiry-to-reply",           add_enquiries, 0, 0, 0, 0 },
	{ "T10", "preservation",               add_span, IN(RECEIVED), IN(EXECUTED) | IN(PARTIALLY_EXECUTED), NO_EXECUTION,
	  COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION },
	{ "T11", "oral-to-written",            add_oral, 0, 0, 0, 0 },
};

enum fault census_times_add(struct census_times *times, const Comity__Case *kase, int64_t now, struct arena *arena)
{
	for (size_t i = 0; i < CENSUS_PERIODS; i++)
		TRY(periods[i].add(times->of[i], &periods[i], kase, now, arena));
	return OK;
}

/* ── telling ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault tell_curve(const struct survival *survival, uint32_t threshold, struct arena *arena, Comity__StatisticsTime *told)
{
	struct survival_point points[CURVE_MAX];
	size_t n = survival_curve(survival, threshold, points, CURVE_MAX);
	for (size_t i = 0; i < n; i++) {
		Comity__StatisticsPoint *point = arena_alloc(arena, sizeof *point);
		if (!point)
			return arena_fault(arena);
		comity__statistics_point__init(point);
		point->has_at = point->has_open_percent = point->has_at_risk = 1;
		point->at = points[i].at;
		point->open_percent = 100 * points[i].open;
		point->at_risk = points[i].at_risk - points[i].at_risk % threshold;
		if (!record_push(arena, &told->n_curve, &told->curve, &point, sizeof point))
			return arena_fault(arena);
	}
	return OK;
}

static enum fault tell_survival(const struct survival *survival, uint32_t threshold, bool is_rounded, struct arena *arena,
	Comity__StatisticsTime *told)
{
	uint64_t ended = survival_ended(survival), open = survival_open(survival);
	told->hidden = ended + open < threshold;
	if (told->hidden)
		return OK;
	told->has_ended = told->has_open = (!ended || ended >= threshold) && (!open || open >= threshold);
	told->has_rounded = 1;
	told->rounded = told->has_ended && is_rounded && threshold > 1;
	told->ended = told->has_ended ? ended - (told->rounded ? ended % threshold : 0) : 0;
	told->open = told->has_open ? open - (told->rounded ? open % threshold : 0) : 0;
	if (ended < threshold)
		return OK;	/* the curve would be of these few */
	told->has_median_days = survival_reaches(survival, 50, &told->median_days);
	told->has_p90_days = survival_reaches(survival, 90, &told->p90_days);
	return tell_curve(survival, threshold, arena, told);
}

/* Of each period that began for anybody; of the first five always. */
enum fault census_times_tell(const struct census_times *times, uint32_t threshold, bool is_rounded, struct arena *arena,
	Comity__StatisticsSide *told)
{
	static const struct survival nothing;
	enum { ALWAYS = 5 };
	for (size_t i = 0; i < CENSUS_PERIODS * CENSUS_MEASURES; i++) {
		size_t period = i / CENSUS_MEASURES, measure = i % CENSUS_MEASURES;
		const struct survival *survival = times->of[period][measure];
		if (!survival && (period >= ALWAYS || measure > 1))
			continue;
		Comity__StatisticsTime *time = arena_alloc(arena, sizeof *time);
		if (!time)
			return arena_fault(arena);
		comity__statistics_time__init(time);
		time->period = (char *)periods[period].name;
		time->code = *periods[period].code ? (char *)periods[period].code : NULL;
		time->has_net = time->has_urgent = time->has_hidden = 1;
		time->net = measure % 2;
		time->urgent = measure > 1;
		TRY(tell_survival(survival ? survival : &nothing, threshold, is_rounded, arena, time));
		if (!record_push(arena, &told->n_times, &told->times, &time, sizeof time))
			return arena_fault(arena);
	}
	return OK;
}
