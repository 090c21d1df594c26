#pragma once
/* What is destroyed when its time has come, and what never is.
 *
 * Of a case that was closed long enough ago the messages' bytes, the document, the attachments and every word about it go.
 * What stays, for ever: that each message was seen, under which digest, and every manifest and receipt, so that a message that
 * comes again gets its receipt again and is made once; and the case as a shell of references, states and dates.  A legal
 * hold spares a case, and so does anything of it that is still on its way.
 *
 * The key of the case is destroyed with it: what was sealed with it, in free pages or in a backup, does not open any more
 * once the vault key has changed (store_change_vault), which is done at the end of a round that destroyed any.
 *
 * Everything is done in steps that are small.  A step that was done is done; after a crash the next round goes on.
 */
#include "daemon/ledger/record.h"
#include "proto/control.pb-c.h"

enum { RETENTION_BLOBS_MAX = 128 };

struct retention {
	const char *own_id;
	int64_t cases_before, events_before;	/* moments (stamp.h): what is older goes; INT64_MIN: nothing */
	int64_t consumers_gone_since;		/* moment: for consumers that said nothing since, no event is kept */
	bool is_dry;				/* count only */
	const char *only;			/* the id of a case that is to be destroyed now, if it is closed; NULL: whichever is due */
	const char *reason;			/* of that, and whose act it is */
	uint32_t uid;
};

/* How far a round has come.  Zero-initialised it begins. */
struct retention_round {
	struct key at;				/* cases up to here are done */
	bool are_cases_done, is_over;
	uint64_t cases, messages, attachments, attachment_bytes, events, held, unsettled, open;
	char refs[512];				/* of the first cases, one a line */
	/* Of the last step: files that are to be removed, after which their records are to be forgotten.  Empty: none. */
	uint8_t request[16];
	uint8_t digests[RETENTION_BLOBS_MAX][DIGEST_SIZE];
	size_t digest_count;
};

/* In a transaction of the scribe's (a read one when it is dry): the next step. */
void retention_step(struct txn *txn, const struct retention *retention, struct retention_round *round);
/* The files of the last step are removed: forget their records. */
void retention_forget_blobs(struct txn *txn, struct retention_round *round);

/* Spare a case, or spare it no longer.  Faults: exists (it is spared), not found (it is not). */
enum fault retention_hold(struct txn *txn, Comity__Case *kase, const char *reason, uint32_t uid) MUST_CHECK;
enum fault retention_release(struct txn *txn, Comity__Case *kase, uint32_t uid) MUST_CHECK;
