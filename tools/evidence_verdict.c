/* A verdict about evidence, in words. */
#include "tools/evidence_verdict.h"

#include <inttypes.h>
#include <string.h>

#include "certs/card.h"
#include "certs/trust.h"
#include "tools/print.h"
#include "tools/record.h"

enum fault verdict_open(struct tool *tool, const char *path, struct verdict **verdict)
{
	struct verdict *made = arena_alloc(&tool->arena, sizeof *made);
	if (!made)
		return FAULT_NO_MEMORY;
	*made = (struct verdict){ .tool = tool, .trust = trust_new(), .report = COMITY__EVIDENCE_REPORT__INIT };
	Comity__EvidenceReport *report = &made->report;
	report->schema = "comity.evidence-report/1";
	report->has_valid = report->has_messages = report->has_receipted = report->has_complete = report->has_attachments
		= report->has_manifests = report->has_stamp_pending = 1;
	enum fault fault = made->trust ? dossier_read(&made->dossier, path) : FAULT_NO_MEMORY;
	if (fault)
		verdict_close(made);
	else
		*verdict = made;
	return fault;
}

void verdict_close(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->card_count; i++)
		card_clear(&verdict->cards[i]);
	dossier_clear(&verdict->dossier);
	trust_free(verdict->trust);
}

void verdict_wrong(struct verdict *verdict, enum fault fault, const char *where, const char *why)
{
	struct arena *arena = &verdict->tool->arena;
	bool is_kept = verdict->problem_count++ < SENTENCES_MAX;	/* counted in any case: it decides what is valid */
	Comity__Problem *problem = is_kept ? arena_alloc(arena, sizeof *problem) : NULL;
	if (!problem)
		return;
	comity__problem__init(problem);
	problem->severity = "error";
	problem->code = (char *)fault_slug(fault);
	problem->path = arena_text(arena, span_of_text(where));
	problem->message = arena_text(arena, span_of_text(why));
	verdict->problems[verdict->report.n_problems++] = problem;
}

static void keep(struct verdict *verdict, char **list, size_t *count, const char *format, va_list arguments)
{
	char sentence[400];
	vsnprintf(sentence, sizeof sentence, format, arguments);
	char *kept = arena_text(&verdict->tool->arena, span_of_text(sentence));
	if (kept && *count < SENTENCES_MAX)
		list[(*count)++] = kept;
}

void verdict_proven(struct verdict *verdict, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	keep(verdict, verdict->proves, &verdict->report.n_proves, format, arguments);
	va_end(arguments);
}

void verdict_unproven(struct verdict *verdict, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	keep(verdict, verdict->does_not_prove, &verdict->report.n_does_not_prove, format, arguments);
	va_end(arguments);
}

/* ── in words ─────────────────────────────────────────────────────────────────────────────────── */

static const char *const limits[] = {
	"that a person read a message: a receipt is given by a system, the act of an official is the acknowledgement",
	"that there is no further message about this request than those that are listed",
	"what README.txt, SUMMARY.txt and readable/ say: nobody signed them, they only help to read",
};

static void describe_message(struct verdict *verdict, const struct dossier_message *message)
{
	if (!message->is_dispatched)
		return;
	char hex[DIGEST_HEX_SIZE + 1];
	hex_write(hex, SPAN(message->part->sha256));
	if (message->refused)
		verdict_proven(verdict, "%s refused message %s of %s, signed, for: %s", message->to, message->id, message->from, message->refused);
	else if (message->is_receipted)
		verdict_proven(verdict, "%s signed a receipt of message %s of %s (sha256 %.16s...)%s, at %s by its own clock", message->receipted_by,
			message->id, message->from, hex, message->is_complete ? " with all attachments" : "", message->receipted_at);
	else if (message->is_withdrawn)
		verdict_proven(verdict, "%s dropped message %s (sha256 %.16s...) before it was delivered", message->from, message->id, hex);
	else
		verdict_proven(verdict, "%s sent message %s (sha256 %.16s...); of its receipt there is no evidence", message->from, message->id, hex);
}

