/* Who hears what: the rooms' news, passed from one to the next. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ledger/chain.h"
#include "daemon/comityd_parts.h"
#include "daemon/upkeep/gap.h"
#include "daemon/ledger/hold.h"
#include "daemon/log.h"
#include "daemon/desks/receipts.h"
#include "proto/unpack.h"

/* ── the scribe's news ────────────────────────────────────────────────────────────────────────── */

static void on_closing(void *owner, struct txn *txn)
{
	struct comityd *comityd = owner;
	txn_use_reserve(txn);	/* what waits may leave, however full it is here */
	outbox_form(comityd->outbox, txn);
}

static void on_settled(void *owner, enum fault fault)
{
	struct comityd *comityd = owner;
	if (fault)
		log_broken("store: a batch could not be committed: %s", fault_detail(fault));
	outbox_settled(comityd->outbox, comityd->peers, fault);
	if (comityd->control)
		control_announce(comityd->control);
}

const struct scribe_listener comityd_scribe_news = { .closing = on_closing, .settled = on_settled };

/* ── the line's news ──────────────────────────────────────────────────────────────────────────── */

static void on_positions(void *owner, const char *peer, struct position *sent, struct position *received)
{
	struct comityd *comityd = owner;
	struct txn txn;
	*sent = *received = (struct position){ 0 };
	if (txn_begin(comityd->store, TXN_READ, &txn))
		return;
	*sent = chain_head(&txn, peer, DIRECTION_OURS);
	*received = chain_head(&txn, peer, DIRECTION_THEIRS);
	txn_abort(&txn);
}

/* An alarm on its way into the ledger. */
struct alarm {
	struct job job;
	struct comityd *comityd;
	char peer[33], detail[512];
	enum fault fault;
};

static enum fault write_alarm(struct txn *txn, struct job *job)
{
	struct alarm *alarm = container_of(job, struct alarm, job);
	registry_alarm(txn, alarm->peer, alarm->fault, alarm->detail);
	return txn->fault;
}

static void on_alarmed(struct job *job, enum fault fault)
{
	struct alarm *alarm = container_of(job, struct alarm, job);
	(void)fault;
	registry_apply(alarm->comityd->registry, alarm->peer);
	free(alarm);
}

static void raise_alarm(struct comityd *comityd, const char *peer, enum fault fault, const char *detail)
{
	struct alarm *alarm = calloc(1, sizeof *alarm);
	log_broken("peer %s: the correspondence is stopped: %s", peer, detail);
	if (!alarm)
		return;
	*alarm = (struct alarm){ .job = { .write = write_alarm, .done = on_alarmed }, .comityd = comityd, .fault = fault };
	snprintf(alarm->peer, sizeof alarm->peer, "%s", peer);
	snprintf(alarm->detail, sizeof alarm->detail, "%s", detail);
	scribe_add(comityd->scribe, &alarm->job);
}

static bool stops_correspondence(enum fault fault)
{
	return fault == FAULT_CHAIN_FORK || fault == FAULT_RECALL_FORGED;
}

/* What a peer said while we were on hold, on its way into the ledger. */
struct noting {
	struct job job;
	char peer[MANIFEST_ID_SIZE];
	struct position sent, received;
};

static enum fault write_gap(struct txn *txn, struct job *job)
{
	struct noting *noting = container_of(job, struct noting, job);
	gap_note(txn, noting->peer, &noting->sent, &noting->received);
	return txn->fault;
}

static void on_gap_noted(struct job *job, enum fault fault)
{
	(void)fault;	/* they are asked again */
	free(container_of(job, struct noting, job));
}

/* After a restore our chain may be behind its own past: nothing is said on a line before somebody has looked. */
static enum fault hold_back(struct comityd *comityd, const char *peer, const struct hello *theirs)
{
	struct noting *noting = calloc(1, sizeof *noting);
	if (!noting)
		return FAULT_NO_MEMORY;
	*noting = (struct noting){ .job = { .write = write_gap, .done = on_gap_noted }, .sent = theirs->sent,
		.received = theirs->received };
	snprintf(noting->peer, sizeof noting->peer, "%s", peer);
	scribe_add(comityd->scribe, &noting->job);
	return fault_say(FAULT_ON_HOLD, "this authority was restored from a backup and is on hold");
}

