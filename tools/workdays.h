#pragma once
/* Days that are counted in working days, "5wd", by the calendar of the requested authority and in its time zone (DOMAIN 8, rule 27).
 * What goes out is always the date: nobody else has to count. */
#include "tools/tool.h"

/* Is it such a span? */
bool workdays_is(const char *text);
/* The date, counted from today there, and said to the officer; lives as long as the tool.  Faults: not found (nobody of that name in
 * the directory), usage (too many). */
enum fault workdays_count(struct tool *tool, const char *authority, const char *text, char **date) MUST_CHECK;
/* The same for a request that is named by its reference. */
enum fault workdays_count_for(struct tool *tool, const char *ref, const char *text, char **date) MUST_CHECK;
/* Every such span in a request's deadlines becomes a date. */
enum fault workdays_settle(struct tool *tool, const char *authority, Comity__Request *document) MUST_CHECK;
