/* A command line, bound to its row. */
#include "tools/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/suggest.h"

enum { TYPED_SIZE = 80 };

const struct option *option_find(const char *name)
{
	for (const struct option *option = options; option->name; option++)
		if (!strcmp(option->name, name))
			return option;
	return NULL;
}

static const struct option *find_letter(char letter)
{
	for (const struct option *option = options; option->name; option++)
		if (option->letter && option->letter == letter)
			return option;
	return NULL;
}

/* ── splitting: what is an option, what is a word ─────────────────────────────────────────────── */

static enum fault unknown_option(const char *name)
{
	struct suggestion suggestion = { .word = name };
	for (const struct option *option = options; option->name; option++)
		suggest_try(&suggestion, option->name);
	if (suggestion.best)
		return fault_say(FAULT_USAGE, "\"--%s\" is not an option; did you mean --%s?", name, suggestion.best);
	return fault_say(FAULT_USAGE, "\"--%s\" is not an option", name);
}

static enum fault keep(struct line *line, const struct option *option, const char *value)
{
	line->options[line->n_options++] = (struct line_option){ option, value };
	return OK;
}

/* `joined` is what stands behind the '='; `next` is the following argument, used up when *next becomes NULL. */
static enum fault take_option(struct line *line, const struct option *option, const char *joined, const char **next)
{
	if (joined && !option->value)
		return fault_say(FAULT_USAGE, "--%s takes no value", option->name);
	if (joined || !option->value || option->value_is_optional)
		return keep(line, option, joined ? joined : "");
	if (!*next)
		return fault_say(FAULT_USAGE, "--%s needs its %s", option->name, option->value);
	const char *value = *next;
	*next = NULL;
	return keep(line, option, value);
}

static enum fault take_long(struct line *line, const char *text, const char **next)
{
	char name[TYPED_SIZE];
	const char *joined = strchr(text, '=');
	size_t len = joined ? (size_t)(joined - text) : strlen(text);
	snprintf(name, sizeof name, "%.*s", (int)len, text);
	const struct option *option = option_find(name);
	if (!option)
		return unknown_option(name);
	return take_option(line, option, joined ? joined + 1 : NULL, next);
}

/* -qv is -q -v; -oFILE and -o FILE are the same. */
static enum fault take_letters(struct line *line, const char *letters, const char **next)
{
	for (; *letters; letters++) {
		const struct option *option = find_letter(*letters);
		if (!option)
			return fault_say(FAULT_USAGE, "\"-%c\" is not an option", *letters);
		if (option->value && letters[1])
			return keep(line, option, letters + 1);
		TRY(take_option(line, option, NULL, next));
	}
	return OK;
}

static enum fault split(struct line *line, int argc, char **argv)
{
	bool options_are_over = false;
	enum fault first = OK;
	for (int i = 1; i < argc; i++) {
		const char *text = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL, *before = next;
		enum fault fault = OK;
		if (options_are_over || *text != '-' || !text[1])
			line->words[line->n_words++] = text;
		else if (!strcmp(text, "--"))
			options_are_over = true;
		else
			fault = text[1] == '-' ? take_long(line, text + 2, &next) : take_letters(line, text + 1, &next);
		if (fault && !first)
			first = fault;	/* go on: --json behind it counts for how the fault is told */
		i += next != before;
	}
	return first;
}

/* ── which row ────────────────────────────────────────────────────────────────────────────────── */

/* "" where nothing was typed. */
static const char *word_at(const struct line *line, size_t n)
{
	return n < line->n_words && line->words[n] ? line->words[n] : "";
}

static size_t words_matched(const struct line *line, const struct pattern *pattern)
{
	if (pattern->n_words > line->n_words)
		return 0;
	for (size_t i = 0; i < pattern->n_words; i++)
		if (strcmp(word_at(line, i), pattern->words[i]))
			return 0;
	return pattern->n_words;
}

/* The first words, so many of them. */
static void spell(char text[TYPED_SIZE], const char *const *words, size_t count)
{
	size_t len = 0;
	for (size_t i = 0; i < count && len < TYPED_SIZE; i++)
		len += (size_t)snprintf(text + len, TYPED_SIZE - len, "%s%.30s", i ? " " : "", words[i]);
}

static void try_row(struct suggestion *suggestion, const struct pattern *pattern, size_t count)
{
	static char spelled[TYPED_SIZE], best[TYPED_SIZE];
	const char *const words[] = { pattern->words[0], pattern->words[1], pattern->words[2] };
	if (count != pattern->n_words)
		return;
	spell(spelled, words, count);
	const char *before = suggestion->best;
	suggest_try(suggestion, spelled);
	if (suggestion->best == before)
		return;
	strcpy(best, spelled);
	suggestion->best = best;
}

/* "peer lst" is near "peer list"; what follows the words is an argument and does not count. */
static enum fault unknown_command(const struct line *line)
{
	char typed[TYPED_SIZE];
	for (size_t n = line->n_words < PATTERN_WORDS_MAX ? line->n_words : PATTERN_WORDS_MAX; n > 0; n--) {
		spell(typed, line->words, n);
		struct suggestion suggestion = { .word = typed };
		struct pattern pattern;
		for (const struct command *command = commands; command->pattern; command++)
			if (pattern_read(command->pattern, &pattern))
				try_row(&suggestion, &pattern, n);
		if (suggestion.best)
			return fault_say(FAULT_USAGE, "\"comity %s\" is not a command; did you mean: comity %s", typed,
				suggestion.best);
	}
	spell(typed, line->words, line->n_words > 1 ? 2 : 1);
	return fault_say(FAULT_USAGE, "\"comity %s\" is not a command", typed);
}

