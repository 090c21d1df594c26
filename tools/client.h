#pragma once
/* The line to our own daemon: a control socket, blocking, one call at a time (proto/control.proto).
 *
 * The role is the socket.  The client starts with the first socket it may open, in the order officer,
 * admin, integrator, auditor, monitor, and goes on to the next when an act needs another role.  A call
 * that carries an idempotency key is repeated once, with that key, when the connection is lost before
 * its answer; the daemon does it once all the same.
 */
#include "proto/arena.h"
#include "proto/control.pb-c.h"
#include "proto/frame.h"

enum { CLIENT_PATIENCE_MS = 60 * 1000, CLIENT_NO_END = -1 };

struct client;

/* `socket` names one socket and so one role; NULL: those below `run_dir`.  Nothing is opened yet.
 * Faults: no memory. */
enum fault client_new(const char *run_dir, const char *socket, struct client **client) MUST_CHECK;
void client_free(struct client *client);		/* takes NULL */
/* The last answer held a secret: it is void now, and overwritten. */
void client_wipe(struct client *client);
/* How long to wait for the daemon's next word, in milliseconds; CLIENT_NO_END: for ever. */
void client_set_patience(struct client *client, int64_t patience_ms);

/* While it waits for the daemon: called about once a second, and at once when a signal comes.  NULL: nobody. */
void client_set_ticker(struct client *client, void (*tick)(void *owner), void *owner);

/* Ask, and wait for the answer, which lives until the next call.  The call's id and api are filled in.
 * A refusal by the daemon is returned as its fault, and client_error() lends the whole of it.
 * Faults also: daemon away, role needed, bad frame, no memory. */
enum fault client_call(struct client *client, Comity__Call *call, const Comity__Reply **reply) MUST_CHECK;
/* The next answer to the same call, after one with `more`. */
enum fault client_next(struct client *client, const Comity__Reply **reply) MUST_CHECK;
/* An answer whose first page came, perhaps with `more`: the other pages, and all put together into one, whatever it is
 * that repeats in it; it lives in the arena, whose budget grows with it. */
enum fault client_list(struct client *client, const Comity__Reply *page, struct arena *arena,
	const Comity__Reply **reply) MUST_CHECK;
/* What the daemon said with the last refusal, or NULL.  Lives until the next call. */
const Comity__Error *client_error(const struct client *client);

/* Calls with a stream of bytes behind or before their answer. */
struct client_stream {
	/* Upload: fill `room` with at most `size` bytes from `offset`, tell how many.  May be asked from 0 again. */
	enum fault (*read)(void *owner, uint64_t offset, uint8_t *room, size_t size, size_t *got);
	/* Download: the next bytes. */
	enum fault (*write)(void *owner, uint64_t offset, struct span data);
	void *owner;
};
enum fault client_upload(struct client *client, Comity__Call *call, uint64_t size,
	const struct client_stream *stream, const Comity__Reply **reply) MUST_CHECK;
enum fault client_download(struct client *client, Comity__Call *call, const struct client_stream *stream,
	const Comity__Reply **reply) MUST_CHECK;
