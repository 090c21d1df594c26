#include "daemon/ledger/tally.h"

enum { VALUE_SIZE = TALLY_COUNT * sizeof(uint64_t) };

static struct key key_of_tally(const char *peer, int whose)
{
	struct key key = { 0 };
	key_text(&key, "tally");
	key_text(&key, peer);
	key_u8(&key, (uint8_t)whose);
	return key;
}

struct tallies tally_find(struct txn *txn, const char *peer, int whose)
{
	struct tallies tallies = { 0 };
	struct key key = key_of_tally(peer, whose);
	struct span value;
	if (!txn_get(txn, TABLE_META, key_span(&key), &value))
		return tallies;
	for (size_t i = 0; i < TALLY_COUNT && (i + 1) * sizeof(uint64_t) <= value.len; i++)	/* an older one may have fewer */
		tallies.counts[i] = get_u64(value.at + i * sizeof(uint64_t));
	return tallies;
}

/* TALLY_COUNT: it is not counted, for a completion names the attachments beside their message. */
static enum tally tally_of(enum purpose purpose, const struct manifest_entry *entry)
{
	static const enum tally tallies[PURPOSE_COUNT] = {
		[PURPOSE_DISPATCH] = TALLY_MESSAGES, [PURPOSE_RECEIPT] = TALLY_RECEIPTS, [PURPOSE_COMPLETE] = TALLY_COMPLETIONS,
		[PURPOSE_WITHDRAWAL] = TALLY_WITHDRAWALS,
	};
	if (entry->index)
		return purpose == PURPOSE_DISPATCH ? TALLY_ATTACHMENTS : TALLY_COUNT;
	return tallies[purpose];
}

void tally_add(struct txn *txn, const char *peer, int whose, enum purpose purpose, const struct manifest_entry *entries, size_t count)
{
	struct tallies tallies = tally_find(txn, peer, whose);
	struct key key = key_of_tally(peer, whose);
	uint8_t value[VALUE_SIZE];
	for (size_t i = 0; i < count; i++) {
		enum tally tally = tally_of(purpose, &entries[i]);
		if (tally < TALLY_COUNT)
			tallies.counts[tally]++;
		tallies.counts[TALLY_REFUSALS] += entries[i].refused != NULL;
	}
	for (size_t i = 0; i < TALLY_COUNT; i++)
		put_u64(value + i * sizeof(uint64_t), tallies.counts[i]);
	txn_put(txn, TABLE_META, key_span(&key), SPAN(value));
}
