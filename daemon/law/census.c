/* Requests and measures counted, their times taken, and what is too small to be told hidden. */
#include "daemon/law/census.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/law/survival.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

typedef Comity__RequestStatus__Value status_value;

#define IN(status) (1u << COMITY__REQUEST_STATUS__VALUE__##status)
#define NO_EXECUTION (IN(REFUSED) | IN(NOT_EXECUTABLE) | IN(REDIRECTED) | IN(WITHDRAWN) | IN(CLOSED))
#define ANSWERS (IN(INFO_REQUESTED) | IN(CONSULTING) | IN(ACCEPTED) | IN(TRANSFERRED) | IN(IN_EXECUTION) | IN(PARTIALLY_EXECUTED) | \
	IN(EXECUTED) | IN(POSTPONED) | IN(PARTIALLY_REFUSED) | IN(REFUSED) | IN(NOT_EXECUTABLE) | IN(REDIRECTED))

/* From the sending on; after a status of `never` the end cannot come any more, and the case leaves as one that is open. */
static const struct {
	const char *name;
	uint32_t ends, never;
} periods[] = {
	{ "acknowledgement", ANSWERS | IN(ACKNOWLEDGED), IN(WITHDRAWN) | IN(CLOSED) },
	{ "first-answer",    ANSWERS,                    IN(WITHDRAWN) | IN(CLOSED) },
	{ "execution",       IN(EXECUTED),               NO_EXECUTION },
	{ "closing",         IN(CLOSED),                 0 },
};

enum { SIDES = 2, PERIODS = ARRAY_LEN(periods), GROSS = 0, NET, MEASURES };

struct census {
	struct arena *arena;
	Comity__Statistics head;
	int64_t from, to, now;
	bool is_untoc;
	struct side_census {
		size_t count;
		Comity__StatisticsCell **cells;
		struct survival times[PERIODS][MEASURES];
	} sides[SIDES];
};

static enum fault read_time(const char *text, int64_t otherwise, int64_t *at)
{
	*at = otherwise;
	return !text || stamp_read(text, at) ? OK : fault_say(FAULT_USAGE, "\"%.40s\" is no moment with an offset", text);
}

enum fault census_begin(struct census **begun, const Comity__StatisticsOf *asked, int64_t now, struct arena *arena)
{
	char text[STAMP_SIZE];
	struct census *census = *begun = arena_alloc(arena, sizeof *census);
	if (!census)
		return arena_fault(arena);
	stamp_write(text, now);
	*census = (struct census){ .arena = arena, .now = now, .is_untoc = asked->untoc };
	comity__statistics__init(&census->head);
	census->head.schema = "comity.statistics/1";
	census->head.generated_at = record_text(arena, text);
	census->head.from = asked->from;
	census->head.to = asked->to;
	census->head.has_untoc = census->head.has_threshold = 1;
	census->head.untoc = asked->untoc;
	census->head.threshold = asked->has_threshold ? asked->threshold : CENSUS_THRESHOLD;
	TRY(read_time(asked->from, INT64_MIN, &census->from));
	return read_time(asked->to, INT64_MAX, &census->to);
}

/* ── counting ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault count(struct census *census, struct side_census *side, const char *by, const char *name)
{
	for (size_t i = 0; i < side->count; i++)
		if (!strcmp(side->cells[i]->by, by) && !strcmp(side->cells[i]->name, name)) {
			side->cells[i]->count++;
			return OK;
		}
	Comity__StatisticsCell *cell = arena_alloc(census->arena, sizeof *cell);
	if (!cell)
		return arena_fault(census->arena);
	comity__statistics_cell__init(cell);
	cell->by = (char *)by;
	cell->name = record_text(census->arena, name);
	cell->has_count = 1;
	cell->count = 1;
	return cell->name && record_push(census->arena, &side->count, &side->cells, &cell, sizeof cell) ? OK : arena_fault(census->arena);
}

/* A value that a newer peer knows and we do not is one of the unknown. */
static const char *name_of(const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *found = value ? protobuf_c_enum_descriptor_get_value(type, value) : NULL;
	return found ? found->name : "UNKNOWN";
}

