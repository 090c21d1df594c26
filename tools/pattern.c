/* A row's pattern, taken apart. */
#include <string.h>

#include "proto/bytes.h"
#include "tools/command.h"

/* One token of a pattern and how deep in brackets it stands. */
struct scan {
	const char *at;
	int depth;
	bool was_closed;		/* a bracket ended just before */
	const char *token;
	size_t len;
};

static bool is_bracket(char letter)
{
	return letter == '[' || letter == ']' || letter == '(' || letter == ')';
}

static void skip(struct scan *scan)
{
	for (; *scan->at == ' ' || is_bracket(*scan->at) || (*scan->at == '|' && scan->at[1] == ' '); scan->at++) {
		scan->depth += (*scan->at == '[') - (*scan->at == ']');
		scan->was_closed |= *scan->at == ']';
	}
}

static bool next(struct scan *scan)
{
	scan->was_closed = false;
	skip(scan);
	scan->token = scan->at;
	while (*scan->at && *scan->at != ' ' && !is_bracket(*scan->at))
		scan->at++;
	scan->len = (size_t)(scan->at - scan->token);
	return scan->len > 0;
}

static bool copy(char to[PATTERN_NAME_SIZE], const char *text, size_t len)
{
	if (!len || len >= PATTERN_NAME_SIZE)
		return false;
	memcpy(to, text, len);
	to[len] = 0;
	return true;
}

static bool is_capital(char letter)
{
	return letter >= 'A' && letter <= 'Z';
}

/* The option's value belongs to the option: "--to PEER", "--wait=STATE", "--json[=N]". */
static void skip_value(struct scan *scan, const struct option *option)
{
	if (option->value_is_optional && *scan->at == '[') {
		scan->at = strchr(scan->at, ']');
		scan->at += scan->at != NULL;
		return;
	}
	if (option->value && !memchr(scan->token, '=', scan->len))
		next(scan);
}

static bool add_option(struct pattern *pattern, struct scan *scan)
{
	char name[PATTERN_NAME_SIZE];
	const char *long_form = memchr(scan->token, '|', scan->len);
	const char *from = long_form ? long_form + 1 : scan->token;
	size_t len = scan->len - (size_t)(from - scan->token);
	const char *value = memchr(from, '=', len);
	if (!copy(name, from, value ? (size_t)(value - from) : len) || strncmp(name, "--", 2))
		return false;
	const struct option *option = option_find(name + 2);
	if (!option || pattern->n_options == PATTERN_OPTIONS_MAX)
		return false;
	pattern->options[pattern->n_options++] = (struct pattern_option){ .option = option, .is_required = !scan->depth };
	skip_value(scan, option);
	return scan->at != NULL;
}

static bool add_argument(struct pattern *pattern, struct scan *scan)
{
	if (pattern->n_arguments == PATTERN_ARGUMENTS_MAX)
		return false;
	struct pattern_argument *argument = &pattern->arguments[pattern->n_arguments++];
	argument->is_optional = scan->depth > 0;
	argument->is_repeated = scan->len > 3 && !memcmp(scan->token + scan->len - 3, "...", 3);
	return copy(argument->name, scan->token, scan->len - 3 * argument->is_repeated);
}

static bool add(struct pattern *pattern, struct scan *scan)
{
	if (scan->len == 3 && !memcmp(scan->token, "...", 3)) {
		if (!scan->was_closed || !pattern->n_options)
			return false;
		pattern->options[pattern->n_options - 1].is_repeated = true;
		return true;
	}
	if (*scan->token == '-')
		return add_option(pattern, scan);
	if (is_capital(*scan->token))
		return add_argument(pattern, scan);
	return pattern->n_words < PATTERN_WORDS_MAX && copy(pattern->words[pattern->n_words++], scan->token, scan->len);
}

bool pattern_read(const char *text, struct pattern *pattern)
{
	struct scan scan = { .at = text };
	*pattern = (struct pattern){ 0 };
	while (next(&scan))
		if (!add(pattern, &scan))
			return false;
	return !scan.depth && !*scan.at;
}

const struct pattern_option *pattern_option(const struct pattern *pattern, const struct option *option)
{
	for (size_t i = 0; i < pattern->n_options; i++)
		if (pattern->options[i].option == option)
			return &pattern->options[i];
	return NULL;
}
