/* Handing a message in, and waiting until the other side has it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/field.h"
#include "proto/suggest.h"
#include "tools/acts.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/record.h"
#include "tools/sealing.h"
#include "tools/transfer.h"

#define TRANSPORT(name) COMITY__TRANSPORT__VALUE__##name

enum fault get_request(struct tool *tool, const char *ref, const Comity__RequestView **view)
{
	const Comity__Reply *reply;
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)ref;
	Comity__Call call = CALL(REQUEST_SHOW, request_show, &by);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	*view = reply->request;
	return (*view)->request ? OK : fault_say(FAULT_BAD_FRAME, "comityd sent a request without its record");
}

/* ── attachments ──────────────────────────────────────────────────────────────────────────────── */

/* "FILE,role=EVIDENCE,title=Records": cut in place. */
static enum fault read_attach(struct tool *tool, char *text, Comity__Attachment *attachment)
{
	comity__attachment__init(attachment);
	char *save = NULL;
	strtok_r(text, ",", &save);
	for (char *part; (part = strtok_r(NULL, ",", &save));) {
		char *equals = strchr(part, '=');
		if (!equals)
			return fault_say(FAULT_USAGE, "--attach: \"%.40s\" is not of the form role=EVIDENCE; a file name may not hold a comma", part);
		*equals = 0;
		for (char *at = part; *at; at++)
			*at = *at == '_' ? '-' : *at;
		TRY(fill(tool, &attachment->base, part, equals + 1));
	}
	return OK;
}

enum fault attach_given(struct tool *tool, const char *ref, Comity__Message *message)
{
	const char *text;
	size_t count = 0;
	while (given_at(tool, "attach", count))
		count++;
	message->attachments = arena_alloc(&tool->arena, (count + 1) * sizeof *message->attachments);
	if (!message->attachments)
		return FAULT_NO_MEMORY;
	for (size_t i = 0; (text = given_at(tool, "attach", i)); i++) {
		Comity__Attachment described;
		const Comity__AttachmentState *state;
		char *copy = arena_text(&tool->arena, span_of_text(text));
		if (!copy)
			return FAULT_NO_MEMORY;
		TRY(read_attach(tool, copy, &described));
		TRY(upload(tool, ref, copy, &described, &state));
		message->attachments[message->n_attachments++] = state->attachment;
	}
	return OK;
}

/* ── waiting ──────────────────────────────────────────────────────────────────────────────────── */

struct wait {
	const char *ref, *message_id;
	bool wants_complete;
	uint64_t seq;
	int64_t deadline;		/* monotonic milliseconds; 0: none */
};

static int64_t monotonic_ms(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static enum fault look(struct tool *tool, const struct wait *wait, Comity__MessageState *state, char reason[200])
{
	const Comity__Reply *reply;
	Comity__ByMessage by = COMITY__BY_MESSAGE__INIT;
	by.ref = (char *)wait->ref;
	by.message = (char *)wait->message_id;
	Comity__Call call = CALL(MESSAGE_SHOW, message_show, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_MESSAGE, &reply));
	if (!reply->message->state)
		return fault_say(FAULT_BAD_FRAME, "comityd sent a message without its state");
	*state = *reply->message->state;
	snprintf(reason, 200, "%s: %s", state->reason ? state->reason : "", state->reason_text ? state->reason_text : "");
	return OK;
}

static bool is_there(const struct wait *wait, const Comity__MessageState *state)
{
	return state->transport == TRANSPORT(COMPLETE) ||
		(state->transport == TRANSPORT(DELIVERED) && (!wait->wants_complete || !state->attachments));
}

static void show_step(struct tool *tool, struct progress *progress, Comity__Transport__Value now)
{
	bool is_news = progress->step != now;
	progress_step(progress, now);
	if (is_news && now != TRANSPORT(QUEUED))
		say(tool, "%s", word_of(tool, &comity__transport__value__descriptor, (int)now));
}

/* Until the next event, whatever it is about; time is up is a fault. */
static enum fault next_event(struct client *watcher, const struct wait *wait)
{
	const Comity__Reply *reply;
	int64_t left = wait->deadline ? wait->deadline - monotonic_ms() : CLIENT_NO_END;
	if (wait->deadline && left <= 0)
		return FAULT_LINE_TIMEOUT;
	client_set_patience(watcher, left);
	do
		TRY(client_next(watcher, &reply));
	while (reply->kind_case == COMITY__REPLY__KIND_EVENTS && !reply->events->n_data);
	return OK;
}

static enum fault follow(struct tool *tool, struct client *watcher, const struct wait *wait, struct progress *progress)
{
	for (;;) {
		Comity__MessageState state;
		char reason[200];
		TRY(look(tool, wait, &state, reason));
		if (state.transport == TRANSPORT(REFUSED))
			return fault_say(FAULT_REFUSED_BY_PEER, "the counterpart refused the message: %s", reason);
		show_step(tool, progress, state.transport);
		if (is_there(wait, &state))
			return OK;
		enum fault fault = next_event(watcher, wait);
		if (fault == FAULT_LINE_TIMEOUT)
			return fault_say(FAULT_NOT_YET, "it is queued and will go, but it is not %s yet",
				wait->wants_complete ? "complete" : "delivered");
		TRY(fault);
	}
}

