#include "daemon/ledger/certificates.h"
#include "daemon/comityd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/context.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "daemon/comityd_parts.h"
#include "daemon/ledger/events.h"
#include "daemon/ledger/vault.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

#define SOFTWARE "comity " COMITY_VERSION

static int64_t now_seconds(void)
{
	return stamp_clock() / STAMP_SECOND;
}

/* ── closing, one room after the other ────────────────────────────────────────────────────────── */

static void on_scribe_closed(void *owner)
{
	struct comityd *comityd = owner;
	comityd->scribe = NULL;
	for (size_t i = 0; i < ARRAY_LEN(comityd->signals); i++)
		uv_close((uv_handle_t *)&comityd->signals[i], NULL);
	uv_close((uv_handle_t *)&comityd->chores.timer, NULL);
	uv_close((uv_handle_t *)&comityd->keys.timer, NULL);
	throttle_close(comityd->giving);
	throttle_close(comityd->asking);
}

/* After the porters: what they have carried is still recorded.  Without lines no record makes new work for them. */
static void on_carrier_closed(void *owner)
{
	struct comityd *comityd = owner;
	scribe_close(comityd->scribe, on_scribe_closed);
}

static void on_steward_closed(void *owner)
{
	struct comityd *comityd = owner;
	porter_close(comityd->carrier, on_carrier_closed, comityd);
}

static void on_reader_closed(void *owner)
{
	struct comityd *comityd = owner;
	porter_close(comityd->steward, on_steward_closed, comityd);
}

static void on_peers_closed(void *owner)
{
	struct comityd *comityd = owner;
	porter_close(comityd->reader, on_reader_closed, comityd);
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
	uv_timer_stop(&comityd->chores.timer);
	uv_timer_stop(&comityd->keys.timer);
	log_info("comityd: stopping (%s)", strsignal(number));
	notify_manager("STOPPING=1");
	purger_stop(comityd->purger);
	vigil_stop(comityd->vigil);
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

/* The keys that sign and unseal stay with their holder. */
static enum fault open_identity(struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	const struct keyholder_place place = { .home = places->home, .socket = places->key_holder };
	TRY(keyholder_open(&place, &comityd->keyholder));
	comityd->access = (struct identity_access){ .keys = KEY_OF(ROLE_CHANNEL), .hand = keyholder_hand(comityd->keyholder),
		.secret.text = setting_secret(settings->keys->pin), .channel_secret.text = setting_secret(settings->keys->channel_pin) };
	return identity_open(places->state, &comityd->access, &comityd->identity);
}

static enum fault open_trust(struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	TRY(open_identity(comityd, places, settings));
	if (strcmp(identity_authority(comityd->identity), settings->config->authority))
		return fault_say(FAULT_CONFIG, "%s: authority: it says %s, the keys are of %s", places->config,
			settings->config->authority, identity_authority(comityd->identity));
	comityd->trust = trust_new();
	if (!comityd->trust)
		return FAULT_NO_MEMORY;
	trust_keep_apart(comityd->trust, certificate_is_training(identity_certificate(comityd->identity, ROLE_IDENTITY)));
	return context_new(comityd->identity, comityd->trust, now_seconds, &comityd->context);
}

static enum fault unlock(struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	struct vault *vault;
	TRY(setting_store_key(settings, places, comityd->store_key));
	TRY(vault_open(places->store, comityd->store_key, &vault));
	TRY(store_unlock(comityd->store, vault));
	return vault_tidy(store_vault(comityd->store));
}

static enum fault open_ledger(struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	setting_thresholds(settings->warn->cert_expiry, &comityd->papers.thresholds);	/* checked when it was read */
	comityd->places = (struct backup_places){ .state = places->state, .config = places->config, .profile = places->profile,
		.store_key = comityd->store_key };
	TRY(backup_check_state(places->state));
	TRY(store_open(places->store, setting_bytes(settings->store->map_size_max), &comityd->store));
	TRY(unlock(comityd, places, settings));
	store_set_limits(comityd->store, setting_percent(settings->store->high_water), setting_bytes(settings->store->keep_free));
	TRY(blobs_open(places->blobs, &comityd->blobs));
	blobs_set_keys(comityd->blobs, store_find_key, comityd->store);
	blobs_set_keep_free(comityd->blobs, setting_bytes(settings->limits->keep_free));
	TRY(outbox_open(comityd->store, comityd->identity, &comityd->outbox));
	TRY(scribe_open(&comityd->loop, comityd->store, &comityd_scribe_news, comityd, &comityd->scribe));
	outbox_set_scribe(comityd->outbox, comityd->scribe);
	TRY(porter_open(&comityd->loop, &comityd->carrier));
	TRY(porter_open(&comityd->loop, &comityd->steward));
	return porter_open(&comityd->loop, &comityd->reader);
}

static enum fault open_line(struct comityd *comityd, const struct places *places, const struct settings *settings)
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
	uint64_t bandwidth = setting_limit(settings->limits->bandwidth_per_peer);
	TRY(throttle_open(&comityd->loop, bandwidth, &comityd->giving));
	TRY(throttle_open(&comityd->loop, bandwidth, &comityd->asking));
	enum fault fault = peers_open(&comityd->loop, &line, comityd->context, identity_authority(comityd->identity),
		&comityd_line_news, comityd, &comityd->peers);
	return fault == FAULT_CONFIG ? fault_say(fault, "%s: line.listen: %s", places->config, fault_detail(fault)) : fault;
}

