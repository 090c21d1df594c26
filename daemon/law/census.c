/* Requests and measures counted, and what is too small to be told hidden. */
#include "daemon/law/census.h"

#include <stdlib.h>
#include <string.h>

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
	int64_t from, to, now;
	bool is_untoc, is_wanted[SIDES];
	struct side_census {
		size_t n;
		struct count *counts;
		struct census_times times;
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
	*census = (struct census){ .arena = arena, .now = now, .is_untoc = asked->untoc };
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
	TRY(read_time(asked->from, INT64_MIN, &census->from));
	return read_time(asked->to, INT64_MAX, &census->to);
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

static enum fault count(const struct place *place, const char *by, const char *name)
{
	struct arena *arena = place->census->arena;
	struct count *found = find(place, by, name);
	if (!found) {
		struct count fresh = { .cell = arena_alloc(arena, sizeof *fresh.cell) };
		if (!fresh.cell)
			return arena_fault(arena);
		comity__statistics_cell__init(fresh.cell);
		fresh.cell->by = (char *)by;
		fresh.cell->name = record_text(arena, name);
		if (!fresh.cell->name || !record_push(arena, &place->side->n, &place->side->counts, &fresh, sizeof fresh))
			return arena_fault(arena);
		found = &place->side->counts[place->side->n - 1];
	}
	found->whole++;
	found->count += place->is_in;
	return OK;
}

/* A value that a newer peer knows and we do not is one of the unknown. */
static const char *name_of(const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *found = value ? protobuf_c_enum_descriptor_get_value(type, value) : NULL;
	return found ? found->name : "UNKNOWN";
}

/* Different units are never added: what is no request to be executed, or only more of one, is told apart (DOMAIN 5.2). */
static const char *series_of(const Comity__Case *kase)
{
	if (kase->kind == COMITY__REQUEST_KIND__VALUE__SPONTANEOUS_INFORMATION)
		return "SPONTANEOUS_INFORMATION";
	if (kase->kind == COMITY__REQUEST_KIND__VALUE__DATA_PRESERVATION)
		return "PRESERVATION";
	return kase->nature == COMITY__REQUEST_NATURE__VALUE__SUPPLEMENTARY ? "SUPPLEMENTARY" : "REQUEST";
}

static enum fault count_codes(const struct place *place, const char *by, const ProtobufCEnumDescriptor *type, const int *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		TRY(count(place, by, name_of(type, codes[i])));
	return OK;
}

static enum fault count_lists(const struct place *place, const Comity__Case *kase)
{
	TRY(count_codes(place, "basis", &comity__legal_basis__value__descriptor, (const int *)kase->bases_invoked, kase->n_bases_invoked));
	TRY(count_codes(place, "basis-applied", &comity__legal_basis__value__descriptor, (const int *)kase->bases_applied, kase->n_bases_applied));
	return count_codes(place, "ground", &comity__refusal_ground__value__descriptor, (const int *)kase->grounds, kase->n_grounds);
}

static enum fault count_measures(const struct place *place, const Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_measures; i++) {
		TRY(count(place, "total", "measures"));
		TRY(count(place, "form", name_of(&comity__assistance_form__value__descriptor, (int)kase->measures[i]->form)));
	}
	return OK;
}

static enum fault count_case(const struct place *place, const Comity__Case *kase)
{
	TRY(count(place, "total", "requests"));
	TRY(count(place, "series", series_of(kase)));
	TRY(count(place, "kind", name_of(&comity__request_kind__value__descriptor, (int)kase->kind)));
	TRY(count(place, "counterpart", kase->peer ? kase->peer : "UNKNOWN"));
	TRY(count(place, "urgency", kase->urgency ? name_of(&comity__urgency__value__descriptor, (int)kase->urgency) : "ROUTINE"));
	TRY(count(place, "outcome", kase->outcome ? name_of(&comity__outcome__value__descriptor, (int)kase->outcome) : "NONE-YET"));
	TRY(count_lists(place, kase));
	return count_measures(place, kase);
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
	int64_t sent_at;
	size_t which = kase->role == COMITY__ROLE__VALUE__REQUESTED;
	struct place place = { census, &census->sides[which], !census->is_untoc || invokes_untoc(kase) };
	if (!census->is_wanted[which] || !kase->sent_at || !stamp_read(kase->sent_at, &sent_at) || sent_at < census->from || sent_at >= census->to)
		return OK;
	if (place.is_in)
		TRY(census_times_add(&place.side->times, kase, census->now, census->arena));
	return count_case(&place, kase);
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

static const char *const tables[] = {
	"total", "series", "kind", "counterpart", "urgency", "outcome", "basis", "basis-applied", "ground", "form",
};

static size_t rank(const char *by)
{
	size_t i = 0;
	while (i < ARRAY_LEN(tables) && strcmp(tables[i], by))
		i++;
	return i;
}

static int in_order(const void *a, const void *b)
{
	const struct count *one = a, *other = b;
	size_t here = rank(one->cell->by), there = rank(other->cell->by);
	if (here != there)
		return here < there ? -1 : 1;
	return one->count != other->count ? (one->count < other->count ? 1 : -1) : strcmp(one->cell->name, other->cell->name);
}

static enum fault tell_table(struct census *census, struct count *counts, size_t n, Comity__StatisticsSide *told, bool *is_any_hidden)
{
	if (rank(counts->cell->by) == 0)
		hide_totals(census, counts, &n);
	else
		TRY(hide_table(census, counts, &n));
	for (size_t i = 0; i < n; i++) {
		*is_any_hidden = *is_any_hidden || !counts[i].cell->has_count;
		if (!record_push(census->arena, &told->n_cells, &told->cells, &counts[i].cell, sizeof counts[i].cell))
			return arena_fault(census->arena);
	}
	return OK;
}

static enum fault tell_side(struct census *census, size_t which)
{
	struct side_census *side = &census->sides[which];
	Comity__StatisticsSide *told = arena_alloc(census->arena, sizeof *told);
	bool is_any_hidden = false;
	if (!told)
		return arena_fault(census->arena);
	comity__statistics_side__init(told);
	told->has_role = 1;
	told->role = roles[which];
	if (side->n)
		qsort(side->counts, side->n, sizeof *side->counts, in_order);
	for (size_t i = 0, next; i < side->n; i = next) {
		for (next = i; next < side->n && !strcmp(side->counts[i].cell->by, side->counts[next].cell->by); next++)
			;
		TRY(tell_table(census, side->counts + i, next - i, told, &is_any_hidden));
	}
	TRY(census_times_tell(&side->times, census->head.threshold, is_any_hidden, census->arena, told));
	return record_push(census->arena, &census->head.n_sides, &census->head.sides, &told, sizeof told) ? OK : arena_fault(census->arena);
}

enum fault census_end(struct census *census, Comity__Statistics *statistics)
{
	for (size_t which = 0; which < SIDES; which++)
		if (census->is_wanted[which])
			TRY(tell_side(census, which));
	*statistics = census->head;
	return OK;
}
