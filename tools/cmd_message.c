/* What is said in a case. */
#include <stdlib.h>
#include <string.h>

#include "certs/files.h"
#include "proto/suggest.h"
#include "proto/yaml.h"
#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/files.h"
#include "tools/form.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/sealing.h"

#define STATUS(name) COMITY__REQUEST_STATUS__VALUE__##name

/* ── sending ──────────────────────────────────────────────────────────────────────────────────── */

/* What a message is when nobody says: the answer that is due, else a letter. */
static const char *usual_kind(const struct tool *tool, const Comity__RequestView *view)
{
	bool asks_us = view->request->role == COMITY__ROLE__VALUE__REQUESTED;
	if (given(tool, "kind"))
		return given(tool, "kind");
	if (given(tool, "question") && asks_us)
		return "additional-info-request";
	if (view->request->status == STATUS(INFO_REQUESTED) && !asks_us)
		return "additional-info";
	if (view->request->status == STATUS(CONSULTING) && !asks_us)
		return "consultation-reply";
	return "general-correspondence";
}

/* How many questions the last additional-info-request asked. */
static enum fault count_questions(struct tool *tool, size_t *count)
{
	const Comity__Reply *reply;
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)argument(tool, 0);
	Comity__Call call = CALL(MESSAGE_LIST, message_list, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_MESSAGES, &reply));
	*count = 0;
	for (size_t i = 0; i < reply->messages->n_data; i++) {
		const Comity__Message *message = reply->messages->data[i]->message;
		for (size_t n = 0; message && n < message->n_acts; n++)
			if (message->acts[n]->kind_case == COMITY__ACT__KIND_ADDITIONAL_INFO_REQUEST)
				*count = message->acts[n]->additional_info_request->n_questions;
	}
	return OK;
}

/* --answer 2=TEXT, or NULL. */
static const char *answer_to(const struct tool *tool, size_t number)
{
	const char *text;
	for (size_t i = 0; (text = given_at(tool, "answer", i)); i++) {
		char *end;
		if (strtoul(text, &end, 10) == number && *end == '=')
			return end + 1;
	}
	return NULL;
}

/* Every question gets an answer: its own, or the text of the message. */
static enum fault answer_all(struct tool *tool, Comity__AdditionalInfo *info, const char *text)
{
	size_t count;
	TRY(count_questions(tool, &count));
	info->answers = arena_alloc(&tool->arena, (count + 1) * sizeof *info->answers);
	if (!info->answers)
		return FAULT_NO_MEMORY;
	for (size_t number = 1; number <= count; number++) {
		Comity__Answer *answer = arena_alloc(&tool->arena, sizeof *answer);
		if (!answer)
			return FAULT_NO_MEMORY;
		comity__answer__init(answer);
		answer->has_number = 1;
		answer->number = (uint32_t)number;
		answer->text = (char *)(answer_to(tool, number) ? answer_to(tool, number) : text);
		info->answers[info->n_answers++] = answer;
	}
	return OK;
}

/* The words are the message's; acts that hold an opinion of their own repeat them. */
static enum fault fill_words(struct tool *tool, Comity__Act *act, const char *text)
{
	if (act->kind_case == COMITY__ACT__KIND_ADDITIONAL_INFO)
		return answer_all(tool, act->additional_info, text);
	if (act->kind_case == COMITY__ACT__KIND_CONSULTATION_REPLY && !act->consultation_reply->position)
		act->consultation_reply->position = (char *)text;
	if (act->kind_case == COMITY__ACT__KIND_CONSULTATION && !act->consultation->position)
		act->consultation->position = (char *)text;
	return OK;
}

