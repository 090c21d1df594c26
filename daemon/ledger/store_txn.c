#include "daemon/ledger/store_env.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/ledger/disk.h"
#include "daemon/ledger/store_crc.h"
#include "daemon/ledger/store_seal.h"

enum { CHECKSUM_SIZE = 4 };	/* CRC32C over key and value, behind the value */

MDB_val store_val(struct span span)
{
	return (MDB_val){ span.len, (void *)(uintptr_t)span.at };
}

struct span store_span(MDB_val val)
{
	return (struct span){ val.mv_data, val.mv_size };
}

static uint32_t checksum(struct span key, struct span value)
{
	return crc32c(crc32c(0, key), value);
}

enum fault txn_fail(struct txn *txn, enum fault fault)
{
	if (!txn->fault)
		txn->fault = fault;
	return txn->fault;
}

/* After most of LMDB's faults a transaction is of no more use, so it counts as written: then nobody
 * goes on in it. */
void store_fail_lmdb(struct txn *txn, int code, const char *what)
{
	txn->writes++;
	txn_fail(txn, from_lmdb(code, what));
}

/* ── begin and end ──────────────────────────────────────────────────────────────────────────── */

/* The file's size is cheap to ask for, and tells of most stores that they are far from full; but it
 * does not count what a parent has written. */
static bool is_full(const struct txn *txn)
{
	MDB_envinfo info;
	MDB_stat page;
	mdb_env_info(txn->store->env, &info);
	mdb_env_stat(txn->store->env, &page);
	uint64_t ordinary = store_ordinary_bytes(txn->store);
	if (!txn->parent && info.me_last_pgno * page.ms_psize <= ordinary)
		return false;
	return store_used_bytes(txn->store, txn->mdb) > ordinary;
}

/* What keeps ordinary writing out, if anything does.  Of the disk the parent has asked. */
static enum fault lack_of(const struct txn *txn)
{
	if (txn->mode == TXN_READ)
		return OK;
	if (txn->parent && txn->parent->lack)
		return txn->parent->lack;
	if (is_full(txn))
		return FAULT_STORE_FULL;
	return txn->parent || store_disk_free(txn->store) >= txn->store->keep_free ? OK : FAULT_DISK_FULL;
}

static enum fault begin(struct txn *txn)
{
	struct store *store = txn->store;
	MDB_txn *parent = txn->parent ? txn->parent->mdb : NULL;
	if (!store->env)
		return fault_say(FAULT_IN_DOUBT, "the store is shut since a commit failed");
	unsigned flags = txn->mode == TXN_READ ? MDB_RDONLY : 0;
	TRY(from_lmdb(mdb_txn_begin(store->env, parent, flags, &txn->mdb), "begin"));
	txn->lack = lack_of(txn);
	return OK;
}

/* Whoever came in by the door leaves by it, and the writer lays down the pen. */
static void leave(struct txn *txn)
{
	txn->mdb = NULL;
	if (txn->parent)
		return;
	bench_return(txn->store, txn->bench);
	txn->bench = NULL;
	pthread_rwlock_unlock(&txn->store->door);
	if (txn->mode == TXN_WRITE)
		pthread_mutex_unlock(&txn->store->pen);
}

enum fault txn_begin(struct store *store, enum txn_mode mode, struct txn *txn)
{
	*txn = (struct txn){ .store = store, .mode = mode };
	if (mode == TXN_WRITE)
		pthread_mutex_lock(&store->pen);
	pthread_rwlock_rdlock(&store->door);
	txn->fault = begin(txn);
	if (txn->fault)
		leave(txn);
	return txn->fault;
}

/* Asked without the pen: a writer is never waited for. */
enum fault store_lack(struct store *store)
{
	struct txn txn;
	TRY(txn_begin(store, TXN_READ, &txn));
	bool lacks_room = store_used_bytes(store, txn.mdb) > store_ordinary_bytes(store);
	bool lacks_disk = store_disk_free(store) < store->keep_free;
	txn_abort(&txn);
	return lacks_room ? FAULT_STORE_FULL : lacks_disk ? FAULT_DISK_FULL : OK;
}

enum fault txn_begin_child(struct txn *parent, struct txn *child)
{
	assert(parent->mode == TXN_WRITE);
	*child = (struct txn){ .store = parent->store, .mode = TXN_WRITE, .parent = parent };
	child->fault = parent->fault ? parent->fault : begin(child);
	return child->fault;
}

void txn_abort(struct txn *txn)
{
	if (!txn->mdb)
		return;
	mdb_txn_abort(txn->mdb);
	bench_doubt(txn);
	leave(txn);
}

/* LMDB takes no more transactions once the page that makes a commit valid could not be written, for
 * then only the disk knows whether it was. */
static bool is_in_doubt(MDB_env *env)
{
	MDB_txn *mdb;
	if (mdb_txn_begin(env, NULL, MDB_RDONLY, &mdb) == MDB_PANIC)
		return true;
	mdb_txn_abort(mdb);
	return false;
}

