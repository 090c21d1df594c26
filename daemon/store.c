#include "daemon/store_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/disk.h"

enum {
	MAP_START = 16 << 20,
	PATH_SIZE = 4096,
	EMPTY_FILE_SIZE = 2 * 4096,	/* of an environment: its two meta pages */
};

static const char *const names[TABLE_COUNT] = {
#define TABLE_NAME(table, name) [table] = name,
	STORE_TABLES(TABLE_NAME)
#undef TABLE_NAME
};

const char *table_name(enum table table)
{
	return names[table];
}

static const struct { int code; enum fault fault; } meanings[] = {
	{ MDB_SUCCESS,          OK },
	{ MDB_MAP_FULL,         FAULT_STORE_FULL },
	{ MDB_TXN_FULL,         FAULT_TOO_LARGE },
	{ MDB_BAD_VALSIZE,      FAULT_TOO_LARGE },
	{ ENOSPC,               FAULT_DISK_FULL },
	{ EDQUOT,               FAULT_DISK_FULL },
	{ EFBIG,                FAULT_DISK_FULL },
	{ ENOMEM,               FAULT_NO_MEMORY },
	{ MDB_PANIC,            FAULT_IN_DOUBT },	/* an earlier commit could not write its meta page */
	{ MDB_CORRUPTED,        FAULT_STORE_BROKEN },
	{ MDB_PAGE_NOTFOUND,    FAULT_STORE_BROKEN },
	{ MDB_CURSOR_FULL,      FAULT_STORE_BROKEN },	/* a tree that deep is a loop */
	{ MDB_INVALID,          FAULT_STORE_BROKEN },
	{ MDB_NOTFOUND,         FAULT_STORE_FOREIGN },	/* of a table that must be there */
	{ MDB_VERSION_MISMATCH, FAULT_STORE_FOREIGN },
	{ MDB_INCOMPATIBLE,     FAULT_STORE_FOREIGN },
};

enum fault from_lmdb(int code, const char *what)
{
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].code == code)
			return code ? fault_say(meanings[i].fault, "store: %s: %s", what, mdb_strerror(code)) : OK;
	return fault_say(FAULT_IO, "store: %s: %s", what, mdb_strerror(code));
}

static enum fault join(char *path, const char *dir, const char *tail)
{
	if (snprintf(path, PATH_SIZE, "%s%s", dir, tail) >= PATH_SIZE)
		return fault_say(FAULT_IO, "store: the path is too long: %s", dir);
	return OK;
}

/* ── opening ────────────────────────────────────────────────────────────────────────────────── */

static size_t file_size(const char *dir)
{
	char path[PATH_SIZE];
	struct stat stat_;
	if (join(path, dir, "/data.mdb") || stat(path, &stat_))
		return 0;
	return (size_t)stat_.st_size;
}

/* A store that is larger than it may be now is given as much again as its reserve would be: deleting
 * takes room before it gives any. */
static size_t first_map_size(const struct store *store)
{
	size_t size = file_size(store->dir);
	if (size > store->map_size)
		return size + size / 10 + STORE_MAP_MIN;
	size_t wanted = size > MAP_START / 2 ? size * 2 : MAP_START;
	return wanted < store->map_size ? wanted : store->map_size;
}

/* A read beyond the end of a file that was cut short would be SIGBUS.  Filled up with zeros it is a
 * record that does not match its checksum.  (A sound file may end early too: LMDB does not write pages
 * that a transaction took and gave back.) */
static enum fault fill_up(MDB_env *env, int fd)
{
	MDB_envinfo info;
	MDB_stat page;
	struct stat file;
	mdb_env_info(env, &info);
	mdb_env_stat(env, &page);
	off_t size = (off_t)((info.me_last_pgno + 1) * page.ms_psize);
	if (fstat(fd, &file) || (file.st_size < size && ftruncate(fd, size)))
		return disk_fault("store: data.mdb");
	return OK;
}

static enum fault prepare_env(MDB_env *env, const char *dir, size_t map_size)
{
	TRY(from_lmdb(mdb_env_set_maxdbs(env, TABLE_COUNT + 16), "limits"));
	TRY(from_lmdb(mdb_env_set_mapsize(env, map_size), "map size"));
	TRY(from_lmdb(mdb_env_open(env, dir, MDB_NOTLS, 0600), dir));
	int fd, dead;
	TRY(from_lmdb(mdb_env_get_fd(env, &fd), "file"));
	if (fcntl(fd, F_SETFD, FD_CLOEXEC))	/* LMDB leaves it to whoever we execute */
		return disk_fault("store: data.mdb");
	TRY(fill_up(env, fd));
	return from_lmdb(mdb_reader_check(env, &dead), "readers");
}

