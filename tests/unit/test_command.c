/* The table of commands, and how a command line is bound to it. */
#include "tests/unit/scratch.h"

#include "proto/bytes.h"
#include "tools/command.h"

enum { WORDS_MAX = 20 };

/* A command line as a text, cut at blanks. */
struct typed {
	char text[400];
	char *argv[WORDS_MAX];
	int argc;
	struct line line;
};

static enum fault type(struct typed *typed, const char *text)
{
	char *save = NULL;
	snprintf(typed->text, sizeof typed->text, "comity %s", text);
	typed->argc = 0;
	for (char *word = strtok_r(typed->text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		typed->argv[typed->argc++] = word;
	typed->argv[typed->argc] = NULL;
	return line_read(&typed->line, typed->argc, typed->argv);
}

static void is_understood(struct typed *typed, const char *text)
{
	enum fault fault = type(typed, text);
	if (fault)
		print_error("%s: %s\n", text, fault_detail(fault));
	assert_int_equal(fault, OK);
}

static void every_row_can_be_read(void **state)
{
	(void)state;
	for (const struct command *command = commands; command->pattern; command++) {
		struct pattern pattern;
		assert_true(pattern_read(command->pattern, &pattern));
		assert_true(pattern.n_words >= 1);
		assert_non_null(command->run);
		assert_true(command->help[0] >= 'A' && command->help[0] <= 'Z');
		assert_true(command->help[strlen(command->help) - 1] != '.');
		assert_non_null(command->who);
	}
}

static void no_two_rows_are_the_same_command(void **state)
{
	(void)state;
	for (const struct command *one = commands; one->pattern; one++)
		for (const struct command *other = one + 1; other->pattern; other++) {
			struct pattern a, b;
			assert_true(pattern_read(one->pattern, &a) && pattern_read(other->pattern, &b));
			assert_false(a.n_words == b.n_words && !strcmp(a.words[0], b.words[0]) && !strcmp(a.words[1], b.words[1]) &&
				!strcmp(a.words[2], b.words[2]));
		}
}

/* A word that begins one command is never a command with arguments of its own: nothing is ambiguous. */
static void nouns_and_commands_of_one_word_do_not_meet(void **state)
{
	(void)state;
	for (const struct command *one = commands; one->pattern; one++)
		for (const struct command *other = commands; other->pattern; other++) {
			struct pattern a, b;
			assert_true(pattern_read(one->pattern, &a) && pattern_read(other->pattern, &b));
			assert_false(a.n_words == 1 && b.n_words == 2 && !strcmp(a.words[0], b.words[0]));
		}
}

static void every_option_is_explained_and_used(void **state)
{
	(void)state;
	struct pattern global, pattern;
	assert_true(pattern_read(global_pattern, &global));
	for (const struct option *option = options; option->name; option++) {
		bool is_used = pattern_option(&global, option) != NULL;
		for (const struct command *command = commands; command->pattern && !is_used; command++)
			is_used = pattern_read(command->pattern, &pattern) && pattern_option(&pattern, option);
		if (!is_used)
			print_error("--%s\n", option->name);
		assert_true(is_used);
		assert_true(option->help && *option->help);
	}
}

static void letters_and_names_of_options_are_unique(void **state)
{
	(void)state;
	for (const struct option *one = options; one->name; one++)
		for (const struct option *other = one + 1; other->name; other++) {
			assert_string_not_equal(one->name, other->name);
			assert_false(one->letter && one->letter == other->letter);
		}
}

static void a_line_is_bound_to_its_row(void **state)
{
	(void)state;
	struct typed typed;
	is_understood(&typed, "peer verify de-ca --spoke-with A --digits-file=heard.txt");
	assert_string_equal(typed.line.pattern.words[1], "verify");
	assert_string_equal(line_argument(&typed.line, 0), "de-ca");
	assert_null(line_argument(&typed.line, 1));
	assert_string_equal(line_option_at(&typed.line, "spoke-with", 0), "A");
	assert_string_equal(line_option_at(&typed.line, "digits-file", 0), "heard.txt");
	line_clear(&typed.line);
}

static void options_may_stand_anywhere(void **state)
{
	(void)state;
	static const char *const same[] = {
		"--json request list --peer xs-ca --open", "request --json list --open --peer=xs-ca",
		"--peer xs-ca --open request list --json", "request list --json=1 --open --peer xs-ca",
	};
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct typed typed;
		is_understood(&typed, same[i]);
		assert_string_equal(typed.line.pattern.words[1], "list");
		assert_string_equal(line_option_at(&typed.line, "peer", 0), "xs-ca");
		assert_non_null(line_option_at(&typed.line, "open", 0));
		assert_non_null(line_option_at(&typed.line, "json", 0));
		line_clear(&typed.line);
	}
}

static void letters_can_be_joined(void **state)
{
	(void)state;
	struct typed typed;
	is_understood(&typed, "-qv card export -oown.card");
	assert_non_null(line_option_at(&typed.line, "quiet", 0));
	assert_non_null(line_option_at(&typed.line, "verbose", 0));
	assert_string_equal(line_option_at(&typed.line, "output", 0), "own.card");
	line_clear(&typed.line);
}

static void options_can_be_repeated_where_the_row_says_so(void **state)
{
	(void)state;
	struct typed typed;
	is_understood(&typed, "message send R --question a --question b");
	assert_string_equal(line_option_at(&typed.line, "question", 1), "b");
	assert_null(line_option_at(&typed.line, "question", 2));
	line_clear(&typed.line);
	assert_int_equal(type(&typed, "request send R --officer a --officer b"), FAULT_USAGE);
	line_clear(&typed.line);
}

static void what_follows_two_dashes_is_an_argument(void **state)
{
	(void)state;
	struct typed typed;
	is_understood(&typed, "attach add R -- --odd -o");
	assert_string_equal(line_argument(&typed.line, 1), "--odd");
	assert_string_equal(line_argument(&typed.line, 2), "-o");
	line_clear(&typed.line);
	is_understood(&typed, "peer add -");
	assert_string_equal(line_argument(&typed.line, 0), "-");
	line_clear(&typed.line);
}

static void mistakes_are_named_with_what_was_meant(void **state)
{
	(void)state;
	static const struct { const char *typed, *says; } mistakes[] = {
		{ "peer lst", "comity peer list" },
		{ "requst list", "comity request list" },
		{ "acknowlege R --reference x --officer y", "comity acknowledge" },
		{ "peer", "add, verify, list" },
		{ "peer xyzzy", "is not a command" },
		{ "frobnicate", "is not a command" },
		{ "--jsn status", "--json" },
		{ "peer list --open", "--open is not an option of" },
		{ "peer show", "PEER is missing" },
		{ "peer show a b", "\"b\" is too much" },
		{ "peer block a", "--reason is missing" },
		{ "init --authority XF-CA", "--name is missing" },
		{ "peer block a --reason", "--reason needs its TEXT" },
		{ "request list --open=yes", "--open takes no value" },
		{ "status -x", "\"-x\" is not an option" },
		{ "attach add R", "FILE is missing" },
	};
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct typed typed;
		assert_int_equal(type(&typed, mistakes[i].typed), FAULT_USAGE);
		if (!strstr(fault_detail(FAULT_USAGE), mistakes[i].says))
			fail_msg("%s: %s", mistakes[i].typed, fault_detail(FAULT_USAGE));
		line_clear(&typed.line);
	}
}

