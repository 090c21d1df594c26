/* What the requested side says of a request, and what the requesting side says to end it: acknowledgement,
 * a new status, results, withdrawal. */
#include <string.h>

#include "proto/field.h"
#include "proto/suggest.h"
#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/files.h"
#include "tools/print.h"
#include "tools/secrecy.h"
#include "tools/statuses.h"

#define STATUS(name) COMITY__REQUEST_STATUS__VALUE__##name

/* ── a new status ─────────────────────────────────────────────────────────────────────────────── */

static void set_number(struct tool *tool, ProtobufCMessage *act, const char *name, int value)
{
	const ProtobufCFieldDescriptor *field = field_find(act->descriptor, name);
	int *at = field ? field_make(act, field, 1, &tool->arena) : NULL;
	if (at)
		*at = value;
}

/* A decision says itself what it is; statuses and decisions have the same names. */
static void set_decision(struct tool *tool, ProtobufCMessage *act, Comity__RequestStatus__Value to)
{
	int decision;
	const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(&comity__request_status__value__descriptor, (int)to);
	if (name && !word_read(&comity__decision_kind__value__descriptor, "decision", name->name, &decision))
		set_number(tool, act, "decision", decision);
}

/* A consultation says what it is about: what the ground that was given is a ground for. */
static void set_subject(struct tool *tool, Comity__Consultation *consultation)
{
	consultation->has_subject = 1;
	consultation->subject = COMITY__CONSULTATION_SUBJECT__VALUE__OTHER;
	if (consultation->n_refusal_grounds) {
		consultation->subject = COMITY__CONSULTATION_SUBJECT__VALUE__REFUSAL;
		set_number(tool, &consultation->base, "intended_decision", COMITY__DECISION_KIND__VALUE__REFUSED);
	}
	if (consultation->has_postponement_ground) {
		consultation->subject = COMITY__CONSULTATION_SUBJECT__VALUE__POSTPONEMENT;
		set_number(tool, &consultation->base, "intended_decision", COMITY__DECISION_KIND__VALUE__POSTPONED);
	}
	if (!consultation->position)
		consultation->position = consultation->note;
}

/* The requesting side that closes an executed case confirms by it that the results are complete. */
static void set_confirmation(const Comity__RequestView *view, Comity__Closure *closure)
{
	if (view->request->role != COMITY__ROLE__VALUE__REQUESTING || view->request->status != STATUS(EXECUTED))
		return;
	closure->has_results_complete = closure->results_complete = 1;
}

static enum fault complete(struct tool *tool, const Comity__RequestView *view, Comity__Act *act, ProtobufCMessage *body,
	Comity__RequestStatus__Value to)
{
	TRY(fill_all(tool, body));
	if (act->kind_case == COMITY__ACT__KIND_DECISION)
		set_decision(tool, body, to);
	if (act->kind_case == COMITY__ACT__KIND_CONSULTATION)
		set_subject(tool, act->consultation);
	if (act->kind_case == COMITY__ACT__KIND_CLOSURE)
		set_confirmation(view, act->closure);
	if (act->kind_case == COMITY__ACT__KIND_CONSULTATION_DRAFT)
		act->consultation_draft->draft = view->document;
	set_number(tool, body, "status", (int)to);
	return OK;
}

static enum fault say_act(struct tool *tool, Comity__Act *act)
{
	Comity__Message message = COMITY__MESSAGE__INIT;
	message.acts = &act;
	message.n_acts = 1;
	return submit(tool, argument(tool, 0), &message);
}

enum fault cmd_request_set_status(struct tool *tool)
{
	int to;
	Comity__Act *act;
	ProtobufCMessage *body;
	const Comity__RequestView *view;
	TRY(word_read(&comity__request_status__value__descriptor, "status", argument(tool, 1), &to));
	TRY(get_request(tool, argument(tool, 0), &view));
	const char *kind = act_leading(view->request->status, (Comity__RequestStatus__Value)to);
	if (!kind)
		return fault_say(FAULT_USAGE, "no act leads to \"%.40s\"; a request is sent with: comity request send", argument(tool, 1));
	TRY(act_new(tool, kind, &act, &body));
	TRY(complete(tool, view, act, body, (Comity__RequestStatus__Value)to));
	return say_act(tool, act);
}

enum fault cmd_request_withdraw(struct tool *tool)
{
	Comity__Act *act;
	ProtobufCMessage *body;
	TRY(act_new(tool, "withdrawal", &act, &body));
	TRY(fill_all(tool, body));
	return say_act(tool, act);
}

/* ── acknowledgement ──────────────────────────────────────────────────────────────────────────── */

static enum fault new_receipt(struct tool *tool, Comity__Act **act)
{
	ProtobufCMessage *body;
	TRY(act_new(tool, "receipt", act, &body));
	(*act)->receipt->requested_reference = (char *)given(tool, "reference");
	if (!given(tool, "received-at"))
		return OK;
	return legal_time(tool, "received-at", given(tool, "received-at"), &(*act)->receipt->occurred_at);
}