static enum fault open_env(const char *dir, size_t map_size, MDB_env **opened)
{
	MDB_env *env;
	*opened = NULL;
	TRY(from_lmdb(mdb_env_create(&env), "environment"));
	enum fault fault = prepare_env(env, dir, map_size);
	if (fault)
		mdb_env_close(env);
	else
		*opened = env;
	return fault;
}

static enum fault open_table(struct store *store, MDB_txn *mdb, enum table table, unsigned flags)
{
	return from_lmdb(mdb_dbi_open(mdb, names[table], flags, &store->tables[table]), names[table]);
}

static struct span schema_key(struct key *key)
{
	*key = (struct key){ 0 };
	key_text(key, "schema");
	return key_span(key);
}

static enum fault check_schema(struct txn *txn)
{
	struct key key;
	struct span value;
	if (!txn_get(txn, TABLE_META, schema_key(&key), &value) || value.len != 4)
		return txn->fault ? txn->fault : fault_say(FAULT_STORE_FOREIGN, "store: it has no schema number");
	if (get_u32(value.at) != STORE_SCHEMA)
		return fault_say(FAULT_STORE_FOREIGN, "store: it has schema %u, this version knows %u",
		                 get_u32(value.at), STORE_SCHEMA);
	return OK;
}

/* Tables that this version knows and the store does not are made, but not in a foreign store. */
static enum fault open_tables(struct txn *txn)
{
	TRY(open_table(txn->store, txn->mdb, TABLE_META, 0));
	TRY(check_schema(txn));
	for (enum table table = 0; table < TABLE_COUNT; table++)
		TRY(open_table(txn->store, txn->mdb, table, MDB_CREATE));
	return OK;
}

static enum fault create_tables(struct txn *txn)
{
	TRY(open_table(txn->store, txn->mdb, TABLE_META, MDB_CREATE));
	struct key key;
	uint8_t schema[4];
	put_u32(schema, STORE_SCHEMA);
	txn_put(txn, TABLE_META, schema_key(&key), SPAN(schema));
	return txn->fault;
}

/* A transaction that does not pass the door: nobody else knows this environment yet. */
static enum fault enter(struct store *store, enum fault (*tables)(struct txn *txn))
{
	struct txn txn = { .mode = TXN_WRITE, .store = store };
	TRY(from_lmdb(mdb_txn_begin(store->env, NULL, 0, &txn.mdb), "begin"));
	enum fault fault = tables(&txn);
	if (!fault)
		return from_lmdb(mdb_txn_commit(txn.mdb), "commit");
	mdb_txn_abort(txn.mdb);
	return fault;
}

static void shut(struct store *store)
{
	if (store->env)
		mdb_env_close(store->env);
	store->env = NULL;
}

static enum fault unshut(struct store *store)
{
	TRY(open_env(store->dir, first_map_size(store), &store->env));
	enum fault fault = enter(store, open_tables);
	if (fault)
		shut(store);
	return fault;
}

static enum fault take_lock(struct store *store)
{
	char path[PATH_SIZE];
	TRY(join(path, store->dir, "/daemon.lock"));
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock < 0)
		return disk_fault(path);
	if (!flock(store->lock, LOCK_EX | LOCK_NB))
		return OK;
	return errno == EWOULDBLOCK ? fault_say(FAULT_STORE_BUSY, "%s is held by another process", path)
	                            : disk_fault(path);
}

static enum fault check_is_there(const char *dir)
{
	char path[PATH_SIZE];
	TRY(join(path, dir, "/data.mdb"));
	if (access(path, F_OK))
		return fault_say(FAULT_STORE_MISSING, "there is no %s", path);
	if (file_size(dir) < EMPTY_FILE_SIZE)	/* LMDB would make it a new store */
		return fault_say(FAULT_STORE_BROKEN, "%s was cut short", path);
	return OK;
}

static enum fault open_all(struct store *store)
{
	TRY(check_is_there(store->dir));
	TRY(take_lock(store));
	return unshut(store);
}

enum fault store_open(const char *dir, size_t map_size, struct store **opened)
{
	*opened = NULL;
	struct store *store = calloc(1, sizeof *store);
	if (!store)
		return FAULT_NO_MEMORY;
	store->lock = -1;
	store->map_size = (map_size < STORE_MAP_MIN ? STORE_MAP_MIN : map_size) & ~(size_t)0xffff;
	pthread_rwlock_init(&store->door, NULL);
	store->dir = strdup(dir);
	enum fault fault = store->dir ? open_all(store) : FAULT_NO_MEMORY;
	if (fault)
		store_close(store);
	else
		*opened = store;
	return fault;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	shut(store);
	if (store->lock >= 0)
		close(store->lock);
	pthread_rwlock_destroy(&store->door);
	free(store->dir);
	free(store);
}

