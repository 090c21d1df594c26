#pragma once
/* The one writer of the ledger, on a thread of its own, with one commit for all that waits.
 *
 * The loop never writes: it hands the scribe jobs.  While one batch is being committed the next
 * gathers; no timer decides.  A job's outcome is told on the loop once it is on disk, in the order
 * in which the jobs were added.  One bad job never spoils its neighbours: it is rolled back alone.
 */
#include <uv.h>

#include "daemon/ledger/store.h"
#include "daemon/ledger/worker.h"

enum { SCRIBE_BATCH_MAX = 1024 };

/* One thing to be written: embedded in what it belongs to, found again by container_of. */
struct job {
	struct task task;			/* the scribe's own */
	/* On the scribe's thread, inside the transaction.  Touch only txn and what is the job's.
	 * It may run more than once, since a batch that failed is repeated, so it sets its results
	 * anew each time and tells nobody.  txn->fault, or else what it returns, is the job's
	 * fault, and then nothing that it wrote is kept: a refusal worth keeping is a row you
	 * write, not a fault you return. */
	enum fault (*write)(struct txn *txn, struct job *job);
	/* On the loop's thread, once the outcome is on disk.  The job is yours again;
	 * fault_detail() is what `write` left.  FAULT_IN_DOUBT: it may be on disk or not.  Never
	 * NULL. */
	void (*done)(struct job *job, enum fault fault);
	/* the scribe's own */
	enum fault fault, batch_fault;
	char *detail;
};

/* What the scribe tells its owner.  Either may be NULL. */
struct scribe_listener {
	/* On the scribe's thread, at the end of each batch, just before its commit: written with
	 * it or not at all.  May run more than once for a batch.  If it leaves a fault in the
	 * transaction, what it wrote is rolled back and the jobs stand, so it must find anew, next
	 * time, what is left to be done. */
	void (*closing)(void *owner, struct txn *txn);
	/* On the loop's thread after the `done`s of a batch: the commit's fault, else that of
	 * `closing`. */
	void (*settled)(void *owner, enum fault fault);
};

struct scribe_stat {
	uint64_t jobs;				/* worked off */
	uint64_t commits;			/* that wrote something and went well */
	uint64_t commit_us;			/* microseconds that these took, all together */
	uint64_t repeats;			/* batches that were done again, each job by itself */
	uint64_t failures;			/* commits that failed */
	uint64_t batch_last, batch_max;		/* jobs in one batch */
};

struct scribe;

/* Begin to write in the store, which must outlive the scribe.  Faults: no memory, io. */
enum fault scribe_open(uv_loop_t *loop, struct store *store, const struct scribe_listener *listener,
                       void *owner, struct scribe **scribe) MUST_CHECK;
void scribe_add(struct scribe *scribe, TAKES struct job *job);
/* Jobs added and not yet told of: who takes work from outside stops when this grows. */
size_t scribe_waiting(const struct scribe *scribe);
struct scribe_stat scribe_stat(const struct scribe *scribe);
/* Write what waits, then stop; `closed`, which may be NULL, is called on the loop at the very end,
 * and the scribe is gone.  Jobs that a `done` adds before that are still written. */
void scribe_close(struct scribe *scribe, void (*closed)(void *owner));
