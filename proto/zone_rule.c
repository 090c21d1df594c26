#include "proto/zone_rule.h"

#include "proto/stamp.h"

enum { DAY = 86400, HOUR = 3600 };

/* ── reading ──────────────────────────────────────────────────────────────────────────────────────── */

static bool take(const char **text, char wanted)
{
	return **text == wanted && ++*text;
}

static bool take_number(const char **text, int least, int most, int *value)
{
	const char *begin = *text;
	for (*value = 0; **text >= '0' && **text <= '9' && *value <= most; ++*text)
		*value = *value * 10 + (**text - '0');
	return *text > begin && *value >= least && *value <= most;
}

/* Three letters or more, or anything between angle brackets. */
static bool take_abbreviation(const char **text)
{
	const char *begin = *text;
	if (take(text, '<')) {
		while (**text && **text != '>')
			++*text;
		return take(text, '>');
	}
	while ((**text >= 'A' && **text <= 'Z') || (**text >= 'a' && **text <= 'z'))
		++*text;
	return *text - begin >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(const char **text, int hours_max, int32_t *seconds)
{
	int hours, minutes = 0, rest = 0;
	bool is_negative = take(text, '-');
	if (!is_negative)
		take(text, '+');
	if (!take_number(text, 0, hours_max, &hours))
		return false;
	if (take(text, ':') && (!take_number(text, 0, 59, &minutes) || (take(text, ':') && !take_number(text, 0, 59, &rest))))
		return false;
	*seconds = (hours * HOUR + minutes * 60 + rest) * (is_negative ? -1 : 1);
	return true;
}

/* POSIX counts westwards. */
static bool take_offset(const char **text, int32_t *east)
{
	int32_t west;
	if (!take_time(text, 24, &west))
		return false;
	*east = -west;
	return true;
}

static bool take_day(const char **text, struct zone_turn *turn)
{
	if (take(text, 'M')) {
		turn->form = TURN_MONTH;
		return take_number(text, 1, 12, &turn->month) && take(text, '.') && take_number(text, 1, 5, &turn->week)
			&& take(text, '.') && take_number(text, 0, 6, &turn->weekday);
	}
	turn->form = take(text, 'J') ? TURN_JULIAN : TURN_DAY;
	return take_number(text, turn->form == TURN_JULIAN, 365, &turn->day);
}

static bool take_turn(const char **text, struct zone_turn *turn)
{
	turn->time = 2 * HOUR;
	return take(text, ',') && take_day(text, turn) && (!take(text, '/') || take_time(text, 167, &turn->time));
}

bool zone_rule_read(struct zone_rule *rule, const char *text)
{
	*rule = (struct zone_rule){ 0 };
	if (!take_abbreviation(&text) || !take_offset(&text, &rule->standard))
		return false;
	if (!*text)
		return true;
	rule->has_summer = true;
	rule->summer = rule->standard + HOUR;
	if (!take_abbreviation(&text) || (*text != ',' && !take_offset(&text, &rule->summer)))
		return false;
	return take_turn(&text, &rule->begins) && take_turn(&text, &rule->ends) && !*text;
}

/* ── judging ──────────────────────────────────────────────────────────────────────────────────────── */

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* 0: Sunday. */
static int weekday_of(int64_t day)
{
	int64_t weekday = (day + 4) % 7;		/* 1970-01-01 was a Thursday */
	return (int)(weekday < 0 ? weekday + 7 : weekday);
}

/* The fifth is the last. */
static int64_t day_in_month(const struct zone_turn *turn, int year)
{
	int64_t first = date_join(year, turn->month, 1);
	int64_t next = turn->month == 12 ? date_join(year + 1, 1, 1) : date_join(year, turn->month + 1, 1);
	int64_t day = first + (turn->weekday - weekday_of(first) + 7) % 7 + (turn->week - 1) * 7;
	return day < next ? day : day - 7;
}

/* As the clocks show it then. */
static int64_t turns_at(const struct zone_turn *turn, int year)
{
	int64_t day = date_join(year, 1, 1);
	if (turn->form == TURN_MONTH)
		day = day_in_month(turn, year);
	else if (turn->form == TURN_JULIAN)
		day += turn->day - 1 + (is_leap(year) && turn->day >= 60);
	else
		day += turn->day;
	return day * DAY + turn->time;
}

int32_t zone_rule_offset(const struct zone_rule *rule, int64_t seconds)
{
	int year, month, day;
	if (!rule->has_summer)
		return rule->standard;
	int64_t local = seconds + rule->standard;
	date_split(local / DAY - (local % DAY < 0), &year, &month, &day);
	int64_t begins = turns_at(&rule->begins, year) - rule->standard, ends = turns_at(&rule->ends, year) - rule->summer;
	bool is_summer = begins < ends ? seconds >= begins && seconds < ends : seconds >= begins || seconds < ends;
	return is_summer ? rule->summer : rule->standard;
}
