#pragma once
/* The directory of competent authorities: what is known of each, a peer or not, and from whom.  DOMAIN: UNTOC 18(13), and the
 * two parts of resolution 8/1, Annex I(i).
 *
 * One entry an authority.  Several may speak of it, and the one who knows best is believed: we of ourselves, then the
 * authority of itself (the card of a verified peer), then a central authority of other authorities of its State (in a
 * signed message), then an officer of ours who imports.  Of the same speaker an older serial never takes the place of a
 * newer.
 *
 * What comes over the line takes effect at once, but for where the authority is reached and of which State it is: there the
 * old stands until an officer has confirmed the new by another route.  A letter that tells of a new telephone number is how
 * such authorities are deceived. */
#include "daemon/ledger/record.h"

enum {
	DIRECTORY_ENTRY_MAX = 128 * 1024,	/* bytes of a serialized Profile, as in a card */
	DIRECTORY_SIZE_MAX = 5000,		/* entries */
	DIRECTORY_SHARE_MAX = 500,		/* entries that one peer announced */
};

/* What somebody says of an authority.  All is borrowed. */
struct directory_offer {
	const Comity__Profile *profile;			/* with its authority */
	Comity__EntrySource__Value source;
	const char *from, *message_id;			/* ANNOUNCED: by whom, with which message */
	const char *origin;				/* IMPORTED: from where; may be NULL */
	uint32_t uid;					/* IMPORTED */
};

enum directory_taken { DIRECTORY_ADDED, DIRECTORY_CHANGED, DIRECTORY_SAME, DIRECTORY_PASSED_OVER };

/* What of this authority is in effect, for whoever asks anything of it; NULL when it is not in the directory.  In the arena. */
const Comity__Profile *directory_profile(struct txn *txn, const char *authority, struct arena *arena);
/* With where it is from, and what is not confirmed; NULL when there is none. */
Comity__DirectoryEntry *directory_find(struct txn *txn, const char *authority, struct arena *arena);
/* Its name for people: in English where it has one, else the first, else its id.  Borrowed from the profile. */
const char *directory_name(const Comity__Profile *profile);

/* What would become of it?  *reason (static) says why it is passed over.  Faults: bad document (no authority, or no id),
 * too large, store broken. */
enum fault directory_judge(struct txn *txn, const struct directory_offer *offer, struct arena *arena,
	enum directory_taken *taken, const char **reason) MUST_CHECK;
/* The same, and it is kept. */
enum fault directory_take(struct txn *txn, const struct directory_offer *offer, struct arena *arena,
	enum directory_taken *taken, const char **reason) MUST_CHECK;
/* How many entries this peer announced. */
uint32_t directory_announced_by(struct txn *txn, const char *peer, struct arena *arena);

/* What was announced was heard by another route as well: it is in effect.  `record` may be NULL.  Faults: not found (no such
 * entry), usage (nothing waits for that). */
enum fault directory_confirm(struct txn *txn, const char *authority, const Comity__Verification *record, uint32_t uid,
	struct arena *arena) MUST_CHECK;
/* Faults: not found, usage (it is our own, or a peer's: what they say of themselves stays while they are peers). */
enum fault directory_remove(struct txn *txn, const char *authority, struct arena *arena) MUST_CHECK;
/* It is no peer any more: what its card said stays until somebody says otherwise. */
void directory_release(struct txn *txn, const char *authority);
/* Put an entry as it is in memory. */
void directory_keep(struct txn *txn, const Comity__DirectoryEntry *entry);
