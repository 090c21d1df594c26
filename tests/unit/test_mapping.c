#include "sample.h"

#include "proto/casework.pb-c.h"

static void a_form_becomes_a_message(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	Sample__Sample *sample = sample_from(yaml_read,
		"text: 0412\n"
		"texts: [true, 2026-01-01, ~x, null x]\n"
		"small: -12\n"
		"size: \"18446744073709551615\"\n"
		"large: -9223372036854775808\n"
		"is_there: true\n"
		"colour: sea-green\n"
		"colours: [RED, 77, minus]\n"
		"ratio: 1.5\n"
		"blob: AP8\n"
		"greeting:\n"
		"branch:\n"
		"  leaf: {name: oak, weight: 7}\n"
		"  leaves: []\n"
		"people:\n"
		"  - label: A. N. Other\n"
		"    born_on: 1980-01-01\n"
		"grown:\n"
		"  title: |\n"
		"    One\n"
		"    Two\n", &arena);
	assert_string_equal(sample->text, "0412");
	assert_int_equal(sample->n_texts, 4);
	assert_string_equal(sample->texts[1], "2026-01-01");
	assert_int_equal(sample->small, -12);
	assert_true(sample->has_small && sample->has_size && sample->has_is_there && sample->is_there);
	assert_true(sample->size == UINT64_MAX && sample->large == INT64_MIN);
	assert_int_equal(sample->colour, SAMPLE__COLOUR__VALUE__SEA_GREEN);
	assert_int_equal(sample->colours[1], 77);
	assert_int_equal(sample->colours[2], SAMPLE__COLOUR__VALUE__MINUS);
	assert_int_equal(sample->blob.len, 2);
	assert_string_equal(sample->greeting, "hello");		/* absent: the default */
	assert_false(sample->has_count);
	assert_string_equal(sample->branch->leaf->name, "oak");
	assert_int_equal(sample->branch->n_leaves, 0);
	assert_string_equal(sample->people[0]->born_on, "1980-01-01");
	assert_int_equal(sample->choice_case, SAMPLE__SAMPLE__CHOICE_GROWN);
	assert_string_equal(sample->grown->title, "One\nTwo\n");
	arena_clear(&arena);
}

