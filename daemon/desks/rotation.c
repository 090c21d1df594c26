#include "daemon/desks/rotation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/context.h"
#include "certs/issue.h"
#include "certs/revocation.h"
#include "certs/trust.h"
#include "daemon/desks/herald.h"
#include "daemon/ledger/cards.h"
#include "daemon/ledger/certificates.h"
#include "daemon/ledger/events.h"
#include "daemon/line/peers.h"
#include "daemon/log.h"
#include "daemon/mischief.h"
#include "proto/unpack.h"

enum {
	SPREAD_PER_CENT = 10,
	PAUSE_SECONDS = 3600,		/* after a renewal that failed by itself */
};

struct rotation {
	struct rotation_rooms rooms;
	struct context **context;
	const struct identity *serving;	/* the generation of *context */
	unsigned spread;		/* per cent of life, drawn once */
	bool has_forgotten;		/* the old keys are gone from the disk */
	unsigned listed;		/* leaves of ours that were revoked, and have no successor yet */
	int64_t pause_until;
	struct {
		struct errand errand;
		struct job job;
		bool is_under_way, is_newer;
		unsigned roles;
		uint32_t uid;
		int64_t at;
		enum fault fault;
		char detail[512];
		void (*done)(void *owner, enum fault fault);
		void *owner;
	} renewal;
};

/* ── which generation lines use ───────────────────────────────────────────────────────────────── */

/* Does every verified peer hold our newest card? */
static bool has_everybody(struct txn *txn)
{
	struct walk walk;
	struct span key, value;
	struct arena arena;
	bool has_all = true;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__OwnCard *newest = card_newest(txn, &arena);
	uint32_t serial = newest ? newest->serial : 0;
	walk_from(&walk, txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
	while (has_all && walk_next(&walk, &key, &value)) {
		arena_reset(&arena);
		const Comity__Peer *peer = record_read(txn, value, &comity__peer__descriptor, &arena);
		if (peer && peer->standing == COMITY__STANDING__VALUE__VERIFIED)
			has_all = card_held(txn, peer->authority, NULL) >= serial;
	}
	walk_end(&walk);
	arena_clear(&arena);
	return has_all && serial && !txn->fault;
}

/* Is the newest card that of our newest keys, and has everybody heard of it, or had the time to? */
static bool is_settled(const struct rotation *rotation)
{
	struct txn txn;
	struct arena arena;
	if (txn_begin(rotation->rooms.store, TXN_READ, &txn))
		return false;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__OwnCard *card = card_newest(&txn, &arena);
	bool is_told = card && span_equal(span_of_binary(card->channel), SPAN(*identity_digest(rotation->rooms.identity, ROLE_CHANNEL))) &&
		span_equal(span_of_binary(card->signing), SPAN(*identity_digest(rotation->rooms.identity, ROLE_SIGNING)));
	bool is_settled = is_told && (has_everybody(&txn) || card_is_switched(&txn, rotation->rooms.now()));
	arena_clear(&arena);
	txn_abort(&txn);
	return is_settled;
}

static bool is_valid(const struct identity *generation, enum role role, int64_t now)
{
	struct certificate_facts facts;
	return !certificate_read(identity_certificate(generation, role), &facts) && facts.not_before <= now && now <= facts.not_after;
}

static const struct identity *newest_of(const struct identity *identity)
{
	return identity_now(identity);
}

/* The oldest that still holds: it is the one that peers have heard of. */
static const struct identity *oldest_of(const struct identity *identity, int64_t now)
{
	const struct identity *found = newest_of(identity);
	for (const struct identity *one = identity_older(identity); one; one = identity_older(one))
		if (is_valid(one, ROLE_CHANNEL, now))
			found = one;
	return found;
}

static void serve(struct rotation *rotation, const struct identity *generation)
{
	struct context *context, *old = *rotation->context;
	bool is_same = rotation->serving && !memcmp(identity_digest(rotation->serving, ROLE_CHANNEL),
		identity_digest(generation, ROLE_CHANNEL), DIGEST_SIZE);
	rotation->serving = generation;
	if (is_same)
		return;
	if (rotation->serving)
		mischief("before-switch", "overlap");
	enum fault fault = context_new(generation, rotation->rooms.trust, rotation->rooms.now, &context);
	if (fault) {
		log_broken("rotation: lines cannot use the new channel key: %s", fault_detail(fault));
		return;
	}
	*rotation->context = context;
	peers_set_context(rotation->rooms.peers, context);
	context_free(old);
	mischief("after-switch", "overlap");
	log_info("rotation: lines use the channel certificate that is valid until %lld",
		(long long)identity_not_after(generation, ROLE_CHANNEL));
}

/* Whoever was put back, or blocked, meanwhile finds its way by the chain to our identity. */
static void settle(struct rotation *rotation)
{
	serve(rotation, newest_of(rotation->rooms.identity));
	if (rotation->has_forgotten)
		return;
	enum fault fault = identity_forget_older(rotation->rooms.state);
	if (fault)
		log_unusual("rotation: old keys cannot be removed: %s", fault_detail(fault));
	rotation->has_forgotten = true;
}

/* ── a renewal: files, then the holder of the keys, then we, then the ledger and the card ─────── */

static enum fault renew(struct rotation *rotation)
{
	const struct rotation_rooms *rooms = &rotation->rooms;
	const char *what = rotation->renewal.roles & KEY_OF(ROLE_IDENTITY) ? "identity" : "keys";
	mischief("before-renew", what);
	TRY(rooms->renew(rooms->owner, rotation->renewal.roles, rotation->renewal.at));
	mischief("after-renew", what);
	if (rotation->renewal.roles & (ROLL_WITHOUT_OLD | rotation->listed))	/* there is no overlap with what is lost */
		return rotation_succeed(rotation);
	return identity_reload(rooms->identity, rooms->state, &rooms->access, &rotation->renewal.is_newer);
}

static void work(struct errand *errand)
{
	struct rotation *rotation = container_of(errand, struct rotation, renewal.errand);
	rotation->renewal.fault = renew(rotation);
	snprintf(rotation->renewal.detail, sizeof rotation->renewal.detail, "%s",
		rotation->renewal.fault ? fault_detail(rotation->renewal.fault) : "");
}

static void tell_renewed(struct txn *txn, const struct rotation *rotation)
{
	char names[120] = "";
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		size_t used = strlen(names);
		if (rotation->renewal.roles & KEY_OF(role))
			snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", role_name(role));
	}
	data.text = names;
	data.has_actor_uid = rotation->renewal.uid != UINT32_MAX;
	data.actor_uid = rotation->renewal.uid;
	events_append(txn, EVENT_CERTIFICATE_RENEWED, identity_authority(rotation->rooms.identity), &data);
}

