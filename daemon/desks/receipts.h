#pragma once
/* What a peer's receipts and completions say of messages of ours (docs/PROTOCOL.md, sections 4 and 5).
 *
 * Receipts lost, repeated, late or out of order change nothing: each fact is recorded once, by its hash.
 */
#include "daemon/ledger/record.h"
#include "proto/manifest.h"

/* In the transaction: the counterpart's daemon refused this message; state->reason says why. */
typedef void receipts_refused(void *owner, struct txn *txn, const Comity__MessageState *state, struct arena *arena);

/* A message of ours refused as `id-reused`, or something else refused under the id of ours: also kept with the peer.
 * Record a manifest of purpose receipt or complete, in the transaction that accepts it on their chain. */
void receipts_take(struct txn *txn, const char *own_id, const struct manifest *manifest, receipts_refused *refused,
	void *owner);
