#pragma once
/* The switchboard and its news: what the files of comityd share.  Nobody else includes this. */
#include <uv.h>

#include "daemon/upkeep/backup.h"
#include "daemon/ledger/blobs.h"
#include "daemon/ledger/clock.h"
#include "daemon/law/casework.h"
#include "daemon/comityd.h"
#include "daemon/desks/checkup.h"
#include "daemon/desks/comparison.h"
#include "daemon/control/control.h"
#include "daemon/keyholder/keyholder.h"
#include "daemon/desks/fetcher.h"
#include "daemon/desks/herald.h"
#include "daemon/desks/inbox.h"
#include "daemon/desks/outbox.h"
#include "daemon/desks/papers.h"
#include "daemon/line/peers.h"
#include "daemon/ledger/porter.h"
#include "daemon/desks/vigil.h"
#include "daemon/upkeep/purger.h"
#include "daemon/desks/recovery.h"
#include "daemon/desks/registry.h"
#include "daemon/desks/rotation.h"
#include "daemon/ledger/scribe.h"
#include "daemon/ledger/store.h"
#include "daemon/desks/supplier.h"
#include "daemon/desks/witness.h"
#include "daemon/desks/waits.h"
#include "daemon/line/throttle.h"

struct comityd {
	uv_loop_t loop;
	uv_signal_t signals[2];
	struct chores {
		uv_timer_t timer;
		unsigned ticks;
		struct {
			struct job job;
			enum fault now, told;		/* why nothing new is taken in; OK: it is */
			bool is_writing;
		} room;
		struct {
			struct job job;
			struct key at, next;		/* where the round is; the scribe's: where it is then */
			int64_t before;			/* what is older goes */
			bool is_round, is_writing, goes_on;
		} pruning;
		struct {
			struct errand errand;
			bool is_under_way;
			int64_t before;			/* what is older goes, in seconds since 1970 */
			size_t swept;
			enum fault fault;
		} sweeping;
	} chores;
	struct clock clock;
	struct {
		struct job job;
		struct clock kept;			/* the scribe's: as it is written down */
		bool is_writing, is_doubted;		/* as it was at the last look */
	} watch;
	struct {
		struct thresholds thresholds;
		int64_t now;				/* of the round, in seconds since 1970 */
		struct job warning, issuing;
		struct errand refreshing;
		bool is_warning, is_refreshing;
		unsigned issued;			/* the steward's while is_refreshing */
		enum fault fault;
	} papers;
	struct keyholder *keyholder;
	struct {
		uv_timer_t timer;
		struct job job;
		enum fault now, told;			/* why they cannot be used; OK: they can */
		bool is_writing;
	} keys;
	struct identity_access access;
	struct identity *identity;		/* with the channel's key; the holder has those that sign and unseal */
	struct trust *trust;
	struct context *context;
	struct store *store;
	struct scribe *scribe;
	struct porter *carrier, *reader;	/* what comes in is written, what goes out is read */
	struct purger *purger;
	struct vigil *vigil;
	struct porter *steward;			/* backups, and what else takes long */
	struct backup_places places;
	char store_key[SOURCE_SIZE];		/* where it is */
	struct blobs *blobs;
	struct outbox *outbox;
	struct peers *peers;
	struct throttle *giving, *asking;	/* bulk of each peer, out and in */
	struct inbox *inbox;
	struct fetcher *fetcher;
	struct supplier *supplier;
	struct waits *waits;
	struct recovery *recovery;
	struct comparison *comparison;
	struct checkup *checkup;
	struct witness *witness;
	struct registry *registry;
	struct herald *herald;
	struct rotation *rotation;
	struct control *control;
	struct casework casework;
	struct bytes profile;
	struct job certificates;
	atomic_bool is_stopping;
};

/* Have an eye on the holder of our keys, until the timer is closed.  Faults: io. */
enum fault keys_watch(struct comityd *comityd) MUST_CHECK;
/* What is done by the clock, from now on until the timer is closed.  Faults: io. */
enum fault chores_begin(struct comityd *comityd) MUST_CHECK;

/* What the ledger knows of our clock is read, and the clock judged for the first time. */
enum fault watch_begin(struct comityd *comityd) MUST_CHECK;
/* Judge it again, and write down what there is to write.  True when a doubt has just ended. */
bool watch_look(struct comityd *comityd);
/* A verified peer's clock is so far ahead of ours. */
void comityd_on_clock(void *owner, const char *peer, int64_t ahead_us);

/* Every few seconds: lines whose certificate has ended are closed.  Every hour: what ends is told, our lists are renewed. */
void papers_look(struct comityd *comityd);
void papers_hour(struct comityd *comityd);

/* What each room tells, and who hears it. */
extern const struct scribe_listener comityd_scribe_news;
extern const struct peers_listener comityd_line_news;
extern const struct inbox_listener comityd_inbox_news;
void comityd_on_recorded(void *owner, struct link *link);
void comityd_on_submitted(void *owner, struct txn *txn, const Comity__MessageState *state);
enum fault comityd_on_destruction(void *owner, struct txn *txn, const char *peer, const Comity__DestructionNotice *notice,
	const struct destroyed *said, struct arena *arena, struct span *identity) MUST_CHECK;
void comityd_on_refused(void *owner, struct txn *txn, const Comity__MessageState *state, struct arena *arena);
void comityd_on_broken(void *owner, const char *peer, enum fault why, const char *detail);
void comityd_on_confirmed(void *owner);
enum fault comityd_renew_keys(void *owner, unsigned roles, int64_t now);
bool comityd_is_in_doubt(void *owner);
void comityd_on_signer(void *owner, const char *peer, struct span certificate);
