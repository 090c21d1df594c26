/* Reports: spans of days, and that a page is whole, can be searched, and nothing on it lies on something else, however large the figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/bytes.h"
#include "tools/days.h"
#include "tools/report.h"

/* ── days ─────────────────────────────────────────────────────────────────────────────────────────── */

static void spans_are_read(void **state)
{
	(void)state;
	static const struct { const char *text, *from, *before; } spans[] = {
		{ "2026", "2026-01-01", "2027-01-01" },
		{ "2026-Q1", "2026-01-01", "2026-04-01" },
		{ "2026-q4", "2026-10-01", "2027-01-01" },
		{ "2024-02-28..2024-02-29", "2024-02-28", "2024-03-01" },
		{ "2026-01-15..2026-01-15", "2026-01-15", "2026-01-16" },
	};
	struct days days;
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		assert_int_equal(days_read(spans[i].text, &days), OK);
		assert_string_equal(days.from, spans[i].from);
		assert_string_equal(days.before, spans[i].before);
	}
}

static void what_is_no_span_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "26", "20261", "2026-Q0", "2026-Q5", "2026-Q11", "2026-Q", "2026-13", "0000", "9999", "2026-01-15..", "..2026-01-15", "..",
		"2026-02-01..2026-01-31", "2026-02-30..2026-03-01", "-2026", " 2026", "2026-Q1..2026-Q2", "2026-01-01...2026-01-02",
		"2026-01-01000000000000000000..2026-01-02",
	};
	struct days days;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(days_read(texts[i], &days), FAULT_USAGE);
}

/* ── a page ───────────────────────────────────────────────────────────────────────────────────────── */

struct page {
	struct tool tool;
	char directory[64], path[96];
	Comity__Statistics statistics;
};

static void *make(struct page *page, const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *message = arena_alloc(&page->tool.arena, type->sizeof_message);
	assert_non_null(message);
	type->message_init(message);
	return message;
}

static void add_cell(struct page *page, Comity__StatisticsSide *side, const char *by, const char *name, uint64_t count)
{
	Comity__StatisticsCell *cell = make(page, &comity__statistics_cell__descriptor);
	cell->by = (char *)by;
	cell->name = (char *)name;
	cell->has_count = count > 0;
	cell->count = count;
	cell->has_below = cell->below = !count;
	side->cells[side->n_cells++] = cell;
}

static void add_time(struct page *page, Comity__StatisticsSide *side, const char *period, bool is_net, bool is_urgent, uint64_t many, double pace)
{
	Comity__StatisticsTime *time = make(page, &comity__statistics_time__descriptor);
	time->period = (char *)period;
	time->net = is_net;
	time->urgent = is_urgent;
	time->has_ended = time->has_open = 1;
	time->ended = many - many / 4;
	time->open = many / 4;
	time->rounded = true;
	time->has_median_days = 1;
	time->median_days = (uint32_t)(pace * 0.7);
	time->has_p90_days = pace < 2000;
	time->p90_days = (uint32_t)(pace * 2.3);
	time->curve = arena_alloc(&page->tool.arena, 40 * sizeof *time->curve);
	for (int i = 0; i < 40 && pace < 2000; i++) {
		Comity__StatisticsPoint *point = time->curve[time->n_curve++] = make(page, &comity__statistics_point__descriptor);
		point->at = (uint32_t)(pace * (i + 1) / 12.0);
		point->open_percent = 100 * exp(-(i + 1) / 12.0);
		point->at_risk = (uint64_t)((double)many * exp(-i / 10.0));
	}
	side->times[side->n_times++] = time;
}

static Comity__StatisticsFlow *make_flow(struct page *page, const char *series, uint64_t scale)
{
	Comity__StatisticsFlow *flow = make(page, &comity__statistics_flow__descriptor);
	flow->series = (char *)series;
	flow->open_before = flow->open_after = scale;
	flow->entered = flow->finalised = scale / 2;
	flow->has_clearance_percent = flow->has_disposition_days = 1;
	flow->clearance_percent = 100;
	flow->disposition_days = 730;
	return flow;
}

