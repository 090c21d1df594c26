/* A request that was made on the telephone is noted, until its confirmation in writing comes: UNTOC 18(14). */
#include "tools/oral.h"

#include "tools/commands.h"
#include "tools/print.h"
#include "tools/record.h"

const char *oral_mark(const Comity__Case *request)
{
	if (!request->oral)
		return "";
	return request->oral->confirmed_at ? "oral, confirmed" : "ORAL, not confirmed";
}

void print_oral(struct tool *tool, const Comity__Case *request)
{
	const Comity__OralNote *oral = request->oral;
	if (!oral)
		return;
	print(tool, "  ORAL         made %s by %s, heard by %s; %s%s%s\n", time_of(tool, oral->made_at), safe_or(tool, oral->by, "-"),
		safe_or(tool, oral->to, "-"), oral->confirmed_at ? "confirmed in writing " : "not confirmed in writing yet (UNTOC 18(14))",
		oral->confirmed_at ? time_of(tool, oral->confirmed_at) : "", oral->confirmed_at ? "; it goes on there" : "");
}

/* ── taking one down ──────────────────────────────────────────────────────────────────────────── */

struct note {
	Comity__Request request;
	Comity__Proceeding proceeding;
	Comity__UrgencyStatement urgency;
	Comity__OralRequest oral;
};

static enum fault read_code(struct tool *tool, const char *option, const ProtobufCEnumDescriptor *type, const char *what, int *value)
{
	return given(tool, option) ? word_read(type, what, given(tool, option), value) : OK;
}

static enum fault read_reasons(struct tool *tool, Comity__UrgencyStatement *urgency)
{
	size_t count = 0;
	while (given_at(tool, "because", count))
		count++;
	urgency->reasons = arena_alloc(&tool->arena, (count + 1) * sizeof *urgency->reasons);
	if (!urgency->reasons)
		return FAULT_NO_MEMORY;
	for (; urgency->n_reasons < count; urgency->n_reasons++) {
		int reason;
		TRY(word_read(&comity__urgency_reason__value__descriptor, "reason of urgency", given_at(tool, "because", urgency->n_reasons), &reason));
		urgency->reasons[urgency->n_reasons] = (Comity__UrgencyReason__Value)reason;
	}
	return OK;
}

static enum fault read_urgency(struct tool *tool, struct note *note)
{
	int level = COMITY__URGENCY__VALUE__URGENT;
	TRY(read_code(tool, "urgency", &comity__urgency__value__descriptor, "urgency", &level));
	note->urgency.has_level = 1;
	note->urgency.level = (Comity__Urgency__Value)level;
	note->urgency.text = (char *)given(tool, "reason");
	note->request.urgency = &note->urgency;
	return read_reasons(tool, &note->urgency);
}

static enum fault read_call(struct tool *tool, struct note *note)
{
	note->oral.by = (char *)given(tool, "by");
	note->oral.to = (char *)given(tool, "heard-by");
	note->oral.reference = (char *)given(tool, "their-reference");
	note->request.oral_request = &note->oral;
	return legal_time(tool, "--at", given(tool, "at"), &note->oral.made_at);
}

static enum fault read_note(struct tool *tool, struct note *note)
{
	int kind = COMITY__REQUEST_KIND__VALUE__MLA;
	*note = (struct note){ COMITY__REQUEST__INIT, COMITY__PROCEEDING__INIT, COMITY__URGENCY_STATEMENT__INIT, COMITY__ORAL_REQUEST__INIT };
	TRY(read_code(tool, "kind", &comity__request_kind__value__descriptor, "kind of request", &kind));
	note->request.has_kind = 1;
	note->request.kind = (Comity__RequestKind__Value)kind;
	note->proceeding.subject = (char *)given(tool, "subject");
	note->request.proceeding = &note->proceeding;
	TRY(read_urgency(tool, note));
	return read_call(tool, note);
}

enum fault cmd_inbox_oral(struct tool *tool)
{
	struct note note;
	const Comity__Reply *reply;
	Comity__RequestOral order = COMITY__REQUEST_ORAL__INIT;
	TRY(read_note(tool, &note));
	order.peer = lower(tool, argument(tool, 0));
	order.document = &note.request;
	Comity__Call call = SUBMIT(tool, REQUEST_ORAL, request_oral, &order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	if (printed_document(tool, &reply->request->base))
		return OK;
	const char *ref = safe(tool, reply->request->our_reference);
	print(tool, "Noted as %s. Tell the caller this reference: the confirmation in writing names it.\n", ref);
	next_step(tool, "comity request show %s", ref);
	return OK;
}
