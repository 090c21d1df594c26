/* Requests and measures counted, and what is too small to be told hidden. */
#include "daemon/law/census.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/law/census_flows.h"
#include "daemon/law/census_rows.h"
#include "daemon/law/census_times.h"
#include "daemon/law/discretion.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

enum { SIDES = 2 };

/* Of requests with the filter, and of all: the filter must not tell what it leaves out. */
struct count {
	Comity__StatisticsCell *cell;
	uint64_t count, whole;
};

struct census {
	struct arena *arena;
	Comity__Statistics head;
	struct census_period period;
	bool is_untoc, is_wanted[SIDES];
	struct side_census {
		size_t n;
		struct count *counts;
		struct census_times times;
		struct census_flows flows;
	} sides[SIDES];
};

static const Comity__Role__Value roles[SIDES] = { COMITY__ROLE__VALUE__REQUESTING, COMITY__ROLE__VALUE__REQUESTED };

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
	*census = (struct census){ .arena = arena, .period.now = now, .is_untoc = asked->untoc };
	comity__statistics__init(&census->head);
	census->head.schema = "comity.statistics/1";
	census->head.generated_at = record_text(arena, text);
	census->head.from = asked->from;
	census->head.to = asked->to;
	census->head.has_untoc = census->head.has_threshold = 1;
	census->head.untoc = asked->untoc;
	census->head.threshold = asked->has_threshold && asked->threshold ? asked->threshold : CENSUS_THRESHOLD;
	for (size_t which = 0; which < SIDES; which++)
		census->is_wanted[which] = !asked->role || asked->role == roles[which];
	TRY(read_time(asked->from, INT64_MIN, &census->period.from));
	return read_time(asked->to, INT64_MAX, &census->period.to);
}

/* ── counting ─────────────────────────────────────────────────────────────────────────────────────── */

/* Where a case is counted, and whether the filter lets it through. */
struct place {
	struct census *census;
	struct side_census *side;
	bool is_in;
};

static struct count *find(const struct place *place, const char *by, const char *name)
{
	for (size_t i = 0; i < place->side->n; i++)
		if (!strcmp(place->side->counts[i].cell->by, by) && !strcmp(place->side->counts[i].cell->name, name))
			return &place->side->counts[i];
	return NULL;
}

static enum fault count(void *owner, const char *by, const char *name)
{
	const struct place *place = owner;
	struct arena *arena = place->census->arena;
	struct count *found = find(place, by, name);
	if (!found) {
		struct count fresh = { .cell = arena_alloc(arena, sizeof *fresh.cell) };
		if (!fresh.cell)
			return arena_fault(arena);
		comity__statistics_cell__init(fresh.cell);
		fresh.cell->by = record_text(arena, by);
		fresh.cell->name = record_text(arena, name);
		if (!fresh.cell->by || !fresh.cell->name || !record_push(arena, &place->side->n, &place->side->counts, &fresh, sizeof fresh))
			return arena_fault(arena);
		found = &place->side->counts[place->side->n - 1];
	}
	found->whole++;
	found->count += place->is_in;
	return OK;
}

static bool invokes_untoc(const Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_bases_invoked; i++)
		if (kase->bases_invoked[i] >= COMITY__LEGAL_BASIS__VALUE__UNTOC && kase->bases_invoked[i] <= COMITY__LEGAL_BASIS__VALUE__UNTOC_FIREARMS)
			return true;
	return false;
}

enum fault census_add(struct census *census, const Comity__Case *kase)
{
	int64_t sent_at, age;
	size_t which = kase->role == COMITY__ROLE__VALUE__REQUESTED;
	const struct census_period *period = &census->period;
	struct place place = { census, &census->sides[which], !census->is_untoc || invokes_untoc(kase) };
	if (!census->is_wanted[which] || !kase->sent_at || !stamp_read(kase->sent_at, &sent_at))
		return OK;
	age = census_flows_add(&place.side->flows, kase, sent_at, period, place.is_in);
	if (age >= 0)
		TRY(census_age(census_series(kase), age, count, &place));
	if (sent_at < period->from || sent_at >= period->to)
		return OK;
	if (place.is_in)
		TRY(census_times_add(&place.side->times, kase, period->now, census->arena));
	return census_rows(kase, period->now, count, &place);
}

/* ── what is not told ─────────────────────────────────────────────────────────────────────────── */

static void tell_count(struct count *count, enum telling telling)
{
	count->cell->has_count = telling == TOLD;
	count->cell->count = telling == TOLD ? count->count : 0;
	count->cell->has_below = telling != TOLD;
	count->cell->below = telling == BELOW;
}

/* The names give it away already: one row stands for all. */
static void tell_none(struct count *counts, size_t *n)
{
	counts->cell->name = "NOT-TOLD";
	tell_count(counts, HIDDEN);
	*n = 1;
}

/* Rows of which the filter left none are not in the table, and the whole of them is as well as told. */
static size_t drop_empty(struct count *counts, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (counts[i].count)
			counts[kept++] = counts[i];
	return kept;
}

/* First as without the filter: what is hidden there stays so. */
static bool hide_whole(struct figure *figures, const struct count *counts, size_t n, uint32_t threshold)
{
	for (size_t i = 0; i < n; i++)
		figures[i] = (struct figure){ .count = counts[i].whole };
	return discretion_apply(figures, n, threshold);
}