static enum fault on_compare(void *owner, const char *peer, const struct hello *theirs)
{
	struct comityd *comityd = owner;
	struct txn txn;
	TRY(txn_begin(comityd->store, TXN_READ, &txn));
	bool is_restored = hold_kind(&txn, HOLD_EVERYBODY) == COMITY__HOLD_KIND__VALUE__RESTORED;
	enum fault fault = is_restored ? OK : chain_compare(&txn, peer, &theirs->sent, &theirs->received);
	txn_abort(&txn);
	if (is_restored)
		return hold_back(comityd, peer, theirs);
	if (stops_correspondence(fault)) {
		char detail[512];
		snprintf(detail, sizeof detail, "%s", fault_detail(fault));
		raise_alarm(comityd, peer, fault, detail);
		return fault_say(fault, "%s", detail);
	}
	return fault ? fault : outbox_greeted(comityd->outbox, peer, &theirs->received);
}

static void on_opened(void *owner, struct link *link)
{
	struct comityd *comityd = owner;
	registry_opened(comityd->registry, link_peer(link));
	registry_judge_signer(comityd->registry, link_peer(link));
	recovery_opened(comityd->recovery, link);
	if (recovery_is_on(link))
		return;		/* nothing else is said on this line */
	outbox_opened(comityd->outbox, link);
	fetcher_opened(comityd->fetcher, link);
	comparison_opened(comityd->comparison, link);
}

static void on_closed(void *owner, struct link *link, enum fault why)
{
	struct comityd *comityd = owner;
	(void)why;	/* the link has told it */
	outbox_closed(comityd->outbox, link);
	fetcher_closed(comityd->fetcher, link);
	supplier_closed(comityd->supplier, link);
	recovery_closed(comityd->recovery, link);
	comparison_closed(comityd->comparison, link);
}

/* Strangers all count as one for the log: they choose the names that they claim. */
static void on_refused(void *owner, const char *peer, enum line_proof proof, const char *address, enum fault why,
	const char *detail)
{
	struct comityd *comityd = owner;
	char about[64];
	snprintf(about, sizeof about, "refused %s %s", proof == LINE_PROVEN ? peer : "", fault_slug(why));
	log_unusual_about(about, "line %s%s%s: %s: %s", address,
		!*peer ? "" : proof == LINE_PROVEN ? " with " : " of whoever claims to be ", peer, fault_slug(why), detail);
	registry_refused(comityd->registry, peer, proof, address, why, detail);
	if (proof == LINE_PROVEN && why == FAULT_CHAIN_FORK)
		raise_alarm(comityd, peer, why, detail);	/* they found it, or we did: again is harmless */
}

static void on_manifest(void *owner, struct link *link, const struct signed_manifest *manifest)
{
	struct comityd *comityd = owner;
	if (recovery_is_on(link))
		link_close(link, FAULT_OUT_OF_TURN, "one side is behind its own past: nothing new may be said");
	else
		inbox_hear(comityd->inbox, link, manifest);
}

static void on_confirmed(void *owner, struct link *link, const struct position *received)
{
	struct comityd *comityd = owner;
	outbox_confirmed(comityd->outbox, link, received);
}

static void on_fetch(void *owner, struct link *link, const struct fetch *fetch)
{
	struct comityd *comityd = owner;
	supplier_fetch(comityd->supplier, link, fetch);
}

static void on_bulk(void *owner, struct link *link, uint32_t stream, uint64_t offset, struct span data)
{
	struct comityd *comityd = owner;
	fetcher_bulk(comityd->fetcher, link, stream, offset, data);
}

static void on_missing(void *owner, struct link *link, uint32_t stream, const char *reason)
{
	struct comityd *comityd = owner;
	fetcher_missing(comityd->fetcher, link, stream, reason);
}

static void on_recall(void *owner, struct link *link, const struct recall *recall)
{
	struct comityd *comityd = owner;
	recovery_give(comityd->recovery, link, recall);
}

