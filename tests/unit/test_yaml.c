#include "sample.h"

#include <stdlib.h>

static const char *refusal(const char *text, enum fault expected)
{
	struct document document;
	enum fault fault = yaml_read(&document, "form.yaml", span_of_text(text));
	document_clear(&document);
	if (fault != expected)
		fail_msg("%s, not %s: %s", fault_slug(fault), fault_slug(expected), text);
	return fault_detail(fault);
}

static void every_node_knows_its_place(void **state)
{
	(void)state;
	struct document document;
	const char *text = "# a comment\nname: Other\nmeasures:\n  - kind: bank\n    days: 0412\n  - {kind: \"x\", none: ~}\n";
	assert_int_equal(yaml_read(&document, "form.yaml", span_of_text(text)), OK);
	const struct node *name = node_find(document.root, "name"), *measures = node_find(document.root, "measures");
	assert_string_equal(name->text, "Other");
	assert_int_equal(name->line, 2);
	assert_int_equal(name->column, 7);
	assert_int_equal(name->key_column, 1);
	assert_int_equal(measures->kind, NODE_LIST);
	assert_int_equal(measures->count, 2);
	const struct node *days = node_find(measures->first, "days");
	assert_string_equal(days->text, "0412");
	assert_int_equal(days->kind, NODE_PLAIN);
	assert_int_equal(days->key_line, 5);
	assert_int_equal(node_find(measures->last, "kind")->kind, NODE_TEXT);
	assert_int_equal(node_find(measures->last, "none")->kind, NODE_ABSENT);
	assert_null(node_find(document.root, "nothing"));
	document_clear(&document);
}

static void every_scalar_style_is_read(void **state)
{
	(void)state;
	static const struct { const char *text, *value; enum node_kind kind; } rows[] = {
		{ "k: plain words", "plain words", NODE_PLAIN }, { "k: 'it''s'", "it's", NODE_TEXT }, { "k: \"a\\nb\\u00e9\"", "a\nb\xc3\xa9", NODE_TEXT },
		{ "k: |\n  one\n  two\n", "one\ntwo\n", NODE_TEXT }, { "k: |-\n  one\n", "one", NODE_TEXT }, { "k: >\n  one\n  two\n", "one two\n", NODE_TEXT },
		{ "k:", "", NODE_ABSENT }, { "k: null", "null", NODE_ABSENT }, { "k: ~", "~", NODE_ABSENT }, { "k: \"\"", "", NODE_TEXT }, { "k: 'null'", "null", NODE_TEXT },
		{ "k: a\n  b", "a b", NODE_PLAIN },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct document document;
		assert_int_equal(yaml_read(&document, "form.yaml", span_of_text(rows[i].text)), OK);
		assert_string_equal(document.root->first->text, rows[i].value);
		assert_int_equal(document.root->first->kind, rows[i].kind);
		document_clear(&document);
	}
}