/* A commit that lacked room or memory ended before that page.  Of any other failure we believe
 * nothing: after a failed sync not even the system knows what is on the disk. */
static enum fault why_not_committed(const struct txn *txn, int code)
{
	enum fault fault = from_lmdb(code, "commit");
	bool lacked_room = fault == FAULT_STORE_FULL || fault == FAULT_DISK_FULL;
	bool is_certain = lacked_room || fault == FAULT_NO_MEMORY;
	if (txn->parent || (is_certain && !is_in_doubt(txn->store->env)))
		return fault;
	return fault_say(FAULT_IN_DOUBT, "store: commit: %s", mdb_strerror(code));
}

enum fault txn_commit(struct txn *txn)
{
	if (txn->fault || !txn->mdb) {
		txn_abort(txn);
		return txn->fault;
	}
	if (txn->writes && !txn->parent)
		disk_await_sync();
	int code = mdb_txn_commit(txn->mdb);
	if (code)
		txn_fail(txn, why_not_committed(txn, code));
	if (txn->parent)
		txn->parent->writes += txn->writes;
	leave(txn);
	return txn->fault;
}

uint64_t txn_writes(const struct txn *txn)
{
	return txn->writes;
}

void txn_use_reserve(struct txn *txn)
{
	txn->may_use_reserve = true;
}

/* ── records ────────────────────────────────────────────────────────────────────────────────── */

bool store_is_key(struct txn *txn, struct span key)
{
	assert(key.len > 0);
	if (key.len > KEY_SIZE_MAX)
		txn_fail(txn, fault_say(FAULT_TOO_LARGE, "a key of more than %d bytes", KEY_SIZE_MAX));
	return !txn->fault;
}

/* A view of an older ledger may lack some. */
bool store_has_table(const struct txn *txn, enum table table)
{
	return txn->store->tables[table] != STORE_NO_TABLE;
}

void store_say_broken(struct txn *txn, enum table table, struct span key, enum soundness soundness)
{
	static const char *const sentences[] = {
		[NOT_WHOLE] = "it does not match its checksum",
		[NOT_GENUINE] = "it does not open: it was altered, or does not belong there",
		[NOT_OWNED] = "the key with which it was sealed is not there",
	};
	char hex[2 * KEY_SIZE_MAX + 1];
	hex_write(hex, key);
	txn_fail(txn, fault_say(FAULT_STORE_BROKEN, "store: table %s, key %s: %s", table_name(table), hex, sentences[soundness]));
}

static enum soundness read_plain(struct span key, struct span whole, struct span *value)
{
	*value = (struct span){ whole.at, whole.len - CHECKSUM_SIZE };
	if (whole.len >= CHECKSUM_SIZE && get_u32(whole.at + value->len) == checksum(key, *value))
		return SOUND;
	*value = (struct span){ 0 };
	return NOT_WHOLE;
}

enum soundness store_read(struct txn *txn, enum table table, struct span key, MDB_val record, struct span *value)
{
	return store_is_plain(table, key) ? read_plain(key, store_span(record), value) :
		store_open_record(txn, table, key, store_span(record), value);
}

static bool find(struct txn *txn, enum table table, struct span key, MDB_val *record)
{
	if (txn->fault || !store_is_key(txn, key) || !store_has_table(txn, table))
		return false;
	MDB_val sought = store_val(key);
	int code = mdb_get(txn->mdb, txn->store->tables[table], &sought, record);
	if (code && code != MDB_NOTFOUND)
		store_fail_lmdb(txn, code, table_name(table));
	return !code;
}

static bool is_well(struct txn *txn, enum table table, struct span key, enum soundness soundness)
{
	if (soundness && !txn->fault)
		store_say_broken(txn, table, key, soundness);
	return !soundness;
}

bool txn_get(struct txn *txn, enum table table, struct span key, struct span *value)
{
	MDB_val record;
	if (value)
		*value = (struct span){ 0 };
	if (!find(txn, table, key, &record))
		return false;
	return !value || is_well(txn, table, key, store_read(txn, table, key, record, value));
}

bool store_get_plain(struct txn *txn, enum table table, struct span key, struct span *value)
{
	MDB_val record;
	*value = (struct span){ 0 };
	return find(txn, table, key, &record) && is_well(txn, table, key, read_plain(key, store_span(record), value));
}

static enum fault say_lack(const struct txn *txn)
{
	const struct store *store = txn->store;
	if (txn->lack == FAULT_STORE_FULL)
		return fault_say(FAULT_STORE_FULL, "store: %u per cent of its %zu bytes are used", store->high_water, store->map_size);
	return fault_say(txn->lack, "store: the disk has less than %" PRIu64 " bytes left (store.keep_free)", store->keep_free);
}

