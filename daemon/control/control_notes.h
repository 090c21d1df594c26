#pragma once
/* Lines in the audit log about calls (daemon/ledger/audit.h): who, in which role, did what, with which result. */
#include "daemon/control/control_calls.h"

typedef void noted(void *owner, enum fault fault);

/* It is done: in its own transaction.  Returns the transaction's fault. */
enum fault note_done(const struct session *session, struct txn *txn, const Comity__Call *call, const Comity__Reply *reply);
/* The same of what was done outside the ledger, or refused there: `result` is OK or the fault, `text` why. */
void note_outcome(const struct session *session, struct txn *txn, const Comity__Call *call, enum fault result, const char *text);
/* It was refused with this fault and the detail that is on this thread: when that is on disk, `done` gets the same fault
 * with the same detail.  What the machine itself could not do is no act and is not noted. */
void note_refused(struct session *session, enum fault fault, noted *done, void *owner);
/* It begins: when that is on disk, or cannot be brought there, `done` (NULL: nobody waits) gets OK.  Reading must be possible
 * on a full disk. */
void note_begun(struct session *session, noted *done, void *owner);
