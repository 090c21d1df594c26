#pragma once
/* New keys in time, and nobody notices.
 *
 * Leaves are renewed by themselves when a part of their life is over (`keys.rotate_at`, and up to a tenth of it more, so
 * that not all come at once), when the delegation's key is here and our clock is not in doubt, or when somebody asks.  The
 * new ones are on disk, beside the old, before anything else happens; then a new card is announced (daemon/desks/herald).
 * For each peer manifests are signed with the key whose card it holds (daemon/ledger/cards); lines use the new channel key
 * when every verified peer holds the new card, or when the overlap is over, and then those that were opened with the old
 * one begin anew.  After that the old keys are forgotten, but for sealing keys, to which something may be sealed.
 *
 * There is no state but the keys on disk and the cards in the ledger: whatever was cut short goes on from them. */
#include "certs/identity.h"
#include "daemon/ledger/porter.h"
#include "daemon/ledger/scribe.h"

struct context;
struct herald;
struct peers;
struct rotation;
struct trust;

/* All of it outlives the rotation. */
struct rotation_rooms {
	struct store *store;
	struct scribe *scribe;
	struct porter *steward;
	struct peers *peers;
	struct herald *herald;
	const struct trust *trust;
	struct identity *identity;
	struct identity_access access;	/* how our own keys are opened; its secrets live as long */
	const char *state;		/* the directory above keys/ */
	unsigned rotate_at;		/* per cent of a certificate's life */
	int64_t (*now)(void);		/* seconds since 1970 */
	/* On the steward's thread: have new keys made for these roles, and whoever holds keys read them anew. */
	enum fault (*renew)(void *owner, unsigned roles, int64_t now);
	/* On the loop: nothing is done by itself while our clock is in doubt. */
	bool (*is_in_doubt)(void *owner);
	void *owner;
};

/* `*context` is exchanged for that of the generation that lines use, now and whenever that changes; it stays the owner's.
 * Faults: no memory, bad key. */
enum fault rotation_open(const struct rotation_rooms *rooms, struct context **context, struct rotation **rotation) MUST_CHECK;
void rotation_close(struct rotation *rotation);		/* after the steward and the scribe; takes NULL */

/* ── on the loop ─────────────────────────────────────────────────────────────────────────────────── */

/* Renew these roles (KEY_OF(role) of each), as an act of that user (UINT32_MAX: nobody's).  `done` is told when the new card is being announced, or why not.
 * Faults: not yet (one is under way), and then `done` is not called. */
enum fault rotation_begin(struct rotation *rotation, unsigned roles, uint32_t uid, void (*done)(void *owner, enum fault fault),
	void *owner) MUST_CHECK;
/* On the steward's thread, when something of ours was revoked and its successor lies in keys/: nothing that was held before is
 * used any more.  Lines begin anew with the next look.  Faults: those of identity_open(). */
enum fault rotation_succeed(struct rotation *rotation) MUST_CHECK;
/* Is something due, has everybody heard?  Every few seconds, and when a peer has said which card it holds. */
void rotation_look(struct rotation *rotation);
/* When it is renewed by itself, in seconds since 1970; 0: never. */
int64_t rotation_due_at(const struct rotation *rotation, enum role role);
/* The generation that lines use. */
const struct identity *rotation_serving(const struct rotation *rotation);
