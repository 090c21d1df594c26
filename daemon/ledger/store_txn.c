#include "daemon/ledger/store_env.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/ledger/store_crc.h"

enum { CHECKSUM_SIZE = 4 };	/* CRC32C over key and value, behind the value */

static MDB_val val_of(struct span span)
{
	return (MDB_val){ span.len, (void *)(uintptr_t)span.at };
}

static struct span span_of_val(MDB_val val)
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
static void fail_lmdb(struct txn *txn, int code, const char *what)
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

static bool is_key(struct txn *txn, struct span key)
{
	assert(key.len > 0);
	if (key.len > KEY_SIZE_MAX)
		txn_fail(txn, fault_say(FAULT_TOO_LARGE, "a key of more than %d bytes", KEY_SIZE_MAX));
	return !txn->fault;
}

/* A view of an older ledger may lack some. */
static bool has_table(const struct txn *txn, enum table table)
{
	return txn->store->tables[table] != STORE_NO_TABLE;
}

static void say_broken(struct txn *txn, enum table table, struct span key)
{
	char hex[2 * KEY_SIZE_MAX + 1];
	hex_write(hex, key);
	txn_fail(txn, fault_say(FAULT_STORE_BROKEN, "store: table %s, key %s: it does not match its checksum",
	                        table_name(table), hex));
}

/* Check a record's checksum and take it off. */
static bool unseal(struct span key, MDB_val record, struct span *value)
{
	struct span whole = span_of_val(record);
	*value = (struct span){ whole.at, whole.len - CHECKSUM_SIZE };
	if (whole.len >= CHECKSUM_SIZE && get_u32(whole.at + value->len) == checksum(key, *value))
		return true;
	*value = (struct span){ 0 };
	return false;
}

bool txn_get(struct txn *txn, enum table table, struct span key, struct span *value)
{
	struct span unwanted;
	value = value ? value : &unwanted;
	*value = (struct span){ 0 };
	if (txn->fault || !is_key(txn, key) || !has_table(txn, table))
		return false;
	MDB_val record, sought = val_of(key);
	int code = mdb_get(txn->mdb, txn->store->tables[table], &sought, &record);
	if (!code && unseal(key, record, value))
		return true;
	if (!code)
		say_broken(txn, table, key);
	else if (code != MDB_NOTFOUND)
		fail_lmdb(txn, code, table_name(table));
	return false;
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
	if (txn->fault || !is_key(txn, key))
		return false;
	if (value.len > STORE_VALUE_MAX)
		txn_fail(txn, fault_say(FAULT_TOO_LARGE, "a record of %zu bytes; at most %d are kept",
		                        value.len, STORE_VALUE_MAX));
	else if (txn->lack && !txn->may_use_reserve)
		txn_fail(txn, say_lack(txn));
	return !txn->fault;
}

void txn_put(struct txn *txn, enum table table, struct span key, struct span value)
{
	if (!may_put(txn, key, value))
		return;
	uint8_t copy[KEY_SIZE_MAX];	/* a walk's key lies in a page that this may move */
	memcpy(copy, key.at, key.len);
	MDB_val at = { key.len, copy }, record = { value.len + CHECKSUM_SIZE, NULL };
	txn->writes++;
	int code = mdb_put(txn->mdb, txn->store->tables[table], &at, &record, MDB_RESERVE);
	if (code) {
		fail_lmdb(txn, code, table_name(table));
		return;
	}
	if (value.len)
		memcpy(record.mv_data, value.at, value.len);
	put_u32((uint8_t *)record.mv_data + value.len, checksum((struct span){ copy, key.len }, value));
}

bool txn_delete(struct txn *txn, enum table table, struct span key)
{
	assert(txn->mode == TXN_WRITE);
	if (txn->fault || !is_key(txn, key))
		return false;
	MDB_val at = val_of(key);
	int code = mdb_del(txn->mdb, txn->store->tables[table], &at, NULL);
	if (!code)
		txn->writes++;
	else if (code != MDB_NOTFOUND)
		fail_lmdb(txn, code, table_name(table));
	return !code;
}

uint64_t txn_count(struct txn *txn, enum table table)
{
	MDB_stat stat;
	if (txn->fault || !has_table(txn, table))
		return 0;
	int code = mdb_stat(txn->mdb, txn->store->tables[table], &stat);
	if (code)
		fail_lmdb(txn, code, table_name(table));
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
	if (!txn_get(txn, TABLE_META, counter_key(&key, counter), &value))
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
	txn_put(txn, TABLE_META, counter_key(&key, counter), SPAN(value));
	return txn->fault ? 0 : next;
}

/* ── walks ──────────────────────────────────────────────────────────────────────────────────── */

static bool begins_with(struct span text, struct span prefix)
{
	return text.len >= prefix.len && (!prefix.len || !memcmp(text.at, prefix.at, prefix.len));
}