static enum fault write_certificates(struct txn *txn, struct job *job)
{
	const struct rotation *rotation = container_of(job, struct rotation, renewal.job);
	txn_use_reserve(txn);
	certificates_keep_ours(txn, rotation->rooms.identity);
	tell_renewed(txn, rotation);
	return txn->fault;
}

static void finish(struct rotation *rotation, enum fault fault)
{
	void (*done)(void *owner, enum fault fault) = rotation->renewal.done;
	rotation->renewal.is_under_way = false;
	rotation->renewal.done = NULL;
	if (fault) {
		log_broken("rotation: keys cannot be renewed: %s", rotation->renewal.detail);
		rotation->pause_until = rotation->rooms.now() + PAUSE_SECONDS;
		fault_say(fault, "%s", rotation->renewal.detail);
	}
	if (done)
		done(rotation->renewal.owner, fault);
}

static void on_certificates(struct job *job, enum fault fault)
{
	struct rotation *rotation = container_of(job, struct rotation, renewal.job);
	herald_renew(rotation->rooms.herald);
	if (fault)
		snprintf(rotation->renewal.detail, sizeof rotation->renewal.detail, "%s", fault_detail(fault));
	finish(rotation, fault);
}

static void on_worked(struct errand *errand)
{
	struct rotation *rotation = container_of(errand, struct rotation, renewal.errand);
	if (rotation->renewal.fault) {
		finish(rotation, rotation->renewal.fault);
		return;
	}
	rotation->listed &= ~rotation->renewal.roles;
	rotation->has_forgotten = false;
	rotation->renewal.job = (struct job){ .write = write_certificates, .done = on_certificates };
	scribe_add(rotation->rooms.scribe, &rotation->renewal.job);
}

enum fault rotation_begin(struct rotation *rotation, unsigned roles, uint32_t uid, void (*done)(void *owner, enum fault fault),
	void *owner)
{
	if (rotation->renewal.is_under_way)
		return fault_say(FAULT_NOT_YET, "keys are being renewed just now");
	rotation->renewal.is_under_way = true;
	rotation->renewal.roles = roles;
	rotation->renewal.uid = uid;
	rotation->renewal.at = rotation->rooms.now();
	rotation->renewal.done = done;
	rotation->renewal.owner = owner;
	rotation->renewal.errand = (struct errand){ .work = work, .done = on_worked };
	porter_add(rotation->rooms.steward, &rotation->renewal.errand);
	return OK;
}

/* ── a revocation: there is no overlap with what was revoked ──────────────────────────────────── */

enum fault rotation_succeed(struct rotation *rotation)
{
	const struct rotation_rooms *rooms = &rotation->rooms;
	TRY(identity_forget_older(rooms->state));
	return identity_succeed(rooms->identity, rooms->state, &rooms->access);
}

