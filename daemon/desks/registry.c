#include "daemon/desks/registry_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/identity.h"
#include "certs/trust.h"
#include "daemon/log.h"
#include "daemon/line/peers.h"
#include "proto/stamp.h"

enum { RECORD_ARENA = 8 << 20 };

const struct identity *registry_identity(const struct registry *registry)
{
	return registry->rooms.identity;
}

struct acquaintance *registry_recall(const struct registry *registry, const char *peer)
{
	for (struct acquaintance *one = registry->acquaintances; one; one = one->next)
		if (!strcmp(one->peer, peer))
			return one;
	return NULL;
}

static struct acquaintance *meet(struct registry *registry, const char *peer)
{
	struct acquaintance *one = registry_recall(registry, peer);
	if (one || !(one = calloc(1, sizeof *one)))
		return one;
	snprintf(one->peer, sizeof one->peer, "%s", peer);
	one->registry = registry;
	one->next = registry->acquaintances;
	return registry->acquaintances = one;
}

/* ── where a peer stands ─────────────────────────────────────────────────────────────────────────── */

static enum standing standing_of(const Comity__Peer *peer)
{
	if (peer->standing == COMITY__STANDING__VALUE__VERIFIED)
		return STANDING_VERIFIED;
	return peer->standing == COMITY__STANDING__VALUE__BLOCKED ? STANDING_BLOCKED : STANDING_UNVERIFIED;
}

enum fault registry_obstacle(const Comity__Peer *peer)
{
	static const enum fault obstacles[] = {
		[STANDING_UNVERIFIED] = FAULT_PEER_UNVERIFIED,
		[STANDING_VERIFIED] = OK,
		[STANDING_BLOCKED] = FAULT_PEER_BLOCKED,
	};
	enum fault obstacle = obstacles[standing_of(peer)];
	if (obstacle == FAULT_PEER_BLOCKED)
		return fault_say(obstacle, "%s is blocked: %s", peer->authority,
			peer->block_reason ? peer->block_reason : "no reason was given");
	if (peer->revoked_at)
		return fault_say(FAULT_CERT_REVOKED, "the identity of %s is revoked as from %s: ask for its new card, and do the telephone check",
			peer->authority, peer->revoked_at);
	if (obstacle)
		return fault_say(obstacle, "%s is not verified: no line is opened to it", peer->authority);
	if (!peer->alarm)
		return OK;
	enum fault alarm = fault_from_slug(peer->alarm);
	return fault_say(alarm && alarm != FAULT_COUNT ? alarm : FAULT_CHAIN_FORK, "%s: %s", peer->authority,
		peer->alarm_text ? peer->alarm_text : peer->alarm);
}

static void apply_signer(struct registry *registry, const Comity__Peer *peer)
{
	struct span chain[] = { span_of_binary(peer->signing_certificate), span_of_binary(peer->delegation_certificate) };
	struct claim claim = {
		.certificates = chain, .count = ARRAY_LEN(chain), .usage = USAGE_SIGNING,
		.expected = peer->authority, .now = stamp_clock() / STAMP_SECOND,
	};
	char speaker[AUTHORITY_ID_SIZE];
	enum fault fault = trust_judge(registry->rooms.trust, &claim, speaker);
	if (fault && peer->standing == COMITY__STANDING__VALUE__VERIFIED)
		log_unusual("peer %s: its signing certificate is of no use: %s", peer->authority, fault_detail(fault));
	registry->rooms.signer(registry->rooms.owner, peer->authority, fault ? (struct span){ 0 } : chain[0]);
}

static void apply_lines(struct registry *registry, const Comity__Peer *peer)
{
	enum fault obstacle = registry_obstacle(peer);
	if (obstacle) {
		peers_remove(registry->rooms.peers, peer->authority, obstacle);
		return;
	}
	enum fault fault = peers_set(registry->rooms.peers, peer->authority, (const char *const *)peer->endpoints,
		peer->n_endpoints);
	if (fault)
		log_broken("peer %s: no line can be kept to it: %s", peer->authority, fault_detail(fault));
}

static void report_unusable(const Comity__Peer *peer, const char *what, enum fault fault)
{
	if (fault)
		log_broken("peer %s: its %s cannot be used: %s", peer->authority, what, fault_detail(fault));
}

