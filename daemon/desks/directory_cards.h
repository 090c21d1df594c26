#pragma once
/* What a card says of its authority, as an entry of the directory (daemon/ledger/directory): ours and the peers'. */
#include "daemon/ledger/directory.h"

struct card_entry {
	const char *authority, *name;		/* as the card has them: whatever the profile says */
	uint32_t serial;			/* of the card */
	const Comity__Profile *profile;		/* may be NULL */
	struct span identity;			/* its certificate: whether it is for training is not the profile's to say */
	Comity__EntrySource__Value source;	/* OWN, CARD or UNVERIFIED_CARD */
};

/* Faults: no memory, those of the ledger. */
enum fault directory_take_card(struct txn *txn, const struct card_entry *card, struct arena *arena) MUST_CHECK;
/* A peer's, by what we know of it now. */
enum fault directory_take_peer(struct txn *txn, const Comity__Peer *peer, struct arena *arena) MUST_CHECK;
