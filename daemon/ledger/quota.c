#include "daemon/ledger/quota.h"

static struct key key_of_use(const char *peer)
{
	struct key key = { 0 };
	key_text(&key, "occupied");
	key_text(&key, peer);
	return key;
}

uint64_t quota_used(struct txn *txn, const char *peer)
{
	struct key key = key_of_use(peer);
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
	struct key key = key_of_use(peer);
	uint64_t used = quota_used(txn, peer) + more;
	uint8_t value[sizeof used];
	put_u64(value, used > less ? used - less : 0);
	txn_put(txn, TABLE_META, key_span(&key), SPAN(value));
}
