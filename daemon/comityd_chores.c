/* What is done by the clock: each a small step, so that nobody waits for it. */
#include <string.h>

#include "certs/signature.h"
#include "daemon/comityd_parts.h"
#include "daemon/ledger/events.h"
#include "daemon/log.h"
#include "daemon/ledger/record.h"
#include "daemon/ledger/tokens.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum {
	TICK_MS = 5000,
	RETRY_TICKS = 3,
	QUARTER_TICKS = 900 * 1000 / TICK_MS,
	HOUR_TICKS = 3600 * 1000 / TICK_MS,
	DAY_TICKS = 24 * 3600 * 1000 / TICK_MS,
	DAY_SECONDS = 24 * 3600,
};

static struct comityd *comityd_of(struct chores *chores)
{
	return container_of(chores, struct comityd, chores);
}

/* ── tokens of calls that nobody repeats any more ─────────────────────────────────────────────── */

static enum fault write_pruning(struct txn *txn, struct job *job)
{
	struct chores *chores = container_of(job, struct chores, pruning.job);
	chores->pruning.next = chores->pruning.at;
	chores->pruning.goes_on = tokens_prune(txn, chores->pruning.before, &chores->pruning.next);
	return txn->fault;
}

static void on_pruned(struct job *job, enum fault fault)
{
	struct chores *chores = container_of(job, struct chores, pruning.job);
	chores->pruning.is_writing = false;
	chores->pruning.at = chores->pruning.next;
	if (fault)
		log_broken("store: old idempotency keys cannot be pruned: %s", fault_detail(fault));
	if (fault || !chores->pruning.goes_on)
		chores->pruning.is_round = false;	/* tomorrow again */
}

static void prune_step(struct chores *chores)
{
	if (!chores->pruning.is_round || chores->pruning.is_writing)
		return;
	chores->pruning.is_writing = true;
	chores->pruning.job = (struct job){ .write = write_pruning, .done = on_pruned };
	scribe_add(comityd_of(chores)->scribe, &chores->pruning.job);
}

/* ── parts of attachments that nobody comes back for ──────────────────────────────────────────── */

