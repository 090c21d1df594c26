/* Requests as they stand: lists, one in full, and all that happened to one on both axes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "certs/files.h"
#include "proto/field.h"
#include "proto/stamp.h"
#include "proto/units.h"
#include "proto/yaml.h"
#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/conditions.h"
#include "tools/destruction.h"
#include "tools/letter.h"
#include "tools/links.h"
#include "tools/oral.h"
#include "tools/people.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/sealed_request.h"
#include "tools/secrecy.h"
#include "tools/watching.h"

#define WORD(tool, type, value) word_of(tool, &comity__##type##__value__descriptor, (int)(value))

/* ── lists ────────────────────────────────────────────────────────────────────────────────────── */

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

/* What the request is called here: by us, else by them, else by its id. */
static const char *name_of(struct tool *tool, const Comity__RequestView *view)
{
	return safe_or(tool, view->our_reference, safe_or(tool, view->their_reference, safe_or(tool, view->request->request_id, "-")));
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
	ROW(tool, table, name_of(tool, view), is_ours ? "out" : "in", safe_or(tool, request->peer, "-"),
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
	ROW(tool, table, name_of(tool, view), safe_or(tool, request->peer, "-"), WORD(tool, request_kind, request->kind),
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

/* ── one ──────────────────────────────────────────────────────────────────────────────────────── */

static void print_head(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	print(tool, "%s  %s  %s → %s", name_of(tool, view), WORD(tool, request_kind, request->kind),
		safe(tool, request->requesting_authority), safe(tool, request->requested_authority));
	if (view->their_reference && *view->their_reference && strcmp(name_of(tool, view), safe(tool, view->their_reference)))
		print(tool, "      theirs: %s", safe(tool, view->their_reference));
	print(tool, "\n");
}

static void print_allowed(struct tool *tool, const Comity__RequestView *view)
{
	if (!view->n_allowed_now)
		return;
	print(tool, "  allowed now  ");
	for (size_t i = 0; i < view->n_allowed_now; i++)
		print(tool, "%s%s", i ? ", " : "", WORD(tool, request_status, view->allowed_now[i]));
	print(tool, "\n");
}

/* What happened to a measure besides its status. */
static void print_progress(struct tool *tool, const Comity__MeasureState *measure)
{
	if (measure->has_preservation)
		print(tool, "               data %s%s%s\n", WORD(tool, preservation_status, measure->preservation), measure->preserved_until ? " until " : "",
			safe(tool, measure->preserved_until));
	if (measure->has_milestone)
		print(tool, "               %s%s%s\n", WORD(tool, milestone, measure->milestone), measure->milestone_at ? ", " : "",
			safe(tool, measure->milestone_at));
}

static void print_execution(struct tool *tool, const Comity__Case *request)
{
	if (request->decision)
		print(tool, "  decision     %s\n", WORD(tool, decision_kind, request->decision));
	if (request->competent_authority)
		print(tool, "  executed by  %s  %s\n", safe(tool, request->competent_authority),
			safe(tool, request->competent_authority_reference));
	for (size_t i = 0; i < request->n_measures; i++) {
		const Comity__MeasureState *measure = request->measures[i];
		print(tool, "  measure %-4s %s: %s%s%s\n", safe(tool, measure->id), WORD(tool, assistance_form, measure->form),
			WORD(tool, measure_status, measure->status), measure->note ? "  " : "", safe(tool, measure->note));
		print_progress(tool, measure);
	}
	if (request->has_milestone)
		print(tool, "  milestone    %s%s%s\n", WORD(tool, milestone, request->milestone), request->milestone_at ? ", " : "",
			safe(tool, request->milestone_at));
	if (request->has_outcome && request->outcome)
		print(tool, "  outcome      %s\n", WORD(tool, outcome, request->outcome));
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

/* What is owed, by whom; whoever reminds again sees how often that was done. */
static void print_dues(struct tool *tool, const Comity__Case *request)
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

/* What the retention policy may not do with it. */
static void print_keeping(struct tool *tool, const Comity__Case *request)
{
	if (request->legal_hold)
		print(tool, "  LEGAL HOLD   since %s: %s; nothing of it is destroyed\n", time_of(tool, request->legal_hold->at),
			safe_or(tool, request->legal_hold->reason, "no reason given"));
}

static void print_priority(struct tool *tool, const Comity__Case *request)
{
	if (request->has_priority && request->priority)
		print(tool, "  priority     %s, so the requested side said\n", WORD(tool, priority, request->priority));
	if (request->custody_until)
		print(tool, "  CUSTODY      a person concerned may be held until %s\n", safe(tool, request->custody_until));
}

/* The daemon reckons, the officer decides. */
static void print_suggestions(struct tool *tool, const Comity__RequestView *view)
{
	for (size_t i = 0; i < view->n_suggestions; i++) {
		const Comity__Suggestion *one = view->suggestions[i];
		print(tool, "  suggested    %s %s%s: %s\n", safe_or(tool, one->what, "?"), one->has_priority ? WORD(tool, priority, one->priority) : "by ",
			safe_or(tool, one->by, ""), safe_or(tool, one->reason, "-"));
	}
}

static void print_case(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	print_head(tool, view);
	print(tool, "  subject      %s\n", safe_or(tool, request->subject, "-"));
	print(tool, "  status       %s, since %s\n", WORD(tool, request_status, request->status), time_of(tool, request->changed_at));
	print(tool, "  transport    %s\n", WORD(tool, transport, view->transport));
	print(tool, "  urgency      %s, answer by %s\n", WORD(tool, urgency, request->urgency), safe_or(tool, request->answer_by, "-"));
	print_oral(tool, request);
	print_secrecy(tool, view);
	print_priority(tool, request);
	print_people(tool, view);
	print_links(tool, view);
	print_dues(tool, request);
	print_execution(tool, request);
	print_conditions(tool, request);
	print_keeping(tool, request);
	print_destruction(tool, view);
	print(tool, "  messages     %zu, attachments %zu\n", view->n_messages, view->n_attachments);
	if (view->waiting_for && *view->waiting_for)
		print(tool, "  waiting for  %s\n", safe(tool, view->waiting_for));
	print_allowed(tool, view);
	print_suggestions(tool, view);
}

static bool is_pdf(const char *path)
{
	size_t len = path ? strlen(path) : 0;
	return len > 4 && !strcasecmp(path + len - 4, ".pdf");
}

/* The written record: 18(14). */
static enum fault show_letter(struct tool *tool, const Comity__RequestView *view)
{
	struct letter letter = { 0 };
	struct bytes text = { 0 };
	size_t size = 0;
	if (view->request->oral)
		return fault_say(FAULT_USAGE, "%s was asked orally: there is no letter of it before it is confirmed in writing", name_of(tool, view));
	const char *path = given(tool, "output");
	TRY(letter_compose(tool, view, &letter));
	enum fault fault = is_pdf(path) ? letter_draw(&letter, path, name_of(tool, view), &size) : letter_write(&letter, &text);
	if (!fault && path && !is_pdf(path)) {
		size = text.len;
		fault = file_create(path, FILE_PRIVATE, span_of(&text));
	}
	if (!fault && path)
		print(tool, "Written: %s, %s.\n", safe(tool, path), size_of(tool, size));
	else if (!fault)
		print(tool, "%s", bytes_text(&text));
	bytes_wipe(&text);
	return fault;
}

enum fault cmd_request_show(struct tool *tool)
{
	const Comity__RequestView *view;
	struct bytes yaml = { 0 };
	bool is_opened = false;
	TRY(get_request(tool, argument(tool, 0), &view));
	enum fault opened = given(tool, "sealed") ? OK : sealed_request_open(tool, view, &is_opened);
	if (opened == FAULT_ROLE_NEEDED)	/* an auditor sees what the daemon sees */
		say(tool, "It is sealed end to end, and only those who may write open it: this is its clear part.");
	else
		TRY(opened);
	if (given(tool, "letter"))
		return show_letter(tool, view);
	if (given(tool, "output"))
		return fault_say(FAULT_USAGE, "--output goes with --letter");
	if (printed_document(tool, &view->base))
		return OK;
	print_case(tool, view);
	if (is_opened)
		print(tool, "  sealed       end to end; opened here, with our sealing key\n");
	if (!given(tool, "full") || !view->document)
		return OK;
	enum fault fault = yaml_write(&view->document->base, &yaml);
	if (!fault)
		print(tool, "\n%s", safe_lines(tool, bytes_text(&yaml)));
	bytes_wipe(&yaml);
	return fault;
}

/* ── its life ─────────────────────────────────────────────────────────────────────────────────── */

struct moment {
	const char *at;			/* RFC 3339 */
	const char *transport, *status, *by;
};

struct track {
	struct tool *tool;
	struct moment *moments;
	size_t count;
};

static void add(struct track *track, const char *at, const char *transport, const char *status, const char *by)
{
	if (at && *at)
		track->moments[track->count++] = (struct moment){ at, transport, status, by };
}

static const char *joined(struct tool *tool, const char *first, const char *second)
{
	char text[300];
	snprintf(text, sizeof text, "%s%s%s", first, *second ? "  " : "", second);
	return safe(tool, text);
}

static void add_step(struct track *track, const Comity__StatusStep *step)
{
	struct tool *tool = track->tool;
	char quoted[120] = "";
	if (step->note && *step->note)
		snprintf(quoted, sizeof quoted, "\"%.100s\"", brief(tool, step->note, 60));
	add(track, step->recorded_at ? step->recorded_at : step->occurred_at, "",
		joined(tool, WORD(tool, request_status, step->status), quoted),
		joined(tool, safe(tool, step->authority), safe(tool, step->officer)));
}

/* "frozen, M1", "data extended until 2027-03-01, M1", "longer preservation asked for until ...". */
static const char *happening_words(struct tool *tool, const Comity__Happening *one)
{
	char text[200];
	const char *what = one->milestone ? WORD(tool, milestone, one->milestone) : one->asked ? "longer preservation asked for"
		: WORD(tool, preservation_status, one->preservation);
	snprintf(text, sizeof text, "%s%.60s%s%.40s%s%.40s", one->milestone || one->asked ? "" : "data ", what, one->until ? " until " : "",
		one->until ? one->until : "", one->measure ? ", " : "", one->measure ? one->measure : "");
	return safe(tool, text);
}

static void add_happening(struct track *track, const Comity__Happening *one)
{
	struct tool *tool = track->tool;
	char text[260];
	snprintf(text, sizeof text, "%.200s%s%.32s", happening_words(tool, one), one->milestone && one->happened_at ? ", on " : "",
		one->milestone && one->happened_at ? one->happened_at : "");
	add(track, one->recorded_at, "", safe(tool, text), safe(tool, one->authority));
}

static void add_message(struct track *track, const Comity__MessageState *state, size_t number)
{
	struct tool *tool = track->tool;
	static const char *const words[] = { "queued", "sent", "delivered (receipt)", "complete", "arrived" };
	const char *times[] = { state->queued_at, state->sent_at, state->delivered_at, state->complete_at, state->arrived_at };
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		char text[80];
		snprintf(text, sizeof text, "message %zu %s", number, words[i]);
		add(track, times[i], safe(tool, text), "", i == 2 || i == 3 ? safe(tool, state->to) : safe(tool, state->from));
	}
}

static int by_time(const void *one, const void *other)
{
	const struct moment *a = one, *b = other;
	int64_t at = 0, bt = 0;
	stamp_read(a->at, &at);
	stamp_read(b->at, &bt);
	return (at > bt) - (at < bt);
}

static enum fault gather(struct tool *tool, const Comity__RequestView *view, struct track *track)
{
	const Comity__Case *request = view->request;
	size_t room = request->n_history + request->n_happenings + 5 * view->n_messages + 1;
	*track = (struct track){ .tool = tool, .moments = arena_alloc(&tool->arena, room * sizeof *track->moments) };
	if (!track->moments)
		return FAULT_NO_MEMORY;
	for (size_t i = 0; i < request->n_history; i++)
		add_step(track, request->history[i]);
	for (size_t i = 0; i < request->n_happenings; i++)
		add_happening(track, request->happenings[i]);
	for (size_t i = 0; i < view->n_messages; i++)
		add_message(track, view->messages[i], i + 1);
	qsort(track->moments, track->count, sizeof *track->moments, by_time);
	return OK;
}

static unsigned extensions_of(const Comity__Case *request, const char *measure)
{
	unsigned count = 0;
	for (size_t i = 0; i < request->n_happenings; i++)
		count += request->happenings[i]->preservation == COMITY__PRESERVATION_STATUS__VALUE__EXTENDED
			&& (!request->happenings[i]->measure || !measure || !strcmp(request->happenings[i]->measure, measure));
	return count;
}

static void print_preserved(struct tool *tool, const Comity__Case *request)
{
	for (size_t i = 0; i < request->n_measures; i++) {
		const Comity__MeasureState *measure = request->measures[i];
		unsigned extensions = extensions_of(request, measure->id);
		if (!measure->has_preservation)
			continue;
		print(tool, "  preservation %s: %s%s%s", safe_or(tool, measure->id, "-"), WORD(tool, preservation_status, measure->preservation),
			measure->preserved_until ? " until " : "", safe_or(tool, measure->preserved_until, ""));
		print(tool, extensions ? ", extended %u times\n" : "\n", extensions);
	}
}

/* Whose turn it is, and what each of the two owes. */
static void print_state(struct tool *tool, const Comity__RequestView *view)
{
	if (view->waiting_for && *view->waiting_for)
		print(tool, "now: waiting for %s\n", safe(tool, view->waiting_for));
	print_oral(tool, view->request);
	print_preserved(tool, view->request);
	print_dues(tool, view->request);
}

enum fault track_text(struct tool *tool, const Comity__RequestView *view)
{
	struct track track;
	struct table table = TABLE("TIME", "TRANSPORT", "~CASE", "~BY");
	TRY(gather(tool, view, &track));
	if (tool->format == FORMAT_TEXT)
		print_head(tool, view);
	for (size_t i = 0; i < track.count; i++)
		ROW(tool, &table, time_of(tool, track.moments[i].at), track.moments[i].transport, track.moments[i].status,
			track.moments[i].by);
	table_print(tool, &table);
	if (tool->format == FORMAT_TEXT)
		print_state(tool, view);
	return OK;
}

enum fault cmd_request_track(struct tool *tool)
{
	const Comity__RequestView *view;
	TRY(get_request(tool, argument(tool, 0), &view));
	if (!printed_json(tool, &view->base)) {
		TRY(track_text(tool, view));
		if (tool->format == FORMAT_TEXT)	/* not in track_text(): evidence tells nobody of links that are ours alone */
			print_links(tool, view);
	}
	if (!given(tool, "follow"))
		return OK;
	TRY(print_now(tool));
	Comity__Watch watch = COMITY__WATCH__INIT;
	watch.ref = (char *)argument(tool, 0);
	watch.has_follow = watch.follow = 1;
	return watch_events(tool, &watch);
}
