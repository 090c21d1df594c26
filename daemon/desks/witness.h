#pragma once
/* Heads of audit logs: ours is signed once a day and counter-signed by those counterparts who are willing, theirs are
 * counter-signed by us, if we are (docs/PROTOCOL.md, "Audit heads").
 *
 * A head tells a number and a hash, nothing of what was done.  Who counter-signs remembers it, and never signs a head
 * that goes back or differs at the same number: whoever rewrites his own log is found by what others hold.
 */
#include "daemon/line/link.h"
#include "daemon/ledger/record.h"
#include "daemon/ledger/scribe.h"

struct identity;
struct peers;
struct trust;
struct witness;

struct witness_rooms {
	struct store *store;
	struct scribe *scribe;
	struct peers *peers;
	struct trust *trust;
	const struct identity *identity;
	bool is_willing;			/* to counter-sign for others */
};

/* Copies the rooms.  Faults: no memory. */
enum fault witness_open(const struct witness_rooms *rooms, struct witness **witness) MUST_CHECK;
void witness_close(struct witness *witness);	/* after scribe and peers; takes NULL */

/* Sign our head as it is in this transaction, and keep it; the one that is there when nothing came since.
 * Faults: not found (nothing is in the log), and those of signing. */
enum fault witness_sign(struct txn *txn, const struct identity *identity, struct arena *arena, Comity__AuditHead **head) MUST_CHECK;
/* The newest signed heads of that authority, the newest first, at most `most`. */
enum fault witness_find(struct txn *txn, const char *authority, size_t most, struct arena *arena, size_t *count,
	Comity__AuditHead ***heads) MUST_CHECK;

struct witness_check {
	uint32_t heads;				/* that were looked at, the oldest first */
	uint64_t broken_at;			/* the head that does not fit; 0: all do */
	const char *what;			/* is wrong with it; NULL: nothing */
};
/* Hold our log to every head of it that was signed, and verify those and who counter-signed them.
 * Faults: the transaction's, no memory. */
enum fault witness_check(struct txn *txn, const char *own_id, struct arena *arena, struct witness_check *check) MUST_CHECK;

/* Sign today's head and ask whoever is connected.  Once a day, and when somebody asks. */
void witness_day(struct witness *witness);
void witness_opened(struct witness *witness, struct link *link);
void witness_closed(struct witness *witness, struct link *link);
void witness_hear(struct witness *witness, struct link *link, const struct signed_head *signed_head);
