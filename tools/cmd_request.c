/* Requests until they are sent: drafting, editing, judging, sending. */
#include <string.h>
#include <unistd.h>

#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/directory.h"
#include "tools/files.h"
#include "tools/form.h"
#include "tools/print.h"
#include "tools/problems.h"
#include "tools/record.h"
#include "tools/sealed_request.h"
#include "tools/workdays.h"

/* From a file it is what the file says; else what the command line says of it, if that says anything. */
static enum fault begin(struct tool *tool, Comity__Request *document)
{
	bool is_said = given(tool, "kind") || given(tool, "nature") || given(tool, "assistance");
	return is_said ? form_begin(tool, document) : OK;
}

static enum fault take_request(struct tool *tool, const char *path, Comity__Request **document)
{
	ProtobufCMessage *message;
	TRY(document_take(tool, path, &comity__request__descriptor, &message));
	form_tidy(message);
	*document = (Comity__Request *)message;
	return OK;
}

/* ── drafting ─────────────────────────────────────────────────────────────────────────────────── */

enum fault cmd_request_new(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Request empty = COMITY__REQUEST__INIT, *document = &empty;
	Comity__RequestNew order = COMITY__REQUEST_NEW__INIT;
	if (given(tool, "from") && (given(tool, "nature") || given(tool, "assistance")))
		return fault_say(FAULT_USAGE, "--from gives the whole request: leave --nature and --assistance out");
	TRY(begin(tool, document));
	if (given(tool, "from"))
		TRY(take_request(tool, given(tool, "from"), &document));
	TRY(directory_route(tool, given(tool, "to"), document, &order.to));
	TRY(workdays_settle(tool, order.to, document));
	order.document = document;
	Comity__Call call = SUBMIT(tool, REQUEST_NEW, request_new, &order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	if (printed_json(tool, &reply->request->base))
		return OK;
	const char *ref = safe(tool, reply->request->our_reference);
	print(tool, tool->format == FORMAT_PLAIN ? "%s\n" : "Draft %s made.\n", ref);
	if (given(tool, "from"))
		next_step(tool, "comity request validate %s", ref);
	else
		next_step(tool, "comity request edit %s", ref);
	return OK;
}

enum fault cmd_request_edit(struct tool *tool)
{
	const Comity__Reply *reply;
	const Comity__RequestView *view;
	const char *ref = argument(tool, 0);
	Comity__Request empty = COMITY__REQUEST__INIT;
	Comity__RequestEdit order = COMITY__REQUEST_EDIT__INIT;
	order.ref = (char *)ref;
	TRY(get_request(tool, ref, &view));
	if (given(tool, "from"))
		TRY(take_request(tool, given(tool, "from"), &order.document));
	else if (view->sealed_draft)
		return hinted(tool, fault_say(FAULT_USAGE, "%s is sealed: what is asked is changed in a file, and sealed again", safe(tool, ref)),
			"comity request seal %s --from FILE", ref);
	else
		TRY(form_edit(tool, view->document ? view->document : &empty, &order.document));
	TRY(workdays_settle(tool, view->request->requested_authority, order.document));
	Comity__Call call = SUBMIT(tool, REQUEST_EDIT, request_edit, &order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	if (!printed_document(tool, &reply->request->base))
		print(tool, "Draft %s changed.\n", safe(tool, reply->request->our_reference));
	next_step(tool, "comity request validate %s", ref);
	return OK;
}

enum fault cmd_request_abandon(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)argument(tool, 0);
	Comity__Call call = SUBMIT(tool, REQUEST_ABANDON, request_abandon, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_DONE, &reply));
	if (!printed_document(tool, &reply->done->base))
		print(tool, "Draft %s abandoned.\n", safe_or(tool, reply->done->ref, by.ref));
	return OK;
}

enum fault cmd_request_template(struct tool *tool)
{
	struct bytes form = { 0 };
	Comity__Request document = COMITY__REQUEST__INIT;
	TRY(form_begin(tool, &document));
	if (printed_json(tool, &document.base))
		return OK;
	enum fault fault = form_write(&document, &form);
	if (!fault)
		print(tool, "%s", bytes_text(&form));
	bytes_clear(&form);
	return fault;
}

/* ── judging ──────────────────────────────────────────────────────────────────────────────────── */

static void print_validation(struct tool *tool, const Comity__Validation *validation)
{
	size_t errors = 0;
	const char *what = safe_or(tool, validation->ref, argument(tool, 0)), *peer = safe_or(tool, validation->peer, "anybody");
	for (size_t i = 0; i < validation->n_problems; i++)
		errors += !validation->problems[i]->severity || !strcmp(validation->problems[i]->severity, "error");
	if (tool->format == FORMAT_TEXT)
		print(tool, validation->ok ? "%s can be sent to %s: %zu errors, %zu warnings\n"
			: "%s cannot be sent to %s yet: %zu errors, %zu warnings\n", what, peer, errors, validation->n_problems - errors);
	print_problems(tool, validation->problems, validation->n_problems);
	if (!validation->ok && validation->ref)
		next_step(tool, "comity request edit %s", what);
}

/* A file, if there is one of that name; else a reference. */
static bool is_file(const char *text)
{
	return !strcmp(text, "-") || !access(text, F_OK);
}

enum fault cmd_request_validate(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__RequestValidate order = COMITY__REQUEST_VALIDATE__INIT;
	order.to = (char *)given(tool, "to");
	if (is_file(argument(tool, 0)))
		TRY(take_request(tool, argument(tool, 0), &order.document));
	else
		order.ref = (char *)argument(tool, 0);
	Comity__Call call = CALL(REQUEST_VALIDATE, request_validate, &order);
	enum fault fault = ask(tool, &call, COMITY__REPLY__KIND_VALIDATION, &reply);
	if (fault == FAULT_NOT_FOUND)
		return hinted(tool, fault_say(fault, "\"%.80s\" is neither a file nor a request", argument(tool, 0)), "check the path, or: comity request list");
	TRY(fault);
	if (!printed_json(tool, &reply->validation->base))
		print_validation(tool, reply->validation);
	if (reply->validation->ok)
		return OK;
	tool->is_told = true;		/* the answer is the list of problems, on stdout */
	return FAULT_INCOMPLETE;
}

/* ── sending ──────────────────────────────────────────────────────────────────────────────────── */

enum fault cmd_request_seal(struct tool *tool)
{
	const Comity__RequestView *view;
	const char *ref = argument(tool, 0);
	TRY(sealed_request_keep(tool, ref, &view));
	if (!printed_document(tool, &view->base))
		print(tool, "%s is sealed for %s, and lies here until it is sent. Earlier approvals are void.\n", safe_or(tool, view->our_reference, ref),
			safe(tool, view->request->peer));
	next_step(tool, view->has_approvals_wanted ? "comity request approve %s" : "comity request send %s", ref);
	return OK;
}

enum fault cmd_request_send(struct tool *tool)
{
	const Comity__Reply *reply;
	const Comity__Submitted *sealed;
	Comity__RequestSend order = COMITY__REQUEST_SEND__INIT;
	TRY(check_wait(tool));
	TRY(sealed_request_send(tool, argument(tool, 0), &sealed));
	if (sealed)
		return tell_submitted(tool, sealed, "The request, sealed,");
	order.ref = (char *)argument(tool, 0);
	order.officer = (char *)given(tool, "officer");
	Comity__Call call = SUBMIT(tool, REQUEST_SEND, request_send, &order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_SUBMITTED, &reply));
	return tell_submitted(tool, reply->submitted, "The request");
}