static enum fault write_message(struct tool *tool, Comity__Message *message)
{
	Comity__Act *act, **acts = arena_alloc(&tool->arena, sizeof *acts);
	ProtobufCMessage *body;
	const Comity__RequestView *view;
	if (!given(tool, "text") && !given(tool, "question") && !given(tool, "attach") && !given(tool, "kind") && !given(tool, "answer"))
		return fault_say(FAULT_USAGE, "there is nothing to send: give --text FILE, --from FILE, --question or --attach");
	if (given(tool, "text"))
		TRY(text_take(tool, given(tool, "text"), &message->text));
	TRY(get_request(tool, argument(tool, 0), &view));
	TRY(act_new(tool, usual_kind(tool, view), &act, &body));
	TRY(fill_all(tool, body));
	TRY(fill_words(tool, act, message->text));
	if (!acts)
		return FAULT_NO_MEMORY;
	*acts = act;
	message->acts = acts;
	message->n_acts = 1;
	return OK;
}

/* To an authority, and in no case. */
static enum fault write_loose(struct tool *tool, Comity__Message *message)
{
	Comity__Act *act, **acts = arena_alloc(&tool->arena, sizeof *acts);
	ProtobufCMessage *body;
	if (!given(tool, "text") && !given(tool, "subject") && !given(tool, "kind"))
		return fault_say(FAULT_USAGE, "there is nothing to send: give --text FILE or --from FILE");
	if (given(tool, "text"))
		TRY(text_take(tool, given(tool, "text"), &message->text));
	TRY(act_new(tool, given(tool, "kind") ? given(tool, "kind") : "general-correspondence", &act, &body));
	TRY(fill_all(tool, body));
	if (!acts)
		return FAULT_NO_MEMORY;
	*acts = act;
	message->acts = acts;
	message->n_acts = 1;
	return OK;
}

/* The message may be named by its number in the case; what is quoted is its id. */
static enum fault find_replied(struct tool *tool, Comity__Message *message)
{
	const Comity__Reply *reply;
	Comity__ByMessage by = COMITY__BY_MESSAGE__INIT;
	by.ref = (char *)argument(tool, 0);
	by.message = (char *)given(tool, "in-reply-to");
	if (!by.message)
		return OK;
	Comity__Call call = CALL(MESSAGE_SHOW, message_show, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_MESSAGE, &reply));
	if (!reply->message->state || !reply->message->state->message_id)
		return fault_say(FAULT_BAD_FRAME, "comityd sent a message without its id");
	message->in_reply_to_id = arena_text(&tool->arena, span_of_text(reply->message->state->message_id));
	return message->in_reply_to_id ? OK : FAULT_NO_MEMORY;
}

/* As it stands in a file. */
static enum fault take_message(struct tool *tool, const char *path, Comity__Message **message)
{
	ProtobufCMessage *document;
	TRY(document_take(tool, path, &comity__message__descriptor, &document));
	form_tidy(document);
	*message = (Comity__Message *)document;
	return OK;
}

static enum fault compose(struct tool *tool, Comity__Message **message)
{
	if (given(tool, "from") && (given(tool, "text") || given(tool, "kind")))
		return fault_say(FAULT_USAGE, "--from gives the whole message: leave --text and --kind out");
	TRY(given(tool, "from") ? take_message(tool, given(tool, "from"), message) :
		argument(tool, 0) ? write_message(tool, *message) : write_loose(tool, *message));
	if (given(tool, "subject"))
		(*message)->subject = (char *)given(tool, "subject");
	return find_replied(tool, *message);
}

enum fault cmd_message_send(struct tool *tool)
{
	Comity__Message written = COMITY__MESSAGE__INIT, *message = &written;
	const char *ref = argument(tool, 0);
	if (!ref == !given(tool, "to"))
		return fault_say(FAULT_USAGE, "either a case is named, or with --to PEER an authority: then it belongs to no case");
	if (!ref && (given(tool, "attach") || given(tool, "seal")))
		return fault_say(FAULT_USAGE, "files and what is sealed end to end belong to a case: comity message send REF");
	TRY(compose(tool, &message));
	if (!ref)
		return submit_loose(tool, lower(tool, given(tool, "to")), message);
	TRY(attach_given(tool, ref, message));
	return submit(tool, ref, message);
}

