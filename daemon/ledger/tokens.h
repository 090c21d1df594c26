#pragma once
/* How long a repeated call is answered again (daemon/control/control_calls.c): the tokens that are past it are pruned here. */
#include "daemon/ledger/record.h"

enum { TOKENS_DAYS = 30, TOKENS_STEP = 128 };

/* One small step of a round through all tokens: looks at the next TOKENS_STEP behind *at, which begins empty, deletes
 * those that were kept before `before`, and moves *at on.  False when the round is over. */
bool tokens_prune(struct txn *txn, int64_t before, struct key *at);
