#pragma once
/* What the ledger remembers of its backups: when the last was made, when one was last found whole (TABLE_META). */
#include "daemon/ledger/record.h"

/* NULL when none was made yet, or after a fault. */
Comity__Backups *backups_find(struct txn *txn, struct arena *arena);
void backups_made(struct txn *txn, const char *directory, const char *path, const char *at);
void backups_verified(struct txn *txn, const char *path);
