/* The rows of statistics. */
#include "daemon/law/census_rows.h"

#include <stdio.h>
#include <string.h>

#include "daemon/law/completeness_needs.h"
#include "proto/stamp.h"

#define S(status) COMITY__REQUEST_STATUS__VALUE__##status

/* What is not here comes behind them, by its name, and then the ages. */
static const char *const tables[] = {
	"total", "series", "nature", "kind", "counterpart", "urgency", "urgency-regraded", "priority", "status", "outcome",
	"basis", "basis-applied", "ground", "postponement", "cause", "redirect", "channel-advised", "refusal-heard",
	"consulted-before", "information-rounds", "missing", "deadline",
	"form", "letter", "measure-status", "preserved",
};

static const struct { enum series series; const char *name, *age; } series_names[SERIES_COUNT] = {
	{ SERIES_REQUEST, "REQUEST", "age" },
	{ SERIES_SUPPLEMENTARY, "SUPPLEMENTARY", "age-supplementary" },
	{ SERIES_PRESERVATION, "PRESERVATION", "age-preservation" },
	{ SERIES_SPONTANEOUS, "SPONTANEOUS_INFORMATION", "age-spontaneous" },
};

static const struct { const char *name; int64_t most; } bands[] = {
	{ "UP-TO-30-DAYS", 30 }, { "31-TO-90-DAYS", 90 }, { "91-TO-180-DAYS", 180 }, { "181-TO-365-DAYS", 365 }, { "1-TO-2-YEARS", 730 },
	{ "OVER-2-YEARS", INT64_MAX },
};

/* Where a row goes. */
struct sink {
	census_row *row;
	void *owner;
};

static enum fault put(const struct sink *sink, const char *by, const char *name)
{
	return sink->row(sink->owner, by, name);
}

/* A value that a newer peer knows and we do not is one of the unknown. */
static const char *name_of(const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *found = value ? protobuf_c_enum_descriptor_get_value(type, value) : NULL;
	return found ? found->name : "UNKNOWN";
}

#define NAME(type, value) name_of(&comity__##type##__value__descriptor, (int)(value))

/* ── series and ages ──────────────────────────────────────────────────────────────────────────── */

enum series census_series(const Comity__Case *kase)
{
	if (kase->kind == COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION)
		return SERIES_SPONTANEOUS;
	if (kase->kind == COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION)
		return SERIES_PRESERVATION;
	return kase->nature == COMITY__REQUEST_NATURE__VALUE__SUPPLEMENTARY ? SERIES_SUPPLEMENTARY : SERIES_REQUEST;
}

const char *census_series_name(enum series series)
{
	return series_names[series].name;
}

enum fault census_age(enum series series, int64_t days, census_row *row, void *owner)
{
	size_t i = 0;
	while (days > bands[i].most)
		i++;
	return row(owner, series_names[series].age, bands[i].name);
}

bool census_is_age(const char *by, enum series *series)
{
	for (size_t i = 0; i < SERIES_COUNT; i++)
		if (!strcmp(series_names[i].age, by)) {
			*series = series_names[i].series;
			return true;
		}
	return false;
}

unsigned census_rank(const char *by)
{
	enum series series;
	for (unsigned i = 0; i < ARRAY_LEN(tables); i++)
		if (!strcmp(tables[i], by))
			return i;
	return (unsigned)ARRAY_LEN(tables) + (census_is_age(by, &series) ? 1 + series : 0);
}

unsigned census_rank_of_row(const char *by, const char *name)
{
	enum series series;
	for (unsigned i = 0; census_is_age(by, &series) && i < ARRAY_LEN(bands); i++)
		if (!strcmp(bands[i].name, name))
			return i + 1;
	return 0;
}

/* ── what its history tells ───────────────────────────────────────────────────────────────────── */

#define IN(status) (1u << S(status))
#define ANSWERED (IN(PARTIALLY_EXECUTED) | IN(EXECUTED) | IN(REFUSED) | IN(NOT_EXECUTABLE) | IN(REDIRECTED))

static uint32_t bit_of(const Comity__StatusStep *step)
{
	return (unsigned)step->status < 32 ? 1u << step->status : 0;
}

/* How often it came to one of these statuses from another. */
static unsigned arrivals(const Comity__Case *kase, uint32_t statuses)
{
	unsigned count = 0;
	for (size_t i = 0; i < kase->n_history; i++)
		count += (bit_of(kase->history[i]) & statuses) && (!i || !(bit_of(kase->history[i - 1]) & statuses));
	return count;
}

/* Withdrawn, or closed for want of an answer.  What crosses that is noted on one side only, so that of these requests nothing is said
 * that hangs on it. */
static bool is_broken_off(const Comity__Case *kase)
{
	const Comity__StatusStep *last = NULL;
	for (size_t i = 0; i < kase->n_history; i++)
		if (kase->history[i]->status != S(CLOSED))
			last = kase->history[i];
	return (last && last->status == S(WITHDRAWN)) || kase->outcome == COMITY__OUTCOME__VALUE__NO_RESPONSE;
}

