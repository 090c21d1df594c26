#pragma once
/* What must hold of a simulated year.  Nothing here goes by the product's reckoning of time: when a date ends is told by the
 * fixed offsets of the table of zones. */
#include "tests/year/life.h"
#include "tests/year/chains.h"
#include "daemon/law/census.h"
#include "daemon/law/census_rows.h"

/* ── no deadline is missed silently ───────────────────────────────────────────────────────────────── */

static struct { uint64_t over, latest_seconds; } deadlines;

static inline int64_t end_of(const char *by, const char *requested)
{
	int64_t date;
	if (!date_read(by, &date))
		fail_msg("a due until \"%s\"", by);
	return (date + 1) * STAMP_DAY - zone_minutes(requested) * 60 * STAMP_SECOND;
}

/* When this side came to know of it: what was lost and came back is known since it came first. */
static inline int64_t known_since(struct office *office, const Comity__Case *kase, const char *message_id)
{
	const char *const authors[] = { kase->requesting_authority, kase->requested_authority };
	int64_t at = 0;
	READING(&office->ledger, txn);
	for (size_t i = 0; i < 2; i++) {
		struct key key = key_of_message(authors[i], message_id);
		const Comity__MessageState *state = record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &office->ledger.arena);
		if (state)
			assert_true(stamp_read(state->arrived_at ? state->arrived_at : state->queued_at, &at));
	}
	txn_abort(&txn);
	const struct told *arrival = slot_of(name_of(office->id, message_id, "arrival", ""));
	return arrival->name ? arrival->at : at;
}

/* Everybody looks once a day of the simulation: that is how late it may be told. */
static inline void judge_due(struct office *office, const Comity__Case *kase, const Comity__Due *due)
{
	int64_t ends = end_of(due->by, kase->requested_authority), since;
	const struct told *slot = slot_of(name_of(office->id, kase->request_id, due_name(due), due->by));
	if (slot->name && slot->at < ends)
		find("%s was told of %s in %s before it was over: until %s", office->id, due_name(due), kase->request_id, due->by);
	if (ends > now)
		return;
	deadlines.over++;
	if (!slot->name) {
		find("%s was not told that %s in %s is over: until %s", office->id, due_name(due), kase->request_id, due->by);
		return;
	}
	since = known_since(office, kase, due->message_id);
	int64_t late = slot->at - (since > ends ? since : ends);
	if (late > STAMP_DAY)
		find("%s was told that %s in %s is over %.1f days late", office->id, due_name(due), kase->request_id, (double)late / (double)STAMP_DAY);
	if (late > 0 && (uint64_t)(late / STAMP_SECOND) > deadlines.latest_seconds)
		deadlines.latest_seconds = (uint64_t)(late / STAMP_SECOND);
}

static inline void judge_deadlines(const struct life *life)
{
	for (size_t side = 0; life->is_begun && side < 2; side++) {
		struct office *office = life->sides[side];
		const Comity__Case *kase = life->next[side] == INT64_MAX ? NULL : case_of(office, life->request_id);
		for (size_t i = 0; kase && phase_of(kase->status) == PHASE_LIVE && i < kase->n_dues; i++)
			judge_due(office, kase, kase->dues[i]);
		arena_reset(&office->ledger.arena);
	}
}

/* ── both sides agree ─────────────────────────────────────────────────────────────────────────────── */

#define SAME(field) \
	if (a->field != b->field) \
		find("%s: " #field " is %d with %s, %d with %s", life->request_id, (int)a->field, a->requesting_authority, (int)b->field, a->requested_authority)

static inline bool is_same_text(const char *one, const char *other)
{
	return one && other ? !strcmp(one, other) : one == other;
}

static inline bool owes(const Comity__Case *kase, const Comity__Due *due)
{
	bool is_found = false;
	for (size_t i = 0; i < kase->n_dues; i++)
		is_found = is_found || (kase->dues[i]->kind == due->kind && kase->dues[i]->side == due->side && is_same_text(kase->dues[i]->by, due->by));
	return is_found;
}

static inline void tell_history(const Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_history; i++)
		printf("         %s by %s: %s %s\n", kase->history[i]->recorded_at, kase->history[i]->authority, kase->history[i]->act ? kase->history[i]->act : "",
			status_name(kase->history[i]->status));
}

