#pragma once
/* What the files of the outbox share: the lanes (outbox_lanes.c), the manifests (outbox_form.c), the sending (outbox.c).
 * Nobody else includes this. */
#include <stdatomic.h>

#include "certs/identity.h"
#include "daemon/desks/outbox.h"
#include "proto/manifest.h"

/* The lanes of TABLE_OUTBOX, by name: the more urgent, the smaller. */
#define LANE(name) COMITY__LANE__VALUE__##name

/* One peer's way out.  Made once, kept until the outbox closes: both threads hold pointers to it. */
struct way {
	struct way *next;
	char peer[MANIFEST_ID_SIZE];
	/* the loop's */
	uint64_t link_id;			/* 0: no line */
	uint64_t greeted, next_number, confirmed;
	uint64_t settled;			/* up to here all has its receipt */
	bool is_kicking, must_kick_again, has_failed;
	struct job kick;
	struct outbox *outbox;
	/* told by the loop, asked by the scribe */
	atomic_bool is_ready;
	_Atomic uint64_t sent;			/* the last number that was given to the line */
	/* the other way */
	_Atomic uint64_t formed;		/* the last number, on disk with its batch */
	atomic_bool is_short;			/* something waits that there was no room for */
	/* the scribe's */
	bool is_touched;
	unsigned turns;				/* dispatches formed, for whose turn it is */
};

struct outbox {
	struct store *store;
	struct scribe *scribe;
	const struct identity *identity;
	_Atomic(struct way *) ways;		/* only ever grows at its head */
};

/* At opening: rows from before there were lanes. */
enum fault outbox_move_old(struct store *store) MUST_CHECK;

struct way *outbox_find_way(struct outbox *outbox, const char *peer);

/* The state of a message of ours; NULL when there is none, or a fault. */
Comity__MessageState *outbox_find_state(struct outbox *outbox, struct txn *txn, const char *message_id, struct arena *arena);
void outbox_keep_state(struct txn *txn, const Comity__MessageState *state);
struct key outbox_key_of_lane(const char *peer, outbox_lane lane);
struct key outbox_key_of(const Comity__MessageState *state, outbox_lane lane);

/* Put every waiting message of this one's request into the lane where it belongs now. */
void outbox_settle_lanes(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state);

/* Our messages of a request from before `number`, the newest first, as long as they wait.  Those that were dropped are
 * passed over. */
struct past {
	struct outbox *outbox;
	struct txn *txn;
	struct arena *arena;
	struct walk walk;
	uint64_t number;
};
void past_begin(struct past *past, struct outbox *outbox, struct txn *txn, const Comity__MessageState *state,
	struct arena *arena);
Comity__MessageState *past_next(struct past *past);	/* NULL: no more */
void past_end(struct past *past);
