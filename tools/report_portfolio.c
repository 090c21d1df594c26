/* The portfolio on paper: the open cases, as many pages as it takes, and a page of figures. */
#include <stdio.h>
#include <string.h>

#include "tools/print.h"
#include "tools/report.h"

enum { COLUMNS = 8 };

static const struct {
	const char *heading;
	double end;			/* share of the width */
	bool is_number;
} columns[COLUMNS] = {
	{ "", 0.035, false }, { "Ours", 0.20, false }, { "Theirs", 0.355, false }, { "Kind", 0.475, false }, { "Status", 0.60, false },
	{ "Days", 0.65, true }, { "Waits for", 0.77, false }, { "Next due", 1.0, false },
};

static void put_cells(const struct column *page, const char *const cells[COLUMNS], struct words words)
{
	const double gap = 5;
	double from = page->x;
	for (size_t i = 0; i < COLUMNS; i++) {
		double end = page->x + page->width * columns[i].end;
		words.width = end - from - gap;
		words.align = columns[i].is_number ? ALIGN_RIGHT : ALIGN_LEFT;
		canvas_text(page->canvas, columns[i].is_number ? end - gap : from, page->y, &words, cells[i]);
		from = end;
	}
}

static void put_headings(struct column *page)
{
	const char *cells[COLUMNS];
	for (size_t i = 0; i < COLUMNS; i++)
		cells[i] = columns[i].heading;
	page->y += 7;
	put_cells(page, cells, (struct words){ .size = 7, .ink = INK_TEXT, .is_bold = true });
	page->y += 4;
	canvas_line(page->canvas, page->x, page->y, page->x + page->width, page->y, 0.6, INK_TEXT);
	page->y += 10;
}

static void put_row(struct column *page, const Comity__PortfolioRow *row)
{
	struct tool *tool = page->tool;
	char age[24];
	snprintf(age, sizeof age, "%u", row->age_days);
	put_cells(page, (const char *const[COLUMNS]){
		row->role == COMITY__ROLE__VALUE__REQUESTING ? "out" : "in", safe_or(tool, row->our_reference, "–"), safe_or(tool, row->their_reference, "–"),
		WORD(tool, request_kind, row->kind), WORD(tool, request_status, row->status), age, safe_or(tool, row->waiting_for, "–"),
		row->has_due_kind ? portfolio_due(tool, row) : safe_or(tool, row->obstacle, "–") },
		(struct words){ .size = 6.6, .ink = row->overdue ? INK_B : INK_TEXT });
	page->y += 4.2;
	canvas_line(page->canvas, page->x, page->y, page->x + page->width, page->y, 0.3, INK_RULE);
	page->y += 8.6;
}

static void turn(struct column *page)
{
	report_foot(page, "For the two authorities only. Codes, dates and references; nothing of what a case says. comity.portfolio/1");
	canvas_next_page(page->canvas);
	page->y = REPORT_MARGIN - 8;
}

static void draw_cases(struct column *page, const Comity__Portfolio *portfolio)
{
	put_headings(page);
	for (size_t i = 0; i < portfolio->n_rows; i++) {
		if (page->y > PAPER_HEIGHT - REPORT_MARGIN - 6) {
			turn(page);
			put_headings(page);
		}
		put_row(page, portfolio->rows[i]);
	}
	if (!portfolio->n_rows)
		canvas_text(page->canvas, page->x, page->y, &(struct words){ .size = 8, .ink = INK_TEXT }, "Nothing is open.");
}

static void draw_figures(struct column *page, const Comity__Statistics *statistics)
{
	double width = (page->width - REPORT_GAP) / 2;
	report_heading(page, "Figures of all cases between the two, open and closed");
	page->y += 6;
	for (size_t i = 0; i < statistics->n_sides && i < 2; i++) {
		struct column side = { page->tool, page->canvas, page->x + (width + REPORT_GAP) * (double)i, page->y, width };
		report_side(&side, statistics->sides[i], statistics->threshold);
	}
}

static void draw(struct column page, const Comity__Portfolio *portfolio)
{
	char title[200], subtitle[300], remarks[300];
	size_t ours = 0, overdue = 0;
	for (size_t i = 0; i < portfolio->n_rows; i++) {
		ours += portfolio->rows[i]->role == COMITY__ROLE__VALUE__REQUESTING;
		overdue += portfolio->rows[i]->overdue;
	}
	snprintf(title, sizeof title, "Portfolio with %.60s", safe(page.tool, portfolio->peer));
	snprintf(subtitle, sizeof subtitle, "%.120s%s%zu open from us, %zu to us; %zu overdue", safe_or(page.tool, portfolio->name, ""),
		portfolio->name ? ": " : "", ours, portfolio->n_rows - ours, overdue);
	snprintf(remarks, sizeof remarks, "As of %s. The oldest first%s.", time_of(page.tool, portfolio->generated_at),
		portfolio->left_out ? "; younger ones are left out" : "");
	report_head(&page, title, subtitle, remarks);
	draw_cases(&page, portfolio);
	turn(&page);
	draw_figures(&page, portfolio->statistics);
	report_foot(&page, "Times by Kaplan and Meier: what is open counts for as long as it has been open.");
}

enum fault report_portfolio(struct tool *tool, const Comity__Portfolio *portfolio, const char *path)
{
	struct canvas *canvas;
	size_t size;
	TRY(canvas_open(&canvas, path, "Portfolio"));
	enum fault fault = canvas_has_pages(canvas) ? OK : fault_say(FAULT_USAGE, "a portfolio has several pages: name a file that ends in .pdf");
	if (!fault)
		draw((struct column){ tool, canvas, REPORT_MARGIN, REPORT_MARGIN - 8, PAPER_WIDTH - 2 * REPORT_MARGIN }, portfolio);
	TRY(canvas_close(canvas, fault, &size));
	report_saved(tool, path, size);
	return OK;
}
