#pragma once
/* Points in time: microseconds since 1970-01-01T00:00:00Z, and their text by RFC 3339; dates: days since
 * 1970-01-01, YYYY-MM-DD.  Leap seconds (:60) are refused: two readers would disagree about them. */
#include "proto/bytes.h"

enum { STAMP_SIZE = 32, DATE_SIZE = 16 };	/* room for either text with its NUL */

#define STAMP_SECOND INT64_C(1000000)
#define STAMP_DAY (86400 * STAMP_SECOND)

/* What every clock reading in comity goes through; tests turn it. */
extern int64_t (*stamp_clock)(void);
int64_t stamp_system_clock(void);			/* the default: CLOCK_REALTIME in microseconds */

void stamp_now(char text[STAMP_SIZE]);			/* 2026-11-23T10:12:03.412Z */
/* In UTC with milliseconds; times outside the years 1 to 9999 are written as the nearest in them. */
void stamp_write(char text[STAMP_SIZE], int64_t stamp);
/* A date-time with offset and 0 to 9 digits of fraction (beyond microseconds they are dropped).  Capital
 * T and Z, years 0001 to 9999, every part in its range.  "-00:00" (RFC 3339 4.3: offset not known) is refused. */
bool stamp_read(const char *text, int64_t *stamp);

void date_write(char text[DATE_SIZE], int64_t day);
bool date_read(const char *text, int64_t *day);
/* A day's parts in the Gregorian calendar, and back: month 1 to 12, day 1 to 31. */
void date_split(int64_t days, int *year, int *month, int *day);
int64_t date_join(int year, int month, int day_of_month);
