/* Bars, curves, and tables of times. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/print.h"
#include "tools/report.h"

static const struct words label = { .size = 7, .ink = INK_TEXT };
static const struct words faint = { .size = 6.2, .ink = INK_FAINT };
static const struct words figure = { .size = 7, .ink = INK_TEXT, .align = ALIGN_RIGHT };

static struct words within(struct words words, double width)
{
	words.width = width;
	return words;
}

const char *report_plain(struct tool *tool, const char *name)
{
	char text[64];
	size_t i = 0;
	for (; name[i] && i + 1 < sizeof text; i++)
		text[i] = (char)(name[i] == '_' || name[i] == '-' ? ' ' : tolower((unsigned char)name[i]));
	text[i] = 0;
	return safe(tool, text);
}

static const char *count_of(struct tool *tool, const Comity__StatisticsCell *cell, uint32_t threshold)
{
	char text[24];
	snprintf(text, sizeof text, cell->below ? "<%u" : "hidden", threshold);
	return cell->has_count ? report_number(tool, cell->count) : safe(tool, text);
}

/* ── bars ─────────────────────────────────────────────────────────────────────────────────────── */

struct bars {
	const Comity__StatisticsCell *cells[16];
	size_t n, left_out;
	uint64_t most;
	double names, figures;		/* how wide these columns are */
};

static void measure_row(struct column *column, struct bars *bars, const Comity__StatisticsCell *cell, uint32_t threshold)
{
	double width = canvas_measure(column->canvas, &figure, count_of(column->tool, cell, threshold));
	bars->figures = fmax(bars->figures, width);
	bars->most = cell->has_count && cell->count > bars->most ? cell->count : bars->most;
	bars->cells[bars->n++] = cell;
}

static struct bars collect(struct column *column, const Comity__StatisticsSide *side, const char *by, size_t rows, uint32_t threshold)
{
	struct bars bars = { .names = column->width * 0.42 };
	for (size_t i = 0; i < side->n_cells; i++) {
		if (strcmp(side->cells[i]->by, by))
			continue;
		if (bars.n < rows && bars.n < ARRAY_LEN(bars.cells))
			measure_row(column, &bars, side->cells[i], threshold);
		else
			bars.left_out++;
	}
	return bars;
}

static void draw_bar(struct column *column, const struct bars *bars, const Comity__StatisticsCell *cell, const char *by, uint32_t threshold)
{
	const double height = 6.5, step = 9.2, from = column->x + bars->names + 6, room = column->width - bars->names - bars->figures - 12;
	const struct words name = within(label, bars->names);
	double share = cell->has_count && bars->most ? (double)cell->count / (double)bars->most : 0;
	canvas_text(column->canvas, column->x, column->y + height - 0.6, &name, strcmp(by, "counterpart") ? report_plain(column->tool, cell->name) : safe(column->tool, cell->name));
	if (cell->has_count)
		canvas_box(column->canvas, from, column->y, fmax(room * share, 0.6), height, INK_BAR);
	else
		canvas_hatch(column->canvas, from, column->y, fmin(room, 18), height);
	canvas_text(column->canvas, column->x + column->width, column->y + height - 0.6, &figure, count_of(column->tool, cell, threshold));
	column->y += step;
}

void report_bars(struct column *column, const char *heading, const Comity__StatisticsSide *side, const char *by, size_t rows, uint32_t threshold)
{
	struct bars bars = collect(column, side, by, rows, threshold);
	char more[100];
	if (!bars.n)
		return;
	snprintf(more, sizeof more, bars.left_out ? "%s, the first %zu of %zu" : "%s", heading, bars.n, bars.n + bars.left_out);
	report_heading(column, more);
	for (size_t i = 0; i < bars.n; i++)
		draw_bar(column, &bars, bars.cells[i], by, threshold);
}

/* ── curves ───────────────────────────────────────────────────────────────────────────────────── */

static const struct { const char *period; enum ink ink; } curves[] = {
	{ "acknowledgement", INK_A }, { "first-answer", INK_B }, { "execution", INK_C }, { "closing", INK_D },
};
enum { CURVES = ARRAY_LEN(curves), TICKS = 4 };