/* Make a prefix the first key behind all that begin with it; empty if there is none. */
static void pass_over(struct key *prefix)
{
	while (prefix->len && prefix->at[prefix->len - 1] == 0xff)
		prefix->len--;
	if (prefix->len)
		prefix->at[prefix->len - 1]++;
}

static int seek(struct walk *walk, bool *is_there, MDB_val *key, MDB_val *record)
{
	struct span at = key_span(&walk->at);
	*key = val_of(at);
	int code = at.len ? mdb_cursor_get(walk->cursor, key, record, MDB_SET_RANGE) : MDB_NOTFOUND;
	*is_there = !code && span_equal(span_of_val(*key), at);
	return code;
}

static int seek_up(struct walk *walk, MDB_val *key, MDB_val *record)
{
	bool is_there;
	if (!walk->at.len)
		return mdb_cursor_get(walk->cursor, key, record, MDB_FIRST);
	int code = seek(walk, &is_there, key, record);
	return is_there && walk->is_behind ? mdb_cursor_get(walk->cursor, key, record, MDB_NEXT) : code;
}

static int seek_down(struct walk *walk, MDB_val *key, MDB_val *record)
{
	bool is_there;
	int code = seek(walk, &is_there, key, record);
	if (code == MDB_NOTFOUND)
		return mdb_cursor_get(walk->cursor, key, record, MDB_LAST);
	if (code || (is_there && !walk->is_behind))
		return code;
	return mdb_cursor_get(walk->cursor, key, record, MDB_PREV);
}

static int open_cursor(struct walk *walk)
{
	if (walk->cursor)
		mdb_cursor_close(walk->cursor);
	walk->cursor = NULL;
	return mdb_cursor_open(walk->txn->mdb, walk->txn->store->tables[walk->table], &walk->cursor);
}

/* Where something was written meanwhile the cursor's place is not to be trusted: seek it anew. */
static int step(struct walk *walk, MDB_val *key, MDB_val *record)
{
	bool is_up = walk->direction == WALK_UP;
	if (walk->has_begun && walk->writes == walk->txn->writes)
		return mdb_cursor_get(walk->cursor, key, record, is_up ? MDB_NEXT : MDB_PREV);
	int code = walk->has_begun ? open_cursor(walk) : 0;
	if (code)
		return code;
	return is_up ? seek_up(walk, key, record) : seek_down(walk, key, record);
}

static void remember(struct walk *walk, struct span key)
{
	walk->has_begun = true;
	walk->writes = walk->txn->writes;
	if (walk->txn->mode == TXN_READ)
		return;
	walk->at.len = 0;
	key_bytes(&walk->at, key);
	walk->is_behind = true;
}

static void walk_begin(struct walk *walk, struct txn *txn, enum table table,
                       struct span prefix, struct span start)
{
	walk->txn = txn;
	walk->cursor = NULL;
	walk->table = table;
	walk->has_begun = walk->is_behind = false;
	walk->prefix.len = walk->at.len = 0;
	key_bytes(&walk->prefix, prefix);
	key_bytes(&walk->at, start.len ? start : prefix);
	if (txn->fault || !has_table(txn, table) || (prefix.len && !is_key(txn, prefix)) ||
	    (start.len && !is_key(txn, start)))
		return;
	int code = open_cursor(walk);
	if (code)
		fail_lmdb(txn, code, table_name(table));
}

void walk_from(struct walk *walk, struct txn *txn, enum table table,
               struct span prefix, struct span start)
{
	walk->direction = WALK_UP;
	walk_begin(walk, txn, table, prefix, start);
}

void walk_last(struct walk *walk, struct txn *txn, enum table table,
               struct span prefix, struct span start)
{
	walk->direction = WALK_DOWN;
	walk_begin(walk, txn, table, prefix, start);
	if (start.len)
		return;
	walk->is_behind = true;
	pass_over(&walk->at);
}

bool walk_next_any(struct walk *walk, struct span *key, struct span *value, bool *is_sound)
{
	*key = *value = (struct span){ 0 };
	if (!walk->cursor)
		return false;
	MDB_val at, record;
	int code = walk->txn->fault ? MDB_NOTFOUND : step(walk, &at, &record);
	if (code && code != MDB_NOTFOUND)
		fail_lmdb(walk->txn, code, table_name(walk->table));
	if (code || !begins_with(span_of_val(at), key_span(&walk->prefix))) {
		walk_end(walk);
		return false;
	}
	*key = span_of_val(at);
	*is_sound = unseal(*key, record, value);
	remember(walk, *key);
	return true;
}

bool walk_next(struct walk *walk, struct span *key, struct span *value)
{
	bool is_sound;
	if (!walk_next_any(walk, key, value, &is_sound))
		return false;
	if (is_sound)
		return true;
	say_broken(walk->txn, walk->table, *key);
	walk_end(walk);
	*key = (struct span){ 0 };
	return false;
}

void walk_end(struct walk *walk)
{
	if (walk->cursor)
		mdb_cursor_close(walk->cursor);
	walk->cursor = NULL;
}
