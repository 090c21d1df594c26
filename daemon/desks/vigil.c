#include "daemon/desks/vigil.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/law/acts.h"
#include "daemon/ledger/events.h"
#include "daemon/log.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

enum { CASES_A_STEP = 200, DAY_SECONDS = 86400, KINDS = VIGIL_KINDS };

static const uint32_t never = UINT32_MAX;

struct vigil {
	struct vigil_rooms rooms;
	struct job job;
	struct key at, next;			/* behind the last case that was looked at; as a step leaves it */
	int64_t now;
	int64_t upcoming, soonest;		/* in this round so far; in the last whole one */
	uint64_t counting[KINDS][2], overdue[KINDS][2];	/* the same: by what is owed, and whether by them */
	bool is_round, is_stopped, goes_on;
};

/* A case that is being looked at. */
struct look {
	struct vigil *vigil;
	struct txn *txn;
	struct arena *arena;
	Comity__Case *kase;
	bool is_changed;
};

/* ── telling ──────────────────────────────────────────────────────────────────────────────────────── */

static void tell(const struct look *look, const char *type, const char *reason, const char *until, const char *text)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	const char *reference = casework_our_reference(look->kase);
	data.request = (char *)reference;
	data.request_id = look->kase->request_id;
	data.peer = look->kase->peer;
	data.reason = (char *)reason;
	data.until = (char *)until;
	data.text = (char *)text;
	events_append(look->txn, type, *reference ? reference : look->kase->request_id, &data);
}

static void tell_due(const struct look *look, const Comity__Due *due, int64_t left)
{
	char text[160];
	const char *whose = due_is_theirs(look->kase, due) ? look->kase->peer : "us";
	if (left < 0)
		snprintf(text, sizeof text, "overdue: %s, until %.32s, owed by %s", due_name(due), due->by, whose);
	else
		snprintf(text, sizeof text, "due in %" PRId64 " days: %s, until %.32s, owed by %s", left / DAY_SECONDS, due_name(due), due->by,
			whose);
	tell(look, EVENT_REQUEST_DEADLINE, due_name(due), due->by, text);
}

/* The nearest threshold that was passed: 0 when it is over, `never` when there is time. */
static uint32_t threshold_of(const struct thresholds *thresholds, int64_t left)
{
	uint32_t nearest = never;
	for (size_t i = 0; left >= 0 && i < thresholds->count; i++)
		if (left <= thresholds->seconds[i])
			nearest = (uint32_t)thresholds->seconds[i];
	return left < 0 ? 0 : nearest;
}

/* ── one case ─────────────────────────────────────────────────────────────────────────────────────── */

static bool is_time_to_remind(const struct look *look, const Comity__Due *due)
{
	int64_t last;
	int64_t every = look->vigil->rooms.remind_ms;
	if (every < 0 || look->kase->oral || !due_is_theirs(look->kase, due) || phase_of(look->kase->status) != PHASE_LIVE)
		return false;
	return !due->reminded_at || !stamp_read(due->reminded_at, &last) || look->vigil->now - last >= every * 1000;
}

/* Below zero when it is over; false when it never is. */
static bool time_left(const struct look *look, const Comity__Due *due, int64_t *left)
{
	int64_t ends;
	if (!due_ends(look->kase, due, &ends))
		return false;
	*left = ends > look->vigil->now ? (ends - look->vigil->now) / STAMP_SECOND : -1;
	return true;
}

/* When the next thing is to be told of it: its end, or the nearest threshold before that. */
static void note_upcoming(struct look *look, int64_t left)
{
	struct vigil *vigil = look->vigil;
	int64_t wait = left;
	for (size_t i = 0; i < vigil->rooms.deadlines.count; i++)
		if (left > vigil->rooms.deadlines.seconds[i] && left - vigil->rooms.deadlines.seconds[i] < wait)
			wait = left - vigil->rooms.deadlines.seconds[i];
	int64_t at = vigil->now + (wait + 1) * STAMP_SECOND;
	if (left >= 0 && at < vigil->upcoming)
		vigil->upcoming = at;
}

static void look_at_due(struct look *look, Comity__Due *due)
{
	int64_t left;
	if (!time_left(look, due, &left))
		return;
	note_upcoming(look, left);
	if (left < 0 && (size_t)due->kind < KINDS)
		look->vigil->counting[due->kind][due_is_theirs(look->kase, due)]++;
	uint32_t threshold = threshold_of(&look->vigil->rooms.deadlines, left), told = due->has_told ? due->told : never;
	if (threshold != told) {
		due->has_told = threshold != never;
		due->told = threshold;
		look->is_changed = true;
		if (threshold < told)
			tell_due(look, due, left);
	}
}

/* A reminder keeps the case itself.  What keeps it from being said (a peer that is blocked, a past
 * that is still being fetched back) is tried again next time; the case
 * in memory is worth nothing then, and what was told of it is kept already. */
static void remind(struct look *look)
{
	enum fault fault = OK;
	int64_t left;
	for (size_t i = 0; !fault && i < look->kase->n_dues; i++) {
		Comity__Due *due = look->kase->dues[i];
		if (time_left(look, due, &left) && left < 0 && is_time_to_remind(look, due))
			fault = casework_remind(look->vigil->rooms.casework, look->txn, look->kase, due, look->arena);
	}
	if (fault && fault_remedy(fault) != REMEDY_REFUSE && fault != FAULT_RECOVERING)
		txn_fail(look->txn, fault);
}

