/* What is open, and what was finalised. */
#include "daemon/law/census_flows.h"

#include <string.h>

#include "daemon/law/discretion.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

#define IN(status) (1u << COMITY__REQUEST_STATUS__VALUE__##status)
#define FINALISED (IN(EXECUTED) | IN(REFUSED) | IN(NOT_EXECUTABLE) | IN(REDIRECTED) | IN(WITHDRAWN) | IN(CLOSED))

static bool is_final(const Comity__StatusStep *step)
{
	return (unsigned)step->status < 32 && (1u << step->status & FINALISED);
}

/* INT64_MAX: it is open.  The last word before the closing counts, but of what was closed for want of an answer the closing: where
 * a withdrawal crossed it, or an answer, that is the same on both sides, and what came before it is not. */
static int64_t finalised_at(const Comity__Case *kase, int64_t sent_at)
{
	int64_t finalised = INT64_MAX;
	bool is_by_closing = kase->outcome == COMITY__OUTCOME__VALUE__NO_RESPONSE;
	for (size_t i = 0; i < kase->n_history; i++) {
		const Comity__StatusStep *step = kase->history[i];
		int64_t at = sent_at;
		if (step->occurred_at && (!stamp_read(step->occurred_at, &at) || at < sent_at))
			at = sent_at;
		if (!is_final(step))
			finalised = INT64_MAX;
		else if (finalised == INT64_MAX || is_by_closing || step->status != COMITY__REQUEST_STATUS__VALUE__CLOSED)
			finalised = at;
	}
	return finalised;
}

static void count(struct flow_count *counted, bool is_counted, bool is_in)
{
	counted->whole += is_counted;
	counted->count += is_counted && is_in;
}

int64_t census_flows_add(struct census_flows *flows, const Comity__Case *kase, int64_t sent_at, const struct census_period *period, bool is_in)
{
	struct flow *flow = &flows->of[census_series(kase)];
	int64_t until = finalised_at(kase, sent_at), end = period->to < period->now ? period->to : period->now;
	bool is_open = sent_at < period->to && until >= period->to;
	count(&flow->open_before, sent_at < period->from && until >= period->from, is_in);
	count(&flow->entered, sent_at >= period->from && sent_at < period->to, is_in);
	count(&flow->finalised, until >= period->from && until < period->to, is_in);
	count(&flow->open_after, is_open, is_in);
	return is_open ? (end > sent_at ? (end - sent_at) / STAMP_DAY : 0) : -1;
}

/* ── telling ──────────────────────────────────────────────────────────────────────────────────── */

static bool is_told(const struct flow_count *counted, const Comity__Statistics *head)
{
	return discretion_alone(counted->count, head->untoc ? counted->whole : 0, head->threshold) == TOLD;
}

/* What entered is a row of that table too. */
static bool is_series_told(const Comity__StatisticsSide *told, const char *series)
{
	for (size_t i = 0; i < told->n_cells; i++)
		if (!strcmp(told->cells[i]->by, "series") && !told->cells[i]->has_count &&
		    (!strcmp(told->cells[i]->name, series) || !strcmp(told->cells[i]->name, "NOT-TOLD")))
			return false;
	return true;
}

static void tell_rates(Comity__StatisticsFlow *told, const struct census_period *period)
{
	int64_t end = period->to < period->now ? period->to : period->now;
	uint64_t days = period->from == INT64_MIN || end <= period->from ? 0 : (uint64_t)(end - period->from) / STAMP_DAY;
	told->has_clearance_percent = told->entered > 0;
	told->clearance_percent = told->entered ? 100.0 * (double)told->finalised / (double)told->entered : 0;
	told->has_disposition_days = told->finalised && days > 0;
	if (told->has_disposition_days)
		told->disposition_days = (uint32_t)((told->open_after * days + told->finalised / 2) / told->finalised);
}

static enum fault balance(const struct flow *flow, const char *series)
{
	if (flow->open_before.count + flow->entered.count == flow->finalised.count + flow->open_after.count &&
	    flow->open_before.whole + flow->entered.whole == flow->finalised.whole + flow->open_after.whole)
		return OK;
	return fault_say(FAULT_INTERNAL, "the balance of %s is wrong: this is a defect", series);
}

static void tell_numbers(const struct flow *flow, const struct census_period *period, Comity__StatisticsFlow *told)
{
	told->has_open_before = told->has_entered = told->has_finalised = told->has_open_after = 1;
	told->open_before = flow->open_before.count;
	told->entered = flow->entered.count;
	told->finalised = flow->finalised.count;
	told->open_after = flow->open_after.count;
	tell_rates(told, period);
}

static enum fault tell_flow(struct flow *flow, enum series series, const Comity__Statistics *head, const struct census_period *period,
	struct arena *arena, Comity__StatisticsSide *told)
{
	const char *name = census_series_name(series);
	Comity__StatisticsFlow *row = arena_alloc(arena, sizeof *row);
	if (!row)
		return arena_fault(arena);
	comity__statistics_flow__init(row);
	row->series = (char *)name;
	row->has_hidden = 1;
	flow->is_hidden = !(is_told(&flow->open_before, head) && is_told(&flow->entered, head) && is_told(&flow->finalised, head) &&
		is_told(&flow->open_after, head) && is_series_told(told, name));
	row->hidden = flow->is_hidden;
	if (!flow->is_hidden)
		tell_numbers(flow, period, row);
	return record_push(arena, &told->n_flows, &told->flows, &row, sizeof row) ? OK : arena_fault(arena);
}

/* Of requests always, of the other series where there are any. */
enum fault census_flows_tell(struct census_flows *flows, const Comity__Statistics *head, const struct census_period *period,
	struct arena *arena, Comity__StatisticsSide *told)
{
	for (size_t i = 0; i < SERIES_COUNT; i++) {
		struct flow *flow = &flows->of[i];
		TRY(balance(flow, census_series_name((enum series)i)));
		if (i == SERIES_REQUEST || flow->open_before.count || flow->entered.count)
			TRY(tell_flow(flow, (enum series)i, head, period, arena, told));
	}
	return OK;
}
