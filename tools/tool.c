#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/json.h"
#include "proto/suggest.h"
#include "proto/text.h"
#include "proto/units.h"
#include "proto/unpack.h"
#include "proto/uuid.h"
#include "tools/print.h"
#include "tools/problems.h"
#include "tools/progress.h"

enum { ARENA_BUDGET = 512 << 20, HINT_SIZE = 400 };

/* ── how the answer is wanted ─────────────────────────────────────────────────────────────────── */

static enum fault read_format(struct tool *tool)
{
	const char *version = given(tool, "json");
	if (version && *version && strcmp(version, "1"))
		return fault_say(FAULT_USAGE, "--json=%.20s: only version 1 of the schema is spoken", version);
	if (version && given(tool, "plain"))
		return fault_say(FAULT_USAGE, "--json and --plain are different answers: choose one");
	return OK;
}

static bool says_no(const char *variable)
{
	const char *value = getenv(variable);
	return value && *value;
}

static enum fault read_colour(struct tool *tool)
{
	const char *when = given(tool, "color"), *terminal = getenv("TERM");
	when = given(tool, "no-color") ? "never" : when ? when : "auto";
	tool->has_colour = isatty(STDERR_FILENO) && !says_no("NO_COLOR") && !says_no("COMITY_NO_COLOR")
		&& !(terminal && !strcmp(terminal, "dumb"));
	if (!strcmp(when, "always") || !strcmp(when, "never"))
		tool->has_colour = !strcmp(when, "always");
	else if (strcmp(when, "auto"))
		return fault_say(FAULT_USAGE, "--color is auto, always or never, not \"%.20s\"", when);
	return OK;
}

static enum fault read_timeout(struct tool *tool)
{
	const char *text = given(tool, "timeout");
	if (text && (duration_read(text, &tool->timeout_ms) || tool->timeout_ms <= 0))
		return fault_say(FAULT_USAGE, "--timeout: \"%.40s\" is not a duration such as 30s or 5min", text);
	return OK;
}

static enum fault read_home(struct tool *tool)
{
	const char *home = given(tool, "home");
	tool->home = home ? home : getenv("COMITY_HOME");
	if (tool->home && !*tool->home)
		tool->home = NULL;
	int len = tool->home ? snprintf(tool->run_dir, sizeof tool->run_dir, "%s/run", tool->home)
		: snprintf(tool->run_dir, sizeof tool->run_dir, "/run/comity");
	return len < (int)sizeof tool->run_dir ? OK : fault_say(FAULT_USAGE, "--home: the path is too long");
}

enum fault tool_open(struct tool *tool, int argc, char **argv)
{
	*tool = (struct tool){ 0 };
	arena_init(&tool->arena, ARENA_BUDGET);
	enum fault fault = line_read(&tool->line, argc, argv);
	tool->format = given(tool, "json") ? FORMAT_JSON : given(tool, "plain") ? FORMAT_PLAIN : FORMAT_TEXT;
	tool->is_quiet = given(tool, "quiet") != NULL;
	tool->is_verbose = given(tool, "verbose") != NULL;
	tool->is_utc = given(tool, "utc") != NULL;
	tool->may_ask = !given(tool, "no-input") && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	TRY(fault);
	TRY(read_format(tool));
	TRY(read_colour(tool));
	TRY(read_timeout(tool));
	return read_home(tool);
}

void tool_close(struct tool *tool)
{
	client_free(tool->client);
	line_clear(&tool->line);
	arena_wipe(&tool->arena);	/* what was opened */
	bytes_clear(&tool->out);
	bytes_clear(&tool->after);
}

/* ── telling what went wrong ──────────────────────────────────────────────────────────────────── */

/* Composed as an answer is, but for stderr. */
static void report_text(struct tool *tool, const Comity__Error *error)
{
	size_t len = error->message ? strlen(error->message) : 0;
	bool ends = len && strchr(".?!", error->message[len - 1]);
	enum format wanted = tool->format;
	tool->format = FORMAT_TEXT;
	tool->out.len = 0;
	print(tool, "%serror[%s]%s: %s%s\n", tool->has_colour ? "\033[31m" : "", safe(tool, error->code),
		tool->has_colour ? "\033[m" : "", safe(tool, error->message), ends ? "" : ".");
	for (size_t i = 0; i < error->n_context; i++)
		print(tool, "  %s\n", safe(tool, error->context[i]));
	print_problems(tool, error->problems, error->n_problems);
	for (size_t i = 0; i < error->n_hints; i++)
		print(tool, "  hint: %s\n", as_typed(tool, safe(tool, error->hints[i])));
	fwrite(tool->out.at, 1, tool->out.len, stderr);
	tool->out.len = 0;
	tool->format = wanted;
}

static void report_json(const Comity__Error *error)
{
	struct bytes out = { 0 };
	if (!json_write(&error->base, JSON_COMPACT_STYLE, &out))
		fprintf(stderr, "%s\n", bytes_text(&out));
	bytes_clear(&out);
}

static int told(struct tool *tool, const Comity__Error *error)
{
	if (tool->format == FORMAT_JSON)
		report_json(error);
	else
		report_text(tool, error);
	return error->has_exit && error->exit ? error->exit : 1;
}

enum fault tool_tell(struct tool *tool, enum fault fault, const Comity__Error *error)
{
	tool->exit_status = told(tool, error);
	tool->is_told = true;
	tool->out.len = 0;
	return fault;
}

