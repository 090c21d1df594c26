#pragma once
/* The audit log: what every user did or tried to do here, and what the daemon did by itself, one line of JSON an act, each with the SHA-256 of the one before.
 *
 * A line is written in the transaction of its act, so that neither is there without the other; lines are never changed
 * and never pruned.  Who alters, drops or moves one must write all later ones anew, and the heads that were signed and
 * counter-signed (daemon/desks/witness.h) show that it was done.  Lines carry names and ids, never case text.
 */
#include "certs/audit_lines.h"
#include "daemon/ledger/record.h"

#define AUDIT_OK	"ok"
#define AUDIT_BEGUN	"begun"		/* how it ended is told by a line of its own, or by the events */

enum { AUDIT_BY_DAEMON = UINT32_MAX };	/* instead of a uid */
#define AUDIT_DAEMON	"daemon"	/* its role: for what it does by itself, daemon/ledger/deeds.h */

struct audit_act {
	uint32_t uid;
	const char *role, *act;
	const char *subject, *message_id;	/* NULL: none */
	const char *result, *text;		/* text may be NULL */
};

/* Append a line; its number, 0 after a fault. */
uint64_t audit_append(struct txn *txn, const struct audit_act *act);
struct audit_head audit_head(struct txn *txn);
/* Line `number` with its line feed; empty when there is none.  Dies with the transaction. */
struct span audit_line(struct txn *txn, uint64_t number);
/* Hold the lines from `from` (0: the first) on to one another: numbers dense, each with the hash of the one before.  What
 * is wrong is in the check.  Faults: the transaction's, no memory. */
enum fault audit_check(struct txn *txn, uint64_t from, struct audit_check *check) MUST_CHECK;