static Comity__StatisticsSide *make_side(struct page *page, Comity__Role__Value role, uint64_t scale)
{
	static const char *const peers[] = { "de-ca", "fr-ca", "es-ca", "an-authority-with-a-very-long-name-in-it", "gr-ca", "xs-ca", "xt-ca", "xu-ca", "xv-ca" };
	static const char *const outcomes[] = { "FULLY_EXECUTED", "NONE-YET", "PARTLY_EXECUTED", "REFUSED", "WITHDRAWN", "NO_RESPONSE" };
	static const char *const forms[] = { "BANK_FINANCIAL_RECORDS", "TAKE_EVIDENCE_STATEMENT", "TEMPORARY_TRANSFER_DETAINEE",
		"WITNESS_PROTECTION_RELOCATION", "CONFISCATION_ENFORCE_ORDER", "SEARCH_SEIZURE", "FREEZING" };
	static const char *const kinds[] = { "MLA", "EXTRADITION", "TRANSFER_SENTENCED_PERSON", "LAW_ENFORCEMENT_COOPERATION" };
	static const char *const bases[] = { "UNTOC", "EU_FREEZING_CONFISCATION_2018", "COE_TRANSFER_PROCEEDINGS_1972", "UNCAC", "RECIPROCITY" };
	static const char *const series[] = { "REQUEST", "SUPPLEMENTARY", "PRESERVATION", "SPONTANEOUS_INFORMATION" };
	static const char *const ages[] = { "UP-TO-30-DAYS", "31-TO-90-DAYS", "91-TO-180-DAYS", "181-TO-365-DAYS", "1-TO-2-YEARS", "OVER-2-YEARS" };
	static const char *const grounds[] = { "SOVEREIGNTY_SECURITY_ORDRE_PUBLIC", "NO_DUAL_CRIMINALITY", "DE_MINIMIS" };
	static const struct { const char *name; double pace; } periods[] = {
		{ "transmission", 1 }, { "acknowledgement", 12 }, { "first-answer", 45 }, { "execution", 300 }, { "closing", 2500 },
		{ "received-to-acknowledged", 9 }, { "received-to-decided", 60 }, { "received-to-transferred", 30 },
		{ "transferred-to-executed", 200 }, { "received-to-final-reply", 280 }, { "information", 33 }, { "enquiry-to-reply", 4 },
		{ "preservation", 3 }, { "oral-to-written", 2 },
	};
	Comity__StatisticsSide *side = make(page, &comity__statistics_side__descriptor);
	side->role = role;
	side->cells = arena_alloc(&page->tool.arena, 64 * sizeof *side->cells);
	side->times = arena_alloc(&page->tool.arena, 64 * sizeof *side->times);
	side->flows = arena_alloc(&page->tool.arena, ARRAY_LEN(series) * sizeof *side->flows);
	for (size_t i = 0; i < ARRAY_LEN(series); i++)
		side->flows[side->n_flows++] = make_flow(page, series[i], scale);
	add_cell(page, side, "total", "requests", scale);
	add_cell(page, side, "total", "measures", scale * 3);
#define CELLS(by, names) for (size_t i = 0; i < ARRAY_LEN(names); i++) \
		add_cell(page, side, by, (names)[i], i == 4 ? 0 : scale / (i + 2))
	CELLS("age", ages);
	CELLS("counterpart", peers);
	CELLS("outcome", outcomes);
	CELLS("kind", kinds);
	CELLS("form", forms);
	CELLS("basis", bases);
	CELLS("ground", grounds);
	for (size_t i = 0; i < ARRAY_LEN(periods); i++)
		for (int net = 0; net < 2; net++)
			add_time(page, side, periods[i].name, net, false, scale, periods[i].pace);
	for (int net = 0; net < 2; net++)
		add_time(page, side, "received-to-acknowledged", net, true, scale, 80);
	return side;
}

