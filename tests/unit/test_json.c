#include "sample.h"

#include <stdlib.h>

#include "proto/base64.h"

static const char *refusal(const char *text, enum fault expected)
{
	struct document document;
	enum fault fault = json_read(&document, "form.json", span_of_text(text));
	document_clear(&document);
	if (fault != expected)
		fail_msg("%s, not %s: %s", fault_slug(fault), fault_slug(expected), text);
	return fault_detail(fault);
}

static void broken_json_is_refused_with_its_place(void **state)
{
	(void)state;
	static const struct { const char *text; enum fault fault; const char *sentence; } rows[] = {
		{ "", FAULT_BAD_DOCUMENT, "form.json:1:0: '[' or '{' expected near end of file" },
		{ "{\n \"a\" 1}", FAULT_BAD_DOCUMENT, "form.json:2:6: ':' expected near '1'" },
		{ "{\"a\": 1, \"a\": 2}", FAULT_BAD_DOCUMENT, "form.json:1:12: duplicate object key near '\"a\"'" },
		{ "{} {}", FAULT_BAD_DOCUMENT, "form.json:1:4: end of file expected near '{'" },
		{ "{\"a\": 01}", FAULT_BAD_DOCUMENT, NULL }, { "{\"a\": nan}", FAULT_BAD_DOCUMENT, NULL }, { "{'a': 1}", FAULT_BAD_DOCUMENT, NULL },
		{ "{\"a\": 99999999999999999999}", FAULT_BAD_DOCUMENT, NULL }, { "{\"a\": \"\\u0000\"}", FAULT_BAD_DOCUMENT, NULL },
		{ "{\"a\": \"\xff\"}", FAULT_BAD_TEXT, NULL }, { "{\"a\": \"\x1b\"}", FAULT_BAD_DOCUMENT, NULL }, { "\"a\"", FAULT_BAD_DOCUMENT, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *sentence = refusal(rows[i].text, rows[i].fault);
		if (rows[i].sentence)
			assert_string_equal(sentence, rows[i].sentence);
	}
}

static void the_limits_hold_before_memory_is_taken(void **state)
{
	(void)state;
	static const struct { const char *unit; size_t count; enum fault fault; } rows[] = {
		{ "[", 33, FAULT_TOO_DEEP }, { "{\"a\":", 500, FAULT_TOO_DEEP }, { "[],", 100000, FAULT_TOO_LARGE }, { " ", DOCUMENT_SIZE_MAX + 1, FAULT_TOO_LARGE },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes text = { 0 };
		for (size_t j = 0; j < rows[i].count; j++)
			assert_int_equal(bytes_append_text(&text, rows[i].unit), OK);
		refusal(bytes_text(&text), rows[i].fault);
		bytes_clear(&text);
	}
	refusal("{\"a\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ \\\" {{{\"}", OK);	/* in a text they do not count */
	refusal("{\"a\": \"\\", FAULT_BAD_DOCUMENT);
}

static const char canonical[] =
	"{\"small\":-5,\"large\":\"-9223372036854775808\",\"size\":\"18446744073709551615\",\"ratio\":0.1,\"precise\":1e+300,"
	"\"is_there\":false,\"text\":\"quote \\\" slash \\\\ \\n \xc3\xa9\",\"blob\":\"AP8=\",\"colour\":\"SEA_GREEN\","
	"\"branch\":{\"title\":\"\",\"leaf\":{},\"leaves\":[{\"weight\":1},{}]},\"smalls\":[1,-2],\"sizes\":[\"1\"],\"reals\":[0.5,\"NaN\",\"-Infinity\"],"
	"\"flags\":[true,false],\"texts\":[\"\"],\"blobs\":[\"\",\"AA==\"],\"colours\":[\"RED\",7],\"counted\":\"0\"}";

static void json_comes_out_canonical(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	struct bytes out = { 0 };
	Sample__Sample *sample = sample_from(json_read, canonical, &arena);
	assert_int_equal(sample->choice_case, SAMPLE__SAMPLE__CHOICE_COUNTED);
	assert_int_equal(json_write(&sample->base, JSON_COMPACT_STYLE, &out), OK);
	assert_string_equal(bytes_text(&out), canonical);
	out.len = 0;
	assert_int_equal(json_write_text(&out, span_of_text("\xc2\x85\x01\x7f\xe2\x80\xa8")), OK);
	assert_string_equal(bytes_text(&out), "\"\\u0085\\u0001\\u007f\\u2028\"");
	bytes_clear(&out);
	arena_clear(&arena);
}

static void pretty_json_is_indented_by_two(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	struct bytes out = { 0 };
	Sample__Sample *sample = sample_from(json_read, "{\"small\":1,\"branch\":{\"leaf\":{}},\"smalls\":[1,2]}", &arena);
	assert_int_equal(json_write(&sample->base, JSON_PRETTY_STYLE, &out), OK);
	assert_string_equal(bytes_text(&out),
		"{\n  \"small\": 1,\n  \"branch\": {\n    \"leaf\": {}\n  },\n  \"smalls\": [\n    1,\n    2\n  ]\n}\n");
	bytes_clear(&out);
	arena_clear(&arena);
}

static void both_spellings_of_a_name_are_read(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	Sample__Sample *snake = sample_from(json_read, "{\"small_zigzag\":3,\"people\":[{\"label\":\"x\",\"born_on\":\"1980-01-01\"}]}", &arena);
	Sample__Sample *camel = sample_from(json_read, "{\"smallZigzag\":3,\"people\":[{\"label\":\"x\",\"bornOn\":\"1980-01-01\"}]}", &arena);
	assert_same(snake, camel);
	arena_clear(&arena);
	assert_string_equal(sample_refusal(json_read, "{\"small_zigzag\":3,\"smallZigzag\":3}", FAULT_BAD_DOCUMENT), "form.yaml: sample.small_zigzag: given twice");
}

static void json_types_are_strict(void **state)
{
	(void)state;
	static const struct { const char *text, *sentence; } rows[] = {
		{ "{\"text\":412}", "form.yaml: sample.text: 412 is not a text" },
		{ "{\"text\":true}", "form.yaml: sample.text: true is not a text" },
		{ "{\"is_there\":\"true\"}", "form.yaml: sample.is_there: \"true\" is not true or false" },
		{ "{\"is_there\":1}", "form.yaml: sample.is_there: 1 is not true or false" },
		{ "{\"small\":1.5}", "form.yaml: sample.small: \"1.5\" is not a whole number of 32 bits" },
		{ "{\"small\":2147483648}", "form.yaml: sample.small: \"2147483648\" is not a whole number of 32 bits" },
		{ "{\"branch\":[]}", "form.yaml: sample.branch: a list is not a map" },
		{ "{\"smalls\":1}", "form.yaml: sample.smalls: 1 is not a list" },
		{ "{\"smalls\":[1,null]}", "form.yaml: sample.smalls[1]: nothing is not a whole number of 32 bits" },
		{ "{\"blob\":\"A\"}", "form.yaml: sample.blob: \"A\" is not base64" },
		{ "{\"spoken\":\"a\",\"counted\":1}", NULL },
		{ "[]", "form.yaml: sample: a list is not a map" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *sentence = sample_refusal(json_read, rows[i].text, rows[i].sentence ? FAULT_WRONG_TYPE : FAULT_BAD_DOCUMENT);
		if (rows[i].sentence)
			assert_string_equal(sentence, rows[i].sentence);
	}
}

static void a_text_that_is_not_utf8_is_not_written(void **state)
{
	(void)state;
	Sample__Sample sample = SAMPLE__SAMPLE__INIT;
	struct bytes out = { 0 };
	sample.text = (char *)"\xff";
	assert_int_equal(json_write(&sample.base, JSON_COMPACT_STYLE, &out), FAULT_BAD_TEXT);
	assert_int_equal(yaml_write(&sample.base, &out), FAULT_BAD_TEXT);
	bytes_clear(&out);
}

static void base64_is_read_in_every_spelling_and_no_other(void **state)
{
	(void)state;
	static const struct { const char *text; int size; const char *bytes; } rows[] = {
		{ "", 0, "" }, { "AA==", 1, "\0" }, { "AA", 1, "\0" }, { "+/8=", 2, "\xfb\xff" }, { "-_8", 2, "\xfb\xff" }, { "YWJj", 3, "abc" },
		{ "A", -1, NULL }, { "AA=", -1, NULL }, { "AB==", -1, NULL }, { "YW Jj", -1, NULL }, { "=", -1, NULL }, { "====", -1, NULL }, { "YWJj=", -1, NULL }, { "YQ==YQ==", -1, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t to[16];
		size_t size;
		bool is_read = base64_read(to, &size, span_of_text(rows[i].text));
		assert_int_equal(is_read, rows[i].size >= 0);
		if (is_read && size)
			assert_memory_equal(to, rows[i].bytes, size);
		if (is_read)
			assert_int_equal(size, rows[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_json_is_refused_with_its_place),
		cmocka_unit_test(the_limits_hold_before_memory_is_taken),
		cmocka_unit_test(json_comes_out_canonical),
		cmocka_unit_test(pretty_json_is_indented_by_two),
		cmocka_unit_test(both_spellings_of_a_name_are_read),
		cmocka_unit_test(json_types_are_strict),
		cmocka_unit_test(a_text_that_is_not_utf8_is_not_written),
		cmocka_unit_test(base64_is_read_in_every_spelling_and_no_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