/* What is wanted is gone on with, however long it takes. */
static void spare_wanted(struct txn *txn, struct blob_leftovers *leftovers)
{
	struct walk walk;
	struct span key, value;
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	walk_from(&walk, txn, TABLE_WANTED, (struct span){ 0 }, (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		uint8_t request[UUID_SIZE];
		const Comity__Wanted *wanted = record_read(txn, value, &comity__wanted__descriptor, &arena);
		if (wanted && wanted->request_id && uuid_read(request, span_of_text(wanted->request_id)))
			txn_fail(txn, blob_leftovers_spare(leftovers, request, span_of_binary(wanted->sha256)));
		arena_reset(&arena);
	}
	walk_end(&walk);
	arena_clear(&arena);
}

/* Without the ledger's word nothing is deleted. */
static enum fault sweep(struct comityd *comityd, struct blob_leftovers *leftovers, size_t *swept)
{
	while (blob_leftovers_next(leftovers)) {
		struct txn txn;
		TRY(txn_begin(comityd->store, TXN_READ, &txn));
		spare_wanted(&txn, leftovers);
		enum fault fault = txn.fault;
		txn_abort(&txn);
		TRY(fault);
		*swept += blob_leftovers_delete(leftovers);
	}
	return OK;
}

static void work_sweeping(struct errand *errand)
{
	struct chores *chores = container_of(errand, struct chores, sweeping.errand);
	struct comityd *comityd = comityd_of(chores);
	struct blob_leftovers *leftovers;
	enum fault fault = blob_leftovers_open(comityd->blobs, chores->sweeping.before, &leftovers);
	chores->sweeping.swept = 0;
	if (!fault)
		fault = sweep(comityd, leftovers, &chores->sweeping.swept);
	blob_leftovers_close(leftovers);
	chores->sweeping.fault = fault;
}

static void on_swept(struct errand *errand)
{
	struct chores *chores = container_of(errand, struct chores, sweeping.errand);
	chores->sweeping.is_under_way = false;
	if (chores->sweeping.fault)
		log_broken("blobs: parts that were left cannot be swept: %s", fault_text(chores->sweeping.fault));
	if (chores->sweeping.swept)
		log_info("blobs: swept %zu part%s of attachments that nobody came back for", chores->sweeping.swept,
			chores->sweeping.swept == 1 ? "" : "s");
}

/* A day is left for an upload that was cut and is begun again. */
static void sweep_parts(struct chores *chores, int64_t now)
{
	if (chores->sweeping.is_under_way)
		return;
	chores->sweeping.before = now / STAMP_SECOND - DAY_SECONDS;
	chores->sweeping.is_under_way = true;
	chores->sweeping.errand = (struct errand){ .work = work_sweeping, .done = on_swept };
	porter_add(comityd_of(chores)->carrier, &chores->sweeping.errand);
}

/* ── the clock ────────────────────────────────────────────────────────────────────────────────── */

/* Nothing is destroyed for its age by a clock that is in doubt, or outside our own certificates' lives. */
static enum fault tell_time(struct comityd *comityd, int64_t *now)
{
	TRY(clock_tell(&comityd->clock, now));
	return signature_check_time(comityd->identity, *now / STAMP_SECOND);
}

/* What a wrong clock told would be told wrongly, and reminders go to others. */
static void look_at_cases(struct comityd *comityd)
{
	int64_t now;
	if (!tell_time(comityd, &now))
		vigil_run(comityd->vigil, now);
}

static void begin_hour(struct comityd *comityd)
{
	papers_hour(comityd);
	look_at_cases(comityd);
}

static void begin_day(struct chores *chores)
{
	int64_t now;
	enum fault fault = tell_time(comityd_of(chores), &now);
	if (fault) {
		log_unusual("comityd: nothing old is cleared away: %s", fault_detail(fault));
		return;
	}
	sweep_parts(chores, now);
	witness_day(comityd_of(chores)->witness);
	if (purger_run(comityd_of(chores)->purger, false, NULL, NULL))
		log_info("retention: %s", fault_text(FAULT_NOT_YET));	/* somebody asked for a round just now */
	if (chores->pruning.is_round)
		return;
	chores->pruning.is_round = true;
	chores->pruning.before = now - TOKENS_DAYS * STAMP_DAY;
	chores->pruning.at.len = 0;
}

/* ── is there room? ───────────────────────────────────────────────────────────────────────────── */

static enum fault write_room(struct txn *txn, struct job *job)
{
	struct chores *chores = container_of(job, struct chores, room.job);
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.reason = chores->room.now ? (char *)fault_slug(chores->room.now) : NULL;
	txn_use_reserve(txn);
	events_append(txn, chores->room.now ? EVENT_STORE_FULL : EVENT_STORE_OK, NULL, &data);
	return txn->fault;
}

/* What could not be told is told with the next tick. */
static void on_room_told(struct job *job, enum fault fault)
{
	struct chores *chores = container_of(job, struct chores, room.job);
	chores->room.is_writing = false;
	if (!fault)
		chores->room.told = chores->room.now;
}

static void look_for_room(struct chores *chores)
{
	if (chores->room.is_writing)
		return;
	chores->room.now = store_lack(comityd_of(chores)->store);
	if (chores->room.now == chores->room.told || chores->room.now == FAULT_IN_DOUBT)
		return;
	if (chores->room.now)
		log_broken("store: nothing new is taken in: %s", fault_text(chores->room.now));
	chores->room.is_writing = true;
	chores->room.job = (struct job){ .write = write_room, .done = on_room_told };
	scribe_add(comityd_of(chores)->scribe, &chores->room.job);
}

static void on_tick(uv_timer_t *timer)
{
	struct chores *chores = timer->data;
	struct comityd *comityd = comityd_of(chores);
	bool is_believed_again = watch_look(comityd);
	registry_write_refusals(comityd->registry);
	look_for_room(chores);
	if (++chores->ticks % RETRY_TICKS == 0) {
		fetcher_retry(comityd->fetcher);	/* attachments that could not be kept */
		outbox_retry(comityd->outbox);		/* messages that could not be signed */
		if (comityd->clock.is_in_doubt)
			peers_ask_clocks(comityd->peers);
	}
	comparison_tick(comityd->comparison);
	papers_look(comityd);
	if (chores->ticks % HOUR_TICKS == 0 || is_believed_again)
		begin_hour(comityd);
	else if (chores->ticks % QUARTER_TICKS == 0 || vigil_next(comityd->vigil) <= stamp_clock())
		look_at_cases(comityd);
	rotation_look(comityd->rotation);
	checkup_tick(comityd->checkup);
	if (chores->ticks % DAY_TICKS == 0 || is_believed_again)
		begin_day(chores);
	prune_step(chores);
}

enum fault chores_begin(struct comityd *comityd)
{
	struct chores *chores = &comityd->chores;
	chores->timer.data = chores;
	if (uv_timer_init(&comityd->loop, &chores->timer) || uv_timer_start(&chores->timer, on_tick, TICK_MS, TICK_MS))
		return fault_say(FAULT_IO, "no timer can be had");
	begin_hour(comityd);
	begin_day(chores);
	return OK;
}