static enum fault open_vigil(struct comityd *comityd, const struct settings *settings)
{
	struct vigil_rooms vigil = { .scribe = comityd->scribe, .casework = &comityd->casework,
		.silence_ms = setting_retention_ms(settings->warn->silence), .remind_ms = setting_retention_ms(settings->requests->remind_every) };
	return setting_thresholds(settings->warn->deadline, &vigil.deadlines) ? vigil_open(&vigil, &comityd->vigil) : FAULT_CONFIG;
}

static enum fault open_desks(struct comityd *comityd, const struct settings *settings)
{
	const char *own_id = identity_authority(comityd->identity);
	comityd->casework = (struct casework){ .own_id = own_id, .reference_pattern = settings->config->reference_pattern,
		.approvals = settings->requests->approvals, .sees_assigned_only = !strcmp(settings->requests->officer_sees, "assigned"),
		.answers_enquiries = settings->requests->answer_enquiries,
		.submitted = comityd_on_submitted, .prove_destruction = comityd_on_destruction, .owner = comityd };
	TRY(inbox_open(comityd->scribe, comityd->identity, &comityd_inbox_news, comityd, comityd->peers, &comityd->inbox));
	inbox_set_quota(comityd->inbox, setting_count(settings->limits->peer_messages));
	const struct supplier_rooms supplier = { .store = comityd->store, .porter = comityd->reader, .blobs = comityd->blobs,
		.peers = comityd->peers, .throttle = comityd->giving, .own_id = own_id };
	TRY(supplier_open(&supplier, &comityd->supplier));
	TRY(waits_open(comityd->store, own_id, &comityd->waits));
	const struct fetcher_rooms fetcher = { .store = comityd->store, .scribe = comityd->scribe, .porter = comityd->carrier,
		.blobs = comityd->blobs, .identity = comityd->identity, .peers = comityd->peers, .throttle = comityd->asking,
		.has_quota = !setting_is_none(settings->limits->peer_quota), .quota = setting_limit(settings->limits->peer_quota),
		.recorded = comityd_on_recorded, .owner = comityd };
	TRY(fetcher_open(&fetcher, &comityd->fetcher));
	const struct recovery_rooms recovery = { .store = comityd->store, .scribe = comityd->scribe, .peers = comityd->peers,
		.casework = &comityd->casework, .identity = comityd->identity, .trust = comityd->trust,
		.refused = comityd_on_refused, .broken = comityd_on_broken, .owner = comityd };
	TRY(recovery_open(&recovery, &comityd->recovery));
	const struct comparison_rooms comparison = { .store = comityd->store, .scribe = comityd->scribe,
		.porter = comityd->steward, .peers = comityd->peers, .own_id = own_id,
		.every_ms = setting_ms(settings->line->reconcile_every) };
	TRY(comparison_open(&comparison, &comityd->comparison));
	const struct checkup_rooms checkup = { .store = comityd->store, .blobs = comityd->blobs, .peers = comityd->peers,
		.has_quota = fetcher.has_quota, .quota = fetcher.quota,
		.messages_a_day = setting_count(settings->limits->peer_messages) };
	TRY(checkup_open(&checkup, &comityd->checkup));
	const struct witness_rooms witness = { .store = comityd->store, .scribe = comityd->scribe, .peers = comityd->peers,
		.trust = comityd->trust, .identity = comityd->identity, .is_willing = settings->audit->witness };
	TRY(witness_open(&witness, &comityd->witness));
	const struct purger_rooms purger = { .store = comityd->store, .scribe = comityd->scribe, .steward = comityd->steward,
		.blobs = comityd->blobs, .own_id = own_id, .identity = comityd->identity, .clock = &comityd->clock,
		.keep_cases_ms = setting_retention_ms(settings->retention->closed_cases),
		.keep_events_ms = setting_retention_ms(settings->retention->events),
		.consumers_lag_ms = setting_retention_ms(settings->retention->consumer_lag) };
	TRY(purger_open(&purger, &comityd->purger));
	TRY(open_vigil(comityd, settings));
	const struct registry_rooms registry = { .store = comityd->store, .scribe = comityd->scribe, .trust = comityd->trust,
		.peers = comityd->peers, .identity = comityd->identity, .signer = comityd_on_signer, .owner = comityd };
	TRY(registry_open(&registry, &comityd->registry));
	if (settings->profile)
		TRY(pack(&settings->profile->base, &comityd->profile));
	const struct herald_rooms herald = { .store = comityd->store, .scribe = comityd->scribe, .peers = comityd->peers,
		.registry = comityd->registry, .identity = comityd->identity, .config = settings->config,
		.profile = span_of(&comityd->profile), .state = comityd->places.state,
		.overlap = (int64_t)setting_ms(settings->keys->overlap) / 1000, .confirmed = comityd_on_confirmed, .owner = comityd };
	TRY(herald_open(&herald, &comityd->herald));
	const struct rotation_rooms rotation = { .store = comityd->store, .scribe = comityd->scribe, .steward = comityd->steward,
		.peers = comityd->peers, .herald = comityd->herald, .trust = comityd->trust, .identity = comityd->identity,
		.access = comityd->access, .state = comityd->places.state, .rotate_at = setting_percent(settings->keys->rotate_at),
		.now = now_seconds, .renew = comityd_renew_keys, .is_in_doubt = comityd_is_in_doubt, .owner = comityd };
	return rotation_open(&rotation, &comityd->context, &comityd->rotation);
}