enum fault hinted(struct tool *tool, enum fault fault, const char *format, ...)
{
	char text[HINT_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	tool->hint = arena_text(&tool->arena, span_of_text(text));
	return fault;
}

/* Where to look for what is not there, for what is no part of a case. */
static const char *shelf_of(const char *noun)
{
	static const struct { const char *noun, *hint; } shelves[] = {
		{ "backup", "comity backup list DIR" },
		{ "cert", "comity cert status" },
		{ "queue", "comity queue list" },
	};
	for (size_t i = 0; i < ARRAY_LEN(shelves); i++)
		if (!strcmp(noun, shelves[i].noun))
			return shelves[i].hint;
	return NULL;
}

/* What to do about it: what was said of this case; else what follows from the very command that was typed, which who found the
 * mistake need not know; NULL when nothing does. */
static const char *hint_of_command(struct tool *tool, enum fault fault)
{
	const struct pattern *pattern = &tool->line.pattern;
	if (tool->hint || !tool->line.command)
		return tool->hint;
	if (fault == FAULT_USAGE)
		fault = hinted(tool, fault, "comity help %s%s%s", pattern->words[0], pattern->n_words > 1 ? " " : "",
			pattern->n_words > 1 ? pattern->words[1] : "");
	return fault == FAULT_NOT_FOUND ? shelf_of(pattern->words[0]) : tool->hint;
}

static int told_with(struct tool *tool, const Comity__Error *error, const char *hint)
{
	Comity__Error hinted = *error;
	char *hints[] = { (char *)hint };
	hinted.hints = hints;
	hinted.n_hints = 1;
	return told(tool, hint ? &hinted : error);
}

int tool_report(struct tool *tool, enum fault fault)
{
	if (tool->is_told || !fault)
		return tool->exit_status ? tool->exit_status : fault_exit_status(fault);
	const Comity__Error *theirs = tool->client ? client_error(tool->client) : NULL;
	bool is_theirs = !tool->hint && theirs && theirs->code && (fault == fault_from_slug(theirs->code) || fault == FAULT_INTERNAL);
	const char *hint = hint_of_command(tool, fault);
	if (is_theirs)
		return told_with(tool, theirs, hint);

	Comity__Error ours = COMITY__ERROR__INIT;
	ours.schema = "comity.error/1";
	ours.code = (char *)fault_slug(fault);
	ours.has_exit = ours.has_retryable = 1;
	ours.exit = tool->exit_status ? tool->exit_status : fault_exit_status(fault);
	ours.message = arena_text(&tool->arena, span_of_text(fault_detail(fault)));
	ours.retryable = fault_remedy(fault) == REMEDY_RETRY;
	return told_with(tool, &ours, hint ? hint : fault_hint(fault));
}

/* ── what was typed ───────────────────────────────────────────────────────────────────────────── */

const char *argument(const struct tool *tool, size_t n)
{
	return line_argument(&tool->line, n);
}

const char *given(const struct tool *tool, const char *option)
{
	return line_option_at(&tool->line, option, 0);
}

const char *given_at(const struct tool *tool, const char *option, size_t n)
{
	return line_option_at(&tool->line, option, n);
}

enum fault typed(const char *what, enum fault fault)
{
	return fault == FAULT_BAD_DOCUMENT ? fault_say(FAULT_USAGE, "%s: %s", what, fault_detail(fault)) : fault;
}

char *lower(struct tool *tool, const char *text)
{
	char *copy = text ? arena_text(&tool->arena, span_of_text(text)) : NULL;
	for (char *at = copy; at && *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return copy;
}

/* ── asking ───────────────────────────────────────────────────────────────────────────────────── */

char *new_key(struct tool *tool)
{
	char text[UUID_TEXT_SIZE];
	uuid_new(text);
	return arena_text(&tool->arena, span_of_text(text));
}

enum fault reach(struct tool *tool, struct client **client)
{
	if (!tool->client)
		TRY(client_new(tool->run_dir, given(tool, "socket"), &tool->client));
	client_set_patience(tool->client, tool->timeout_ms ? tool->timeout_ms : CLIENT_PATIENCE_MS);
	*client = tool->client;
	return OK;
}

enum fault expect(const Comity__Reply *reply, Comity__Reply__KindCase kind)
{
	if (reply->kind_case == kind)
		return OK;
	return fault_say(FAULT_BAD_FRAME, "comityd answered something else than was asked");
}

enum fault ask(struct tool *tool, Comity__Call *call, Comity__Reply__KindCase kind, const Comity__Reply **reply)
{
	struct client *client;
	TRY(reach(tool, &client));
	TRY(client_call(client, call, reply));
	TRY(expect(*reply, kind));
	return (*reply)->more ? client_list(client, *reply, &tool->arena, reply) : OK;
}

enum fault ask_and_keep(struct tool *tool, Comity__Call *call, Comity__Reply__KindCase kind, const Comity__Reply **reply)
{
	struct client *client;
	TRY(reach(tool, &client));
	TRY(client_call(client, call, reply));
	TRY(expect(*reply, kind));
	return client_list(client, *reply, &tool->arena, reply);
}

enum fault ask_patiently(struct tool *tool, Comity__Call *call, Comity__Reply__KindCase kind, const Comity__Reply **reply)
{
	struct client *client;
	struct progress progress;
	TRY(reach(tool, &client));
	if (!tool->timeout_ms)
		client_set_patience(client, CLIENT_NO_END);
	progress_work(&progress, tool, client);
	enum fault fault = client_call(client, call, reply);
	progress_end(&progress);
	TRY(fault);
	return expect(*reply, kind);
}

enum fault keep_message(struct tool *tool, const ProtobufCMessage *message, ProtobufCMessage **copy)
{
	struct bytes packed = { 0 };
	enum fault fault = pack(message, &packed);
	if (!fault)
		fault = unpack(message->descriptor, span_of(&packed), &tool->arena, FAULT_BAD_FRAME, copy);
	bytes_clear(&packed);
	return fault;
}
