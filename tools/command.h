#pragma once
/* The commands, one row each: what you type, what it does, and the sentence for the manual.
 *
 * A row's pattern is the whole grammar of its command; the parser, `comity help`, the completion
 * scripts and the manual page all read it, so that there is no second list to keep in step:
 *
 *	"request send REF [--officer NAME] [--wait=STATE]"
 *
 * Small letters are the command's words, capitals its arguments (`FILE...` takes several), `[ ]` what
 * may be left out, `[ ]...` an option that may be repeated.  An option means the same wherever it
 * stands and is explained once, in its own table.
 */
#include <stdbool.h>
#include <stddef.h>

#include "proto/fault.h"

struct tool;

struct option {
	char letter;			/* of its short form; 0: none */
	const char *name;
	const char *value;		/* what follows it; NULL: it is a switch */
	bool value_is_optional;		/* then it is joined with '=' only */
	const char *help;
};

struct command {
	const char *pattern;
	enum fault (*run)(struct tool *tool);
	const char *help;
	const char *who;		/* officer, operator, anybody: how the overview groups it */
};

extern const struct command commands[];		/* the last has no pattern */
extern const struct option options[];		/* the last has no name */
extern const char global_pattern[];		/* the options that every command takes */

const struct option *option_find(const char *name);	/* NULL when there is none */

/* ── a pattern, taken apart ───────────────────────────────────────────────────────────────────── */

enum { PATTERN_WORDS_MAX = 3, PATTERN_ARGUMENTS_MAX = 4, PATTERN_OPTIONS_MAX = 24, PATTERN_NAME_SIZE = 24 };

struct pattern {
	char words[PATTERN_WORDS_MAX][PATTERN_NAME_SIZE];
	size_t n_words;
	struct pattern_argument {
		char name[PATTERN_NAME_SIZE];
		bool is_optional, is_repeated;
	} arguments[PATTERN_ARGUMENTS_MAX];
	size_t n_arguments;
	struct pattern_option {
		const struct option *option;
		bool is_required, is_repeated;
	} options[PATTERN_OPTIONS_MAX];
	size_t n_options;
};

/* False when the pattern breaks the rules above: a mistake in a row. */
bool pattern_read(const char *text, struct pattern *pattern);
const struct pattern_option *pattern_option(const struct pattern *pattern, const struct option *option);

/* ── a command line ───────────────────────────────────────────────────────────────────────────── */

/* Zero-initialised is empty.  The texts are those of argv. */
struct line {
	const struct command *command;
	struct pattern pattern;
	const char **words;		/* as typed, the command's own words first */
	size_t n_words;
	struct line_option {
		const struct option *option;
		const char *value;	/* "" for a switch, or for an optional value that was left out */
	} *options;
	size_t n_options;
};

/* Bind a command line to its row.  Options may stand anywhere.  The line is filled as far as it was
 * understood even when there is a fault, so that `--json` and `--help` count then too.
 * Faults: usage, with what was probably meant; no memory. */
enum fault line_read(struct line *line, int argc, char **argv) MUST_CHECK;
void line_clear(struct line *line);

/* The n-th argument, or NULL. */
const char *line_argument(const struct line *line, size_t n);
size_t line_argument_count(const struct line *line);
/* The n-th value given with this option, or NULL; "" for a switch. */
const char *line_option_at(const struct line *line, const char *name, size_t n);
