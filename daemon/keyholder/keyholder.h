#pragma once
/* The daemon's way to its private keys, which another process holds (comity-keyd): whoever breaks into the daemon through
 * the network finds no key to take along, and gets nothing signed but what the protocol says (keyd_policy.h).
 *
 * One connection, one holder: it reads its keys when it starts, and ends with the connection.  When it dies, the call that
 * finds it dead starts another and asks that one, so that a batch loses time and nothing else.  When none can be had, calls
 * fault at once for a second, then it is tried anew: whoever signs is the scribe, for whom everybody waits.
 *
 * Any thread; calls take their turns. */
#include "certs/envelope.h"
#include "certs/identity.h"

enum { KEYHOLDER_WHY_SIZE = 256 };

struct keyholder;
struct revocation_order;

struct keyholder_place {
	const char *home;	/* as comityd's own; NULL: the paths of the system.  Lives as long as the keyholder */
	const char *socket;	/* where one is to be had (comity-keyd.socket); NULL: it is started by us */
};

/* Have the keys held, and wait until they are.  Faults: whatever the holder says of its keys (those of identity_open());
 * keys unavailable (there is no holder). */
enum fault keyholder_open(const struct keyholder_place *place, struct keyholder **holder) MUST_CHECK;
void keyholder_close(struct keyholder *holder);		/* takes NULL; the holder ends */

/* For identity_open(); lives as long as the keyholder. */
const struct signing_hand *keyholder_hand(const struct keyholder *holder);

/* A content key out of its envelope (certs/envelope.h), bound to those for whom alone it is, if it is.  Yours to wipe.  On a thread that may wait.  Faults: bad envelope; keys
 * unavailable. */
enum fault keyholder_unseal(struct keyholder *holder, struct span envelope, struct span bound, uint8_t key[CONTENT_KEY_SIZE]) MUST_CHECK;

/* What is issued, by a holder of its own that is gone when it is done: a newer revocation list where that is due; one
 * certificate revoked (`secret` of the order is not looked at); keys and certificates of some roles (KEY_OF() of each) renewed.  `now` in seconds
 * since 1970.  On a thread that may wait; signing goes on meanwhile.  Faults: those of revocation_refresh(),
 * revocation_enter(), identity_renew(); keys unavailable. */
enum fault keyholder_refresh(const struct keyholder *holder, int64_t now, unsigned *issued) MUST_CHECK;
enum fault keyholder_revoke(const struct keyholder *holder, const struct revocation_order *order) MUST_CHECK;
enum fault keyholder_renew(const struct keyholder *holder, unsigned roles, int64_t now) MUST_CHECK;
/* Do the keys that issue, where they are here, belong to their certificates?  Nothing is issued.  On a thread that may wait.  Faults: bad key,
 * naming the file; keys unavailable. */
enum fault keyholder_prove(const struct keyholder *holder, int64_t now) MUST_CHECK;
/* There are other keys now: have a holder that has read them. */
enum fault keyholder_reload(struct keyholder *holder);
/* Is there a holder, and if not, why?  `why` gets a sentence.  Asks nobody; any thread. */
enum fault keyholder_state(struct keyholder *holder, char why[KEYHOLDER_WHY_SIZE]);
/* How many signatures it made since the keyholder was opened.  Any thread. */
uint64_t keyholder_signatures(const struct keyholder *holder);
/* Has it died unnoticed, or is there none?  Then keyholder_mend() is due, on a thread that may wait. */
bool keyholder_needs_mending(struct keyholder *holder);
enum fault keyholder_mend(struct keyholder *holder);
