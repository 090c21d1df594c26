/* Who hears what: the rooms' news, passed from one to the next. */
#include <stdio.h>
#include <stdlib.h>

#include "certs/trust.h"
#include "daemon/ledger/certificates.h"
#include "daemon/ledger/chain.h"
#include "daemon/comityd_parts.h"
#include "daemon/upkeep/gap.h"
#include "daemon/ledger/hold.h"
#include "daemon/log.h"
#include "daemon/desks/notices.h"
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

static void on_introduce(void *owner, const char *peer, struct hello *ours)
{
	struct comityd *comityd = owner;
	struct txn txn;
	if (txn_begin(comityd->store, TXN_READ, &txn))
		return;
	ours->sent = chain_head(&txn, peer, DIRECTION_OURS);
	ours->received = chain_head(&txn, peer, DIRECTION_THEIRS);
	herald_introduce(comityd->herald, &txn, peer, ours);
	txn_abort(&txn);
}

/* An alarm on its way into the ledger. */
struct alarm {
	struct job job;
	struct comityd *comityd;
	char peer[33], detail[640];
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
	herald_opened(comityd->herald, link);	/* before any manifest: it may be signed with a new key */
	outbox_opened(comityd->outbox, link);
	fetcher_opened(comityd->fetcher, link);
	comparison_opened(comityd->comparison, link);
	witness_opened(comityd->witness, link);
}

static void on_closed(void *owner, struct link *link, enum fault why)
{
	struct comityd *comityd = owner;
	(void)why;	/* the link has told it */
	herald_closed(comityd->herald, link);
	outbox_closed(comityd->outbox, link);
	fetcher_closed(comityd->fetcher, link);
	supplier_closed(comityd->supplier, link);
	waits_closed(comityd->waits, link);
	recovery_closed(comityd->recovery, link);
	comparison_closed(comityd->comparison, link);
	checkup_closed(comityd->checkup, link);
	witness_closed(comityd->witness, link);
}

/* Before anybody looks for a fault in a certificate: it may be in our clock. */
static const char *or_our_clock(const struct comityd *comityd, enum fault why, const char *detail, char *text, size_t size)
{
	bool is_of_time = why == FAULT_CERT_EXPIRED || why == FAULT_CERT_NOT_YET;
	struct clock_reading reading;
	if (!is_of_time)
		return detail;
	clock_read(&reading);
	if (comityd->clock.is_in_doubt)
		snprintf(text, size, "%s; but our own clock is in doubt: %s", detail, comityd->clock.reason);
	else if (!reading.is_synchronised)
		snprintf(text, size, "%s; no time server keeps our own clock right: compare it first", detail);
	else
		return detail;
	return text;
}

/* Strangers all count as one for the log: they choose the names that they claim. */
static void on_refused(void *owner, const char *peer, enum line_proof proof, const char *address, enum fault why,
	const char *detail)
{
	struct comityd *comityd = owner;
	char about[64], with_doubt[640];
	detail = or_our_clock(comityd, why, detail, with_doubt, sizeof with_doubt);
	snprintf(about, sizeof about, "refused %s %s", proof == LINE_PROVEN ? peer : "", fault_slug(why));
	log_unusual_about(about, "line %s%s%s: %s: %s", address,
		!*peer ? "" : proof == LINE_PROVEN ? " with " : " of whoever claims to be ", peer, fault_slug(why), detail);
	registry_refused(comityd->registry, peer, proof, address, why, detail);
	if (proof == LINE_PROVEN && why == FAULT_CHAIN_FORK)
		raise_alarm(comityd, peer, why, detail);	/* they found it, or we did: again is harmless */
}

static void on_manifest(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	if (recovery_is_on(link))
		link_close(link, FAULT_OUT_OF_TURN, "one side is behind its own past: nothing new may be said");
	else
		inbox_hear(comityd->inbox, link, &packet->manifest);
}

static void on_confirm(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	outbox_confirmed(comityd->outbox, link, &packet->confirm.received);
}

static void on_fetch(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	waits_end(comityd->waits, link, &packet->fetch);
	supplier_fetch(comityd->supplier, link, &packet->fetch);
}

static void on_missing(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	fetcher_missing(comityd->fetcher, link, packet->missing.stream, packet->missing.reason);
}

static void on_waiting(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	waits_hear(comityd->waits, link, &packet->waiting);
}

static void on_recall(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	recovery_give(comityd->recovery, link, &packet->recall);
}

static void on_recalled(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	recovery_hear(comityd->recovery, link, &packet->recalled);
}

static void on_summary(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	comparison_hear(comityd->comparison, link, &packet->summary);
}

static void on_checkup(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	(void)packet;
	checkup_hear(comityd->checkup, link);
}

static void on_findings(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	checkup_take(comityd->checkup, link, &packet->findings);
}

