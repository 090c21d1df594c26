#include "daemon/line/throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/manifest.h"

enum {
	SECOND_US = 1000000,
	PIECES_PER_SECOND = 4,			/* into which a second's worth is cut, where it is little */
};

struct account {
	struct account *next;
	char peer[MANIFEST_ID_SIZE];
	struct bucket bucket;
};

struct throttle {
	uv_timer_t timer;
	uint64_t per_second;
	struct account *accounts;		/* of everybody who ever moved bulk: bounded by the peers we know */
	struct turn *waiting;
};

/* ── one account ──────────────────────────────────────────────────────────────────────────────── */

uint64_t bucket_wait(const struct bucket *bucket, uint64_t now_us)
{
	return bucket->even_at_us > now_us ? bucket->even_at_us - now_us : 0;
}

void bucket_take(struct bucket *bucket, uint64_t per_second, uint64_t bytes, uint64_t now_us)
{
	uint64_t saved_since = now_us > BUCKET_SLACK_US ? now_us - BUCKET_SLACK_US : 0;
	if (bucket->even_at_us < saved_since)
		bucket->even_at_us = saved_since;
	bucket->even_at_us += bytes / per_second * SECOND_US + bytes % per_second * SECOND_US / per_second;
}

/* ── all of them ──────────────────────────────────────────────────────────────────────────────── */

static uint64_t now_us(void)
{
	return uv_hrtime() / 1000;
}

static struct account *account_of(struct throttle *throttle, const char *peer)
{
	struct account *account = throttle->accounts;
	while (account && strcmp(account->peer, peer))
		account = account->next;
	if (!account && (account = calloc(1, sizeof *account))) {
		snprintf(account->peer, sizeof account->peer, "%s", peer);
		account->next = throttle->accounts;
		throttle->accounts = account;
	}
	return account;
}

static void call_who_is_due(uv_timer_t *timer);

static struct turn *find_next(const struct throttle *throttle)
{
	struct turn *next = throttle->waiting;
	for (struct turn *turn = next; turn; turn = turn->next)
		next = turn->at_us < next->at_us ? turn : next;
	return next;
}

/* For whoever is next; a millisecond is the finest that the timer knows. */
static void set_timer(struct throttle *throttle)
{
	const struct turn *next = find_next(throttle);
	uint64_t now = now_us();
	if (next)
		uv_timer_start(&throttle->timer, call_who_is_due, next->at_us > now ? (next->at_us - now + 999) / 1000 : 0, 0);
	else
		uv_timer_stop(&throttle->timer);
}

/* Each may wait anew, or make another wait no more. */
static void call_who_is_due(uv_timer_t *timer)
{
	struct throttle *throttle = container_of(timer, struct throttle, timer);
	uint64_t now = now_us();
	for (struct turn *turn; (turn = find_next(throttle)) && turn->at_us <= now; ) {
		throttle_forget(throttle, turn);
		turn->come(turn);
	}
	set_timer(throttle);	/* the loop's clock lags: it may have rung before anybody was due */
}

static void wait_until(struct throttle *throttle, struct turn *turn, uint64_t at_us)
{
	turn->at_us = at_us;
	if (!turn->is_waiting) {
		turn->is_waiting = true;
		turn->next = throttle->waiting;
		throttle->waiting = turn;
	}
	set_timer(throttle);
}

bool throttle_take(struct throttle *throttle, const char *peer, size_t bytes, struct turn *turn)
{
	if (!throttle->per_second)
		return true;
	struct account *account = account_of(throttle, peer);
	uint64_t now = now_us(), wait = account ? bucket_wait(&account->bucket, now) : SECOND_US;
	if (wait)
		wait_until(throttle, turn, now + wait);
	else
		bucket_take(&account->bucket, throttle->per_second, bytes, now);
	return !wait;
}

void throttle_forget(struct throttle *throttle, struct turn *turn)
{
	struct turn **at = &throttle->waiting;
	if (!turn->is_waiting)
		return;
	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	turn->is_waiting = false;
	set_timer(throttle);
}

size_t throttle_piece(const struct throttle *throttle, size_t least, size_t most)
{
	uint64_t even = throttle->per_second ? throttle->per_second / PIECES_PER_SECOND : most;
	return even < least ? least : even < most ? (size_t)even : most;
}

enum fault throttle_open(uv_loop_t *loop, uint64_t per_second, struct throttle **throttle)
{
	*throttle = calloc(1, sizeof **throttle);
	if (!*throttle)
		return FAULT_NO_MEMORY;
	(*throttle)->per_second = per_second;
	uv_timer_init(loop, &(*throttle)->timer);
	return OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct throttle *throttle = container_of((uv_timer_t *)handle, struct throttle, timer);
	for (struct account *account = throttle->accounts, *next; account; account = next) {
		next = account->next;
		free(account);
	}
	free(throttle);
}

void throttle_close(struct throttle *throttle)
{
	if (throttle)
		uv_close((uv_handle_t *)&throttle->timer, on_timer_closed);
}
