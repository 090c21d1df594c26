#include "daemon/upkeep/purger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/signature.h"
#include "daemon/ledger/blobs.h"
#include "daemon/ledger/clock.h"
#include "daemon/log.h"
#include "daemon/upkeep/destruction.h"
#include "proto/stamp.h"
#include "proto/uuid.h"

struct purger {
	struct purger_rooms rooms;
	struct retention retention;
	struct retention_round round;		/* as it is on disk */
	struct retention_round next;		/* the scribe's: as it will be with this step */
	struct job job;
	struct errand errand;
	bool is_under_way, is_stopping;
	char only[UUID_TEXT_SIZE], reason[DESTROYED_REASON_MAX + 1];	/* of the one case that is to be destroyed */
	enum fault fault;			/* of the errand */
	void (*done)(void *owner, enum fault fault, const struct retention_round *round);
	void *owner;
};

static void step(struct purger *purger);

static void tell_end(struct purger *purger, enum fault fault)
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

/* ── the keys ─────────────────────────────────────────────────────────────────────────────────── */

static void change_vault(struct errand *errand)
{
	struct purger *purger = container_of(errand, struct purger, errand);
	purger->fault = store_change_vault(purger->rooms.store);
	if (purger->fault)
		log_broken("retention: keys that were destroyed may still be in free pages: %s", fault_detail(purger->fault));
}

static void on_vault_changed(struct errand *errand)
{
	struct purger *purger = container_of(errand, struct purger, errand);
	tell_end(purger, purger->fault);
}

/* Keys were destroyed: then the old ones are made worthless wherever they still lie. */
static void finish(struct purger *purger, enum fault fault)
{
	if (fault || purger->retention.is_dry || !purger->round.cases || purger->is_stopping) {
		tell_end(purger, fault);
		return;
	}
	purger->errand = (struct errand){ .work = change_vault, .done = on_vault_changed };
	porter_add(purger->rooms.steward, &purger->errand);
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
	if (txn->fault || !purger->retention.only || purger->next.cases == purger->round.cases)
		return txn->fault;
	const struct destruction destruction = { .identity = identity_now(purger->rooms.identity), .request_id = purger->retention.only,
		.reason = purger->retention.reason, .uid = purger->retention.uid };
	return destruction_certify(txn, &destruction);	/* in the transaction in which it became a shell */
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

static int64_t before(int64_t now, int64_t keep_ms)
{
	return keep_ms < 0 ? INT64_MIN : now - keep_ms * 1000;
}

/* A wrong clock destroys nothing. */
static enum fault begin(struct purger *purger, int64_t *now)
{
	if (purger->is_under_way || purger->is_stopping)
		return fault_say(FAULT_NOT_YET, "a round of the retention policy is under way");
	TRY(clock_tell(purger->rooms.clock, now));
	return signature_check_time(purger->rooms.identity, *now / STAMP_SECOND);
}

static void run(struct purger *purger, const struct retention *retention,
	void (*done)(void *owner, enum fault fault, const struct retention_round *round), void *owner)
{
	purger->is_under_way = true;
	purger->retention = *retention;
	memset(&purger->round, 0, sizeof purger->round);
	purger->done = done;
	purger->owner = owner;
	step(purger);
}

enum fault purger_run(struct purger *purger, bool is_dry,
	void (*done)(void *owner, enum fault fault, const struct retention_round *round), void *owner)
{
	int64_t now;
	TRY(begin(purger, &now));
	const struct retention retention = { .own_id = purger->rooms.own_id, .is_dry = is_dry,
		.cases_before = before(now, purger->rooms.keep_cases_ms), .events_before = before(now, purger->rooms.keep_events_ms),
		.consumers_gone_since = before(now, purger->rooms.consumers_lag_ms) };
	run(purger, &retention, done, owner);
	return OK;
}

enum fault purger_destroy(struct purger *purger, const char *request_id, const char *reason, uint32_t uid,
	void (*done)(void *owner, enum fault fault, const struct retention_round *round), void *owner)
{
	int64_t now;
	TRY(destroyed_check_reason(reason));
	TRY(begin(purger, &now));
	snprintf(purger->only, sizeof purger->only, "%s", request_id);
	snprintf(purger->reason, sizeof purger->reason, "%s", reason);
	const struct retention retention = { .own_id = purger->rooms.own_id, .cases_before = INT64_MIN, .events_before = INT64_MIN,
		.only = purger->only, .reason = purger->reason, .uid = uid };
	run(purger, &retention, done, owner);
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