static void a_mistake_does_not_hide_what_stands_behind_it(void **state)
{
	(void)state;
	struct typed typed;
	assert_int_equal(type(&typed, "--nonsense peer list --json"), FAULT_USAGE);
	assert_non_null(line_option_at(&typed.line, "json", 0));
	line_clear(&typed.line);
}

static void nothing_at_all_asks_for_help(void **state)
{
	(void)state;
	struct typed typed;
	is_understood(&typed, "");
	assert_null(typed.line.command);
	line_clear(&typed.line);
	is_understood(&typed, "peer verify --help");	/* the missing argument does not matter then */
	assert_non_null(typed.line.command);
	line_clear(&typed.line);
}

static void patterns_that_break_the_rules_are_found(void **state)
{
	(void)state;
	static const char *const broken[] = {
		"a b c d", "peer list [--nosuchoption]", "peer list [--open", "peer show A B C D E", "peer list ...",
		"averylongwordthatdoesnotfitintoitsplace",
	};
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct pattern pattern;
		assert_false(pattern_read(broken[i], &pattern));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_can_be_read),
		cmocka_unit_test(no_two_rows_are_the_same_command),
		cmocka_unit_test(nouns_and_commands_of_one_word_do_not_meet),
		cmocka_unit_test(every_option_is_explained_and_used),
		cmocka_unit_test(letters_and_names_of_options_are_unique),
		cmocka_unit_test(a_line_is_bound_to_its_row),
		cmocka_unit_test(options_may_stand_anywhere),
		cmocka_unit_test(letters_can_be_joined),
		cmocka_unit_test(options_can_be_repeated_where_the_row_says_so),
		cmocka_unit_test(what_follows_two_dashes_is_an_argument),
		cmocka_unit_test(mistakes_are_named_with_what_was_meant),
		cmocka_unit_test(a_mistake_does_not_hide_what_stands_behind_it),
		cmocka_unit_test(nothing_at_all_asks_for_help),
		cmocka_unit_test(patterns_that_break_the_rules_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
