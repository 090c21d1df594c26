#pragma once
/* What the files of recovery share: asking (recovery.c), proving what came back (recovery_proof.c), keeping it
 * (recovery_keep.c), the record of it (recovery_record.c), giving (recovery_give.c).  Nobody else includes this. */
#include "certs/witness.h"
#include "daemon/law/casework.h"
#include "daemon/ledger/chain.h"
#include "daemon/desks/recovery.h"

struct recovery {
	struct recovery_rooms rooms;
	struct trust *ourselves;		/* our own identity, pinned, and those before it */
	const struct identity *pinned;		/* the generation whose identity that is */
	struct comeback *comebacks;
};

/* One manifest that came back, proven; everything it points to is its own. */
struct returned {
	struct returned *next;
	struct bytes content;			/* text, signature, certificates and messages, one behind the other */
	struct span text, signature, *messages;
	size_t message_count;
	struct span certificates[ROLE_COUNT];	/* under which it was signed, where we may not have kept them yet */
	uint8_t signer[DIGEST_SIZE];
	struct arena arena;			/* of the parsed manifest */
	struct manifest manifest;
};

/* In the order of their numbers. */
struct pile { struct returned *first, **end; size_t count; };

enum { ANSWER_SIZE_MAX = 2 << 20 };	/* of one answer: the manifest that passes it is the last */

size_t recalled_size(const struct recalled *recalled);

enum outcome { NEEDS_OURS, NEEDS_THEIRS, IS_WHOLE };	/* more of our chain; of theirs; nothing */

/* A peer from whom our past comes back.  Lives as long as the room: a job may be under way when its line goes. */
struct comeback {
	struct comeback *next;
	struct recovery *recovery;
	char peer[MANIFEST_ID_SIZE];
	uint64_t link_id;			/* 0: no line on which we are behind */
	struct position goal;			/* our chain as they hold it */
	uint64_t their_last;			/* of their own chain, when they greeted */
	struct pile piles[2];			/* by direction: heard, and not yet kept */
	uint32_t stride;			/* asked for at once: few at first, so that a line that soon breaks brings some */
	/* of the recall that is not answered to its end */
	bool is_asking;
	enum direction asked;
	uint64_t due, left;			/* the number that must come next; how many may */
	size_t heard;				/* bytes of the answer so far */
	struct witness witnesses[2];		/* who signed each chain, by direction; as long as the line lasts */
	/* of the job that keeps; the piles are the scribe's while it runs */
	bool is_keeping, is_stale;		/* stale: the line went meanwhile */
	struct job job;
	size_t kept[2];
	uint64_t heads[2];			/* of both chains, then */
	enum outcome outcome;
	Comity__Recovery record;		/* what this step adds */
};

/* Take a copy of what they gave, and prove it: form, signature, hashes, and that it is of the chain that was asked for.
 * Faults: recall forged, no memory. */
enum fault returned_prove(struct comeback *comeback, const struct recalled *recalled, struct returned **returned) MUST_CHECK;
void returned_free(struct returned *returned);		/* takes NULL */

/* The job: keep what the piles hold, as far as it goes, and say what is needed next. */
enum fault comeback_keep(struct txn *txn, struct job *job);

/* In the transaction: this step's counts; the first time it also tells that we are behind, the last time that it is over. */
void record_step(struct txn *txn, const struct comeback *comeback, uint64_t first_missing);
/* A line opened. */
Comity__Correspondence *record_of_peer(struct txn *txn, const char *peer, struct arena *arena);
void record_they_are_behind(struct txn *txn, const char *peer);
void record_all_is_well(struct txn *txn, const char *peer);
/* By our identity as it is now, from then on. */
enum fault recovery_pin_ourselves(struct recovery *recovery) MUST_CHECK;
