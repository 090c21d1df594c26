/* What the table of commands says, said to people: overview, help, errors explained, the manual's list. */
#include <stdlib.h>
#include <string.h>

#include "proto/suggest.h"
#include "tools/commands.h"
#include "tools/help.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/statuses.h"

static const struct { const char *who, *title; } groups[] = {
	{ "officer", "Requests and what is said about them" },
	{ "operator", "This authority, its counterparts and the service" },
	{ "auditor", "Evidence" },
	{ "integrator", "For programs" },
	{ "everybody", "Help" },
};

static void spell(char *text, size_t size, const struct pattern *pattern)
{
	size_t len = 0;
	for (size_t i = 0; i < pattern->n_words && len < size; i++)
		len += (size_t)snprintf(text + len, size - len, "%s%s", i ? " " : "", pattern->words[i]);
	for (size_t i = 0; i < pattern->n_arguments && len < size; i++) {
		const struct pattern_argument *argument = &pattern->arguments[i];
		len += (size_t)snprintf(text + len, size - len, argument->is_optional ? " [%s]" : " %s%s", argument->name,
			argument->is_repeated ? "..." : "");
	}
}

static void print_rows(struct tool *tool, const char *who)
{
	struct pattern pattern;
	for (const struct command *command = commands; command->pattern; command++) {
		char spelled[120];
		if (strcmp(command->who, who) || !pattern_read(command->pattern, &pattern))
			continue;
		spell(spelled, sizeof spelled, &pattern);
		print(tool, "  %-32s  %s\n", spelled, command->help);
	}
}

static void print_overview(struct tool *tool)
{
	print(tool, "comity: requests for mutual legal assistance, sent from central authority to central authority\n\n"
		"  comity request new --to xs-ca --from request.yaml\n"
		"  comity request send XF-CA-2026-000001 --wait=delivered\n"
		"  comity request track XF-CA-2026-000001\n");
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		print(tool, "\n%s\n", groups[i].title);
		print_rows(tool, groups[i].who);
	}
	print(tool, "\nEvery command: comity help NOUN VERB.  The manual: man comity.\n");
}

/* "  -o, --output FILE" */
static void option_form(char *text, size_t size, const struct option *option)
{
	size_t len = 0;
	if (option->letter)
		len = (size_t)snprintf(text, size, "-%c, ", option->letter);
	snprintf(text + len, size - len, option->value_is_optional ? "--%s[=%s]" : option->value ? "--%s %s" : "--%s",
		option->name, option->value);
}

static void print_options(struct tool *tool, const struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->n_options; i++) {
		char form[80];
		option_form(form, sizeof form, pattern->options[i].option);
		print(tool, "  %-32s  %s%s\n", form, pattern->options[i].option->help,
			pattern->options[i].is_repeated ? " (may be repeated)" : "");
	}
}

static void print_command(struct tool *tool, const struct command *command)
{
	struct pattern pattern, global;
	if (!pattern_read(command->pattern, &pattern) || !pattern_read(global_pattern, &global))
		return;
	print(tool, "comity %s\n\n%s.\n", command->pattern, command->help);
	if (pattern.n_options) {
		print(tool, "\n");
		print_options(tool, &pattern);
	}
	print(tool, "\nWith every command:\n");
	print_options(tool, &global);
	if (command->run == cmd_request_set_status)
		print_statuses(tool);
}

static bool is_of(const struct pattern *pattern, const char *noun, const char *verb)
{
	return !strcmp(pattern->words[0], noun) && (!verb || (pattern->n_words > 1 && !strcmp(pattern->words[1], verb)));
}

/* All commands of a noun; false when there is none. */
static bool print_noun(struct tool *tool, const char *noun, const char *verb)
{
	const struct command *only = NULL;
	size_t found = 0;
	struct pattern pattern;
	for (const struct command *command = commands; command->pattern; command++) {
		if (!pattern_read(command->pattern, &pattern) || !is_of(&pattern, noun, verb))
			continue;
		only = command;
		found++;
	}
	if (found == 1)
		print_command(tool, only);
	for (const struct command *command = commands; command->pattern && found > 1; command++) {
		char spelled[120];
		if (!pattern_read(command->pattern, &pattern) || !is_of(&pattern, noun, verb))
			continue;
		spell(spelled, sizeof spelled, &pattern);
		print(tool, "  %-32s  %s\n", spelled, command->help);
	}
	return found;
}

enum fault cmd_help(struct tool *tool)
{
	if (tool->line.command && given(tool, "help")) {
		print_command(tool, tool->line.command);
		return OK;
	}
	const char *noun = argument(tool, 0);	/* of `comity help peer list`, and of `comity peer --help` */
	if (!noun) {
		print_overview(tool);
		return OK;
	}
	if (print_noun(tool, noun, argument(tool, 1)))
		return OK;
	return hinted(tool, fault_say(FAULT_USAGE, "there is no command \"comity %.30s%s%.30s\"", noun,
		argument(tool, 1) ? " " : "", argument(tool, 1) ? argument(tool, 1) : ""), "comity help");
}