static bool is_listed(const struct rotation *rotation, const struct identity *generation, enum role issuer, enum role role)
{
	struct bytes list = { 0 };
	struct revoked_entry entry = { 0 };
	bool is_read = !revocation_load(rotation->rooms.state, issuer, &list) && list.len &&
		!revocation_find(span_of(&list), identity_certificate(generation, role), &entry);
	bytes_clear(&list);
	return is_read && entry.is_listed;
}

/* The power may have gone between a revocation and the end of its overlap. */
static bool is_revoked(const struct rotation *rotation, const struct identity *generation)
{
	return is_listed(rotation, generation, ROLE_IDENTITY, ROLE_DELEGATION) ||
		is_listed(rotation, generation, ROLE_DELEGATION, ROLE_CHANNEL) ||
		is_listed(rotation, generation, ROLE_DELEGATION, ROLE_SIGNING);
}

/* ... or between a revocation and its successor, without which no card can be written. */
static unsigned find_listed(const struct rotation *rotation)
{
	unsigned roles = 0;
	for (enum role role = ROLE_CHANNEL; role < ROLE_COUNT; role++)
		roles |= is_listed(rotation, newest_of(rotation->rooms.identity), ROLE_DELEGATION, role) ? KEY_OF(role) : 0;
	return roles;
}

static enum fault end_overlap(struct rotation *rotation)
{
	const struct identity *one = identity_older(rotation->rooms.identity);
	while (one && !is_revoked(rotation, one))
		one = identity_older(one);
	return one ? rotation_succeed(rotation) : OK;
}

/* ── by the clock ─────────────────────────────────────────────────────────────────────────────── */

static int64_t due_at(const struct rotation *rotation, enum role role)
{
	struct certificate_facts facts;
	if (role <= ROLE_DELEGATION || certificate_read(identity_certificate(rotation->rooms.identity, role), &facts))
		return 0;
	int64_t life = facts.not_after - facts.not_before;
	return facts.not_before + life / 100 * (rotation->rooms.rotate_at + rotation->spread);
}

/* Within its life: what has expired by our clock shows that the clock is wrong, or wants a human's eye.  What is valid only
 * from now on was made by a wrong clock, if an older one holds now. */
static bool is_due(const struct rotation *rotation, enum role role, int64_t now)
{
	const struct identity *identity = rotation->rooms.identity, *older = identity_older(identity);
	if (is_valid(identity, role, now))
		return now >= due_at(rotation, role);
	return now < due_at(rotation, role) && older && is_valid(older, role, now);
}

static unsigned find_due(const struct rotation *rotation)
{
	int64_t now = rotation->rooms.now();
	unsigned roles = rotation->listed;
	for (enum role role = ROLE_CHANNEL; role < ROLE_COUNT; role++)
		roles |= is_due(rotation, role, now) ? KEY_OF(role) : 0;
	return roles;
}

static bool may_renew(const struct rotation *rotation)
{
	const struct rotation_rooms *rooms = &rotation->rooms;
	return !rotation->renewal.is_under_way && rooms->now() >= rotation->pause_until && !rooms->is_in_doubt(rooms->owner) &&
		identity_can_issue(rooms->state, ROLE_DELEGATION);
}

int64_t rotation_due_at(const struct rotation *rotation, enum role role)
{
	return identity_can_issue(rotation->rooms.state, ROLE_DELEGATION) ? due_at(rotation, role) : 0;
}

void rotation_look(struct rotation *rotation)
{
	unsigned roles = find_due(rotation);
	const struct identity *newest = newest_of(rotation->rooms.identity);
	if (!identity_older(newest))
		serve(rotation, newest);
	else if (!rotation->renewal.is_under_way && is_settled(rotation))
		settle(rotation);
	if (roles && may_renew(rotation) && rotation_begin(rotation, roles, UINT32_MAX, NULL, NULL))
		log_unusual("rotation: %s", fault_text(FAULT_NOT_YET));
}

const struct identity *rotation_serving(const struct rotation *rotation)
{
	return rotation->serving;
}

/* ── life ─────────────────────────────────────────────────────────────────────────────────────── */

enum fault rotation_open(const struct rotation_rooms *rooms, struct context **context, struct rotation **opened)
{
	struct rotation *rotation = *opened = calloc(1, sizeof *rotation);
	if (!rotation)
		return FAULT_NO_MEMORY;
	rotation->rooms = *rooms;
	rotation->context = context;
	rotation->spread = arc4random_uniform(SPREAD_PER_CENT + 1);
	TRY(end_overlap(rotation));
	rotation->listed = find_listed(rotation);
	rotation->serving = newest_of(rooms->identity);
	if (identity_older(rooms->identity) && !is_settled(rotation))
		serve(rotation, oldest_of(rooms->identity, rooms->now()));
	return OK;
}

void rotation_close(struct rotation *rotation)
{
	free(rotation);
}
