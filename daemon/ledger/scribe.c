#include "daemon/ledger/scribe.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/mischief.h"
#include "proto/bytes.h"

struct scribe {
	struct worker *worker;
	struct store *store;
	const struct scribe_listener *listener;
	void *owner;
	void (*closed)(void *owner);

	/* the scribe's thread's own */
	bool is_shut;			/* the store could not be reopened after a commit in doubt */
	bool can_grow;			/* the map, in this batch */
	enum fault commit_fault, closing_fault;

	_Atomic uint64_t jobs, commits, commit_us, repeats, failures, batch_last, batch_max;
};

static struct job *job_of(struct task *task)
{
	return container_of(task, struct job, task);
}

/* ── on the scribe's thread: one job ────────────────────────────────────────────────────────── */

/* How a batch went through its transaction. */
enum verdict {
	SETTLED,	/* every job has its outcome, up to the commit */
	FULL,		/* the map is: grow it and repeat */
	SPOILED,	/* a bad job's writing lies among the others': repeat with each by itself */
};

enum manner {
	TOGETHER,	/* all jobs straight into one transaction: most batches */
	APART,		/* each in a child transaction, at about a quarter of the throughput */
};

/* The last act of a batch is not a job but the listener's closing. */
static struct job *const CLOSING = NULL;

static enum fault run(struct scribe *scribe, struct txn *txn, struct job *job)
{
	enum fault fault = OK;
	fault_say(OK, "%s", "");	/* so that the detail afterwards is this job's */
	if (job != CLOSING)
		fault = job->write(txn, job);
	else if (scribe->listener && scribe->listener->closing)
		scribe->listener->closing(scribe->owner, txn);
	return txn->fault ? txn->fault : fault;
}

static char *copy_detail(enum fault fault)
{
	const char *detail = fault_detail(fault);
	return fault && detail != fault_text(fault) ? strdup(detail) : NULL;
}

static void set_outcome(struct scribe *scribe, struct job *job, enum fault fault)
{
	if (job == CLOSING) {
		scribe->closing_fault = fault;
		return;
	}
	free(job->detail);
	job->detail = copy_detail(fault);
	job->fault = fault;
}

static enum fault run_in_child(struct scribe *scribe, struct txn *txn, struct job *job)
{
	struct txn child;
	TRY(txn_begin_child(txn, &child));
	txn_fail(&child, run(scribe, &child, job));
	return txn_commit(&child);
}

static enum verdict write_apart(struct scribe *scribe, struct txn *txn, struct job *job)
{
	enum fault fault = run_in_child(scribe, txn, job);
	if (fault == FAULT_STORE_FULL && scribe->can_grow)
		return FULL;
	set_outcome(scribe, job, fault);
	return SETTLED;
}

/* A fault is nobody else's business as long as nothing was written before it. */
static enum verdict write_together(struct scribe *scribe, struct txn *txn, struct job *job)
{
	uint64_t writes = txn_writes(txn);
	txn->may_use_reserve = false;
	enum fault fault = run(scribe, txn, job);
	if (fault && txn_writes(txn) != writes)
		return fault == FAULT_STORE_FULL && scribe->can_grow ? FULL : SPOILED;
	txn->fault = OK;
	set_outcome(scribe, job, fault);
	return SETTLED;
}

/* ── on the scribe's thread: one batch ──────────────────────────────────────────────────────── */

static enum verdict write_all(struct scribe *scribe, struct txn *txn, struct task *batch,
                              enum manner manner)
{
	enum verdict (*write)(struct scribe *, struct txn *, struct job *) =
		manner == TOGETHER ? write_together : write_apart;
	for (struct task *task = batch; task; task = task->next) {
		enum verdict verdict = write(scribe, txn, job_of(task));
		if (verdict != SETTLED)
			return verdict;
	}
	return write(scribe, txn, CLOSING);
}

static enum verdict commit(struct scribe *scribe, struct txn *txn, enum manner manner)
{
	bool has_written = txn_writes(txn) > 0;
	if (has_written)
		mischief("before-commit", "batch");
	uint64_t began = uv_hrtime();
	scribe->commit_fault = txn_commit(txn);
	uint64_t took = (uv_hrtime() - began) / 1000;
	if (has_written && !scribe->commit_fault)
		mischief("after-commit", "batch");
	if (scribe->commit_fault == FAULT_STORE_FULL && scribe->can_grow)
		return FULL;
	if (scribe->commit_fault == FAULT_STORE_FULL && manner == TOGETHER)
		return SPOILED;		/* some of the jobs may still find room */
	if (scribe->commit_fault)
		scribe->failures++;
	else if (has_written) {
		scribe->commits++;
		scribe->commit_us += took;
	}
	return SETTLED;
}

