#include "daemon/upkeep/gap.h"

#include "daemon/ledger/chain.h"
#include "proto/stamp.h"

static struct key key_of_gaps(void)
{
	struct key key = { 0 };
	key_text(&key, "gap");
	return key;
}

/* That we are behind is what the gap is about; anything else that does not fit is worth a reason. */
static const char *reason_of(enum fault fault)
{
	return fault == FAULT_CHAIN_FORK ? fault_slug(fault) : NULL;
}

void gap_note(struct txn *txn, const char *peer, const struct position *they_sent, const struct position *they_received)
{
	struct key key = key_of_gaps();
	char now[STAMP_SIZE];
	Comity__Gap gap = COMITY__GAP__INIT;
	stamp_now(now);
	gap.peer = (char *)peer;
	gap.at = now;
	gap.has_we_sent = gap.has_they_received = gap.has_we_received = gap.has_they_sent = 1;
	gap.we_sent = chain_head(txn, peer, DIRECTION_OURS).number;
	gap.we_received = chain_head(txn, peer, DIRECTION_THEIRS).number;
	gap.they_sent = they_sent->number;
	gap.they_received = they_received->number;
	gap.reason = (char *)reason_of(chain_compare(txn, peer, they_sent, they_received));
	key_text(&key, peer);
	record_keep(txn, TABLE_META, key_span(&key), &gap.base);
}

bool gap_list(struct txn *txn, struct arena *arena, Comity__Gap ***gaps, size_t *count)
{
	struct key prefix = key_of_gaps();
	struct span key, value;
	struct walk walk;
	bool is_well = true;
	walk_from(&walk, txn, TABLE_META, key_span(&prefix), (struct span){ 0 });
	while (is_well && walk_next(&walk, &key, &value)) {
		Comity__Gap *gap = record_read(txn, value, &comity__gap__descriptor, arena);
		is_well = gap && record_append(arena, count, gaps, &gap, sizeof gap);
	}
	walk_end(&walk);
	return is_well && !txn->fault;
}

void gap_clear_all(struct txn *txn)
{
	struct key prefix = key_of_gaps();
	struct span key, value;
	struct walk walk;
	walk_from(&walk, txn, TABLE_META, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value))
		txn_delete(txn, TABLE_META, key);
	walk_end(&walk);
}
