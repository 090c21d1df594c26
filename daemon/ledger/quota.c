#include "daemon/ledger/quota.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/record.h"
#include "proto/manifest.h"
#include "proto/unpack.h"

#define COUNTS "occupied"

struct key quota_key(const char *peer)
{
	struct key key = { 0 };
	key_text(&key, COUNTS);
	key_text(&key, peer);
	return key;
}

uint64_t quota_used(struct txn *txn, const char *peer)
{
	struct key key = quota_key(peer);
	struct span value;
	if (!txn_get(txn, TABLE_META, key_span(&key), &value))
		return 0;
	if (value.len == sizeof(uint64_t))
		return get_u64(value.at);
	txn_fail(txn, fault_say(FAULT_STORE_BROKEN, "store: what %s occupies is no number", peer));
	return 0;
}

void quota_change(struct txn *txn, const char *peer, uint64_t more, uint64_t less)
{
	struct key key = quota_key(peer);
	uint64_t used = quota_used(txn, peer) + more;
	uint8_t value[sizeof used];
	put_u64(value, used > less ? used - less : 0);
	txn_put(txn, TABLE_META, key_span(&key), SPAN(value));
}

/* ── counted anew ─────────────────────────────────────────────────────────────────────────────── */

/* The last one that was met stands first: records of a peer lie together. */
struct occupant {
	struct occupant *next;
	char peer[MANIFEST_ID_SIZE];
	uint64_t bytes;
};

static void free_all(struct occupant *first)
{
	while (first) {
		struct occupant *next = first->next;
		free(first);
		first = next;
	}
}

static void occupy(struct txn *txn, struct occupant **first, const char *peer, uint64_t bytes)
{
	struct occupant **at = first, *one;
	while (*at && strncmp((*at)->peer, peer, MANIFEST_ID_SIZE - 1))
		at = &(*at)->next;
	one = *at;
	if (one) {
		*at = one->next;
	} else if ((one = calloc(1, sizeof *one))) {
		strncpy(one->peer, peer, MANIFEST_ID_SIZE - 1);
	} else {
		txn_fail(txn, FAULT_NO_MEMORY);
		return;
	}
	one->bytes += bytes;
	one->next = *first;
	*first = one;
}

static void count_blob(struct txn *txn, struct occupant **first, struct span key, struct span value, struct arena *arena)
{
	const Comity__Blob *blob = record_read(txn, value, &comity__blob__descriptor, arena);
	(void)key;
	if (blob && blob->from)
		occupy(txn, first, blob->from, blob->size);
}

static void count_part(struct txn *txn, struct occupant **first, struct span key, struct span value, struct arena *arena)
{
	const Comity__Wanted *wanted = record_read(txn, value, &comity__wanted__descriptor, arena);
	const char *peer;
	if (wanted && key_take_text(&key, &peer))
		occupy(txn, first, peer, wanted->bytes_here);
}

/* Whoever was counted is met, even if nothing of it is here. */
static void meet(struct txn *txn, struct occupant **first, struct span key, struct span value, struct arena *arena)
{
	const char *counts, *peer;
	(void)value, (void)arena;
	if (key_take_text(&key, &counts) && key_take_text(&key, &peer))
		occupy(txn, first, peer, 0);
}

/* A broken record is passed over: it is told when its own table is looked at. */
static void count_table(struct txn *txn, struct occupant **first, enum table table, const struct key *prefix,
	void (*count)(struct txn *, struct occupant **, struct span key, struct span value, struct arena *))
{
	struct walk walk;
	struct span key, value;
	struct arena arena;
	enum soundness soundness;
	arena_init(&arena, UNPACK_ARENA);
	walk_from(&walk, txn, table, key_span(prefix), (struct span){ 0 });
	while (walk_next_any(&walk, &key, &value, &soundness)) {
		arena_reset(&arena);
		if (!soundness)
			count(txn, first, key, value, &arena);
		if (txn->fault == FAULT_STORE_BROKEN)
			txn->fault = OK;
	}
	walk_end(&walk);
	arena_clear(&arena);
}

enum fault quota_recount(struct txn *txn, void (*found)(void *owner, const char *peer, uint64_t counted, uint64_t occupied),
	void *owner)
{
	struct occupant *first = NULL;
	struct key all = { 0 }, counts = { 0 };
	key_text(&counts, COUNTS);
	count_table(txn, &first, TABLE_META, &counts, meet);
	count_table(txn, &first, TABLE_BLOBS, &all, count_blob);
	count_table(txn, &first, TABLE_WANTED, &all, count_part);
	for (struct occupant *one = first; one && !txn->fault; one = one->next) {
		uint64_t counted = quota_used(txn, one->peer);
		if (!txn->fault)
			found(owner, one->peer, counted, one->bytes);
	}
	free_all(first);
	return txn->fault;
}
