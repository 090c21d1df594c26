#include "daemon/ledger/porter.h"

#include <stdlib.h>

#include "proto/bytes.h"

struct porter {
	struct worker *worker;
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

static void done(void *owner, struct task *task)
{
	struct porter *porter = owner;
	struct errand *errand = errand_of(task);
	porter->backlog_bytes -= errand->bytes;
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
	porter->backlog_bytes += errand->bytes;
	worker_add(porter->worker, &errand->task);
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
