#include "proto/stamp.h"

#include <time.h>

int64_t (*stamp_clock)(void) = stamp_system_clock;

int64_t stamp_system_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * STAMP_SECOND + now.tv_nsec / 1000;
}

/* Days since 1970-01-01 and back, in the Gregorian calendar of RFC 3339, counted in eras of 400 years
 * that begin on 1 March, so that the leap day is the last of its year. */
int64_t date_join(int year, int month, int day)
{
	int64_t shifted = month <= 2 ? year - 1 : year;
	int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int64_t year_of_era = shifted - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

void date_split(int64_t days, int *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	*day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	*month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static int64_t floor_div(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

enum { DATE_LENGTH = 10 };

/* So many digits with zeros in front, and what follows them; returns behind it.  Stamps are written with every record,
 * which printf would make felt. */
static char *put_number(char *at, int digits, unsigned value, char follows)
{
	for (int i = digits; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
	at[digits] = follows;
	return at + digits + 1;
}

void date_write(char text[DATE_SIZE], int64_t day)
{
	int year, month, day_of_month;
	date_split(clamp(day, date_join(1, 1, 1), date_join(9999, 12, 31)), &year, &month, &day_of_month);
	text = put_number(text, 4, (unsigned)year, '-');
	text = put_number(text, 2, (unsigned)month, '-');
	put_number(text, 2, (unsigned)day_of_month, 0);
}

void stamp_write(char text[STAMP_SIZE], int64_t stamp)
{
	stamp = clamp(stamp, date_join(1, 1, 1) * STAMP_DAY, (date_join(9999, 12, 31) + 1) * STAMP_DAY - 1);
	int64_t day = floor_div(stamp, STAMP_DAY), rest = stamp - day * STAMP_DAY;
	unsigned milliseconds = (unsigned)(rest / 1000), seconds = milliseconds / 1000;
	date_write(text, day);
	text[DATE_LENGTH] = 'T';
	text = put_number(text + DATE_LENGTH + 1, 2, seconds / 3600, ':');
	text = put_number(text, 2, seconds / 60 % 60, ':');
	text = put_number(text, 2, seconds % 60, '.');
	put_number(text, 3, milliseconds % 1000, 'Z')[0] = 0;
}

void stamp_now(char text[STAMP_SIZE])
{
	stamp_write(text, stamp_clock());
}

/* Exactly so many digits, in the range; moves on behind them. */
static bool take_number(const char **text, int digits, int least, int most, int *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++, ++*text) {
		if (**text < '0' || **text > '9')
			return false;
		*value = *value * 10 + (**text - '0');
	}
	return *value >= least && *value <= most;
}

static bool take(const char **text, char wanted)
{
	return **text == wanted && ++*text;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && is_leap);
}

static bool take_date(const char **text, int64_t *day)
{
	int year, month, day_of_month;
	if (!take_number(text, 4, 1, 9999, &year) || !take(text, '-')
	    || !take_number(text, 2, 1, 12, &month) || !take(text, '-')
	    || !take_number(text, 2, 1, days_in_month(year, month), &day_of_month))
		return false;
	*day = date_join(year, month, day_of_month);
	return true;
}

static bool take_fraction(const char **text, int64_t *microseconds)
{
	*microseconds = 0;
	if (!take(text, '.'))
		return true;
	int digits = 0;
	for (int64_t worth = STAMP_SECOND / 10; **text >= '0' && **text <= '9'; ++*text, digits++, worth /= 10)
		*microseconds += (**text - '0') * worth;
	return digits >= 1 && digits <= 9;
}

static bool take_offset(const char **text, int64_t *minutes)
{
	*minutes = 0;
	if (take(text, 'Z'))
		return true;
	bool is_west = **text == '-';
	int hour, minute;
	if ((!take(text, '+') && !take(text, '-'))
	    || !take_number(text, 2, 0, 23, &hour) || !take(text, ':') || !take_number(text, 2, 0, 59, &minute))
		return false;
	*minutes = hour * 60 + minute;
	if (is_west && !*minutes)
		return false;	/* "-00:00": the offset is not known, and then neither is the time */
	*minutes = is_west ? -*minutes : *minutes;
	return true;
}

bool date_read(const char *text, int64_t *day)
{
	return take_date(&text, day) && !*text;
}

bool stamp_read(const char *text, int64_t *stamp)
{
	int64_t day, fraction, offset;
	int hour, minute, second;
	if (!take_date(&text, &day) || !take(&text, 'T')
	    || !take_number(&text, 2, 0, 23, &hour) || !take(&text, ':')
	    || !take_number(&text, 2, 0, 59, &minute) || !take(&text, ':')
	    || !take_number(&text, 2, 0, 59, &second)
	    || !take_fraction(&text, &fraction) || !take_offset(&text, &offset) || *text)
		return false;
	int64_t minutes = (day * 24 + hour) * 60 + minute - offset;
	*stamp = (minutes * 60 + second) * STAMP_SECOND + fraction;
	return true;
}
