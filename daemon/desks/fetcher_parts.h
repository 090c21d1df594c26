#pragma once
/* What the files of the fetcher share.  Nobody else includes this. */
#include "daemon/ledger/blobs.h"
#include "daemon/desks/fetcher.h"
#include "daemon/ledger/porter.h"
#include "daemon/line/throttle.h"
#include "proto/manifest.h"

enum haul_state {
	HAUL_IDLE,
	HAUL_BEGINNING,		/* the porter looks what is there */
	HAUL_FETCHING,		/* the part is open, also while there is no line */
	HAUL_FINISHING,		/* the porter verifies and syncs */
	HAUL_RECORDING,		/* the scribe says so in the ledger */
	HAUL_LEAVING,		/* given up, or no line for long: the porter closes the part */
};

/* What is being fetched from one peer. */
struct haul {
	struct haul *next;
	struct fetcher *fetcher;
	char peer[MANIFEST_ID_SIZE];
	enum haul_state state;
	uint64_t link_id;			/* 0: no line */
	bool is_forsaken;			/* without a line at the last retry already */
	uint32_t stream;
	/* the attachment */
	unsigned untold;			/* how many more that wait are told on this line's first search */
	struct key wanted, after;		/* its row; and where this line's search goes on */
	char message_id[UUID_TEXT_SIZE], request_id[UUID_TEXT_SIZE];
	uint8_t message[UUID_SIZE], request[UUID_SIZE], sha256[DIGEST_SIZE];
	uint32_t index, number;
	uint64_t size, asked, heard, written;	/* bytes from its front */
	unsigned tries;
	struct blob_part *part;			/* the porter's while an errand runs */
	bool is_here;
	bool is_own;				/* of a message of ours: fetched back, not received */
	bool is_lost;				/* ours, and they do not have it */
	enum fault fault;
	char detail[256];
	struct errand errand;			/* begin, finish, leave */
	struct lane lane;			/* those, and what is appended */
	struct turn turn;			/* when more may be asked for */
	struct job job;
};

struct fetcher {
	struct fetcher_rooms rooms;
	struct haul *hauls;
};

enum { HAUL_WINDOW_ALL = 16 << 20 };	/* asked for and not yet written, of all peers together */

/* What each of so many that fetch may ask ahead: a like part, and never less than one bulk frame. */
size_t haul_window(size_t fetching);
/* Keep a window of bytes asked for, as far as the bandwidth allows. */
void haul_ask(struct haul *haul, struct link *link);

/* On which line it is; NULL: on none. */
struct link *haul_link(const struct haul *haul);
/* Tell whoever sent it that it waits here, and why. */
void haul_say_waits(const struct haul *haul);

/* Find the next one that is wanted and take its particulars; false when there is none.  A fault is in the haul then. */
bool haul_find(struct haul *haul);
/* Search on behind this one, until the next line or until it is time to try again. */
void haul_pass_over(struct haul *haul);

/* May it still be fetched, so far as the quota of its peer goes?  Otherwise why not is said in the haul. */
bool haul_has_room(struct haul *haul, struct txn *txn, const Comity__Wanted *wanted);

/* Jobs of the scribe, for haul->job: the attachment is here; it could not be had on this line. */
enum fault haul_record(struct txn *txn, struct job *job);
enum fault haul_record_failure(struct txn *txn, struct job *job);
