/* The page of statistics: what stands where. */
#include "tools/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/print.h"
#include "tools/record.h"

static const struct words title = { .size = 17, .ink = INK_TEXT, .is_bold = true };
static const struct words subtitle_words = { .size = 9, .ink = INK_TEXT };
static const struct words small_print = { .size = 7, .ink = INK_FAINT };
static const struct words heading_words = { .size = 8, .ink = INK_TEXT, .is_bold = true };
static const struct words side_title = { .size = 12, .ink = INK_TEXT, .is_bold = true };

/* The figure with a narrow space between each three digits. */
const char *report_number(struct tool *tool, uint64_t number)
{
	char digits[24], spaced[64];
	size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number), used = 0;
	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			used += (size_t)snprintf(spaced + used, sizeof spaced - used, "\u2009");
		spaced[used++] = digits[i];
	}
	spaced[used] = 0;
	return safe(tool, spaced);
}

static void put(struct column *column, const struct words *words, const char *text, double below)
{
	struct words cut = *words;
	cut.width = column->width;
	column->y += words->size;
	canvas_text(column->canvas, column->x, column->y, &cut, text);
	column->y += below;
}

void report_head(struct column *column, const char *text, const char *subtitle, const char *remarks)
{
	put(column, &title, text, 6);
	put(column, &subtitle_words, subtitle, 4);
	put(column, &small_print, remarks, 7);
	canvas_line(column->canvas, column->x, column->y, column->x + column->width, column->y, 0.8, INK_TEXT);
	column->y += 12;
}

void report_heading(struct column *column, const char *text)
{
	column->y += 5;
	put(column, &heading_words, text, 3.5);
}

void report_foot(struct column *column, const char *text)
{
	struct words words = small_print;
	words.width = column->width;
	canvas_text(column->canvas, column->x, PAPER_HEIGHT - REPORT_MARGIN + 12, &words, text);
}

/* ── one direction ────────────────────────────────────────────────────────────────────────────── */

static const char *total_of(struct tool *tool, const Comity__StatisticsSide *side, const char *name, uint32_t threshold)
{
	char below[24];
	snprintf(below, sizeof below, "<%u", threshold);
	for (size_t i = 0; i < side->n_cells; i++) {
		const Comity__StatisticsCell *cell = side->cells[i];
		if (!strcmp(cell->by, "total") && !strcmp(cell->name, name))
			return cell->has_count ? report_number(tool, cell->count) : cell->below ? safe(tool, below) : "hidden";
	}
	return "0";
}

static void put_totals(struct column *column, const Comity__StatisticsSide *side, uint32_t threshold)
{
	char text[160];
	bool is_in = side->role == COMITY__ROLE__VALUE__REQUESTED;
	put(column, &side_title, is_in ? "To us (incoming)" : "From us (outgoing)", 5);
	snprintf(text, sizeof text, "%s requests, %s measures", total_of(column->tool, side, "requests", threshold),
		total_of(column->tool, side, "measures", threshold));
	put(column, &subtitle_words, text, 2);
}

static size_t flow_text(char *text, size_t size, const Comity__StatisticsFlow *flow, struct tool *tool)
{
	size_t used = (size_t)snprintf(text, size, "%s open + %s came = %s finalised + %s open", report_number(tool, flow->open_before),
		report_number(tool, flow->entered), report_number(tool, flow->finalised), report_number(tool, flow->open_after));
	if (flow->has_clearance_percent && used < size)
		used += (size_t)snprintf(text + used, size - used, "; clearance %.0f %%", flow->clearance_percent);
	if (flow->has_disposition_days && used < size)
		used += (size_t)snprintf(text + used, size - used, "; disposition %s days", report_number(tool, flow->disposition_days));
	return used;
}

/* The balance of each series, in a line. */
static void put_flows(struct column *column, const Comity__StatisticsSide *side)
{
	const struct words line = { .size = 6.6, .ink = INK_TEXT };
	if (side->n_flows)
		report_heading(column, "Balance of the period");
	for (size_t i = 0; i < side->n_flows; i++) {
		const Comity__StatisticsFlow *flow = side->flows[i];
		char numbers[200] = "too small to tell", text[280];
		if (!flow->hidden)
			flow_text(numbers, sizeof numbers, flow, column->tool);
		snprintf(text, sizeof text, "%s: %s", report_plain(column->tool, flow->series), numbers);
		put(column, &line, text, 2);
	}
}

