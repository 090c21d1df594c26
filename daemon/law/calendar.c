#include "daemon/law/calendar.h"

#include <stdio.h>
#include <string.h>

enum { WEEK = 7, YEAR = 365, WITHIN_DAYS = 5 * YEAR, MONDAY_TO_FRIDAY = 0x1f };

static const char *const weekday_names[WEEK] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

/* 0: Monday. */
static int weekday_of(int64_t day)
{
	int64_t weekday = (day + 3) % WEEK;		/* 1970-01-01 was a Thursday */
	return (int)(weekday < 0 ? weekday + WEEK : weekday);
}

static unsigned weekdays_of(const Comity__Hours *hours)
{
	unsigned weekdays = 0;
	for (size_t i = 0; hours && i < hours->n_working_days; i++)
		for (unsigned day = 0; day < WEEK; day++)
			if (!strcmp(hours->working_days[i], weekday_names[day]))
				weekdays |= 1U << day;
	return weekdays ? weekdays : MONDAY_TO_FRIDAY;
}

struct calendar calendar_of(const Comity__Hours *hours)
{
	return (struct calendar){
		.zone = hours ? zone_find(hours->time_zone) : NULL,
		.weekdays = weekdays_of(hours),
		.holidays = hours ? hours->holidays_on : NULL,
		.n_holidays = hours ? hours->n_holidays_on : 0,
		.yearly = hours ? hours->yearly_holidays : NULL,
		.n_yearly = hours ? hours->n_yearly_holidays : 0,
	};
}

static bool is_among(char *const *days, size_t count, const char *day)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(days[i], day))
			return true;
	return false;
}

static bool is_holiday(const struct calendar *calendar, int64_t day)
{
	enum { YEAR_LEN = 5 };		/* with its dash */
	char date[DATE_SIZE];
	date_write(date, day);
	return is_among(calendar->holidays, calendar->n_holidays, date)
		|| is_among(calendar->yearly, calendar->n_yearly, date + YEAR_LEN);
}

bool calendar_is_working(const struct calendar *calendar, int64_t day)
{
	return calendar->weekdays >> weekday_of(day) & 1 && !is_holiday(calendar, day);
}

int64_t calendar_day(const struct calendar *calendar, int64_t stamp)
{
	return zone_day(calendar->zone, stamp);
}

int64_t calendar_end(const struct calendar *calendar, int64_t day)
{
	return zone_day_begins(calendar->zone, day + 1);
}

/* A week at most for each day that is asked for, and for each holiday a day more, for a yearly one in each year of that time. */
static int64_t search_end(const struct calendar *calendar, int64_t day, unsigned working_days)
{
	int64_t span = ((int64_t)working_days + 1) * WEEK, years = span / YEAR + 2;
	return day + span + (int64_t)calendar->n_holidays + (int64_t)calendar->n_yearly * years;
}

bool calendar_add(const struct calendar *calendar, int64_t day, unsigned working_days, int64_t *last)
{
	int64_t end = search_end(calendar, day, working_days);
	if (working_days > CALENDAR_DAYS_MAX)
		return false;
	while (working_days && day < end)
		working_days -= calendar_is_working(calendar, ++day);
	*last = day;
	return !working_days;
}

bool calendar_before(const struct calendar *calendar, int64_t day, unsigned working_days, int64_t *first)
{
	int64_t end = 2 * day - search_end(calendar, day, working_days);
	while (working_days && day > end)
		working_days -= calendar_is_working(calendar, --day);
	*first = day;
	return !working_days;
}

bool working_days_read(const char *text, unsigned *working_days)
{
	int length = 0;
	size_t digits = strspn(text, "0123456789");
	if (!digits || digits > 4 || sscanf(text, "%4u%n", working_days, &length) != 1)
		return false;
	text += length + strspn(text + length, " ");
	return !strcmp(text, "wd") || !strcmp(text, "working days") || !strcmp(text, "working day");
}

unsigned calendar_between(const struct calendar *calendar, int64_t from, int64_t to)
{
	unsigned count = 0;
	if (to > from + WITHIN_DAYS)		/* where every day is a holiday none is found, until the year 9999 */
		to = from + WITHIN_DAYS;
	while (from < to && count < CALENDAR_DAYS_MAX)
		count += calendar_is_working(calendar, ++from);
	return count;
}