static void what_cannot_be_told_from_a_mistake_is_refused(void **state)
{
	(void)state;
	static const struct { const char *text; enum fault fault; const char *sentence; } rows[] = {
		{ "a: &x 1", FAULT_BAD_DOCUMENT, "form.yaml:1:4: anchors (&) are not allowed here" },
		{ "a: 1\nb: *x", FAULT_BAD_DOCUMENT, "form.yaml:2:4: aliases (*) are not allowed here" },
		{ "a: !!str 1", FAULT_BAD_DOCUMENT, "form.yaml:1:4: tags (!) are not allowed here" },
		{ "a: !x {}", FAULT_BAD_DOCUMENT, "form.yaml:1:4: tags (!) are not allowed here" },
		{ "a: &x []", FAULT_BAD_DOCUMENT, "form.yaml:1:4: anchors (&) are not allowed here" },
		{ "a: 1\n---\nb: 2", FAULT_BAD_DOCUMENT, "form.yaml:2:1: only one document is allowed in a file" },
		{ "a: 1\nb: 2\na: 3", FAULT_BAD_DOCUMENT, "form.yaml:3:1: the key \"a\" is given twice" },
		{ "? [a]\n: 1", FAULT_BAD_DOCUMENT, "form.yaml:1:3: a key must be a text" },
		{ "a: [1", FAULT_BAD_DOCUMENT, "form.yaml:2:1: did not find expected ',' or ']' while parsing a flow sequence" },
		{ "a:\n\t- b", FAULT_BAD_DOCUMENT, NULL },
		{ "a: b: c", FAULT_BAD_DOCUMENT, NULL },
		{ "\xff", FAULT_BAD_TEXT, "form.yaml:1:1: invalid leading UTF-8 octet" },
		{ "a: 1\nb: \xc3\xa9\xc3", FAULT_BAD_TEXT, "form.yaml:2:5: incomplete UTF-8 octet sequence" },
		{ "a: 1\nb: \xed\xa0\x80", FAULT_BAD_TEXT, NULL },		/* half a surrogate pair */
		{ "a: \x1b", FAULT_BAD_TEXT, "form.yaml:1:4: control characters are not allowed" },
		{ "a: 1\n\x07: 2", FAULT_BAD_TEXT, "form.yaml:2:1: control characters are not allowed" },
		{ "a: \"x\\0y\"", FAULT_BAD_TEXT, "form.yaml:1:4: a text holds a NUL" },
		{ "\"x\\0y\": 1", FAULT_BAD_TEXT, "form.yaml:1:1: a key holds a NUL" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *sentence = refusal(rows[i].text, rows[i].fault);
		if (rows[i].sentence)
			assert_string_equal(sentence, rows[i].sentence);
		assert_ptr_equal(strstr(sentence, "form.yaml:"), sentence);
	}
}

static void an_empty_file_is_an_empty_document(void **state)
{
	(void)state;
	static const char *const rows[] = { "", "# only a comment\n", "---\n", "\xef\xbb\xbf" };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct document document;
		assert_int_equal(yaml_read(&document, "form.yaml", span_of_text(rows[i])), OK);
		assert_int_equal(document.root->kind, NODE_ABSENT);
		document_clear(&document);
	}
}

/* `unit` so many times, behind `head`. */
static char *repeated(const char *head, const char *unit, size_t count)
{
	char *text = malloc(strlen(head) + strlen(unit) * count + 1), *at = stpcpy(text, head);
	while (count--)
		at = stpcpy(at, unit);
	return text;
}

static void the_limits_hold(void **state)
{
	(void)state;
	static const struct { const char *head, *unit; size_t count; enum fault fault; } rows[] = {
		{ "", "[", 33, FAULT_TOO_DEEP }, { "", "[", 500000, FAULT_TOO_DEEP }, { "", "{a: ", 33, FAULT_TOO_DEEP },
		{ "", "- ", 400000, FAULT_TOO_DEEP },
		{ "", "- 1\n", 100000, FAULT_TOO_LARGE }, { "", "- 1\n", 99999, OK },
		{ "# ", "x", DOCUMENT_SIZE_MAX - 2, OK }, { "# ", "x", DOCUMENT_SIZE_MAX - 1, FAULT_TOO_LARGE },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = repeated(rows[i].head, rows[i].unit, rows[i].count);
		refusal(text, rows[i].fault);
		free(text);
	}
	struct bytes wide = { 0 };
	for (int i = 0; i <= DOCUMENT_KEYS_MAX; i++)
		assert_int_equal(bytes_printf(&wide, "k%d: 1\n", i), OK);
	refusal(bytes_text(&wide), FAULT_TOO_LARGE);
	bytes_clear(&wide);
}

static void yaml_comes_out_as_people_write_it(void **state)
{
	(void)state;
	static const char yaml[] =
		"small: -5\n"
		"size: 18446744073709551615\n"
		"ratio: 0.1\n"
		"is_there: true\n"
		"text: |\n"
		"  Two lines:\n"
		"\n"
		"    and more\n"
		"blob: \"AAEC\"\n"
		"colour: SEA_GREEN\n"
		"branch:\n"
		"  title: A plain title\n"
		"  leaf: {}\n"
		"  leaves:\n"
		"    - name: \"0412\"\n"
		"      notes:\n"
		"        - |-\n"
		"          one\n"
		"          two\n"
		"        - \"no\"\n"
		"    - {}\n"
		"  colour: \"NO\"\n"
		"smalls:\n"
		"  - 1\n"
		"  - 2\n";
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	struct bytes out = { 0 };
	Sample__Sample *sample = sample_from(yaml_read, yaml, &arena);
	assert_int_equal(yaml_write(&sample->base, &out), OK);
	assert_string_equal(bytes_text(&out), yaml);
	bytes_clear(&out);
	arena_clear(&arena);
}

