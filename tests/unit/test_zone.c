#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/zone.h"

static int64_t stamp_of(const char *text)
{
	int64_t stamp;
	assert_true(stamp_read(text, &stamp));
	return stamp;
}

static int64_t day_of(const char *text)
{
	int64_t day;
	assert_true(date_read(text, &day));
	return day;
}

static const struct zone *zone_of(const char *name)
{
	const struct zone *zone = zone_find(name);
	if (!zone)
		fail_msg("the system has no zone %s: is tzdata installed?", name);
	return zone;
}

static void clocks_show_what_they_show(void **state)
{
	(void)state;
	static const struct { const char *zone, *utc, *local; } rows[] = {
		{ "Europe/Paris", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00" },
		{ "Europe/Paris", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00" },
		{ "Europe/Paris", "2026-10-25T00:59:59Z", "2026-10-25T02:59:59+02:00" },
		{ "Europe/Paris", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00+01:00" },
		{ "Europe/Paris", "2100-07-01T00:00:00Z", "2100-07-01T02:00:00+02:00" },
		{ "Europe/Dublin", "2099-01-15T12:00:00Z", "2099-01-15T12:00:00+00:00" },
		{ "Asia/Kathmandu", "2026-11-26T12:00:00Z", "2026-11-26T17:45:00+05:45" },
		{ "America/St_Johns", "2026-07-01T12:00:00Z", "2026-07-01T09:30:00-02:30" },
		{ "Australia/Sydney", "2051-01-01T00:00:00Z", "2051-01-01T11:00:00+11:00" },
		{ "Pacific/Kiritimati", "2026-11-26T12:00:00Z", "2026-11-27T02:00:00+14:00" },
		{ NULL, "2026-11-26T12:00:00Z", "2026-11-26T12:00:00+00:00" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[STAMP_SIZE];
		zone_write(text, rows[i].zone ? zone_of(rows[i].zone) : NULL, stamp_of(rows[i].utc));
		assert_string_equal(text, rows[i].local);
	}
}

/* The C library reads the same files, by a way of its own. */
static void every_hour_is_as_the_c_library_has_it(void **state)
{
	(void)state;
	static const char *const names[] = { "Europe/Lisbon", "America/New_York", "America/Asuncion", "Africa/Casablanca", "Africa/Cairo",
		"Asia/Tehran", "Asia/Beirut", "Australia/Lord_Howe", "Antarctica/Troll", "Europe/Dublin", "Pacific/Apia", "America/Sao_Paulo" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct zone *zone = zone_of(names[i]);
		setenv("TZ", names[i], 1);
		tzset();
		for (time_t at = -2 * 86400 * 365; at < 130 * INT64_C(86400) * 365; at += 3600 * 7 + 61) {
			struct tm local;
			localtime_r(&at, &local);
			if (zone_offset(zone, at * STAMP_SECOND) != local.tm_gmtoff)
				fail_msg("%s at %lld: %d, and not %ld", names[i], (long long)at, zone_offset(zone, at * STAMP_SECOND), local.tm_gmtoff);
		}
	}
	unsetenv("TZ");
	tzset();
}

static void a_day_begins_when_its_clocks_say_so(void **state)
{
	(void)state;
	static const struct { const char *zone, *day, *begins; } rows[] = {
		{ "Europe/Paris", "2026-03-29", "2026-03-28T23:00:00.000Z" },
		{ "Europe/Paris", "2026-03-30", "2026-03-29T22:00:00.000Z" },	/* a day of 23 hours */
		{ "Europe/Paris", "2026-10-26", "2026-10-25T23:00:00.000Z" },	/* of 25 */
		{ "Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00.000Z" },	/* it has no midnight: from 23:59:59 to 01:00 */
		{ "America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z" },	/* its first hour comes twice */
		{ "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00.000Z" },	/* the day before it was left out */
		{ NULL, "2026-11-26", "2026-11-26T00:00:00.000Z" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[STAMP_SIZE];
		const struct zone *zone = rows[i].zone ? zone_of(rows[i].zone) : NULL;
		stamp_write(text, zone_day_begins(zone, day_of(rows[i].day)));
		assert_string_equal(text, rows[i].begins);
		assert_int_equal(zone_day(zone, stamp_of(text)), day_of(rows[i].day));
		assert_true(zone_day(zone, stamp_of(text) - STAMP_SECOND) < day_of(rows[i].day));
	}
}

static void no_name_leads_out_of_the_database(void **state)
{
	(void)state;
	static const char *const rows[] = { "", "/", "/etc/passwd", "../../../etc/passwd", "Europe/../Europe/Paris", "Europe//Paris", "Europe/", "Europe",
		"europe/Paris", "Europe/Paris\n", "Europe/Atlantis", "posixrules", "tzdata.zi", "Europe/./Paris",
		"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_null(zone_find(rows[i]));
	assert_null(zone_find(NULL));
	assert_ptr_equal(zone_of("Europe/Paris"), zone_of("Europe/Paris"));
}

/* Each file cut anywhere, and with each byte of its head turned: a zone or none, and never more than the file has. */
static void a_damaged_file_is_none(void **state)
{
	(void)state;
	static uint8_t content[8192];
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Paris", "r");
	assert_non_null(file);
	size_t len = fread(content, 1, sizeof content, file);
	fclose(file);
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1);
		memcpy(copy, content, cut);
		struct zone *zone = zone_read("Cut", (struct span){ copy, cut });
		assert_null(zone);
		free(copy);
	}
	for (size_t at = 0; at < len; at++) {
		uint8_t *copy = malloc(len);
		memcpy(copy, content, len);
		copy[at] ^= 0xff;
		struct zone *zone = zone_read("Turned", (struct span){ copy, len });
		zone_offset(zone, stamp_of("2026-07-01T00:00:00Z"));
		free(zone);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_show_what_they_show),
		cmocka_unit_test(every_hour_is_as_the_c_library_has_it),
		cmocka_unit_test(a_day_begins_when_its_clocks_say_so),
		cmocka_unit_test(no_name_leads_out_of_the_database),
		cmocka_unit_test(a_damaged_file_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
