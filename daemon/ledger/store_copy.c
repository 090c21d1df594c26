/* The ledger into another file while it is in use, and that file looked into. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ledger/disk.h"
#include "daemon/ledger/store_env.h"

/* A copy keeps the map from moving: whoever must grow it would wait.  So it is grown before, when it is half full. */
static enum fault grow_before(struct store *store)
{
	struct txn txn;
	MDB_envinfo info;
	MDB_stat page;
	TRY(txn_begin(store, TXN_READ, &txn));
	mdb_env_info(store->env, &info);
	mdb_env_stat(store->env, &page);
	txn_abort(&txn);
	if ((info.me_last_pgno + 1) * page.ms_psize < info.me_mapsize / 2)
		return OK;
	enum fault fault = store_grow(store);
	return fault == FAULT_STORE_FULL ? OK : fault;	/* then nobody can grow it */
}

/* Compact, which leaves out pages that are free.  A ledger that has lost pages on the way cannot be compacted; it is
 * copied page by page, to its last one. */
static enum fault copy(struct store *store, int file)
{
	if (!store->env)
		return fault_say(FAULT_IN_DOUBT, "the store is shut since a commit failed");
	int code = mdb_env_copyfd2(store->env, file, MDB_CP_COMPACT);
	if (code != MDB_INCOMPATIBLE)
		return from_lmdb(code, "copy");
	if (ftruncate(file, 0) || lseek(file, 0, SEEK_SET))
		return disk_fault("copy");
	TRY(from_lmdb(mdb_env_copyfd2(store->env, file, 0), "copy"));
	MDB_envinfo info;
	MDB_stat page;
	struct stat copied;
	mdb_env_info(store->env, &info);
	mdb_env_stat(store->env, &page);
	off_t size = (off_t)((info.me_last_pgno + 1) * page.ms_psize);
	if (fstat(file, &copied) || (copied.st_size < size && ftruncate(file, size)))
		return disk_fault("copy");
	return OK;
}

enum fault store_copy(struct store *store, int file)
{
	TRY(grow_before(store));
	pthread_rwlock_rdlock(&store->door);
	enum fault fault = copy(store, file);
	pthread_rwlock_unlock(&store->door);
	return fault;
}

enum fault store_view(const char *path, struct store **viewed)
{
	*viewed = NULL;
	if (access(path, F_OK))
		return fault_say(FAULT_STORE_MISSING, "there is no %s", path);
	struct store *store = calloc(1, sizeof *store);
	if (!store)
		return FAULT_NO_MEMORY;
	store->lock = -1;
	pthread_mutex_init(&store->pen, NULL);
	pthread_rwlock_init(&store->door, NULL);
	pthread_mutex_init(&store->benches_lock, NULL);
	enum fault fault = store_env_view(store, path);
	if (fault)
		store_close(store);
	else
		*viewed = store;
	return fault;
}

/* ── compacting ───────────────────────────────────────────────────────────────────────────────── */

static enum fault write_compact(struct store *store, const char *path)
{
	unlink(path);	/* of an attempt that died */
	int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return disk_fault(path);
	pthread_rwlock_rdlock(&store->door);
	enum fault fault = copy(store, file);
	pthread_rwlock_unlock(&store->door);
	if (!fault && fsync(file))
		fault = disk_fault(path);
	if (close(file) && !fault)
		fault = disk_fault(path);
	return fault;
}

/* The door is shut.  The rename is the moment; if it fails, or what follows, the old file or the new one is there, both
 * whole and the same. */
static enum fault exchange(struct store *store, const char *fresh)
{
	char path[STORE_PATH_SIZE];
	TRY(store_path(path, store->dir, "/data.mdb"));
	store_env_close(store);
	enum fault fault = rename(fresh, path) ? disk_fault(path) : disk_sync_dir(AT_FDCWD, store->dir);
	enum fault opened = store_env_open(store);
	return opened ? fault_say(FAULT_IN_DOUBT, "store: it does not open again after compacting") : fault;
}

enum fault store_compact(struct store *store)
{
	char fresh[STORE_PATH_SIZE];
	TRY(store_path(fresh, store->dir, "/data.mdb.compact"));
	pthread_mutex_lock(&store->pen);
	enum fault fault = write_compact(store, fresh);
	if (!fault) {
		pthread_rwlock_wrlock(&store->door);
		fault = exchange(store, fresh);
		pthread_rwlock_unlock(&store->door);
	}
	unlink(fresh);
	pthread_mutex_unlock(&store->pen);
	return fault;
}
