#pragma once
/* An audit log as a file: the lines as they are kept, then, in lines of JSON of their own, the heads over them that were signed and
 * counter-signed, each behind the certificates of who signed (AuditExportLine). */
#include "tools/tool.h"

/* comity audit verify FILE: is every line there, unaltered and in its place, from the line `from` up to the last head?  Asks nobody.
 * Faults: audit broken, with the first line that does not fit; identity changed, when a card of --trust says otherwise; of reading. */
enum fault audit_verify_file(struct tool *tool, const char *path, uint64_t from) MUST_CHECK;

/* What the commands about the log share (cmd_audit.c). */
enum fault audit_read_filter(struct tool *tool, Comity__AuditFilter *filter) MUST_CHECK;
enum fault audit_ask_for_lines(struct tool *tool, Comity__AuditFilter *filter, const Comity__AuditList **list) MUST_CHECK;
void audit_print_heads(struct tool *tool, const Comity__AuditReport *report);
