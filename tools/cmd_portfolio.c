/* The bilateral portfolio: what is open between us and one authority, and how long that took so far. */
#include <stdio.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/figures.h"
#include "tools/print.h"
#include "tools/report.h"

const char *portfolio_due(struct tool *tool, const Comity__PortfolioRow *row)
{
	char text[120];
	if (!row->has_due_kind)
		return "-";
	snprintf(text, sizeof text, "%s%.10s %s by %s", row->overdue ? "OVERDUE " : "", row->due_by ? row->due_by : "-",
		WORD(tool, due_kind, row->due_kind), row->due_side == row->role ? "us" : "them");
	return safe(tool, text);
}

static const char *number(struct tool *tool, uint32_t count)
{
	char text[16];
	snprintf(text, sizeof text, "%u", count);
	return safe(tool, text);
}

static const char *share(struct tool *tool, uint32_t part, uint32_t whole)
{
	char text[32];
	snprintf(text, sizeof text, "%u/%u", part, whole);
	return safe(tool, text);
}

static void add_row(struct tool *tool, struct table *table, const Comity__PortfolioRow *row)
{
	ROW(tool, table, row->role == COMITY__ROLE__VALUE__REQUESTING ? "out" : "in", safe_or(tool, row->our_reference, "-"),
		safe_or(tool, row->their_reference, "-"), WORD(tool, request_kind, row->kind), WORD(tool, urgency, row->urgency),
		WORD(tool, request_status, row->status), number(tool, row->age_days),
		share(tool, row->measures_open, row->measures), safe_or(tool, row->waiting_for, "-"), portfolio_due(tool, row),
		safe_or(tool, row->obstacle, "-"));
}

static void print_portfolio(struct tool *tool, const Comity__Portfolio *portfolio)
{
	struct table table = TABLE("DIR", "OURS", "THEIRS", "KIND", "URGENCY", "CASE", ">AGE DAYS", ">MEASURES OPEN", "WAITING FOR", "NEXT DUE", "OBSTACLE");
	bool is_csv = given(tool, "csv");
	for (size_t i = 0; i < portfolio->n_rows; i++)
		add_row(tool, &table, portfolio->rows[i]);
	if (!is_csv && tool->format == FORMAT_TEXT)
		print(tool, "Open cases with %s  %s, as of %s\n\n", safe(tool, portfolio->peer), safe_or(tool, portfolio->name, ""),
			time_of(tool, portfolio->generated_at));
	(is_csv ? print_csv : table_print)(tool, &table);
	if (portfolio->left_out && !is_csv)
		say(tool, "%llu younger ones are left out.", (unsigned long long)portfolio->left_out);
	print(tool, is_csv ? "\r\n" : "\n");
	print_statistics(tool, portfolio->statistics);
}

enum fault cmd_portfolio(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__ByPeer by_peer = COMITY__BY_PEER__INIT;
	by_peer.peer = lower(tool, argument(tool, 0));
	Comity__Call call = CALL(PORTFOLIO, portfolio, &by_peer);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_PORTFOLIO, &reply));
	if (!reply->portfolio->statistics)
		return fault_say(FAULT_BAD_FRAME, "comityd sent no figures");
	if (given(tool, "report"))
		return report_portfolio(tool, reply->portfolio, given(tool, "report"));
	if (!printed_json(tool, &reply->portfolio->base))
		print_portfolio(tool, reply->portfolio);
	return OK;
}
