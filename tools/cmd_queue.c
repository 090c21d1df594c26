/* What waits, and what an operator does about it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/stamp.h"
#include "proto/units.h"
#include "tools/commands.h"
#include "tools/print.h"

static const char *number(struct tool *tool, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	return safe(tool, text);
}

/* ── page by page ─────────────────────────────────────────────────────────────────────────────── */

/* Every item, however many there are; `each` is lent it. */
static enum fault for_each(struct tool *tool, Comity__QueueFilter *filter,
	enum fault (*each)(struct tool *tool, const Comity__QueueItem *item, void *owner), void *owner)
{
	const Comity__Reply *reply;
	do {
		Comity__Call call = CALL(QUEUE_LIST, queue_list, filter);
		TRY(ask(tool, &call, COMITY__REPLY__KIND_QUEUE, &reply));
		const Comity__QueueList *list = reply->queue;
		for (size_t i = 0; i < list->n_data; i++)
			TRY(each(tool, list->data[i], owner));
		filter->has_after = list->has_next;
		filter->after.len = list->next.len;
		filter->after.data = (uint8_t *)arena_text(&tool->arena, (struct span){ list->next.data, list->next.len });
		if (list->has_next && !filter->after.data)
			return FAULT_NO_MEMORY;
	} while (filter->has_after);
	return OK;
}

/* ── list ─────────────────────────────────────────────────────────────────────────────────────── */

static const char *next_of(struct tool *tool, const Comity__QueueItem *item)
{
	int64_t at, seconds;
	if (item->blocked_by)
		return "after ^";
	if (!item->next_attempt_at || !stamp_read(item->next_attempt_at, &at))
		return item->is_moving ? "now" : "-";
	seconds = (at - stamp_clock()) / STAMP_SECOND;
	char text[32];
	if (seconds >= 120)
		snprintf(text, sizeof text, "in %lld m", (long long)seconds / 60);
	else
		snprintf(text, sizeof text, "in %lld s", (long long)(seconds > 0 ? seconds : 0));
	return safe(tool, text);
}

static const char *reason_of(struct tool *tool, const Comity__QueueItem *item)
{
	char text[640];
	if (!item->reason_code)
		return safe_or(tool, item->queue_state, "-");
	snprintf(text, sizeof text, "%s: %s", item->reason_code, item->reason_text ? item->reason_text : "");
	return safe(tool, text);
}

static enum fault list_item(struct tool *tool, const Comity__QueueItem *item, void *owner)
{
	struct table *table = owner;
	if (printed_json(tool, &item->base))
		return OK;
	ROW(tool, table, brief(tool, item->message, 13), safe(tool, item->peer), safe_or(tool, item->kind, "-"),
		item->has_lane ? WORD(tool, lane, item->lane) : "-", ago(tool, item->first_queued_at), number(tool, item->attempts),
		next_of(tool, item), reason_of(tool, item));
	return OK;
}

enum fault cmd_queue_list(struct tool *tool)
{
	struct table table = TABLE("MSG", "PEER", "KIND", "LANE", ">AGE", ">TRY", "NEXT", "~REASON");
	Comity__QueueFilter filter = COMITY__QUEUE_FILTER__INIT;
	filter.peer = given(tool, "peer") ? lower(tool, given(tool, "peer")) : NULL;
	TRY(for_each(tool, &filter, list_item, &table));
	if (tool->format == FORMAT_JSON)
		return OK;
	table_print(tool, &table);
	if (tool->format == FORMAT_TEXT && !table.count)
		say(tool, "Nothing waits.");
	return OK;
}

static enum fault show_item(struct tool *tool, const Comity__QueueItem *item, void *owner)
{
	(void)owner;
	if (printed_json(tool, &item->base))
		return OK;
	print(tool, "%s  to %s  %s%s%s\n", safe(tool, item->message), safe(tool, item->peer), safe_or(tool, item->kind, "-"),
		item->ref ? "  " : "", safe(tool, item->ref));
	print(tool, "  state     %s\n", safe_or(tool, item->queue_state, "-"));
	if (item->has_lane)
		print(tool, "  lane      %s\n", WORD(tool, lane, item->lane));
	if (item->reason_code)
		print(tool, "  reason    %s\n", reason_of(tool, item));
	if (item->blocked_by)
		print(tool, "  behind    %s\n", safe(tool, item->blocked_by));
	if (item->hold)
		print(tool, "  held      since %s, by uid %u\n", time_of(tool, item->hold->at), item->hold->actor_uid);
	if (item->has_manifest)
		print(tool, "  manifest  %s\n", number(tool, item->manifest));
	print(tool, "  size      %s\n", size_of(tool, item->size));
	if (item->has_bytes_done)
		print(tool, "  arrived   %s\n", size_of(tool, item->bytes_done));
	print(tool, "  queued    %s\n", time_of(tool, item->first_queued_at));
	print(tool, "  attempts  %u, next: %s\n", item->attempts, next_of(tool, item));
	return OK;
}