static void apply_trust(const struct registry *registry, const Comity__Peer *peer)
{
	struct trust *trust = registry->rooms.trust;
	report_unusable(peer, "identity", trust_set_peer(trust, peer->authority, span_of_binary(peer->identity_certificate), standing_of(peer)));
	report_unusable(peer, "former identities", registry_apply_formers(trust, peer));
	report_unusable(peer, "revocation lists", registry_apply_revocations(trust, peer));
}

enum fault registry_trust_as_signer(const Comity__Peer *peer, struct trust *trust)
{
	TRY(trust_set_peer(trust, peer->authority, span_of_binary(peer->identity_certificate), STANDING_VERIFIED));
	TRY(registry_apply_formers(trust, peer));
	return registry_apply_revocations(trust, peer);
}

static void apply_known(struct registry *registry, const Comity__Peer *peer)
{
	struct acquaintance *one = meet(registry, peer->authority);
	if (one) {
		one->is_known = true;
		one->has_refusal = one->has_refusal || registry_has_refusal(peer);
	}
	apply_trust(registry, peer);
	apply_signer(registry, peer);
	apply_lines(registry, peer);
	peers_judge_again(registry->rooms.peers, peer->authority);	/* by all that has just changed */
}

static void apply_unknown(struct registry *registry, const char *peer)
{
	struct acquaintance *one = registry_recall(registry, peer);
	if (one)
		one->is_known = false;
	trust_remove_peer(registry->rooms.trust, peer);
	registry->rooms.signer(registry->rooms.owner, peer, (struct span){ 0 });
	peers_remove(registry->rooms.peers, peer, FAULT_PEER_UNKNOWN);
}

static void report_unread(const char *peer, enum fault fault)
{
	log_broken("peer %s: its record cannot be read: %s", peer, fault_detail(fault));
}

/* NULL when there is no such peer.  No transaction is left: anybody may be called. */
static enum fault read_peer(struct registry *registry, const char *id, struct arena *arena, Comity__Peer **peer)
{
	struct txn txn;
	struct key key = key_of_peer(id);
	enum fault fault = txn_begin(registry->rooms.store, TXN_READ, &txn);
	if (!fault) {
		*peer = record_find(&txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, arena);
		fault = txn.fault;
		txn_abort(&txn);
	}
	if (fault)
		report_unread(id, fault);
	return fault;
}

void registry_apply(struct registry *registry, const char *id)
{
	struct arena arena;
	Comity__Peer *peer = NULL;
	arena_init(&arena, RECORD_ARENA);
	enum fault fault = read_peer(registry, id, &arena, &peer);
	if (!fault && peer)
		apply_known(registry, peer);
	else if (!fault)
		apply_unknown(registry, id);
	arena_clear(&arena);
}

void registry_judge_signer(struct registry *registry, const char *id)
{
	struct arena arena;
	Comity__Peer *peer = NULL;
	arena_init(&arena, RECORD_ARENA);
	if (!read_peer(registry, id, &arena, &peer) && peer)
		apply_signer(registry, peer);
	arena_clear(&arena);
}

/* The ids first: applying one calls other rooms, and no transaction may live across that. */
void registry_apply_all(struct registry *registry)
{
	struct txn txn;
	struct walk walk;
	struct span key, value;
	const char *peer;
	enum fault fault = txn_begin(registry->rooms.store, TXN_READ, &txn);
	if (!fault) {
		walk_from(&walk, &txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
		while (walk_next(&walk, &key, &value))
			if (key_take_text(&key, &peer))
				meet(registry, peer);
		walk_end(&walk);
		fault = txn.fault;
		txn_abort(&txn);
	}
	if (fault)
		log_broken("peers cannot be read: %s", fault_detail(fault));
	for (struct acquaintance *one = registry->acquaintances; one; one = one->next)
		registry_apply(registry, one->peer);
}

/* ── life ────────────────────────────────────────────────────────────────────────────────────────── */

enum fault registry_open(const struct registry_rooms *rooms, struct registry **registry)
{
	*registry = calloc(1, sizeof **registry);
	if (!*registry)
		return FAULT_NO_MEMORY;
	(*registry)->rooms = *rooms;
	return OK;
}

void registry_close(struct registry *registry)
{
	if (!registry)
		return;
	for (struct acquaintance *one = registry->acquaintances, *next; one; one = next) {
		next = one->next;
		registry_drop_refusals(one);
		free(one);
	}
	free(registry);
}
