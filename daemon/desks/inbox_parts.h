#pragma once
/* What the files of the inbox share: the proof of what is heard (inbox.c), the keeping on the scribe's thread
 * (inbox_keep.c), the answer on the loop (inbox_answer.c).  Nobody else includes this. */
#include "certs/digest.h"
#include "daemon/desks/inbox.h"
#include "daemon/desks/inbox_window.h"
#include "daemon/ledger/chain.h"
#include "proto/uuid.h"

enum { AGAIN_MAX = 16 };			/* receipts that are sent once more for one arrival */

struct signer_row {
	struct signer_row *next;
	char peer[MANIFEST_ID_SIZE];
	struct signer *signer;
	uint8_t digest[DIGEST_SIZE];
	struct window window;
};

struct inbox {
	struct scribe *scribe;
	struct peers *peers;
	const struct identity *identity;
	const struct inbox_listener *listener;
	void *owner;
	struct signer_row *signers;
	size_t bytes;				/* of all arrivals that are not done with */
	uint64_t messages_a_day;		/* of each peer */
};

/* One manifest on its way into the ledger; everything it points to is its own. */
struct arrival {
	struct job job;
	struct inbox *inbox;
	struct signer_row *row;
	uint64_t link_id;
	struct bytes content;			/* text, signature and messages, one behind the other */
	struct span text, signature, *messages;
	struct span chain[2];			/* signing and delegation, when they came along */
	size_t message_count;
	size_t bytes;				/* that it holds in memory */
	uint8_t signer[DIGEST_SIZE];
	struct arena arena;			/* of the parsed manifest */
	struct manifest manifest;
	struct position position;		/* to be confirmed */
	uint64_t again[AGAIN_MAX];		/* our manifests in which messages of it were receipted before */
	size_t again_count;
	bool is_beyond_quota;			/* nothing of it was kept */
	char reused[UUID_TEXT_SIZE];		/* a message with another content under a used id; "" when none was */
};

/* The job of an arrival: write it, and then tell. */
enum fault inbox_keep(struct txn *txn, struct job *job) MUST_CHECK;
void inbox_answer(struct job *job, enum fault fault);	/* frees the arrival */

void inbox_hang_up(struct inbox *inbox, struct link *link, enum fault why);
void inbox_free_arrival(struct arrival *arrival);	/* takes NULL */
