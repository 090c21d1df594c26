#pragma once
/* Stock and flow: what was open, what came, what was finalised, what is open (DOMAIN 5.2), of each series by itself.  Each number is
 * counted by itself, so that it can be seen that they balance.  Only census.c knows it.
 *
 * A request is open from its sending until it came for the last time to where it is finalised: executed, refused, not
 * executable, redirected, withdrawn, closed.  One that is taken up again (a deficient result) was never finalised.  By legal dates,
 * which both sides hold alike.
 *
 * Pure. */
#include "daemon/law/census_rows.h"
#include "proto/arena.h"

/* From `from` on and before `to`; INT64_MIN and INT64_MAX where it has no ends. */
struct census_period {
	int64_t from, to, now;
};

/* With the filter, and without. */
struct flow_count {
	uint64_t count, whole;
};

/* Zero-initialised it is empty. */
struct census_flows {
	struct flow {
		struct flow_count open_before, entered, finalised, open_after;
		bool is_hidden;			/* told by census_flows_tell() */
	} of[SERIES_COUNT];
};

/* A case that was sent then.  Returns for how many days it has been open at the end of the period, or now; -1: it is not open. */
int64_t census_flows_add(struct census_flows *flows, const Comity__Case *kase, int64_t sent_at, const struct census_period *period, bool is_in);
/* All of a series is told, or nothing of it: where any of its numbers is small, or of the table of series its row is not
 * told.  Nothing is rounded, so nothing can be narrowed down.  Faults: internal (they do not balance), too large, no memory. */
enum fault census_flows_tell(struct census_flows *flows, const Comity__Statistics *head, const struct census_period *period,
	struct arena *arena, Comity__StatisticsSide *told) MUST_CHECK;