static void every_mistake_is_named_with_its_place(void **state)
{
	(void)state;
	static const struct { const char *text; enum fault fault; const char *sentence; } rows[] = {
		{ "branch:\n  titel: x", FAULT_UNKNOWN_KEY, "form.yaml:2:3: unknown key \"titel\" in sample.branch; did you mean \"title\"?" },
		{ "zzz: 1", FAULT_UNKNOWN_KEY, "form.yaml:1:1: unknown key \"zzz\" in sample" },
		{ "<<: 1", FAULT_UNKNOWN_KEY, "form.yaml:1:1: unknown key \"<<\" in sample" },
		{ "\"\\e[2J\": 1", FAULT_UNKNOWN_KEY, "form.yaml:1:1: unknown key \"\\x1b[2J\" in sample" },
		{ "colour: hot", FAULT_WRONG_TYPE, "form.yaml:1:9: sample.colour: \"hot\" is not one of MINUS, RED, SEA_GREEN, NO" },
		{ "colour: seagreen", FAULT_WRONG_TYPE, "form.yaml:1:9: sample.colour: \"seagreen\" is not one of MINUS, RED, SEA_GREEN, NO; did you mean \"SEA_GREEN\"?" },
		{ "colour: [RED]", FAULT_WRONG_TYPE, "form.yaml:1:9: sample.colour: a list is not a name" },
		{ "small: twelve", FAULT_WRONG_TYPE, "form.yaml:1:8: sample.small: \"twelve\" is not a whole number of 32 bits" },
		{ "small: 2147483648", FAULT_WRONG_TYPE, NULL }, { "small: 0412", FAULT_WRONG_TYPE, NULL }, { "small: 0x10", FAULT_WRONG_TYPE, NULL },
		{ "small: 1_000", FAULT_WRONG_TYPE, NULL }, { "small: +5", FAULT_WRONG_TYPE, NULL }, { "small: ' 5'", FAULT_WRONG_TYPE, NULL }, { "small: ''", FAULT_WRONG_TYPE, NULL },
		{ "count: -1", FAULT_WRONG_TYPE, "form.yaml:1:8: sample.count: \"-1\" is not a whole number from 0 to 4294967295" },
		{ "count: 4294967296", FAULT_WRONG_TYPE, NULL }, { "size: 18446744073709551616", FAULT_WRONG_TYPE, NULL }, { "size: -1", FAULT_WRONG_TYPE, NULL },
		{ "large: 9223372036854775808", FAULT_WRONG_TYPE, NULL }, { "size: 1e30", FAULT_WRONG_TYPE, NULL },
		{ "is_there: yes", FAULT_WRONG_TYPE, "form.yaml:1:11: sample.is_there: \"yes\" is not true or false" },
		{ "is_there: 'true'", FAULT_WRONG_TYPE, NULL }, { "is_there: 1", FAULT_WRONG_TYPE, NULL },
		{ "ratio: 1e39", FAULT_WRONG_TYPE, NULL }, { "ratio: .nan", FAULT_WRONG_TYPE, NULL }, { "precise: 1e999", FAULT_WRONG_TYPE, NULL }, { "precise: 0x1p3", FAULT_WRONG_TYPE, NULL },
		{ "blob: '!'", FAULT_WRONG_TYPE, "form.yaml:1:7: sample.blob: \"!\" is not base64" },
		{ "text: {a: b}", FAULT_WRONG_TYPE, "form.yaml:1:7: sample.text: a map is not a text" },
		{ "texts: one", FAULT_WRONG_TYPE, "form.yaml:1:8: sample.texts: \"one\" is not a list" },
		{ "texts: [a, ~]", FAULT_WRONG_TYPE, "form.yaml:1:12: sample.texts[1]: nothing is not a text" },
		{ "branch: x", FAULT_WRONG_TYPE, "form.yaml:1:9: sample.branch: \"x\" is not a map" },
		{ "just words", FAULT_WRONG_TYPE, "form.yaml:1:1: sample: \"just words\" is not a map" },
		{ "spoken: a\ncounted: 1", FAULT_BAD_DOCUMENT, "form.yaml:2:10: sample.counted: only one of these can be given" },
		{ "people:\n  - born_on: 1980-01-01", FAULT_INCOMPLETE, "form.yaml:2:5: sample.people[0]: needs \"label\"" },
		{ "people:\n  - label:", FAULT_INCOMPLETE, "form.yaml:2:5: sample.people[0]: needs \"label\"" },
		{ "people:\n  - label: x\n    born_on: 1980-02-30", FAULT_BAD_DOCUMENT, "form.yaml:3:14: sample.people[0].born_on: \"1980-02-30\" is not a date (YYYY-MM-DD)" },
		{ "text: \"a\\eb\"", FAULT_BAD_TEXT, "form.yaml:1:7: sample.text: \"a\\x1bb\" holds control characters" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *sentence = sample_refusal(yaml_read, rows[i].text, rows[i].fault);
		if (rows[i].sentence)
			assert_string_equal(sentence, rows[i].sentence);
	}
}

static void all_mistakes_are_told_at_once(void **state)
{
	(void)state;
	static const char form[] = "smal: 1\nsmall: x\nbranch:\n  title: [1]\npeople:\n  - {}\n";
	static const char *const sentences[] = {
		"form.yaml:1:1: unknown key \"smal\" in sample; did you mean \"small\"?",
		"form.yaml:2:8: sample.small: \"x\" is not a whole number of 32 bits",
		"form.yaml:4:10: sample.branch.title: a list is not a text",
		"form.yaml:6:5: sample.people[0]: needs \"label\"",
	};
	struct arena arena;
	struct mapping_faults faults = { 0 };
	enum fault fault;
	arena_init(&arena, UNPACK_ARENA);
	assert_null(sample_read(yaml_read, span_of_text(form), &arena, &faults, &fault));
	assert_int_equal(fault, FAULT_UNKNOWN_KEY);
	assert_string_equal(fault_detail(fault), sentences[0]);
	assert_int_equal(faults.count, ARRAY_LEN(sentences));
	for (size_t i = 0; i < faults.count; i++)
		assert_string_equal(bytes_text(&faults.list[i].sentence), sentences[i]);
	mapping_faults_clear(&faults);
	mapping_faults_clear(&faults);
	arena_clear(&arena);
}

static void beyond_twenty_mistakes_are_counted_only(void **state)
{
	(void)state;
	struct bytes form = { 0 };
	for (int i = 0; i < 50; i++)
		assert_int_equal(bytes_printf(&form, "unheard_of_%d: 1\n", i), OK);
	struct arena arena;
	struct mapping_faults faults = { 0 };
	enum fault fault;
	arena_init(&arena, UNPACK_ARENA);
	assert_null(sample_read(yaml_read, span_of(&form), &arena, &faults, &fault));
	assert_int_equal(faults.count, MAPPING_FAULTS_MAX);
	assert_int_equal(faults.more, 50 - MAPPING_FAULTS_MAX);
	mapping_faults_clear(&faults);
	arena_clear(&arena);
	bytes_clear(&form);
}

static void a_form_that_asks_for_too_much_is_refused(void **state)
{
	(void)state;
	struct arena arena;
	enum fault fault;
	arena_init(&arena, 4096);
	struct bytes form = { 0 };
	assert_int_equal(bytes_append_text(&form, "branches:\n"), OK);
	for (int i = 0; i < 500; i++)
		assert_int_equal(bytes_append_text(&form, "- {}\n"), OK);
	assert_null(sample_read(yaml_read, span_of(&form), &arena, NULL, &fault));
	assert_int_equal(fault, FAULT_TOO_LARGE);
	arena_clear(&arena);
	arena_init(&arena, UNPACK_ARENA);
	form.len = 0;
	assert_int_equal(bytes_append_text(&form, "smalls:\n"), OK);
	for (int i = 0; i < 10001; i++)
		assert_int_equal(bytes_append_text(&form, "- 1\n"), OK);
	assert_null(sample_read(yaml_read, span_of(&form), &arena, NULL, &fault));
	assert_int_equal(fault, FAULT_TOO_LARGE);
	arena_clear(&arena);
	bytes_clear(&form);
}

static void a_mapped_message_stands_the_check(void **state)
{
	(void)state;
	static const char form[] = "facts_summary: |\n  On 12 March 2026 ...\nmeasures:\n  - id: M1\n    description: Account statements\n";
	struct document document;
	struct arena arena;
	ProtobufCMessage *message, *again;
	struct bytes packed = { 0 };
	arena_init(&arena, UNPACK_ARENA);
	assert_int_equal(yaml_read(&document, "request.yaml", span_of_text(form)), OK);
	enum fault fault = mapping_read(&document, &comity__request__descriptor, &arena, &message, NULL);
	if (fault)
		fail_msg("%s", fault_detail(fault));
	assert_int_equal(pack(message, &packed), OK);
	assert_int_equal(unpack(&comity__request__descriptor, span_of(&packed), &arena, FAULT_BAD_DOCUMENT, &again), OK);
	bytes_clear(&packed);
	document_clear(&document);
	arena_clear(&arena);
}

static void a_document_is_read_by_its_look(void **state)
{
	(void)state;
	static const struct { const char *name, *text; enum node_kind kind; } rows[] = {
		{ "a.yaml", "small: 1", NODE_PLAIN }, { "-", " {\"small\": 1}", NODE_NUMBER }, { "a.json", "{\"small\": 1}", NODE_NUMBER },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct document document;
		assert_int_equal(document_read(&document, rows[i].name, span_of_text(rows[i].text)), OK);
		assert_int_equal(document.root->first->kind, rows[i].kind);
		document_clear(&document);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_becomes_a_message),
		cmocka_unit_test(every_mistake_is_named_with_its_place),
		cmocka_unit_test(all_mistakes_are_told_at_once),
		cmocka_unit_test(beyond_twenty_mistakes_are_counted_only),
		cmocka_unit_test(a_form_that_asks_for_too_much_is_refused),
		cmocka_unit_test(a_mapped_message_stands_the_check),
		cmocka_unit_test(a_document_is_read_by_its_look),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
