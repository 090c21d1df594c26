#pragma once
/* Coming back from an older store: the counterpart is a backup of the correspondence (docs/PROTOCOL.md, "Recovery").
 *
 * When hello shows that the peer holds more of our own chain than we do, this store is older than its own past.  Then
 * nothing is said on the line but `recall` and its answers until our chain is as long as they hold it: each manifest of
 * ours comes back with its messages, and theirs as far as ours receipt them, in the order in which one led to the other.
 * What they said beyond that, they send by themselves on the next line, like anything new; attachments are fetched
 * there too.  While either side is behind, nobody appends to a chain because of this line.
 *
 * Each step is one transaction, so that a cut or a crash at any point is followed by going on from there.
 */
#include "certs/identity.h"
#include "daemon/line/link.h"
#include "daemon/desks/receipts.h"
#include "daemon/ledger/scribe.h"

struct casework;
struct peers;
struct recovery;
struct trust;

/* All of it outlives the room. */
struct recovery_rooms {
	struct store *store;
	struct scribe *scribe;
	struct peers *peers;
	struct casework *casework;
	const struct identity *identity;
	const struct trust *trust;		/* of the peers */
	/* In the transaction: a message of ours that came back had been refused. */
	receipts_refused *refused;
	/* On the loop: what they gave back is not what was signed, or contradicts what we hold; the link is closing. */
	void (*broken)(void *owner, const char *peer, enum fault why, const char *detail);
	void *owner;
};

/* Copies the rooms.  Faults: no memory, and those of our own certificates. */
enum fault recovery_open(const struct recovery_rooms *rooms, struct recovery **recovery) MUST_CHECK;
void recovery_close(struct recovery *recovery);		/* after the scribe; takes NULL */

/* Does this line serve a recovery, of either side?  Then nothing else may be said on it.  By what both hellos said, so
 * that both sides answer alike. */
bool recovery_is_on(const struct link *link);

/* A line opened: begin or go on, or note that what was behind is not any more. */
void recovery_opened(struct recovery *recovery, struct link *link);
void recovery_closed(struct recovery *recovery, struct link *link);
void recovery_hear(struct recovery *recovery, struct link *link, const struct recalled *recalled);
/* They ask for what they lost. */
void recovery_give(struct recovery *recovery, struct link *link, const struct recall *recall);
