#pragma once
/* What the ledger remembers of the last look through it (TABLE_META). */
#include "daemon/ledger/record.h"

/* NULL when nobody ever looked, or after a fault. */
Comity__Surveyed *surveyed_find(struct txn *txn, struct arena *arena);
/* So much was found now that is not as it should be. */
void surveyed_keep(struct txn *txn, uint64_t found, bool is_deep);