/* Does it have its place, and say what the law wants said?  Nothing is sent. */
enum fault cmd_message_check(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Submit order = COMITY__SUBMIT__INIT;
	const char *ref = given(tool, "ref"), *peer = given(tool, "to");
	if (!ref == !peer)
		return fault_say(FAULT_USAGE, "in which case is it to be said (--ref REF), or to whom without one (--to PEER)?");
	TRY(take_message(tool, argument(tool, 0), &order.message));
	order.ref = (char *)ref;
	order.peer = peer ? lower(tool, peer) : NULL;
	order.has_all_staged = order.all_staged = !order.message->n_attachments;
	Comity__Call call = CALL(MESSAGE_CHECK, message_check, &order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_SUBMITTED, &reply));
	if (printed_document(tool, &reply->submitted->base))
		return OK;
	print(tool, "It can be sent to %s.", safe_or(tool, reply->submitted->peer, "them"));
	if (reply->submitted->has_status)
		print(tool, " %s is \"%s\" then.", safe(tool, ref), WORD(tool, request_status, reply->submitted->status));
	print(tool, "\n");
	return OK;
}

enum fault cmd_message_template(struct tool *tool)
{
	Comity__Act *act;
	ProtobufCMessage *body;
	struct bytes form = { 0 };
	TRY(act_new(tool, given(tool, "kind"), &act, &body));
	if (printed_json(tool, &act->base))
		return OK;
	enum fault fault = form_write_act(protobuf_c_message_descriptor_get_field(&comity__act__descriptor, (unsigned)act->kind_case), &form);
	if (!fault)
		print(tool, "%s", bytes_text(&form));
	bytes_clear(&form);
	return fault;
}

/* ── reading ──────────────────────────────────────────────────────────────────────────────────── */

static const char *acts_of(struct tool *tool, const Comity__MessageState *state)
{
	struct bytes text = { 0 };
	for (size_t i = 0; i < state->n_acts; i++)
		if (bytes_printf(&text, "%s%s", i ? ", " : "", state->acts[i]))
			break;
	const char *spelled = safe(tool, bytes_text(&text));
	bytes_clear(&text);
	return spelled;
}

static const char *when(const Comity__MessageState *state)
{
	return state->arrived_at ? state->arrived_at : state->queued_at;
}

static const char *words_of(struct tool *tool, const Comity__MessageView *view)
{
	const Comity__Message *message = view->message;
	return message && message->sealed ? "(sealed)" : brief(tool, message && message->text ? message->text : message ? message->subject : NULL, 40);
}

/* What belongs to no case has no number. */
static enum fault list_loose(struct tool *tool, const char *peer)
{
	const Comity__Reply *reply;
	struct table table = TABLE("TIME", "FROM", "TO", "~WHAT", "TRANSPORT", "ID", "~TEXT");
	Comity__ByPeer by = COMITY__BY_PEER__INIT;
	by.peer = peer ? lower(tool, peer) : NULL;
	Comity__Call call = CALL(MESSAGE_LOOSE, message_loose, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_MESSAGES, &reply));
	if (printed_json(tool, &reply->messages->base))
		return OK;
	for (size_t i = 0; i < reply->messages->n_data; i++) {
		const Comity__MessageState *state = reply->messages->data[i]->state;
		if (state)
			ROW(tool, &table, time_of(tool, when(state)), safe(tool, state->from), safe(tool, state->to), acts_of(tool, state),
				WORD(tool, transport, state->transport), safe(tool, state->message_id), words_of(tool, reply->messages->data[i]));
	}
	table_print(tool, &table);
	return OK;
}

