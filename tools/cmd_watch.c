/* comity watch: events as they happen, one a line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* On a line of its own, for the other one is the stream's. */
static enum fault acknowledge(struct client *client, char *name, const Comity__EventList *list)
{
	const Comity__Reply *reply;
	Comity__ConsumerChange order = COMITY__CONSUMER_CHANGE__INIT;
	Comity__Call call = CALL(CONSUMER_ACKNOWLEDGE, consumer_acknowledge, &order);
	order.subject = name;
	order.has_seq = 1;
	order.seq = list->seq;
	if (list->n_data) {
		order.has_epoch = 1;
		order.epoch = list->data[list->n_data - 1]->comityepoch;
	}
	return list->n_data ? client_call(client, &call, &reply) : OK;
}

static enum fault watch(struct tool *tool, Comity__Watch *watch, struct client *acknowledging)
{
	struct client *client;
	const Comity__Reply *reply;
	Comity__Call call = CALL(WATCH, watch, watch);
	TRY(reach(tool, &client));
	TRY(client_call(client, &call, &reply));
	client_set_patience(client, tool->timeout_ms ? tool->timeout_ms : CLIENT_NO_END);
	for (;;) {
		TRY(expect(reply, COMITY__REPLY__KIND_EVENTS));
		TRY(print_events(tool, reply->events));
		if (acknowledging)
			TRY(acknowledge(acknowledging, watch->consumer, reply->events));
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

enum fault watch_events(struct tool *tool, Comity__Watch *events)
{
	return watch(tool, events, NULL);
}

/* With --auto-ack what was printed counts as dealt with, batch by batch; else whoever reads says so: event consumer ack. */
static enum fault watch_as_consumer(struct tool *tool, Comity__Watch *events)
{
	struct client *client = NULL;
	events->consumer = (char *)given(tool, "consumer");
	events->has_since = given(tool, "since") != NULL;
	if (!given(tool, "auto-ack"))
		return watch_events(tool, events);
	TRY(client_new(tool->run_dir, given(tool, "socket"), &client));
	client_set_patience(client, CLIENT_PATIENCE_MS);
	enum fault fault = watch(tool, events, client);
	client_free(client);
	return fault;
}

static bool read_number(const char *text, const char *end, uint64_t most, uint64_t *number)
{
	char *stop;
	errno = 0;
	*number = strtoull(text, &stop, 10);
	return *text >= '0' && *text <= '9' && stop == end && !errno && *number <= most;
}

enum fault watch_since(struct tool *tool, const char *what, const char *text, Comity__Watch *watch)
{
	const char *end = text + strlen(text), *slash = strrchr(text, '/'), *epoch = slash;
	uint64_t number = 0, of_epoch = 0;
	while (epoch && epoch > text && epoch[-1] != '/')
		epoch--;
	bool is_number = read_number(slash ? slash + 1 : text, end, UINT64_MAX, &number);
	if (!is_number || (slash && !read_number(epoch, slash, UINT32_MAX, &of_epoch)))
		return fault_say(FAULT_USAGE, "%s: \"%.60s\" is neither the number of an event nor its id", what, text);
	watch->has_since = 1;
	watch->since = number;
	watch->has_epoch = slash != NULL;
	watch->epoch = (uint32_t)of_epoch;
	if (!slash || epoch == text)
		return OK;
	watch->authority = arena_text(&tool->arena, (struct span){ (const uint8_t *)text, (size_t)(epoch - 1 - text) });
	return watch->authority ? OK : FAULT_NO_MEMORY;
}

enum fault cmd_watch(struct tool *tool)
{
	const char *since = given(tool, "since");
	Comity__Watch watch = COMITY__WATCH__INIT;
	watch.ref = (char *)given(tool, "ref");
	watch.has_follow = 1;
	watch.follow = !given(tool, "no-follow");
	/* Without following, what there is is what was: from the beginning, unless told. */
	watch.has_since = !watch.follow;
	if (since)
		TRY(watch_since(tool, "--since", since, &watch));
	if (given(tool, "consumer"))
		return watch_as_consumer(tool, &watch);
	return given(tool, "auto-ack") ? fault_say(FAULT_USAGE, "--auto-ack is for a consumer: --consumer NAME") : watch_events(tool, &watch);
}