/* Nobody has said anything for long, and it is the other side's turn. */
static void look_at_silence(struct look *look)
{
	Comity__Case *kase = look->kase;
	int64_t last;
	char text[160];
	const char *awaited = casework_waiting_for(kase);
	bool is_theirs = *awaited && strcmp(awaited, look->vigil->rooms.casework->own_id);
	if (look->vigil->rooms.silence_ms < 0 || !is_theirs || !kase->changed_at || !stamp_read(kase->changed_at, &last))
		return;
	bool is_told = kase->silence_told && !strcmp(kase->silence_told, kase->changed_at);
	if (is_told || look->vigil->now - last < look->vigil->rooms.silence_ms * 1000)
		return;
	snprintf(text, sizeof text, "nothing was heard for %" PRId64 " days; %s is waited for", (look->vigil->now - last) / STAMP_DAY, awaited);
	tell(look, EVENT_REQUEST_SILENT, NULL, NULL, text);
	kase->silence_told = kase->changed_at;
	look->is_changed = true;
}

static void look_at(struct vigil *vigil, struct txn *txn, struct span value, struct arena *arena)
{
	Comity__Case *kase = record_read(txn, value, &comity__case__descriptor, arena);
	struct look look = { .vigil = vigil, .txn = txn, .arena = arena, .kase = kase };
	if (!kase || phase_of(kase->status) == PHASE_OVER)
		return;
	look_at_silence(&look);
	for (size_t i = 0; i < kase->n_dues; i++)
		look_at_due(&look, kase->dues[i]);
	if (look.is_changed)
		casework_keep(txn, kase);
	if (!txn->fault)
		remind(&look);
}

/* ── the round ────────────────────────────────────────────────────────────────────────────────────── */

/* The keys first: the walk must not see what is written on the way. */
static size_t gather(struct txn *txn, const struct key *at, struct key ids[CASES_A_STEP])
{
	struct span key, value;
	struct walk walk;
	size_t count = 0;
	walk_from(&walk, txn, TABLE_CASES, (struct span){ 0 }, key_span(at));
	while (count < CASES_A_STEP && walk_next(&walk, &key, &value)) {
		ids[count].len = 0;
		key_bytes(&ids[count++], key);
	}
	walk_end(&walk);
	return count;
}

static void take_step(struct vigil *vigil, struct txn *txn)
{
	struct key ids[CASES_A_STEP];
	struct span value;
	struct arena arena;
	size_t count = gather(txn, &vigil->at, ids);
	arena_init(&arena, UNPACK_ARENA);
	for (size_t i = 0; i < count && !txn->fault; i++) {
		if (txn_get(txn, TABLE_CASES, key_span(&ids[i]), &value))
			look_at(vigil, txn, value, &arena);
		arena_reset(&arena);
	}
	arena_clear(&arena);
	vigil->goes_on = count == CASES_A_STEP;
	if (count) {
		vigil->next = ids[count - 1];
		key_u8(&vigil->next, 0);	/* just behind it */
	}
}

static enum fault write_step(struct txn *txn, struct job *job)
{
	take_step(container_of(job, struct vigil, job), txn);
	return txn->fault;
}

static void step(struct vigil *vigil);

/* What was found is told to others from now on. */
static void end_round(struct vigil *vigil)
{
	vigil->soonest = vigil->upcoming;
	memcpy(vigil->overdue, vigil->counting, sizeof vigil->overdue);
}

static void on_step(struct job *job, enum fault fault)
{
	struct vigil *vigil = container_of(job, struct vigil, job);
	vigil->at = vigil->next;
	if (fault)
		log_broken("vigil: the deadlines of the cases cannot be looked at: %s", fault_detail(fault));
	vigil->is_round = !fault && vigil->goes_on && !vigil->is_stopped;
	if (vigil->is_round)
		step(vigil);
	else
		end_round(vigil);
}

static void step(struct vigil *vigil)
{
	vigil->job = (struct job){ .write = write_step, .done = on_step };
	scribe_add(vigil->rooms.scribe, &vigil->job);
}

static void begin_round(struct vigil *vigil, int64_t now)
{
	vigil->now = now;
	vigil->upcoming = INT64_MAX;
	memset(vigil->counting, 0, sizeof vigil->counting);
	vigil->at.len = 0;
}

void vigil_run(struct vigil *vigil, int64_t now)
{
	if (vigil->is_round || vigil->is_stopped)
		return;
	vigil->is_round = true;
	begin_round(vigil, now);
	step(vigil);
}

void vigil_look(struct vigil *vigil, struct txn *txn, int64_t now)
{
	begin_round(vigil, now);
	do {
		take_step(vigil, txn);
		vigil->at = vigil->next;
	} while (vigil->goes_on && !txn->fault);
	end_round(vigil);
}

uint64_t vigil_overdue(const struct vigil *vigil, Comity__DueKind__Value kind, bool is_theirs)
{
	return (size_t)kind < KINDS ? vigil->overdue[kind][is_theirs] : 0;
}

int64_t vigil_next(const struct vigil *vigil)
{
	return vigil->soonest;
}

void vigil_stop(struct vigil *vigil)
{
	vigil->is_stopped = true;
}

enum fault vigil_open(const struct vigil_rooms *rooms, struct vigil **vigil)
{
	struct vigil *made = *vigil = calloc(1, sizeof *made);
	if (!made)
		return FAULT_NO_MEMORY;
	made->rooms = *rooms;
	made->soonest = INT64_MAX;
	return OK;
}

void vigil_close(struct vigil *vigil)
{
	free(vigil);
}
