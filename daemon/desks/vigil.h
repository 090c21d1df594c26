#pragma once
/* Time in the cases, whenever something is over and every quarter of an hour, at which days end somewhere: what is due soon or overdue is told by an event, the other side is reminded of what it
 * owes, and its silence is told where it is waited for.  Nothing changes its status by itself.
 *
 * What was told stands in the case, in the transaction of the event: once at each threshold, over restarts.  Belongs to the
 * loop's thread; each step is a job of the scribe, over some cases only. */
#include "daemon/desks/papers.h"
#include "daemon/law/casework.h"
#include "daemon/ledger/scribe.h"

struct vigil;

struct vigil_rooms {
	struct scribe *scribe;
	struct casework *casework;
	struct thresholds deadlines;		/* before something is due: the longest first */
	int64_t silence_ms, remind_ms;		/* -1: never */
};

enum fault vigil_open(const struct vigil_rooms *rooms, struct vigil **vigil) MUST_CHECK;
/* The scribe must have ended.  Takes NULL. */
void vigil_close(struct vigil *vigil);
/* Begin a round at this time, if none is under way. */
void vigil_run(struct vigil *vigil, int64_t now);
/* The whole round at once, in this transaction: for who has no scribe. */
void vigil_look(struct vigil *vigil, struct txn *txn, int64_t now);
/* When something that was seen in the last round ends next, or passes a threshold; INT64_MAX when nothing does. */
/* How much of that kind was overdue when all was looked at last, which is an hour ago at most. */
enum { VIGIL_KINDS = 32 };
uint64_t vigil_overdue(const struct vigil *vigil, Comity__DueKind__Value kind, bool is_theirs);
int64_t vigil_next(const struct vigil *vigil);
/* Take no further step: the scribe is about to end. */
void vigil_stop(struct vigil *vigil);