static enum verdict write_batch(struct scribe *scribe, struct task *batch, enum manner manner)
{
	struct txn txn;
	scribe->commit_fault = txn_begin(scribe->store, TXN_WRITE, &txn);
	if (scribe->commit_fault)
		return SETTLED;
	enum verdict verdict = write_all(scribe, &txn, batch, manner);
	if (verdict == SETTLED)
		return commit(scribe, &txn, manner);
	txn_abort(&txn);
	return verdict;
}

static void write_until_settled(struct scribe *scribe, struct task *batch)
{
	enum manner manner = TOGETHER;
	enum verdict verdict;
	scribe->can_grow = true;
	while ((verdict = write_batch(scribe, batch, manner)) != SETTLED) {
		if (verdict == FULL) {
			scribe->can_grow = !store_grow(scribe->store);
			continue;
		}
		manner = APART;
		scribe->repeats++;
	}
}

static void reopen(struct scribe *scribe)
{
	scribe->is_shut = store_reopen(scribe->store) != OK;
}

/* No job of a batch that failed stands, not even as refused: it may have been refused because of
 * another that is not on the disk now. */
static void tell_outcome(struct scribe *scribe, struct task *batch)
{
	uint64_t count = 0;
	enum fault fault = scribe->commit_fault ? scribe->commit_fault : scribe->closing_fault;
	for (struct task *task = batch; task; task = task->next, count++) {
		job_of(task)->batch_fault = fault;
		if (scribe->commit_fault)
			set_outcome(scribe, job_of(task), scribe->commit_fault);
	}
	scribe->jobs += count;
	scribe->batch_last = count;
	if (count > scribe->batch_max)
		scribe->batch_max = count;
}

static void work(void *owner, struct task *batch)
{
	struct scribe *scribe = owner;
	scribe->commit_fault = scribe->closing_fault = OK;
	if (scribe->is_shut)
		reopen(scribe);
	write_until_settled(scribe, batch);
	tell_outcome(scribe, batch);
	if (scribe->commit_fault == FAULT_IN_DOUBT)
		reopen(scribe);
}

/* ── on the loop's thread ───────────────────────────────────────────────────────────────────── */

/* The detail was left on the other thread: leave it anew on this one. */
static void bring_detail(struct job *job)
{
	fault_say(job->detail ? job->fault : OK, "%s", job->detail ? job->detail : "");
	free(job->detail);
	job->detail = NULL;
}

static void done(void *owner, struct task *task)
{
	struct scribe *scribe = owner;
	struct job *job = job_of(task);
	bool ends_batch = task->ends_batch;	/* `done` may free the job */
	enum fault batch_fault = job->batch_fault;
	bring_detail(job);
	job->done(job, job->fault);
	if (ends_batch && scribe->listener && scribe->listener->settled)
		scribe->listener->settled(scribe->owner, batch_fault);
}

static void on_closed(void *owner)
{
	struct scribe *scribe = owner;
	void (*closed)(void *owner) = scribe->closed;
	void *whose = scribe->owner;
	free(scribe);
	if (closed)
		closed(whose);
}

static const struct worker_duty duty = {
	.work = work, .done = done, .closed = on_closed, .batch_max = SCRIBE_BATCH_MAX,
};

enum fault scribe_open(uv_loop_t *loop, struct store *store, const struct scribe_listener *listener,
                       void *owner, struct scribe **opened)
{
	*opened = NULL;
	struct scribe *scribe = calloc(1, sizeof *scribe);
	if (!scribe)
		return FAULT_NO_MEMORY;
	scribe->store = store;
	scribe->listener = listener;
	scribe->owner = owner;
	enum fault fault = worker_open(loop, &duty, scribe, &scribe->worker);
	if (fault)
		free(scribe);
	else
		*opened = scribe;
	return fault;
}

void scribe_add(struct scribe *scribe, struct job *job)
{
	job->detail = NULL;
	job->fault = job->batch_fault = OK;
	worker_add(scribe->worker, &job->task);
}

size_t scribe_waiting(const struct scribe *scribe)
{
	return worker_outstanding(scribe->worker);
}

struct scribe_stat scribe_stat(const struct scribe *scribe)
{
	return (struct scribe_stat){
		.jobs = scribe->jobs,
		.commits = scribe->commits,
		.commit_us = scribe->commit_us,
		.repeats = scribe->repeats,
		.failures = scribe->failures,
		.batch_last = scribe->batch_last,
		.batch_max = scribe->batch_max,
	};
}

void scribe_close(struct scribe *scribe, void (*closed)(void *owner))
{
	scribe->closed = closed;
	worker_close(scribe->worker);
}