enum fault cmd_version(struct tool *tool)
{
	Comity__VersionReport report = COMITY__VERSION_REPORT__INIT;
	report.schema = "comity.version/1";
	report.version = COMITY_VERSION;
	if (!printed_document(tool, &report.base))
		print(tool, "comity %s\n", COMITY_VERSION);
	return OK;
}

/* ── errors ───────────────────────────────────────────────────────────────────────────────────── */

static const char *const remedies[] = {
	[REMEDY_RETRY] = "The same attempt may succeed later.",
	[REMEDY_REFUSE] = "What was asked is wrong; asked again in the same way, it is refused again.",
	[REMEDY_HANG_UP] = "The counterpart or the line is at fault; the connection was ended and nothing was accepted.",
	[REMEDY_CALL_OPERATOR] = "This machine needs somebody to look at it.",
	[REMEDY_NONE] = "Nothing is wrong.",
};

static void explain(struct tool *tool, enum fault fault)
{
	print(tool, "%s  (exit %d)\n  %s.\n  %s\n", fault_slug(fault), fault_exit_status(fault), fault_text(fault),
		remedies[fault_remedy(fault)]);
	if (fault_hint(fault))
		print(tool, "  hint: %s\n", fault_hint(fault));
}

static void explain_json(struct tool *tool, enum fault fault)
{
	Comity__Error error = COMITY__ERROR__INIT;
	char *hints[] = { (char *)fault_hint(fault) };
	error.schema = "comity.error/1";
	error.code = (char *)fault_slug(fault);
	error.message = (char *)fault_text(fault);
	error.has_exit = error.has_retryable = 1;
	error.exit = fault_exit_status(fault);
	error.retryable = fault_remedy(fault) == REMEDY_RETRY;
	error.hints = hints;
	error.n_hints = hints[0] != NULL;
	printed_json(tool, &error.base);
}

enum fault cmd_explain(struct tool *tool)
{
	char *end;
	const char *what = argument(tool, 0);
	long status = strtol(what, &end, 10);
	bool is_status = *what && !*end, found = false;
	for (int i = 0; i < FAULT_COUNT; i++) {
		enum fault fault = (enum fault)i;
		if (is_status ? fault_exit_status(fault) != status : strcmp(fault_slug(fault), what))
			continue;
		found = true;
		(tool->format == FORMAT_JSON ? explain_json : explain)(tool, fault);
	}
	if (found)
		return OK;
	struct suggestion near = { .word = what };
	for (int i = 0; i < FAULT_COUNT; i++)
		suggest_try(&near, fault_slug((enum fault)i));
	return hinted(tool, fault_say(FAULT_NOT_FOUND, "no error has the slug or the exit status \"%.40s\"", what),
		"comity explain %s", near.best ? near.best : "STATUS lists all that end with that exit status");
}

/* ── the manual ───────────────────────────────────────────────────────────────────────────────── */

/* scdoc takes these for marks. */
static const char *escaped(struct tool *tool, const char *text)
{
	struct bytes out = { 0 };
	for (; *text; text++) {
		char letters[3] = { *text, 0, 0 };
		if (strchr("\\*_<>#[]", *text))
			letters[0] = '\\', letters[1] = *text;
		if (bytes_append_text(&out, letters))
			break;
	}
	const char *copy = arena_text(&tool->arena, span_of(&out));
	bytes_clear(&out);
	return copy ? copy : "";
}

static void manual_options(struct tool *tool, const struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->n_options; i++) {
		char form[80];
		option_form(form, sizeof form, pattern->options[i].option);
		print(tool, "*%s*\n\t%s\n\n", escaped(tool, form), escaped(tool, pattern->options[i].option->help));
	}
}

void help_manual(struct tool *tool)
{
	struct pattern pattern;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		print(tool, "## %s\n\n", groups[i].title);
		for (const struct command *command = commands; command->pattern; command++)
			if (!strcmp(command->who, groups[i].who))
				print(tool, "*comity %s*\n\t%s.\n\n", escaped(tool, command->pattern), escaped(tool, command->help));
	}
	print(tool, "# OPTIONS\n\nOf every command:\n\n");
	if (pattern_read(global_pattern, &pattern))
		manual_options(tool, &pattern);
	print(tool, "Of some:\n\n");
	for (const struct option *option = options; option->name; option++) {
		char form[80];
		option_form(form, sizeof form, option);
		if (!pattern_option(&pattern, option))
			print(tool, "*%s*\n\t%s\n\n", escaped(tool, form), escaped(tool, option->help));
	}
}
