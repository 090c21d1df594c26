#pragma once
/* Figures as drawings: the parts from which `comity stats --report` and `comity portfolio --report` make their pages. */
#include "proto/control.pb-c.h"
#include "tools/canvas.h"
#include "tools/tool.h"

#define REPORT_MARGIN 42.0
#define REPORT_GAP 26.0		/* between columns */

/* Where to draw next: each part moves `y` down behind itself. */
struct column {
	struct tool *tool;
	struct canvas *canvas;
	double x, y, width;
};

/* Title, and lines of small print below it; down to where the columns begin. */
void report_head(struct column *column, const char *title, const char *subtitle, const char *remarks);
void report_heading(struct column *column, const char *text);
/* The rows of one table as bars, the largest first, at most `rows` of them; nothing when there are none. */
void report_bars(struct column *column, const char *heading, const Comity__StatisticsSide *side, const char *by, size_t rows, uint32_t threshold);
/* The curves of what is still open, and under them how many were at risk. */
void report_curves(struct column *column, const Comity__StatisticsSide *side, uint32_t threshold);
/* Medians and 90th percentiles of all periods. */
void report_times(struct column *column, const Comity__StatisticsSide *side, uint32_t threshold);
/* All of the above, for one direction. */
void report_side(struct column *column, const Comity__StatisticsSide *side, uint32_t threshold);
/* At the foot of the page. */
void report_foot(struct column *column, const char *text);

/* BANK_FINANCIAL_RECORDS, as people write it. */
const char *report_plain(struct tool *tool, const char *name);
/* "12 345": with thin spaces.  Lives as long as the tool. */
const char *report_number(struct tool *tool, uint64_t number);

/* One page of statistics.  Faults: those of canvas_open() and canvas_close(). */
enum fault report_statistics(struct tool *tool, const Comity__Statistics *statistics, const char *path) MUST_CHECK;
/* Open cases, page by page, and a page of figures, as PDF.  Faults: the same. */
enum fault report_portfolio(struct tool *tool, const Comity__Portfolio *portfolio, const char *path) MUST_CHECK;
/* What is owed next, by whom; "-" when nothing is. */
const char *portfolio_due(struct tool *tool, const Comity__PortfolioRow *row);
/* That it is written: for people, or as comity.saved/1. */
void report_saved(struct tool *tool, const char *path, size_t size);