static enum fault wait_until(struct tool *tool, const struct wait *wait, Comity__Transport__Value *reached)
{
	struct client *watcher;
	struct progress progress;
	const Comity__Reply *reply;
	Comity__Watch watch = COMITY__WATCH__INIT;
	watch.has_since = watch.has_follow = watch.follow = 1;
	watch.since = wait->seq;
	watch.ref = (char *)wait->ref;
	Comity__Call call = CALL(WATCH, watch, &watch);
	TRY(client_new(tool->run_dir, given(tool, "socket"), &watcher));
	enum fault fault = client_call(watcher, &call, &reply);
	progress_wait(&progress, tool, watcher, wait->message_id);
	if (!fault)
		fault = follow(tool, watcher, wait, &progress);
	progress_end(&progress);
	*reached = progress.step;
	client_free(watcher);
	return fault;
}

/* ── telling ──────────────────────────────────────────────────────────────────────────────────── */

static bool wants_complete(const struct tool *tool)
{
	return given(tool, "wait") && word_is(given(tool, "wait"), "complete");
}

enum fault check_wait(const struct tool *tool)
{
	const char *state = given(tool, "wait");
	if (!state || wants_complete(tool) || word_is(state, "delivered"))
		return OK;
	return fault_say(FAULT_USAGE, "--wait is delivered or complete, not \"%.40s\"; nothing was sent", state);
}

static void print_submitted(struct tool *tool, const Comity__Submitted *submitted, const char *what)
{
	bool is_up = submitted->link && !strcmp(submitted->link, "up");
	bool is_complete = submitted->transport == TRANSPORT(COMPLETE);
	print(tool, "%s is %s to %s", what, given(tool, "wait") ? "delivered" : "queued", safe(tool, submitted->peer));
	if (submitted->attachments)
		print(tool, is_complete ? " with its %u attachment%s, %s" : ", and %u attachment%s, %s", submitted->attachments,
			submitted->attachments == 1 ? "" : "s", size_of(tool, submitted->attachment_bytes));
	print(tool, ".\n");
	for (size_t i = 0; i < submitted->n_warnings; i++)
		say(tool, "  warn[%s]  %s  %s", safe(tool, submitted->warnings[i]->code), safe(tool, submitted->warnings[i]->path),
			safe(tool, submitted->warnings[i]->message));
	if (submitted->link && !is_up && !given(tool, "wait"))
		say(tool, "The line to %s is %s%s%s; the message goes by itself as soon as it is up.", safe(tool, submitted->peer),
			safe(tool, submitted->link), submitted->reason ? ": " : "", safe(tool, submitted->reason));
	if (given(tool, "wait"))
		say(tool, "DELIVERED means: their system has it, signed.  It does not mean that an official has seen it.");
	if (submitted->ref)
		next_step(tool, "comity request track %s", safe(tool, submitted->ref));
	else
		next_step(tool, "comity message show %s", safe(tool, submitted->message_id));
}

enum fault tell_submitted(struct tool *tool, const Comity__Submitted *submitted, const char *what)
{
	ProtobufCMessage *copy;
	TRY(keep_message(tool, &submitted->base, &copy));
	Comity__Submitted *result = (Comity__Submitted *)copy;
	struct wait wait = { .ref = result->request_id, .message_id = result->message_id, .seq = result->seq,
		.wants_complete = wants_complete(tool) };
	wait.deadline = tool->timeout_ms ? monotonic_ms() + tool->timeout_ms : 0;
	if (given(tool, "wait"))
		TRY(wait_until(tool, &wait, &result->transport));
	result->type = "result";
	if (!printed_document(tool, &result->base))
		print_submitted(tool, result, what);
	return OK;
}

static enum fault hand_in(struct tool *tool, Comity__Submit *order)
{
	const Comity__Reply *reply;
	if (!order->message->officer)
		order->message->officer = (char *)given(tool, "officer");
	Comity__Call call = SUBMIT(tool, SUBMIT, submit, order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_SUBMITTED, &reply));
	return tell_submitted(tool, reply->submitted, "The message");
}

enum fault submit(struct tool *tool, const char *ref, Comity__Message *message)
{
	Comity__Submit order = COMITY__SUBMIT__INIT;
	TRY(check_wait(tool));
	TRY(sealing_words(tool, ref, message));
	order.ref = (char *)ref;
	order.message = message;
	order.has_all_staged = order.all_staged = !message->n_attachments;
	return hand_in(tool, &order);
}

enum fault submit_loose(struct tool *tool, char *peer, Comity__Message *message)
{
	Comity__Submit order = COMITY__SUBMIT__INIT;
	TRY(check_wait(tool));
	order.peer = peer;
	order.message = message;
	enum fault fault = hand_in(tool, &order);
	return fault == FAULT_SEALING_REQUIRED ? hinted(tool, fault, "say it in a case, sealed: comity message send REF --seal") : fault;
}