enum fault cmd_queue_show(struct tool *tool)
{
	Comity__QueueFilter filter = COMITY__QUEUE_FILTER__INIT;
	filter.message = (char *)argument(tool, 0);
	return for_each(tool, &filter, show_item, NULL);
}

/* ── shape ────────────────────────────────────────────────────────────────────────────────────── */

static const struct { const char *heading; int64_t minutes; } ages[] = {
	{ ">5m", 5 }, { ">10m", 10 }, { ">30m", 30 }, { ">2h", 120 }, { ">8h", 480 }, { ">1d", 1440 }, { ">3d", 4320 }, { ">older", INT64_MAX },
};

struct shape {
	struct shape *next;
	const char *peer;
	uint64_t total, by_age[ARRAY_LEN(ages)];
};

static struct shape *shape_of(struct tool *tool, struct shape *shapes, const char *peer)
{
	struct shape **at = &shapes->next;
	while (*at && strcmp((*at)->peer, peer))
		at = &(*at)->next;
	if (!*at && (*at = arena_alloc(&tool->arena, sizeof **at)))
		(*at)->peer = safe(tool, peer);
	return *at;
}

static void count_in(struct shape *shape, int64_t minutes)
{
	size_t age = 0;
	while (minutes >= ages[age].minutes)
		age++;
	shape->total++;
	shape->by_age[age]++;
}

static enum fault count_item(struct tool *tool, const Comity__QueueItem *item, void *owner)
{
	struct shape *shapes = owner, *shape = shape_of(tool, shapes, item->peer ? item->peer : "");
	int64_t since = stamp_clock();
	if (!shape)
		return FAULT_NO_MEMORY;
	if (item->first_queued_at && !stamp_read(item->first_queued_at, &since))
		since = stamp_clock();
	int64_t minutes = (stamp_clock() - since) / STAMP_SECOND / 60;
	count_in(shapes, minutes > 0 ? minutes : 0);
	count_in(shape, minutes > 0 ? minutes : 0);
	return OK;
}

static void print_shape(struct tool *tool, struct table *table, const struct shape *shape)
{
	const char *cells[ARRAY_LEN(ages) + 2] = { shape->peer, number(tool, shape->total) };
	for (size_t i = 0; i < ARRAY_LEN(ages); i++)
		cells[i + 2] = shape->by_age[i] || tool->format != FORMAT_TEXT ? number(tool, shape->by_age[i]) : ".";
	table_row(tool, table, cells);
}

static enum fault print_shape_json(struct tool *tool, const struct shape *shape)
{
	Comity__QueueShape document = COMITY__QUEUE_SHAPE__INIT;
	document.schema = "comity.queue-shape/1";
	document.peer = (char *)shape->peer;
	document.has_total = 1;
	document.total = shape->total;
	document.by_age = (uint64_t *)shape->by_age;
	document.n_by_age = ARRAY_LEN(shape->by_age);
	printed_json(tool, &document.base);
	return OK;
}

enum fault cmd_queue_shape(struct tool *tool)
{
	struct table table = { .headings = { "PEER", ">total" }, .columns = ARRAY_LEN(ages) + 2 };
	struct shape all = { .peer = "TOTAL" };
	Comity__QueueFilter filter = COMITY__QUEUE_FILTER__INIT;
	for (size_t i = 0; i < ARRAY_LEN(ages); i++)
		table.headings[i + 2] = ages[i].heading;
	TRY(for_each(tool, &filter, count_item, &all));
	for (const struct shape *shape = &all; shape; shape = shape->next) {
		if (tool->format == FORMAT_JSON)
			TRY(print_shape_json(tool, shape));
		else
			print_shape(tool, &table, shape);
	}
	if (tool->format != FORMAT_JSON)
		table_print(tool, &table);
	return OK;
}

/* ── changes ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault do_and_tell(struct tool *tool, Comity__Call *call, const char *subject)
{
	const Comity__Reply *reply;
	TRY(ask(tool, call, COMITY__REPLY__KIND_DONE, &reply));
	if (!printed_json(tool, &reply->done->base))
		print(tool, "%s%s%s.\n", safe(tool, subject), subject ? ": " : "", safe(tool, reply->done->text));
	return OK;
}

static Comity__QueueChange change_of(struct tool *tool)
{
	Comity__QueueChange change = COMITY__QUEUE_CHANGE__INIT;
	change.subject = lower(tool, argument(tool, 0));	/* ids of both kinds are lower case */
	change.reason = (char *)given(tool, "reason");
	return change;
}