static void hide_part(struct figure *figures, const struct count *counts, size_t n, bool is_secret)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (counts[i].count)
			figures[kept++] = (struct figure){ .count = counts[i].count, .whole = counts[i].whole,
				.is_secret = is_secret || figures[i].telling != TOLD };
}

/* The rows of one table; `*n` is how many are left of them. */
static enum fault hide_table(struct census *census, struct count *counts, size_t *n)
{
	uint32_t threshold = census->head.threshold;
	struct figure *figures = arena_alloc(census->arena, (*n + 1) * sizeof *figures);
	if (!figures)
		return arena_fault(census->arena);
	bool are_told = hide_whole(figures, counts, *n, threshold);
	if (census->is_untoc) {
		hide_part(figures, counts, *n, !are_told);
		*n = drop_empty(counts, *n);
		are_told = discretion_apply(figures, *n, threshold);
	}
	if (!are_told && *n)
		tell_none(counts, n);
	else
		for (size_t i = 0; i < *n; i++)
			tell_count(&counts[i], figures[i].telling);
	return OK;
}

/* Totals are each by themselves. */
static void hide_totals(const struct census *census, struct count *counts, size_t *n)
{
	*n = drop_empty(counts, *n);
	for (size_t i = 0; i < *n; i++)
		tell_count(&counts[i], discretion_alone(counts[i].count, census->is_untoc ? counts[i].whole : 0, census->head.threshold));
}

/* ── the end ──────────────────────────────────────────────────────────────────────────────────── */

static int in_order(const void *a, const void *b)
{
	const struct count *one = a, *other = b;
	unsigned here = census_rank(one->cell->by), there = census_rank(other->cell->by);
	int by = here != there ? (here < there ? -1 : 1) : strcmp(one->cell->by, other->cell->by);
	if (by)
		return by;
	here = census_rank_of_row(one->cell->by, one->cell->name);
	there = census_rank_of_row(other->cell->by, other->cell->name);
	if (here != there)
		return here < there ? -1 : 1;
	return one->count != other->count ? (one->count < other->count ? 1 : -1) : strcmp(one->cell->name, other->cell->name);
}

/* What the ages add up to is a number of the balance: where that is not told, they are not. */
static bool is_total_told(const struct side_census *side, const char *by)
{
	enum series series;
	return !census_is_age(by, &series) || !side->flows.of[series].is_hidden;
}

static enum fault tell_table(struct census *census, const struct side_census *side, struct count *counts, size_t n, Comity__StatisticsSide *told)
{
	if (!is_total_told(side, counts->cell->by)) {
		n = drop_empty(counts, n);
		if (n)
			tell_none(counts, &n);
	} else if (!strcmp(counts->cell->by, "total"))
		hide_totals(census, counts, &n);
	else
		TRY(hide_table(census, counts, &n));
	for (size_t i = 0; i < n; i++)
		if (!record_push(census->arena, &told->n_cells, &told->cells, &counts[i].cell, sizeof counts[i].cell))
			return arena_fault(census->arena);
	return OK;
}

/* From that row on, the tables of ages or the others. */
static enum fault tell_tables(struct census *census, const struct side_census *side, bool are_ages, Comity__StatisticsSide *told)
{
	enum series series;
	for (size_t i = 0, next; i < side->n; i = next) {
		struct count *first = &side->counts[i];
		for (next = i; next < side->n && !strcmp(first->cell->by, side->counts[next].cell->by); next++)
			;
		if (census_is_age(first->cell->by, &series) == are_ages)
			TRY(tell_table(census, side, first, next - i, told));
	}
	return OK;
}

static bool is_any_hidden(const Comity__StatisticsSide *told)
{
	for (size_t i = 0; i < told->n_cells; i++)
		if (!told->cells[i]->has_count)
			return true;
	for (size_t i = 0; i < told->n_flows; i++)
		if (told->flows[i]->hidden)
			return true;
	return false;
}

static enum fault tell_side(struct census *census, size_t which)
{
	struct arena *arena = census->arena;
	struct side_census *side = &census->sides[which];
	Comity__StatisticsSide *told = arena_alloc(arena, sizeof *told);
	if (!told)
		return arena_fault(arena);
	comity__statistics_side__init(told);
	told->has_role = 1;
	told->role = roles[which];
	if (side->n)
		qsort(side->counts, side->n, sizeof *side->counts, in_order);
	TRY(tell_tables(census, side, false, told));
	TRY(census_flows_tell(&side->flows, &census->head, &census->period, arena, told));
	TRY(tell_tables(census, side, true, told));
	TRY(census_times_tell(&side->times, census->head.threshold, is_any_hidden(told), arena, told));
	return record_push(arena, &census->head.n_sides, &census->head.sides, &told, sizeof told) ? OK : arena_fault(arena);
}

enum fault census_end(struct census *census, Comity__Statistics *statistics)
{
	for (size_t which = 0; which < SIDES; which++)
		if (census->is_wanted[which])
			TRY(tell_side(census, which));
	*statistics = census->head;
	return OK;
}
