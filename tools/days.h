#pragma once
/* Spans of days, as people name them: 2026, 2026-Q3, 2026-01-15..2026-06-30 (the last day included). */
#include "proto/fault.h"
#include "proto/stamp.h"

struct days {
	char from[DATE_SIZE], before[DATE_SIZE];	/* the first day, and the one after the last */
};

/* Faults: usage. */
enum fault days_read(const char *text, struct days *days) MUST_CHECK;