enum fault cmd_message_list(struct tool *tool)
{
	if (argument(tool, 0) && given(tool, "peer"))
		return fault_say(FAULT_USAGE, "a case has one peer: leave --peer out, or the case");
	if (!argument(tool, 0))
		return list_loose(tool, given(tool, "peer"));
	const Comity__Reply *reply;
	struct table table = TABLE(">NO", "TIME", "FROM", "~WHAT", "TRANSPORT", ">FILES", "ID", "~TEXT");
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)argument(tool, 0);
	Comity__Call call = CALL(MESSAGE_LIST, message_list, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_MESSAGES, &reply));
	if (printed_json(tool, &reply->messages->base))
		return OK;
	for (size_t i = 0; i < reply->messages->n_data; i++) {
		const Comity__MessageView *view = reply->messages->data[i];
		const Comity__MessageState *state = view->state;
		char number[16], files[16];
		if (!state)
			continue;
		snprintf(number, sizeof number, "%u", view->place ? view->place : (unsigned)i + 1);
		snprintf(files, sizeof files, "%u", state->attachments);
		ROW(tool, &table, safe(tool, number), time_of(tool, when(state)), safe(tool, state->from), acts_of(tool, state),
			WORD(tool, transport, state->transport), safe(tool, files), safe(tool, state->message_id),
			words_of(tool, view));
	}
	table_print(tool, &table);
	return OK;
}

/* Why it was refused: what was said of it, or what its slug means. */
static void print_reason(struct tool *tool, const Comity__MessageState *state)
{
	if (state->reason)
		print(tool, ": %s: %s", safe(tool, state->reason),
			safe(tool, state->reason_text ? state->reason_text : fault_text(fault_from_slug(state->reason))));
	print(tool, "\n");
	if (state->reused_at)
		print(tool, "  ALARM    %s refused another message under this id, %s: look where else your keys are\n", safe(tool, state->to),
			time_of(tool, state->reused_at));
}

static void print_state(struct tool *tool, const Comity__MessageState *state)
{
	char sha256[DIGEST_HEX_SIZE + 1] = "";
	if (state->sha256.len == DIGEST_SIZE)
		hex_write(sha256, (struct span){ state->sha256.data, DIGEST_SIZE });
	print(tool, "message    %s\n  from     %s to %s\n  what     %s\n  state    %s", safe(tool, state->message_id),
		safe(tool, state->from), safe(tool, state->to), acts_of(tool, state), WORD(tool, transport, state->transport));
	print_reason(tool, state);
	print(tool, "  sha256   %s  (%s, signed)\n", sha256, size_of(tool, state->size));
	print(tool, "  queued   %s\n  sent     %s\n  receipt  %s\n  complete %s\n", time_of(tool, when(state)),
		time_of(tool, state->sent_at), time_of(tool, state->delivered_at), time_of(tool, state->complete_at));
}

enum fault cmd_message_show(struct tool *tool)
{
	const Comity__Reply *reply;
	struct bytes yaml = { 0 };
	Comity__ByMessage by = COMITY__BY_MESSAGE__INIT;
	by.ref = (char *)given(tool, "ref");
	by.message = (char *)argument(tool, 0);
	Comity__Call call = CALL(MESSAGE_SHOW, message_show, &by);
	enum fault fault = ask(tool, &call, COMITY__REPLY__KIND_MESSAGE, &reply);
	if (fault == FAULT_NOT_FOUND && !by.ref && !by.message[strspn(by.message, "0123456789")])
		return hinted(tool, fault, "comity message show %s --ref REF: a number counts within a case", by.message);
	TRY(fault);
	ProtobufCMessage *copy;
	TRY(keep_message(tool, &reply->message->base, &copy));
	const Comity__MessageView *view = (const Comity__MessageView *)copy;
	bool is_unsealed = view->message && view->message->sealed && !given(tool, "sealed");
	if (is_unsealed)
		TRY(sealing_open_message(tool, by.ref, by.message, view->message));	/* the sealed bytes are in the record */
	if (printed_document(tool, &view->base))
		return OK;
	if (view->state)
		print_state(tool, view->state);
	if (view->message && view->message->sealed)
		print(tool, "  sealed   end to end%s\n", is_unsealed ? "; opened here, with our sealing key" : "");
	fault = view->message ? yaml_write(&view->message->base, &yaml) : OK;
	if (!fault)
		print(tool, "\n%s", safe_lines(tool, bytes_text(&yaml)));
	bytes_wipe(&yaml);
	if (view->unknown_fields)
		say(tool, "%u field%s of a newer schema: kept in the record, not shown.", view->unknown_fields,
			view->unknown_fields == 1 ? "" : "s");
	return fault;
}
