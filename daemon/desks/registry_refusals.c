/* Lines that did not come about, and ids that were used twice: why, how often and since when, for `comity peer show`.
 *
 * Whoever connects can be refused as fast as it likes, and can claim to be anybody.  So only of peers that we know is
 * anything kept, what was only claimed is kept apart from what is sure, and repetitions are gathered in memory: each
 * reason of a peer is written at most once in REFUSAL_PAUSE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/desks/registry_parts.h"
#include "proto/stamp.h"

enum { REFUSAL_PAUSE = 5 * STAMP_SECOND, PEER_ARENA = 8 << 20 };

/* One reason of one peer. */
struct refusal {
	struct refusal *next;
	struct acquaintance *whose;
	struct refused waiting, writing;	/* writing: the scribe's while is_writing */
	bool is_writing;
	int64_t written_at;
	struct job job;
};

/* ── in the ledger ───────────────────────────────────────────────────────────────────────────────── */

static Comity__Refusal *find_row(const Comity__Peer *peer, const char *slug, bool is_claim)
{
	for (size_t i = 0; i < peer->n_refusals; i++) {
		Comity__Refusal *row = peer->refusals[i];
		if (row->reason && !strcmp(row->reason, slug) && !row->claimed == !is_claim)
			return row;
	}
	return NULL;
}

static Comity__Refusal *make_row(const char *slug, bool is_claim, int64_t first_at, struct arena *arena)
{
	char stamp[STAMP_SIZE];
	Comity__Refusal *row = arena_alloc(arena, sizeof *row);
	if (!row)
		return NULL;
	comity__refusal__init(row);
	stamp_write(stamp, first_at);
	row->reason = (char *)slug;
	row->first_at = record_text(arena, stamp);
	row->has_claimed = is_claim;
	row->claimed = is_claim;
	return row;
}

/* The newest first; what is too much at the end, of its kind, is left out. */
static bool put_first(Comity__Peer *peer, Comity__Refusal *first, struct arena *arena)
{
	size_t count = 0, kept[2] = { 0 };
	Comity__Refusal **rows = arena_alloc(arena, (peer->n_refusals + 1) * sizeof *rows);
	if (!rows)
		return false;
	rows[count++] = first;
	kept[!!first->claimed]++;
	for (size_t i = 0; i < peer->n_refusals; i++)
		if (peer->refusals[i] != first && kept[!!peer->refusals[i]->claimed]++ < REFUSALS_KEPT)
			rows[count++] = peer->refusals[i];
	peer->refusals = rows;
	peer->n_refusals = count;
	return true;
}

static void note(struct txn *txn, Comity__Peer *peer, const struct refused *refused, struct arena *arena)
{
	char stamp[STAMP_SIZE];
	const char *slug = fault_slug(refused->fault);
	bool is_claim = refused->proof == LINE_CLAIMED;
	if (peer->refusal && put_first(peer, peer->refusal, arena))
		peer->refusal = NULL;	/* as an older daemon left it */
	Comity__Refusal *row = find_row(peer, slug, is_claim);
	if (!row)
		row = make_row(slug, is_claim, refused->first_at, arena);
	if (!row || !put_first(peer, row, arena)) {
		txn_fail(txn, arena_fault(arena));
		return;
	}
	stamp_write(stamp, refused->last_at);
	row->refused_at = stamp;
	row->address = registry_safe(refused->address, arena);
	row->text = registry_safe(refused->detail, arena);
	row->has_count = 1;
	row->count += refused->count;
	registry_keep(txn, peer);
}

void registry_note_refusal(struct txn *txn, const char *id, const struct refused *refused)
{
	struct arena arena;
	arena_init(&arena, PEER_ARENA);
	Comity__Peer *peer = registry_record(txn, id, &arena);
	if (peer)
		note(txn, peer, refused, &arena);
	arena_clear(&arena);
}

/* Others are about a message: no line that opens says that it is mended. */
static bool is_about_a_line(const char *slug)
{
	return !slug || strcmp(slug, fault_slug(FAULT_ID_REUSED));
}

static bool is_of_the_past(const Comity__Refusal *row, int64_t until)
{
	int64_t refused_at;
	return !row->claimed && is_about_a_line(row->reason) && row->refused_at && stamp_read(row->refused_at, &refused_at) && refused_at <= until;
}

void registry_forget_refusals(struct txn *txn, const char *id, int64_t until)
{
	struct arena arena;
	arena_init(&arena, PEER_ARENA);
	Comity__Peer *peer = registry_record(txn, id, &arena);
	size_t before = peer ? peer->n_refusals : 0, kept = 0;
	for (size_t i = 0; i < before; i++)
		if (!is_of_the_past(peer->refusals[i], until))
			peer->refusals[kept++] = peer->refusals[i];
	if (peer && (kept < before || peer->refusal)) {
		peer->n_refusals = kept;
		peer->refusal = NULL;
		registry_keep(txn, peer);
	}
	arena_clear(&arena);
}

bool registry_has_refusal(const Comity__Peer *peer)
{
	for (size_t i = 0; i < peer->n_refusals; i++)
		if (!peer->refusals[i]->claimed && is_about_a_line(peer->refusals[i]->reason))
			return true;
	return peer->refusal != NULL;
}

/* ── on its way there ────────────────────────────────────────────────────────────────────────────── */

static enum fault write_refusal(struct txn *txn, struct job *job)
{
	const struct refusal *refusal = container_of(job, struct refusal, job);
	registry_note_refusal(txn, refusal->whose->peer, &refusal->writing);
	return txn->fault;
}

