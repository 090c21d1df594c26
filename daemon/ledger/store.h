#pragma once
/* The ledger on disk: tables of keys and values, and transactions over them.
 *
 * One directory holds one LMDB environment, locked for one process.  There is one writer at a time
 * (the scribe); readers never wait for it, and see the ledger as it was when they began.  What was
 * committed is on disk: no flag that trades this for speed is ever used.  Every record is sealed, or
 * carries a checksum over its key and value, either checked whenever it is read, because LMDB has none.
 *
 * The map starts small and grows as the ledger does, up to the size given at opening.  At the high-water
 * mark ordinary writing ends with FAULT_STORE_FULL, and when the disk has too little left with
 * FAULT_DISK_FULL: the rest is a reserve, so that deletions, and those who say txn_use_reserve(), still
 * find room.
 *
 * The store knows nothing of what a record means, and no loop.
 */
#include <sys/types.h>

#include "daemon/ledger/store_key.h"
#include "proto/bytes.h"

/* The tables.  The names are on disk: append, never rename.  How their records lie there:
 *
 *	PLAIN	as they are, under a checksum: ids, digests, positions, and what is signed and says no more than these
 *	OWN	sealed with the key of the owner whose id begins the record's key
 *	LEDGER	sealed with the ledger's own key, unless it is said whose the record is (txn_put_of)
 *
 * Keys of records are never sealed, for they are sought and sorted by. */
#define STORE_TABLES(X) \
	X(TABLE_META,          "meta", LEDGER)		/* schema number, counters (these two plain), who we are */ \
	X(TABLE_PEERS,         "peers", LEDGER) \
	X(TABLE_CASES,         "cases", OWN) \
	X(TABLE_REFERENCES,    "references", PLAIN)	/* a case by each side's reference */ \
	X(TABLE_MESSAGES,      "messages", LEDGER) \
	X(TABLE_SEEN,          "seen", LEDGER)		/* sender and message id: outlives the message */ \
	X(TABLE_CASE_MESSAGES, "case-messages", PLAIN) \
	X(TABLE_LOOSE,         "loose", PLAIN)		/* what belongs to no case, by peer and number */ \
	X(TABLE_OUTBOX,        "outbox", PLAIN) \
	X(TABLE_MANIFESTS,     "manifests", PLAIN) \
	X(TABLE_CHAINS,        "chains", PLAIN) \
	X(TABLE_CERTIFICATES,  "certificates", PLAIN) \
	X(TABLE_EVENTS,        "events", LEDGER) \
	X(TABLE_ATTACHMENTS,   "attachments", OWN) \
	X(TABLE_BLOBS,         "blobs", PLAIN) \
	X(TABLE_WANTED,        "wanted", LEDGER) \
	X(TABLE_TOKENS,        "tokens", LEDGER) \
	X(TABLE_DRAFTS,        "drafts", OWN) \
	X(TABLE_SEALED_DRAFTS, "sealed-drafts", OWN)	/* of the tool, waiting to be approved and sent */ \
	X(TABLE_CORRESPONDENCES, "correspondences", LEDGER) \
	X(TABLE_AUDIT,         "audit", LEDGER)		/* what every user did: a hash chain, never pruned */ \
	X(TABLE_AUDIT_HEADS,   "audit-heads", PLAIN) \
	X(TABLE_KEYS,          "keys", PLAIN)		/* of owners, sealed under the vault key */ \
	X(TABLE_DIRECTORY,     "directory", LEDGER)

#define TABLE_ENUM(table, name, sealing) table,
enum table { STORE_TABLES(TABLE_ENUM) TABLE_COUNT };
#undef TABLE_ENUM

enum {
	STORE_SCHEMA = 2,			/* of keys and tables; values evolve by field number */
	STORE_OWNER_SIZE = 16,			/* of the id of who owns a record: a case */
	STORE_VALUE_MAX = 4 << 20,		/* bulk goes to blobs; records above 64 KiB are rare */
	STORE_MAP_MIN = 1 << 20,		/* below this nothing useful fits */
	STORE_HIGH_WATER = 90,			/* per cent */
};

struct store;
struct MDB_txn;
struct MDB_cursor;

const char *table_name(enum table table);

/* Make an empty store in `dir` (made with mode 0700 if it is missing; its parent must be there) and
 * see it safely on disk, the directory entries as well.  Faults: exists, io, disk full. */
enum fault store_create(const char *dir) MUST_CHECK;

/* Open the store in `dir`, for this process alone.  `map_size` bytes is the size to which the map
 * may grow; it costs address space, not memory.  A fork()ed child must not touch the store.
 * Faults: store missing, store busy (another process has it), store foreign (another schema),
 * broken. */
enum fault store_open(const char *dir, size_t map_size, struct store **store) MUST_CHECK;
/* Does a process have the store in `dir`?  Asks, and takes nothing. */
bool store_is_held(const char *dir);
/* Per cent of the map size at which ordinary writing ends (STORE_HIGH_WATER until told), and how many bytes of
 * the disk it leaves alone (none until told).  Before others use the store. */
