#pragma once
/* Holds: a human said that nothing new is to be sent, for now; one record in the ledger each (TABLE_META).
 *
 * One may hold the whole daemon, others single peers.  While a hold stands no message of ours is put into a dispatch;
 * it waits, and keeps its place.  Receiving, receipts and what is signed already go on.
 */
#include "daemon/ledger/record.h"

#define HOLD_EVERYBODY ""		/* instead of a peer: the whole daemon */

/* Who holds since when and why; NULL when nobody does, or after a fault. */
Comity__Hold *hold_find(struct txn *txn, const char *peer, struct arena *arena);
/* Its kind alone, NONE when nobody holds: cheap, for those who ask often. */
Comity__HoldKind__Value hold_kind(struct txn *txn, const char *peer);
/* Set one, over one that stands; but after a restore an operator's hold does not replace that of the restore, whose
 * release has conditions of its own.  Filled in: the time.  `reason` may be NULL; `uid` is who did it, UINT32_MAX for
 * the daemon itself. */
void hold_set(struct txn *txn, const char *peer, Comity__HoldKind__Value kind, const char *reason, uint32_t uid);
/* False when there was none. */
bool hold_clear(struct txn *txn, const char *peer);
