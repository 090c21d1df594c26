/* Backups: made and listed by the daemon, looked at with or without it, put in place only without it. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/files.h"
#include "tools/print.h"
#include "tools/problems.h"
#include "tools/record.h"
#include "tools/service.h"

/* The daemon has another working directory. */
static enum fault absolute(struct tool *tool, const char *path, char **whole)
{
	char here[PATH_MAX], joined[2 * PATH_MAX];
	if (path[0] != '/' && !getcwd(here, sizeof here))
		return fault_say(FAULT_IO, "the current directory: %s", strerror(errno));
	snprintf(joined, sizeof joined, "%s%s%s", path[0] == '/' ? "" : here, path[0] == '/' ? "" : "/", path);
	for (size_t len = strlen(joined); len > 1 && joined[len - 1] == '/'; len--)
		joined[len - 1] = 0;
	*whole = arena_text(&tool->arena, span_of_text(joined));
	return *whole ? OK : FAULT_NO_MEMORY;
}

/* ── what is told of one ──────────────────────────────────────────────────────────────────────── */

static void print_ledger(struct tool *tool, const Comity__SurveyReport *ledger)
{
	if (!ledger)
		return;
	print(tool, "  ledger       %" PRIu64 " records, %" PRIu64 " messages, %" PRIu64 " manifests in %" PRIu64 " chains", ledger->records,
		ledger->messages, ledger->manifests, ledger->chains);
	if (ledger->signatures)
		print(tool, ", %" PRIu64 " signatures verified", ledger->signatures);
	print(tool, "\n");
	print_problems(tool, ledger->findings, ledger->n_findings);
}

static void print_report(struct tool *tool, const Comity__BackupReport *report)
{
	print(tool, "  of           %s, %s, up to event %" PRIu64 "\n", safe(tool, report->authority), time_of(tool, report->at),
		report->events);
	print(tool, "  holds        a ledger of %s, %" PRIu64 " attachments of %s", size_of(tool, report->store_bytes),
		report->attachments, size_of(tool, report->attachment_bytes));
	if (report->has_new_attachments)
		print(tool, " (%" PRIu64 " new, %s)", report->new_attachments, size_of(tool, report->new_attachment_bytes));
	print(tool, "\n");
	print_ledger(tool, report->ledger);
	print_problems(tool, report->problems, report->n_problems);
}

/* The answer is on stdout, and it is that something is wrong. */
static enum fault judged(struct tool *tool, bool is_ok)
{
	tool->is_told = !is_ok;
	tool->exit_status = is_ok ? 0 : 1;
	return is_ok ? OK : FAULT_BAD_BACKUP;
}

/* ── create ───────────────────────────────────────────────────────────────────────────────────── */

enum fault cmd_backup_create(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__BackupCreate create = COMITY__BACKUP_CREATE__INIT;
	TRY(absolute(tool, given(tool, "output"), &create.directory));
	create.has_keys = 1;
	create.keys = given(tool, "keys") != NULL;
	Comity__Call call = CALL(BACKUP_CREATE, backup_create, &create);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_BACKUP, &reply));
	const Comity__BackupReport *report = reply->backup;
	if (printed_document(tool, &report->base))
		return judged(tool, report->ok);
	print(tool, "%s\n", safe(tool, report->path));
	print_report(tool, report);
	say(tool, report->keys ? "Our private keys ARE inside: guard it as you guard them." :
		"Our private keys are NOT inside (use --keys): without them it can be restored only where they are.");
	next_step(tool, "comity backup verify %s", safe(tool, report->path));
	return judged(tool, report->ok);
}

/* ── verify ───────────────────────────────────────────────────────────────────────────────────── */

/* What comityd wrote to its standard output. */
static enum fault take_report(struct tool *tool, struct bytes *said, const Comity__BackupReport **report)
{
	ProtobufCMessage *message;
	TRY(document_parse(tool, "comityd", span_of(said), &comity__backup_report__descriptor, &message));
	*report = (const Comity__BackupReport *)message;
	return OK;
}

static enum fault ask_service(struct tool *tool, const char *const *words, const Comity__BackupReport **report)
{
	struct bytes said = { 0 };
	enum fault fault = service_run(tool, words, &said);
	if (!fault)
		fault = take_report(tool, &said, report);
	bytes_clear(&said);
	return fault;
}

