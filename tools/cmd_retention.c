/* Retention: what is spared, and what is destroyed when its time has come. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/print.h"

static void print_purge(struct tool *tool, const Comity__PurgeReport *report)
{
	print(tool, "policy: closed cases %s, events %s%s\n", safe(tool, report->closed_cases),
		safe(tool, report->kept_events), report->dry_run ? "  (nothing was done)" : "");
	print(tool, "  %s %" PRIu64 " cases: %" PRIu64 " messages, %" PRIu64 " attachments of %s; and %" PRIu64 " events\n",
		report->dry_run ? "would destroy" : "destroyed", report->cases, report->messages, report->attachments,
		size_of(tool, report->attachment_bytes), report->events);
	for (size_t i = 0; i < report->n_refs; i++)
		print(tool, "    %s\n", safe(tool, report->refs[i]));
	if (report->held)
		print(tool, "  spared %" PRIu64 " under a legal hold\n", report->held);
	if (report->unsettled)
		print(tool, "  spared %" PRIu64 " of which something is still on its way\n", report->unsettled);
}

enum fault cmd_store_purge(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__StorePurge purge = COMITY__STORE_PURGE__INIT;
	purge.has_dry_run = 1;
	purge.dry_run = given(tool, "dry-run") != NULL;
	Comity__Call call = CALL(STORE_PURGE, store_purge, &purge);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_PURGE, &reply));
	if (!printed_json(tool, &reply->purge->base))
		print_purge(tool, reply->purge);
	return OK;
}

static enum fault tell_done(struct tool *tool, const Comity__Reply *reply)
{
	if (!printed_json(tool, &reply->done->base))
		print(tool, "%s: %s\n", safe(tool, reply->done->ref), safe(tool, reply->done->text));
	return OK;
}

enum fault cmd_request_hold(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__RequestHold hold = COMITY__REQUEST_HOLD__INIT;
	hold.ref = (char *)argument(tool, 0);
	hold.reason = (char *)given(tool, "reason");
	Comity__Call call = SUBMIT(tool, REQUEST_HOLD, request_hold, &hold);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_DONE, &reply));
	return tell_done(tool, reply);
}

enum fault cmd_request_release_hold(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__ByReference by = COMITY__BY_REFERENCE__INIT;
	by.ref = (char *)argument(tool, 0);
	Comity__Call call = SUBMIT(tool, REQUEST_RELEASE_HOLD, request_release_hold, &by);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_DONE, &reply));
	return tell_done(tool, reply);
}
