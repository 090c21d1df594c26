#pragma once
/* The proof of what a peer says of a destruction: who signed the certificate that it hands over, and when. */
#include "daemon/law/casework.h"

/* In a transaction of the scribe's: is the text that peer's, signed at the time that stands in it, under a signing certificate that
 * held then, by the identity that is pinned for it, or a former one?  Also one that it has not used for long, or never towards us.
 * Its certificates are then kept, and *identity, in the arena, is what they lead to.
 * Faults: peer unknown, no memory; false notice, with the reason. */
enum fault notice_prove(struct txn *txn, const char *peer, const Comity__DestructionNotice *notice, const struct destroyed *said,
	struct arena *arena, struct span *identity) MUST_CHECK;
