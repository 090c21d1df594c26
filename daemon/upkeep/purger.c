#include "daemon/upkeep/purger.h"

#include <stdlib.h>
#include <string.h>

#include "certs/signature.h"
#include "daemon/ledger/blobs.h"
#include "daemon/log.h"
#include "proto/stamp.h"

struct purger {
	struct purger_rooms rooms;
	struct retention retention;
	struct retention_round round;		/* as it is on disk */
	struct retention_round next;		/* the scribe's: as it will be with this step */
	struct job job;
	struct errand errand;
	bool is_under_way, is_stopping;
	enum fault fault;			/* of the errand */
	void (*done)(void *owner, enum fault fault, const struct retention_round *round);
	void *owner;
};

static void step(struct purger *purger);

static void finish(struct purger *purger, enum fault fault)
{
	purger->is_under_way = false;
	if (fault && fault != FAULT_SHUTTING_DOWN)
		log_broken("retention: a round could not be finished: %s", fault_detail(fault));
	else if (!purger->retention.is_dry && (purger->round.cases || purger->round.events))
		log_info("retention: %llu closed cases and %llu events were destroyed", (unsigned long long)purger->round.cases,
			(unsigned long long)purger->round.events);
	if (purger->done)
		purger->done(purger->owner, fault, &purger->round);
}

/* ── the files ────────────────────────────────────────────────────────────────────────────────── */

static enum fault write_forgotten(struct txn *txn, struct job *job)
{
	struct purger *purger = container_of(job, struct purger, job);
	purger->next = purger->round;
	retention_forget_blobs(txn, &purger->next);
	purger->next.digest_count = 0;
	return txn->fault;
}

static void on_written(struct job *job, enum fault fault)
{
	struct purger *purger = container_of(job, struct purger, job);
	if (!fault)
		purger->round = purger->next;
	if (!fault && purger->is_stopping && !purger->round.is_over)
		fault = fault_say(FAULT_SHUTTING_DOWN, "it goes on with the next round");
	if (fault || purger->round.is_over)
		finish(purger, fault);
	else
		step(purger);
}

static void remove_files(struct errand *errand)
{
	struct purger *purger = container_of(errand, struct purger, errand);
	purger->fault = OK;
	for (size_t i = 0; i < purger->round.digest_count && !purger->fault; i++)
		purger->fault = blobs_remove(purger->rooms.blobs,
			(struct blob_id){ purger->round.request, purger->round.digests[i] });
}

/* What could not be removed is still on record: the next round tries again. */
static void on_removed(struct errand *errand)
{
	struct purger *purger = container_of(errand, struct purger, errand);
	if (purger->is_stopping && !purger->fault)
		purger->fault = FAULT_SHUTTING_DOWN;	/* the scribe may be gone */
	if (purger->fault) {
		finish(purger, fault_say(purger->fault, "an attachment's file cannot be removed"));
		return;
	}
	purger->job = (struct job){ .write = write_forgotten, .done = on_written };
	scribe_add(purger->rooms.scribe, &purger->job);
}

/* ── steps ────────────────────────────────────────────────────────────────────────────────────── */

static enum fault write_step(struct txn *txn, struct job *job)
{
	struct purger *purger = container_of(job, struct purger, job);
	purger->next = purger->round;
	retention_step(txn, &purger->retention, &purger->next);
	return txn->fault;
}

static void on_stepped(struct job *job, enum fault fault)
{
	struct purger *purger = container_of(job, struct purger, job);
	if (fault || !purger->next.digest_count || purger->is_stopping) {
		on_written(job, fault);
		return;
	}
	purger->round = purger->next;
	purger->errand = (struct errand){ .work = remove_files, .done = on_removed };
	porter_add(purger->rooms.steward, &purger->errand);
}

static void step(struct purger *purger)
{
	purger->job = (struct job){ .write = write_step, .done = on_stepped };
	scribe_add(purger->rooms.scribe, &purger->job);
}

static int64_t before(int64_t keep_ms)
{
	return keep_ms < 0 ? INT64_MIN : stamp_clock() - keep_ms * 1000;
}

enum fault purger_run(struct purger *purger, bool is_dry,
	void (*done)(void *owner, enum fault fault, const struct retention_round *round), void *owner)
{
	if (purger->is_under_way || purger->is_stopping)
		return fault_say(FAULT_NOT_YET, "a round of the retention policy is under way");
	TRY(signature_check_time(purger->rooms.identity, stamp_clock() / STAMP_SECOND));	/* a wrong clock destroys nothing */
	purger->is_under_way = true;
	purger->retention = (struct retention){ .own_id = purger->rooms.own_id, .is_dry = is_dry,
		.cases_before = before(purger->rooms.keep_cases_ms), .events_before = before(purger->rooms.keep_events_ms) };
	memset(&purger->round, 0, sizeof purger->round);
	purger->done = done;
	purger->owner = owner;
	step(purger);
	return OK;
}

void purger_stop(struct purger *purger)
{
	purger->is_stopping = true;
}

enum fault purger_open(const struct purger_rooms *rooms, struct purger **purger)
{
	*purger = calloc(1, sizeof **purger);
	if (!*purger)
		return FAULT_NO_MEMORY;
	(*purger)->rooms = *rooms;
	return OK;
}

void purger_close(struct purger *purger)
{
	free(purger);
}
