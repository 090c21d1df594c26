#include "sample.h"

#include <stdlib.h>

#include "proto/check.h"
#include "proto/text.h"
#include "proto/casework.pb-c.h"
#include "proto/profile.pb-c.h"

static void a_sound_message_passes(void **state)
{
	(void)state;
	Sample__Named person = SAMPLE__NAMED__INIT, *people[] = { &person };
	person.label = (char *)"A. N. Other";
	person.seen_at = (char *)"2026-11-23T10:12:00+01:00";
	person.born_on = (char *)"1980-01-01";
	person.sha256 = person.file_sha256 = (char *)"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	person.case_id = (char *)"0192f3c1-0000-7000-8000-000000000000";
	Sample__Sample sample = SAMPLE__SAMPLE__INIT;
	sample.people = people;
	sample.n_people = 1;
	assert_int_equal(check_message(&sample.base), OK);
}

static void a_promise_of_a_field_name_is_held_to(void **state)
{
	(void)state;
	static const struct { const char *label, *seen_at, *born_on, *sha256, *case_id; enum fault fault; const char *sentence; } rows[] = {
		{ "", "", "", "", "", OK, NULL },
		{ "", NULL, "2026-13-01", NULL, NULL, FAULT_BAD_DOCUMENT, "sample.people[0].born_on: \"2026-13-01\" is not a date (YYYY-MM-DD)" },
		{ "", "2026-11-23", NULL, NULL, NULL, FAULT_BAD_DOCUMENT, "sample.people[0].seen_at: \"2026-11-23\" is not a date and time with an offset (2026-11-23T10:12:00+01:00)" },
		{ "", NULL, NULL, "E3B0", NULL, FAULT_BAD_DOCUMENT, "sample.people[0].sha256: \"E3B0\" is not a SHA-256 digest of 64 lower-case hex digits" },
		{ "", NULL, NULL, NULL, "0192F3C1-0000-7000-8000-000000000000", FAULT_BAD_DOCUMENT, "sample.people[0].case_id: \"0192F3C1-0000-7000-8000-000000000000\" is not a UUID in lower case" },
		{ "\x1b[31m", NULL, NULL, NULL, NULL, FAULT_BAD_TEXT, "sample.people[0].label: \"\\x1b[31m\" holds control characters" },
		{ "\xff", NULL, NULL, NULL, NULL, FAULT_BAD_TEXT, "sample.people[0].label: \"\\xff\" is not valid UTF-8" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		Sample__Named person = SAMPLE__NAMED__INIT, *people[] = { &person };
		person.label = (char *)rows[i].label;
		person.seen_at = (char *)rows[i].seen_at;
		person.born_on = (char *)rows[i].born_on;
		person.sha256 = (char *)rows[i].sha256;
		person.case_id = (char *)rows[i].case_id;
		Sample__Sample sample = SAMPLE__SAMPLE__INIT;
		sample.people = people;
		sample.n_people = 1;
		enum fault fault = check_message(&sample.base);
		assert_int_equal(fault, rows[i].fault);
		if (fault)
			assert_string_equal(fault_detail(fault), rows[i].sentence);
	}
}

static void a_text_has_its_limit(void **state)
{
	(void)state;
	char *text = calloc(1, CHECK_TEXT_MAX + 2);
	memset(text, 'a', CHECK_TEXT_MAX);
	Sample__Sample sample = SAMPLE__SAMPLE__INIT;
	sample.text = text;
	assert_int_equal(check_message(&sample.base), OK);
	text[CHECK_TEXT_MAX] = 'a';
	assert_int_equal(check_message(&sample.base), FAULT_TOO_LARGE);
	assert_non_null(strstr(fault_detail(FAULT_TOO_LARGE), "sample.text: \"aaaa"));
	free(text);
}

static void a_repeated_field_has_its_limit(void **state)
{
	(void)state;
	int32_t *values = calloc(CHECK_REPEATED_MAX + 1, sizeof *values);
	Sample__Sample sample = SAMPLE__SAMPLE__INIT;
	sample.smalls = values;
	sample.n_smalls = CHECK_REPEATED_MAX;
	assert_int_equal(check_message(&sample.base), OK);
	sample.n_smalls++;
	assert_int_equal(check_message(&sample.base), FAULT_TOO_LARGE);
	free(values);
}

static void only_a_type_that_contains_itself_is_refused(void **state)
{
	(void)state;
	assert_int_equal(check_schema(&sample__sample__descriptor), OK);
	assert_int_equal(check_schema(&comity__message__descriptor), OK);
	assert_int_equal(check_schema(&comity__profile__descriptor), OK);
	assert_int_equal(check_schema(&sample__ouroboros__descriptor), FAULT_TOO_DEEP);
	assert_string_equal(fault_detail(FAULT_TOO_DEEP), "ouroboros.tail.mouth: the type contains itself");
}

/* ── unpacking ── */

static enum fault unpack_text(const ProtobufCMessageDescriptor *type, struct span packed)
{
	struct arena arena;
	ProtobufCMessage *message;
	arena_init(&arena, UNPACK_ARENA);
	enum fault fault = unpack(type, packed, &arena, FAULT_BAD_FRAME, &message);
	assert_int_equal(message != NULL, fault == OK);
	arena_clear(&arena);
	return fault;
}

#define LITERAL(text) { (const uint8_t *)(text), sizeof(text) - 1 }

static void bytes_that_are_no_sound_message_are_refused(void **state)
{
	(void)state;
	static const struct { struct span packed; enum fault fault; } rows[] = {
		{ LITERAL(""), OK },
		{ LITERAL("\x08\x05"), OK },
		{ LITERAL("\x72\x03" "abc"), OK },
		{ LITERAL("\xa0\x06\x05"), OK },					/* field 100: of a newer peer */
		{ LITERAL("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), OK },	/* small = -1 */
		{ LITERAL("\x80\x01\x63"), OK },					/* colour = 99: of a newer peer */
		{ LITERAL("\x08"), FAULT_BAD_FRAME },					/* ends in the middle */
		{ LITERAL("\x72\x04" "abc"), FAULT_BAD_FRAME },
		{ LITERAL("\x72\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), FAULT_BAD_FRAME },
		{ LITERAL("\x72\x03" "a\0c"), FAULT_BAD_TEXT },
		{ LITERAL("\x72\x01\xff"), FAULT_BAD_TEXT },
		{ LITERAL("\x72\x01\x1b"), FAULT_BAD_TEXT },
		{ LITERAL("\x0b\x0c"), FAULT_BAD_FRAME },				/* a group */
		{ LITERAL("\x00\x00"), FAULT_BAD_FRAME },				/* field number 0 */
		{ LITERAL("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), FAULT_BAD_FRAME },	/* count = 2^64-1 */
		{ LITERAL("\x20\x80\x80\x80\x80\x10"), FAULT_BAD_FRAME },		/* count = 2^32 */
		{ LITERAL("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), FAULT_BAD_FRAME },	/* 11 bytes of varint */
		{ LITERAL("\x0d\x01\x02\x03\x04"), FAULT_BAD_FRAME },			/* small, but with the wire type of a float */
		{ LITERAL("\xd2\x01\x00"), FAULT_BAD_FRAME },				/* a person without the label it must have */
		{ LITERAL("\xd2\x01\x02\x0a\x00"), OK },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum fault fault = unpack_text(&sample__sample__descriptor, rows[i].packed);
		if (fault != rows[i].fault)
			fail_msg("row %zu: %s: %s", i, fault_slug(fault), fault_detail(fault));
	}
}

static void nesting_is_refused_before_the_stack_ends(void **state)
{
	(void)state;
	struct bytes packed = { 0 };
	for (int i = 0; i < 20000; i++) {		/* from the innermost outwards */
		uint8_t head[8] = { 0x0a }, size = 1;
		for (size_t len = packed.len; head[size++] = (uint8_t)(len & 0x7f), len >>= 7; )
			head[size - 1] |= 0x80;
		struct bytes outer = { 0 };
		assert_int_equal(bytes_append(&outer, (struct span){ head, size }), OK);
		assert_int_equal(bytes_append(&outer, span_of(&packed)), OK);
		bytes_clear(&packed);
		packed = outer;
	}
	assert_int_equal(unpack_text(&sample__ouroboros__descriptor, span_of(&packed)), FAULT_TOO_DEEP);
	bytes_clear(&packed);
}

static void a_few_bytes_cannot_ask_for_much_memory(void **state)
{
	(void)state;
	size_t count = 1 << 20;
	uint8_t *packed = malloc(3 * count);
	for (size_t i = 0; i < count; i++)
		memcpy(packed + 3 * i, "\xca\x01\x00", 3);	/* an empty branch */
	assert_int_equal(unpack_text(&sample__sample__descriptor, (struct span){ packed, 3 * count }), FAULT_TOO_LARGE);
	assert_int_equal(unpack_text(&sample__sample__descriptor, (struct span){ packed, (size_t)UNPACK_SIZE_MAX + 1 }), FAULT_TOO_LARGE);
	free(packed);
}

static void fields_of_a_newer_peer_are_kept_up_to_a_limit(void **state)
{
	(void)state;
	uint8_t packed[3 * (CHECK_UNKNOWN_MAX + 1)];
	for (size_t i = 0; i < sizeof packed; i += 3)
		memcpy(packed + i, "\xa0\x06\x07", 3);
	struct arena arena;
	ProtobufCMessage *message;
	struct bytes again = { 0 };
	arena_init(&arena, UNPACK_ARENA);
	struct span most = { packed, 3 * CHECK_UNKNOWN_MAX };
	assert_int_equal(unpack(&sample__sample__descriptor, most, &arena, FAULT_BAD_FRAME, &message), OK);
	assert_int_equal(message_unknown_count(message), CHECK_UNKNOWN_MAX);
	assert_int_equal(pack(message, &again), OK);
	assert_true(span_equal(span_of(&again), most));
	assert_int_equal(unpack(&sample__sample__descriptor, SPAN(packed), &arena, FAULT_BAD_FRAME, &message), FAULT_TOO_LARGE);
	bytes_clear(&again);
	arena_clear(&arena);
}

#define TEXT_SPAN(text) { (const uint8_t *)(text), sizeof (text) - 1 }

static void one_field_is_left_out_wherever_it_stands(void **state)
{
	(void)state;
	static const struct { struct span packed, rest; } rows[] = {
		{ TEXT_SPAN(""), TEXT_SPAN("") },
		{ TEXT_SPAN("\x08\x07"), TEXT_SPAN("") },
		{ TEXT_SPAN("\x08\x07\x12\x02hi"), TEXT_SPAN("\x12\x02hi") },
		{ TEXT_SPAN("\x12\x02hi\x08\x07"), TEXT_SPAN("\x12\x02hi") },
		{ TEXT_SPAN("\x08\x01\x12\x02\x08\x07\x08\x80\x01\x1a\x01x\x0a\x01y"), TEXT_SPAN("\x12\x02\x08\x07\x1a\x01x") },
		{ TEXT_SPAN("\x80\x01\x05\x08\x07"), TEXT_SPAN("\x80\x01\x05") },	/* field 16 */
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes rest = { 0 };
		assert_int_equal(packed_without(rows[i].packed, 1, &rest), OK);
		assert_true(span_equal(span_of(&rest), rows[i].rest));
		bytes_clear(&rest);
	}
}

static void a_holiday_of_every_year_is_a_month_and_a_day(void **state)
{
	(void)state;
	const ProtobufCFieldDescriptor *yearly = protobuf_c_message_descriptor_get_field_by_name(&comity__hours__descriptor, "yearly_holidays"),
		*once = protobuf_c_message_descriptor_get_field_by_name(&comity__hours__descriptor, "holidays_on");
	static const struct { const char *text; bool is_yearly, is_date; } rows[] = {
		{ "12-25", true, false }, { "02-29", true, false }, { "02-30", false, false }, { "13-01", false, false }, { "1-1", false, false },
		{ "25.12.", false, false }, { "12-25 ", false, false }, { "2027-03-26", false, true }, { "2027-02-29", false, false }, { "Christmas", false, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *reason;
		assert_int_equal(check_text(yearly, span_of_text(rows[i].text), &reason), rows[i].is_yearly ? OK : FAULT_BAD_DOCUMENT);
		assert_int_equal(check_text(once, span_of_text(rows[i].text), &reason), rows[i].is_date ? OK : FAULT_BAD_DOCUMENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_message_passes),
		cmocka_unit_test(a_promise_of_a_field_name_is_held_to),
		cmocka_unit_test(a_holiday_of_every_year_is_a_month_and_a_day),
		cmocka_unit_test(a_text_has_its_limit),
		cmocka_unit_test(a_repeated_field_has_its_limit),
		cmocka_unit_test(only_a_type_that_contains_itself_is_refused),
		cmocka_unit_test(bytes_that_are_no_sound_message_are_refused),
		cmocka_unit_test(nesting_is_refused_before_the_stack_ends),
		cmocka_unit_test(a_few_bytes_cannot_ask_for_much_memory),
		cmocka_unit_test(fields_of_a_newer_peer_are_kept_up_to_a_limit),
		cmocka_unit_test(one_field_is_left_out_wherever_it_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
