/* The completion scripts.  They hold no words: at each press of the key they ask the tool (complete.c).
 *
 * What comes back may be a reference that a counterpart chose, so no shell may expand it: bash's `compgen -W` would. */
#include <string.h>

#include "tools/commands.h"
#include "tools/help.h"
#include "tools/print.h"

static const char bash[] =
	"# comity(1) completion: made by comity completion bash\n"
	"_comity() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} word\n"
	"\tCOMPREPLY=()\n"
	"\t[ \"$cur\" != = ] || cur=\n"
	"\twhile IFS= read -r word; do\n"
	"\t\tif [ \"$word\" = :files ]; then\n"
	"\t\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\t\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\telif [ \"${word#\"$cur\"}\" != \"$word\" ] || [ -z \"$cur\" ]; then\n"
	"\t\t\tprintf -v word %q \"$word\"\n"
	"\t\t\tCOMPREPLY+=(\"$word\")\n"
	"\t\tfi\n"
	"\tdone < <(comity __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _comity comity\n";

static const char zsh[] =
	"#compdef comity\n"
	"# comity(1) completion: made by comity completion zsh\n"
	"_comity() {\n"
	"\tlocal word\n"
	"\tlocal -a found\n"
	"\tfor word in \"${(@f)$(comity __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
	"\t\tif [[ $word == :files ]]; then _files; elif [[ -n $word ]]; then found+=(\"$word\"); fi\n"
	"\tdone\n"
	"\tcompadd -a found\n"
	"}\n"
	"if [[ ${funcstack[1]} == _comity ]]; then _comity \"$@\"; else compdef _comity comity; fi\n";

static const char fish[] =
	"# comity(1) completion: made by comity completion fish\n"
	"function __comity_complete\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l now (commandline -ct)\n"
	"\tfor word in (comity __complete $words[2..-1] \"$now\" 2>/dev/null)\n"
	"\t\tif test \"$word\" = :files\n"
	"\t\t\t__fish_complete_path \"$now\"\n"
	"\t\telse\n"
	"\t\t\tprintf '%s\\n' $word\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c comity -f -a '(__comity_complete)'\n";

enum fault cmd_completion(struct tool *tool)
{
	static const struct { const char *shell, *script; } shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
	const char *wanted = argument(tool, 0);
	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (!strcmp(shells[i].shell, wanted)) {
			print(tool, "%s", shells[i].script);
			return OK;
		}
	if (strcmp(wanted, "man"))
		return fault_say(FAULT_USAGE, "\"%.30s\": completion is made for bash, zsh and fish", wanted);
	help_manual(tool);		/* for our own build */
	return OK;
}
