#pragma once
/* Pauses between attempts: they double up to a ceiling, begin anew with good news, and never end. */
#include <stdint.h>

struct backoff {
	uint64_t first_ms, ceiling_ms;	/* the first pause, and the longest */
	uint64_t next_ms;		/* before jitter; 0: the first */
};

/* The next pause: up to 20 % off either way, so that the peers of a daemon that was away do not all come back at once;
 * never above the ceiling. */
uint64_t backoff_next(struct backoff *backoff);
void backoff_reset(struct backoff *backoff);
