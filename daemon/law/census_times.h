#pragma once
/* How long the parts of a request's life took: the table of periods (DOMAIN 5.2, T1 to T11), filled case by case, told at the end.
 * Only census.c knows it.
 *
 * By legal dates, which both sides hold alike, so that the figures of the two are mirror images.  Pure. */
#include "proto/arena.h"
#include "proto/control.pb-c.h"
#include "proto/fault.h"
#include "proto/ledger.pb-c.h"

enum { CENSUS_PERIODS = 14, CENSUS_MEASURES = 4 };	/* gross and net, in days; the same of what is urgent, in hours */

struct survival;

/* Zero-initialised it is empty.  What it points to lives in the arena. */
struct census_times {
	struct survival *of[CENSUS_PERIODS][CENSUS_MEASURES];
};

/* A case that was sent.  Faults: too large, no memory. */
enum fault census_times_add(struct census_times *times, const Comity__Case *kase, int64_t now, struct arena *arena) MUST_CHECK;
/* `is_rounded`: some counts of the same cases are hidden, and these must not give them away.  Faults: too large, no memory. */
enum fault census_times_tell(const struct census_times *times, uint32_t threshold, bool is_rounded, struct arena *arena,
	Comity__StatisticsSide *told) MUST_CHECK;
