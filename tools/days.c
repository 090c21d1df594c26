/* A year, a quarter, or from one day to another. */
#include "tools/days.h"

#include <stdio.h>
#include <string.h>

static bool read_ends(const char *text, int64_t *first, int64_t *last)
{
	char from[DATE_SIZE];
	const char *dots = strstr(text, "..");
	if (!dots || (size_t)(dots - text) >= sizeof from)
		return false;
	snprintf(from, sizeof from, "%.*s", (int)(dots - text), text);
	return date_read(from, first) && date_read(dots + 2, last) && *first <= *last;
}

/* "2026", "2026-Q3" */
static bool read_calendar(const char *text, int *year, int *quarter)
{
	int length = 0;
	*quarter = 0;
	if (strspn(text, "0123456789") != 4)
		return false;
	if (sscanf(text, "%4d%n", year, &length) == 1 && !text[length])
		return *year > 0 && *year < 9999;
	return sscanf(text, "%4d-%*1[Qq]%1d%n", year, quarter, &length) == 2 && !text[length] && *year > 0 && *year < 9999 &&
		*quarter >= 1 && *quarter <= 4;
}

static void write_first(char date[DATE_SIZE], int year, int month)
{
	char text[40];
	int64_t day = 0;
	snprintf(text, sizeof text, "%04d-%02d-01", year, month);
	(void)!date_read(text, &day);	/* it was checked */
	date_write(date, day);
}

enum fault days_read(const char *text, struct days *days)
{
	int64_t first, last;
	int year, quarter;
	if (read_ends(text, &first, &last)) {
		date_write(days->from, first);
		date_write(days->before, last + 1);
		return OK;
	}
	if (!read_calendar(text, &year, &quarter))
		return fault_say(FAULT_USAGE, "\"%.40s\" is no year (2026), quarter (2026-Q3), or span of days (2026-01-15..2026-06-30)", text);
	int month = quarter ? 3 * quarter - 2 : 1, next = quarter ? 3 * quarter + 1 : 13;
	write_first(days->from, year, month);
	write_first(days->before, year + (next > 12), next > 12 ? 1 : next);
	return OK;
}
