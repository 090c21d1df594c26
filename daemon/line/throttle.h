#pragma once
/* Bandwidth: no peer's bulk takes more of the line in a second than it is allowed.
 *
 * Whoever would move bytes of a peer asks here first, and is called in his turn when they may move.  What one peer has
 * used up is no other's loss, and a peer that comes back on a new line finds its account as it left it.  Only bulk asks:
 * what is said and receipted is never held up.  All functions are called on the loop's thread.
 */
#include <stdbool.h>
#include <uv.h>

#include "proto/fault.h"

/* ── one account: a token bucket, told by the moment at which it is even ──────────────────────── */

struct bucket {
	uint64_t even_at_us;			/* all that was taken is paid for then; zero-initialised: now */
};

enum { BUCKET_SLACK_US = 100000 };		/* what is saved up at most: a late timer costs no bandwidth */

/* Microseconds until something may be taken: 0, now. */
uint64_t bucket_wait(const struct bucket *bucket, uint64_t now_us);
/* Taken at once, paid for afterwards: `per_second` is not 0, and bytes are at most 2^40. */
void bucket_take(struct bucket *bucket, uint64_t per_second, uint64_t bytes, uint64_t now_us);

/* ── all of them, in one direction ────────────────────────────────────────────────────────────── */

/* One who waits; embedded in what it belongs to, found again by container_of. */
struct turn {
	struct turn *next;
	void (*come)(struct turn *turn);	/* ask again: once, on the loop; set by its owner */
	uint64_t at_us;
	bool is_waiting;
};

struct throttle;

/* `per_second` 0: nothing is limited.  Faults: no memory, io. */
enum fault throttle_open(uv_loop_t *loop, uint64_t per_second, struct throttle **throttle) MUST_CHECK;
/* Nobody is called any more; the memory goes when the loop has closed the timer.  Takes NULL. */
void throttle_close(struct throttle *throttle);
/* How much to move at once so that it flows evenly: `most`, or less where little is allowed, and never less than `least`. */
size_t throttle_piece(const struct throttle *throttle, size_t least, size_t most);
/* May that much of this peer move now?  Then it counts as moved.  Otherwise the turn comes; to wait again is harmless. */
bool throttle_take(struct throttle *throttle, const char *peer, size_t bytes, struct turn *turn);
/* It waits no more: before its memory goes.  Harmless when it does not wait. */
void throttle_forget(struct throttle *throttle, struct turn *turn);
