#include "daemon/ledger/hold.h"

#include "proto/stamp.h"
#include "proto/unpack.h"

static struct key key_of_hold(const char *peer)
{
	struct key key = { 0 };
	key_text(&key, "hold");
	key_text(&key, peer);
	return key;
}

Comity__Hold *hold_find(struct txn *txn, const char *peer, struct arena *arena)
{
	struct key key = key_of_hold(peer);
	return record_find(txn, TABLE_META, key_span(&key), &comity__hold__descriptor, arena);
}

Comity__HoldKind__Value hold_kind(struct txn *txn, const char *peer)
{
	struct arena arena;
	struct key key = key_of_hold(peer);
	if (!txn_get(txn, TABLE_META, key_span(&key), NULL))
		return COMITY__HOLD_KIND__VALUE__NONE;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__Hold *hold = hold_find(txn, peer, &arena);
	Comity__HoldKind__Value kind = hold ? hold->kind : COMITY__HOLD_KIND__VALUE__NONE;
	arena_clear(&arena);
	return kind;
}

void hold_set(struct txn *txn, const char *peer, Comity__HoldKind__Value kind, const char *reason, uint32_t uid)
{
	char now[STAMP_SIZE];
	if (kind == COMITY__HOLD_KIND__VALUE__OPERATOR && hold_kind(txn, peer) == COMITY__HOLD_KIND__VALUE__RESTORED)
		return;
	stamp_now(now);
	Comity__Hold hold = COMITY__HOLD__INIT;
	hold.has_kind = 1;
	hold.kind = kind;
	hold.at = now;
	hold.reason = (char *)reason;
	hold.has_actor_uid = uid != UINT32_MAX;
	hold.actor_uid = uid;
	struct key key = key_of_hold(peer);
	record_keep(txn, TABLE_META, key_span(&key), &hold.base);
}

bool hold_clear(struct txn *txn, const char *peer)
{
	struct key key = key_of_hold(peer);
	return txn_delete(txn, TABLE_META, key_span(&key));
}