static enum fault count_bases(struct census *census, struct side_census *side, const Comity__Request *document)
{
	for (size_t i = 0; document && i < document->n_legal_bases; i++)
		TRY(count(census, side, "basis", name_of(&comity__legal_basis__value__descriptor, (int)document->legal_bases[i]->basis)));
	return OK;
}

static enum fault count_forms(struct census *census, struct side_census *side, const Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_measures; i++)
		TRY(count(census, side, "form", name_of(&comity__assistance_form__value__descriptor, (int)kase->measures[i]->form)));
	return OK;
}

static enum fault count_case(struct census *census, struct side_census *side, const Comity__Case *kase, const Comity__Request *document)
{
	TRY(count(census, side, "total", "requests"));
	TRY(count(census, side, "kind", name_of(&comity__request_kind__value__descriptor, (int)kase->kind)));
	TRY(count(census, side, "counterpart", kase->peer ? kase->peer : "UNKNOWN"));
	TRY(count(census, side, "outcome", kase->outcome ? name_of(&comity__outcome__value__descriptor, (int)kase->outcome) : "NONE-YET"));
	TRY(count_bases(census, side, document));
	return count_forms(census, side, kase);
}

/* ── times ────────────────────────────────────────────────────────────────────────────────────── */

struct lasting {
	int64_t gross, waited;
	bool is_over;
};

/* Through the steps, by their legal dates, which both sides hold alike. */
static struct lasting last(const Comity__Case *kase, int64_t begin, int64_t now, uint32_t ends, uint32_t never)
{
	struct lasting lasting = { 0 };
	int64_t at = begin, asked = 0;
	for (size_t i = 0; i < kase->n_history && !lasting.is_over; i++) {
		const Comity__StatusStep *step = kase->history[i];
		uint32_t bit = (unsigned)step->status < 32 ? 1u << step->status : 0;
		if (!step->occurred_at || !stamp_read(step->occurred_at, &at))
			continue;
		if (asked && !(bit & IN(INFO_REQUESTED))) {
			lasting.waited += at - asked;
			asked = 0;
		} else if (!asked && (bit & IN(INFO_REQUESTED)))
			asked = at;
		lasting.is_over = bit & ends;
		if (bit & (ends | never)) {
			lasting.gross = at - begin;
			return lasting;
		}
	}
	lasting.gross = now - begin;
	lasting.waited += asked ? now - asked : 0;
	return lasting;
}

static void take_times(const struct census *census, struct side_census *side, const Comity__Case *kase, int64_t begin)
{
	for (size_t i = 0; i < PERIODS; i++) {
		struct lasting lasting = last(kase, begin, census->now, periods[i].ends, periods[i].never);
		survival_add(&side->times[i][GROSS], lasting.gross / STAMP_DAY, lasting.is_over);
		survival_add(&side->times[i][NET], (lasting.gross - lasting.waited) / STAMP_DAY, lasting.is_over);
	}
}

static bool invokes_untoc(const Comity__Request *document)
{
	for (size_t i = 0; document && i < document->n_legal_bases; i++)
		if (document->legal_bases[i]->basis >= COMITY__LEGAL_BASIS__VALUE__UNTOC &&
			document->legal_bases[i]->basis <= COMITY__LEGAL_BASIS__VALUE__UNTOC_FIREARMS)
			return true;
	return false;
}

enum fault census_add(struct census *census, const Comity__Case *kase, const Comity__Request *document)
{
	int64_t begin;
	size_t which = kase->role == COMITY__ROLE__VALUE__REQUESTED;
	if (!kase->sent_at || !stamp_read(kase->sent_at, &begin) || begin < census->from || begin >= census->to)
		return OK;
	if (census->is_untoc && !invokes_untoc(document))
		return OK;
	take_times(census, &census->sides[which], kase, begin);
	return count_case(census, &census->sides[which], kase, document);
}

/* ── what is not told ─────────────────────────────────────────────────────────────────────────── */

