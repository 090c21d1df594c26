/* comity audit export: the log up to a head that is signed now, and everything it takes to check it. */
#include <inttypes.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/files.h"
#include "proto/json.h"
#include "tools/audit_file.h"
#include "tools/commands.h"
#include "tools/print.h"
#include "tools/record.h"

/* So that the end of the file is covered, whatever is done meanwhile. */
static enum fault sign_head(struct tool *tool, uint64_t *last)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(AUDIT_HEAD, audit_head, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_AUDIT_REPORT, &reply));
	*last = reply->audit_report->head;
	return OK;
}

/* Lines are there without a gap, so that their number says how many are wanted. */
static enum fault add_lines(struct tool *tool, uint64_t last, struct bytes *text, size_t *count)
{
	Comity__AuditFilter filter = COMITY__AUDIT_FILTER__INIT;
	const Comity__AuditList *list;
	TRY(audit_read_filter(tool, &filter));
	filter.has_raw = filter.raw = 1;
	TRY(audit_ask_for_lines(tool, &filter, &list));
	uint64_t first = filter.from ? filter.from : 1;
	for (*count = 0; *count < list->n_data && first + *count <= last; ++*count)
		TRY(bytes_append_text(text, list->data[*count]->line));
	return OK;
}

static enum fault add_line(const Comity__AuditExportLine *line, struct bytes *text)
{
	TRY(json_write(&line->base, JSON_COMPACT_STYLE, text));
	return bytes_append_text(text, "\n");
}

/* Each signer once, before the first head that he signed. */
static enum fault add_signer(Comity__AuditSigner *signer, struct bytes *known, struct bytes *text)
{
	uint8_t sum[DIGEST_SIZE];
	Comity__AuditExportLine line = COMITY__AUDIT_EXPORT_LINE__INIT;
	digest_of(sum, signer->n_chain ? (struct span){ signer->chain[0].data, signer->chain[0].len } : (struct span){ 0 });
	for (size_t at = 0; at < known->len; at += DIGEST_SIZE)
		if (!memcmp(known->at + at, sum, DIGEST_SIZE))
			return OK;
	TRY(bytes_append(known, SPAN(sum)));
	line.signer = signer;
	return add_line(&line, text);
}

static enum fault add_head(const Comity__AuditSeal *seal, struct bytes *known, struct bytes *text)
{
	Comity__AuditExportLine line = COMITY__AUDIT_EXPORT_LINE__INIT;
	for (size_t i = 0; i < seal->n_signers; i++)
		TRY(add_signer(seal->signers[i], known, text));
	line.head = seal->head;
	return add_line(&line, text);
}

static enum fault add_heads(struct tool *tool, uint64_t last, struct bytes *text)
{
	const Comity__Reply *reply;
	struct bytes known = { 0 };
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(AUDIT_HEADS, audit_heads, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_AUDIT_SEALS, &reply));
	enum fault fault = OK;
	for (size_t i = 0; i < reply->audit_seals->n_data && !fault; i++)
		if (reply->audit_seals->data[i]->head && reply->audit_seals->data[i]->head->number <= last)
			fault = add_head(reply->audit_seals->data[i], &known, text);
	bytes_clear(&known);
	return fault;
}

static enum fault save(struct tool *tool, const char *path, const struct bytes *text, size_t count)
{
	Comity__SavedFile saved = COMITY__SAVED_FILE__INIT;
	TRY(file_create(path, FILE_PRIVATE, span_of(text)));
	saved.schema = "comity.saved/1";
	saved.file = (char *)path;
	saved.has_size = 1;
	saved.size = text->len;
	if (printed_document(tool, &saved.base))
		return OK;
	print(tool, "Wrote %zu lines, and the heads that were signed over them, to %s\n", count, path);
	next_step(tool, "comity audit verify %s    (anywhere, without the daemon)", safe(tool, path));
	return OK;
}

enum fault cmd_audit_export(struct tool *tool)
{
	struct bytes text = { 0 };
	uint64_t last = 0;
	size_t count = 0;
	enum fault fault = sign_head(tool, &last);
	if (!fault)
		fault = add_lines(tool, last, &text, &count);
	if (!fault)
		fault = add_heads(tool, last, &text);
	if (!fault)
		fault = save(tool, given(tool, "output"), &text, count);
	bytes_clear(&text);
	return fault;
}