static void on_announce(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	if (recovery_is_on(link))
		link_close(link, FAULT_OUT_OF_TURN, "one side is behind its own past: nothing new may be said");
	else
		herald_hear(comityd->herald, link, &packet->announce);
}

static void on_announced(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	herald_answered(comityd->herald, link, &packet->announced);
}

static void on_audit_head(struct comityd *comityd, struct link *link, const struct packet *packet)
{
	witness_hear(comityd->witness, link, &packet->audit_head);
}

/* At which desk each kind of frame is heard; the others are the link's own business. */
static void (*const desks[PACKET_KINDS])(struct comityd *, struct link *, const struct packet *) = {
	[PACKET_MANIFEST] = on_manifest,
	[PACKET_CONFIRM]  = on_confirm,
	[PACKET_FETCH]    = on_fetch,
	[PACKET_MISSING]  = on_missing,
	[PACKET_RECALL]   = on_recall,
	[PACKET_RECALLED] = on_recalled,
	[PACKET_SUMMARY]  = on_summary,
	[PACKET_CHECKUP]  = on_checkup,
	[PACKET_FINDINGS] = on_findings,
	[PACKET_ANNOUNCE] = on_announce,
	[PACKET_ANNOUNCED] = on_announced,
	[PACKET_AUDIT_HEAD] = on_audit_head,
	[PACKET_WAITING]  = on_waiting,
};

static void on_heard(void *owner, struct link *link, const struct packet *packet)
{
	desks[packet->kind](owner, link, packet);
}

static void on_bulk(void *owner, struct link *link, uint32_t stream, uint64_t offset, struct span data)
{
	struct comityd *comityd = owner;
	fetcher_bulk(comityd->fetcher, link, stream, offset, data);
}

static void on_drained(void *owner, struct link *link)
{
	struct comityd *comityd = owner;
	outbox_pump(comityd->outbox, link);
	supplier_drained(comityd->supplier, link);
}

const struct peers_listener comityd_line_news = {
	.introduce = on_introduce, .compare = on_compare, .opened = on_opened, .closed = on_closed, .refused = on_refused,
	.clock = comityd_on_clock, .heard = on_heard, .bulk = on_bulk, .drained = on_drained,
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

static void send_again(const struct comityd *comityd, struct txn *txn, struct link *link, uint64_t number, struct arena *arena)
{
	const Comity__StoredManifest *held = chain_find(txn, link_peer(link), DIRECTION_OURS, number, arena);
	struct signed_manifest sent = { 0 };
	if (!held)
		return;
	sent.text = span_of_binary(held->text);
	sent.signature = span_of_binary(held->signature);
	certificates_attach(txn, comityd->identity, link_peer(link), span_of_binary(held->signer), arena, &sent);
	link_send_manifest(link, &sent);
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
		send_again(comityd, &txn, link, receipts[i], &arena);
	arena_clear(&arena);
	txn_abort(&txn);
}

static enum fault on_judge(void *owner, const char *peer, const struct span chain[2], int64_t at)
{
	struct comityd *comityd = owner;
	struct claim claim = { .certificates = chain, .count = 2, .usage = USAGE_SIGNING, .expected = peer, .now = at };
	char speaker[AUTHORITY_ID_SIZE];
	return trust_judge(comityd->trust, &claim, speaker);
}

static void on_reused(void *owner, const char *peer, const char *detail)
{
	struct comityd *comityd = owner;
	registry_refused(comityd->registry, peer, LINE_PROVEN, "", FAULT_ID_REUSED, detail);
}

const struct inbox_listener comityd_inbox_news = {
	.arrived = on_arrived, .receipted = on_receipted, .kept = on_kept, .broken = comityd_on_broken,
	.again = on_again, .judge = on_judge, .reused = on_reused,
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

enum fault comityd_on_destruction(void *owner, struct txn *txn, const char *peer, const Comity__DestructionNotice *notice,
	const struct destroyed *said, struct arena *arena, struct span *identity)
{
	(void)owner;
	return notice_prove(txn, peer, notice, said, arena, identity);
}

void comityd_on_signer(void *owner, const char *peer, struct span certificate)
{
	struct comityd *comityd = owner;
	enum fault fault = inbox_set_signer(comityd->inbox, peer, certificate);
	if (fault)
		log_broken("peer %s: its signing certificate cannot be used: %s", peer, fault_detail(fault));
}

/* ── our keys ─────────────────────────────────────────────────────────────────────────────────── */

void comityd_on_confirmed(void *owner)
{
	struct comityd *comityd = owner;
	if (comityd->rotation)
		rotation_look(comityd->rotation);
}

enum fault comityd_renew_keys(void *owner, unsigned roles, int64_t now)
{
	struct comityd *comityd = owner;
	TRY(keyholder_renew(comityd->keyholder, roles, now));
	return keyholder_reload(comityd->keyholder);
}

bool comityd_is_in_doubt(void *owner)
{
	struct comityd *comityd = owner;
	return comityd->clock.is_in_doubt;
}
