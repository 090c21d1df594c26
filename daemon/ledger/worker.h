#pragma once
/* A thread that works off what the loop hands it, in order, and hands it back when it is done.
 *
 * The scribe and the porter are both made of it.  It knows nothing of what the work is.  All
 * functions here are called on the loop's thread; only `work` runs on the worker's.  The loop
 * stays alive while tasks are outstanding, and not for an idle worker.
 */
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "proto/fault.h"

/* A link in the worker's queues, first member of whatever is handed over. */
struct task {
	struct task *next;
	bool ends_batch;			/* set for `done`: no other task of its batch follows */
};

struct worker_duty {
	/* On the worker's thread: what waits, oldest first, at most batch_max tasks, linked by
	 * next. */
	void (*work)(void *owner, struct task *batch);
	/* On the loop's thread, for each task of a batch that was worked off, oldest first.  The
	 * task is the caller's again: it may be freed, or added anew. */
	void (*done)(void *owner, struct task *task);
	/* On the loop's thread, once after worker_close(): the worker is gone.  The last call. */
	void (*closed)(void *owner);
	size_t batch_max;
};

struct worker;

/* Faults: no memory, io (no thread could be had). */
enum fault worker_open(uv_loop_t *loop, const struct worker_duty *duty, void *owner,
                       struct worker **worker) MUST_CHECK;
void worker_add(struct worker *worker, TAKES struct task *task);
/* How many tasks were added and are not done yet. */
size_t worker_outstanding(const struct worker *worker);
/* Work off what waits, and what `done` adds meanwhile, then stop.  Again is harmless. */
void worker_close(struct worker *worker);
