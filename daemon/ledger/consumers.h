#pragma once
/* Named consumers of the event log: programs whose place in it we keep, so that none misses an event because it was away.
 *
 * A consumer acknowledges what it has dealt with; what it has not is not forgotten by the retention policy, unless it said nothing for
 * so long that it counts as gone.  One record each, in TABLE_META. */
#include "daemon/ledger/record.h"

enum { CONSUMER_NAME_MAX = 40, CONSUMERS_MAX = 64 };

/* Small letters, digits, "-", "_" and ".", a letter or digit first. */
bool consumer_name_is_valid(const char *name);
/* NULL when there is none, or after a fault. */
Comity__Consumer *consumer_find(struct txn *txn, const char *name, struct arena *arena);
/* All, by name, in the arena; false after a fault. */
bool consumers_list(struct txn *txn, struct arena *arena, Comity__Consumer ***list, size_t *count);

/* From after event `seq` on.  Faults: usage (its name; there is no such event yet), exists, too large (there are CONSUMERS_MAX). */
enum fault consumer_add(struct txn *txn, const char *name, uint64_t seq, uint32_t uid) MUST_CHECK;
/* It has dealt with all up to `seq`.  Once more is no fault.  Faults: not found; usage (it is further already; there is no such event
 * yet); another epoch (this store is older than its own past, and that number is of another event here). */
enum fault consumer_acknowledge(struct txn *txn, const char *name, uint64_t seq, const uint32_t *epoch) MUST_CHECK;
/* Fault: not found. */
enum fault consumer_remove(struct txn *txn, const char *name) MUST_CHECK;

/* Did it say nothing since that moment (stamp.h)? */
bool consumer_is_gone(const Comity__Consumer *consumer, int64_t since);
/* Up to this number no consumer needs an event any more, those aside that are gone since; UINT64_MAX: nobody needs any. */
uint64_t consumers_dealt_with(struct txn *txn, int64_t gone_since);
