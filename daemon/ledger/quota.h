#pragma once
/* What the attachments of each peer occupy on our disk: one number in the ledger (TABLE_META), changed in the transaction
 * that says that something came or went, so that it is true after any crash and nobody ever counts.
 *
 * Content counts for the peer that brought it (Blob.from) from its record to its purge, and what lies here of an
 * attachment that could not be had whole (Wanted.bytes_here) while it is wanted.
 */
#include "daemon/ledger/store.h"

/* Bytes; 0 for whom nothing was ever counted. */
uint64_t quota_used(struct txn *txn, const char *peer);
/* So much came, so much went.  Less than nothing is nothing. */
void quota_change(struct txn *txn, const char *peer, uint64_t more, uint64_t less);
