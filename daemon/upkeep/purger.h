#pragma once
/* Rounds of the retention policy: each day, and when somebody asks.  The scribe takes the steps, the steward removes the
 * files in between; one round at a time.  Belongs to the loop's thread. */
#include "daemon/ledger/porter.h"
#include "daemon/upkeep/retention.h"
#include "daemon/ledger/scribe.h"

struct blobs;
struct clock;
struct identity;
struct purger;

struct purger_rooms {
	struct store *store;
	struct scribe *scribe;
	struct porter *steward;
	struct blobs *blobs;
	const char *own_id;
	const struct identity *identity;	/* whose certificates tell whether the clock can be right */
	const struct clock *clock;		/* and whether it follows from what was believed before */
	int64_t keep_cases_ms, keep_events_ms;	/* -1: for ever */
	int64_t consumers_lag_ms;		/* so long events are kept for a consumer that says nothing; -1: without end */
};

enum fault purger_open(const struct purger_rooms *rooms, struct purger **purger) MUST_CHECK;
/* The scribe and the steward must have ended.  Takes NULL. */
void purger_close(struct purger *purger);
/* Take no further step: the scribe is about to end. */
void purger_stop(struct purger *purger);
/* Begin a round; `done` may be NULL.  What it is given lives until it returns.  Faults: not yet (one is under way); clock in doubt;
 * those of signature_check_time(), when by the clock our own certificates are not valid: then its word on age counts for
 * nothing either. */
enum fault purger_run(struct purger *purger, bool is_dry,
	void (*done)(void *owner, enum fault fault, const struct retention_round *round), void *owner) MUST_CHECK;
/* Destroy that case now, if it is closed, whatever its age: a round of its own, whose end tells whether it was (`cases`), or
 * why not (`held`, `unsettled`, `open`).  A signed certificate of it is left in the shell.  `reason` is one line
 * (proto/destroyed.h).  Faults: those of purger_run(). */
enum fault purger_destroy(struct purger *purger, const char *request_id, const char *reason, uint32_t uid,
	void (*done)(void *owner, enum fault fault, const struct retention_round *round), void *owner) MUST_CHECK;
