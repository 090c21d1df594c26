/* comity event: what happened, and the programs that are told of it. */
#include <stdio.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/watching.h"

/* All that is kept, unless told. */
enum fault cmd_event_list(struct tool *tool)
{
	Comity__Watch watch = COMITY__WATCH__INIT;
	watch.ref = (char *)given(tool, "ref");
	watch.has_since = 1;
	if (given(tool, "since"))
		TRY(watch_since(tool, "--since", given(tool, "since"), &watch));
	watch.has_from_first = watch.from_first = !given(tool, "since");
	return watch_events(tool, &watch);
}

/* ── consumers ────────────────────────────────────────────────────────────────────────────────────── */

static void print_consumer(struct tool *tool, const Comity__ConsumerView *view)
{
	if (!printed_document(tool, &view->base))
		print(tool, "%s is at event %llu of epoch %u, %llu behind\n", safe(tool, view->name), (unsigned long long)view->seq, view->epoch,
			(unsigned long long)view->lag);
}

enum fault cmd_consumer_list(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(CONSUMER_LIST, consumer_list, &nothing);
	struct table table = TABLE("CONSUMER", ">EVENT", ">BEHIND", "HEARD", "STATE");
	TRY(ask(tool, &call, COMITY__REPLY__KIND_CONSUMERS, &reply));
	if (printed_json(tool, &reply->consumers->base))
		return OK;
	for (size_t i = 0; i < reply->consumers->n_data; i++) {
		const Comity__ConsumerView *view = reply->consumers->data[i];
		char at[24], behind[24];
		snprintf(at, sizeof at, "%llu", (unsigned long long)view->seq);
		snprintf(behind, sizeof behind, "%llu", (unsigned long long)view->lag);
		ROW(tool, &table, safe(tool, view->name), arena_text(&tool->arena, span_of_text(at)), arena_text(&tool->arena, span_of_text(behind)),
			time_of(tool, view->heard_at), view->gone ? "gone: no events are kept for it" : "ok");
	}
	table_print(tool, &table);
	return OK;
}

static enum fault read_place(struct tool *tool, const char *what, const char *text, Comity__ConsumerChange *change)
{
	Comity__Watch place = COMITY__WATCH__INIT;
	TRY(watch_since(tool, what, text, &place));
	change->has_seq = 1;
	change->seq = place.since;
	change->has_epoch = place.has_epoch;
	change->epoch = place.epoch;
	return OK;
}

static enum fault change(struct tool *tool, Comity__Call *call)
{
	const Comity__Reply *reply;
	TRY(ask(tool, call, COMITY__REPLY__KIND_CONSUMER, &reply));
	print_consumer(tool, reply->consumer);
	return OK;
}

enum fault cmd_consumer_add(struct tool *tool)
{
	const char *from = given(tool, "from-event");
	Comity__ConsumerChange order = COMITY__CONSUMER_CHANGE__INIT;
	order.subject = (char *)argument(tool, 0);
	if (from && strcmp(from, "now"))
		TRY(read_place(tool, "--from-event", from, &order));
	Comity__Call call = SUBMIT(tool, CONSUMER_ADD, consumer_add, &order);
	TRY(change(tool, &call));
	next_step(tool, "comity watch --consumer %s --auto-ack --json", safe(tool, order.subject));
	return OK;
}

enum fault cmd_consumer_ack(struct tool *tool)
{
	Comity__ConsumerChange order = COMITY__CONSUMER_CHANGE__INIT;
	order.subject = (char *)argument(tool, 0);
	TRY(read_place(tool, "EVENT", argument(tool, 1), &order));
	Comity__Call call = CALL(CONSUMER_ACKNOWLEDGE, consumer_acknowledge, &order);
	return change(tool, &call);
}

enum fault cmd_consumer_remove(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__ConsumerChange order = COMITY__CONSUMER_CHANGE__INIT;
	order.subject = (char *)argument(tool, 0);
	Comity__Call call = SUBMIT(tool, CONSUMER_REMOVE, consumer_remove, &order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_DONE, &reply));
	if (!printed_document(tool, &reply->done->base))
		print(tool, "Removed %s: %s\n", safe(tool, order.subject), safe(tool, reply->done->text));
	return OK;
}
