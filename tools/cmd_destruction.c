/* A case that is destroyed for good: the certificate of it, and that the counterpart is told. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "certs/files.h"
#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/destruction.h"
#include "tools/print.h"

/* ── shown ────────────────────────────────────────────────────────────────────────────────────── */

/* How far the message came in which they were told. */
static const char *transport_of(struct tool *tool, const Comity__RequestView *view, const char *message_id)
{
	for (size_t i = 0; i < view->n_messages; i++)
		if (view->messages[i]->message_id && !strcmp(view->messages[i]->message_id, message_id))
			return word_of(tool, &comity__transport__value__descriptor, (int)view->messages[i]->transport);
	return "-";
}

static void print_ours(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Destruction *ours = view->request->destruction;
	if (!ours)
		return;
	print(tool, "  DESTROYED    %s, by uid %u: %s; certificate: comity case certificate\n", time_of(tool, ours->at), ours->actor_uid,
		safe_or(tool, ours->reason, "-"));
	if (!view->request->purged_at)
		print(tool, "               and it is here again, from a backup that was older: destroy it again\n");
	if (ours->told_in)
		print(tool, "               %s was told in message %s: %s\n", safe(tool, view->request->peer), safe(tool, ours->told_in),
			transport_of(tool, view, ours->told_in));
}

void print_destruction(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	const Comity__DestructionThere *theirs = request->destroyed_there;
	bool is_by_policy = request->purged_at && (!request->destruction || strcmp(request->destruction->at, request->purged_at));
	if (is_by_policy)
		print(tool, "  PURGED       %s: its content was destroyed by the retention policy; receipts and references are kept\n",
			time_of(tool, request->purged_at));
	print_ours(tool, view);
	if (theirs)
		print(tool, "  DESTROYED THERE  %s, says %s, by %s: %s; certificate verified, of %u messages, in message %s\n",
			time_of(tool, theirs->at), safe(tool, request->peer), safe_or(tool, theirs->by, "-"), safe_or(tool, theirs->reason, "-"),
			theirs->messages, safe_or(tool, theirs->message_id, "-"));
}

/* ── its certificate ──────────────────────────────────────────────────────────────────────────── */

/* FILE.p7s first: what has the text has its signature too. */
static enum fault write_certificate(const Comity__Destruction *destruction, const char *path)
{
	char beside[PATH_MAX];
	if (snprintf(beside, sizeof beside, "%s.p7s", path) >= (int)sizeof beside)
		return fault_say(FAULT_USAGE, "the path %.60s… is too long", path);
	TRY(file_create(beside, FILE_PUBLIC, (struct span){ destruction->signature.data, destruction->signature.len }));
	return file_create(path, FILE_PUBLIC, span_of_text(destruction->text));
}

static enum fault export_certificate(struct tool *tool, const char *path, const Comity__RequestView **view)
{
	TRY(get_request(tool, argument(tool, 0), view));
	const Comity__Destruction *destruction = (*view)->request->destruction;
	if (!destruction || !destruction->text)
		return fault_say(FAULT_NOT_FOUND, "%.80s was not destroyed by an operator: there is no certificate", argument(tool, 0));
	return path ? write_certificate(destruction, path) : OK;
}

enum fault cmd_case_destroy(struct tool *tool)
{
	const Comity__Reply *reply;
	const Comity__RequestView *view;
	Comity__CaseDestroy destroy = COMITY__CASE_DESTROY__INIT;
	destroy.ref = (char *)argument(tool, 0);
	destroy.reason = (char *)given(tool, "reason");
	if (strcmp(destroy.ref, given(tool, "confirm")))
		return fault_say(FAULT_USAGE, "--confirm=%.40s does not name %.40s: nothing was done", given(tool, "confirm"), destroy.ref);
	Comity__Call call = CALL(CASE_DESTROY, case_destroy, &destroy);
	enum fault fault = ask_patiently(tool, &call, COMITY__REPLY__KIND_DONE, &reply);
	if (fault == FAULT_TOO_LARGE)
		return hinted(tool, fault, "the retention policy destroys it when its time has come, without a certificate: retention in comityd(8)");
	TRY(fault);
	if (!printed_json(tool, &reply->done->base))
		print(tool, "%s: %s\n", safe(tool, reply->done->ref), safe(tool, reply->done->text));
	return given(tool, "output") ? export_certificate(tool, given(tool, "output"), &view) : OK;
}

/* Nothing leaves that was not shown: an internal number of a user, and a reason that was written for our own files. */
static enum fault show_notice(struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Destruction *destruction = view->request->destruction;
	if (printed_json(tool, &destruction->base))
		return OK;
	print(tool, "%s would be told this, with its signature and the certificates of the key that made it:\n\n%s\n",
		safe(tool, view->request->peer), safe_lines(tool, destruction->text));
	next_step(tool, "comity case notify %s --confirm=%s    (it cannot be taken back once it is signed)", safe(tool, argument(tool, 0)),
		safe(tool, argument(tool, 0)));
	return OK;
}

enum fault cmd_case_notify(struct tool *tool)
{
	const Comity__Reply *reply;
	const Comity__RequestView *view;
	const char *ref = argument(tool, 0), *confirmed = given(tool, "confirm");
	Comity__CaseNotify notify = COMITY__CASE_NOTIFY__INIT;
	TRY(check_wait(tool));
	if (confirmed && strcmp(ref, confirmed))
		return fault_say(FAULT_USAGE, "--confirm=%.40s does not name %.40s: nothing was sent", confirmed, ref);
	if (!confirmed && !given(tool, "dry-run"))
		return fault_say(FAULT_USAGE, "the reason and who destroyed it are told to another State: see what with --dry-run, then --confirm=%.40s", ref);
	TRY(export_certificate(tool, NULL, &view));
	if (given(tool, "dry-run"))
		return show_notice(tool, view);
	notify.ref = (char *)ref;
	notify.officer = (char *)given(tool, "officer");
	Comity__Call call = SUBMIT(tool, CASE_NOTIFY, case_notify, &notify);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_SUBMITTED, &reply));
	return tell_submitted(tool, reply->submitted, "The certificate of the destruction");
}

enum fault cmd_case_certificate(struct tool *tool)
{
	const Comity__RequestView *view;
	TRY(export_certificate(tool, given(tool, "output"), &view));
	if (!printed_json(tool, &view->request->destruction->base))
		print(tool, "%s\n", safe(tool, given(tool, "output")));
	return OK;
}
