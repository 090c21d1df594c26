#include "daemon/law/calendar.h"

#include <string.h>

enum { WEEK = 7, MONDAY_TO_FRIDAY = 0x1f };

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
	};
}

static bool is_holiday(const struct calendar *calendar, int64_t day)
{
	char date[DATE_SIZE];
	date_write(date, day);
	for (size_t i = 0; i < calendar->n_holidays; i++)
		if (!strcmp(calendar->holidays[i], date))
			return true;
	return false;
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

/* A card with holidays without end leaves a week at most in which one is looked for, for each day that is asked for. */
bool calendar_add(const struct calendar *calendar, int64_t day, unsigned working_days, int64_t *last)
{
	int64_t end = day + ((int64_t)working_days + 1) * WEEK + (int64_t)calendar->n_holidays;
	if (working_days > CALENDAR_DAYS_MAX)
		return false;
	while (working_days && day < end)
		working_days -= calendar_is_working(calendar, ++day);
	*last = day;
	return !working_days;
}

unsigned calendar_between(const struct calendar *calendar, int64_t from, int64_t to)
{
	unsigned count = 0;
	while (from < to && count < CALENDAR_DAYS_MAX)
		count += calendar_is_working(calendar, ++from);
	return count;
}
