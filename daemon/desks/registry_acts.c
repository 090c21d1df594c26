/* What happens to a peer, as rows of the ledger: each act is a record changed and an event that says who did it. */
#include <string.h>

#include "certs/identity.h"
#include "daemon/ledger/events.h"
#include "daemon/desks/directory_cards.h"
#include "daemon/desks/registry_parts.h"

/* ── the telephone check ─────────────────────────────────────────────────────────────────────────── */

/* Which of the eight groups differ, as numbers from 1. */
static bool list_groups(Comity__PeerVerified *verified, unsigned which, struct arena *arena)
{
	for (uint32_t group = 1; group <= IDENTITY_GROUPS; group++)
		if (which & 1u << (group - 1) && !record_append(arena, &verified->n_groups_differ,
				&verified->groups_differ, &group, sizeof group))
			return false;
	return true;
}

static enum fault compare(const Comity__Peer *peer, const char *heard, struct arena *arena,
	Comity__PeerVerified *verified)
{
	struct bytes pin = { 0 };
	unsigned which = 0;
	enum fault fault = certificate_pin(span_of_binary(peer->identity_certificate), peer->authority, &pin);
	if (!fault)
		fault = identity_compare(span_of(&pin), heard ? heard : "", &which);
	bytes_clear(&pin);
	verified->has_matches = 1;
	verified->matches = fault == OK;
	if (fault == FAULT_IDENTITY_DIFFERS && !list_groups(verified, which, arena))
		return arena_fault(arena);
	return fault;
}

static void answer(const struct registry *registry, const Comity__Peer *peer, struct arena *arena,
	Comity__PeerVerified *verified)
{
	char digits[IDENTITY_DIGITS_SIZE];
	identity_digits(digits, identity_pin(registry_identity(registry)));
	verified->schema = "comity.peer-verify/1";
	verified->peer = peer->authority;
	verified->own_digits = record_text(arena, digits);
	verified->has_verified = verified->has_already = 1;
	verified->verified = peer->standing == COMITY__STANDING__VALUE__VERIFIED;
	verified->already = verified->verified && !peer->check_due_at;	/* after a roll-over it is done again */
}

/* Who checked is what we know from the socket, and when is our clock: neither is the caller's to say. */
static enum fault record_check(struct txn *txn, Comity__Peer *peer, const Comity__Verification *told, uint32_t uid,
	struct arena *arena)
{
	Comity__Verification record = COMITY__VERIFICATION__INIT;
	if (told)
		record = *told;
	record.verified_at = registry_now(arena);
	record.has_actor_uid = 1;
	record.actor_uid = uid;
	if (!record.method)
		record.method = "telephone";
	TRY(registry_fault(txn, arena));
	peer->verification = &record;
	peer->check_due_at = NULL;
	registry_set_standing(peer, COMITY__STANDING__VALUE__VERIFIED);
	registry_keep(txn, peer);
	enum fault fault = directory_take_peer(txn, peer, arena);
	peer->verification = NULL;	/* it was on our stack */
	registry_tell(txn, EVENT_PEER_VERIFIED, peer, uid, record.spoke_with);
	return fault ? fault : txn->fault;
}

enum fault registry_verify(const struct registry *registry, struct txn *txn, const Comity__PeerVerify *call,
	uint32_t uid, struct arena *arena, Comity__PeerVerified *verified)
{
	Comity__Peer *peer;
	TRY(registry_find(txn, call->peer, arena, &peer));
	if (peer->standing == COMITY__STANDING__VALUE__BLOCKED)
		return fault_say(FAULT_PEER_BLOCKED, "%s is blocked: %s", peer->authority,
			peer->block_reason ? peer->block_reason : "no reason was given");
	if (peer->revoked_at)
		return registry_obstacle(peer);
	answer(registry, peer, arena, verified);
	enum fault fault = compare(peer, call->heard, arena, verified);
	if (fault == FAULT_IDENTITY_DIFFERS && !call->confirmed)
		return OK;
	TRY(fault);
	if (!call->confirmed || verified->already)
		return registry_fault(txn, arena);
	TRY(record_check(txn, peer, call->record, uid, arena));
	verified->verified = 1;
	return OK;
}

/* ── standing ────────────────────────────────────────────────────────────────────────────────────── */

enum fault registry_block(const struct registry *registry, struct txn *txn, const char *id, const char *reason,
	uint32_t uid, struct arena *arena, Comity__Peer **blocked)
{
	(void)registry;
	TRY(registry_find(txn, id, arena, blocked));
	registry_set_standing(*blocked, COMITY__STANDING__VALUE__BLOCKED);
	(*blocked)->block_reason = reason && *reason ? record_text(arena, reason) : NULL;
	TRY(registry_fault(txn, arena));
	registry_keep(txn, *blocked);
	registry_tell(txn, EVENT_PEER_BLOCKED, *blocked, uid, (*blocked)->block_reason);
	return txn->fault;
}

enum fault registry_unblock(const struct registry *registry, struct txn *txn, const char *id, uint32_t uid,
	struct arena *arena, Comity__Peer **unblocked)
{
	(void)registry;
	TRY(registry_find(txn, id, arena, unblocked));
	Comity__Peer *peer = *unblocked;
	if (peer->standing != COMITY__STANDING__VALUE__BLOCKED && !peer->alarm)
		return OK;
	if (peer->standing == COMITY__STANDING__VALUE__BLOCKED)
		registry_set_standing(peer, peer->verification ? COMITY__STANDING__VALUE__VERIFIED :
			COMITY__STANDING__VALUE__UNVERIFIED);
	peer->block_reason = peer->alarm = peer->alarm_text = NULL;
	registry_keep(txn, peer);
	registry_tell(txn, EVENT_PEER_UNBLOCKED, peer, uid, NULL);
	return txn->fault;
}

enum fault registry_remove(const struct registry *registry, struct txn *txn, const char *id, uint32_t uid,
	struct arena *arena, Comity__Peer **removed)
{
	(void)registry;
	TRY(registry_find(txn, id, arena, removed));
	struct key key = key_of_peer((*removed)->authority);
	txn_delete(txn, TABLE_PEERS, key_span(&key));
	directory_release(txn, (*removed)->authority);
	registry_tell(txn, EVENT_PEER_REMOVED, *removed, uid, NULL);
	return txn->fault;
}

/* ── what the lines tell ─────────────────────────────────────────────────────────────────────────── */

enum { PEER_ARENA = 8 << 20 };

void registry_alarm(struct txn *txn, const char *id, enum fault fault, const char *detail)
{
	struct arena arena;
	arena_init(&arena, PEER_ARENA);
	Comity__Peer *peer = registry_record(txn, id, &arena);
	if (peer && !(peer->alarm && !strcmp(peer->alarm, fault_slug(fault)))) {
		Comity__EventData data = COMITY__EVENT_DATA__INIT;
		data.peer = (char *)id;
		data.reason = peer->alarm = (char *)fault_slug(fault);
		data.text = peer->alarm_text = registry_safe(detail ? detail : fault_text(fault), &arena);
		registry_keep(txn, peer);
		events_append(txn, EVENT_PEER_ALARM, id, &data);
	}
	arena_clear(&arena);
}
