#include "daemon/ledger/store_env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ledger/disk.h"
#include "daemon/ledger/store_seal.h"

enum { MAP_START = 16 << 20 };

static const char *const names[TABLE_COUNT] = {
#define TABLE_NAME(table, name, sealing) [table] = name,
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
	{ MDB_PANIC,            FAULT_IN_DOUBT },	/* a commit before it is in doubt */
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
	enum fault fault = FAULT_IO;
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].code == code)
			fault = meanings[i].fault;
	return fault ? fault_say(fault, "store: %s: %s", what, mdb_strerror(code)) : OK;
}

enum fault store_path(char path[STORE_PATH_SIZE], const char *dir, const char *tail)
{
	if (snprintf(path, STORE_PATH_SIZE, "%s%s", dir, tail) >= STORE_PATH_SIZE)
		return fault_say(FAULT_IO, "store: the path is too long: %s", dir);
	return OK;
}

/* ── the environment ────────────────────────────────────────────────────────────────────────────────── */

size_t store_file_size(const char *dir)
{
	char path[STORE_PATH_SIZE];
	struct stat stat_;
	if (store_path(path, dir, "/data.mdb") || stat(path, &stat_))
		return 0;
	return (size_t)stat_.st_size;
}

/* A store that is larger than it may be now is given as much again as its reserve would be: deleting
 * takes room before it gives any. */
static size_t first_map_size(const struct store *store)
{
	size_t size = store_file_size(store->dir);
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

static enum fault check_version(struct txn *txn)
{
	struct key key;
	struct span value;
	bool is_there = store_get_plain(txn, TABLE_META, schema_key(&key), &value) && value.len == 4;
	TRY(txn->fault);
	if (!is_there)
		return fault_say(FAULT_STORE_FOREIGN, "store: it has no schema number");
	if (get_u32(value.at) != STORE_SCHEMA)
		return fault_say(FAULT_STORE_FOREIGN, "store: it has schema %u, this version knows %u",
		                 get_u32(value.at), STORE_SCHEMA);
	return OK;
}

/* Tables that this version knows and the store does not are made, but not in a foreign store. */
static enum fault open_tables(struct txn *txn)
{
	TRY(open_table(txn->store, txn->mdb, TABLE_META, 0));
	TRY(check_version(txn));
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
	store_put_plain(txn, TABLE_META, schema_key(&key), SPAN(schema));
	return txn->fault;
}

/* A transaction that does not pass the door: nobody else knows this environment yet. */
static enum fault enter(struct store *store, unsigned flags, enum fault (*tables)(struct txn *txn))
{
	struct txn txn = { .mode = flags & MDB_RDONLY ? TXN_READ : TXN_WRITE, .store = store };
	TRY(from_lmdb(mdb_txn_begin(store->env, NULL, flags, &txn.mdb), "begin"));
	enum fault fault = tables(&txn);
	if (!fault)
		return from_lmdb(mdb_txn_commit(txn.mdb), "commit");
	mdb_txn_abort(txn.mdb);
	return fault;
}

void store_env_close(struct store *store)
{
	if (store->env)
		mdb_env_close(store->env);
	store->env = NULL;
}

enum fault store_env_open(struct store *store)
{
	TRY(open_env(store->dir, first_map_size(store), &store->env));
	enum fault fault = enter(store, 0, open_tables);
	if (fault)
		store_env_close(store);
	return fault;
}

/* Without a lock: nobody writes to a copy. */
static enum fault prepare_view(MDB_env *env, const char *path)
{
	TRY(from_lmdb(mdb_env_set_maxdbs(env, TABLE_COUNT + 16), "limits"));
	return from_lmdb(mdb_env_open(env, path, MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS, 0), path);
}

/* A read beyond the end of the file would be SIGBUS. */
static enum fault check_view(MDB_env *env, const char *path)
{
	MDB_envinfo info;
	MDB_stat page;
	struct stat file;
	mdb_env_info(env, &info);
	mdb_env_stat(env, &page);
	if (stat(path, &file))
		return disk_fault(path);
	if ((size_t)file.st_size < (info.me_last_pgno + 1) * page.ms_psize)
		return fault_say(FAULT_STORE_BROKEN, "%s was cut short", path);
	return OK;
}

static enum fault find_tables(struct txn *txn)
{
	TRY(open_table(txn->store, txn->mdb, TABLE_META, 0));
	TRY(check_version(txn));
	for (enum table table = 0; table < TABLE_COUNT; table++)
		if (mdb_dbi_open(txn->mdb, names[table], 0, &txn->store->tables[table]))
			txn->store->tables[table] = STORE_NO_TABLE;
	return OK;
}

enum fault store_env_view(struct store *store, const char *path)
{
	TRY(from_lmdb(mdb_env_create(&store->env), "environment"));
	enum fault fault = prepare_view(store->env, path);
	if (!fault)
		fault = check_view(store->env, path);
	if (!fault)
		fault = enter(store, MDB_RDONLY, find_tables);
	if (fault)
		store_env_close(store);
	return fault;
}

enum fault store_env_create(const char *dir)
{
	struct store store = { .map_size = MAP_START };
	TRY(open_env(dir, store.map_size, &store.env));
	enum fault fault = enter(&store, 0, create_tables);
	store_env_close(&store);
	return fault;
}
