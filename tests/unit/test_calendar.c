#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "daemon/law/calendar.h"

static char paris[] = "Europe/Paris", riyadh[] = "Asia/Riyadh", nowhere[] = "Utopia/Nowhere";
static char christmas[] = "2026-12-25", boxing[] = "2026-12-28", new_year[] = "2027-01-01";
static char sun[] = "sun", mon[] = "mon", tue[] = "tue", wed[] = "wed", thu[] = "thu", unknown[] = "dies solis";
static char *holidays[] = { christmas, boxing, new_year };
static char *gulf_days[] = { sun, mon, tue, wed, thu }, *no_days[] = { unknown };

static Comity__Hours hours_of(char *zone, char **days, size_t n_days, size_t n_holidays)
{
	Comity__Hours hours = COMITY__HOURS__INIT;
	hours.time_zone = zone;
	hours.working_days = days;
	hours.n_working_days = n_days;
	hours.holidays_on = holidays;
	hours.n_holidays_on = n_holidays;
	return hours;
}

static int64_t day_of(const char *text)
{
	int64_t day;
	assert_true(date_read(text, &day));
	return day;
}

static void assert_date(int64_t day, const char *expected)
{
	char text[DATE_SIZE];
	date_write(text, day);
	assert_string_equal(text, expected);
}