static bool may_put(struct txn *txn, struct span key, struct span value)
{
	assert(txn->mode == TXN_WRITE);
	if (txn->fault || !store_is_key(txn, key))
		return false;
	if (value.len > STORE_VALUE_MAX)
		txn_fail(txn, fault_say(FAULT_TOO_LARGE, "a record of %zu bytes; at most %d are kept",
		                        value.len, STORE_VALUE_MAX));
	else if (txn->lack && !txn->may_use_reserve)
		txn_fail(txn, say_lack(txn));
	return !txn->fault;
}

/* Tables with a number for a key, that only grows. */
static const bool is_appended[TABLE_COUNT] = { [TABLE_EVENTS] = true, [TABLE_AUDIT] = true };

/* Told that a record is the last, LMDB fills a page before it begins another; it refuses where that is not so. */
static int put_in_place(struct txn *txn, enum table table, MDB_val *key, MDB_val *record)
{
	MDB_dbi dbi = txn->store->tables[table];
	int code = is_appended[table] ? mdb_put(txn->mdb, dbi, key, record, MDB_RESERVE | MDB_APPEND) : MDB_KEYEXIST;
	return code == MDB_KEYEXIST ? mdb_put(txn->mdb, dbi, key, record, MDB_RESERVE) : code;
}

/* Room for a record, in the page itself; NULL after a fault. */
static uint8_t *reserve(struct txn *txn, enum table table, struct span key, size_t size)
{
	MDB_val at = store_val(key), record = { size, NULL };
	txn->writes++;
	int code = put_in_place(txn, table, &at, &record);
	if (code)
		store_fail_lmdb(txn, code, table_name(table));
	return code ? NULL : record.mv_data;
}

void store_put_plain(struct txn *txn, enum table table, struct span key, struct span value)
{
	uint8_t *to = may_put(txn, key, value) ? reserve(txn, table, key, value.len + CHECKSUM_SIZE) : NULL;
	if (!to)
		return;
	if (value.len)
		memcpy(to, value.at, value.len);
	put_u32(to + value.len, checksum(key, value));
}

static void put_sealed(struct txn *txn, const uint8_t *owner, enum table table, struct span key, struct span value)
{
	uint8_t id[STORE_OWNER_SIZE];
	struct seal *seal = may_put(txn, key, value) ? store_sealing_key(txn, owner, id) : NULL;
	uint8_t *to = seal ? reserve(txn, table, key, value.len + SEALED_OVERHEAD) : NULL;
	enum fault fault = to ? store_seal_record(txn, seal, id, table, key, value, to) : OK;
	if (fault)
		txn_fail(txn, fault);
}

void txn_put_of(struct txn *txn, const uint8_t *owner, enum table table, struct span key, struct span value)
{
	uint8_t copy[KEY_SIZE_MAX];	/* a walk's key lies in a page that this may move */
	if (key.len > sizeof copy) {
		store_is_key(txn, key);
		return;
	}
	memcpy(copy, key.at, key.len);
	key.at = copy;
	if (store_is_plain(table, key))
		store_put_plain(txn, table, key, value);
	else
		put_sealed(txn, owner, table, key, value);
}

void txn_put(struct txn *txn, enum table table, struct span key, struct span value)
{
	txn_put_of(txn, store_owner_of(table, key), table, key, value);
}

bool txn_delete(struct txn *txn, enum table table, struct span key)
{
	assert(txn->mode == TXN_WRITE);
	if (txn->fault || !store_is_key(txn, key))
		return false;
	MDB_val at = store_val(key);
	int code = mdb_del(txn->mdb, txn->store->tables[table], &at, NULL);
	if (!code)
		txn->writes++;
	else if (code != MDB_NOTFOUND)
		store_fail_lmdb(txn, code, table_name(table));
	return !code;
}

uint64_t txn_count(struct txn *txn, enum table table)
{
	MDB_stat stat;
	if (txn->fault || !store_has_table(txn, table))
		return 0;
	int code = mdb_stat(txn->mdb, txn->store->tables[table], &stat);
	if (code)
		store_fail_lmdb(txn, code, table_name(table));
	return code ? 0 : stat.ms_entries;
}

/* ── counters ───────────────────────────────────────────────────────────────────────────────── */

static struct span counter_key(struct key *key, const char *counter)
{
	*key = (struct key){ 0 };
	key_text(key, "counter");
	key_text(key, counter);
	return key_span(key);
}

uint64_t txn_last(struct txn *txn, const char *counter)
{
	struct key key;
	struct span value;
	if (!store_get_plain(txn, TABLE_META, counter_key(&key, counter), &value))
		return 0;
	if (value.len == sizeof(uint64_t))
		return get_u64(value.at);
	txn_fail(txn, fault_say(FAULT_STORE_BROKEN, "store: counter %s is no number", counter));
	return 0;
}

uint64_t txn_next(struct txn *txn, const char *counter)
{
	struct key key;
	uint8_t value[sizeof(uint64_t)];
	uint64_t next = txn_last(txn, counter) + 1;
	put_u64(value, next);
	store_put_plain(txn, TABLE_META, counter_key(&key, counter), SPAN(value));
	return txn->fault ? 0 : next;
}
