/* Statistics: what was asked of us and by us, and how long it took; for people, as CSV, as JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/days.h"
#include "tools/figures.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/report.h"

static const char *direction_of(const Comity__StatisticsSide *side)
{
	return side->role == COMITY__ROLE__VALUE__REQUESTED ? "in" : "out";
}

static const char *count_of(struct tool *tool, bool is_told, uint64_t count, bool is_below, uint32_t threshold)
{
	char text[32];
	if (is_told)
		snprintf(text, sizeof text, "%" PRIu64, count);
	else
		snprintf(text, sizeof text, is_below ? "<%u" : "hidden", threshold);
	return safe(tool, text);
}

static const char *days_of(struct tool *tool, const Comity__StatisticsTime *time, bool is_reached, uint32_t days)
{
	char text[16];
	snprintf(text, sizeof text, "%u", days);
	return time->hidden ? "hidden" : is_reached ? safe(tool, text) : "not reached";
}

static void add_cells(struct tool *tool, struct table *table, const Comity__Statistics *statistics, const Comity__StatisticsSide *side)
{
	for (size_t i = 0; i < side->n_cells; i++) {
		const Comity__StatisticsCell *cell = side->cells[i];
		ROW(tool, table, direction_of(side), safe(tool, cell->by), safe(tool, cell->name),
			count_of(tool, cell->has_count, cell->count, cell->below, statistics->threshold));
	}
}

static const char *ended_of(struct tool *tool, const Comity__StatisticsTime *time, uint64_t count)
{
	char text[32];
	snprintf(text, sizeof text, time->rounded ? "%" PRIu64 "+" : "%" PRIu64, count);
	return time->has_ended ? safe(tool, text) : "hidden";
}

static void add_times(struct tool *tool, struct table *table, const Comity__StatisticsSide *side)
{
	for (size_t i = 0; i < side->n_times; i++) {
		const Comity__StatisticsTime *time = side->times[i];
		ROW(tool, table, direction_of(side), safe(tool, time->period), time->net ? "net" : "gross", time->urgent ? "hours" : "days",
			ended_of(tool, time, time->ended), ended_of(tool, time, time->open),
			days_of(tool, time, time->has_median_days, time->median_days),
			days_of(tool, time, time->has_p90_days, time->p90_days));
	}
}

static const char *flow_number(struct tool *tool, bool is_told, uint64_t number, bool is_hidden)
{
	char text[32];
	snprintf(text, sizeof text, "%" PRIu64, number);
	return is_told ? safe(tool, text) : is_hidden ? "hidden" : "-";
}

static void add_flows(struct tool *tool, struct table *table, const Comity__StatisticsSide *side)
{
	for (size_t i = 0; i < side->n_flows; i++) {
		const Comity__StatisticsFlow *flow = side->flows[i];
		ROW(tool, table, direction_of(side), safe(tool, flow->series),
			flow_number(tool, flow->has_open_before, flow->open_before, flow->hidden), flow_number(tool, flow->has_entered, flow->entered, flow->hidden),
			flow_number(tool, flow->has_finalised, flow->finalised, flow->hidden), flow_number(tool, flow->has_open_after, flow->open_after, flow->hidden),
			flow_number(tool, flow->has_clearance_percent, (uint64_t)lround(flow->clearance_percent), flow->hidden),
			flow_number(tool, flow->has_disposition_days, flow->disposition_days, flow->hidden));
	}
}

/* Comma-separated, as RFC 4180 has it; none of our cells has a quotation mark in it, and safe() leaves no line feed. */
void print_csv(struct tool *tool, const struct table *table)
{
	for (size_t i = 0; i < table->columns; i++)
		print(tool, "%s\"%s\"", i ? "," : "", table->headings[i] + strspn(table->headings[i], ">~"));
	for (size_t i = 0; i < table->count * table->columns; i++)
		print(tool, "%s\"%s\"", i % table->columns ? "," : "\r\n", table->cells[i]);
	print(tool, "\r\n");
}