void store_set_limits(struct store *store, unsigned high_water, uint64_t keep_free);
/* Let the map grow further from now on, up to `map_size`.  Faults: usage (it may already). */
enum fault store_raise(struct store *store, size_t map_size) MUST_CHECK;
/* Write the ledger anew without its free pages, and go on with that file.  Writers wait meanwhile, readers but
 * for a moment.  Not for a thread that has a transaction.  Faults: io, disk full, in doubt (and then the store
 * is shut). */
enum fault store_compact(struct store *store) MUST_CHECK;
/* No transaction may live any more.  Takes NULL. */
void store_close(struct store *store);

/* Close and open again, after FAULT_IN_DOUBT: what was on disk then is what there is.  Waits until
 * the other threads' transactions end; this thread may have none.  When it fails the store stays
 * shut: transactions fault with FAULT_IN_DOUBT until a reopening succeeds. */
enum fault store_reopen(struct store *store) MUST_CHECK;
/* Double the map, as far as map_size goes.  Waits like store_reopen.  Faults: store full when it
 * is at its end. */
enum fault store_grow(struct store *store) MUST_CHECK;

/* Write the whole ledger, as it is now, to `file`, which is empty and open for writing; nothing is synced yet.  Others
 * read and write meanwhile; a map that must grow waits for the end.  Faults: io, disk full, in doubt. */
enum fault store_copy(struct store *store, int file) MUST_CHECK;
/* Look into such a copy: read transactions only, and nothing is written, not even a lock.  A table that it does not
 * have, being older, is empty.  Closed by store_close().  Faults: store missing, store broken, store foreign, io. */
enum fault store_view(const char *path, struct store **view) MUST_CHECK;

struct vault;
struct seal;
/* With which the sealed records are opened and written; without a vault only plain ones can be.  Before others use the
 * store.  A ledger that has no keys yet takes this vault for its own.  Faults: store key (it is another ledger's; nothing
 * was touched). */
enum fault store_unlock(struct store *store, TAKES struct vault *vault) MUST_CHECK;
/* Borrowed from the store; NULL while it is locked. */
struct vault *store_vault(const struct store *store);

/* A copy of an owner's key, for what is kept beside the ledger; it fits blobs_set_keys(), with the store as `store`.
 * Faults: not found, store key (the store is locked), io, no memory. */
enum fault store_find_key(void *store, const uint8_t *owner, struct seal **key) MUST_CHECK;

/* Put all keys under a new vault key (vault.h), so that what lies in free pages, of keys that were destroyed, is of no use
 * any more.  Blocks: not for the loop's thread, nor for one that has a transaction.  A crash at any moment leaves the old
 * one or the new one.  Faults: store key, io, disk full, store full, in doubt. */
enum fault store_change_vault(struct store *store) MUST_CHECK;

struct store_stat {
	uint64_t map_bytes;			/* to which it may grow */
	uint64_t file_bytes;			/* ever used of the file, which never shrinks */
	uint64_t used_bytes;			/* live pages: tables and their free space within */
	uint64_t ordinary_bytes;		/* at this much used, ordinary writing ends */
	uint64_t opened_with_bytes;		/* were used when it was opened */
	uint64_t disk_free_bytes;		/* of the disk it lies on */
	uint64_t entries[TABLE_COUNT];
};
enum fault store_stat(struct store *store, struct store_stat *stat) MUST_CHECK;
/* The fault with which ordinary writing would end now: store full, disk full, in doubt; OK when there is room. */
enum fault store_lack(struct store *store);

/* ── transactions ─────────────────────────────────────────────────────────────────────────────
 *
 * A transaction remembers its first fault and ignores everything after it, so that the code of the
 * ledger is a list of what it does, and asks once, at its end: `return txn->fault;`.  It lives in the
 * caller, must not move, and belongs to the thread that began it.  Read transactions are kept short:
 * never across a callback, for what they see cannot be freed meanwhile.
 */
enum txn_mode { TXN_READ, TXN_WRITE };

struct txn {
	enum fault fault;			/* the first; OK while all is well */
	/* the store's own */
	enum txn_mode mode;
	enum fault lack;			/* what ordinary writing ends with here; OK: there is room */
	bool may_use_reserve;
	uint64_t writes;
	struct store *store;
	struct txn *parent;
	struct bench *bench;			/* of the outermost one: where records are opened and sealed */
	struct MDB_txn *mdb;			/* NULL once it is over */
};

/* Begin.  A writing one waits for the writer before it.  After a fault there is nothing to end, but
 * ending it is harmless.  Faults: in doubt (the store is shut), io, no memory. */
enum fault txn_begin(struct store *store, enum txn_mode mode, struct txn *txn) MUST_CHECK;
/* Begin a transaction inside a writing one, which rests until the child is over.  Committing the
 * child keeps its writing in the parent; aborting it takes back the child's alone. */
