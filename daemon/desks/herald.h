#pragma once
/* Our card on its way to those who hold an older one, and theirs to us, over the open line.
 *
 * In hello each side says the serial of its newest card, and of which card of the other's it holds; so whoever was away
 * is brought up to date first thing.  A card that is announced must lead to the identity that was pinned, like one that
 * is added by hand; the answer says which one is on disk now.  What a peer holds is kept, for it decides with which keys
 * we speak to it (daemon/ledger/cards).
 *
 * An identity that was revoked has no card: its last word is the list on which it stands, announced on every line that is
 * open or opens.  Whoever takes it ends the line.
 *
 * What our card says decides its serial: it is written anew, with the next one, when something of it has changed, and
 * otherwise given out again to the letter. */
#include "daemon/ledger/record.h"
#include "daemon/ledger/scribe.h"
#include "daemon/line/link.h"
#include "proto/config.pb-c.h"

struct herald;
struct identity;
struct peers;
struct registry;

/* All of it outlives the herald. */
struct herald_rooms {
	struct store *store;
	struct scribe *scribe;
	struct peers *peers;
	struct registry *registry;
	const struct identity *identity;
	const Comity__Config *config;
	struct span profile;		/* a serialized Profile; empty is fine */
	int64_t overlap;		/* seconds for which old keys are used beside new ones */
	void (*confirmed)(void *owner);	/* on the loop: a peer said which card it holds.  May be NULL */
	void *owner;
	const char *state;		/* the directory with our revocation lists below keys/ */
};

/* Copies the rooms.  Faults: no memory. */
enum fault herald_open(const struct herald_rooms *rooms, struct herald **herald) MUST_CHECK;
void herald_close(struct herald *herald);	/* after the scribe; takes NULL */

/* In a writing transaction: our newest card, written anew if need be, in the arena.  Faults: config (the profile cannot
 * be read), bad card, bad key, no memory. */
enum fault herald_write_card(const struct herald *herald, struct txn *txn, struct arena *arena,
	Comity__OwnCard **card) MUST_CHECK;

/* ── on the loop ─────────────────────────────────────────────────────────────────────────────────── */

/* Something that our card says may have changed: bring it up to date and announce it.  When the daemon starts, too. */
void herald_renew(struct herald *herald);
/* Was something of ours revoked without us (comity id revoke)?  Then it is announced.  Every few seconds. */
void herald_look(struct herald *herald);
/* For our hello: the serials of both cards. */
void herald_introduce(const struct herald *herald, struct txn *txn, const char *peer, struct hello *ours);
void herald_opened(struct herald *herald, struct link *link);
void herald_closed(struct herald *herald, struct link *link);
void herald_hear(struct herald *herald, struct link *link, const struct announce *announce);
void herald_answered(struct herald *herald, struct link *link, const struct announced *announced);
