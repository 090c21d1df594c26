#include "daemon/line/backoff.h"

#include <stdlib.h>

static uint64_t least(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

static uint64_t with_jitter(uint64_t milliseconds)
{
	uint64_t span = milliseconds * 2 / 5;
	return milliseconds - span / 2 + (span ? arc4random_uniform((uint32_t)span) : 0);
}

uint64_t backoff_next(struct backoff *backoff)
{
	uint64_t pause = least(backoff->next_ms ? backoff->next_ms : backoff->first_ms, backoff->ceiling_ms);
	backoff->next_ms = least(pause * 2, backoff->ceiling_ms);
	return least(with_jitter(pause), backoff->ceiling_ms);
}

void backoff_reset(struct backoff *backoff)
{
	backoff->next_ms = 0;
}