static void begin(struct page *page, const char *name, uint64_t scale)
{
	*page = (struct page){ .tool = { .is_utc = true } };
	arena_init(&page->tool.arena, 64 << 20);
	snprintf(page->directory, sizeof page->directory, "/tmp/comity-report-XXXXXX");
	assert_non_null(mkdtemp(page->directory));
	snprintf(page->path, sizeof page->path, "%s/%s", page->directory, name);
	comity__statistics__init(&page->statistics);
	page->statistics.generated_at = "2026-11-26T10:00:00Z";
	page->statistics.from = "2026-01-01T00:00:00Z";
	page->statistics.to = "2027-01-01T00:00:00Z";
	page->statistics.threshold = 5;
	page->statistics.n_sides = 2;
	page->statistics.sides = arena_alloc(&page->tool.arena, 2 * sizeof *page->statistics.sides);
	page->statistics.sides[0] = make_side(page, COMITY__ROLE__VALUE__REQUESTING, scale);
	page->statistics.sides[1] = make_side(page, COMITY__ROLE__VALUE__REQUESTED, scale / 3);
}

static void draw(struct page *page, const char *name, uint64_t scale)
{
	begin(page, name, scale);
	assert_int_equal(report_statistics(&page->tool, &page->statistics, page->path), OK);
}

static Comity__PortfolioRow *make_row(struct page *page, unsigned i)
{
	Comity__PortfolioRow *row = make(page, &comity__portfolio_row__descriptor);
	row->role = i % 3 ? COMITY__ROLE__VALUE__REQUESTING : COMITY__ROLE__VALUE__REQUESTED;
	row->our_reference = i % 7 ? "FRD-CA/2026/0412" : "FRD-CENTRAL-AUTHORITY/INTERNATIONAL/2026/000412-B";
	row->their_reference = i % 5 ? "MLA-XS-26-1877" : NULL;
	row->kind = (Comity__RequestKind__Value)(i % 16 + 1);
	row->status = (Comity__RequestStatus__Value)(i % 18 + 3);
	row->age_days = 3650 - i;
	row->waiting_for = i % 2 ? "xs-ca" : "an-authority-with-a-very-long-name-in-it";
	row->has_due_kind = i % 4 > 0;
	row->due_kind = (Comity__DueKind__Value)(i % 9 + 1);
	row->due_side = COMITY__ROLE__VALUE__REQUESTED;
	row->due_by = "2026-11-20T10:00:00+01:00";
	row->overdue = i % 4 == 1;
	row->obstacle = "deficient-result";
	return row;
}

static void draw_portfolio(struct page *page, unsigned rows)
{
	Comity__Portfolio portfolio = COMITY__PORTFOLIO__INIT;
	begin(page, "portfolio.pdf", 4800);
	portfolio.peer = "xs-ca";
	portfolio.name = "Central Authority of Sylvania";
	portfolio.generated_at = page->statistics.generated_at;
	portfolio.statistics = &page->statistics;
	portfolio.rows = arena_alloc(&page->tool.arena, (rows + 1) * sizeof *portfolio.rows);
	for (unsigned i = 0; i < rows; i++)
		portfolio.rows[portfolio.n_rows++] = make_row(page, i);
	assert_int_equal(report_portfolio(&page->tool, &portfolio, page->path), OK);
}

static void clear(struct page *page)
{
	if (getenv("COMITY_KEEP_REPORTS"))
		print_message("%s\n", page->path);
	else {
		unlink(page->path);
		rmdir(page->directory);
	}
	bytes_clear(&page->tool.out);
	arena_clear(&page->tool.arena);
}

struct word {
	double left, top, right, bottom;
	char text[120];
};

