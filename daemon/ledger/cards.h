#pragma once
/* Our own cards, as rows: the newest, which keys each one told, and which of them each peer holds.
 *
 * A peer goes by the certificates of the card that it holds; so what it holds decides with which of our keys we speak to
 * it.  Writing and announcing cards is the herald's business. */
#include "daemon/ledger/record.h"

struct identity;

/* The newest; NULL when none was given out yet. */
Comity__OwnCard *card_newest(struct txn *txn, struct arena *arena);
/* The keys that the card of that serial told, without its text; NULL when there was none. */
Comity__OwnCard *card_find(struct txn *txn, uint32_t serial, struct arena *arena);
/* This is the newest from now on. */
void card_keep(struct txn *txn, const Comity__OwnCard *card);

/* The serial of ours that the peer said it holds; 0 when it never said.  `told_at` may be NULL; microseconds since 1970. */
uint32_t card_held(struct txn *txn, const char *peer, int64_t *told_at);
/* Does the card that it holds tell the signing certificate of that SHA-256? */
bool card_is_held(struct txn *txn, const char *peer, struct span digest);
/* Are its keys used towards everybody by now (seconds since 1970), confirmed or not? */
bool card_is_switched(struct txn *txn, int64_t now);
/* Which of our generations signs for this peer: the one whose card it holds, until it holds the newest or the overlap is
 * over; but always one that is valid `now` (seconds since 1970), when there is one. */
const struct identity *card_signer(struct txn *txn, const struct identity *identity, const char *peer, int64_t now);
void card_note_held(struct txn *txn, const char *peer, uint32_t serial);
