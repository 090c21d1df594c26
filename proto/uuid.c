#include "proto/uuid.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "proto/stamp.h"

enum { COUNTER_MAX = 0xfff, RANDOM_AT = 8, RANDOM_SIZE = 8, POOL = 64 };

/* A duplicate or a guessable id would be worse than no program: without randomness we stop. */
static void fill_random(uint8_t *at, size_t size)
{
	ssize_t count;
	do
		count = getrandom(at, size, 0);
	while (count < 0 && errno == EINTR);
	if (count != (ssize_t)size)
		abort();
}

/* Drawn for many ids at once, as each draw is a call of the system; each part is used once.  (A child that goes on without
 * exec would use them again: nobody here makes such children.) */
static void take_random(uint8_t to[RANDOM_SIZE])
{
	static _Thread_local uint8_t pool[POOL][RANDOM_SIZE];
	static _Thread_local size_t left;
	if (!left) {
		fill_random((uint8_t *)pool, sizeof pool);
		left = POOL;
	}
	memcpy(to, pool[--left], RANDOM_SIZE);
}

/* The time in milliseconds and the counter, as one number that only grows.  A fresh millisecond starts
 * its counter at 0; a counter that runs over borrows the next millisecond. */
static uint64_t next_tick(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t last;
	pthread_mutex_lock(&lock);
	uint64_t now = (uint64_t)(stamp_clock() / 1000) * (COUNTER_MAX + 1);
	last = now > last ? now : last + 1;
	uint64_t tick = last;
	pthread_mutex_unlock(&lock);
	return tick;
}

void uuid_new(char text[UUID_TEXT_SIZE])
{
	uint64_t tick = next_tick();
	uint64_t milliseconds = tick / (COUNTER_MAX + 1), counter = tick & COUNTER_MAX;
	uint8_t id[UUID_SIZE];
	put_u64(id, milliseconds << 16 | 7 << 12 | counter);	/* unix_ts_ms, ver, rand_a */
	take_random(id + RANDOM_AT);
	id[RANDOM_AT] = (uint8_t)(0x80 | (id[RANDOM_AT] & 0x3f));	/* var, rand_b */
	uuid_text(text, id);
}

/* How many bytes stand in each group: 8-4-4-4-12 digits. */
static const size_t groups[] = { 4, 2, 2, 2, 6 };

void uuid_text(char text[UUID_TEXT_SIZE], const uint8_t id[UUID_SIZE])
{
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		hex_write(text, (struct span){ id, groups[i] });
		text += 2 * groups[i];
		id += groups[i];
		*text++ = i + 1 < ARRAY_LEN(groups) ? '-' : 0;
	}
}

bool uuid_read(uint8_t id[UUID_SIZE], struct span text)
{
	if (text.len != UUID_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		struct span group = { text.at, 2 * groups[i] };
		if (!hex_read(id, groups[i], group))
			return false;
		id += groups[i];
		text.at += group.len;
		if (i + 1 < ARRAY_LEN(groups) && *text.at++ != '-')
			return false;
	}
	return true;
}
