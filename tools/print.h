#pragma once
/* Answers and talk: text for people, tabs for awk, JSON for programs. */
#include <stdarg.h>

#include "tools/tool.h"

/* ── the answer ───────────────────────────────────────────────────────────────────────────────── */

/* With --json: the document, as one line, and true.  Else false: print it for people. */
bool printed_json(struct tool *tool, const ProtobufCMessage *document);
void print(struct tool *tool, const char *format, ...) PRINTF_LIKE(2, 3);
/* How wide is the terminal behind this descriptor?  0: it is none. */
int terminal_columns(int fd);
/* Give out now what was printed so far: for commands that go on. */
enum fault print_now(struct tool *tool) MUST_CHECK;

/* ── talk ─────────────────────────────────────────────────────────────────────────────────────── */

/* On stderr, not with --quiet or --json. */
void say(struct tool *tool, const char *format, ...) PRINTF_LIKE(2, 3);
/* "Next:" and the command, when hints are wanted (COMITY_HINTS). */
void next_step(struct tool *tool, const char *format, ...) PRINTF_LIKE(2, 3);
/* A command that is proposed, as it must be typed here: with the --home of this one.  Lives as long as the tool. */
const char *as_typed(struct tool *tool, const char *command);

/* ── words ────────────────────────────────────────────────────────────────────────────────────── */

/* Somebody's text on one line, harmless to a terminal; "" for NULL.  Lives as long as the tool. */
const char *safe(struct tool *tool, const char *text);
const char *safe_or(struct tool *tool, const char *text, const char *otherwise);	/* when it is empty */
const char *safe_lines(struct tool *tool, const char *text);	/* line feeds stay */
const char *cut(struct tool *tool, const char *text, size_t columns);	/* with "…" at its end when it is wider */
#define WHOLE SIZE_MAX		/* not cut, unless the table is too wide for the terminal */
const char *brief(struct tool *tool, const char *text, size_t columns);	/* flowing, cut to that width; whole with --plain */
/* An enum value as people write it: "info-requested". */
const char *word_of(struct tool *tool, const ProtobufCEnumDescriptor *type, int value);
#define WORD(tool, type, value) word_of(tool, &comity__##type##__value__descriptor, (int)(value))	/* of the schema's enum of that name */
/* And back, with a suggestion; `what` names it in the sentence.  Faults: usage. */
enum fault word_read(const ProtobufCEnumDescriptor *type, const char *what, const char *text, int *value) MUST_CHECK;
/* A time of the record as the user's clock shows it: "2026-11-23 10:12 +01:00". */
const char *time_of(struct tool *tool, const char *stamp);
const char *ago(struct tool *tool, const char *stamp);		/* "3 h"; "-" when it is not known */
const char *size_of(struct tool *tool, uint64_t bytes);		/* "14.2 MiB"; with --plain the number of bytes */
/* RFC 3339 with the offset of this place, from whatever moment_read() takes.  Faults: usage. */
enum fault legal_time(struct tool *tool, const char *option, const char *text, char **stamp) MUST_CHECK;

/* ── tables ───────────────────────────────────────────────────────────────────────────────────── */

enum { TABLE_COLUMNS_MAX = 12 };

/* Rows of cells, aligned when printed.  A heading that begins with '>' is set to the right; one with '~' is of text, which is cut
 * where the terminal is too narrow, but never with --plain or when the answer goes elsewhere. */
struct table {
	const char *headings[TABLE_COLUMNS_MAX];
	size_t columns;
	bool is_bare;			/* without its headings */
	const char **cells;		/* in the tool's arena */
	size_t count, room;
};
void table_row(struct tool *tool, struct table *table, const char *const *cells);
void table_print(struct tool *tool, const struct table *table);
#define TABLE(...) { .headings = { __VA_ARGS__ }, .columns = ARRAY_LEN(((const char *[]){ __VA_ARGS__ })) }
#define ROW(tool, table, ...) table_row(tool, table, (const char *[]){ __VA_ARGS__ })