enum fault txn_begin_child(struct txn *parent, struct txn *child) MUST_CHECK;
/* End it; what was written is on disk if this returns OK.  One that has a fault is aborted and the
 * fault returned.  FAULT_IN_DOUBT: it may or may not be on disk; answer nobody, reopen the store.
 * With every other fault it is certain that nothing was kept: store full (grow, begin again), disk
 * full. */
enum fault txn_commit(struct txn *txn) MUST_CHECK;
void txn_abort(struct txn *txn);		/* harmless when it is over */

/* Give the transaction a fault, unless it has one, and return the one that it has then. */
enum fault txn_fail(struct txn *txn, enum fault fault);
/* How many puts and deletes were tried in it, its committed children's among them. */
uint64_t txn_writes(const struct txn *txn);
/* From here on puts may use the reserve: receipts, status, whatever shrinks the ledger in the end. */
void txn_use_reserve(struct txn *txn);

/* Find a record; false when there is none, or a fault.  The value (which may be NULL, if only its
 * being there matters: then nothing is opened) dies with the transaction, in a writing one already with the
 * next put or delete. Sets: store broken, when the record does not match its checksum or does not open; store
 * key, when the store is locked. */
bool txn_get(struct txn *txn, enum table table, struct span key, struct span *value);
/* Write a record, over an older one if there is one.  The value must not be one that this
 * transaction lent: writing moves those.  (The key may.)  Sets: store full, too large (key or
 * value). */
void txn_put(struct txn *txn, enum table table, struct span key, struct span value);
/* The same for a record of an owner that its key does not tell; NULL: it is the ledger's own. */
void txn_put_of(struct txn *txn, const uint8_t *owner, enum table table, struct span key, struct span value);
/* Destroy the key of an owner: whatever was sealed with it cannot be opened any more, here, in free pages, or in any
 * copy whose vault key is gone (vault.h).  What is sealed for that owner from here on has another key. */
void store_destroy_key(struct txn *txn, const uint8_t *owner);
/* Between vault_change_begin() and vault_change_end(): wrap all keys with the new vault key. */
void store_wrap_anew(struct txn *txn);
/* What gets from here on lend goes back with txn_give_back(), for who reads much in one transaction. */
struct lent { size_t block, used; };
struct lent txn_mark(struct txn *txn);
void txn_give_back(struct txn *txn, struct lent mark);
/* Delete a record, whose key a walk may have lent.  False when there was none. */
bool txn_delete(struct txn *txn, enum table table, struct span key);
/* How many records the table has: cheap at every size. */
uint64_t txn_count(struct txn *txn, enum table table);

/* The next number of that counter: 1 the first time, then without gaps.  0 after a fault. */
uint64_t txn_next(struct txn *txn, const char *counter);
/* The number that it gave last: 0 when it gave none. */
uint64_t txn_last(struct txn *txn, const char *counter);

/* A walk over the records whose keys begin with `prefix` (empty: the whole table).  The table may be
 * written on the way: the walk goes on behind the record that it gave last. */
struct walk {
	/* the store's own */
	struct txn *txn;
	struct MDB_cursor *cursor;		/* NULL when the walk is over */
	enum table table;
	enum { WALK_UP, WALK_DOWN } direction;
	struct lent before, after;		/* the value that it gave last */
	bool has_begun;
	bool is_behind;				/* `at` itself is not meant */
	uint64_t writes;			/* of the transaction, when it gave the last record */
	struct key prefix;
	struct key at;				/* where to seek: when writing, the last key given */
};

/* Upwards: from the first key with that prefix, or, unless `start` is empty, not below `start`,
 * which begins with the prefix. */
void walk_from(struct walk *walk, struct txn *txn, enum table table,
               struct span prefix, struct span start);
/* Downwards, the newest first: from the last key with that prefix, or not above `start`. */
void walk_last(struct walk *walk, struct txn *txn, enum table table,
               struct span prefix, struct span start);
/* The next record; the key lives like the values of txn_get, the value only until the next one is asked for.  False
 * at the end or after a fault (see txn->fault), and then the walk is over. */
bool walk_next(struct walk *walk, struct span *key, struct span *value);
/* The same, but a record that cannot be read is given too, with an empty value: for whoever looks for what is wrong. */
enum soundness {
	SOUND,
	NOT_WHOLE,		/* plain, and it does not match its checksum: the disk, or a clumsy hand */
	NOT_GENUINE,		/* sealed, and it does not open: altered, or put where it does not belong */
	NOT_OWNED,		/* sealed, and the key of its owner is not there */
};
bool walk_next_any(struct walk *walk, struct span *key, struct span *value, enum soundness *soundness);
/* For who leaves before the end.  Must come before the transaction ends; again is harmless. */
void walk_end(struct walk *walk);