enum fault cmd_queue_flush(struct tool *tool)
{
	Comity__ByPeer by = COMITY__BY_PEER__INIT;
	by.peer = argument(tool, 0) ? lower(tool, argument(tool, 0)) : NULL;
	Comity__Call call = CALL(QUEUE_FLUSH, queue_flush, &by);
	return do_and_tell(tool, &call, by.peer);
}

enum fault cmd_queue_hold(struct tool *tool)
{
	Comity__QueueChange change = change_of(tool);
	Comity__Call call = SUBMIT(tool, QUEUE_HOLD, queue_hold, &change);
	return do_and_tell(tool, &call, change.subject);
}

enum fault cmd_queue_release(struct tool *tool)
{
	Comity__QueueChange change = change_of(tool);
	Comity__Call call = SUBMIT(tool, QUEUE_RELEASE, queue_release, &change);
	return do_and_tell(tool, &call, change.subject);
}

enum fault cmd_queue_retry(struct tool *tool)
{
	Comity__QueueChange change = change_of(tool);
	Comity__Call call = CALL(QUEUE_RETRY, queue_retry, &change);
	return do_and_tell(tool, &call, change.subject);
}

enum fault cmd_queue_drop(struct tool *tool)
{
	Comity__QueueChange change = change_of(tool);
	const char *confirmed = lower(tool, given(tool, "confirm"));
	if (!change.subject || !confirmed)
		return FAULT_NO_MEMORY;
	if (strcmp(change.subject, confirmed))
		return fault_say(FAULT_USAGE, "--confirm=%.40s does not name %.40s: nothing was done", given(tool, "confirm"), change.subject);
	Comity__Call call = SUBMIT(tool, QUEUE_DROP, queue_drop, &change);
	return do_and_tell(tool, &call, change.subject);
}

/* ── the whole daemon ─────────────────────────────────────────────────────────────────────────── */

enum fault cmd_daemon_hold(struct tool *tool)
{
	Comity__Reason reason = COMITY__REASON__INIT;
	reason.reason = (char *)given(tool, "reason");
	Comity__Call call = SUBMIT(tool, DAEMON_HOLD, daemon_hold, &reason);
	return do_and_tell(tool, &call, NULL);
}

enum fault cmd_clock_confirm(struct tool *tool)
{
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = SUBMIT(tool, CLOCK_CONFIRM, clock_confirm, &nothing);
	return do_and_tell(tool, &call, NULL);
}

struct rest {
	uint64_t moving, stuck;
};

static enum fault count_rest(struct tool *tool, const Comity__QueueItem *item, void *owner)
{
	struct rest *rest = owner;
	(void)tool;
	if (item->kind && !strcmp(item->kind, "attach"))
		return OK;	/* what others give us is no submission of ours */
	rest->moving += item->is_moving;
	rest->stuck += !item->is_moving;
	return OK;
}

/* Until all that can leave has its receipt, or the time is over. */
static enum fault wait_until_drained(struct tool *tool, int64_t patience_ms, struct rest *rest)
{
	enum { LOOK_US = 100000 };
	int64_t deadline = stamp_clock() + patience_ms * 1000;
	for (;;) {
		Comity__QueueFilter filter = COMITY__QUEUE_FILTER__INIT;
		*rest = (struct rest){ 0 };
		TRY(for_each(tool, &filter, count_rest, rest));
		if (!rest->moving || (patience_ms && stamp_clock() >= deadline))
			return OK;
		usleep(LOOK_US);
	}
}

enum fault cmd_daemon_drain(struct tool *tool)
{
	const Comity__Reply *reply;
	struct rest rest;
	Comity__Drain drain = COMITY__DRAIN__INIT;
	drain.has_on = drain.on = 1;
	Comity__Call call = CALL(DAEMON_DRAIN, daemon_drain, &drain);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_DONE, &reply));
	TRY(wait_until_drained(tool, tool->timeout_ms, &rest));
	Comity__Drained drained = COMITY__DRAINED__INIT;
	drained.schema = "comity.drained/1";
	drained.has_moving = drained.has_stuck = drained.has_drained = 1;
	drained.moving = rest.moving;
	drained.stuck = rest.stuck;
	drained.drained = !rest.moving;
	if (!printed_json(tool, &drained.base))
		print(tool, "%s: %llu on their way, %llu cannot leave.\n", rest.moving ? "Not drained in time" : "Drained",
			(unsigned long long)rest.moving, (unsigned long long)rest.stuck);
	if (rest.stuck)
		next_step(tool, "comity queue list tells why; they are kept and leave when they can");
	tool->exit_status = rest.moving ? fault_exit_status(FAULT_NOT_YET) : 0;
	tool->is_told = rest.moving != 0;
	return rest.moving ? FAULT_NOT_YET : OK;
}
