#pragma once
/* How much of a peer is heard and not yet kept: beyond it its line is not heard, so that memory stays bounded whatever
 * peers do.  No uv, no lines: numbers in, a decision out. */
#include <stdbool.h>
#include <stddef.h>

enum {
	WINDOW_ARRIVALS = 16,			/* manifests of one peer */
	WINDOW_BYTES = 4 << 20,			/* of one peer; the one that reaches it is kept still */
	WINDOW_ALL_BYTES = 8 << 20,			/* of all peers: from here on each is heard only when nothing of it waits */
};

struct window {
	unsigned arrivals;
	size_t bytes;
	bool is_shut;
};

/* One more of that size is heard.  True: no more for now. */
bool window_fill(struct window *window, size_t *all_bytes, size_t bytes);
/* One of that size is done with.  True: it was shut, and opens.  It always does before nothing waits any more. */
bool window_empty(struct window *window, size_t *all_bytes, size_t bytes);
