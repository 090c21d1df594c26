#include "daemon/ledger/store_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/ledger/disk.h"
#include "daemon/ledger/store_seal.h"
#include "daemon/ledger/vault.h"

enum { EMPTY_FILE_SIZE = 2 * 4096 };	/* of an environment: its two meta pages */

/* ── opening ────────────────────────────────────────────────────────────────────────────────── */

static enum fault take_lock(struct store *store)
{
	char path[STORE_PATH_SIZE];
	TRY(store_path(path, store->dir, "/daemon.lock"));
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock < 0)
		return disk_fault(path);
	if (!flock(store->lock, LOCK_EX | LOCK_NB))
		return OK;
	return errno == EWOULDBLOCK ? fault_say(FAULT_STORE_BUSY, "%s is held by another process", path)
	                            : disk_fault(path);
}

bool store_is_held(const char *dir)
{
	char path[STORE_PATH_SIZE];
	int file = store_path(path, dir, "/daemon.lock") ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool is_held = file >= 0 && flock(file, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	if (file >= 0)
		close(file);
	return is_held;
}

static enum fault check_is_there(const char *dir)
{
	char path[STORE_PATH_SIZE];
	TRY(store_path(path, dir, "/data.mdb"));
	if (access(path, F_OK))
		return fault_say(FAULT_STORE_MISSING, "there is no %s", path);
	if (store_file_size(dir) < EMPTY_FILE_SIZE)	/* LMDB would make it a new store */
		return fault_say(FAULT_STORE_BROKEN, "%s was cut short", path);
	return OK;
}

static enum fault open_all(struct store *store)
{
	TRY(check_is_there(store->dir));
	TRY(take_lock(store));
	return store_env_open(store);
}

static enum fault note_size(struct store *store)
{
	struct txn txn;
	TRY(txn_begin(store, TXN_READ, &txn));
	store->opened_with = store_used_bytes(store, txn.mdb);
	txn_abort(&txn);
	return OK;
}

enum fault store_open(const char *dir, size_t map_size, struct store **opened)
{
	*opened = NULL;
	struct store *store = calloc(1, sizeof *store);
	if (!store)
		return FAULT_NO_MEMORY;
	store->lock = -1;
	store->map_size = (map_size < STORE_MAP_MIN ? STORE_MAP_MIN : map_size) & ~(size_t)0xffff;
	store->high_water = STORE_HIGH_WATER;
	pthread_mutex_init(&store->pen, NULL);
	pthread_rwlock_init(&store->door, NULL);
	pthread_mutex_init(&store->benches_lock, NULL);
	store->dir = strdup(dir);
	enum fault fault = store->dir ? open_all(store) : FAULT_NO_MEMORY;
	if (!fault)
		fault = note_size(store);
	if (fault)
		store_close(store);
	else
		*opened = store;
	return fault;
}

void store_set_limits(struct store *store, unsigned high_water, uint64_t keep_free)
{
	store->high_water = high_water;
	store->keep_free = keep_free;
}

enum fault store_raise(struct store *store, size_t map_size)
{
	enum fault fault = OK;
	pthread_rwlock_wrlock(&store->door);
	if (map_size < store->map_size)
		fault = fault_say(FAULT_USAGE, "store: it may grow to %zu bytes already", store->map_size);
	else
		store->map_size = map_size & ~(size_t)0xffff;
	pthread_rwlock_unlock(&store->door);
	return fault;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store_env_close(store);
	benches_clear(store);
	vault_close(store->vault);
	if (store->lock >= 0)
		close(store->lock);
	pthread_mutex_destroy(&store->benches_lock);
	pthread_rwlock_destroy(&store->door);
	pthread_mutex_destroy(&store->pen);
	free(store->dir);
	free(store);
}

/* ── creating: under another name first, so that half a store is never taken for one ──────────── */

static enum fault empty_dir(const char *dir)
{
	static const char *const files[] = { "/data.mdb", "/lock.mdb" };
	char path[STORE_PATH_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		TRY(store_path(path, dir, files[i]));
		if (unlink(path) && errno != ENOENT)
			return disk_fault(path);
	}
	return OK;
}

static enum fault make_dir(const char *dir)
{
	if (!mkdir(dir, 0700))
		return OK;
	return errno == EEXIST ? empty_dir(dir) : disk_fault(dir);	/* of an attempt that died */
}

static enum fault make_and_rename(const char *fresh, const char *dir)
{
	TRY(make_dir(fresh));
	TRY(store_env_create(fresh));
	TRY(disk_sync_dir(AT_FDCWD, fresh));
	if (!rename(fresh, dir))
		return OK;
	return errno == ENOTEMPTY ? fault_say(FAULT_EXISTS, "%s is not empty", dir) : disk_fault(dir);
}

enum fault store_create(const char *dir)
{
	char fresh[STORE_PATH_SIZE], parent[STORE_PATH_SIZE];
	TRY(store_path(fresh, dir, ".new"));
	TRY(store_path(parent, dir, "/.."));
	if (store_file_size(dir))
		return fault_say(FAULT_EXISTS, "there is a store in %s", dir);
	enum fault fault = make_and_rename(fresh, dir);
	if (!fault)
		return disk_sync_dir(AT_FDCWD, parent);
	if (!empty_dir(fresh))
		rmdir(fresh);
	return fault;
}

/* ── remapping: the door is shut while the map moves ──────────────────────────────────────────── */

enum fault store_reopen(struct store *store)
{
	pthread_rwlock_wrlock(&store->door);
	store_env_close(store);
	enum fault fault = check_is_there(store->dir);
	if (!fault)
		fault = store_env_open(store);
	pthread_rwlock_unlock(&store->door);
	return fault || !store->vault ? fault : store_fit_vault(store, store->vault);
}

static enum fault grow(struct store *store)
{
	MDB_envinfo info;
	if (!store->env)
		return fault_say(FAULT_IN_DOUBT, "the store is shut since a commit failed");
	mdb_env_info(store->env, &info);
	if (info.me_mapsize >= store->map_size)
		return fault_say(FAULT_STORE_FULL, "store: the map has reached its %zu bytes",
		                 store->map_size);
	size_t doubled = info.me_mapsize * 2;
	size_t size = doubled < store->map_size ? doubled : store->map_size;
	enum fault fault = from_lmdb(mdb_env_set_mapsize(store->env, size), "map size");
	if (fault)
		store_env_close(store);	/* the old map is gone already */
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
	return store->map_size / 100 * store->high_water;
}

static uint64_t pages_of(MDB_txn *mdb, MDB_dbi table)
{
	MDB_stat stat;
	if (table == STORE_NO_TABLE || mdb_stat(mdb, table, &stat))
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

uint64_t store_disk_free(const struct store *store)
{
	struct statvfs disk;
	int fd;
	if (mdb_env_get_fd(store->env, &fd) || fstatvfs(fd, &disk))
		return UINT64_MAX;	/* not known: then the disk itself will say so */
	return (uint64_t)disk.f_bavail * disk.f_frsize;
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
		.opened_with_bytes = store->opened_with,
		.disk_free_bytes = store_disk_free(store),
	};
	for (enum table table = 0; table < TABLE_COUNT; table++)
		stat->entries[table] = txn_count(&txn, table);
	enum fault fault = txn.fault;
	txn_abort(&txn);
	return fault;
}
