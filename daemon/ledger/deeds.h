#pragma once
/* What the daemon does by itself, and a human may be asked about, in the audit log.
 *
 * Every such act has its event, written in the transaction of the act (events.h); where nobody did it, and the table here names it, that
 * event has a line in the audit log in the same transaction, with the role "daemon" and no user.  So there is no second place that could
 * forget one: what has an event by the daemon is in the table, or is no act of its own (what a peer did, what is only told). */
#include "daemon/ledger/record.h"

/* For events_append() alone; `data` may be NULL. */
void deeds_note(struct txn *txn, const char *type, const char *subject, const Comity__EventData *data);