static void working_days_are_those_of_their_calendar(void **state)
{
	(void)state;
	Comity__Hours french = hours_of(paris, NULL, 0, 3), gulf = hours_of(riyadh, gulf_days, 5, 0);
	const struct { const Comity__Hours *hours; const char *from; unsigned days; const char *last; } rows[] = {
		{ NULL, "2026-11-26", 1, "2026-11-27" },		/* a Thursday */
		{ NULL, "2026-11-26", 5, "2026-12-03" },
		{ NULL, "2026-11-28", 1, "2026-11-30" },		/* from a Saturday */
		{ NULL, "2026-11-26", 0, "2026-11-26" },
		{ &french, "2026-12-23", 1, "2026-12-24" },
		{ &french, "2026-12-23", 2, "2026-12-29" },		/* Christmas, a weekend and a Monday off */
		{ &french, "2026-12-23", 5, "2027-01-04" },
		{ &gulf, "2026-11-26", 1, "2026-11-29" },		/* Friday and Saturday are their weekend */
		{ &gulf, "2026-11-26", 5, "2026-12-03" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct calendar calendar = calendar_of(rows[i].hours);
		int64_t last;
		assert_true(calendar_add(&calendar, day_of(rows[i].from), rows[i].days, &last));
		assert_date(last, rows[i].last);
		assert_int_equal(calendar_between(&calendar, day_of(rows[i].from), last), rows[i].days);
	}
}

static void a_date_ends_with_its_day_where_they_are(void **state)
{
	(void)state;
	Comity__Hours french = hours_of(paris, NULL, 0, 0), lost = hours_of(nowhere, NULL, 0, 0);
	const struct { const Comity__Hours *hours; const char *day, *ends; } rows[] = {
		{ NULL, "2026-11-26", "2026-11-27T00:00:00.000Z" },
		{ &lost, "2026-11-26", "2026-11-27T00:00:00.000Z" },
		{ &french, "2026-11-26", "2026-11-26T23:00:00.000Z" },
		{ &french, "2026-03-28", "2026-03-28T23:00:00.000Z" },
		{ &french, "2026-03-29", "2026-03-29T22:00:00.000Z" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct calendar calendar = calendar_of(rows[i].hours);
		char text[STAMP_SIZE];
		int64_t end = calendar_end(&calendar, day_of(rows[i].day));
		stamp_write(text, end);
		assert_string_equal(text, rows[i].ends);
		assert_int_equal(calendar_day(&calendar, end), day_of(rows[i].day) + 1);
		assert_int_equal(calendar_day(&calendar, end - 1), day_of(rows[i].day));
	}
}

static char yule[] = "12-25", boxing_day[] = "12-26", first[] = "01-01", leap[] = "02-29", nonsense[] = "25 December";
static char *yearly[] = { yule, boxing_day, first, leap, nonsense };

/* Over year ends, with and without a weekend on them, and over a February of each kind. */
static void what_returns_each_year_is_no_working_day_in_any(void **state)
{
	(void)state;
	Comity__Hours hours = hours_of(paris, NULL, 0, 0);
	hours.yearly_holidays = yearly;
	hours.n_yearly_holidays = ARRAY_LEN(yearly);
	struct calendar calendar = calendar_of(&hours);
	const struct { const char *from; unsigned days; const char *last; } rows[] = {
		{ "2026-12-23", 2, "2026-12-28" },		/* Christmas on a Friday */
		{ "2026-12-23", 6, "2027-01-04" },
		{ "2027-12-31", 1, "2028-01-03" },
		{ "2028-12-22", 5, "2029-01-03" },		/* Monday and Tuesday off, and a Monday again */
		{ "2028-02-28", 1, "2028-03-01" },
		{ "2027-02-26", 2, "2027-03-02" },
		{ "2026-11-26", 520, "2028-11-28" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t last, back;
		assert_true(calendar_add(&calendar, day_of(rows[i].from), rows[i].days, &last));
		assert_date(last, rows[i].last);
		assert_int_equal(calendar_between(&calendar, day_of(rows[i].from), last), rows[i].days);
		assert_true(calendar_before(&calendar, last + 1, rows[i].days, &back));
		assert_int_equal(calendar_between(&calendar, back - 1, last), rows[i].days);
	}
}

static void working_days_are_read(void **state)
{
	(void)state;
	static const struct { const char *text; unsigned days; } rows[] = {
		{ "5wd", 5 }, { "5 working days", 5 }, { "1 working day", 1 }, { "0wd", 0 }, { "1000 wd", 1000 },
	};
	static const char *const others[] = { "", "wd", "5", "5d", "5wds", "-5wd", "99999wd", "2026-11-26", "5wd later" };
	unsigned days;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(working_days_read(rows[i].text, &days));
		assert_int_equal(days, rows[i].days);
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(working_days_read(others[i], &days));
}

static void what_cannot_be_counted_is_not(void **state)
{
	(void)state;
	static char dates[2000][DATE_SIZE], *all[2000];
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		date_write(all[i] = dates[i], day_of("2026-11-26") + (int64_t)i);
	Comity__Hours never = hours_of(paris, NULL, 0, 0), odd = hours_of(paris, no_days, 1, 0);
	never.holidays_on = all;
	never.n_holidays_on = ARRAY_LEN(all);
	struct calendar calendar = calendar_of(&never), usual = calendar_of(&odd);
	int64_t last;
	assert_true(calendar_add(&calendar, day_of("2026-11-26"), 1, &last));	/* when they have ended */
	assert_date(last, "2032-05-18");
	assert_false(calendar_add(&calendar, day_of("2026-11-26"), CALENDAR_DAYS_MAX + 1, &last));
	assert_int_equal(calendar_between(&calendar, day_of("2026-11-26"), day_of("2026-11-01")), 0);
	assert_int_equal(calendar_between(&usual, day_of("2026-11-26"), day_of("9999-01-01")), CALENDAR_DAYS_MAX);
	char *sundays[] = { sun };
	Comity__Hours rare = hours_of(paris, sundays, 1, 0);
	calendar = calendar_of(&rare);		/* nobody is held up by an entry that hardly ever works */
	assert_int_equal(calendar_between(&calendar, day_of("2026-11-26"), day_of("9999-01-01")), 261);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(working_days_are_those_of_their_calendar),
		cmocka_unit_test(a_date_ends_with_its_day_where_they_are),
		cmocka_unit_test(what_returns_each_year_is_no_working_day_in_any),
		cmocka_unit_test(working_days_are_read),
		cmocka_unit_test(what_cannot_be_counted_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