static inline void compare(const struct life *life, const Comity__Case *a, const Comity__Case *b)
{
	if (a->status != b->status)
		find("%s is \"%s\" with %s, \"%s\" with %s", life->request_id, status_name(a->status), a->requesting_authority,
			status_name(b->status), a->requested_authority);
	SAME(resume_to);
	SAME(decision);
	SAME(outcome);
	SAME(questions);
	SAME(heard);
	SAME(deficient);
	SAME(n_measures);
	SAME(n_dues);
	for (size_t i = 0; i < a->n_measures && i < b->n_measures; i++)
		SAME(measures[i]->status);
	for (size_t i = 0; i < a->n_dues; i++)
		if (!owes(b, a->dues[i]))
			find("%s: only %s knows of %s until %s", life->request_id, a->requesting_authority, due_name(a->dues[i]), a->dues[i]->by);
}

static inline void judge_agreement(const struct life *life)
{
	if (!life->is_begun)
		return;
	const Comity__Case *a = case_of(life->sides[0], life->request_id), *b = case_of(life->sides[1], life->request_id);
	bool is_known = a && (a->sent_at);
	if (!a || (is_known && !b))
		find("%s is not there with %s", life->request_id, life->sides[a != NULL]->id);
	else if (b) {
		uint64_t before = findings;
		compare(life, a, b);
		for (size_t side = 0; findings > before && findings < FINDINGS_SHOWN && side < 2; side++)
			printf("         history with %s:\n", life->sides[side]->id), tell_history(side ? b : a);
	}
	arena_reset(&life->sides[0]->ledger.arena);
	arena_reset(&life->sides[1]->ledger.arena);
}

/* ── statistics are mirror images ─────────────────────────────────────────────────────────────────── */