/* Of one page. */
static size_t read_words(const char *path, unsigned number, struct word *words, size_t max)
{
	char command[200], line[400];
	size_t n = 0;
	snprintf(command, sizeof command, "pdftotext -f %u -l %u -bbox '%s' -", number, number, path);
	FILE *file = popen(command, "r");	/* NOLINT(cert-env33-c): our own path */
	assert_non_null(file);
	while (fgets(line, sizeof line, file))
		if (n < max && sscanf(line, " <word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%lf\">%119[^<]", &words[n].left, &words[n].top,
			&words[n].right, &words[n].bottom, words[n].text) == 5)
			n++;
	assert_int_equal(pclose(file), 0);
	return n;
}

static bool do_overlap(const struct word *one, const struct word *other)
{
	const double touch = 0.25, leading = 0.3 * (one->bottom - one->top);	/* the boxes are as high as the font, letters are not */
	return one->left + touch < other->right && other->left + touch < one->right && one->top + leading < other->bottom - leading &&
		other->top + leading < one->bottom - leading;
}

static void must_be_orderly(const char *path, unsigned number, const char *word)
{
	enum { WORDS_MAX = 1500 };
	struct word *words = calloc(WORDS_MAX, sizeof *words);
	assert_non_null(words);
	size_t n = read_words(path, number, words, WORDS_MAX), found = 0;
	assert_true(n > 100 && n < WORDS_MAX);
	for (size_t i = 0; i < n; i++) {
		assert_true(words[i].left > 20 && words[i].right < PAPER_WIDTH - 20 && words[i].top > 15 && words[i].bottom < PAPER_HEIGHT - 15);
		found += !strcmp(words[i].text, word);
		for (size_t k = i + 1; k < n; k++)
			if (do_overlap(&words[i], &words[k]))
				fail_msg("\"%s\" and \"%s\" overlap at %.0f, %.0f", words[i].text, words[k].text, words[i].left, words[i].top);
	}
	assert_true(found >= 2);
	free(words);
}

static void a_page_is_orderly_however_large_the_figures(void **state)
{
	(void)state;
	static const uint64_t scales[] = { 12, 4800, 12345678 };
	struct page page;
	if (system("command -v pdftotext >/dev/null"))	/* NOLINT(cert-env33-c) */
		skip();
	for (size_t i = 0; i < ARRAY_LEN(scales); i++) {
		draw(&page, "statistics.pdf", scales[i]);
		must_be_orderly(page.path, 1, "acknowledgement");
		must_be_orderly(page.path, 1, "oral");	/* the last row of times has room too */
		clear(&page);
	}
}

static void a_portfolio_is_orderly_on_every_page(void **state)
{
	(void)state;
	struct page page;
	if (system("command -v pdftotext >/dev/null"))	/* NOLINT(cert-env33-c) */
		skip();
	draw_portfolio(&page, 130);
	for (unsigned number = 1; number <= 3; number++)
		must_be_orderly(page.path, number, "FRD-CA/2026/0412");
	must_be_orderly(page.path, 4, "acknowledgement");
	clear(&page);
	draw_portfolio(&page, 0);
	clear(&page);
}

static void a_page_can_be_an_svg(void **state)
{
	(void)state;
	struct page page;
	char head[200] = "";
	draw(&page, "statistics.SVG", 4800);
	FILE *file = fopen(page.path, "r");
	assert_non_null(file);
	assert_true(fread(head, 1, sizeof head - 1, file) > 100);
	assert_int_equal(fclose(file), 0);
	assert_non_null(strstr(head, "<svg"));
	/* What is there already is not written over, and another ending is refused. */
	assert_int_equal(report_statistics(&page.tool, &page.statistics, page.path), FAULT_EXISTS);
	assert_int_equal(report_statistics(&page.tool, &page.statistics, "/tmp/report.png"), FAULT_USAGE);
	assert_int_equal(report_statistics(&page.tool, &page.statistics, ".pdf"), FAULT_USAGE);
	clear(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_read),
		cmocka_unit_test(what_is_no_span_is_refused),
		cmocka_unit_test(a_page_is_orderly_however_large_the_figures),
		cmocka_unit_test(a_portfolio_is_orderly_on_every_page),
		cmocka_unit_test(a_page_can_be_an_svg),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