struct plot {
	double x, y, width, height, most;	/* days at the right end */
	const Comity__StatisticsTime *of[CURVES];
};

static const Comity__StatisticsTime *time_named(const Comity__StatisticsSide *side, const char *period)
{
	for (size_t i = 0; i < side->n_times; i++)
		if (!strcmp(side->times[i]->period, period) && !side->times[i]->net && !side->times[i]->urgent)
			return side->times[i];
	return NULL;
}

/* A round number, of which a third is one too. */
static double round_up(double days)
{
	static const double nice[] = { 3, 6, 9, 15, 30, 60, 90, 150, 180, 300, 360, 600, 900, 1200, 1500, 1800, 2400, 3000, 3660 };
	size_t i = 0;
	while (i + 1 < ARRAY_LEN(nice) && nice[i] < days)
		i++;
	return nice[i];
}

static struct plot plan(struct column *column, const Comity__StatisticsSide *side)
{
	struct plot plot = { .x = column->x + 94, .y = column->y + 2, .width = column->width - 114, .height = 80 };
	double most = 1;
	for (size_t i = 0; i < CURVES; i++) {
		const Comity__StatisticsTime *time = plot.of[i] = time_named(side, curves[i].period);
		if (time && time->n_curve)
			most = fmax(most, time->curve[time->n_curve - 1]->at);
	}
	plot.most = round_up(most * 1.02);
	return plot;
}

static double tick_x(const struct plot *plot, size_t tick)
{
	return plot->x + plot->width * (double)tick / (TICKS - 1);
}

static void draw_axes(struct canvas *canvas, const struct plot *plot)
{
	struct words right = faint, middle = faint;
	char text[24];
	right.align = ALIGN_RIGHT;
	middle.align = ALIGN_MIDDLE;
	for (int percent = 0; percent <= 100; percent += 50) {
		double y = plot->y + plot->height * (1 - percent / 100.0);
		snprintf(text, sizeof text, "%d %%", percent);
		canvas_line(canvas, plot->x, y, plot->x + plot->width, y, 0.4, INK_RULE);
		canvas_text(canvas, plot->x - 4, y + 2.2, &right, text);
	}
	for (size_t tick = 0; tick < TICKS; tick++) {
		snprintf(text, sizeof text, tick + 1 == TICKS ? "%.0f days" : "%.0f", plot->most * (double)tick / (TICKS - 1));
		canvas_line(canvas, tick_x(plot, tick), plot->y + plot->height, tick_x(plot, tick), plot->y + plot->height + 2.5, 0.6, INK_FAINT);
		canvas_text(canvas, tick_x(plot, tick), plot->y + plot->height + 9.5, &middle, text);
	}
}

static void draw_curve(struct canvas *canvas, const struct plot *plot, const Comity__StatisticsTime *time, enum ink ink)
{
	struct point points[2 * 64 + 2] = { { plot->x, plot->y } };
	size_t n = 1;
	for (size_t i = 0; i < time->n_curve && n + 2 < ARRAY_LEN(points); i++) {
		double x = plot->x + plot->width * fmin(time->curve[i]->at / plot->most, 1);
		points[n] = (struct point){ x, points[n - 1].y };
		points[n + 1] = (struct point){ x, plot->y + plot->height * (1 - time->curve[i]->open_percent / 100) };
		n += 2;
	}
	canvas_path(canvas, points, n, 1.3, ink);
}

/* Before the first step at or after that day; behind the last step it is not known. */
static const char *at_risk(struct tool *tool, const Comity__StatisticsTime *time, double day)
{
	for (size_t i = 0; i < time->n_curve; i++)
		if (time->curve[i]->at >= day)
			return report_number(tool, time->curve[i]->at_risk);
	return "–";
}

