/* Completion scripts, made from the table of commands.
 *
 * The scripts hold words and options; names of peers and references of requests they ask the tool for,
 * as whoever presses the key. */
#include <string.h>

#include "tools/commands.h"
#include "tools/help.h"
#include "tools/print.h"

static bool is_first_of_noun(const struct command *command)
{
	struct pattern own, other;
	pattern_read(command->pattern, &own);
	for (const struct command *earlier = commands; earlier < command; earlier++)
		if (pattern_read(earlier->pattern, &other) && !strcmp(own.words[0], other.words[0]))
			return false;
	return true;
}

static void print_nouns(struct tool *tool)
{
	struct pattern pattern;
	for (const struct command *command = commands; command->pattern; command++)
		if (pattern_read(command->pattern, &pattern) && is_first_of_noun(command))
			print(tool, "%s ", pattern.words[0]);
}

static void print_verbs(struct tool *tool, const char *noun)
{
	struct pattern pattern;
	for (const struct command *command = commands; command->pattern; command++)
		if (pattern_read(command->pattern, &pattern) && pattern.n_words == 2 && !strcmp(pattern.words[0], noun))
			print(tool, "%s ", pattern.words[1]);
}

static void print_options(struct tool *tool, const struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->n_options; i++)
		print(tool, "--%s ", pattern->options[i].option->name);
}

/* What the first argument is: "peers", "requests" or "files" to the scripts. */
static const char *kind_of_argument(const struct pattern *pattern)
{
	if (!pattern->n_arguments)
		return "nothing";
	if (!strcmp(pattern->arguments[0].name, "PEER"))
		return "peers";
	return !strncmp(pattern->arguments[0].name, "REF", 3) ? "requests" : "files";
}

/* The bash script serves zsh as well, which can run such functions. */
static void bash(struct tool *tool)
{
	struct pattern pattern, global;
	pattern_read(global_pattern, &global);
	print(tool, "# comity(1) completion: made by comity completion bash\n"
		"_comity_peers() { comity --plain peer list 2>/dev/null | cut -f1; }\n"
		"_comity_requests() { comity --plain request list 2>/dev/null | cut -f1; }\n"
		"_comity() {\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} words='' kind=nothing\n"
		"\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n");
	for (const struct command *command = commands; command->pattern; command++) {
		if (!pattern_read(command->pattern, &pattern))
			continue;
		print(tool, "\t'%s %s'%s) words='", pattern.words[0], pattern.n_words == 2 ? pattern.words[1] : "",
			pattern.n_words == 2 ? "" : "*");
		print_options(tool, &pattern);
		print(tool, "' kind=%s ;;\n", kind_of_argument(&pattern));
	}
	print(tool, "\tesac\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then words='");
	print_nouns(tool);
	print(tool, "' kind=nothing; fi\n\tif [ \"$COMP_CWORD\" -eq 2 ]; then case ${COMP_WORDS[1]} in\n");
	for (const struct command *command = commands; command->pattern; command++) {
		if (!pattern_read(command->pattern, &pattern) || pattern.n_words != 2 || !is_first_of_noun(command))
			continue;
		print(tool, "\t\t%s) words='", pattern.words[0]);
		print_verbs(tool, pattern.words[0]);
		print(tool, "' kind=nothing ;;\n");
	}
	print(tool, "\tesac; fi\n\tcase $cur in -*) words+=' ");
	print_options(tool, &global);
	print(tool, "' kind=nothing ;; esac\n"
		"\tcase $kind in\n\tpeers) words+=\" $(_comity_peers)\" ;;\n"
		"\trequests) words+=\" $(_comity_requests)\" ;;\n\tesac\n"
		"\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
		"\t[ $kind != files ] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n}\n"
		"complete -o filenames -F _comity comity\n");
}

static void zsh(struct tool *tool)
{
	print(tool, "#compdef comity\nautoload -U +X bashcompinit && bashcompinit\n");
	bash(tool);
}

static void fish(struct tool *tool)
{
	struct pattern pattern;
	print(tool, "# comity(1) completion: made by comity completion fish\ncomplete -c comity -f\n");
	for (const struct command *command = commands; command->pattern; command++) {
		if (!pattern_read(command->pattern, &pattern))
			continue;
		if (is_first_of_noun(command))
			print(tool, "complete -c comity -n __fish_use_subcommand -a %s\n", pattern.words[0]);
		if (pattern.n_words == 2)
			print(tool, "complete -c comity -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from %s' "
				"-a %s -d '%s'\n", pattern.words[0], pattern.words[1], pattern.words[1], command->help);
		for (size_t i = 0; i < pattern.n_options; i++)
			print(tool, "complete -c comity -n '__fish_seen_subcommand_from %s' -l %s%s -d '%s'\n", pattern.words[0],
				pattern.options[i].option->name, pattern.options[i].option->value ? " -r" : "",
				pattern.options[i].option->help);
	}
}

static void manual(struct tool *tool)
{
	help_manual(tool);
}

enum fault cmd_completion(struct tool *tool)
{
	static const struct { const char *shell; void (*write)(struct tool *tool); } shells[] = {
		{ "bash", bash }, { "zsh", zsh }, { "fish", fish },
		{ "man", manual },		/* for our own build */
	};
	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (!strcmp(shells[i].shell, argument(tool, 0))) {
			tool->format = FORMAT_TEXT;
			shells[i].write(tool);
			return OK;
		}
	return fault_say(FAULT_USAGE, "\"%.30s\": completion is made for bash, zsh and fish", argument(tool, 0));
}