static bool begins(const struct pattern *pattern, const struct line *line)
{
	size_t same = 0;
	while (same < line->n_words && same < pattern->n_words && !strcmp(pattern->words[same], word_at(line, same)))
		same++;
	return same == line->n_words && same < pattern->n_words;
}

/* "peer" alone, or "event consumer": name what can follow it. */
static enum fault half_a_command(const struct line *line)
{
	char verbs[400], typed[TYPED_SIZE], before[PATTERN_NAME_SIZE] = "";
	size_t len = 0;
	struct pattern pattern;
	for (const struct command *command = commands; command->pattern && len < sizeof verbs; command++) {
		if (!pattern_read(command->pattern, &pattern) || !begins(&pattern, line) || !strcmp(before, pattern.words[line->n_words]))
			continue;
		strcpy(before, pattern.words[line->n_words]);
		len += (size_t)snprintf(verbs + len, sizeof verbs - len, "%s%s", len ? ", " : "", before);
	}
	if (!len)
		return unknown_command(line);
	spell(typed, line->words, line->n_words);
	return fault_say(FAULT_USAGE, "\"comity %s\" needs to know what to do: %s", typed, verbs);
}

static enum fault find_row(struct line *line)
{
	size_t best = 0;
	for (const struct command *command = commands; command->pattern; command++) {
		struct pattern pattern;
		if (!pattern_read(command->pattern, &pattern) || words_matched(line, &pattern) <= best)
			continue;
		best = pattern.n_words;
		line->command = command;
		line->pattern = pattern;
	}
	return best ? OK : half_a_command(line);
}

/* ── does it fit the row ──────────────────────────────────────────────────────────────────────── */

static bool is_global(const struct option *option)
{
	struct pattern pattern;
	return pattern_read(global_pattern, &pattern) && pattern_option(&pattern, option);
}

static enum fault check_option(const struct line *line, size_t at)
{
	const struct option *option = line->options[at].option;
	const struct pattern_option *allowed = pattern_option(&line->pattern, option);
	if (!allowed && is_global(option))
		return OK;
	if (!allowed)
		return fault_say(FAULT_USAGE, "--%s is not an option of: comity %s", option->name, line->command->pattern);
	for (size_t i = 0; i < at && !allowed->is_repeated; i++)
		if (line->options[i].option == option)
			return fault_say(FAULT_USAGE, "--%s is given twice", option->name);
	return OK;
}

static enum fault check_required(const struct line *line)
{
	for (size_t i = 0; i < line->pattern.n_options; i++) {
		const struct pattern_option *wanted = &line->pattern.options[i];
		if (wanted->is_required && !line_option_at(line, wanted->option->name, 0))
			return fault_say(FAULT_USAGE, "--%s is missing: comity %s", wanted->option->name, line->command->pattern);
	}
	return OK;
}

static enum fault check_arguments(const struct line *line)
{
	size_t given = line_argument_count(line), least = 0, most = line->pattern.n_arguments;
	for (size_t i = 0; i < line->pattern.n_arguments; i++) {
		least += !line->pattern.arguments[i].is_optional;
		if (line->pattern.arguments[i].is_repeated)
			most = SIZE_MAX;
	}
	if (given < least)
		return fault_say(FAULT_USAGE, "%s is missing: comity %s", line->pattern.arguments[given].name, line->command->pattern);
	if (given > most)
		return fault_say(FAULT_USAGE, "\"%.80s\" is too much: comity %s", line_argument(line, most), line->command->pattern);
	return OK;
}

/* ── public ───────────────────────────────────────────────────────────────────────────────────── */

enum fault line_read(struct line *line, int argc, char **argv)
{
	*line = (struct line){ 0 };
	size_t room = argc > 0 ? (size_t)argc : 1;
	for (int i = 1; i < argc; i++)
		room += strlen(argv[i]);	/* -qqqq is four options */
	line->words = calloc((size_t)argc + 1, sizeof *line->words);
	line->options = calloc(room, sizeof *line->options);
	if (!line->words || !line->options)
		return FAULT_NO_MEMORY;

	enum fault fault = split(line, argc, argv);
	if (!line->n_words || fault)
		return fault;
	fault = find_row(line);
	if (line_option_at(line, "help", 0))
		return OK;	/* "peer --help" is no command, but a question */
	TRY(fault);
	for (size_t i = 0; i < line->n_options; i++)
		TRY(check_option(line, i));
	TRY(check_arguments(line));
	return check_required(line);
}

void line_clear(struct line *line)
{
	free(line->words);
	free(line->options);
	*line = (struct line){ 0 };
}

size_t line_argument_count(const struct line *line)
{
	return line->n_words - line->pattern.n_words;
}

const char *line_argument(const struct line *line, size_t n)
{
	return n < line_argument_count(line) ? line->words[line->pattern.n_words + n] : NULL;
}

const char *line_option_at(const struct line *line, const char *name, size_t n)
{
	for (size_t i = 0; i < line->n_options; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): split() enters none without its option */
		if (!strcmp(line->options[i].option->name, name) && !n--)
			return line->options[i].value;
	return NULL;
}
