/* Requests in lists: all that there are, and those that came to us. */
#include <string.h>
#include <unistd.h>

#include "proto/field.h"
#include "proto/stamp.h"
#include "proto/units.h"
#include "tools/case_words.h"
#include "tools/commands.h"
#include "tools/links.h"
#include "tools/oral.h"
#include "tools/people.h"
#include "tools/print.h"
#include "tools/sealed_request.h"
#include "tools/secrecy.h"

static enum fault read_states(struct tool *tool, Comity__RequestFilter *filter)
{
	char *text = given(tool, "state") ? arena_text(&tool->arena, span_of_text(given(tool, "state"))) : NULL, *save = NULL;
	if (!text)
		return OK;
	filter->status = arena_alloc(&tool->arena, (strlen(text) + 1) * sizeof *filter->status);
	if (!filter->status)
		return FAULT_NO_MEMORY;
	for (char *word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		int status;
		TRY(word_read(&comity__request_status__value__descriptor, "state", word, &status));
		filter->status[filter->n_status++] = (Comity__RequestStatus__Value)status;
	}
	return OK;
}

static enum fault read_due(struct tool *tool, Comity__RequestFilter *filter)
{
	int64_t within_ms = 0;
	char before[STAMP_SIZE];
	if (given(tool, "due-within"))
		TRY(typed("--due-within", duration_read(given(tool, "due-within"), &within_ms)));
	if (!given(tool, "due-within") && !given(tool, "overdue"))
		return OK;
	stamp_write(before, stamp_clock() + within_ms * 1000);
	filter->due_before = arena_text(&tool->arena, span_of_text(before));
	return filter->due_before ? OK : FAULT_NO_MEMORY;
}

static enum fault read_filter(struct tool *tool, Comity__RequestFilter *filter)
{
	const char *direction = given(tool, "direction");
	filter->peer = given(tool, "peer") ? lower(tool, given(tool, "peer")) : NULL;
	filter->has_open = filter->open = given(tool, "open") != NULL;
	if (direction && strcmp(direction, "in") && strcmp(direction, "out"))
		return fault_say(FAULT_USAGE, "--direction is in or out, not \"%.20s\"", direction);
	filter->has_role = direction != NULL;
	filter->role = direction && *direction == 'i' ? COMITY__ROLE__VALUE__REQUESTED : COMITY__ROLE__VALUE__REQUESTING;
	filter->has_assigned_uid = given(tool, "mine") || given(tool, "assigned");
	filter->assigned_uid = getuid();
	if (given(tool, "assigned"))
		TRY(user_read(given(tool, "assigned"), &filter->assigned_uid));
	TRY(read_due(tool, filter));
	return read_states(tool, filter);
}

/* With what must be seen in front: "ORAL, not confirmed: ...", else the first of its links, "supplements FRD-CA/2026/0001: ...". */
static const char *subject_of(struct tool *tool, const Comity__RequestView *view)
{
	const char *mark = oral_mark(view->request), *link = *mark ? mark : first_link(tool, view), *subject = topic_of(tool, view);
	char text[600];
	snprintf(text, sizeof text, "%s: %.400s", link, subject);
	return *link ? safe(tool, text) : subject;
}

static void add_row(struct tool *tool, struct table *table, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	if (!request)
		return;
	bool is_ours = request->role == COMITY__ROLE__VALUE__REQUESTING;
	ROW(tool, table, case_name(tool, view), is_ours ? "out" : "in", safe_or(tool, request->peer, "-"),
		WORD(tool, request_kind, request->kind), WORD(tool, urgency, request->urgency),
		WORD(tool, transport, view->transport), WORD(tool, request_status, request->status), ago(tool, request->changed_at),
		time_of(tool, request->answer_by), safe_or(tool, view->waiting_for, "-"), subject_of(tool, view));
}

/* "7", or while some are on their way "7, 2 arriving 62 %". */
static const char *files_of(struct tool *tool, const Comity__RequestView *view)
{
	char text[80];
	uint64_t done = 0, total = 0;
	for (size_t i = 0; i < view->n_attachments; i++) {
		const Comity__AttachmentState *state = view->attachments[i];
		if (!state->attachment || !state->message_id || !view->request->message_id
				|| strcmp(state->message_id, view->request->message_id))
			continue;
		total += state->attachment->size;
		done += state->presence == COMITY__PRESENCE__VALUE__ARRIVING ? state->bytes_done : state->attachment->size;
	}
	snprintf(text, sizeof text, view->files_missing ? "%u, %u arriving %.0f %%" : "%u", view->files, view->files_missing,
		total ? 100.0 * (double)done / (double)total : 0);
	return safe(tool, text);
}

static void add_arrival(struct tool *tool, struct table *table, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	if (!request)
		return;
	ROW(tool, table, case_name(tool, view), safe_or(tool, request->peer, "-"), WORD(tool, request_kind, request->kind),
		WORD(tool, urgency, request->urgency), WORD(tool, request_status, request->status), ago(tool, request->changed_at),
		time_of(tool, request->answer_by), files_of(tool, view), subject_of(tool, view));
}

static const struct table requests_table = TABLE("REF", "DIR", "PEER", "KIND", "URGENCY", "TRANSPORT", "CASE", ">CHANGED",
	"ANSWER BY", "~WAITING FOR", "~SUBJECT");
static const struct table inbox_table = TABLE("REF", "FROM", "KIND", "URGENCY", "CASE", ">CHANGED", "ANSWER BY", "FILES", "~SUBJECT");

static enum fault list(struct tool *tool, Comity__RequestFilter *filter, struct table table,
	void (*show)(struct tool *tool, struct table *table, const Comity__RequestView *view))
{
	const Comity__Reply *reply;
	Comity__Call call = CALL(REQUEST_LIST, request_list, filter);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_REQUESTS, &reply));
	if (printed_json(tool, &reply->requests->base))
		return OK;
	for (size_t i = 0; i < reply->requests->n_data; i++)
		show(tool, &table, reply->requests->data[i]);
	if (table.count || tool->format == FORMAT_PLAIN)
		table_print(tool, &table);
	else
		say(tool, "No requests.");
	return OK;
}

enum fault cmd_request_list(struct tool *tool)
{
	Comity__RequestFilter filter = COMITY__REQUEST_FILTER__INIT;
	TRY(read_filter(tool, &filter));
	return list(tool, &filter, requests_table, add_row);
}

enum fault cmd_inbox_list(struct tool *tool)
{
	Comity__RequestFilter filter = COMITY__REQUEST_FILTER__INIT;
	filter.has_role = filter.has_open = filter.open = 1;
	filter.role = COMITY__ROLE__VALUE__REQUESTED;
	return list(tool, &filter, inbox_table, add_arrival);
}
