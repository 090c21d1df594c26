#pragma once
/* How many messages each peer brought in the last day: one record a peer (TABLE_META), changed in the transaction that
 * keeps the messages, so that it is true after any crash and nobody ever counts.
 *
 * It is counted by the hour, over this one and the 23 before.  A flood is told from a busy day by its number alone: what
 * was counted is not given back by a purge, and a day later it is forgotten.  A clock that was put back makes what was
 * counted young again, and never lets it be forgotten sooner.
 */
#include "daemon/ledger/store.h"

enum { INTAKE_HOURS = 24 };

struct intake {
	uint64_t messages;		/* in the last day */
	char over_since[40];		/* it is over its quota; "": it is not */
};

/* `now` in microseconds since 1970, here and below. */
struct intake intake_find(struct txn *txn, const char *peer, int64_t now);
/* So many came. */
void intake_add(struct txn *txn, const char *peer, int64_t now, uint64_t messages);
/* It is over its quota from now on, or no longer; with an event when that is new. */
void intake_judge(struct txn *txn, const char *peer, int64_t now, bool is_over, const char *detail);
