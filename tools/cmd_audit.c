/* The audit log: what was done here, by whom, with which result. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/audit_file.h"
#include "tools/commands.h"
#include "tools/print.h"
#include "tools/record.h"

static enum fault read_number(struct tool *tool, const char *option, uint64_t most, protobuf_c_boolean *has, uint64_t *number)
{
	const char *text = given(tool, option);
	char *end;
	if (!text)
		return OK;
	errno = 0;
	*number = strtoull(text, &end, 10);
	*has = 1;
	if (errno || *end || end == text || *text == '-' || *number > most)
		return fault_say(FAULT_USAGE, "--%s takes a number, not \"%.40s\"", option, text);
	return OK;
}

enum fault audit_read_filter(struct tool *tool, Comity__AuditFilter *filter)
{
	uint64_t uid = 0;
	TRY(read_number(tool, "line", UINT64_MAX, &filter->has_from, &filter->from));
	TRY(read_number(tool, "uid", UINT32_MAX, &filter->has_uid, &uid));
	filter->uid = (uint32_t)uid;
	filter->has_refused = 1;
	filter->refused = given(tool, "refused") != NULL;
	filter->role = given(tool, "daemon") ? "daemon" : NULL;
	filter->act = given(tool, "act") ? lower(tool, given(tool, "act")) : NULL;
	for (char *at = filter->act; at && *at; at++)
		*at = *at == '-' ? '_' : *at;	/* as the schema names calls */
	return OK;
}

enum fault audit_ask_for_lines(struct tool *tool, Comity__AuditFilter *filter, const Comity__AuditList **list)
{
	const Comity__Reply *reply;
	Comity__Call call = CALL(AUDIT_LIST, audit_list, filter);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_AUDIT, &reply));
	*list = reply->audit;
	return OK;
}

static void add_row(struct tool *tool, struct table *table, const Comity__AuditEntry *entry)
{
	char number[24], uid[16];
	snprintf(number, sizeof number, "%" PRIu64, entry->number);
	snprintf(uid, sizeof uid, "%u", entry->uid);
	ROW(tool, table, safe(tool, number), time_of(tool, entry->at), entry->has_uid ? safe(tool, uid) : "-",
		safe(tool, entry->role), safe(tool, entry->act), safe(tool, entry->result), brief(tool, entry->subject, WHOLE));
}

enum fault cmd_audit_list(struct tool *tool)
{
	Comity__AuditFilter filter = COMITY__AUDIT_FILTER__INIT;
	const Comity__AuditList *list;
	TRY(audit_read_filter(tool, &filter));
	TRY(audit_ask_for_lines(tool, &filter, &list));
	if (printed_json(tool, &list->base))
		return OK;
	struct table table = TABLE(">LINE", "AT", ">UID", "ROLE", "ACT", "RESULT", "~ABOUT");
	for (size_t i = 0; i < list->n_data; i++)
		add_row(tool, &table, list->data[i]->entry);
	table_print(tool, &table);
	return OK;
}

/* ── heads ────────────────────────────────────────────────────────────────────────────────────────── */

void audit_print_heads(struct tool *tool, const Comity__AuditReport *report)
{
	for (size_t i = 0; i < report->n_heads; i++) {
		const Comity__AuditHead *head = report->heads[i];
		print(tool, "  signed up to line %" PRIu64 " at %s, counter-signed by", head->number, time_of(tool, head->at));
		for (size_t k = 0; k < head->n_witnesses; k++)
			print(tool, "%s %s", k ? "," : "", safe(tool, head->witnesses[k]->authority));
		print(tool, head->n_witnesses ? "\n" : " nobody yet\n");
	}
}

enum fault cmd_audit_head(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__Nothing nothing = COMITY__NOTHING__INIT;
	Comity__Call call = CALL(AUDIT_HEAD, audit_head, &nothing);
	TRY(ask(tool, &call, COMITY__REPLY__KIND_AUDIT_REPORT, &reply));
	if (printed_json(tool, &reply->audit_report->base))
		return OK;
	print(tool, "Line %" PRIu64 "  %s\n", reply->audit_report->head, safe(tool, reply->audit_report->hash));
	audit_print_heads(tool, reply->audit_report);
	return OK;
}

enum fault cmd_audit_verify(struct tool *tool)
{
	const Comity__Reply *reply;
	Comity__AuditVerify verify = COMITY__AUDIT_VERIFY__INIT;
	TRY(read_number(tool, "line", UINT64_MAX, &verify.has_from, &verify.from));
	if (argument(tool, 0))
		return audit_verify_file(tool, argument(tool, 0), verify.has_from ? verify.from : 1);
	Comity__Call call = CALL(AUDIT_VERIFY, audit_verify, &verify);
	TRY(ask_patiently(tool, &call, COMITY__REPLY__KIND_AUDIT_REPORT, &reply));
	const Comity__AuditReport *report = reply->audit_report;
	if (!report->ok)
		return fault_say(FAULT_AUDIT_BROKEN, "line %" PRIu64 ": %s", report->broken_at, safe(tool, report->text));
	if (printed_json(tool, &report->base))
		return OK;
	print(tool, "%" PRIu64 " lines, each with the hash of the one before; %u signed heads fit them. The head is line %" PRIu64
		"\n  %s\n", report->lines, report->heads_checked, report->head, safe(tool, report->hash));
	audit_print_heads(tool, report);
	return OK;
}