static void on_recalled(void *owner, struct link *link, const struct recalled *recalled)
{
	struct comityd *comityd = owner;
	recovery_hear(comityd->recovery, link, recalled);
}

static void on_summary(void *owner, struct link *link, const struct summary *summary)
{
	struct comityd *comityd = owner;
	comparison_hear(comityd->comparison, link, summary);
}

static void on_drained(void *owner, struct link *link)
{
	struct comityd *comityd = owner;
	outbox_pump(comityd->outbox, link);
	supplier_drained(comityd->supplier, link);
}

const struct peers_listener comityd_line_news = {
	.positions = on_positions, .compare = on_compare, .opened = on_opened, .closed = on_closed, .refused = on_refused,
	.manifest = on_manifest, .confirmed = on_confirmed, .fetch = on_fetch, .bulk = on_bulk, .missing = on_missing,
	.recall = on_recall, .recalled = on_recalled, .summary = on_summary, .drained = on_drained,
};

/* ── the desks' news ──────────────────────────────────────────────────────────────────────────── */

static enum fault on_arrived(void *owner, struct txn *txn, const Comity__Message *message, Comity__MessageState *state,
	struct arena *arena)
{
	struct comityd *comityd = owner;
	return casework_receive(&comityd->casework, txn, message, state, arena);
}

void comityd_on_refused(void *owner, struct txn *txn, const Comity__MessageState *state, struct arena *arena)
{
	struct comityd *comityd = owner;
	casework_refused(&comityd->casework, txn, state, arena);
}

static void on_receipted(void *owner, struct txn *txn, const struct manifest *manifest)
{
	struct comityd *comityd = owner;
	receipts_take(txn, comityd->casework.own_id, manifest, comityd_on_refused, comityd);
}

static void on_kept(void *owner, struct link *link)
{
	struct comityd *comityd = owner;
	outbox_pump(comityd->outbox, link);
	fetcher_wake(comityd->fetcher, link);
}

void comityd_on_broken(void *owner, const char *peer, enum fault why, const char *detail)
{
	struct comityd *comityd = owner;
	registry_refused(comityd->registry, peer, LINE_PROVEN, "", why, detail);
	if (stops_correspondence(why))
		raise_alarm(comityd, peer, why, detail);
}

static void send_again(struct txn *txn, struct link *link, uint64_t number, struct arena *arena)
{
	const Comity__StoredManifest *held = chain_find(txn, link_peer(link), DIRECTION_OURS, number, arena);
	if (held)
		link_send_manifest(link, span_of_binary(held->text), span_of_binary(held->signature), NULL, 0);
}

/* To the letter as it was signed then. */
static void on_again(void *owner, struct link *link, const uint64_t *receipts, size_t count)
{
	struct comityd *comityd = owner;
	struct txn txn;
	struct arena arena;
	if (txn_begin(comityd->store, TXN_READ, &txn))
		return;
	arena_init(&arena, UNPACK_ARENA);
	for (size_t i = 0; i < count; i++)
		send_again(&txn, link, receipts[i], &arena);
	arena_clear(&arena);
	txn_abort(&txn);
}

static void on_reused(void *owner, const char *peer, const char *detail)
{
	struct comityd *comityd = owner;
	registry_refused(comityd->registry, peer, LINE_PROVEN, "", FAULT_ID_REUSED, detail);
}

const struct inbox_listener comityd_inbox_news = {
	.arrived = on_arrived, .receipted = on_receipted, .kept = on_kept, .broken = comityd_on_broken,
	.again = on_again, .reused = on_reused,
};

void comityd_on_recorded(void *owner, struct link *link)
{
	struct comityd *comityd = owner;
	outbox_pump(comityd->outbox, link);
}

void comityd_on_submitted(void *owner, struct txn *txn, const Comity__MessageState *state)
{
	struct comityd *comityd = owner;
	outbox_add(comityd->outbox, txn, state);
}

void comityd_on_signer(void *owner, const char *peer, struct span certificate)
{
	struct comityd *comityd = owner;
	enum fault fault = inbox_set_signer(comityd->inbox, peer, certificate);
	if (fault)
		log_broken("peer %s: its signing certificate cannot be used: %s", peer, fault_detail(fault));
}