static void every_text_survives_the_way_through_yaml(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"", " ", "x", "null", "~", "true", "No", "0412", "1e3", "2026-01-01", "- a", "a: b", "a #b", "#", "&x", "*x", "!x", "'", "\"", "\\", "%", "@", "`",
		"{a}", "[a]", "a,b", "a\n", "a\nb", "a\nb\n", "a\n\n", "\n", "\na", " a\nb", "a\n b", "a\n  \nb", "a\n\t\nb", "a\tb", "\ta", "a ", "a \nb ", "a\n\nb",
		"---", "...", "a\n---\nb", "a\n...\n", "?", "? a", ":", "a:", "=", "<<", "a\n#b", "\xc3\xa9t\xc3\xa9", "\xe2\x80\xa8", "a\xe2\x80\xa9\nb", "\xef\xbb\xbf", "\xef\xbf\xbe",
		"\xf0\x9f\x98\x80", "a\n- b\n  c: d\n", "very: long\nand 'quoted' \"text\" \\ here\n", "a\n ", "|", ">", "|-\n a",
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena;
		arena_init(&arena, UNPACK_ARENA);
		Sample__Sample sample = SAMPLE__SAMPLE__INIT;
		Sample__Leaf leaf = SAMPLE__LEAF__INIT;
		Sample__Branch branch = SAMPLE__BRANCH__INIT;
		char *texts[] = { (char *)rows[i], (char *)"after", (char *)rows[i] };
		sample.text = leaf.name = branch.title = texts[0];
		sample.texts = leaf.notes = texts;
		sample.n_texts = leaf.n_notes = ARRAY_LEN(texts);
		branch.leaf = &leaf;
		sample.branch = &branch;
		struct bytes out = { 0 };
		assert_int_equal(yaml_write(&sample.base, &out), OK);
		assert_same(sample_from(yaml_read, bytes_text(&out), &arena), &sample);
		bytes_clear(&out);
		arena_clear(&arena);
	}
}

/* A text of the letters that YAML has plans for, from a number. */
static void tricky_text(char *text, size_t len, unsigned *seed)
{
	static const char letters[] = " \n\t-:#'\"|>ab{}[],&*!%?0";
	for (size_t i = 0; i < len; i++)
		text[i] = letters[(size_t)rand_r(seed) % (sizeof letters - 1)];
	text[len] = 0;
}

static void random_texts_survive_as_well(void **state)
{
	(void)state;
	unsigned seed = 20261123;
	for (int round = 0; round < 20000; round++) {
		char text[16];
		struct arena arena;
		arena_init(&arena, UNPACK_ARENA);
		tricky_text(text, (size_t)rand_r(&seed) % sizeof text, &seed);
		Sample__Sample sample = SAMPLE__SAMPLE__INIT;
		char *texts[] = { text, text };
		sample.text = text;
		sample.texts = texts;
		sample.n_texts = 2;
		struct bytes out = { 0 };
		assert_int_equal(yaml_write(&sample.base, &out), OK);
		assert_same(sample_from(yaml_read, bytes_text(&out), &arena), &sample);
		bytes_clear(&out);
		arena_clear(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_node_knows_its_place),
		cmocka_unit_test(every_scalar_style_is_read),
		cmocka_unit_test(what_cannot_be_told_from_a_mistake_is_refused),
		cmocka_unit_test(an_empty_file_is_an_empty_document),
		cmocka_unit_test(the_limits_hold),
		cmocka_unit_test(yaml_comes_out_as_people_write_it),
		cmocka_unit_test(every_text_survives_the_way_through_yaml),
		cmocka_unit_test(random_texts_survive_as_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