static enum fault put_history(const struct sink *sink, const Comity__Case *kase)
{
	static const char *const rounds[] = { "NONE", "ONE", "TWO", "THREE-OR-MORE" };
	unsigned asked = arrivals(kase, IN(INFO_REQUESTED));
	bool is_refusal = kase->decision == COMITY__DECISION_KIND__VALUE__REFUSED || kase->decision == COMITY__DECISION_KIND__VALUE__PARTIALLY_REFUSED;
	if (is_refusal)
		TRY(put(sink, "refusal-heard", kase->consulted ? "YES" : "NO"));
	if (kase->kind == COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION)
		return OK;
	TRY(put(sink, "consulted-before", arrivals(kase, IN(IN_CONSULTATION)) ? "YES" : "NO"));
	return put(sink, "information-rounds", is_broken_off(kase) ? "ENDED-BEFORE" : rounds[asked < ARRAY_LEN(rounds) ? asked : ARRAY_LEN(rounds) - 1]);
}

static const Comity__StatusStep *first_at(const Comity__Case *kase, uint32_t statuses)
{
	for (size_t i = 0; i < kase->n_history; i++)
		if (bit_of(kase->history[i]) & statuses)
			return kase->history[i];
	return NULL;
}

/* By the days as the requested authority wrote them: both sides hold these alike.  The deadline is the one that was suggested. */
static const char *deadline_of(const Comity__Case *kase, int64_t now)
{
	enum { DAY = 10 };
	char today[STAMP_SIZE];
	const Comity__StatusStep *answer = first_at(kase, ANSWERED);
	stamp_write(today, now);
	if (is_broken_off(kase) || (!answer && first_at(kase, IN(CLOSED))))
		return "ENDED-BEFORE";
	if (answer && answer->occurred_at)
		return strncmp(answer->occurred_at, kase->answer_by, DAY) > 0 ? "MISSED" : "MET";
	return strncmp(today, kase->answer_by, DAY) > 0 ? "MISSED" : "RUNNING";
}

/* ── the lists of a case ──────────────────────────────────────────────────────────────────────── */

static enum fault put_codes(const struct sink *sink, const char *by, const ProtobufCEnumDescriptor *type, const int *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		TRY(put(sink, by, name_of(type, codes[i])));
	return OK;
}

static enum fault put_lists(const struct sink *sink, const Comity__Case *kase)
{
	TRY(put_codes(sink, "basis", &comity__legal_basis__value__descriptor, (const int *)kase->bases_invoked, kase->n_bases_invoked));
	TRY(put_codes(sink, "basis-applied", &comity__legal_basis__value__descriptor, (const int *)kase->bases_applied, kase->n_bases_applied));
	TRY(put_codes(sink, "ground", &comity__refusal_ground__value__descriptor, (const int *)kase->grounds, kase->n_grounds));
	for (size_t i = 0; i < kase->n_marks; i++)
		if (kase->marks[i]->by && kase->marks[i]->name)
			TRY(put(sink, kase->marks[i]->by, kase->marks[i]->name));
	return OK;
}

/* "18(3)(c)"; some forms are of no letter: 13(1), 14. */
static enum fault put_letter(const struct sink *sink, Comity__AssistanceForm__Value form)
{
	Comity__UntocLetter__Value letter = letter_of_form(form);
	char name[] = "18(3)(a)";
	name[6] = (char)('a' + (letter ? letter - 1 : 0));
	return put(sink, "letter", letter ? name : "NONE");
}

static enum fault put_measures(const struct sink *sink, const Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_measures; i++) {
		const Comity__MeasureState *measure = kase->measures[i];
		TRY(put(sink, "total", "measures"));
		TRY(put(sink, "form", NAME(assistance_form, measure->form)));
		TRY(put_letter(sink, measure->form));
		TRY(put(sink, "measure-status", NAME(measure_status, measure->status)));
		if (measure->preservation)
			TRY(put(sink, "preserved", NAME(preservation_status, measure->preservation)));
	}
	return OK;
}

enum fault census_rows(const Comity__Case *kase, int64_t now, census_row *row, void *owner)
{
	const struct sink sink = { row, owner };
	TRY(put(&sink, "total", "requests"));
	TRY(put(&sink, "series", census_series_name(census_series(kase))));
	TRY(put(&sink, "nature", kase->nature ? NAME(request_nature, kase->nature) : "INITIAL"));
	TRY(put(&sink, "kind", NAME(request_kind, kase->kind)));
	TRY(put(&sink, "counterpart", kase->peer ? kase->peer : "UNKNOWN"));
	TRY(put(&sink, "urgency", kase->urgency ? NAME(urgency, kase->urgency) : "ROUTINE"));
	TRY(put(&sink, "status", NAME(request_status, kase->status)));
	TRY(put(&sink, "outcome", kase->outcome ? NAME(outcome, kase->outcome) : "NONE-YET"));
	if (kase->answer_by)
		TRY(put(&sink, "deadline", deadline_of(kase, now)));
	TRY(put_history(&sink, kase));
	TRY(put_lists(&sink, kase));
	return put_measures(&sink, kase);
}
