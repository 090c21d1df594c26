/* All that happened to a request, on both axes, and whose turn it is. */
#include <stdlib.h>
#include <string.h>

#include "proto/field.h"
#include "proto/stamp.h"
#include "tools/acts.h"
#include "tools/case_words.h"
#include "tools/commands.h"
#include "tools/links.h"
#include "tools/oral.h"
#include "tools/print.h"
#include "tools/watching.h"

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
		print_case_head(tool, view);
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
