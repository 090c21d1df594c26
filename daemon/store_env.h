#pragma once
/* What store.c and store_txn.c share: together they are LMDB's one home.  Nobody else includes
 * this. */
#include <lmdb.h>
#include <pthread.h>

#include "daemon/store.h"

struct store {
	MDB_env *env;			/* NULL while the store is shut: a reopening failed */
	MDB_dbi tables[TABLE_COUNT];
	char *dir;
	size_t map_size;		/* to which the map may grow */
	int lock;			/* daemon.lock, held as long as the store is open */
	pthread_rwlock_t door;		/* each transaction passes it shared; remapping needs it alone */
};

/* The fault for an LMDB or errno code; `what` was tried, for its detail.  0 is OK. */
enum fault from_lmdb(int code, const char *what);
/* How many bytes live pages take, as this transaction sees them. */
uint64_t store_used_bytes(const struct store *store, MDB_txn *mdb);
/* The used bytes at which ordinary writing ends: the rest is the reserve. */
uint64_t store_ordinary_bytes(const struct store *store);
