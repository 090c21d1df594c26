#include "daemon/ledger/tokens.h"

#include "proto/stamp.h"

static bool is_older(struct txn *txn, struct span value, int64_t before, struct arena *arena)
{
	int64_t kept_at;
	const Comity__Token *token = record_read(txn, value, &comity__token__descriptor, arena);
	return token && token->at && stamp_read(token->at, &kept_at) && kept_at < before;
}

bool tokens_prune(struct txn *txn, int64_t before, struct key *at)
{
	struct walk walk;
	struct span key, value;
	struct arena arena;
	struct key last = *at;
	size_t looks = 0;
	bool goes_on = true;
	arena_init(&arena, STORE_VALUE_MAX * 2);
	walk_from(&walk, txn, TABLE_TOKENS, (struct span){ 0 }, key_span(at));
	while (looks < TOKENS_STEP && (goes_on = walk_next(&walk, &key, &value))) {
		looks++;
		last.len = 0;
		key_bytes(&last, key);
		if (is_older(txn, value, before, &arena))
			txn_delete(txn, TABLE_TOKENS, key_span(&last));
		arena_reset(&arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
	*at = last;
	return goes_on;
}
