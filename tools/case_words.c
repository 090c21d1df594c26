#include "tools/case_words.h"

#include <string.h>

#include "proto/stamp.h"
#include "tools/print.h"

const char *case_name(struct tool *tool, const Comity__RequestView *view)
{
	return safe_or(tool, view->our_reference, safe_or(tool, view->their_reference, safe_or(tool, view->request->request_id, "-")));
}

void print_case_head(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	print(tool, "%s  %s  %s → %s", case_name(tool, view), WORD(tool, request_kind, request->kind),
		safe(tool, request->requesting_authority), safe(tool, request->requested_authority));
	if (view->their_reference && *view->their_reference && strcmp(case_name(tool, view), safe(tool, view->their_reference)))
		print(tool, "      theirs: %s", safe(tool, view->their_reference));
	print(tool, "\n");
}

static bool is_over(const Comity__Due *due)
{
	int64_t ends;
	return due->ends_at && stamp_read(due->ends_at, &ends) && ends <= stamp_clock();
}

static void print_days_left(struct tool *tool, const Comity__Due *due)
{
	if (due->has_working_days_left && !is_over(due))
		print(tool, ", %u working %s left", due->working_days_left, due->working_days_left == 1 ? "day" : "days");
}

/* On our clocks and on those of the requested authority, by which it counts. */
static void print_end(struct tool *tool, const Comity__Case *request, const Comity__Due *due)
{
	if (due->ends_at)
		print(tool, ": until %s, %s in %s", time_of(tool, due->ends_at), safe_or(tool, due->ends_there_at, "-"),
			safe_or(tool, request->time_zone, "UTC"));
}

void print_dues(struct tool *tool, const Comity__Case *request)
{
	for (size_t i = 0; i < request->n_dues; i++) {
		const Comity__Due *due = request->dues[i];
		bool is_theirs = due->side != request->role;
		print(tool, "  %s %s, %s%s%s, owed by %s", is_over(due) ? "OVERDUE     " : "due         ",
			safe_or(tool, due->by, "-"), WORD(tool, due_kind, due->kind), due->measure ? " for " : "", safe_or(tool, due->measure, ""),
			is_theirs ? safe_or(tool, request->peer, "them") : "us");
		print_end(tool, request, due);
		print_days_left(tool, due);
		if (due->reminders)
			print(tool, ", reminded %u times", due->reminders);
		print(tool, "\n");
	}
}
