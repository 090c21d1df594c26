#pragma once
/* On which days an authority works, and when its days end: as its card says it (profile.proto, Hours).
 *
 * Deadlines are counted in working days of the requested authority, by its calendar and in its time zone, and a date ends
 * there with its day (DOMAIN 8, rule 27).  Where a card is silent: Monday to Friday, no holidays, UTC.  Pure; days and
 * stamps are those of proto/stamp.h. */
#include "proto/profile.pb-c.h"
#include "proto/zone.h"

enum { CALENDAR_DAYS_MAX = 1000 };		/* working days ahead that can be asked for */

struct calendar {
	const struct zone *zone;		/* NULL: UTC */
	unsigned weekdays;			/* bit 0: Monday */
	char *const *holidays;			/* YYYY-MM-DD; borrowed from the card */
	size_t n_holidays;
	char *const *yearly;			/* MM-DD; the same */
	size_t n_yearly;
};

/* `hours` may be NULL, and is borrowed as long as the calendar is used. */
struct calendar calendar_of(const Comity__Hours *hours);
bool calendar_is_working(const struct calendar *calendar, int64_t day);
/* The day there, at that moment. */
int64_t calendar_day(const struct calendar *calendar, int64_t stamp);
/* When that day is over there. */
int64_t calendar_end(const struct calendar *calendar, int64_t day);
/* The last of so many working days after `day`, which is not counted itself.  False: beyond CALENDAR_DAYS_MAX, or there is no
 * working day to be found. */
bool calendar_add(const struct calendar *calendar, int64_t day, unsigned working_days, int64_t *last);
/* The same backwards: the first of so many working days before `day`. */
bool calendar_before(const struct calendar *calendar, int64_t day, unsigned working_days, int64_t *first);
/* "5wd", "5 working days"; anything else is none. */
bool working_days_read(const char *text, unsigned *working_days);
/* Working days after `from` up to and with `to`; 0 when that is not later.  At most CALENDAR_DAYS_MAX are counted,
 * of the five years after `from`. */
unsigned calendar_between(const struct calendar *calendar, int64_t from, int64_t to);
