#pragma once
/* Attachments that were announced and are not here: asked for piece by piece, resumed where they stopped, verified.
 *
 * The receiver asks, so flow, admission and resumption are its own affair: at most a window is asked for ahead, one
 * attachment of a peer at a time, oldest first.  When the last attachment of a message is here, the signed `complete`
 * is appended to our chain in the transaction that says so.  What our own messages announced and a lost store took with
 * it is fetched back in the same way from whom it was sent to.
 */
#include "daemon/line/link.h"
#include "daemon/ledger/record.h"
#include "daemon/ledger/scribe.h"

struct blobs;
struct fetcher;
struct identity;
struct peers;
struct porter;
struct throttle;

struct fetcher_rooms {
	struct store *store;
	struct scribe *scribe;
	struct porter *porter;
	struct blobs *blobs;
	const struct identity *identity;
	struct peers *peers;
	struct throttle *throttle;
	bool has_quota;
	uint64_t quota;				/* bytes on our disk that attachments of one peer may take */
	/* On the loop: an attachment was recorded; there is something to send. */
	void (*recorded)(void *owner, struct link *link);
	void *owner;
};

enum fault fetcher_open(const struct fetcher_rooms *rooms, struct fetcher **fetcher) MUST_CHECK;
/* The porter and the scribe must have ended.  Takes NULL. */
void fetcher_close(struct fetcher *fetcher);

void fetcher_opened(struct fetcher *fetcher, struct link *link);
void fetcher_closed(struct fetcher *fetcher, struct link *link);
/* Something may be wanted now. */
void fetcher_wake(struct fetcher *fetcher, struct link *link);
/* Try again what failed on this line: there may be room on the disk by now. */
void fetcher_retry(struct fetcher *fetcher);
void fetcher_bulk(struct fetcher *fetcher, struct link *link, uint32_t stream, uint64_t offset, struct span data);
void fetcher_missing(struct fetcher *fetcher, struct link *link, uint32_t stream, const char *reason);
/* How much of this attachment has arrived by now; false when it is not the one that is arriving. */
bool fetcher_progress(const struct fetcher *fetcher, const char *request_id, uint32_t number, uint64_t *bytes);
