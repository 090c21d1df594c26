#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/stamp.h"
#include "proto/units.h"
#include "proto/uuid.h"

static int64_t now;	/* of the clock that the tests turn */

static int64_t turned_clock(void)
{
	return now;
}

static int turn_clock(void **state)
{
	(void)state;
	stamp_clock = turned_clock;
	now = INT64_C(1795428723412000);	/* 2026-11-23T10:12:03.412Z */
	return 0;
}

static int let_clock_go(void **state)
{
	(void)state;
	stamp_clock = stamp_system_clock;
	return 0;
}

static void now_is_what_the_clock_says(void **state)
{
	(void)state;
	char text[STAMP_SIZE];
	stamp_now(text);
	assert_string_equal(text, "2026-11-23T10:12:03.412Z");
}

static void stamps_are_read_with_their_offset(void **state)
{
	(void)state;
	static const struct { const char *text, *utc; } rows[] = {
		{ "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z" },
		{ "2026-11-23T10:12:03.412Z", "2026-11-23T10:12:03.412Z" },
		{ "2026-11-23T10:12:03+01:00", "2026-11-23T09:12:03.000Z" },
		{ "2026-01-01T00:30:00.5+05:30", "2025-12-31T19:00:00.500Z" },
		{ "2024-02-29T23:59:59.999999999-00:30", "2024-03-01T00:29:59.999Z" },
		{ "2000-02-29T00:00:00+00:00", "2000-02-29T00:00:00.000Z" },
		{ "1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900Z" },
		{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z" },
		{ "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t stamp;
		char text[STAMP_SIZE];
		assert_true(stamp_read(rows[i].text, &stamp));
		stamp_write(text, stamp);
		assert_string_equal(text, rows[i].utc);
	}
}

static void what_is_not_quite_a_stamp_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"", "2026-11-23", "2026-11-23T10:12:03", "2026-11-23 10:12:03Z", "2026-11-23t10:12:03Z", "2026-11-23T10:12:03z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-01-00T00:00:00Z", "0000-01-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T10:60:00Z", "2016-12-31T23:59:60Z",
		"2026-11-23T10:12:03.Z", "2026-11-23T10:12:03.1234567890Z", "2026-11-23T10:12:03+24:00", "2026-11-23T10:12:03+01:60",
		"2026-11-23T10:12:03+0100", "2026-11-23T10:12:03-00:00", "2026-11-23T10:12:03Z ", " 2026-11-23T10:12:03Z",
		"2026-11-23T10:12Z", "26-11-23T10:12:03Z", "2026-1-23T10:12:03Z", "+2026-11-23T10:12:03Z",
	};
	int64_t stamp;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (stamp_read(rows[i], &stamp))
			fail_msg("taken for a stamp: %s", rows[i]);
}

