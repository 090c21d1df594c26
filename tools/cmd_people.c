/* The officers of a case with us: whose it is, and who approved its draft. */
#include "tools/people.h"

#include <ctype.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/files.h"
#include "proto/yaml.h"
#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/sealed_request.h"

enum { ENTRY_SIZE = 16 << 10 };

const char *user_name(struct tool *tool, uint32_t uid)
{
	char space[ENTRY_SIZE], number[32];
	struct passwd entry, *found = NULL;
	snprintf(number, sizeof number, "uid %u", uid);
	return safe(tool, !getpwuid_r(uid, &entry, space, sizeof space, &found) && found ? found->pw_name : number);
}

enum fault user_read(const char *text, uint32_t *uid)
{
	char space[ENTRY_SIZE];
	struct passwd entry, *found = NULL;
	if (!getpwnam_r(text, &entry, space, sizeof space, &found) && found) {
		*uid = found->pw_uid;
		return OK;
	}
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || number >= UINT32_MAX)
		return fault_say(FAULT_NOT_FOUND, "this system has no user \"%s\"", text);
	*uid = (uint32_t)number;
	return OK;
}

void print_people(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	if (request->assignment)
		print(tool, "  assigned to  %s, since %s\n", user_name(tool, request->assignment->uid), time_of(tool, request->assignment->at));
	if (view->has_approvals_wanted)
		print(tool, "  approved by  %u of %u officers, as it is now\n", view->approvals_given, view->approvals_wanted);
	for (size_t i = 0; i < view->n_attachments; i++)
		print_protected(tool, view->attachments[i]);
	if (view->sealed_draft)
		print(tool, "  sealed       as it will be sent, by %s, %s%s\n", user_name(tool, view->sealed_draft->uid),
			time_of(tool, view->sealed_draft->at), view->sealed_void ? "; VOID, for the draft was changed since: comity request seal" : "");
}

void print_protected(struct tool *tool, const Comity__AttachmentState *state)
{
	const Comity__Sealing *sealed = state->attachment ? state->attachment->sealed : NULL;
	if (!sealed || !sealed->n_recipients)
		return;
	print(tool, "  %-12s protected, for ", safe_or(tool, state->attachment->id, "-"));
	for (size_t i = 0; i < sealed->n_recipients; i++)
		print(tool, "%s%s", i ? ", " : "", safe(tool, sealed->recipients[i]));
	print(tool, "\n");
}

static enum fault assign(struct tool *tool, Comity__Assign *order)
{
	const Comity__Reply *reply;
	order->ref = (char *)argument(tool, 0);
	Comity__Call call = SUBMIT(tool, REQUEST_ASSIGN, request_assign, order);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	if (printed_document(tool, &reply->request->base))
		return OK;
	const Comity__Case *request = reply->request->request;
	const char *ref = safe_or(tool, reply->request->our_reference, order->ref);
	if (request && request->assignment)
		print(tool, "%s is assigned to %s.\n", ref, user_name(tool, request->assignment->uid));
	else
		print(tool, "%s is nobody's.\n", ref);
	return OK;
}

enum fault cmd_request_assign(struct tool *tool)
{
	Comity__Assign order = COMITY__ASSIGN__INIT;
	const char *user = argument(tool, 1);
	if (!user == !given(tool, "nobody"))
		return fault_say(FAULT_USAGE, "either a user or --nobody is needed");
	order.has_uid = user != NULL;
	if (user)
		TRY(user_read(user, &order.uid));
	return assign(tool, &order);
}

enum fault cmd_inbox_take(struct tool *tool)
{
	Comity__Assign order = COMITY__ASSIGN__INIT;
	order.has_uid = order.has_only_if_free = order.only_if_free = 1;
	order.uid = getuid();
	return assign(tool, &order);
}

/* ── approving ────────────────────────────────────────────────────────────────────────────────── */

static void print_enclosures(struct tool *tool, const Comity__RequestView *view)
{
	for (size_t i = 0; i < view->n_attachments; i++) {
		const Comity__Attachment *file = view->attachments[i]->attachment;
		if (file && view->attachments[i]->presence == COMITY__PRESENCE__VALUE__STAGED)
			print(tool, "# %s  %s  sha256 %s%s\n", safe_or(tool, file->id, "-"), safe(tool, file->name), safe(tool, file->sha256),
				file->sealed ? ", sealed: comity attach get opens it" : "");
	}
}

/* What was sealed can be read nowhere else: whoever approves it reads it here. */
static enum fault show_sealed(struct tool *tool, const Comity__RequestView *view)
{
	struct bytes yaml = { 0 };
	bool is_opened;
	TRY(sealed_request_open(tool, view, &is_opened));
	if (!is_opened || tool->format == FORMAT_JSON)
		return OK;
	enum fault fault = yaml_write(&view->document->base, &yaml);
	if (!fault)
		print(tool, "%s", safe_lines(tool, bytes_text(&yaml)));
	bytes_wipe(&yaml);
	print_enclosures(tool, view);
	return fault;
}

static enum fault approve(struct tool *tool, const Comity__RequestView *read, const Comity__RequestView **view)
{
	const Comity__Reply *reply;
	Comity__RequestApprove order = COMITY__REQUEST_APPROVE__INIT;
	order.ref = (char *)argument(tool, 0);
	order.has_draft_sha256 = read->has_draft_sha256;
	order.draft_sha256 = read->draft_sha256;
	Comity__Call call = SUBMIT(tool, REQUEST_APPROVE, request_approve, &order);
	TRY(ask_and_keep(tool, &call, COMITY__REPLY__KIND_REQUEST, &reply));
	*view = reply->request;
	((Comity__RequestView *)*view)->document = read->sealed_draft ? read->document : NULL;
	return OK;
}

enum fault cmd_request_approve(struct tool *tool)
{
	const Comity__RequestView *read, *view;
	const char *ref = argument(tool, 0);
	TRY(get_request(tool, ref, &read));
	if (read->sealed_draft)
		TRY(show_sealed(tool, read));
	TRY(approve(tool, read, &view));
	if (printed_document(tool, &view->base))
		return OK;
	uint32_t wanted = view->has_approvals_wanted ? view->approvals_wanted : 1;
	uint32_t count = view->has_approvals_given ? view->approvals_given : 1;
	print(tool, "Approved by %s (%u of %u).\n", user_name(tool, getuid()), count, wanted);
	if (count < wanted)
		say(tool, "Next: another officer runs the same command.");
	else
		next_step(tool, "comity request send %s", ref);
	return OK;
}