/* ── creating: under another name first, so that half a store is never taken for one ──────────── */

static enum fault make_dir(const char *dir)
{
	static const char *const leftovers[] = { "/data.mdb", "/lock.mdb" };	/* of an attempt that died */
	char path[PATH_SIZE];
	if (!mkdir(dir, 0700))
		return OK;
	if (errno != EEXIST)
		return disk_fault(dir);
	for (size_t i = 0; i < ARRAY_LEN(leftovers); i++) {
		TRY(join(path, dir, leftovers[i]));
		if (unlink(path) && errno != ENOENT)
			return disk_fault(path);
	}
	return OK;
}

static enum fault fill_dir(const char *dir)
{
	struct store store = { .map_size = MAP_START };
	TRY(open_env(dir, store.map_size, &store.env));
	enum fault fault = enter(&store, create_tables);
	shut(&store);
	TRY(fault);
	return disk_sync_dir(AT_FDCWD, dir);
}

enum fault store_create(const char *dir)
{
	char fresh[PATH_SIZE], parent[PATH_SIZE];
	TRY(join(fresh, dir, ".new"));
	TRY(join(parent, dir, "/.."));
	if (file_size(dir))
		return fault_say(FAULT_EXISTS, "there is a store in %s", dir);
	TRY(make_dir(fresh));
	TRY(fill_dir(fresh));
	if (rename(fresh, dir))
		return errno == ENOTEMPTY ? fault_say(FAULT_EXISTS, "%s is not empty", dir) : disk_fault(dir);
	return disk_sync_dir(AT_FDCWD, parent);
}

/* ── remapping: the door is shut while the map moves ──────────────────────────────────────────── */

enum fault store_reopen(struct store *store)
{
	pthread_rwlock_wrlock(&store->door);
	shut(store);
	enum fault fault = check_is_there(store->dir);
	if (!fault)
		fault = unshut(store);
	pthread_rwlock_unlock(&store->door);
	return fault;
}

static enum fault grow(struct store *store)
{
	MDB_envinfo info;
	if (!store->env)
		return fault_say(FAULT_IN_DOUBT, "the store is shut since a commit failed");
	mdb_env_info(store->env, &info);
	if (info.me_mapsize >= store->map_size)
		return fault_say(FAULT_STORE_FULL, "store: the map has reached its %zu bytes", store->map_size);
	size_t doubled = info.me_mapsize * 2;
	size_t size = doubled < store->map_size ? doubled : store->map_size;
	enum fault fault = from_lmdb(mdb_env_set_mapsize(store->env, size), "map size");
	if (fault)
		shut(store);	/* the old map is gone already */
	return fault;
}

enum fault store_grow(struct store *store)
{
	pthread_rwlock_wrlock(&store->door);
	enum fault fault = grow(store);
	pthread_rwlock_unlock(&store->door);
	return fault;
}

/* ── how full it is ─────────────────────────────────────────────────────────────────────────── */

uint64_t store_ordinary_bytes(const struct store *store)
{
	return store->map_size - store->map_size / 10;
}

static uint64_t pages_of(MDB_txn *mdb, MDB_dbi table)
{
	MDB_stat stat;
	if (mdb_stat(mdb, table, &stat))
		return 0;
	return (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
}

uint64_t store_used_bytes(const struct store *store, MDB_txn *mdb)
{
	enum { FREE_PAGES, TABLE_OF_TABLES, OWN_COUNT };	/* LMDB's own tables */
	uint64_t used = 0;
	for (MDB_dbi own = FREE_PAGES; own < OWN_COUNT; own++)
		used += pages_of(mdb, own);
	for (enum table table = 0; table < TABLE_COUNT; table++)
		used += pages_of(mdb, store->tables[table]);
	return used;
}

enum fault store_stat(struct store *store, struct store_stat *stat)
{
	struct txn txn;
	TRY(txn_begin(store, TXN_READ, &txn));
	MDB_envinfo info;
	MDB_stat page;
	mdb_env_info(store->env, &info);
	mdb_env_stat(store->env, &page);
	*stat = (struct store_stat){
		.map_bytes = store->map_size,
		.file_bytes = (info.me_last_pgno + 1) * page.ms_psize,
		.used_bytes = store_used_bytes(store, txn.mdb),
		.ordinary_bytes = store_ordinary_bytes(store),
	};
	for (enum table table = 0; table < TABLE_COUNT; table++)
		stat->entries[table] = txn_count(&txn, table);
	enum fault fault = txn.fault;
	txn_abort(&txn);
	return fault;
}
