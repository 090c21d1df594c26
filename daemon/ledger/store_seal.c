#include "daemon/ledger/store_seal.h"

#include <stdlib.h>
#include <string.h>

#include "certs/seal.h"
#include "daemon/ledger/store_warm.h"
#include "daemon/ledger/vault.h"

enum {
	SLOTS = 16,				/* keys at hand */
	BLOCK_SIZE = 64 << 10, BLOCKS_KEPT = 4,
	LEDGER_SEALS_MAX = 1 << 28,		/* with one of the ledger's own keys */
};

_Static_assert(SEALED_OVERHEAD == STORE_OWNER_SIZE + SEAL_OVERHEAD, "a record's head and tail");

/* ── what is sealed, and for whom ─────────────────────────────────────────────────────────────── */

enum sealing { PLAIN, OWN, LEDGER };

static const enum sealing sealings[TABLE_COUNT] = {
#define TABLE_SEALING(table, name, sealing) [table] = sealing,
	STORE_TABLES(TABLE_SEALING)
#undef TABLE_SEALING
};

static bool begins(struct span key, const char *word)
{
	size_t size = strlen(word) + 1;		/* with the NUL that ends it */
	return key.len >= size && !memcmp(key.at, word, size);
}

/* What must be there before any key is. */
bool store_is_plain(enum table table, struct span key)
{
	return sealings[table] == PLAIN || (table == TABLE_META && (begins(key, "counter") || begins(key, "schema")));
}

const uint8_t *store_owner_of(enum table table, struct span key)
{
	return sealings[table] == OWN && key.len >= STORE_OWNER_SIZE ? key.at : NULL;
}

/* ── benches ──────────────────────────────────────────────────────────────────────────────────── */

struct slot {
	uint8_t id[STORE_OWNER_SIZE];
	uint8_t wrapped[SEAL_WRAPPED_SIZE];	/* what it was opened from */
	struct seal *seal;			/* NULL: the slot is empty */
	uint64_t sure, used;			/* when it was last held against the ledger, and last used */
};

struct block {
	uint8_t *at;
	size_t size;
};

struct bench {
	struct bench *next;
	uint64_t epoch;				/* of the store, when it was taken */
	uint64_t sure, clock;			/* slots that were held against the ledger since `sure` are in order */
	struct slot slots[SLOTS];
	struct warm warms[WARM_SLOTS];
	uint64_t time;				/* moves on with whatever ends the lives of values that were lent */
	struct block *blocks;
	size_t block_count;
	struct lent lent;
};

static void empty_slots(struct bench *bench)
{
	for (size_t i = 0; i < SLOTS; i++) {
		seal_free(bench->slots[i].seal);
		bench->slots[i] = (struct slot){ 0 };
	}
	warm_empty(bench->warms);
}

static void bench_free(struct bench *bench)
{
	empty_slots(bench);
	for (size_t i = 0; i < bench->block_count; i++)
		free(bench->blocks[i].at);
	free(bench->blocks);
	free(bench);
}

static struct bench *take_bench(struct store *store)
{
	pthread_mutex_lock(&store->benches_lock);
	struct bench *bench = store->benches;
	if (bench)
		store->benches = bench->next;
	uint64_t epoch = store->key_epoch;
	pthread_mutex_unlock(&store->benches_lock);
	if (!bench)
		bench = calloc(1, sizeof *bench);
	if (bench && bench->epoch != epoch)
		empty_slots(bench);	/* a key among them may be one that was destroyed */
	if (bench) {
		bench->epoch = epoch;
		bench->sure = ++bench->clock;
		bench->time++;
	}
	return bench;
}

static struct bench *bench_of(struct txn *txn)
{
	while (txn->parent)
		txn = txn->parent;
	if (!txn->bench && !(txn->bench = take_bench(txn->store)))
		txn_fail(txn, FAULT_NO_MEMORY);
	return txn->bench;
}

void bench_return(struct store *store, struct bench *bench)
{
	if (!bench)
		return;
	bench->lent = (struct lent){ 0 };
	while (bench->block_count > BLOCKS_KEPT)
		free(bench->blocks[--bench->block_count].at);
	pthread_mutex_lock(&store->benches_lock);
	if (bench->epoch != store->key_epoch)
		empty_slots(bench);
	bench->next = store->benches;
	store->benches = bench;
	pthread_mutex_unlock(&store->benches_lock);
}

void benches_clear(struct store *store)
{
	for (struct bench *bench; (bench = store->benches); ) {
		store->benches = bench->next;
		bench_free(bench);
	}
}

void bench_doubt(struct txn *txn)
{
	while (txn->parent)
		txn = txn->parent;
	if (txn->bench)
		txn->bench->sure = ++txn->bench->clock;
}

/* Benches of other threads empty their slots when they are taken or come back next. */
void bench_let_go(struct txn *txn)
{
	bench_doubt(txn);
	pthread_mutex_lock(&txn->store->benches_lock);
	txn->store->key_epoch++;
	for (struct bench *bench = txn->store->benches; bench; bench = bench->next)
		empty_slots(bench);
	pthread_mutex_unlock(&txn->store->benches_lock);
}

