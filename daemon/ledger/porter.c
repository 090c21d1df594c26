#include "daemon/ledger/porter.h"

#include <stdlib.h>

#include "proto/bytes.h"

enum { IN_HAND = 4 };		/* with the thread: so many that it need not wait for the loop */

struct porter {
	struct worker *worker;
	struct lane *first, *last;	/* those with errands that wait, whose turn is first in front */
	struct lane common;
	unsigned in_hand;
	size_t backlog_bytes;
	void (*closed)(void *owner);
	void *owner;
};

static struct errand *errand_of(struct task *task)
{
	return container_of(task, struct errand, task);
}

static void work(void *owner, struct task *batch)
{
	(void)owner;
	struct errand *errand = errand_of(batch);
	errand->work(errand);
}

/* ── turns ──────────────────────────────────────────────────────────────────────────────────── */

static void queue_lane(struct porter *porter, struct lane *lane)
{
	lane->next = NULL;
	if (porter->last)
		porter->last->next = lane;
	else
		porter->first = lane;
	porter->last = lane;
}

static struct errand *take_turn(struct porter *porter)
{
	struct lane *lane = porter->first;
	struct errand *errand = lane->first;
	porter->first = lane->next;
	if (!porter->first)
		porter->last = NULL;
	lane->first = errand->next;
	if (lane->first)
		queue_lane(porter, lane);	/* behind all others */
	return errand;
}

static void hand_out(struct porter *porter)
{
	while (porter->first && porter->in_hand < IN_HAND) {
		porter->in_hand++;
		worker_add(porter->worker, &take_turn(porter)->task);
	}
}

/* The next ones before the loop hears of this one, which it may take its time to do. */
static void done(void *owner, struct task *task)
{
	struct porter *porter = owner;
	struct errand *errand = errand_of(task);
	porter->backlog_bytes -= errand->bytes;
	porter->in_hand--;
	hand_out(porter);
	errand->done(errand);
}

static void on_closed(void *owner)
{
	struct porter *porter = owner;
	void (*closed)(void *owner) = porter->closed;
	void *whose = porter->owner;
	free(porter);
	if (closed)
		closed(whose);
}

/* One errand at a time: each is told of as soon as it is done. */
static const struct worker_duty duty = {
	.work = work, .done = done, .closed = on_closed, .batch_max = 1,
};

enum fault porter_open(uv_loop_t *loop, struct porter **opened)
{
	*opened = NULL;
	struct porter *porter = calloc(1, sizeof *porter);
	if (!porter)
		return FAULT_NO_MEMORY;
	enum fault fault = worker_open(loop, &duty, porter, &porter->worker);
	if (fault)
		free(porter);
	else
		*opened = porter;
	return fault;
}

void porter_add(struct porter *porter, struct errand *errand)
{
	struct lane *lane = errand->lane ? errand->lane : &porter->common;
	porter->backlog_bytes += errand->bytes;
	errand->next = NULL;
	if (lane->first)
		lane->last->next = errand;
	else
		lane->first = errand;
	if (lane->first == errand)
		queue_lane(porter, lane);
	lane->last = errand;
	hand_out(porter);
}

size_t porter_backlog_bytes(const struct porter *porter)
{
	return porter->backlog_bytes;
}

bool porter_has_room(const struct porter *porter, size_t bytes)
{
	size_t backlog = porter->backlog_bytes;
	if (!backlog)
		return true;
	return backlog < PORTER_BACKLOG_MAX && bytes <= PORTER_BACKLOG_MAX - backlog;
}

void porter_close(struct porter *porter, void (*closed)(void *owner), void *owner)
{
	porter->closed = closed;
	porter->owner = owner;
	worker_close(porter->worker);
}
