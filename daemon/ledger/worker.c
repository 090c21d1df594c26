#include "daemon/ledger/worker.h"

#include <stdlib.h>

#include "proto/bytes.h"

struct queue {
	struct task *first, **end;
};

struct worker {
	const struct worker_duty *duty;
	void *owner;
	uv_thread_t thread;
	uv_async_t bell;		/* rings on the loop when a batch is finished */

	/* shared, under the mutex */
	uv_mutex_t mutex;
	uv_cond_t news;			/* the queue or must_stop has changed */
	struct queue waiting, finished;
	bool must_stop;

	/* the loop's own */
	size_t outstanding;
	bool is_closing, is_telling;
};

/* ── queues ─────────────────────────────────────────────────────────────────────────────────── */

static void make_empty(struct queue *queue)
{
	*queue = (struct queue){ .end = &queue->first };
}

static void append(struct queue *queue, struct task *first, struct task *last)
{
	*queue->end = first;
	queue->end = &last->next;
	last->next = NULL;
}

/* The first tasks of the queue, at most `most` of them; *last is the last one. */
static struct task *take(struct queue *queue, size_t most, struct task **last)
{
	struct task *first = queue->first;
	*last = first;
	if (!first)
		return NULL;
	for (size_t count = 1; count < most && (*last)->next; count++)
		*last = (*last)->next;
	queue->first = (*last)->next;
	(*last)->next = NULL;
	if (!queue->first)
		make_empty(queue);
	return first;
}

/* ── the worker's thread ────────────────────────────────────────────────────────────────────── */

static struct task *wait_for_batch(struct worker *worker, struct task **last)
{
	uv_mutex_lock(&worker->mutex);
	while (!worker->waiting.first && !worker->must_stop)
		uv_cond_wait(&worker->news, &worker->mutex);
	struct task *batch = take(&worker->waiting, worker->duty->batch_max, last);
	uv_mutex_unlock(&worker->mutex);
	return batch;
}

static void hand_back(struct worker *worker, struct task *batch, struct task *last)
{
	last->ends_batch = true;
	uv_mutex_lock(&worker->mutex);
	append(&worker->finished, batch, last);
	uv_mutex_unlock(&worker->mutex);
	uv_async_send(&worker->bell);
}

static void run(void *argument)
{
	struct worker *worker = argument;
	struct task *batch, *last;
	while ((batch = wait_for_batch(worker, &last))) {
		worker->duty->work(worker->owner, batch);
		hand_back(worker, batch, last);
	}
}

/* ── the loop's thread ──────────────────────────────────────────────────────────────────────── */

static void worker_free(struct worker *worker)
{
	uv_cond_destroy(&worker->news);
	uv_mutex_destroy(&worker->mutex);
	free(worker);
}

static void on_bell_closed(uv_handle_t *handle)
{
	struct worker *worker = container_of((uv_async_t *)handle, struct worker, bell);
	const struct worker_duty *duty = worker->duty;
	void *owner = worker->owner;
	worker_free(worker);
	duty->closed(owner);
}

/* Joining does not hold up the loop: with nothing outstanding the thread is waiting for us. */
static void stop(struct worker *worker)
{
	uv_mutex_lock(&worker->mutex);
	worker->must_stop = true;
	uv_cond_signal(&worker->news);
	uv_mutex_unlock(&worker->mutex);
	uv_thread_join(&worker->thread);
	uv_close((uv_handle_t *)&worker->bell, on_bell_closed);
}

static struct task *take_finished(struct worker *worker)
{
	uv_mutex_lock(&worker->mutex);
	struct task *first = worker->finished.first;
	make_empty(&worker->finished);
	uv_mutex_unlock(&worker->mutex);
	return first;
}

/* One ring may stand for many.  A task counts as outstanding until `done` has returned, so that whoever
 * closes or adds from there finds the worker whole. */
static void on_bell(uv_async_t *bell)
{
	struct worker *worker = container_of(bell, struct worker, bell);
	worker->is_telling = true;
	for (struct task *task = take_finished(worker), *next; task; task = next) {
		next = task->next;
		worker->duty->done(worker->owner, task);
		worker->outstanding--;
	}
	worker->is_telling = false;
	if (worker->outstanding)
		return;
	uv_unref((uv_handle_t *)&worker->bell);
	if (worker->is_closing)
		stop(worker);
}

void worker_add(struct worker *worker, struct task *task)
{
	task->ends_batch = false;
	if (!worker->outstanding++)
		uv_ref((uv_handle_t *)&worker->bell);
	uv_mutex_lock(&worker->mutex);
	bool is_idle = !worker->waiting.first;
	append(&worker->waiting, task, task);
	if (is_idle)
		uv_cond_signal(&worker->news);
	uv_mutex_unlock(&worker->mutex);
}

size_t worker_outstanding(const struct worker *worker)
{
	return worker->outstanding;
}

void worker_close(struct worker *worker)
{
	if (worker->is_closing)
		return;
	worker->is_closing = true;
	if (!worker->outstanding && !worker->is_telling)
		stop(worker);
}

static enum fault from_uv(int code, const char *what)
{
	if (!code)
		return OK;
	enum fault fault = code == UV_ENOMEM ? FAULT_NO_MEMORY : FAULT_IO;
	return fault_say(fault, "%s: %s", what, uv_strerror(code));
}

static enum fault make_locks(struct worker *worker)
{
	TRY(from_uv(uv_mutex_init(&worker->mutex), "mutex"));
	enum fault fault = from_uv(uv_cond_init(&worker->news), "condition");
	if (fault)
		uv_mutex_destroy(&worker->mutex);
	return fault;
}

/* Its owner was told that there is no worker: nobody is called. */
static void on_stillborn_closed(uv_handle_t *handle)
{
	worker_free(container_of((uv_async_t *)handle, struct worker, bell));
}

/* The bell before the thread, which might ring it at once. */
static enum fault start(uv_loop_t *loop, TAKES struct worker *worker)
{
	enum fault fault = from_uv(uv_async_init(loop, &worker->bell, on_bell), "async");
	if (fault) {
		worker_free(worker);
		return fault;
	}
	uv_unref((uv_handle_t *)&worker->bell);
	fault = from_uv(uv_thread_create(&worker->thread, run, worker), "thread");
	if (fault)
		uv_close((uv_handle_t *)&worker->bell, on_stillborn_closed);
	return fault;
}

enum fault worker_open(uv_loop_t *loop, const struct worker_duty *duty, void *owner,
                       struct worker **opened)
{
	*opened = NULL;
	struct worker *worker = calloc(1, sizeof *worker);
	if (!worker)
		return FAULT_NO_MEMORY;
	worker->duty = duty;
	worker->owner = owner;
	make_empty(&worker->waiting);
	make_empty(&worker->finished);
	enum fault fault = make_locks(worker);
	if (fault) {
		free(worker);
		return fault;
	}
	TRY(start(loop, worker));
	*opened = worker;
	return OK;
}