static inline Comity__Statistics *figures_of(struct office *office, Comity__StatisticsOf asked, struct arena *arena)
{
	static Comity__Statistics statistics;
	struct census *census;
	struct span key, value;
	struct walk walk;
	asked.has_threshold = 1;
	asked.threshold = 1;
	comity__statistics__init(&statistics);
	READING(&office->ledger, txn);
	assert_ok(census_begin(&census, &asked, now, arena));
	walk_from(&walk, &txn, TABLE_CASES, (struct span){ 0 }, (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		const Comity__Case *kase = record_read(&txn, value, &comity__case__descriptor, arena);
		assert_non_null(kase);
		assert_ok(census_add(census, kase));
	}
	walk_end(&walk);
	txn_abort(&txn);
	assert_ok(census_end(census, &statistics));
	return &statistics;
}

/* Outgoing less incoming, of all authorities together: nothing is left of any cell but those that name the counterpart. */
static struct sum {
	char name[96];
	int64_t value;
	uint64_t outgoing;
} sums[2048];
static size_t n_sums;

static inline void add_cell(const char *by, const char *name, int64_t sign, uint64_t count)
{
	char whole[96];
	size_t i = 0;
	snprintf(whole, sizeof whole, "%.24s %.60s", by, name ? name : "");
	while (i < n_sums && strcmp(sums[i].name, whole))
		i++;
	assert_true(i < ARRAY_LEN(sums));
	if (i == n_sums)
		snprintf(sums[n_sums++].name, sizeof whole, "%s", whole);
	sums[i].value += sign * (int64_t)count;
	sums[i].outgoing += sign > 0 ? count : 0;
}

static inline void add_side(const struct office *office, const Comity__StatisticsSide *side)
{
	bool is_outgoing = side->role == COMITY__ROLE__VALUE__REQUESTING;
	for (size_t i = 0; i < side->n_cells; i++) {
		const Comity__StatisticsCell *cell = side->cells[i];
		char pair[64];
		const char *other = cell->name ? cell->name : "";
		bool is_counterpart = !strcmp(cell->by, "counterpart");
		if (is_counterpart)
			snprintf(pair, sizeof pair, "%.16s to %.16s", is_outgoing ? office->id : other, is_outgoing ? other : office->id);
		add_cell(cell->by, is_counterpart ? pair : cell->name, is_outgoing ? 1 : -1, cell->count);
	}
}

/* What was open at the end of the last period is what is open at the beginning of this, with each side of each authority. */
static uint64_t open_after[AUTHORITIES_MAX][2][SERIES_COUNT];

static inline uint64_t *open_after_of(const struct office *office, bool is_outgoing, const char *series)
{
	size_t i = 0;
	while (strcmp(census_series_name((enum series)i), series))
		assert_true(++i < SERIES_COUNT);
	return &open_after[office->index][is_outgoing][i];
}

static inline void add_flows(const struct office *office, const Comity__StatisticsSide *side, const char *period)
{
	bool is_outgoing = side->role == COMITY__ROLE__VALUE__REQUESTING;
	for (size_t i = 0; i < side->n_flows; i++) {
		const Comity__StatisticsFlow *flow = side->flows[i];
		const struct { const char *name; uint64_t count; } numbers[] = { { "open before", flow->open_before }, { "entered", flow->entered },
			{ "finalised", flow->finalised }, { "open after", flow->open_after } };
		char name[60];
		uint64_t *open = open_after_of(office, is_outgoing, flow->series);
		for (size_t which = 0; which < ARRAY_LEN(numbers); which++) {
			snprintf(name, sizeof name, "%.24s %s", flow->series, numbers[which].name);
			add_cell(period, name, is_outgoing ? 1 : -1, numbers[which].count);
		}
		if (flow->open_before + flow->entered != flow->finalised + flow->open_after)
			find("the balance of %s with %s in %s is wrong", flow->series, office->id, period);
		if (flow->open_before != *open)
			find("%s had %llu of %s open, and begins %s with %llu", office->id, (unsigned long long)*open, flow->series, period,
				(unsigned long long)flow->open_before);
		*open = flow->open_after;
	}
}

static inline void judge_period(const char *from, const char *to)
{
	for (size_t i = 0; i < n_offices; i++) {
		struct arena arena;
		Comity__StatisticsOf asked = COMITY__STATISTICS_OF__INIT;
		asked.from = (char *)from;
		asked.to = (char *)to;
		arena_init(&arena, (size_t)1 << 30);
		const Comity__Statistics *statistics = figures_of(&offices[i], asked, &arena);
		for (size_t side = 0; side < statistics->n_sides; side++)
			add_flows(&offices[i], statistics->sides[side], from ? from : "the beginning");
		for (size_t side = 0; !from && !to && side < statistics->n_sides; side++)
			add_side(&offices[i], statistics->sides[side]);
		arena_clear(&arena);
	}
}

/* All of it, and then quarter by quarter. */
static inline void judge_statistics(void)
{
	enum { QUARTERS = 5 };
	char ends[QUARTERS][STAMP_SIZE];
	for (unsigned i = 0; i < QUARTERS; i++)
		stamp_write(ends[i], NOON * STAMP_SECOND + (i + 1) * 80 * STAMP_DAY);
	judge_period(NULL, NULL);
	memset(open_after, 0, sizeof open_after);
	for (unsigned i = 0; i <= QUARTERS; i++)
		judge_period(i ? ends[i - 1] : NULL, i < QUARTERS ? ends[i] : NULL);
	for (size_t i = 0; i < n_sums; i++)
		if (sums[i].value)
			find("statistics are no mirror image: \"%s\": %llu outgoing, %lld less than incoming", sums[i].name,
				(unsigned long long)sums[i].outgoing, (long long)-sums[i].value);
}
