#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <locale.h>
#include <string.h>

#include "proto/arena.h"
#include "proto/suggest.h"
#include "proto/text.h"

#define LITERAL(text) { (const uint8_t *)(text), sizeof(text) - 1 }

static void utf8_is_told_from_what_only_looks_like_it(void **state)
{
	(void)state;
	static const struct { struct span text; bool is_valid; } rows[] = {
		{ LITERAL(""), true }, { LITERAL("plain"), true }, { LITERAL("Gen\xc3\xa8ve"), true },
		{ LITERAL("\xe2\x82\xac \xf0\x9f\x98\x80"), true }, { LITERAL("\xf4\x8f\xbf\xbf"), true },
		{ LITERAL("\x80"), false }, { LITERAL("a\xc3"), false }, { LITERAL("\xc3("), false },
		{ LITERAL("\xc0\x80"), false }, { LITERAL("\xe0\x80\xaf"), false }, { LITERAL("\xf0\x80\x80\xaf"), false },
		{ LITERAL("\xed\xa0\x80"), false }, { LITERAL("\xf4\x90\x80\x80"), false }, { LITERAL("\xff\xfe"), false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(utf8_is_valid(rows[i].text), rows[i].is_valid);
}

static void every_character_comes_back(void **state)
{
	(void)state;
	struct bytes bytes = { 0 };
	for (uint32_t i = 0; i <= 0x10ffff; i += i < 0x3000 ? 1 : 97) {
		uint32_t character;
		bytes.len = 0;
		assert_int_equal(utf8_append(&bytes, i), OK);
		struct span rest = span_of(&bytes);
		bool is_surrogate = i >= 0xd800 && i <= 0xdfff;
		assert_int_equal(utf8_next(&rest, &character), !is_surrogate);
		if (!is_surrogate)
			assert_int_equal(character, i);
	}
	bytes_clear(&bytes);
}

static void a_terminal_is_shown_what_it_must_not_obey(void **state)
{
	(void)state;
	static const struct { struct span text; const char *one_line, *lines; } rows[] = {
		{ LITERAL("Gen\xc3\xa8ve"), "Gen\xc3\xa8ve", "Gen\xc3\xa8ve" },
		{ LITERAL("\x1b[31mred"), "\\x1b[31mred", "\\x1b[31mred" },
		{ LITERAL("a\nb\tc"), "a\\nb\\tc", "a\nb\tc" },
		{ LITERAL("a\0b\r\x7f"), "a\\x00b\\x0d\\x7f", "a\\x00b\\x0d\\x7f" },
		{ LITERAL("\xc2\x9b" "31m"), "\\x9b31m", "\\x9b31m" },
		{ LITERAL("\xe2\x80\xae" "gpj.exe"), "\\u202egpj.exe", "\\u202egpj.exe" },
		{ LITERAL("\xe2\x81\xa6x"), "\\u2066x", "\\u2066x" },
		{ LITERAL("\xff\xc3"), "\\xff\\xc3", "\\xff\\xc3" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes safe = { 0 }, lines = { 0 };
		assert_int_equal(text_safe(&safe, rows[i].text), OK);
		assert_int_equal(text_safe_lines(&lines, rows[i].text), OK);
		assert_string_equal(bytes_text(&safe), rows[i].one_line);
		assert_string_equal(bytes_text(&lines), rows[i].lines);
		bytes_clear(&safe);
		bytes_clear(&lines);
	}
}

static void an_excerpt_fits_and_is_cut_between_characters(void **state)
{
	(void)state;
	static const struct { const char *text; size_t size; const char *excerpt; } rows[] = {
		{ "", 8, "" }, { "1234567", 8, "1234567" }, { "12345678", 8, "1234..." },
		{ "\xc3\xa8\xc3\xa8\xc3\xa8\xc3\xa8", 8, "\xc3\xa8\xc3\xa8..." }, { "\x1b\x1b", 8, "\\x1b..." }, { "abcdef", 2, "." },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char out[16];
		text_excerpt(out, rows[i].size, span_of_text(rows[i].text));
		assert_string_equal(out, rows[i].excerpt);
	}
}

static void clean_text_has_no_controls_but_line_feed_and_tab(void **state)
{
	(void)state;
	static const struct { struct span text; bool is_clean; } rows[] = {
		{ LITERAL("two\nlines\tand \xc3\xa9"), true }, { LITERAL("\r\n"), false }, { LITERAL("a\0"), false },
		{ LITERAL("\x1b"), false }, { LITERAL("\x7f"), false }, { LITERAL("\xc2\x85"), false }, { LITERAL("\xff"), false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(text_is_clean(rows[i].text), rows[i].is_clean);
}

static void a_name_is_safe_or_made_so(void **state)
{
	(void)state;
	static const struct { struct span name; bool is_safe; const char *made; } rows[] = {
		{ LITERAL("request.pdf"), true, "request.pdf" }, { LITERAL("-rf"), true, "-rf" }, { LITERAL("..."), true, "..." },
		{ LITERAL("Zusammenfassung \xc3\x84.odt"), true, "Zusammenfassung \xc3\x84.odt" },
		{ LITERAL(""), false, "unnamed" }, { LITERAL("."), false, "unnamed" }, { LITERAL(".."), false, "unnamed" },
		{ LITERAL("../../etc/passwd"), false, ".._.._etc_passwd" }, { LITERAL("a\0.pdf"), false, "a_.pdf" },
		{ LITERAL("a\nb"), false, "a_b" }, { LITERAL("x\xe2\x80\xaegpj.exe"), false, "x_gpj.exe" }, { LITERAL("\xff.pdf"), false, "_.pdf" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes made = { 0 };
		assert_int_equal(name_is_safe(rows[i].name), rows[i].is_safe);
		assert_int_equal(name_make_safe(&made, rows[i].name), OK);
		assert_string_equal(bytes_text(&made), rows[i].made);
		assert_true(name_is_safe(span_of_text(rows[i].made)));
		bytes_clear(&made);
	}
}

static void a_name_has_255_bytes_at_most(void **state)
{
	(void)state;
	char long_name[300];
	memset(long_name, 'a', sizeof long_name);
	memcpy(long_name + 254, "\xc3\xa8", 2);		/* straddles the limit */
	struct bytes made = { 0 };
	assert_true(name_is_safe((struct span){ (uint8_t *)long_name, 254 }));
	assert_false(name_is_safe((struct span){ (uint8_t *)long_name, 256 }));
	assert_int_equal(name_make_safe(&made, (struct span){ (uint8_t *)long_name, 300 }), OK);
	assert_int_equal(made.len, 254);
	bytes_clear(&made);
}

static void width_counts_columns(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	assert_int_equal(text_width(span_of_text("abc")), 3);
	assert_int_equal(text_width(span_of_text("Gen\xc3\xa8ve")), 6);
	assert_int_equal(text_width(span_of_text("\xe6\x9d\xb1\xe4\xba\xac")), 4);	/* two wide ones */
	assert_int_equal(text_width(span_of_text("e\xcc\x81")), 1);			/* e and a combining acute */
}

static void near_words_are_suggested_and_far_ones_are_not(void **state)
{
	(void)state;
	static const char *const words[] = { "measures", "language", "legal_bases", "purpose", "ROUTINE" };
	static const struct { const char *word, *best; } rows[] = {
		{ "measurs", "measures" }, { "langauge", "language" }, { "legal-basis", "legal_bases" }, { "PURPOSES", "purpose" },
		{ "routine", "ROUTINE" }, { "urgency", NULL }, { "", NULL }, { "x", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *best = suggest(rows[i].word, words, ARRAY_LEN(words));
		if (rows[i].best)
			assert_string_equal(best, rows[i].best);
		else
			assert_null(best);
	}
	char long_word[200] = { 0 };
	memset(long_word, 'm', sizeof long_word - 1);
	assert_null(suggest(long_word, words, ARRAY_LEN(words)));
	assert_true(word_is("SEA_GREEN", "sea-green"));
	assert_false(word_is("sea", "sea-green"));
}

static void an_arena_gives_up_to_its_budget(void **state)
{
	(void)state;
	struct arena arena = { 0 };
	assert_null(arena_alloc(&arena, 1));
	arena_init(&arena, 100000);
	size_t total = 0;
	for (uint8_t *at; (at = arena_alloc(&arena, 1000)); total += 1000) {
		assert_int_equal((uintptr_t)at % 16, 0);
		memset(at, 0xff, 1000);
	}
	assert_in_range(total, 99000, 100000);
	assert_int_equal(arena_fault(&arena), FAULT_TOO_LARGE);
	arena_reset(&arena);
	assert_string_equal(arena_text(&arena, span_of_text("again")), "again");
	const uint8_t *zeroed = arena_alloc(&arena, 2000);
	for (size_t i = 0; i < 2000; i++)
		assert_int_equal(zeroed[i], 0);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	arena_clear(&arena);
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_told_from_what_only_looks_like_it),
		cmocka_unit_test(every_character_comes_back),
		cmocka_unit_test(a_terminal_is_shown_what_it_must_not_obey),
		cmocka_unit_test(an_excerpt_fits_and_is_cut_between_characters),
		cmocka_unit_test(clean_text_has_no_controls_but_line_feed_and_tab),
		cmocka_unit_test(a_name_is_safe_or_made_so),
		cmocka_unit_test(a_name_has_255_bytes_at_most),
		cmocka_unit_test(width_counts_columns),
		cmocka_unit_test(near_words_are_suggested_and_far_ones_are_not),
		cmocka_unit_test(an_arena_gives_up_to_its_budget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
