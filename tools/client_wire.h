#pragma once
/* One control socket of our own daemon: found by its role, dialled, and frames through it.  What the frames mean is the
 * client's affair. */
#include "proto/frame.h"

enum { WIRE_ROLES = 5, WIRE_NO_END = -1 };

struct wire {
	const char *run_dir;		/* borrowed */
	const char *socket;		/* borrowed; the one socket to be used; NULL: those in run_dir, by role */
	int fd;				/* -1: not connected */
	size_t role;			/* whose socket it is */
	int64_t patience_ms;		/* for the daemon's next word; WIRE_NO_END: for ever */
	void (*tick)(void *owner);	/* about once a second while it waits, and when a signal comes; NULL: nobody */
	void *owner;			/* of tick */
	struct bytes in;
	size_t taken;			/* bytes of `in` that the last frame used up */
	bool was_refused;		/* some socket is there, but not for us */
};

/* The socket of this very role.  Faults: config, io, daemon away. */
enum fault wire_dial(struct wire *wire, size_t role) MUST_CHECK;
/* The socket of this role, or of the first one behind it that opens.  Faults: role needed too. */
enum fault wire_connect(struct wire *wire, size_t role) MUST_CHECK;
/* The daemon we talked to is gone: give it a moment to be restarted. */
enum fault wire_connect_again(struct wire *wire) MUST_CHECK;
/* All of it.  Faults: line cut, line timeout. */
enum fault wire_send(struct wire *wire, struct span data) MUST_CHECK;
/* The next frame, borrowed until the next one is asked for.  Faults: those, bad frame, no memory. */
enum fault wire_next(struct wire *wire, struct frame *frame) MUST_CHECK;
bool wire_has_news(const struct wire *wire);
void wire_hang_up(struct wire *wire);
