#include "tools/print.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "proto/json.h"
#include "proto/stamp.h"
#include "proto/suggest.h"
#include "proto/text.h"
#include "proto/units.h"

enum {
	WORDS_SIZE = 900,		/* all values of the longest list of words */
	TERMINAL_COLUMNS = 80,		/* of one that does not tell */
};

int terminal_columns(int fd)
{
	struct winsize size;
	const char *told = getenv("COLUMNS");
	if (!isatty(fd))
		return 0;
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	int columns = told ? (int)strtol(told, NULL, 10) : 0;
	return columns > 0 ? columns : TERMINAL_COLUMNS;
}

/* ── the answer ───────────────────────────────────────────────────────────────────────────────── */

bool printed_json(struct tool *tool, const ProtobufCMessage *document)
{
	if (tool->format != FORMAT_JSON)
		return false;
	if (json_write(document, JSON_COMPACT_STYLE, &tool->out) || bytes_append_text(&tool->out, "\n"))
		tool->out.len = 0;	/* print_now() finds nothing, which no command takes for an answer */
	return true;
}

void print(struct tool *tool, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) >= 0) {
		if (bytes_append_text(&tool->out, text))
			tool->out.len = 0;
		free(text);
	}
	va_end(arguments);
}

/* Whoever read us has what it wanted (comity ... | head): no fault, and nothing that is left to do.  We end as any filter does. */
static void leave_with_the_reader(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

enum fault print_now(struct tool *tool)
{
	size_t written = tool->out.len ? fwrite(tool->out.at, 1, tool->out.len, stdout) : 0;
	bool is_whole = written == tool->out.len && !fflush(stdout);
	if (!is_whole && errno == EPIPE)
		leave_with_the_reader();
	if (tool->after.len)
		fwrite(tool->after.at, 1, tool->after.len, stderr);
	tool->out.len = tool->after.len = 0;
	return is_whole ? OK : fault_say(FAULT_IO, "cannot write to standard output");
}

/* ── talk ─────────────────────────────────────────────────────────────────────────────────────── */

/* What is said about an answer comes behind it, and the answer is given out when all has gone well. */
static void talk(struct tool *tool, const char *front, const char *text)
{
	if (!tool->out.len || bytes_printf(&tool->after, "%s%s\n", front, text))
		fprintf(stderr, "%s%s\n", front, text);
}

const char *as_typed(struct tool *tool, const char *command)
{
	static const char own[] = "comity ", help[] = "comity help";
	const char *home = given(tool, "home");
	if (!home || strncmp(command, own, strlen(own)) || !strncmp(command, help, strlen(help)))
		return command;
	bool is_plain = !home[strspn(home, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/+~")];
	const char *quote = is_plain ? "" : "'";
	struct bytes typed = { 0 };
	const char *copy = NULL;
	if (!bytes_printf(&typed, "%s--home %s%s%s %s", own, quote, safe(tool, home), quote, command + strlen(own)))
		copy = arena_text(&tool->arena, span_of(&typed));
	bytes_clear(&typed);
	return copy ? copy : command;
}

/* Allocated, to be freed; NULL when there is no room, and then it goes unsaid. */
static __attribute__((format(printf, 1, 0))) char *worded(const char *format, va_list arguments)
{
	char *text = NULL;
	return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

void say(struct tool *tool, const char *format, ...)
{
	if (tool->is_quiet || tool->format == FORMAT_JSON)
		return;
	va_list arguments;
	va_start(arguments, format);
	char *text = worded(format, arguments);
	va_end(arguments);
	if (text)
		talk(tool, "", text);
	free(text);
}

void next_step(struct tool *tool, const char *format, ...)
{
	const char *wanted = getenv("COMITY_HINTS");
	if (tool->is_quiet || tool->format != FORMAT_TEXT || (wanted && !strcmp(wanted, "0")))
		return;
	va_list arguments;
	va_start(arguments, format);
	char *text = worded(format, arguments);
	va_end(arguments);
	if (text)
		talk(tool, "Next:  ", as_typed(tool, text));
	free(text);
}

/* ── words ────────────────────────────────────────────────────────────────────────────────────── */

static const char *made_safe(struct tool *tool, const char *text, enum fault (*make)(struct bytes *, struct span))
{
	struct bytes out = { 0 };
	char *copy = NULL;
	if (text && !make(&out, span_of_text(text)))
		copy = arena_text(&tool->arena, span_of(&out));
	bytes_clear(&out);
	return copy ? copy : "";
}

const char *safe(struct tool *tool, const char *text)
{
	return made_safe(tool, text, text_safe);
}

const char *safe_or(struct tool *tool, const char *text, const char *otherwise)
{
	return text && *text ? safe(tool, text) : otherwise;
}

const char *safe_lines(struct tool *tool, const char *text)
{
	return made_safe(tool, text, text_safe_lines);
}

/* For people: without the blanks and line ends around it, each of those within it as one blank. */
static const char *flowing(struct tool *tool, const char *text)
{
	char *flow = arena_text(&tool->arena, span_of_text(text ? text : "")), *to = flow;
	for (const char *at = flow; at && *at; at++)
		if (!strchr(" \n\t", *at) || (to > flow && to[-1] != ' '))
			*to++ = strchr(" \n\t", *at) ? ' ' : *at;
	if (to > flow && to[-1] == ' ')
		to--;
	if (flow)
		*to = 0;
	return flow ? flow : "";
}

const char *cut(struct tool *tool, const char *text, size_t columns)
{
	if (text_width(span_of_text(text)) <= columns)
		return text;
	struct span rest = span_of_text(text), kept = { rest.at, 0 };
	uint32_t letter;
	while (rest.len && text_width(kept) < columns - 1) {
		utf8_next(&rest, &letter);
		kept.len = (size_t)(rest.at - kept.at);
	}
	struct bytes out = { 0 };
	const char *shorter = NULL;
	if (!bytes_append(&out, kept) && !bytes_append_text(&out, "…"))
		shorter = arena_text(&tool->arena, span_of(&out));
	bytes_clear(&out);
	return shorter ? shorter : "";
}

const char *brief(struct tool *tool, const char *text, size_t columns)
{
	if (tool->format == FORMAT_PLAIN)
		return safe(tool, text);
	return cut(tool, safe(tool, flowing(tool, text)), columns);
}

static char fold(char letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return (char)(letter - 'A' + 'a');
	return letter == '_' ? '-' : letter;
}

const char *word_of(struct tool *tool, const ProtobufCEnumDescriptor *type, int value)
{
	const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
	char number[16];
	if (!found)
		snprintf(number, sizeof number, "%d", value);	/* a newer peer knows more than we do */
	char *word = arena_text(&tool->arena, span_of_text(found ? found->name : number));
	for (char *at = word; at && *at; at++)
		*at = fold(*at);
	return !word || !value ? "-" : word;
}

/* Not a word of the list: the nearest, or where none is near, all there are. */
static enum fault word_unknown(const ProtobufCEnumDescriptor *type, const char *what, const char *text)
{
	char words[WORDS_SIZE] = "";
	size_t len = 0;
	struct suggestion near = { .word = text };
	for (unsigned i = 0; i < type->n_values; i++)
		if (type->values[i].value)
			suggest_try(&near, type->values[i].name);
	for (unsigned i = 0; i < type->n_values && len < sizeof words; i++)
		if (near.best ? type->values[i].name == near.best : type->values[i].value)
			len += (size_t)snprintf(words + len, sizeof words - len, "%s%s", len ? ", " : "", type->values[i].name);
	for (char *at = words; *at; at++)
		*at = fold(*at);
	return fault_say(FAULT_USAGE, near.best ? "\"%.60s\" is not a known %s; did you mean \"%s\"?"
		: "\"%.60s\" is not a known %s; there are %s", text, what, words);
}

enum fault word_read(const ProtobufCEnumDescriptor *type, const char *what, const char *text, int *value)
{
	for (unsigned i = 0; i < type->n_values; i++) {
		if (!word_is(type->values[i].name, text) || !type->values[i].value)
			continue;
		*value = type->values[i].value;
		return OK;
	}
	return word_unknown(type, what, text);
}

/* "2026-11-23 10:12 +01:00" by the user's clock, or in the form of the record with 'T'. */
static void local_text(const struct tool *tool, char *text, size_t size, int64_t stamp, const char *format)
{
	time_t seconds = (time_t)(stamp / STAMP_SECOND - (stamp % STAMP_SECOND < 0));
	struct tm parts;
	char zone[8];
	if (tool->is_utc)
		gmtime_r(&seconds, &parts);
	else
		localtime_r(&seconds, &parts);
	size_t len = strftime(text, size, format, &parts);
	strftime(zone, sizeof zone, "%z", &parts);	/* +0100 */
	snprintf(text + len, size - len, "%.3s:%s", zone, zone + 3);
}

const char *time_of(struct tool *tool, const char *stamp)
{
	int64_t at;
	char text[64];
	if (!stamp || !stamp_read(stamp, &at) || tool->format == FORMAT_PLAIN)
		return safe_or(tool, stamp, "-");
	local_text(tool, text, sizeof text, at, "%Y-%m-%d %H:%M ");
	return safe(tool, text);
}

const char *ago(struct tool *tool, const char *stamp)
{
	static const struct { int64_t seconds; const char *unit; } units[] = {
		{ 2 * 86400, "d" }, { 2 * 3600, "h" }, { 2 * 60, "min" }, { 0, "s" },
	};
	int64_t at;
	if (!stamp || !stamp_read(stamp, &at))
		return "-";
	if (tool->format == FORMAT_PLAIN)
		return safe(tool, stamp);
	int64_t seconds = (stamp_clock() - at) / STAMP_SECOND;
	size_t i = 0;
	seconds = seconds < 0 ? 0 : seconds;
	while (seconds < units[i].seconds)
		i++;
	char text[32];
	snprintf(text, sizeof text, "%lld %s", (long long)(units[i].seconds ? seconds / (units[i].seconds / 2) : seconds),
		units[i].unit);
	return safe(tool, text);
}

const char *size_of(struct tool *tool, uint64_t bytes)
{
	char text[UNITS_SIZE + 20];
	size_write(text, bytes);
	if (tool->format == FORMAT_PLAIN)
		snprintf(text, sizeof text, "%llu", (unsigned long long)bytes);
	return safe(tool, text);
}

enum fault legal_time(struct tool *tool, const char *option, const char *text, char **stamp)
{
	int64_t at;
	char written[64];
	bool is_exact = stamp_read(text, &at);
	if (!is_exact && moment_read(text, &at))
		return fault_say(FAULT_USAGE, "--%s: \"%.60s\" is not a date or a time; write 2026-11-23 or 2026-11-23T10:12:00+01:00",
			option, text);
	local_text(tool, written, sizeof written, at, "%Y-%m-%dT%H:%M:%S");
	*stamp = arena_text(&tool->arena, span_of_text(is_exact ? text : written));
	return *stamp ? OK : FAULT_NO_MEMORY;
}
