#pragma once
/* What waits to leave: messages until they are in a manifest, manifests until the peer has them.
 *
 * Messages wait in lanes, by urgency; those of one request never overtake one another (outbox_lanes.c).  A manifest is
 * formed from what waits when the line is ready, at the end of the scribe's batch, so one signature and one commit cover
 * what one batch brought; but no more is signed than the line takes, so that what is urgent passes (outbox_form.c).
 * What is in our chain is sent in order from where the peer said it stands, again after each reconnection, until it says
 * that it has it.  Never gives up.
 */
#include "daemon/line/link.h"
#include "daemon/ledger/record.h"
#include "daemon/ledger/scribe.h"

struct identity;
struct outbox;
struct peers;

typedef Comity__Lane__Value outbox_lane;	/* the smaller, the sooner */

/* Faults: no memory, and those of writing: waiting messages of an older version are put where this one looks. */
enum fault outbox_open(struct store *store, const struct identity *identity, struct outbox **outbox) MUST_CHECK;
void outbox_set_scribe(struct outbox *outbox, struct scribe *scribe);
void outbox_close(struct outbox *outbox);		/* takes NULL */

/* ── in a transaction of the scribe's ──────────────────────────────────────────────────────────── */

/* Where it waits, or would. */
outbox_lane outbox_lane_of(const Comity__MessageState *state);
/* With the message: let it wait for its peer, in the lane of its urgency. */
void outbox_add(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state);
/* A message of ours that waits, or is signed and has no receipt yet, by its id or a unique prefix of at least 6
 * characters.  Faults: not found, ambiguous. */
enum fault outbox_find(struct outbox *outbox, struct txn *txn, const char *name, struct arena *arena,
	Comity__MessageState **found) MUST_CHECK;
/* Hold a message, and with it those that come after it in its request; and let it go again.
 * Faults: already signed, not found (nobody holds it). */
enum fault outbox_hold(struct outbox *outbox, struct txn *txn, Comity__MessageState *state, const char *reason, uint32_t uid) MUST_CHECK;
enum fault outbox_release(struct outbox *outbox, struct txn *txn, Comity__MessageState *state, uint32_t uid) MUST_CHECK;
/* Take a message back before it is signed; the signed record of that follows when the line is ready.
 * Faults: already signed. */
enum fault outbox_drop(struct outbox *outbox, struct txn *txn, Comity__MessageState *state, const char *reason, uint32_t uid) MUST_CHECK;
/* The message of the same request that goes before this one, if that waits itself; NULL. */
Comity__MessageState *outbox_before(struct outbox *outbox, struct txn *txn, const Comity__MessageState *state, struct arena *arena);
/* What waits for this peer (NULL: for anybody) may leave now, though nothing new was added. */
void outbox_touch(struct outbox *outbox, const char *peer);
/* It turned out to be in a manifest already: it does not wait any more. */
void outbox_forget(struct txn *txn, const Comity__MessageState *state);
/* The scribe's `closing`: form manifests for the peers whose lines are ready. */
void outbox_form(struct outbox *outbox, struct txn *txn);
/* How many messages wait for this peer without being in a manifest. */
uint64_t outbox_waiting(struct txn *txn, const char *peer);
/* Since when the first of its lanes' heads waits, in microseconds since 1970: what is behind a head came later.  0: nothing does. */
int64_t outbox_oldest(struct outbox *outbox, struct txn *txn, const char *peer);

/* ── on the loop ─────────────────────────────────────────────────────────────────────────────────── */

/* In their hello: how far the peer holds our chain.  From there we go on when the line opens. */
enum fault outbox_greeted(struct outbox *outbox, const char *peer, const struct position *they_received) MUST_CHECK;
void outbox_opened(struct outbox *outbox, struct link *link);
void outbox_closed(struct outbox *outbox, struct link *link);
void outbox_confirmed(struct outbox *outbox, struct link *link, const struct position *received);
/* For whoever lists what has no receipt yet: up to this manifest of ours all has one, as it was found last; 0: nobody looked.
 * What has its receipt keeps it. */
uint64_t outbox_settled_up_to(struct outbox *outbox, const char *peer);
void outbox_settle_up_to(struct outbox *outbox, const char *peer, uint64_t number);
/* Send what the chain holds and the window allows.  When something was kept, and when the line has drained. */
void outbox_pump(struct outbox *outbox, struct link *link);
/* The scribe's `settled`: pump where manifests were formed.  What a failed batch took back is formed anew after the next
 * batch that does not fail, or at outbox_retry(). */
void outbox_settled(struct outbox *outbox, struct peers *peers, enum fault fault);
void outbox_retry(struct outbox *outbox);