void report_side(struct column *column, const Comity__StatisticsSide *side, uint32_t threshold)
{
	static const struct { const char *heading, *by; size_t rows; } tables[] = {
		{ "Age of open requests", "age", 6 }, { "Counterpart", "counterpart", 3 }, { "Outcome", "outcome", 3 }, { "Kind", "kind", 2 },
		{ "Measures by form of assistance", "form", 3 }, { "Legal basis invoked", "basis", 3 }, { "Grounds of refusal", "ground", 2 },
	};
	put_totals(column, side, threshold);
	put_flows(column, side);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		report_bars(column, tables[i].heading, side, tables[i].by, tables[i].rows, threshold);
	report_curves(column, side, threshold);
	report_times(column, side, threshold);
}

/* ── the page ─────────────────────────────────────────────────────────────────────────────────── */

/* Without the time of day, where that is midnight. */
static const char *day_of(struct tool *tool, const char *stamp)
{
	const char *text = time_of(tool, stamp);
	char day[16];
	snprintf(day, sizeof day, "%.10s", text);
	return strlen(text) > 16 && !strncmp(text + 10, " 00:00", 6) ? safe(tool, day) : text;
}

static const char *period_of(struct tool *tool, const Comity__Statistics *statistics)
{
	char text[200];
	snprintf(text, sizeof text, "Requests sent %s%s%s%s%s", statistics->from ? "from " : "", statistics->from ? day_of(tool, statistics->from) : "",
		statistics->to ? " before " : "", statistics->to ? day_of(tool, statistics->to) : "",
		!statistics->from && !statistics->to ? "at any time" : "");
	return safe(tool, text);
}

static void draw(struct column page, const Comity__Statistics *statistics)
{
	char subtitle[300], remarks[300];
	size_t sides = statistics->n_sides ? statistics->n_sides : 1;
	snprintf(subtitle, sizeof subtitle, "%s; %s", period_of(page.tool, statistics),
		statistics->untoc ? "only those that invoke the Convention against Transnational Organized Crime" : "on every legal basis");
	snprintf(remarks, sizeof remarks, "As they stood at %s. Counts below %u are not told, nor what would give them away. Codes: comity.statistics/1.",
		time_of(page.tool, statistics->generated_at), statistics->threshold);
	report_head(&page, "Requests for mutual legal assistance", subtitle, remarks);
	double width = (page.width - REPORT_GAP * (double)(sides - 1)) / (double)sides;
	for (size_t i = 0; i < statistics->n_sides; i++) {
		struct column column = { page.tool, page.canvas, page.x + (width + REPORT_GAP) * (double)i, page.y, width };
		report_side(&column, statistics->sides[i], statistics->threshold);
	}
	report_foot(&page, "Times by Kaplan and Meier: what is open counts for as long as it has been open. Net: without waiting for information asked for.");
}

void report_saved(struct tool *tool, const char *path, size_t size)
{
	Comity__SavedFile saved = COMITY__SAVED_FILE__INIT;
	saved.schema = "comity.saved/1";
	saved.file = (char *)path;
	saved.has_size = 1;
	saved.size = size;
	if (!printed_document(tool, &saved.base))
		print(tool, "Wrote %s, %s\n", safe(tool, path), size_of(tool, size));
}

enum fault report_statistics(struct tool *tool, const Comity__Statistics *statistics, const char *path)
{
	struct canvas *canvas;
	size_t size;
	TRY(canvas_open(&canvas, path, "Requests for mutual legal assistance"));
	draw((struct column){ tool, canvas, REPORT_MARGIN, REPORT_MARGIN - 8, PAPER_WIDTH - 2 * REPORT_MARGIN }, statistics);
	TRY(canvas_close(canvas, OK, &size));
	report_saved(tool, path, size);
	return OK;
}
