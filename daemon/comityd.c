#include "daemon/comityd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "certs/context.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "daemon/blobs.h"
#include "daemon/casework.h"
#include "daemon/chain.h"
#include "daemon/control.h"
#include "daemon/fetcher.h"
#include "daemon/inbox.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/outbox.h"
#include "daemon/peers.h"
#include "daemon/porter.h"
#include "daemon/receipts.h"
#include "daemon/registry.h"
#include "daemon/scribe.h"
#include "daemon/store.h"
#include "daemon/supplier.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

#define SOFTWARE "comity " COMITY_VERSION

enum { RETRY_MS = 15000 };

struct comityd {
	uv_loop_t loop;
	uv_signal_t signals[2];
	uv_timer_t retry;			/* of attachments that could not be kept */
	struct identity *identity;
	struct trust *trust;
	struct context *context;
	struct store *store;
	struct scribe *scribe;
	struct porter *carrier, *reader;	/* what comes in is written, what goes out is read */
	struct blobs *blobs;
	struct outbox *outbox;
	struct peers *peers;
	struct inbox *inbox;
	struct fetcher *fetcher;
	struct supplier *supplier;
	struct registry *registry;
	struct control *control;
	struct casework casework;
	struct bytes profile;
	struct job certificates;
	bool is_stopping;
};

static int64_t now_seconds(void)
{
	return stamp_clock() / STAMP_SECOND;
}

/* ── the scribe's news ────────────────────────────────────────────────────────────────────────── */

static void on_closing(void *owner, struct txn *txn)
{
	struct comityd *comityd = owner;
	outbox_form(comityd->outbox, txn);
}

static void on_settled(void *owner, enum fault fault)
{
	struct comityd *comityd = owner;
	if (fault)
		log_broken("store: a batch could not be committed: %s", fault_detail(fault));
	if (comityd->peers)
		outbox_settled(comityd->outbox, comityd->peers, fault);
	if (comityd->control)
		control_announce(comityd->control);
}

static const struct scribe_listener scribe_news = { .closing = on_closing, .settled = on_settled };

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
	return fault == FAULT_CHAIN_FORK || fault == FAULT_BEHIND_OWN_PAST;
}

static enum fault on_compare(void *owner, const char *peer, const struct hello *theirs)
{
	struct comityd *comityd = owner;
	struct txn txn;
	TRY(txn_begin(comityd->store, TXN_READ, &txn));
	enum fault fault = chain_compare(&txn, peer, &theirs->sent, &theirs->received);
	txn_abort(&txn);
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
	outbox_opened(comityd->outbox, link);
	fetcher_opened(comityd->fetcher, link);
}

static void on_closed(void *owner, struct link *link, enum fault why)
{
	struct comityd *comityd = owner;
	(void)why;	/* the link has told it */
	outbox_closed(comityd->outbox, link);
	fetcher_closed(comityd->fetcher, link);
	supplier_closed(comityd->supplier, link);
}

static void on_refused(void *owner, const char *peer, const char *address, enum fault why, const char *detail)
{
	struct comityd *comityd = owner;
	log_unusual("line %s%s%s: %s: %s", address, *peer ? " with " : "", peer, fault_slug(why), detail);
	if (*peer)
		registry_refused(comityd->registry, peer, address, why, detail);
}