/* Its name with its line, and the number at risk below each tick. */
static void draw_legend(struct column *column, const struct plot *plot, size_t which)
{
	const Comity__StatisticsTime *time = plot->of[which];
	struct words middle = faint;
	middle.align = ALIGN_MIDDLE;
	canvas_line(column->canvas, column->x, column->y - 2.2, column->x + 14, column->y - 2.2, 1.3, curves[which].ink);
	canvas_text(column->canvas, column->x + 17, column->y, &faint, curves[which].period);
	if (!time || !time->n_curve)
		canvas_text(column->canvas, plot->x + 4, column->y, &faint, time && time->hidden ? "too few to tell" : "too few have ended for a curve");
	else
		for (size_t tick = 0; tick < TICKS; tick++)
			canvas_text(column->canvas, tick_x(plot, tick), column->y, &middle,
				at_risk(column->tool, time, plot->most * (double)tick / (TICKS - 1)));
	column->y += 8.3;
}

void report_curves(struct column *column, const Comity__StatisticsSide *side, uint32_t threshold)
{
	char text[100];
	report_heading(column, "Share still open, by days since the sending");
	struct plot plot = plan(column, side);
	draw_axes(column->canvas, &plot);
	for (size_t i = 0; i < CURVES; i++)
		if (plot.of[i] && plot.of[i]->n_curve)
			draw_curve(column->canvas, &plot, plot.of[i], curves[i].ink);
	column->y = plot.y + plot.height + 20;
	snprintf(text, sizeof text, threshold > 1 ? "At risk then, rounded down to a multiple of %u:" : "At risk then:", threshold);
	canvas_text(column->canvas, column->x, column->y, &faint, text);
	column->y += 9;
	for (size_t i = 0; i < CURVES; i++)
		draw_legend(column, &plot, i);
}

/* ── times ────────────────────────────────────────────────────────────────────────────────────── */

/* Gross, and net behind the stroke where it is another. */
static const char *pair_of(struct tool *tool, const Comity__StatisticsTime *gross, const Comity__StatisticsTime *net, bool is_p90)
{
	char text[80];
	bool is_reached = is_p90 ? gross->has_p90_days : gross->has_median_days;
	if (gross->hidden)
		return "hidden";
	if (!is_reached)
		return "not reached";
	const char *of_gross = report_number(tool, is_p90 ? gross->p90_days : gross->median_days);
	const char *of_net = (is_p90 ? net->has_p90_days : net->has_median_days) ? report_number(tool, is_p90 ? net->p90_days : net->median_days) : "–";
	snprintf(text, sizeof text, strcmp(of_gross, of_net) ? "%s / %s" : "%s", of_gross, of_net);
	return safe(tool, text);
}

static const char *how_many(struct tool *tool, const Comity__StatisticsTime *time, uint64_t number)
{
	char text[80];
	snprintf(text, sizeof text, time->rounded ? "%s+" : "%s", report_number(tool, number));
	return time->has_ended ? safe(tool, text) : "hidden";
}

static void row(struct column *column, const struct words *name, const char *const cells[5])
{
	static const double ends[] = { 0.49, 0.64, 0.825, 1 };
	const struct words first = within(*name, column->width * 0.345);
	struct words right = *name;
	right.align = ALIGN_RIGHT;
	canvas_text(column->canvas, column->x, column->y, &first, cells[0]);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		canvas_text(column->canvas, column->x + column->width * ends[i], column->y, &right, cells[i + 1]);
	column->y += 8.2;
}

void report_times(struct column *column, const Comity__StatisticsSide *side, uint32_t threshold)
{
	const struct words small = { .size = 6.2, .ink = INK_TEXT };
	(void)threshold;
	report_heading(column, "Times, gross / net");
	column->y += 3;
	row(column, &faint, (const char *const[]){ "days; urgent ones in hours", "over", "open", "median", "90 %" });
	for (size_t i = 0; i + 1 < side->n_times && column->y < PAPER_HEIGHT - REPORT_MARGIN; i += 2) {
		const Comity__StatisticsTime *gross = side->times[i], *net = side->times[i + 1];
		char name[80];
		snprintf(name, sizeof name, "%s%s", gross->urgent ? "urgent: " : "", report_plain(column->tool, gross->period));
		row(column, &small, (const char *const[]){ name, how_many(column->tool, gross, gross->ended), how_many(column->tool, gross, gross->open),
			pair_of(column->tool, gross, net, false), pair_of(column->tool, gross, net, true) });
	}
}
