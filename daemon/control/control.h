#pragma once
/* The control sockets: where officers, administrators and their scripts talk to the daemon (proto/control.proto).
 *
 * One Unix socket for each role below a run directory: the role is the socket, which the kernel guards by its mode
 * and group; who it is, is the uid of SO_PEERCRED.  Reads are answered from a short read transaction on the loop;
 * writes are jobs of the scribe, answered when they are on disk.  A client that is slow, silent or talks nonsense
 * hurts its own session only.  Belongs to the loop's thread.
 */
#include <stdatomic.h>
#include <uv.h>

#include "proto/bytes.h"
#include "proto/config.pb-c.h"

struct blobs;
struct casework;
struct clock;
struct checkup;
struct comparison;
struct control;
struct fetcher;
struct herald;
struct identity;
struct keyholder;
struct outbox;
struct peers;
struct backup_places;
struct places;
struct porter;
struct purger;
struct registry;
struct rotation;
struct scribe;
struct store;
struct thresholds;
struct trust;
struct witness;

/* All of it outlives the control. */
struct control_rooms {
	uv_loop_t *loop;
	struct store *store;
	struct scribe *scribe;
	struct porter *porter;
	struct purger *purger;
	int64_t consumer_lag_ms;	/* so long events are kept for a consumer that says nothing; -1: without end */
	struct clock *clock;		/* whether ours is believed */
	const atomic_bool *must_stop;	/* the daemon is about to end: what takes long gives up */
	struct porter *steward;		/* for what takes long: backups, and looking through the store */
	struct blobs *blobs;
	const struct backup_places *places;
	const struct places *house;	/* all of them */
	struct peers *peers;
	struct comparison *comparison;
	struct checkup *checkup;
	struct witness *witness;
	struct outbox *outbox;
	struct fetcher *fetcher;	/* how much of an attachment has come by now; try again */
	struct waits *waits;		/* what peers told of attachments that wait there */
	struct trust *trust;
	struct casework *casework;
	struct vigil *vigil;		/* what is overdue */
	struct registry *registry;
	struct herald *herald;		/* our card */
	struct rotation *rotation;	/* our keys */
	const struct identity *identity;
	uint64_t messages_a_day;	/* that are kept of one peer; UINT64_MAX: any number */
	struct keyholder *keyholder;	/* can we sign? */
	const Comity__Config *config;
	const struct thresholds *thresholds;	/* from when on an end is near */
	const char *version;		/* of this program */
};

enum { CONTROL_SESSIONS_MAX = 1024 };

/* Listen on admin.sock, officer.sock, integrator.sock, auditor.sock and monitor.sock below `run_dir`, which is there.
 * Copies the rooms.  Faults: config (a path of 108 bytes or more), store busy (another daemon answers there), io,
 * no memory; then the loop must still run until nothing is left of it. */
enum fault control_open(const struct control_rooms *rooms, const char *run_dir, struct control **control) MUST_CHECK;
/* The ledger has grown: tell those who watch.  After each batch of the scribe. */
void control_announce(struct control *control);
/* Take no further calls, end the sessions, remove the sockets; `closed(owner)` is the last call.  The scribe and the
 * porter must still run until then. */
void control_close(struct control *control, void (*closed)(void *owner), void *owner);