static void on_manifest(void *owner, struct link *link, const struct signed_manifest *manifest)
{
	struct comityd *comityd = owner;
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

static void on_drained(void *owner, struct link *link)
{
	struct comityd *comityd = owner;
	outbox_pump(comityd->outbox, link);
	supplier_drained(comityd->supplier, link);
}

static const struct peers_listener line_news = {
	.positions = on_positions, .compare = on_compare, .opened = on_opened, .closed = on_closed, .refused = on_refused,
	.manifest = on_manifest, .confirmed = on_confirmed, .fetch = on_fetch, .bulk = on_bulk, .missing = on_missing,
	.drained = on_drained,
};

/* ── the desks' news ──────────────────────────────────────────────────────────────────────────── */

static enum fault on_arrived(void *owner, struct txn *txn, const Comity__Message *message, Comity__MessageState *state,
	struct arena *arena)
{
	struct comityd *comityd = owner;
	return casework_receive(&comityd->casework, txn, message, state, arena);
}

static void on_message_refused(void *owner, struct txn *txn, const Comity__MessageState *state, struct arena *arena)
{
	struct comityd *comityd = owner;
	casework_refused(&comityd->casework, txn, state, arena);
}

static void on_receipted(void *owner, struct txn *txn, const struct manifest *manifest)
{
	struct comityd *comityd = owner;
	receipts_take(txn, comityd->casework.own_id, manifest, on_message_refused, comityd);
}

static void on_kept(void *owner, struct link *link)
{
	struct comityd *comityd = owner;
	outbox_pump(comityd->outbox, link);
	fetcher_wake(comityd->fetcher, link);
}

static void on_broken(void *owner, const char *peer, enum fault why, const char *detail)
{
	struct comityd *comityd = owner;
	registry_refused(comityd->registry, peer, "", why, detail);
	if (stops_correspondence(why))
		raise_alarm(comityd, peer, why, detail);
}

static const struct inbox_listener inbox_news = {
	.arrived = on_arrived, .receipted = on_receipted, .kept = on_kept, .broken = on_broken,
};

static void on_recorded(void *owner, struct link *link)
{
	struct comityd *comityd = owner;
	outbox_pump(comityd->outbox, link);
}

static void on_submitted(void *owner, struct txn *txn, const Comity__MessageState *state)
{
	struct comityd *comityd = owner;
	outbox_add(comityd->outbox, txn, state);
}

static void on_signer(void *owner, const char *peer, struct span certificate)
{
	struct comityd *comityd = owner;
	enum fault fault = inbox_set_signer(comityd->inbox, peer, certificate);
	if (fault)
		log_broken("peer %s: its signing certificate cannot be used: %s", peer, fault_detail(fault));
}

/* ── closing, one room after the other ────────────────────────────────────────────────────────── */

static void on_reader_closed(void *owner)
{
	(void)owner;
}

static void on_carrier_closed(void *owner)
{
	struct comityd *comityd = owner;
	for (size_t i = 0; i < ARRAY_LEN(comityd->signals); i++)
		uv_close((uv_handle_t *)&comityd->signals[i], NULL);
	uv_close((uv_handle_t *)&comityd->retry, NULL);
}

static void on_scribe_closed(void *owner)
{
	struct comityd *comityd = owner;
	comityd->scribe = NULL;
	porter_close(comityd->reader, on_reader_closed, comityd);
	porter_close(comityd->carrier, on_carrier_closed, comityd);
}

static void on_peers_closed(void *owner)
{
	struct comityd *comityd = owner;
	comityd->peers = NULL;
	scribe_close(comityd->scribe, on_scribe_closed);
}

static void on_control_closed(void *owner)
{
	struct comityd *comityd = owner;
	comityd->control = NULL;
	peers_close(comityd->peers, on_peers_closed);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct comityd *comityd = signal->data;
	if (comityd->is_stopping)
		return;
	comityd->is_stopping = true;
	log_info("comityd: stopping (%s)", strsignal(number));
	notify_manager("STOPPING=1");
	control_close(comityd->control, on_control_closed, comityd);
}

/* ── opening ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault watch_signals(struct comityd *comityd)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		comityd->signals[i].data = comityd;
		if (uv_signal_init(&comityd->loop, &comityd->signals[i]) ||
		    uv_signal_start(&comityd->signals[i], on_signal, numbers[i]))
			return fault_say(FAULT_IO, "signals cannot be watched");
	}
	return OK;
}

static void on_retry(uv_timer_t *retry)
{
	struct comityd *comityd = retry->data;
	fetcher_retry(comityd->fetcher);
}

static enum fault start_retrying(struct comityd *comityd)
{
	comityd->retry.data = comityd;
	if (uv_timer_init(&comityd->loop, &comityd->retry) ||
	    uv_timer_start(&comityd->retry, on_retry, RETRY_MS, RETRY_MS))
		return fault_say(FAULT_IO, "no timer can be had");
	return OK;
}

static enum fault open_trust(struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	TRY(identity_load(places->state, &comityd->identity));
	if (strcmp(identity_authority(comityd->identity), settings->config->authority))
		return fault_say(FAULT_CONFIG, "%s: authority: it says %s, the keys are of %s", places->config,
			settings->config->authority, identity_authority(comityd->identity));
	comityd->trust = trust_new();
	if (!comityd->trust)
		return FAULT_NO_MEMORY;
	return context_new(comityd->identity, comityd->trust, now_seconds, &comityd->context);
}

static enum fault open_ledger(struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	TRY(store_open(places->store, setting_bytes(settings->store->map_size_max), &comityd->store));
	TRY(blobs_open(places->blobs, &comityd->blobs));
	TRY(outbox_open(comityd->store, comityd->identity, &comityd->outbox));
	TRY(scribe_open(&comityd->loop, comityd->store, &scribe_news, comityd, &comityd->scribe));
	outbox_set_scribe(comityd->outbox, comityd->scribe);
	TRY(porter_open(&comityd->loop, &comityd->carrier));
	return porter_open(&comityd->loop, &comityd->reader);
}

static enum fault open_line(struct comityd *comityd, const struct settings *settings)
{
	struct peers_settings line = {
		.listen = (const char *const *)settings->line->listen,
		.listen_count = settings->line->n_listen,
		.software = SOFTWARE,
		.greeting_ms = setting_ms(settings->line->handshake_timeout),
		.idle_ms = setting_ms(settings->line->ping_interval),
		.patience_ms = setting_ms(settings->line->dead_after),
		.backoff_ms = setting_ms(settings->line->retry_initial),
		.ceiling_ms = setting_ms(settings->line->retry_max),
	};
	return peers_open(&comityd->loop, &line, comityd->context, identity_authority(comityd->identity), &line_news,
		comityd, &comityd->peers);
}

static enum fault open_desks(struct comityd *comityd, const struct settings *settings)
{
	const char *own_id = identity_authority(comityd->identity);
	comityd->casework = (struct casework){ .own_id = own_id, .reference_pattern = settings->config->reference_pattern,
		.submitted = on_submitted, .owner = comityd };
	TRY(inbox_open(comityd->scribe, comityd->identity, &inbox_news, comityd, comityd->peers, &comityd->inbox));
	TRY(supplier_open(comityd->store, comityd->reader, comityd->blobs, comityd->peers, own_id, &comityd->supplier));
	const struct fetcher_rooms fetcher = { .store = comityd->store, .scribe = comityd->scribe, .porter = comityd->carrier,
		.blobs = comityd->blobs, .identity = comityd->identity, .peers = comityd->peers, .recorded = on_recorded, .owner = comityd };
	TRY(fetcher_open(&fetcher, &comityd->fetcher));
	const struct registry_rooms registry = { .store = comityd->store, .scribe = comityd->scribe, .trust = comityd->trust,
		.peers = comityd->peers, .identity = comityd->identity, .signer = on_signer, .owner = comityd };
	return registry_open(&registry, &comityd->registry);
}

static enum fault keep_certificates(struct txn *txn, struct job *job)
{
	const struct comityd *comityd = container_of(job, struct comityd, certificates);
	struct span certificates[ROLE_COUNT];
	for (int role = 0; role < ROLE_COUNT; role++)
		certificates[role] = identity_certificate(comityd->identity, (enum role)role);
	registry_keep_certificates(txn, certificates);
	return txn->fault;
}

static void on_certificates_kept(struct job *job, enum fault fault)
{
	(void)job;
	if (fault)
		log_broken("comityd: our certificates cannot be kept: %s", fault_detail(fault));
}

static enum fault open_control(struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	if (settings->profile)
		TRY(pack(&settings->profile->base, &comityd->profile));
	const struct control_rooms rooms = { .loop = &comityd->loop, .store = comityd->store, .scribe = comityd->scribe,
		.porter = comityd->carrier, .blobs = comityd->blobs, .peers = comityd->peers, .trust = comityd->trust,
		.casework = &comityd->casework, .registry = comityd->registry, .identity = comityd->identity,
		.config = settings->config, .profile = span_of(&comityd->profile), .version = COMITY_VERSION };
	return control_open(&rooms, places->run, &comityd->control);
}

static enum fault open_rooms(struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	TRY(open_trust(comityd, places, settings));
	TRY(open_ledger(comityd, places, settings));
	TRY(open_line(comityd, settings));
	TRY(open_desks(comityd, settings));
	comityd->certificates = (struct job){ .write = keep_certificates, .done = on_certificates_kept };
	scribe_add(comityd->scribe, &comityd->certificates);
	registry_apply_all(comityd->registry);
	TRY(open_control(comityd, places, settings));
	TRY(start_retrying(comityd));
	return watch_signals(comityd);
}

static void announce(const struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	log_info("comityd %s: ready: %s, pid %d, sockets in %s, listening on %zu address%s", COMITY_VERSION,
		identity_authority(comityd->identity), (int)getpid(), places->run, settings->line->n_listen,
		settings->line->n_listen == 1 ? "" : "es");
	notify_manager("READY=1");
}

/* What has no loop in it. */
static void clear(struct comityd *comityd)
{
	registry_close(comityd->registry);
	fetcher_close(comityd->fetcher);
	supplier_close(comityd->supplier);
	inbox_close(comityd->inbox);
	outbox_close(comityd->outbox);
	blobs_close(comityd->blobs);
	store_close(comityd->store);
	context_free(comityd->context);
	trust_free(comityd->trust);
	identity_free(comityd->identity);
	bytes_clear(&comityd->profile);
}

enum fault comityd_run(const struct places *places, const struct settings *settings)
{
	static struct comityd comityd;	/* what is left at a failed start is the system's to take back */
	if (uv_loop_init(&comityd.loop))
		return fault_say(FAULT_IO, "no event loop can be had");
	enum fault fault = open_rooms(&comityd, places, settings);
	if (fault)
		return fault;
	announce(&comityd, places, settings);
	uv_run(&comityd.loop, UV_RUN_DEFAULT);
	clear(&comityd);
	if (uv_loop_close(&comityd.loop))
		log_broken("comityd: the loop still had handles when it ended");
	log_info("comityd: stopped");
	return OK;
}