/* ── memory that is lent ──────────────────────────────────────────────────────────────────────── */

static bool add_block(struct bench *bench, size_t size)
{
	struct block *blocks = realloc(bench->blocks, (bench->block_count + 1) * sizeof *blocks);
	if (!blocks)
		return false;
	bench->blocks = blocks;
	size = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	uint8_t *at = malloc(size);
	if (!at)
		return false;
	bench->blocks[bench->block_count++] = (struct block){ at, size };
	return true;
}

static uint8_t *lend(struct bench *bench, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	for (;; bench->lent.block++, bench->lent.used = 0) {
		if (bench->lent.block == bench->block_count && !add_block(bench, size))
			return NULL;
		struct block *block = &bench->blocks[bench->lent.block];
		if (block->size - bench->lent.used < size)
			continue;
		uint8_t *at = block->at + bench->lent.used;
		bench->lent.used += size;
		return at;
	}
}

struct lent txn_mark(struct txn *txn)
{
	while (txn->parent)
		txn = txn->parent;
	return txn->bench ? txn->bench->lent : (struct lent){ 0 };
}

void txn_give_back(struct txn *txn, struct lent mark)
{
	while (txn->parent)
		txn = txn->parent;
	if (txn->bench)
		txn->bench->lent = mark;
}

/* ── keys ─────────────────────────────────────────────────────────────────────────────────────── */

static struct span id_span(const uint8_t *id)
{
	return (struct span){ id, STORE_OWNER_SIZE };
}

static struct slot *find_slot(struct bench *bench, const uint8_t *id)
{
	struct slot *oldest = &bench->slots[0];
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &bench->slots[i];
		if (slot->seal && !memcmp(slot->id, id, STORE_OWNER_SIZE))
			return slot;
		if (slot->used < oldest->used)
			oldest = slot;
	}
	seal_free(oldest->seal);
	*oldest = (struct slot){ 0 };
	memcpy(oldest->id, id, STORE_OWNER_SIZE);
	return oldest;
}

static bool is_locked(struct txn *txn)
{
	if (!txn->store->vault)
		txn_fail(txn, fault_say(FAULT_STORE_KEY, "the store is locked: its key is not here"));
	return !txn->store->vault;
}

/* One that does not open was altered: what it sealed is lost, and nothing else is. */
static void fill_slot(struct txn *txn, struct slot *slot, struct span wrapped)
{
	seal_free(slot->seal);
	slot->seal = NULL;
	enum fault fault = vault_unwrap(txn->store->vault, id_span(slot->id), wrapped, &slot->seal);
	if (!fault)
		memcpy(slot->wrapped, wrapped.at, sizeof slot->wrapped);
	else if (fault != FAULT_STORE_KEY)
		txn_fail(txn, fault);
}

/* The key with that id; NULL when there is none that opens, or a fault. */
static struct seal *find_key(struct txn *txn, const uint8_t *id)
{
	struct bench *bench = bench_of(txn);
	struct span wrapped;
	if (!bench || is_locked(txn))
		return NULL;
	struct slot *slot = find_slot(bench, id);
	slot->used = ++bench->clock;
	if (slot->seal && slot->sure >= bench->sure)
		return slot->seal;
	if (!store_get_plain(txn, TABLE_KEYS, id_span(id), &wrapped)) {
		seal_free(slot->seal);
		*slot = (struct slot){ 0 };
		return NULL;
	}
	if (!slot->seal || wrapped.len != sizeof slot->wrapped || memcmp(wrapped.at, slot->wrapped, sizeof slot->wrapped))
		fill_slot(txn, slot, wrapped);
	slot->sure = bench->clock;
	return slot->seal;
}

static enum fault copy_key(struct txn *txn, const uint8_t *owner, struct seal **key)
{
	uint8_t bytes[SEAL_KEY_SIZE];
	const struct seal *found = find_key(txn, owner);
	if (!found)
		return txn->fault ? txn->fault : fault_say(FAULT_NOT_FOUND, "the key of a case is not there: it was destroyed");
	seal_key(found, bytes);
	enum fault fault = seal_new(bytes, key);
	seal_wipe(bytes, sizeof bytes);
	return fault;
}

enum fault store_find_key(void *store, const uint8_t *owner, struct seal **key)
{
	struct txn txn;
	*key = NULL;
	TRY(txn_begin(store, TXN_READ, &txn));
	enum fault fault = copy_key(&txn, owner, key);
	txn_abort(&txn);
	return fault;
}

static enum fault make_key(struct txn *txn, const uint8_t *id)
{
	uint8_t wrapped[SEAL_WRAPPED_SIZE];
	struct seal *seal;
	TRY(seal_make(&seal));
	enum fault fault = vault_wrap(txn->store->vault, id_span(id), seal, wrapped);
	seal_free(seal);
	TRY(fault);
	store_put_plain(txn, TABLE_KEYS, id_span(id), SPAN(wrapped));
	bench_doubt(txn);
	return txn->fault;
}

