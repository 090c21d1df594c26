#pragma once
/* What the attachments of each peer occupy on our disk: one number in the ledger (TABLE_META), changed in the transaction
 * that says that something came or went, so that it is true after any crash and nobody ever counts.
 *
 * Content counts for the peer that brought it (Blob.from) from its record to its purge, and what lies here of an
 * attachment that could not be had whole (Wanted.bytes_here) while it is wanted.
 */
#include "daemon/ledger/store.h"

/* What all the records say that a peer occupies, beside what was counted: for whoever looks through the store.  `found` is
 * called once a peer, also for those of whom there is only one of both.  Reads every Blob and Wanted.  Faults: no memory,
 * and those of the store. */
enum fault quota_recount(struct txn *txn, void (*found)(void *owner, const char *peer, uint64_t counted, uint64_t occupied),
	void *owner) MUST_CHECK;
/* Bytes; 0 for whom nothing was ever counted. */
uint64_t quota_used(struct txn *txn, const char *peer);
/* Where the count of a peer lies, in TABLE_META. */
struct key quota_key(const char *peer);
/* So much came, so much went.  Less than nothing is nothing. */
void quota_change(struct txn *txn, const char *peer, uint64_t more, uint64_t less);