static void describe_stamps(struct verdict *verdict)
{
	const Comity__EvidenceReport *report = &verdict->report;
	for (size_t i = 0; i < report->n_stamps; i++)
		verdict_proven(verdict, "all of this file%s was there at %s, by the clock of the time stamping authority %.150s",
			i ? " with the stamps before this one" : "", verdict->stamps[i]->at, verdict->stamps[i]->authority);
	if (report->stamp_pending)
		verdict_unproven(verdict, "the time by any clock but the two authorities' own: time stamp pending (comity evidence stamp)");
	else if (!report->n_stamps)
		verdict_unproven(verdict, "the time by any clock but the two authorities' own: there is no time stamp of a third party");
	else
		verdict_unproven(verdict, "since when it was there: a time stamp says by when; and whether the key that stamped was lost since, "
			"for which a later stamp is the remedy");
}

static void describe(struct verdict *verdict)
{
	for (const struct dossier_message *one = verdict->dossier.messages; one; one = one->next)
		describe_message(verdict, one);
	for (size_t i = 0; i < verdict->report.n_authorities; i++) {
		const Comity__EvidenceAuthority *one = verdict->authorities[i];
		if (one->has_first)
			verdict_proven(verdict, "nothing was removed from or put into what %s signed, from its manifest %" PRIu64 " to %" PRIu64,
				one->authority, one->first, one->last);
	}
	for (size_t i = 0; i < verdict->report.n_authorities; i++)
		if (verdict->authorities[i]->training)
			verdict_unproven(verdict, "anything in law: %s is an authority for training", verdict->authorities[i]->authority);
	describe_stamps(verdict);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		verdict_unproven(verdict, "%s", limits[i]);
}

static void print_authorities(struct tool *tool, const Comity__EvidenceReport *report)
{
	for (size_t i = 0; i < report->n_authorities; i++) {
		const Comity__EvidenceAuthority *one = report->authorities[i];
		print(tool, " identity       %s  %s%s%s\n", safe(tool, one->authority), safe_or(tool, one->digits, "-"),
			one->training ? "  FOR TRAINING" : "",
			one->pinned ? "  (that of the card)" : "  (compare it: by telephone, or with --trust CARD)");
	}
}

static void print_stamps(struct tool *tool, const Comity__EvidenceReport *report)
{
	for (size_t i = 0; i < report->n_stamps; i++)
		print(tool, " time stamp     %s  %s, under the root %s%s\n", report->stamps[i]->at, safe(tool, report->stamps[i]->authority),
			report->stamps[i]->root, report->stamps[i]->pinned ? "  (one of --tsa-ca)" : "  (compare it, or give --tsa-ca FILE)");
	if (report->stamp_pending)
		print(tool, " time stamp     pending\n");
}

static void print_report(struct tool *tool, const Comity__EvidenceReport *report)
{
	print(tool, "%s  %u messages, %u receipted, %u complete; %u attachments, %u manifests\n", report->valid ? "VALID" : "NOT VALID",
		report->messages, report->receipted, report->complete, report->attachments, report->manifests);
	for (size_t i = 0; i < report->n_problems; i++)
		print(tool, " WRONG          %s: %s [%s]\n", safe(tool, report->problems[i]->path), safe(tool, report->problems[i]->message),
			safe(tool, report->problems[i]->code));
	print_authorities(tool, report);
	print_stamps(tool, report);
	for (size_t i = 0; i < report->n_proves; i++)
		print(tool, " proves         %s\n", safe(tool, report->proves[i]));
	for (size_t i = 0; i < report->n_does_not_prove; i++)
		print(tool, " does not prove %s\n", safe(tool, report->does_not_prove[i]));
}

enum fault verdict_tell(struct verdict *verdict)
{
	struct tool *tool = verdict->tool;
	Comity__EvidenceReport *report = &verdict->report;
	report->valid = !verdict->problem_count;
	if (report->valid)
		describe(verdict);
	report->problems = verdict->problems;
	report->proves = verdict->proves;
	report->does_not_prove = verdict->does_not_prove;
	report->authorities = verdict->authorities;
	report->stamps = verdict->stamps;
	if (!printed_document(tool, &report->base))
		print_report(tool, report);
	if (report->valid)
		return OK;
	tool->is_told = true;
	return FAULT_BAD_EVIDENCE;
}