/* The person who handles it. */
static enum fault set_contact(struct tool *tool, Comity__Acknowledgement *acknowledgement)
{
	if (!acknowledgement->contact) {
		acknowledgement->contact = arena_alloc(&tool->arena, sizeof *acknowledgement->contact);
		if (!acknowledgement->contact)
			return FAULT_NO_MEMORY;
		comity__contact__init(acknowledgement->contact);
	}
	Comity__Contact *contact = acknowledgement->contact;
	contact->officer = (char *)given(tool, "officer");
	if (given(tool, "phone"))
		contact->phone = (char *)given(tool, "phone");
	if (given(tool, "email"))
		contact->email = (char *)given(tool, "email");
	return OK;
}

static enum fault new_acknowledgement(struct tool *tool, const Comity__RequestView *view, Comity__Act **act)
{
	ProtobufCMessage *body, *document;
	TRY(act_new(tool, "acknowledgement", act, &body));
	if (given(tool, "from")) {
		TRY(document_take(tool, given(tool, "from"), &comity__acknowledgement__descriptor, &document));
		(*act)->acknowledgement = (Comity__Acknowledgement *)document;
	}
	Comity__Acknowledgement *acknowledgement = (*act)->acknowledgement;
	acknowledgement->requested_reference = (char *)given(tool, "reference");
	acknowledgement->requesting_reference = view->request->requesting_reference;
	if (given(tool, "note"))
		acknowledgement->note = (char *)given(tool, "note");
	TRY(fill_given(tool, &acknowledgement->base, "priority"));
	TRY(set_contact(tool, acknowledgement));
	return set_secrecy(tool, view, acknowledgement);
}

enum fault cmd_acknowledge(struct tool *tool)
{
	Comity__Act *acts[2];
	const Comity__RequestView *view;
	Comity__Message message = COMITY__MESSAGE__INIT;
	message.acts = acts;
	TRY(get_request(tool, argument(tool, 0), &view));
	if (view->request->status == STATUS(SENT))	/* else it was registered before */
		TRY(new_receipt(tool, &acts[message.n_acts++]));
	TRY(new_acknowledgement(tool, view, &acts[message.n_acts++]));
	return submit(tool, argument(tool, 0), &message);
}

/* ── results ──────────────────────────────────────────────────────────────────────────────────── */

/* What is delivered: each piece of evidence by its id, for the one measure that is named, if it is one. */
static enum fault list_results(struct tool *tool, const Comity__Message *message, Comity__ExecutionResult *result)
{
	Comity__Result *delivered = arena_alloc(&tool->arena, sizeof *delivered);
	Comity__Result **list = arena_alloc(&tool->arena, sizeof *list);
	char **ids = arena_alloc(&tool->arena, (message->n_attachments + 1) * sizeof *ids);
	if (!delivered || !list || !ids)
		return FAULT_NO_MEMORY;
	comity__result__init(delivered);
	delivered->attachments = ids;
	for (size_t i = 0; i < message->n_attachments; i++) {
		const Comity__Attachment *one = message->attachments[i];
		if (one->role == COMITY__ATTACHMENT_ROLE__VALUE__RECORD_OF_EXECUTION && !result->record_of_execution)
			result->record_of_execution = one->id;
		else if (one->id)
			ids[delivered->n_attachments++] = one->id;
	}
	delivered->measure = result->n_measures == 1 ? result->measures[0]->measure : NULL;
	*list = delivered;
	result->results = list;
	result->n_results = delivered->n_attachments > 0;
	return OK;
}

static enum fault which_status(const struct tool *tool, Comity__ExecutionResult *result)
{
	bool is_final = given(tool, "final"), is_partial = given(tool, "partial");
	if (is_final == is_partial)
		return fault_say(FAULT_USAGE, "is it all, or will more follow?  Say --final or --partial");
	result->has_status = 1;
	result->status = is_final ? STATUS(EXECUTED) : STATUS(PARTIALLY_EXECUTED);
	return OK;
}

enum fault cmd_result_send(struct tool *tool)
{
	Comity__Act *act;
	ProtobufCMessage *body;
	Comity__Message message = COMITY__MESSAGE__INIT;
	TRY(act_new(tool, "execution-result", &act, &body));
	TRY(fill_all(tool, body));
	TRY(which_status(tool, act->execution_result));
	if (given(tool, "text"))
		TRY(text_take(tool, given(tool, "text"), &message.text));
	TRY(attach_given(tool, argument(tool, 0), &message));
	TRY(list_results(tool, &message, act->execution_result));
	message.acts = &act;
	message.n_acts = 1;
	return submit(tool, argument(tool, 0), &message);
}
