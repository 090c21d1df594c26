/* The count by which a peer's attachments are let in: one number each, which nobody ever counts again but we. */
#include <inttypes.h>

#include "daemon/ledger/quota.h"
#include "daemon/upkeep/survey_parts.h"

static void on_found(void *owner, const char *peer, uint64_t counted, uint64_t occupied)
{
	struct surveyor *surveyor = owner;
	struct key key = quota_key(peer);
	if (counted == occupied)
		return;
	surveyor->key = key_span(&key);
	survey_tell(surveyor, "miscounted", "attachments of %s take %" PRIu64 " bytes, and %" PRIu64 " were counted (limits.peer_quota)",
		peer, occupied, counted);
	surveyor->key = (struct span){ 0 };
}

/* All in one transaction: between two of them something may come or go. */
enum fault survey_quota(struct surveyor *surveyor)
{
	struct txn txn;
	surveyor->table = TABLE_META;
	TRY(txn_begin(surveyor->subject.store, TXN_READ, &txn));
	enum fault fault = quota_recount(&txn, on_found, surveyor);
	txn_abort(&txn);
	return fault;
}