/* Of the cells that follow each other with the same `by`: those below the threshold, and when that is one alone the smallest
 * other one too, since the total less the rest would tell it. */
static void hide(Comity__StatisticsCell **cells, size_t n, uint32_t threshold)
{
	Comity__StatisticsCell *smallest = NULL;
	size_t hidden = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_below = cells[i]->count < threshold;
		hidden += is_below;
		cells[i]->has_below = is_below;
		cells[i]->below = is_below;
		if (!is_below && (!smallest || cells[i]->count < smallest->count))
			smallest = cells[i];
	}
	if (hidden == 1 && smallest)
		smallest->has_below = 1;
	for (size_t i = 0; i < n; i++)
		if (cells[i]->has_below) {
			cells[i]->has_count = 0;
			cells[i]->count = 0;
		}
}

static int in_order(const void *a, const void *b)
{
	const Comity__StatisticsCell *one = *(Comity__StatisticsCell *const *)a, *other = *(Comity__StatisticsCell *const *)b;
	int by = strcmp(one->by, other->by);
	if (by)
		return by;
	return one->count != other->count ? (one->count < other->count ? 1 : -1) : strcmp(one->name, other->name);
}

static void hide_cells(Comity__StatisticsCell **cells, size_t n, uint32_t threshold)
{
	for (size_t i = 0, next; i < n; i = next) {
		for (next = i; next < n && !strcmp(cells[i]->by, cells[next]->by); next++)
			;
		hide(cells + i, next - i, threshold);
	}
}

/* ── the end ──────────────────────────────────────────────────────────────────────────────────── */

static void tell_times(const struct survival *survival, uint32_t threshold, Comity__StatisticsTime *told)
{
	uint64_t ended = survival_ended(survival), open = survival_open(survival);
	told->has_hidden = 1;
	told->hidden = ended + open < threshold;
	if (told->hidden)
		return;
	told->has_ended = told->has_open = (!ended || ended >= threshold) && (!open || open >= threshold);
	told->ended = told->has_ended ? ended : 0;
	told->open = told->has_open ? open : 0;
	told->has_median_days = survival_reaches(survival, 50, &told->median_days);
	told->has_p90_days = survival_reaches(survival, 90, &told->p90_days);
}

static enum fault tell_period(struct census *census, const struct side_census *side, size_t period, int is_net, Comity__StatisticsSide *told)
{
	Comity__StatisticsTime *time = arena_alloc(census->arena, sizeof *time);
	if (!time)
		return arena_fault(census->arena);
	comity__statistics_time__init(time);
	time->period = (char *)periods[period].name;
	time->has_net = 1;
	time->net = is_net;
	tell_times(&side->times[period][is_net], census->head.threshold, time);
	return record_push(census->arena, &told->n_times, &told->times, &time, sizeof time) ? OK : arena_fault(census->arena);
}

static enum fault tell_side(struct census *census, size_t which)
{
	struct side_census *side = &census->sides[which];
	Comity__StatisticsSide *told = arena_alloc(census->arena, sizeof *told);
	if (!told)
		return arena_fault(census->arena);
	comity__statistics_side__init(told);
	told->has_role = 1;
	told->role = which ? COMITY__ROLE__VALUE__REQUESTED : COMITY__ROLE__VALUE__REQUESTING;
	if (side->count)
		qsort(side->cells, side->count, sizeof *side->cells, in_order);
	hide_cells(side->cells, side->count, census->head.threshold);
	told->n_cells = side->count;
	told->cells = side->cells;
	for (size_t i = 0; i < PERIODS * MEASURES; i++)
		TRY(tell_period(census, side, i / MEASURES, i % MEASURES == NET, told));
	return record_push(census->arena, &census->head.n_sides, &census->head.sides, &told, sizeof told) ? OK : arena_fault(census->arena);
}

enum fault census_end(struct census *census, Comity__Statistics *statistics)
{
	for (size_t which = 0; which < SIDES; which++)
		TRY(tell_side(census, which));
	*statistics = census->head;
	return OK;
}