/* By the daemon, which remembers it; without one, by comityd run for this. */
static enum fault verify(struct tool *tool, char *path, const Comity__BackupReport **report)
{
	const Comity__Reply *reply;
	Comity__BackupVerify verify = COMITY__BACKUP_VERIFY__INIT;
	bool is_deep = given(tool, "deep") != NULL;
	verify.path = path;
	verify.has_deep = 1;
	verify.deep = is_deep;
	Comity__Call call = CALL(BACKUP_VERIFY, backup_verify, &verify);
	enum fault fault = ask_patiently(tool, &call, COMITY__REPLY__KIND_BACKUP, &reply);
	if (fault == FAULT_DAEMON_AWAY)
		return ask_service(tool, (const char *const[]){ is_deep ? "--verify-backup-deep" : "--verify-backup", path, NULL },
			report);
	TRY(fault);
	*report = reply->backup;
	return OK;
}

enum fault cmd_backup_verify(struct tool *tool)
{
	const Comity__BackupReport *report;
	char *path;
	TRY(absolute(tool, argument(tool, 0), &path));
	TRY(verify(tool, path, &report));
	if (printed_document(tool, &report->base))
		return judged(tool, report->ok);
	print(tool, "%s: %s\n", safe(tool, report->path), report->ok ? "whole and genuine" : "NOT whole");
	print_report(tool, report);
	print(tool, "  read         %" PRIu64 " of %" PRIu64 " files, and compared%s\n", report->files_read, report->files,
		report->files_read < report->files ? " (--deep reads all)" : "");
	print(tool, "  signed by    %s\n", safe(tool, report->digits));
	return judged(tool, report->ok);
}

/* ── restore ──────────────────────────────────────────────────────────────────────────────────── */

static void print_restored(struct tool *tool, const Comity__BackupReport *report)
{
	print(tool, "%s is in place again as it was at %s, and on hold.\n", safe(tool, report->authority),
		time_of(tool, report->at));
	print_report(tool, report);
	for (size_t i = 0; i < report->n_restored; i++)
		print(tool, "  put back     %s\n", safe(tool, report->restored[i]));
	if (report->newer_events)
		print(tool, "  NEWER        the store that was here had %" PRIu64 " events more; it was kept\n", report->newer_events);
	if (report->store_aside)
		print(tool, "  kept         %s\n", safe(tool, report->store_aside));
	if (report->blobs_aside)
		print(tool, "  kept         %s\n", safe(tool, report->blobs_aside));
}

enum fault cmd_backup_restore(struct tool *tool)
{
	const Comity__BackupReport *report;
	char *path;
	TRY(absolute(tool, argument(tool, 0), &path));
	TRY(ask_service(tool, (const char *const[]){ "--restore-backup", path, "--confirm", given(tool, "confirm"), NULL },
		&report));
	if (!printed_json(tool, &report->base))
		print_restored(tool, report);
	next_step(tool, "comityd%s%s         start it: it asks every peer how far they are, and sends nothing", tool->home ?
		" --home " : "", tool->home ? tool->home : "");
	next_step(tool, "comity status       shows what is missing");
	next_step(tool, "comity daemon release");
	return judged(tool, report->ok);
}

enum fault cmd_daemon_release(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = SUBMIT(tool, DAEMON_RELEASE, daemon_release, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_DONE, &reply));
	if (!printed_json(tool, &reply->done->base))
		print(tool, "%s\n", safe(tool, reply->done->text));
	return OK;
}

/* ── list ─────────────────────────────────────────────────────────────────────────────────────── */

enum fault cmd_backup_list(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__BackupsOf set = COMITY__BACKUPS_OF__INIT;
	struct table table = TABLE("MADE AT", "AUTHORITY", ">EVENTS", ">LEDGER", ">ATTACHMENTS", ">BYTES", "KEYS", "PATH");
	if (argument(tool, 0))
		TRY(absolute(tool, argument(tool, 0), &set.directory));
	Comity__Call call = CALL(BACKUP_LIST, backup_list, &set);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_BACKUPS, &reply));
	if (printed_json(tool, &reply->backups->base))
		return OK;
	for (size_t i = 0; i < reply->backups->n_data; i++) {
		const Comity__BackupReport *one = reply->backups->data[i];
		char events[24], attachments[24];
		snprintf(events, sizeof events, "%" PRIu64, one->events);
		snprintf(attachments, sizeof attachments, "%" PRIu64, one->attachments);
		ROW(tool, &table, time_of(tool, one->at), safe(tool, one->authority), safe(tool, events),
			size_of(tool, one->store_bytes), safe(tool, attachments), size_of(tool, one->attachment_bytes),
			one->keys ? "inside" : "no", safe(tool, one->path));
	}
	table_print(tool, &table);
	return OK;
}
