#pragma once
/* What the files of the store share: together they are LMDB's one home.  Nobody else includes
 * this. */
#include <limits.h>
#include <lmdb.h>
#include <pthread.h>

#include "daemon/ledger/store.h"

enum { STORE_PATH_SIZE = 4096 };

#define STORE_NO_TABLE	UINT_MAX	/* the handle of a table that a view does not have */

struct store {
	MDB_env *env;			/* NULL while the store is shut: a reopening failed */
	MDB_dbi tables[TABLE_COUNT];
	char *dir;
	size_t map_size;		/* to which the map may grow */
	unsigned high_water;		/* per cent of that: ordinary writing ends there */
	uint64_t keep_free;		/* bytes of the disk that ordinary writing leaves alone */
	uint64_t opened_with;		/* bytes that were used then */
	int lock;			/* daemon.lock, held as long as the store is open */
	pthread_mutex_t pen;		/* whoever writes has it, from before the door: compacting keeps writers out by it */
	pthread_rwlock_t door;		/* transactions share it; remapping needs it alone */
	struct vault *vault;		/* whose keys seal it; NULL: it is locked */
	uint64_t own_key, own_seals;	/* the writer's: the number of the ledger's own key that seals, and how often it did */
	pthread_mutex_t benches_lock;
	struct bench *benches;		/* that nobody works at */
	uint64_t key_epoch;		/* goes up when a key was destroyed */
};

/* The fault for an LMDB or errno code; `what` was tried, for its detail.  0 is OK. */
enum fault from_lmdb(int code, const char *what);
/* Open the environment in store->dir, with its tables; NULL again after a fault. */
enum fault store_env_open(struct store *store) MUST_CHECK;
void store_env_close(struct store *store);
/* Open a copy's file, to read only; its tables as far as they are there. */
enum fault store_env_view(struct store *store, const char *path) MUST_CHECK;
/* Make a new environment with no record but the schema number. */
enum fault store_env_create(const char *dir) MUST_CHECK;

/* Faults: io, when the path is too long. */
enum fault store_path(char path[STORE_PATH_SIZE], const char *dir, const char *tail) MUST_CHECK;
/* Of data.mdb in that directory; 0 when there is none. */
size_t store_file_size(const char *dir);

/* How many bytes live pages take, as this transaction sees them. */
uint64_t store_used_bytes(const struct store *store, MDB_txn *mdb);
/* Of the disk it lies on. */
uint64_t store_disk_free(const struct store *store);
/* The used bytes at which ordinary writing ends: the rest is the reserve. */
uint64_t store_ordinary_bytes(const struct store *store);

/* ── of a transaction, for its walks ── */

MDB_val store_val(struct span span);
struct span store_span(MDB_val val);
void store_fail_lmdb(struct txn *txn, int code, const char *what);
bool store_has_table(const struct txn *txn, enum table table);
/* May it be a key?  If not the transaction has a fault. */
bool store_is_key(struct txn *txn, struct span key);
/* Check a record and lend its value: take the checksum off, or open it. */
enum soundness store_read(struct txn *txn, enum table table, struct span key, MDB_val record, struct span *value);
void store_say_broken(struct txn *txn, enum table table, struct span key, enum soundness soundness);
