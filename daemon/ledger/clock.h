#pragma once
/* Whether our clock can be believed, before anything is destroyed for its age.
 *
 * A clock that is set wrong by months is within our certificates' lives still; by its word events, closed cases and
 * idempotency keys would go long before their time.  So the ledger keeps a time that was believed, beside the system's own
 * count of time since it was started (CLOCK_BOOTTIME: nobody can set it, and it goes on while the machine sleeps).  What the
 * clock shows must follow from the two, give or take a day; after a new start of the system, for which nothing tells how
 * long it was off, it may be ahead by a week, or by any time when a time server vouches for it.  Else it is in doubt, until
 *
 *  - it shows again what it should;
 *  - a verified peer's clock agrees with it, and for a minute none contradicts;
 *  - nobody contradicts it for a week of CLOCK_BOOTTIME;
 *  - an operator confirms it (`comity clock confirm`).
 *
 * While it is in doubt nothing is destroyed for its age.  Everything else goes on: a wrong stamp does less harm than silence.
 * The doubt itself is in the ledger, so that no restart ends it. */
#include <stdbool.h>

#include "daemon/ledger/record.h"

/* What the clocks show at one moment. */
struct clock_reading {
	int64_t wall;			/* stamp_clock(): microseconds since 1970 */
	int64_t steady_ms;		/* since the system was started */
	char boot[40];			/* which start of the system that was */
	bool is_synchronised;		/* the kernel says that a time server keeps it right */
};
/* What every such reading goes through; tests turn it. */
extern void (*clock_read)(struct clock_reading *reading);
void clock_read_system(struct clock_reading *reading);		/* the default */

/* The judgement, in memory; zeroed, it knows nothing yet and believes the first reading.  The loop's. */
struct clock {
	struct clock_reading believed;	/* the last that was, at most a day old while there is no doubt; boot "": none */
	bool is_in_doubt;
	bool has_agreement;		/* since the doubt began, or the last contradiction */
	bool must_keep;			/* it differs from what the ledger has */
	int64_t ahead_ms;		/* in doubt: of what it should show */
	int64_t quiet_ms;		/* how long it was in doubt and nobody contradicted */
	int64_t counted_at, kept_at;	/* steady_ms, up to which that is counted, and when it was last to be kept */
	char since[40], reason[200];	/* of the doubt; the time is the one that was believed */
};

/* As the ledger has it. */
void clock_load(struct clock *clock, struct txn *txn, const struct clock_reading *now);
/* Judge the clock by what it shows now: often, every few seconds. */
void clock_look(struct clock *clock, const struct clock_reading *now);
/* A verified peer's clock is so far ahead of ours (negative: behind). */
void clock_hear(struct clock *clock, const struct clock_reading *now, int64_t ahead_us);
/* A human says that it is right. */
void clock_confirm(struct clock *clock, const struct clock_reading *now);
/* Write it down, with an event when a doubt began or ended since the last time.  `uid` is who confirmed it, UINT32_MAX for
 * the daemon itself. */
void clock_keep(const struct clock *clock, struct txn *txn, uint32_t uid);
/* The time by which age may be judged, in microseconds since 1970.  Fault: clock in doubt, with the reason. */
enum fault clock_tell(const struct clock *clock, int64_t *now) MUST_CHECK;
