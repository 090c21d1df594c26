#pragma once
/* One run of the tool: what was typed, how the answer is wanted, and the way to the daemon.
 *
 * stdout is the answer (people's text, tabs with --plain, JSON with --json) and is empty when there is
 * a fault; stderr is talk: hints, progress, errors.  Whatever others wrote goes through safe() before
 * a terminal sees it.
 */
#include <stdio.h>

#include "proto/arena.h"
#include "proto/control.pb-c.h"
#include "tools/client.h"
#include "tools/command.h"

enum format { FORMAT_TEXT, FORMAT_PLAIN, FORMAT_JSON };

struct tool {
	struct line line;
	enum format format;
	bool is_quiet, is_verbose, is_utc, may_ask, has_colour;
	bool is_told;			/* the answer itself says what is wrong: only the exit status is left */
	int exit_status;		/* 0: the fault's own */
	const char *hint;		/* NULL: the table's, or the daemon's */
	int64_t timeout_ms;		/* 0: not given */
	const char *home;		/* NULL: the paths of the system */
	char run_dir[4096];
	struct client *client;		/* NULL before the first call */
	struct arena arena;		/* what is built and shown; lasts as long as the tool */
	struct bytes out;		/* the answer so far: printed when the command has succeeded */
	struct bytes after;		/* what is said about it, on stderr, behind it */
};

/* From the command line and the environment.  Faults: usage, no memory; the tool can report it in any case. */
enum fault tool_open(struct tool *tool, int argc, char **argv) MUST_CHECK;
/* Tell what went wrong; the exit status. */
int tool_report(struct tool *tool, enum fault fault);
/* The next step for this very case, instead of the table's.  As an expression it is the fault. */
enum fault hinted(struct tool *tool, enum fault fault, const char *format, ...) PRINTF_LIKE(3, 4) MUST_CHECK;
/* Tell it now, with more than a fault can carry; the fault that is returned is not told again. */
enum fault tool_tell(struct tool *tool, enum fault fault, const Comity__Error *error) MUST_CHECK;
void tool_close(struct tool *tool);

/* ── what was typed ───────────────────────────────────────────────────────────────────────────── */

const char *argument(const struct tool *tool, size_t n);		/* NULL when it was left out */
const char *given(const struct tool *tool, const char *option);	/* the value, or NULL */
const char *given_at(const struct tool *tool, const char *option, size_t n);
/* What is no duration, size or time is a fault of a document; in an option or argument it is one of typing. */
enum fault typed(const char *what, enum fault fault) MUST_CHECK;
/* An authority's id in lower case, however it was typed. */
char *lower(struct tool *tool, const char *text);

/* ── asking ───────────────────────────────────────────────────────────────────────────────────── */

/* A call of that kind: CALL(PEER_SHOW, peer_show, &by_peer). */
#define CALL(KIND, member, document) (Comity__Call){ .base = PROTOBUF_C_MESSAGE_INIT(&comity__call__descriptor), \
	.kind_case = COMITY__CALL__KIND_##KIND, .member = (document) }
/* The same for what changes something: it carries a key, so that repeating it is harmless. */
#define SUBMIT(tool, KIND, member, document) (Comity__Call){ .base = PROTOBUF_C_MESSAGE_INIT(&comity__call__descriptor), \
	.idempotency_key = new_key(tool), .kind_case = COMITY__CALL__KIND_##KIND, .member = (document) }
char *new_key(struct tool *tool);

/* The client, with the patience the user gave. */
enum fault reach(struct tool *tool, struct client **client) MUST_CHECK;
/* Ask, and insist on this kind of answer; it lives until the next call. */
enum fault ask(struct tool *tool, Comity__Call *call, Comity__Reply__KindCase kind, const Comity__Reply **reply) MUST_CHECK;
/* The same, and it lives as long as the tool. */
enum fault ask_and_keep(struct tool *tool, Comity__Call *call, Comity__Reply__KindCase kind, const Comity__Reply **reply)
	MUST_CHECK;
/* The same for what may take long: without --timeout, for ever. */
enum fault ask_patiently(struct tool *tool, Comity__Call *call, Comity__Reply__KindCase kind, const Comity__Reply **reply)
	MUST_CHECK;
/* A reply of a download, upload or stream held to its kind. */
enum fault expect(const Comity__Reply *reply, Comity__Reply__KindCase kind) MUST_CHECK;
/* A copy that lives as long as the tool. */
enum fault keep_message(struct tool *tool, const ProtobufCMessage *message, ProtobufCMessage **copy) MUST_CHECK;
