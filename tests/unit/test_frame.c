/* Frames: cut where they end, refused on their first four bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/frame.h"

#define BULK 0x80000000u

static void what_is_framed_is_cut_to_the_letter(void **state)
{
	(void)state;
	struct bytes out = { 0 };
	uint8_t *payload;
	assert_int_equal(frame_begin(&out, 5, &payload), OK);
	memcpy(payload, "hello", 5);
	assert_int_equal(frame_bulk(&out, 7, UINT64_C(1) << 40, span_of_text("piece")), OK);
	assert_int_equal(frame_begin(&out, 0, &payload), OK);

	struct span stream = span_of(&out);
	struct frame frame;
	assert_int_equal(frame_cut(&stream, FRAME_SIZE_MAX, &frame), OK);
	assert_int_equal(frame.kind, FRAME_MESSAGE);
	assert_true(span_is(frame.payload, "hello"));
	assert_int_equal(frame_cut(&stream, FRAME_SIZE_MAX, &frame), OK);
	assert_int_equal(frame.kind, FRAME_BULK);
	assert_int_equal(frame.stream, 7);
	assert_true(frame.offset == UINT64_C(1) << 40);
	assert_true(span_is(frame.payload, "piece"));
	assert_int_equal(frame_cut(&stream, FRAME_SIZE_MAX, &frame), OK);
	assert_int_equal(frame.kind, FRAME_MESSAGE);
	assert_int_equal(frame.payload.len, 0);
	assert_int_equal(frame_cut(&stream, FRAME_SIZE_MAX, &frame), OK);
	assert_int_equal(frame.kind, FRAME_NONE);
	assert_int_equal(stream.len, 0);
	bytes_clear(&out);
}

static void a_frame_waits_for_its_last_byte(void **state)
{
	(void)state;
	struct bytes out = { 0 };
	assert_int_equal(frame_bulk(&out, 1, 2, span_of_text("piece")), OK);
	for (size_t len = 0; len < out.len; len++) {
		struct span stream = { out.at, len };
		struct frame frame;
		assert_int_equal(frame_cut(&stream, FRAME_SIZE_MAX, &frame), OK);
		assert_int_equal(frame.kind, FRAME_NONE);
		assert_int_equal(stream.len, len);
	}
	bytes_clear(&out);
}

static void lengths_are_judged_by_the_first_word(void **state)
{
	(void)state;
	static const struct { uint32_t word; size_t limit; enum fault fault; } cases[] = {
		{ 0,                                               FRAME_SIZE_MAX,     OK },
		{ FRAME_SIZE_MAX,                                  FRAME_SIZE_MAX,     OK },
		{ FRAME_SIZE_MAX + 1,                              FRAME_SIZE_MAX,     FAULT_FRAME_TOO_LARGE },
		{ 0x7fffffff,                                      FRAME_SIZE_MAX,     FAULT_FRAME_TOO_LARGE },
		{ FRAME_GREETING_MAX,                              FRAME_GREETING_MAX, OK },
		{ FRAME_GREETING_MAX + 1,                          FRAME_GREETING_MAX, FAULT_FRAME_TOO_LARGE },
		{ BULK | 0,                                        FRAME_SIZE_MAX,     FAULT_BAD_FRAME },
		{ BULK | (BULK_HEAD_SIZE - 1),                     FRAME_SIZE_MAX,     FAULT_BAD_FRAME },
		{ BULK | BULK_HEAD_SIZE,                           FRAME_SIZE_MAX,     OK },
		{ BULK | (BULK_HEAD_SIZE + BULK_SIZE_MAX),         FRAME_SIZE_MAX,     OK },
		{ BULK | (BULK_HEAD_SIZE + BULK_SIZE_MAX + 1),     FRAME_SIZE_MAX,     FAULT_FRAME_TOO_LARGE },
		{ 0xffffffff,                                      FRAME_SIZE_MAX,     FAULT_FRAME_TOO_LARGE },
		{ BULK | 1000,                                     100,                FAULT_FRAME_TOO_LARGE },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t head[4];
		put_u32(head, cases[i].word);
		struct span stream = SPAN(head);
		struct frame frame;
		assert_int_equal(frame_cut(&stream, cases[i].limit, &frame), cases[i].fault);
	}
}

static void what_is_too_large_is_not_written(void **state)
{
	(void)state;
	struct bytes out = { 0 };
	uint8_t *payload, *large = calloc(1, BULK_SIZE_MAX + 1);
	assert_non_null(large);
	assert_int_equal(frame_begin(&out, FRAME_SIZE_MAX + 1, &payload), FAULT_FRAME_TOO_LARGE);
	assert_int_equal(frame_bulk(&out, 1, 0, (struct span){ large, BULK_SIZE_MAX + 1 }), FAULT_FRAME_TOO_LARGE);
	assert_int_equal(out.len, 0);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_framed_is_cut_to_the_letter),
		cmocka_unit_test(a_frame_waits_for_its_last_byte),
		cmocka_unit_test(lengths_are_judged_by_the_first_word),
		cmocka_unit_test(what_is_too_large_is_not_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
