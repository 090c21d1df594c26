#pragma once
/* On hold after a restore nothing is exchanged, but asked: how far do they hold our chain, how far is theirs?  What each
 * peer answered is kept until the release (TABLE_META). */
#include "daemon/ledger/record.h"
#include "proto/packet.h"

/* Note what this peer's hello says, beside what we hold. */
void gap_note(struct txn *txn, const char *peer, const struct position *they_sent, const struct position *they_received);
/* All that were noted, by peer, in the arena; true while all is well. */
bool gap_list(struct txn *txn, struct arena *arena, Comity__Gap ***gaps, size_t *count);
void gap_clear_all(struct txn *txn);