/* They were renewed when the power went, or made while we did not run. */
static void tell_of_others(struct txn *txn, const struct identity *identity)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.text = "found when the daemon started";
	if (certificates_are_others(txn, identity))
		events_append(txn, EVENT_CERTIFICATE_RENEWED, identity_authority(identity), &data);
}

static enum fault keep_certificates(struct txn *txn, struct job *job)
{
	const struct comityd *comityd = container_of(job, struct comityd, certificates);
	tell_of_others(txn, comityd->identity);
	certificates_keep_ours(txn, comityd->identity);
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
	const struct control_rooms rooms = { .loop = &comityd->loop, .store = comityd->store, .scribe = comityd->scribe,
		.porter = comityd->carrier, .purger = comityd->purger, .consumer_lag_ms = setting_retention_ms(settings->retention->consumer_lag), .clock = &comityd->clock, .must_stop = &comityd->is_stopping, .steward = comityd->steward, .blobs = comityd->blobs,
		.places = &comityd->places, .house = places,
		.peers = comityd->peers, .comparison = comityd->comparison, .checkup = comityd->checkup, .witness = comityd->witness, .trust = comityd->trust,
		.outbox = comityd->outbox, .fetcher = comityd->fetcher, .waits = comityd->waits, .casework = &comityd->casework, .vigil = comityd->vigil, .registry = comityd->registry,
		.herald = comityd->herald, .rotation = comityd->rotation, .identity = comityd->identity, .keyholder = comityd->keyholder,
		.messages_a_day = setting_count(settings->limits->peer_messages),
		.config = settings->config, .thresholds = &comityd->papers.thresholds, .version = COMITY_VERSION };
	return control_open(&rooms, places->run, &comityd->control);
}

static enum fault open_rooms(struct comityd *comityd, const struct places *places, const struct settings *settings)
{
	TRY(open_trust(comityd, places, settings));
	TRY(open_ledger(comityd, places, settings));
	TRY(watch_begin(comityd));
	TRY(open_line(comityd, places, settings));
	TRY(open_desks(comityd, settings));
	comityd->certificates = (struct job){ .write = keep_certificates, .done = on_certificates_kept };
	scribe_add(comityd->scribe, &comityd->certificates);
	herald_renew(comityd->herald);
	registry_apply_all(comityd->registry);
	TRY(open_control(comityd, places, settings));
	TRY(chores_begin(comityd));
	TRY(keys_watch(comityd));
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
	rotation_close(comityd->rotation);
	herald_close(comityd->herald);
	registry_close(comityd->registry);
	purger_close(comityd->purger);
	vigil_close(comityd->vigil);
	fetcher_close(comityd->fetcher);
	supplier_close(comityd->supplier);
	waits_close(comityd->waits);
	recovery_close(comityd->recovery);
	comparison_close(comityd->comparison);
	checkup_close(comityd->checkup);
	witness_close(comityd->witness);
	inbox_close(comityd->inbox);
	outbox_close(comityd->outbox);
	peers_free(comityd->peers);
	blobs_close(comityd->blobs);
	store_close(comityd->store);
	context_free(comityd->context);
	trust_free(comityd->trust);
	identity_free(comityd->identity);
	keyholder_close(comityd->keyholder);
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
