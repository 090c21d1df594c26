/* An exported audit log, checked by whoever has the file. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/trust.h"
#include "proto/json.h"
#include "proto/mapping.h"
#include "tools/audit_file.h"
#include "tools/audit_reading.h"
#include "tools/print.h"
#include "tools/record.h"

enum { LINE_SIZE_MAX = 1 << 20, LINE_ARENA = 8 << 20, KEPT_ARENA = 1 << 30 };

enum fault audit_broken(uint64_t number, const char *what)
{
	return fault_say(FAULT_AUDIT_BROKEN, "line %" PRIu64 ": %s", number, what);
}

/* ── the lines ────────────────────────────────────────────────────────────────────────────────── */

static enum fault take_entry(struct audit_file *file, struct span line)
{
	if (file->newest || file->signatories)
		return audit_broken(file->check.head.number + 1, "it lies behind the heads");
	if (!file->check.lines) {
		const Comity__AuditEntry *first = audit_read(line, &file->line);
		file->check.from = first && first->number ? first->number : 1;
		if (file->check.from > file->from)
			return hinted(file->tool, audit_broken(file->from, "it is missing, and so is all before the first line of the file"),
				"if only a part was exported: comity audit verify FILE --line %" PRIu64, file->check.from);
	}
	audit_hold(&file->check, 0, line, &file->line);
	if (file->check.broken_at)
		return audit_broken(file->check.broken_at, file->check.what);
	return bytes_append(&file->hashes, SPAN(file->check.head.hash));
}

/* ── line by line ─────────────────────────────────────────────────────────────────────────────── */

static bool begins(struct span line, const char *words)
{
	return line.len > strlen(words) && !memcmp(line.at, words, strlen(words));
}

static enum fault take_line(struct audit_file *file, struct span line)
{
	struct document document = { 0 };
	ProtobufCMessage *message = NULL;
	arena_reset(&file->line);
	if (!begins(line, "{\"signer\":") && !begins(line, "{\"head\":"))
		return take_entry(file, line);
	enum fault fault = json_read(&document, "audit", line);
	if (!fault)
		fault = mapping_read(&document, &comity__audit_export_line__descriptor, &file->kept, &message, NULL);
	document_clear(&document);
	const Comity__AuditExportLine *read = (const Comity__AuditExportLine *)message;
	if (fault || !read || !read->signer == !read->head)
		return fault_say(FAULT_AUDIT_BROKEN, "behind the lines of the log: a head, or who signed it, cannot be read");
	return read->signer ? audit_take_signer(file, read->signer) : audit_take_head(file, read->head);
}

static enum fault read_lines(struct audit_file *file, FILE *from)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t len;
	enum fault fault = OK;
	while (!fault && (len = getline(&text, &room, from)) > 0)
		fault = len > LINE_SIZE_MAX ? fault_say(FAULT_AUDIT_BROKEN, "a line of %zd bytes is none of an audit log", len) :
			take_line(file, (struct span){ (const uint8_t *)text, (size_t)len });
	free(text);
	return fault;
}

static enum fault check_end(const struct audit_file *file)
{
	if (!file->check.lines)
		return fault_say(FAULT_AUDIT_BROKEN, "there is no line of an audit log in it");
	if (!file->newest)
		return audit_broken(file->check.head.number + 1, "no signed head is in the file: whether its end is missing cannot be told");
	if (file->newest < file->check.head.number)
		return audit_broken(file->newest + 1, "no signed head covers it: it was added, or heads are missing");
	return OK;
}

/* ── telling ──────────────────────────────────────────────────────────────────────────────────── */

static void limit(struct audit_file *file, const char *format, ...) PRINTF_LIKE(2, 3);
static void limit(struct audit_file *file, const char *format, ...)
{
	char sentence[300];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	char *kept = arena_text(&file->kept, span_of_text(sentence));
	if (kept && file->report.n_does_not_prove < ARRAY_LEN(file->limits))
		file->limits[file->report.n_does_not_prove++] = kept;
}

static void fill(struct audit_file *file)
{
	Comity__AuditReport *report = &file->report;
	char hex[DIGEST_HEX_SIZE + 1];
	hex_write(hex, SPAN(file->check.head.hash));
	report->schema = "comity.audit-report/1";
	report->has_ok = report->has_lines = report->has_from = report->has_head = report->has_heads_checked = 1;
	report->ok = 1;
	report->lines = file->check.lines;
	report->from = file->check.from;
	report->head = file->check.head.number;
	report->hash = arena_text(&file->kept, span_of_text(hex));
	report->heads = file->heads;
	report->authorities = file->authorities;
	report->does_not_prove = file->limits;
	limit(file, "what was done after line %" PRIu64 ": compare with a later export, or with the last line that a counterpart counter-signed",
		report->head);
	if (report->from > 1)
		limit(file, "what was done before line %" PRIu64 ", from where on it was exported", report->from);
	limit(file, "that a line was true when it was written: whoever ruled the machine then could have written another");
	limit(file, "that no key which signed was revoked by then: lists of revoked certificates are not in the file");
}

static void print_all(struct tool *tool, const Comity__AuditReport *report, const char *authority)
{
	print(tool, "VALID  lines %" PRIu64 " to %" PRIu64 " of the audit log of %s, each with the hash of the one before; %u signed heads fit them.\n",
		report->from, report->head, safe(tool, authority), report->heads_checked);
	audit_print_heads(tool, report);
	for (size_t i = 0; i < report->n_authorities; i++)
		print(tool, " identity       %s  %s%s\n", safe(tool, report->authorities[i]->authority), safe(tool, report->authorities[i]->digits),
			report->authorities[i]->pinned ? "  (that of the card)" : "  (compare it: by telephone, or with --trust CARD)");
	for (size_t i = 0; i < report->n_does_not_prove; i++)
		print(tool, " does not prove %s\n", report->does_not_prove[i]);
}

static enum fault verify(struct audit_file *file, const char *path)
{
	FILE *from = fopen(path, "re");
	if (!from)
		return fault_say(FAULT_NO_INPUT, "%s: %s", path, strerror(errno));
	enum fault fault = read_lines(file, from);
	if (!fault && ferror(from))
		fault = fault_say(FAULT_NO_INPUT, "%s: it cannot be read", path);
	fclose(from);
	TRY(fault);
	TRY(check_end(file));
	TRY(audit_pin_cards(file));
	fill(file);
	if (file->kept.was_refused)
		return arena_fault(&file->kept);
	if (!printed_document(file->tool, &file->report.base))
		print_all(file->tool, &file->report, file->authority);
	return OK;
}

enum fault audit_verify_file(struct tool *tool, const char *path, uint64_t from)
{
	struct audit_file file = { .tool = tool, .from = from, .check = { .from = 1 }, .report = COMITY__AUDIT_REPORT__INIT };
	arena_init(&file.line, LINE_ARENA);
	arena_init(&file.kept, KEPT_ARENA);
	enum fault fault = verify(&file, path);
	for (struct signatory *one = file.signatories; one; one = one->next)
		trust_free(one->trust);
	bytes_clear(&file.hashes);
	arena_clear(&file.line);
	arena_clear(&file.kept);
	return fault;
}
