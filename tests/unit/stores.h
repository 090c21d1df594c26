#pragma once
/* A world with a store for tests: real LMDB in a directory of its own. */
#include "tests/unit/scratch.h"

#include "tests/unit/vaults.h"

enum { MIB = 1 << 20 };

struct world {
	struct scratch scratch;
	char dir[80];
	size_t map_size;
	struct store *store;
};

/* The first record that is sealed makes the key for it: afterwards there is one, and no record. */
static inline void make_own_key(struct store *store)
{
	struct txn txn;
	assert_int_equal(txn_begin(store, TXN_WRITE, &txn), OK);
	txn_put(&txn, TABLE_CASES, span_of_text("first"), span_of_text("first"));
	txn_delete(&txn, TABLE_CASES, span_of_text("first"));
	assert_int_equal(txn_commit(&txn), OK);
}

static inline int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	scratch_new(&world->scratch);
	snprintf(world->dir, sizeof world->dir, "%s/store", world->scratch.dir);
	world->map_size = 64 * MIB;
	assert_int_equal(store_create(world->dir), OK);
	assert_int_equal(store_open_unlocked(world->dir, world->map_size, &world->store), OK);
	make_own_key(world->store);
	*state = world;
	return 0;
}

static inline int teardown(void **state)
{
	struct world *world = *state;
	store_close(world->store);
	scratch_remove(&world->scratch);
	free(world);
	return 0;
}

static inline enum fault open_again(struct world *world)
{
	store_close(world->store);
	return store_open_unlocked(world->dir, world->map_size, &world->store);
}

static inline struct span text(const char *words)
{
	return span_of_text(words);
}

static inline struct key key_of(const char *name, uint64_t number)
{
	struct key key = { 0 };
	key_text(&key, name);
	key_u64(&key, number);
	return key;
}

static inline void write_one(struct world *world, const char *key, const char *value)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_put(&txn, TABLE_CASES, text(key), text(value));
	assert_int_equal(txn_commit(&txn), OK);
}

static inline enum fault read_one(struct world *world, const char *key, char *to, size_t size)
{
	struct txn txn;
	struct span value;
	to[0] = 0;
	enum fault fault = txn_begin(world->store, TXN_READ, &txn);
	if (!fault && txn_get(&txn, TABLE_CASES, text(key), &value))
		snprintf(to, size, "%.*s", (int)value.len, (const char *)value.at);
	fault = fault ? fault : txn.fault;
	txn_abort(&txn);
	return fault;
}

static inline void assert_holds(struct world *world, const char *key, const char *value)
{
	char found[64];
	assert_int_equal(read_one(world, key, found, sizeof found), OK);
	assert_string_equal(found, value);
}

static inline void fill_numbers(struct txn *txn, uint64_t count, size_t size)
{
	uint8_t *value = calloc(1, size);
	for (uint64_t number = 1; number <= count; number++) {
		struct key key = key_of("n", number);
		txn_put(txn, TABLE_EVENTS, key_span(&key), (struct span){ value, size });
	}
	free(value);
}