/* ── the ledger's own keys ────────────────────────────────────────────────────────────────────── */

static void id_of_number(uint8_t id[STORE_OWNER_SIZE], uint64_t number)
{
	memset(id, 0, STORE_OWNER_SIZE);
	put_u64(id + STORE_OWNER_SIZE - sizeof number, number);
}

/* Owners' ids begin with the time (RFC 9562), so none has eight zeros there. */
static uint64_t last_number(struct txn *txn)
{
	static const uint8_t zeros[STORE_OWNER_SIZE - sizeof(uint64_t)];
	struct span key, value;
	struct walk walk;
	walk_last(&walk, txn, TABLE_KEYS, SPAN(zeros), (struct span){ 0 });
	bool is_there = walk_next(&walk, &key, &value) && key.len == STORE_OWNER_SIZE;
	uint64_t number = is_there ? get_u64(key.at + sizeof zeros) : 0;
	walk_end(&walk);
	return number;
}

/* Only whoever writes comes here, and there is one at a time. */
static void choose_own_key(struct txn *txn, uint8_t id[STORE_OWNER_SIZE])
{
	struct store *store = txn->store;
	if (!store->own_key || store->own_seals >= LEDGER_SEALS_MAX) {
		store->own_key = last_number(txn) + 1;
		store->own_seals = 0;
	}
	store->own_seals++;
	id_of_number(id, store->own_key);
}

struct seal *store_sealing_key(struct txn *txn, const uint8_t *owner, uint8_t id[STORE_OWNER_SIZE])
{
	if (owner)
		memcpy(id, owner, STORE_OWNER_SIZE);
	else
		choose_own_key(txn, id);
	struct seal *seal = find_key(txn, id);
	if (seal || txn->fault)
		return seal;
	bool is_there = txn_get(txn, TABLE_KEYS, id_span(id), NULL);
	enum fault fault = is_there ? fault_say(FAULT_STORE_BROKEN, "store: a key does not open") : make_key(txn, id);
	if (fault)
		txn_fail(txn, fault);
	return fault ? NULL : find_key(txn, id);
}

/* ── records ──────────────────────────────────────────────────────────────────────────────────── */

static struct span name_span(enum table table)
{
	const char *name = table_name(table);
	return (struct span){ (const uint8_t *)name, strlen(name) + 1 };
}

enum fault store_seal_record(struct txn *txn, struct seal *seal, const uint8_t id[STORE_OWNER_SIZE], enum table table,
	struct span key, struct span value, uint8_t *to)
{
	memcpy(to, id, STORE_OWNER_SIZE);
	TRY(seal_close(seal, name_span(table), key, value, to + STORE_OWNER_SIZE));
	struct bench *bench = bench_of(txn);
	warm_keep(bench->warms, ++bench->time, table, key, (struct span){ to, value.len + SEALED_OVERHEAD }, value);
	return OK;
}

static struct span lend_copy(struct txn *txn, struct span value)
{
	uint8_t *to = lend(bench_of(txn), value.len ? value.len : 1);
	if (!to)
		txn_fail(txn, FAULT_NO_MEMORY);
	else if (value.len)
		memcpy(to, value.at, value.len);
	return (struct span){ to, value.len };
}

static enum soundness open_cold(struct txn *txn, struct seal *seal, enum table table, struct span key, struct span record,
	struct span *value)
{
	struct bench *bench = bench_of(txn);
	size_t size = record.len - SEALED_OVERHEAD;
	struct span sealed = { record.at + STORE_OWNER_SIZE, record.len - STORE_OWNER_SIZE };
	uint8_t *to = lend(bench, size ? size : 1);
	if (!to) {
		txn_fail(txn, FAULT_NO_MEMORY);
		return NOT_OWNED;
	}
	if (!seal_open(seal, name_span(table), key, sealed, to))
		return NOT_GENUINE;
	*value = (struct span){ to, size };
	warm_keep(bench->warms, bench->time, table, key, record, *value);
	return SOUND;
}

/* Values that a writing transaction lends die with its next put: those need not be copied. */
enum soundness store_open_record(struct txn *txn, enum table table, struct span key, struct span record, struct span *value)
{
	*value = (struct span){ 0 };
	if (record.len < SEALED_OVERHEAD)
		return NOT_GENUINE;
	struct seal *seal = find_key(txn, record.at);
	if (!seal)
		return NOT_OWNED;
	struct bench *bench = bench_of(txn);
	struct span warm;
	if (!warm_find(bench->warms, bench->time, table, key, record, &warm))
		return open_cold(txn, seal, table, key, record, value);
	*value = txn->mode == TXN_WRITE ? warm : lend_copy(txn, warm);
	return value->at ? SOUND : NOT_OWNED;
}
