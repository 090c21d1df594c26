#pragma once
/* How much has passed between us and each peer: counted with the manifests that say so, in their transaction, so that each
 * counts once, over restarts, repetitions and recoveries.  Ledgers from before there were counts begin at nothing. */
#include "daemon/ledger/record.h"
#include "proto/manifest.h"

enum tally {
	TALLY_MESSAGES,
	TALLY_ATTACHMENTS,
	TALLY_RECEIPTS,			/* of what the other side said */
	TALLY_REFUSALS,			/* those among the receipts that refuse */
	TALLY_COMPLETIONS,
	TALLY_WITHDRAWALS,
	TALLY_COUNT,
};

enum { TALLY_OURS, TALLY_THEIRS };	/* who said it */

struct tallies {
	uint64_t counts[TALLY_COUNT];
};

struct tallies tally_find(struct txn *txn, const char *peer, int whose);
void tally_add(struct txn *txn, const char *peer, int whose, enum purpose purpose, const struct manifest_entry *entries, size_t count);
