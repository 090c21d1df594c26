#include "daemon/ledger/consumers.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/ledger/events.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

static const char shelf[] = "consumer";

static struct key key_of(const char *name)
{
	struct key key = { 0 };
	key_text(&key, shelf);
	if (name)
		key_text(&key, name);
	return key;
}

bool consumer_name_is_valid(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789", others[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t len = name ? strlen(name) : 0;
	return len && len <= CONSUMER_NAME_MAX && strchr(first, *name) && strspn(name, others) == len;
}

Comity__Consumer *consumer_find(struct txn *txn, const char *name, struct arena *arena)
{
	struct key key = key_of(name);
	return consumer_name_is_valid(name) ? record_find(txn, TABLE_META, key_span(&key), &comity__consumer__descriptor, arena) : NULL;
}

bool consumers_list(struct txn *txn, struct arena *arena, Comity__Consumer ***list, size_t *count)
{
	struct key prefix = key_of(NULL);
	struct span key, value;
	struct walk walk;
	*count = 0;
	*list = NULL;
	walk_from(&walk, txn, TABLE_META, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		Comity__Consumer *consumer = record_read(txn, value, &comity__consumer__descriptor, arena);
		if (!consumer || !record_push(arena, count, list, &consumer, sizeof consumer))
			break;
	}
	walk_end(&walk);
	return !txn->fault && !arena->was_refused;
}

/* ── its place ────────────────────────────────────────────────────────────────────────────────────── */

static enum fault check_seq(struct txn *txn, uint64_t seq)
{
	uint64_t last = events_last(txn);
	return seq <= last ? txn->fault : fault_say(FAULT_USAGE, "there is no event %" PRIu64 " yet: the newest is %" PRIu64, seq, last);
}

static void keep(struct txn *txn, const Comity__Consumer *consumer, uint64_t seq)
{
	char now[STAMP_SIZE];
	struct key key = key_of(consumer->name);
	Comity__Consumer moved = *consumer;
	stamp_now(now);
	moved.has_seq = 1;
	moved.seq = seq;
	moved.heard_at = now;
	record_keep(txn, TABLE_META, key_span(&key), &moved.base);
}

static enum fault check_new(struct txn *txn, const char *name)
{
	struct arena arena;
	Comity__Consumer **list;
	size_t count;
	arena_init(&arena, 1 << 20);
	bool is_known = consumer_find(txn, name, &arena) != NULL;
	bool is_whole = consumers_list(txn, &arena, &list, &count);
	arena_clear(&arena);
	if (!is_whole)
		return txn->fault ? txn->fault : FAULT_NO_MEMORY;
	if (is_known)
		return fault_say(FAULT_EXISTS, "there is a consumer \"%s\" already", name);
	return count < CONSUMERS_MAX ? OK : fault_say(FAULT_TOO_LARGE, "there are %zu consumers already: remove one first", count);
}

enum fault consumer_add(struct txn *txn, const char *name, uint64_t seq, uint32_t uid)
{
	char now[STAMP_SIZE];
	Comity__Consumer consumer = COMITY__CONSUMER__INIT;
	if (!consumer_name_is_valid(name))
		return fault_say(FAULT_USAGE, "\"%.60s\" cannot name a consumer: small letters, digits, \"-\", \"_\" and \".\", at most %d",
			name ? name : "", CONSUMER_NAME_MAX);
	TRY(check_new(txn, name));
	TRY(check_seq(txn, seq));
	stamp_now(now);
	consumer.name = (char *)name;
	consumer.added_at = now;
	consumer.has_actor_uid = 1;
	consumer.actor_uid = uid;
	keep(txn, &consumer, seq);
	return txn->fault;
}

static enum fault not_found(const char *name)
{
	return fault_say(FAULT_NOT_FOUND, "there is no consumer \"%.60s\"", name ? name : "");
}

static enum fault move(struct txn *txn, const Comity__Consumer *consumer, uint64_t seq, const uint32_t *epoch)
{
	uint32_t here = events_epoch(txn, seq);
	if (epoch && *epoch != here)
		return fault_say(FAULT_ANOTHER_EPOCH, "event %" PRIu64 " of epoch %u is no event of this store: here that number is of epoch %u",
			seq, *epoch, here);
	if (seq < consumer->seq)
		return fault_say(FAULT_USAGE, "consumer \"%s\" has acknowledged event %" PRIu64 " already; it does not go back to %" PRIu64,
			consumer->name, consumer->seq, seq);
	keep(txn, consumer, seq);
	return txn->fault;
}

enum fault consumer_acknowledge(struct txn *txn, const char *name, uint64_t seq, const uint32_t *epoch)
{
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__Consumer *consumer = consumer_find(txn, name, &arena);
	enum fault fault = consumer ? check_seq(txn, seq) : txn->fault ? txn->fault : not_found(name);
	if (!fault)
		fault = move(txn, consumer, seq, epoch);
	arena_clear(&arena);
	return fault;
}

enum fault consumer_remove(struct txn *txn, const char *name)
{
	struct key key = key_of(name);
	bool is_gone = consumer_name_is_valid(name) && txn_delete(txn, TABLE_META, key_span(&key));
	return is_gone || txn->fault ? txn->fault : not_found(name);
}

/* ── what they need ───────────────────────────────────────────────────────────────────────────────── */

bool consumer_is_gone(const Comity__Consumer *consumer, int64_t since)
{
	int64_t at;
	return !consumer->heard_at || !stamp_read(consumer->heard_at, &at) || at < since;
}

uint64_t consumers_dealt_with(struct txn *txn, int64_t gone_since)
{
	struct arena arena;
	Comity__Consumer **list;
	size_t count;
	uint64_t least = UINT64_MAX;
	arena_init(&arena, 1 << 20);
	if (!consumers_list(txn, &arena, &list, &count))
		least = 0;	/* then nothing is forgotten */
	for (size_t i = 0; i < count && least; i++)
		if (!consumer_is_gone(list[i], gone_since) && list[i]->seq < least)
			least = list[i]->seq;
	arena_clear(&arena);
	return least;
}
