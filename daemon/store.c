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
	{ MDB_INVALID,          FAULT_STORE_FOREIGN },
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

static enum fault sync_parent(const char *dir)
{
	char path[PATH_SIZE];
	TRY(join(path, dir, "/.."));
	return disk_sync_dir(AT_FDCWD, path);
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

static size_t first_map_size(const struct store *store)
{
	size_t wanted = file_size(store->dir) * 2;
	if (wanted < MAP_START)
		wanted = MAP_START;
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
static enum fault open_tables(struct store *store, struct txn *txn)
{
	if (open_table(store, txn->mdb, TABLE_META, 0) == FAULT_STORE_BROKEN)
		return FAULT_STORE_BROKEN;
	TRY(open_table(store, txn->mdb, TABLE_META, 0));
	TRY(check_schema(txn));
	for (enum table table = 0; table < TABLE_COUNT; table++)
		TRY(open_table(store, txn->mdb, table, MDB_CREATE));
	return OK;
}

static enum fault enter(struct store *store)
{
	TRY(open_env(store->dir, first_map_size(store), &store->env));
	struct txn txn;
	enum fault fault = txn_begin(store, TXN_WRITE, &txn);
	if (!fault)
		txn_fail(&txn, open_tables(store, &txn));
	fault = fault ? fault : txn_commit(&txn);
	if (fault) {
		mdb_env_close(store->env);
		store->env = NULL;
	}
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
	return enter(store);
}

enum fault store_open(const char *dir, size_t map_size, struct store **opened)
{
	*opened = NULL;
	struct store *store = calloc(1, sizeof *store);
	char *copy = strdup(dir);
	if (!store || !copy) {
		free(copy);
		free(store);
		return FAULT_NO_MEMORY;
	}
	store->dir = copy;
	store->lock = -1;
	store->map_size = (map_size < STORE_MAP_MIN ? STORE_MAP_MIN : map_size) & ~(size_t)0xffff;
	pthread_rwlock_init(&store->door, NULL);
	enum fault fault = open_all(store);
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
	if (store->env)
		mdb_env_close(store->env);
	if (store->lock >= 0)
		close(store->lock);
	pthread_rwlock_destroy(&store->door);
	free(store->dir);
	free(store);
}

/* ── remapping: the door is shut while the map moves ──────────────────────────────────────────── */

static void shut(struct store *store)
{
	if (store->env)
		mdb_env_close(store->env);
	store->env = NULL;
}

enum fault store_reopen(struct store *store)
{
	pthread_rwlock_wrlock(&store->door);
	shut(store);
	MDB_env *env;
	enum fault fault = check_is_there(store->dir);
	pthread_rwlock_unlock(&store->door);
	(void)env;
	return fault;
}
