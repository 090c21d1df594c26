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
	struct usage own, other;
	usage_read(command->pattern, &own);
	for (const struct command *earlier = commands; earlier < command; earlier++)
		if (usage_read(earlier->pattern, &other) && !strcmp(own.words[0], other.words[0]))
			return false;
	return true;
}

static void print_nouns(struct tool *tool)
{
	struct usage usage;
	for (const struct command *command = commands; command->pattern; command++)
		if (usage_read(command->pattern, &usage) && is_first_of_noun(command))
			print(tool, "%s ", usage.words[0]);
}

static void print_verbs(struct tool *tool, const char *noun)
{
	struct usage usage;
	for (const struct command *command = commands; command->pattern; command++)
		if (usage_read(command->pattern, &usage) && usage.n_words == 2 && !strcmp(usage.words[0], noun))
			print(tool, "%s ", usage.words[1]);
}

static void print_options(struct tool *tool, const struct usage *usage)
{
	for (size_t i = 0; i < usage->n_options; i++)
		print(tool, "--%s ", usage->options[i].option->name);
}

/* What the first argument is: "peers", "requests" or "files" to the scripts. */
static const char *kind_of_argument(const struct usage *usage)
{
	if (!usage->n_arguments)
		return "nothing";
	if (!strcmp(usage->arguments[0].name, "PEER"))
		return "peers";
	return !strncmp(usage->arguments[0].name, "REF", 3) ? "requests" : "files";
}

/* The bash script serves zsh as well, which can run such functions. */
static void bash(struct tool *tool)
{
	struct usage usage, global;
	usage_read(global_pattern, &global);
	print(tool, "# comity(1) completion: made by comity completion bash\n"
		"_comity_peers() { comity --plain peer list 2>/dev/null | cut -f1; }\n"
		"_comity_requests() { comity --plain request list 2>/dev/null | cut -f1; }\n"
		"_comity() {\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} words='' kind=nothing\n"
		"\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n");
	for (const struct command *command = commands; command->pattern; command++) {
		if (!usage_read(command->pattern, &usage))
			continue;
		print(tool, "\t'%s %s'%s) words='", usage.words[0], usage.n_words == 2 ? usage.words[1] : "",
			usage.n_words == 2 ? "" : "*");
		print_options(tool, &usage);
		print(tool, "' kind=%s ;;\n", kind_of_argument(&usage));
	}
	print(tool, "\tesac\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then words='");
	print_nouns(tool);
	print(tool, "' kind=nothing; fi\n\tif [ \"$COMP_CWORD\" -eq 2 ]; then case ${COMP_WORDS[1]} in\n");
	for (const struct command *command = commands; command->pattern; command++) {
		if (!usage_read(command->pattern, &usage) || usage.n_words != 2 || !is_first_of_noun(command))
			continue;
		print(tool, "\t\t%s) words='", usage.words[0]);
		print_verbs(tool, usage.words[0]);
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
	struct usage usage;
	print(tool, "# comity(1) completion: made by comity completion fish\ncomplete -c comity -f\n");
	for (const struct command *command = commands; command->pattern; command++) {
		if (!usage_read(command->pattern, &usage))
			continue;
		if (is_first_of_noun(command))
			print(tool, "complete -c comity -n __fish_use_subcommand -a %s\n", usage.words[0]);
		if (usage.n_words == 2)
			print(tool, "complete -c comity -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from %s' "
				"-a %s -d '%s'\n", usage.words[0], usage.words[1], usage.words[1], command->help);
		for (size_t i = 0; i < usage.n_options; i++)
			print(tool, "complete -c comity -n '__fish_seen_subcommand_from %s' -l %s%s -d '%s'\n", usage.words[0],
				usage.options[i].option->name, usage.options[i].option->value ? " -r" : "",
				usage.options[i].option->help);
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