void print_statistics(struct tool *tool, const Comity__Statistics *statistics)
{
	struct table cells = TABLE("DIRECTION", "BY", "NAME", ">COUNT");
	struct table flows = TABLE("DIRECTION", "SERIES", ">OPEN-BEFORE", ">ENTERED", ">FINALISED", ">OPEN-AFTER", ">CLEARANCE-%", ">DISPOSITION-DAYS");
	struct table times = TABLE("DIRECTION", "PERIOD", "MEASURE", "UNIT", ">ENDED", ">OPEN", ">MEDIAN", ">P90");
	void (*show)(struct tool *, const struct table *) = given(tool, "csv") ? print_csv : table_print;
	for (size_t i = 0; i < statistics->n_sides; i++) {
		add_flows(tool, &flows, statistics->sides[i]);
		add_cells(tool, &cells, statistics, statistics->sides[i]);
		add_times(tool, &times, statistics->sides[i]);
	}
	show(tool, &flows);
	print(tool, given(tool, "csv") ? "\r\n" : "\n");
	show(tool, &cells);
	print(tool, given(tool, "csv") ? "\r\n" : "\n");
	show(tool, &times);
}

static enum fault read_threshold(const char *text, Comity__StatisticsOf *asked)
{
	char *end = NULL;
	unsigned long number = text ? strtoul(text, &end, 10) : 0;
	if (text && (*end || *text < '1' || *text > '9' || number > 1000))
		return fault_say(FAULT_USAGE, "--threshold \"%.20s\" is not a number from 1 to 1000", text);
	asked->has_threshold = text != NULL;
	asked->threshold = (uint32_t)number;
	return OK;
}

static enum fault read_date(struct tool *tool, const char *option, const char *text, char **stamp)
{
	return text ? legal_time(tool, option, text, stamp) : OK;
}

/* In the time of this place, as everything that people say of days. */
static enum fault read_period(struct tool *tool, Comity__StatisticsOf *asked)
{
	struct days days;
	if (!given(tool, "period")) {
		TRY(read_date(tool, "sent-from", given(tool, "sent-from"), &asked->from));
		return read_date(tool, "sent-before", given(tool, "sent-before"), &asked->to);
	}
	if (given(tool, "sent-from") || given(tool, "sent-before"))
		return fault_say(FAULT_USAGE, "--period says from when until when already");
	TRY(days_read(given(tool, "period"), &days));
	TRY(read_date(tool, "period", days.from, &asked->from));
	return read_date(tool, "period", days.before, &asked->to);
}

static enum fault read_direction(const char *text, Comity__StatisticsOf *asked)
{
	static const struct { const char *word; Comity__Role__Value role; } words[] = {
		{ "out", COMITY__ROLE__VALUE__REQUESTING }, { "in", COMITY__ROLE__VALUE__REQUESTED }, { "both", COMITY__ROLE__VALUE__UNSPECIFIED },
	};
	for (size_t i = 0; text && i < ARRAY_LEN(words); i++)
		if (!strcmp(text, words[i].word)) {
			asked->has_role = 1;
			asked->role = words[i].role;
			return OK;
		}
	return text ? fault_say(FAULT_USAGE, "--direction is out, in or both, not \"%.20s\"", text) : OK;
}

enum fault cmd_stats(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__StatisticsOf asked = COMITY__STATISTICS_OF__INIT;
	TRY(read_period(tool, &asked));
	TRY(read_direction(given(tool, "direction"), &asked));
	TRY(read_threshold(given(tool, "threshold"), &asked));
	asked.has_untoc = 1;
	asked.untoc = given(tool, "untoc") != NULL;
	Comity__Call call = CALL(STATISTICS, statistics, &asked);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_STATISTICS, &reply));
	if (given(tool, "report"))
		return report_statistics(tool, reply->statistics, given(tool, "report"));
	if (!printed_json(tool, &reply->statistics->base))
		print_statistics(tool, reply->statistics);
	return OK;
}
