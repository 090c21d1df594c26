/* comity watch: events as they happen, one a line. */
#include <errno.h>
#include <stdlib.h>

#include "tools/commands.h"
#include "tools/print.h"
#include "tools/watching.h"

/* With --plain every column is there, empty or not: number, time, type, request, peer, from, to, reason, text. */
static void print_event(struct tool *tool, const Comity__Event *event)
{
	const Comity__EventData none = COMITY__EVENT_DATA__INIT, *data = event->data ? event->data : &none;
	bool is_plain = tool->format == FORMAT_PLAIN;
	const char *request = data->request ? data->request : data->request_id;
	const char *arrow = !is_plain && (data->from || data->to) ? "->" : NULL;
	enum { ARROW = 3 };
	const char *words[] = { request, data->peer, data->from, arrow, data->to, data->reason, data->text };
	if (printed_json(tool, &event->base))
		return;
	print(tool, is_plain ? "%llu\t%s\t%s" : "%llu %s %s", (unsigned long long)event->comityseq,
		time_of(tool, event->time), safe(tool, event->type));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (is_plain && i != ARROW)
			print(tool, "\t%s", safe(tool, words[i]));
		else if (words[i] && *words[i])
			print(tool, " %s", safe(tool, words[i]));
	}
	print(tool, "\n");
}

static enum fault print_events(struct tool *tool, const Comity__EventList *list)
{
	struct arena building = tool->arena;	/* what is shown of an event is forgotten with it */
	enum fault fault = OK;
	arena_init(&tool->arena, building.budget);
	for (size_t i = 0; i < list->n_data && !fault; i++) {
		print_event(tool, list->data[i]);
		fault = print_now(tool);
		arena_reset(&tool->arena);
	}
	arena_clear(&tool->arena);
	tool->arena = building;
	return fault;
}

enum fault watch_events(struct tool *tool, const char *ref, const uint64_t *since, bool follow)
{
	struct client *client;
	const Comity__Reply *reply;
	Comity__Watch watch = COMITY__WATCH__INIT;
	watch.ref = (char *)ref;
	watch.has_since = since != NULL;
	watch.since = since ? *since : 0;
	watch.has_follow = 1;
	watch.follow = follow;
	Comity__Call call = CALL(WATCH, watch, &watch);
	TRY(reach(tool, &client));
	TRY(client_call(client, &call, &reply));
	client_set_patience(client, tool->timeout_ms ? tool->timeout_ms : CLIENT_NO_END);
	for (;;) {
		TRY(expect(reply, COMITY__REPLY__KIND_EVENTS));
		TRY(print_events(tool, reply->events));
		if (!reply->more)
			return OK;
		enum fault fault = client_next(client, &reply);
		if (fault == FAULT_LINE_CUT)
			return fault_say(FAULT_DAEMON_AWAY, "comityd ended the connection");
		if (fault == FAULT_LINE_TIMEOUT)
			return OK;	/* --timeout: that was all in that time */
		TRY(fault);
	}
}

enum fault cmd_watch(struct tool *tool)
{
	const char *text = given(tool, "since");
	char *end = NULL;
	errno = 0;
	uint64_t since = text ? strtoull(text, &end, 10) : 0;
	if (text && (errno || end == text || *end || *text == '-'))
		return fault_say(FAULT_USAGE, "--since: \"%.40s\" is not the number of an event", text);
	/* Without following, what there is is what was: from the beginning, unless told. */
	bool follow = !given(tool, "no-follow");
	return watch_events(tool, given(tool, "ref"), text || !follow ? &since : NULL, follow);
}