static void gather(struct refused *into, const struct refused *more)
{
	uint64_t count = into->count + more->count;
	int64_t first_at = into->count && into->first_at < more->first_at ? into->first_at : more->first_at;
	if (!into->count || more->last_at >= into->last_at)
		*into = *more;
	into->count = count;
	into->first_at = first_at;
}

static void on_refusal_written(struct job *job, enum fault fault)
{
	struct refusal *refusal = container_of(job, struct refusal, job);
	refusal->is_writing = false;
	if (!fault)
		return;
	log_broken("peer %s: refused lines cannot be noted: %s", refusal->whose->peer, fault_detail(fault));
	gather(&refusal->waiting, &refusal->writing);
}

static bool is_due(int64_t written_at, int64_t now)
{
	return now < written_at || now - written_at >= REFUSAL_PAUSE;	/* clocks are set back, too */
}

static void write_when_due(struct refusal *refusal)
{
	int64_t now = stamp_clock();
	if (!refusal->waiting.count || refusal->is_writing || !is_due(refusal->written_at, now))
		return;
	refusal->whose->has_refusal |= refusal->waiting.proof == LINE_PROVEN;
	refusal->writing = refusal->waiting;
	refusal->waiting.count = 0;
	refusal->is_writing = true;
	refusal->written_at = now;
	refusal->job = (struct job){ .write = write_refusal, .done = on_refusal_written };
	scribe_add(refusal->whose->registry->rooms.scribe, &refusal->job);
}

static enum fault write_forgetting(struct txn *txn, struct job *job)
{
	const struct acquaintance *one = container_of(job, struct acquaintance, forgetting.job);
	registry_forget_refusals(txn, one->peer, one->forgetting.until_written);
	return txn->fault;
}

static void on_forgotten(struct job *job, enum fault fault)
{
	struct acquaintance *one = container_of(job, struct acquaintance, forgetting.job);
	one->forgetting.is_writing = false;
	if (fault)
		one->has_refusal = true;	/* the next opening forgets it */
}

static void forget_when_due(struct acquaintance *one)
{
	struct forgetting *forgetting = &one->forgetting;
	int64_t now = stamp_clock();
	if (!forgetting->until || forgetting->is_writing || !is_due(forgetting->written_at, now))
		return;
	forgetting->until_written = forgetting->until;
	forgetting->until = 0;
	forgetting->is_writing = true;
	forgetting->written_at = now;
	forgetting->job = (struct job){ .write = write_forgetting, .done = on_forgotten };
	scribe_add(one->registry->rooms.scribe, &forgetting->job);
}

/* ── on the loop ─────────────────────────────────────────────────────────────────────────────────── */

/* The one of that reason; else a new one, or, when there are enough of its kind, the one that has rested longest.  NULL:
 * all of them are at work, and their reasons tell enough. */
static struct refusal *find_or_make(struct acquaintance *one, enum fault fault, enum line_proof proof)
{
	struct refusal *rested = NULL;
	size_t count = 0;
	for (struct refusal *refusal = one->refusals; refusal; refusal = refusal->next) {
		if (refusal->waiting.proof != proof)
			continue;
		if (refusal->waiting.fault == fault)
			return refusal;
		bool is_at_work = refusal->is_writing || refusal->waiting.count;
		if (!is_at_work && (!rested || refusal->written_at < rested->written_at))
			rested = refusal;
		count++;
	}
	if (count >= REFUSALS_KEPT) {
		if (rested)
			rested->written_at = 0;
		return rested;
	}
	struct refusal *made = calloc(1, sizeof *made);
	if (!made)
		return NULL;
	made->whose = one;
	made->next = one->refusals;
	return one->refusals = made;
}

void registry_refused(struct registry *registry, const char *peer, enum line_proof proof, const char *address,
	enum fault fault, const char *detail)
{
	struct acquaintance *one = registry_recall(registry, peer);
	if (!one || !one->is_known)
		return;		/* anybody can claim to be anybody: only whom we know is worth memory */
	struct refusal *refusal = find_or_make(one, fault, proof);
	if (!refusal)
		return;
	struct refused refused = { .fault = fault, .proof = proof, .count = 1 };
	refused.first_at = refused.last_at = stamp_clock();
	snprintf(refused.address, sizeof refused.address, "%s", address);
	snprintf(refused.detail, sizeof refused.detail, "%s", detail ? detail : fault_text(fault));
	gather(&refusal->waiting, &refused);
	write_when_due(refusal);
}

void registry_opened(struct registry *registry, const char *peer)
{
	struct acquaintance *one = registry_recall(registry, peer);
	if (!one)
		return;
	for (struct refusal *refusal = one->refusals; refusal; refusal = refusal->next)
		if (refusal->waiting.proof == LINE_PROVEN && is_about_a_line(fault_slug(refusal->waiting.fault)))
			refusal->waiting.count = 0;
	if (!one->has_refusal)
		return;
	one->has_refusal = false;
	one->forgetting.until = stamp_clock();
	forget_when_due(one);
}

void registry_write_refusals(struct registry *registry)
{
	for (struct acquaintance *one = registry->acquaintances; one; one = one->next) {
		forget_when_due(one);
		for (struct refusal *refusal = one->refusals; refusal; refusal = refusal->next)
			write_when_due(refusal);
	}
}

void registry_drop_refusals(struct acquaintance *one)
{
	for (struct refusal *refusal = one->refusals, *next; refusal; refusal = next) {
		next = refusal->next;
		free(refusal);
	}
}
