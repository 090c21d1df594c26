#pragma once
/* A world with a scribe for tests, on a disk that fails when told to.  For one file of a program: it stands before
 * some functions of the C library. */
#include "tests/unit/scratch.h"

#include <errno.h>
#include <sys/syscall.h>

#include "daemon/ledger/scribe.h"
#include "tests/unit/vaults.h"

enum { MIB = 1 << 20 };

/* ── a disk that fails: these stand before the C library's, for LMDB as well ─────────────────── */

static _Atomic enum { HEALTHY, SYNC_FAILS, META_FAILS, NO_SPACE } disk;

int fdatasync(int fd)
{
	if (disk == SYNC_FAILS || disk == NO_SPACE) {
		errno = disk == NO_SPACE ? ENOSPC : EIO;
		disk = HEALTHY;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

/* Under both names, whichever the C library's headers make of it for LMDB. */
ssize_t write_at(int fd, const void *from, size_t count, off_t offset) __asm__("pwrite");
ssize_t write_at_64(int fd, const void *from, size_t count, off_t offset) __asm__("pwrite64");

ssize_t write_at(int fd, const void *from, size_t count, off_t offset)
{
	if (disk == META_FAILS && count < 512) {	/* pages are larger */
		disk = HEALTHY;
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, from, count, offset);
}

ssize_t write_at_64(int fd, const void *from, size_t count, off_t offset)
{
	return write_at(fd, from, count, offset);
}

/* ── a world ────────────────────────────────────────────────────────────────────────────────── */

struct world {
	struct scratch scratch;
	char dir[80];
	struct store *store;
	struct scribe *scribe;
	uv_loop_t loop;
	/* what was heard */
	char said[4096];
	enum fault settled;
	int batches, closings;
	void (*closing)(struct world *world, struct txn *txn);
};

/* A job of the tests: it puts its name `count` times, and then faults, if told to. */
struct entry {
	struct job job;
	struct world *world;
	char name[32];
	uint64_t first, count;
	size_t size;
	enum fault fault;
	bool must_delete, must_close, was_there;
	int runs, rounds;		/* times it ran; times it is still to be added anew */
	char detail[64];
	struct entry *follower;
};

static inline struct key key_of(const char *name, uint64_t number)
{
	struct key key = { 0 };
	key_text(&key, name);
	key_u64(&key, number);
	return key;
}

static inline enum fault write_entry(struct txn *txn, struct job *job)
{
	struct entry *entry = container_of(job, struct entry, job);
	static const uint8_t zeros[64 << 10];
	entry->runs++;
	for (uint64_t i = entry->first; i < entry->first + entry->count; i++) {
		struct key key = key_of(entry->name, i);
		if (entry->must_delete)
			txn_delete(txn, TABLE_EVENTS, key_span(&key));
		else
			txn_put(txn, TABLE_EVENTS, key_span(&key), (struct span){ zeros, entry->size });
	}
	return entry->fault ? fault_say(entry->fault, "%s may not", entry->name) : OK;
}

static inline bool is_kept(struct world *world, const char *name, uint64_t number)
{
	struct txn txn;
	struct key key = key_of(name, number);
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	bool is_there = txn_get(&txn, TABLE_EVENTS, key_span(&key), NULL);
	txn_abort(&txn);
	return is_there;
}

static inline void say(struct world *world, const char *name, const char *what)
{
	size_t len = strlen(world->said);
	snprintf(world->said + len, sizeof world->said - len, "%s %s; ", name, what);
}

static inline void on_entry_done(struct job *job, enum fault fault)
{
	struct entry *entry = container_of(job, struct entry, job);
	entry->was_there = is_kept(entry->world, entry->name, entry->first);
	snprintf(entry->detail, sizeof entry->detail, "%s", fault_detail(fault));
	say(entry->world, entry->name, fault_slug(fault));
	if (entry->rounds && entry->rounds--) {
		assert_true(entry->was_there);
		entry->first++;
		scribe_add(entry->world->scribe, job);
	}
	if (entry->follower)
		scribe_add(entry->world->scribe, &entry->follower->job);
	if (entry->must_close)
		scribe_close(entry->world->scribe, NULL);
}

static inline struct entry entry_of(struct world *world, const char *name)
{
	struct entry entry = { .world = world, .count = 1, .size = 100,
	                       .job = { .write = write_entry, .done = on_entry_done } };
	snprintf(entry.name, sizeof entry.name, "%s", name);
	return entry;
}

static inline void on_closing(void *owner, struct txn *txn)
{
	struct world *world = owner;
	world->closings++;
	if (world->closing)
		world->closing(world, txn);
}

static inline void on_settled(void *owner, enum fault fault)
{
	struct world *world = owner;
	world->settled = fault;
	world->batches++;
	say(world, "batch", fault_slug(fault));
}

static const struct scribe_listener listener = { on_closing, on_settled };

static inline int begin_world(void **state, size_t map_size)
{
	struct world *world = calloc(1, sizeof *world);
	scratch_new(&world->scratch);
	snprintf(world->dir, sizeof world->dir, "%s/store", world->scratch.dir);
	assert_int_equal(store_create(world->dir), OK);
	assert_int_equal(store_open_unlocked(world->dir, map_size, &world->store), OK);
	assert_int_equal(uv_loop_init(&world->loop), 0);
	assert_int_equal(scribe_open(&world->loop, world->store, &listener, world, &world->scribe), OK);
	*state = world;
	return 0;
}

static inline int setup(void **state)
{
	return begin_world(state, 64 * MIB);
}

static inline int setup_small(void **state)
{
	return begin_world(state, 4 * MIB);
}

static inline int teardown(void **state)
{
	struct world *world = *state;
	if (world->scribe)
		scribe_close(world->scribe, NULL);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	store_close(world->store);
	scratch_remove(&world->scratch);
	free(world);
	return 0;
}

/* Until nothing is outstanding any more: an idle scribe does not keep the loop. */
static inline void settle(struct world *world)
{
	uv_run(&world->loop, UV_RUN_DEFAULT);
}

/* The jobs in one batch: a writer who holds the ledger meanwhile makes them wait for one another.  The
 * first of them may have been taken alone by then, so there is a plug before them. */
static inline void write_as_one_batch(struct world *world, struct entry *entries, size_t count)
{
	struct txn txn;
	struct entry plug = entry_of(world, "plug");
	plug.count = 0;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	scribe_add(world->scribe, &plug.job);
	for (size_t i = 0; i < count; i++)
		scribe_add(world->scribe, &entries[i].job);
	txn_abort(&txn);
	settle(world);
}
