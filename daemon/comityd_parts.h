#pragma once
/* The switchboard and its news: what the files of comityd share.  Nobody else includes this. */
#include <uv.h>

#include "daemon/upkeep/backup.h"
#include "daemon/ledger/blobs.h"
#include "daemon/law/casework.h"
#include "daemon/comityd.h"
#include "daemon/desks/comparison.h"
#include "daemon/control/control.h"
#include "daemon/desks/fetcher.h"
#include "daemon/desks/inbox.h"
#include "daemon/desks/outbox.h"
#include "daemon/line/peers.h"
#include "daemon/ledger/porter.h"
#include "daemon/upkeep/purger.h"
#include "daemon/desks/recovery.h"
#include "daemon/desks/registry.h"
#include "daemon/ledger/scribe.h"
#include "daemon/ledger/store.h"
#include "daemon/desks/supplier.h"
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
			bool is_round, is_writing, goes_on;
		} pruning;
		struct {
			struct errand errand;
			bool is_under_way;
			size_t swept;
			enum fault fault;
		} sweeping;
	} chores;
	struct identity *identity;
	struct trust *trust;
	struct context *context;
	struct store *store;
	struct scribe *scribe;
	struct porter *carrier, *reader;	/* what comes in is written, what goes out is read */
	struct purger *purger;
	struct porter *steward;			/* backups, and what else takes long */
	struct backup_places places;
	struct blobs *blobs;
	struct outbox *outbox;
	struct peers *peers;
	struct throttle *giving, *asking;	/* bulk of each peer, out and in */
	struct inbox *inbox;
	struct fetcher *fetcher;
	struct supplier *supplier;
	struct recovery *recovery;
	struct comparison *comparison;
	struct registry *registry;
	struct control *control;
	struct casework casework;
	struct bytes profile;
	struct job certificates;
	atomic_bool is_stopping;
};

/* What is done by the clock, from now on until the timer is closed.  Faults: io. */
enum fault chores_begin(struct comityd *comityd) MUST_CHECK;

/* What each room tells, and who hears it. */
extern const struct scribe_listener comityd_scribe_news;
extern const struct peers_listener comityd_line_news;
extern const struct inbox_listener comityd_inbox_news;
void comityd_on_recorded(void *owner, struct link *link);
void comityd_on_submitted(void *owner, struct txn *txn, const Comity__MessageState *state);
void comityd_on_refused(void *owner, struct txn *txn, const Comity__MessageState *state, struct arena *arena);
void comityd_on_broken(void *owner, const char *peer, enum fault why, const char *detail);
void comityd_on_signer(void *owner, const char *peer, struct span certificate);