static void dates_come_back_and_agree_with_libc(void **state)
{
	(void)state;
	for (int64_t day = -719162; day < 2932896; day += 13) {	/* from year 1 to 9999 */
		char text[DATE_SIZE], libc[64];
		int64_t again;
		struct tm tm;
		time_t seconds = (time_t)day * 86400;
		date_write(text, day);
		assert_true(date_read(text, &again));
		assert_int_equal(again, day);
		gmtime_r(&seconds, &tm);
		snprintf(libc, sizeof libc, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
		assert_string_equal(text, libc);
	}
	int64_t day;
	assert_false(date_read("2026-02-30", &day));
	assert_false(date_read("2026-02-03T", &day));
}

static void times_beyond_the_calendar_are_written_as_its_ends(void **state)
{
	(void)state;
	char text[STAMP_SIZE];
	stamp_write(text, INT64_MIN);
	assert_string_equal(text, "0001-01-01T00:00:00.000Z");
	stamp_write(text, INT64_MAX);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void durations_are_read_as_people_write_them(void **state)
{
	(void)state;
	static const struct { const char *text; int64_t milliseconds; const char *again; } rows[] = {
		{ "10s", 10000, "10s" }, { "5min", 300000, "5min" }, { "2h30m", 9000000, "2h30min" }, { "90d", 7776000000, "90d" },
		{ "2w", 1209600000, "14d" }, { "250ms", 250, "250ms" }, { "0", 0, "0s" }, { "0s", 0, "0s" },
		{ "1 h 30 min", 5400000, "1h30min" }, { "90min", 5400000, "1h30min" }, { "3 days", 259200000, "3d" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t milliseconds;
		char text[UNITS_SIZE];
		assert_int_equal(duration_read(rows[i].text, &milliseconds), OK);
		assert_int_equal(milliseconds, rows[i].milliseconds);
		duration_write(text, milliseconds);
		assert_string_equal(text, rows[i].again);
	}
	static const char *const wrong[] = { "", "10", "s", "-5s", "5x", "1.5h", "30m2h", "5s5s", "5min ago", "99999999999999999999s", "9223372036854775807d" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		int64_t milliseconds;
		assert_int_equal(duration_read(wrong[i], &milliseconds), FAULT_BAD_DOCUMENT);
	}
	assert_non_null(strstr(fault_detail(FAULT_BAD_DOCUMENT), "is not a duration"));
	char longest[UNITS_SIZE];
	duration_write(longest, INT64_MAX);
	int64_t back;
	assert_int_equal(duration_read(longest, &back), OK);
	assert_int_equal(back, INT64_MAX);
}

static void sizes_are_read_as_people_write_them(void **state)
{
	(void)state;
	static const struct { const char *text; uint64_t size; const char *again; } rows[] = {
		{ "0", 0, "0 B" }, { "1024", 1024, "1 KiB" }, { "16 GiB", UINT64_C(16) << 30, "16 GiB" }, { "64MiB", 64 << 20, "64 MiB" },
		{ "32G", UINT64_C(32) << 30, "32 GiB" }, { "10 MB", 10000000, "9.5 MiB" }, { "900 B", 900, "900 B" }, { "2 TiB", UINT64_C(2) << 40, "2 TiB" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t size;
		char text[UNITS_SIZE];
		assert_int_equal(size_read(rows[i].text, &size), OK);
		assert_int_equal(size, rows[i].size);
		size_write(text, size);
		assert_string_equal(text, rows[i].again);
	}
	static const char *const wrong[] = { "", "GiB", "-1", "1.5 GiB", "16 gib", "16 GiB!", "18446744073709551616", "99999999999 TiB" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		uint64_t size;
		assert_int_equal(size_read(wrong[i], &size), FAULT_BAD_DOCUMENT);
	}
}

static void moments_are_read_as_people_say_them(void **state)
{
	(void)state;
	setenv("TZ", "UTC-1", 1);	/* an hour east */
	tzset();
	static const struct { const char *text, *utc; } rows[] = {
		{ "now", "2026-11-23T10:12:03.412Z" }, { "today", "2026-11-22T23:00:00.000Z" }, { "yesterday", "2026-11-21T23:00:00.000Z" },
		{ "2026-01-01", "2025-12-31T23:00:00.000Z" }, { "-3d", "2026-11-20T10:12:03.412Z" }, { "-2w", "2026-11-09T10:12:03.412Z" },
		{ "2026-11-23T10:12:00+01:00", "2026-11-23T09:12:00.000Z" },
		{ "2026-11-20 18:00", "2026-11-20T17:00:00.000Z" }, { "2026-11-20T18:00:30", "2026-11-20T17:00:30.000Z" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t stamp;
		char text[STAMP_SIZE];
		assert_int_equal(moment_read(rows[i].text, &stamp), OK);
		stamp_write(text, stamp);
		assert_string_equal(text, rows[i].utc);
	}
	int64_t stamp;
	assert_int_equal(moment_read("tomorrow", &stamp), FAULT_BAD_DOCUMENT);
	assert_int_equal(moment_read("-", &stamp), FAULT_BAD_DOCUMENT);
	assert_int_equal(moment_read("", &stamp), FAULT_BAD_DOCUMENT);
	assert_int_equal(moment_read("2026-11-20 24:00", &stamp), FAULT_BAD_DOCUMENT);
	assert_int_equal(moment_read("2026-11-20 18:00:0", &stamp), FAULT_BAD_DOCUMENT);
}

static void uuids_grow_even_when_the_clock_does_not(void **state)
{
	(void)state;
	char last[UUID_TEXT_SIZE] = "", text[UUID_TEXT_SIZE];
	for (int i = 0; i < 20000; i++) {
		if (i == 10000)
			now -= 3600 * STAMP_SECOND;
		uuid_new(text);
		if (strcmp(text, last) <= 0)
			fail_msg("%s does not come after %s", text, last);
		memcpy(last, text, sizeof last);
	}
}

static void a_uuid_says_its_version_and_when_it_was_made(void **state)
{
	(void)state;
	now += 86400 * STAMP_SECOND;	/* beyond what the other tests used up */
	char text[UUID_TEXT_SIZE], again[UUID_TEXT_SIZE];
	uint8_t id[UUID_SIZE];
	uuid_new(text);
	assert_true(uuid_read(id, span_of_text(text)));
	uuid_text(again, id);
	assert_string_equal(text, again);
	assert_int_equal(get_u64(id) >> 16, now / 1000);
	assert_int_equal(id[6] >> 4, 7);
	assert_int_equal(id[8] >> 6, 2);
}

static void a_uuid_has_one_form_only(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"", "0192f3c1-0000-7000-8000-00000000000", "0192f3c1-0000-7000-8000-0000000000000", "0192F3C1-0000-7000-8000-000000000000",
		"0192f3c1000070008000000000000000", "{192f3c1-0000-7000-8000-00000000000}", "0192f3c1_0000_7000_8000_000000000000", "0192f3c10-000-7000-8000-000000000000",
	};
	uint8_t id[UUID_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(uuid_read(id, span_of_text(wrong[i])));
	assert_true(uuid_read(id, span_of_text("0192f3c1-0000-7000-8000-000000000000")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(now_is_what_the_clock_says, turn_clock, let_clock_go),
		cmocka_unit_test(stamps_are_read_with_their_offset),
		cmocka_unit_test(what_is_not_quite_a_stamp_is_refused),
		cmocka_unit_test(dates_come_back_and_agree_with_libc),
		cmocka_unit_test(times_beyond_the_calendar_are_written_as_its_ends),
		cmocka_unit_test(durations_are_read_as_people_write_them),
		cmocka_unit_test(sizes_are_read_as_people_write_them),
		cmocka_unit_test_setup_teardown(moments_are_read_as_people_say_them, turn_clock, let_clock_go),
		cmocka_unit_test_setup_teardown(uuids_grow_even_when_the_clock_does_not, turn_clock, let_clock_go),
		cmocka_unit_test_setup_teardown(a_uuid_says_its_version_and_when_it_was_made, turn_clock, let_clock_go),
		cmocka_unit_test(a_uuid_has_one_form_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
