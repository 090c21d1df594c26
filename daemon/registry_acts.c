/* What happens to a peer, as rows of the ledger: each act is a record changed and an event that says who did it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "certs/card.h"
#include "certs/digest.h"
#include "certs/identity.h"
#include "daemon/events.h"
#include "daemon/registry.h"
#include "proto/check.h"
#include "proto/profile.pb-c.h"
#include "proto/stamp.h"
#include "proto/text.h"
#include "proto/unpack.h"

/* An act of somebody, told in the same transaction. */
static void tell(struct txn *txn, const char *type, const Comity__Peer *peer, uint32_t uid, const char *text)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.peer = peer->authority;
	data.text = (char *)text;
	data.has_actor_uid = 1;
	data.actor_uid = uid;
	events_append(txn, type, peer->authority, &data);
}

static void keep(struct txn *txn, const Comity__Peer *peer)
{
	struct key key = key_of_peer(peer->authority);
	record_keep(txn, TABLE_PEERS, key_span(&key), &peer->base);
}

static void set_standing(Comity__Peer *peer, Comity__Standing__Value standing)
{
	peer->has_standing = 1;
	peer->standing = standing;
}

static char *now_in(struct arena *arena)
{
	char now[STAMP_SIZE];
	stamp_now(now);
	return record_text(arena, now);
}

static enum fault fault_of(const struct txn *txn, const struct arena *arena)
{
	if (txn->fault)
		return txn->fault;
	return arena->was_refused ? arena_fault(arena) : OK;
}

static Comity__Peer *look_up(struct txn *txn, const char *peer, struct arena *arena)
{
	struct key key = key_of_peer(peer);
	return record_find(txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, arena);
}

enum fault registry_find(struct txn *txn, const char *peer, struct arena *arena, Comity__Peer **found)
{
	char id[AUTHORITY_ID_SIZE] = "";
	size_t length = peer ? strlen(peer) : 0;
	for (size_t i = 0; i < length && length < sizeof id; i++)
		id[i] = (char)tolower((unsigned char)peer[i]);
	*found = authority_id_is_valid(span_of_text(id)) ? look_up(txn, id, arena) : NULL;
	if (*found || txn->fault)
		return txn->fault;
	return fault_say(FAULT_PEER_UNKNOWN, "there is no peer \"%s\"", peer ? peer : "");
}

/* ── certificates ────────────────────────────────────────────────────────────────────────────────── */

/* Beside each signing certificate: the digests of what it leads to. */
static struct key key_of_chain(struct span digest)
{
	struct key key = { 0 };
	key_bytes(&key, digest);
	key_text(&key, "chain");
	return key;
}

void registry_keep_certificates(struct txn *txn, const struct span certificates[ROLE_COUNT])
{
	uint8_t digests[ROLE_COUNT][DIGEST_SIZE], chain[2 * DIGEST_SIZE];
	for (int role = 0; role < ROLE_COUNT; role++) {
		digest_of(digests[role], certificates[role]);
		if (certificates[role].len)
			txn_put(txn, TABLE_CERTIFICATES, SPAN(digests[role]), certificates[role]);
	}
	memcpy(chain, digests[ROLE_DELEGATION], DIGEST_SIZE);
	memcpy(chain + DIGEST_SIZE, digests[ROLE_IDENTITY], DIGEST_SIZE);
	struct key key = key_of_chain(SPAN(digests[ROLE_SIGNING]));
	txn_put(txn, TABLE_CERTIFICATES, key_span(&key), SPAN(chain));
}

static struct span find_certificate(struct txn *txn, struct span digest, struct arena *arena)
{
	struct span der;
	if (!txn_get(txn, TABLE_CERTIFICATES, digest, &der))
		return (struct span){ 0 };
	return span_of_binary(record_bytes(arena, der));
}

void registry_find_signer(struct txn *txn, struct span digest, struct arena *arena, struct span chain[3])
{
	struct span leads_to;
	struct key key = key_of_chain(digest);
	memset(chain, 0, 3 * sizeof *chain);
	if (digest.len != DIGEST_SIZE)
		return;
	chain[0] = find_certificate(txn, digest, arena);
	if (!txn_get(txn, TABLE_CERTIFICATES, key_span(&key), &leads_to) || leads_to.len != 2 * DIGEST_SIZE)
		return;
	chain[1] = find_certificate(txn, (struct span){ leads_to.at, DIGEST_SIZE }, arena);
	chain[2] = find_certificate(txn, (struct span){ leads_to.at + DIGEST_SIZE, DIGEST_SIZE }, arena);
}

/* ── cards ───────────────────────────────────────────────────────────────────────────────────────── */

static enum fault same_key(struct span one, struct span other, bool *is_same)
{
	struct bytes a = { 0 }, b = { 0 };
	enum fault fault = certificate_spki(one, &a);
	if (!fault)
		fault = certificate_spki(other, &b);
	*is_same = !fault && span_equal(span_of(&a), span_of(&b));
	bytes_clear(&a);
	bytes_clear(&b);
	return fault;
}

/* May this card take the place of what we hold? */
static enum fault judge_card(const struct registry *registry, const struct card *card, const Comity__Peer *known)
{
	bool is_same;
	if (!strcmp(card->authority, identity_authority(registry_identity(registry))))
		return fault_say(FAULT_BAD_CARD, "this is our own card: it is for the others");
	if (!known)
		return OK;
	TRY(same_key(card->certificates[ROLE_IDENTITY], span_of_binary(known->identity_certificate), &is_same));
	if (!is_same)
		return fault_say(FAULT_IDENTITY_CHANGED, "the card of %s has another identity than the one that we hold, "
			"whose digits are %s", card->authority, known->digits);
	if (card->serial < known->card_serial)
		return fault_say(FAULT_CARD_OLDER, "this card of %s has serial %u; we hold serial %u", card->authority,
			card->serial, known->card_serial);
	return OK;
}

static char *digits_of(struct span certificate, struct arena *arena)
{
	struct bytes spki = { 0 };
	char digits[IDENTITY_DIGITS_SIZE] = "";
	if (!certificate_spki(certificate, &spki))
		identity_digits(digits, span_of(&spki));
	bytes_clear(&spki);
	return record_text(arena, digits);
}

static char **texts_of(struct arena *arena, const char *const *texts, size_t count)
{
	char **copies = arena_alloc(arena, (count + 1) * sizeof *copies);
	for (size_t i = 0; copies && i < count; i++)
		copies[i] = record_text(arena, texts[i]);
	return copies;
}

static enum fault read_profile(Comity__Peer *peer, struct span profile, struct arena *arena)
{
	ProtobufCMessage *message = NULL;
	if (profile.len)
		TRY(unpack(&comity__profile__descriptor, profile, arena, FAULT_BAD_CARD, &message));
	peer->profile = (Comity__Profile *)message;
	return OK;
}

static void take_certificates(Comity__Peer *peer, const struct span certificates[ROLE_COUNT], struct arena *arena)
{
	peer->has_identity_certificate = peer->has_delegation_certificate = peer->has_channel_certificate =
		peer->has_signing_certificate = peer->has_sealing_certificate = 1;
	peer->identity_certificate = record_bytes(arena, certificates[ROLE_IDENTITY]);
	peer->delegation_certificate = record_bytes(arena, certificates[ROLE_DELEGATION]);
	peer->channel_certificate = record_bytes(arena, certificates[ROLE_CHANNEL]);
	peer->signing_certificate = record_bytes(arena, certificates[ROLE_SIGNING]);
	peer->sealing_certificate = record_bytes(arena, certificates[ROLE_SEALING]);
}

/* What the card says, over what was there; the standing is not the card's to say. */
static enum fault take_card(Comity__Peer *peer, const struct card *card, struct span text, struct arena *arena)
{
	char issued_at[STAMP_SIZE];
	stamp_write(issued_at, card->issued_at * STAMP_SECOND);
	peer->authority = record_text(arena, card->authority);
	peer->name = record_text(arena, card->name);
	peer->digits = digits_of(card->certificates[ROLE_IDENTITY], arena);
	peer->card = arena_text(arena, text);
	peer->has_card_serial = 1;
	peer->card_serial = card->serial;
	peer->card_issued_at = record_text(arena, issued_at);
	peer->endpoints = texts_of(arena, card->endpoints, card->endpoint_count);
	peer->n_endpoints = peer->endpoints ? card->endpoint_count : 0;
	peer->languages = texts_of(arena, card->languages, card->language_count);
	peer->n_languages = peer->languages ? card->language_count : 0;
	take_certificates(peer, card->certificates, arena);
	return read_profile(peer, card->profile, arena);
}

static enum fault add(const struct registry *registry, struct txn *txn, const struct card *card, struct span text,
	uint32_t uid, struct arena *arena, Comity__Peer **added)
{
	Comity__Peer *peer = look_up(txn, card->authority, arena);
	TRY(txn->fault);
	TRY(judge_card(registry, card, peer));
	*added = peer;
	if (peer && span_is(text, peer->card))
		return OK;
	if (!peer) {
		peer = arena_alloc(arena, sizeof *peer);
		if (!peer)
			return arena_fault(arena);
		comity__peer__init(peer);
		set_standing(peer, COMITY__STANDING__VALUE__UNVERIFIED);
		peer->added_at = now_in(arena);
	}
	*added = peer;
	TRY(take_card(peer, card, text, arena));
	TRY(fault_of(txn, arena));
	TRY(check_message(&peer->base));	/* what is kept must be readable again */
	keep(txn, peer);
	registry_keep_certificates(txn, card->certificates);
	tell(txn, EVENT_PEER_ADDED, peer, uid, NULL);
	return txn->fault;
}

enum fault registry_add(const struct registry *registry, struct txn *txn, struct span text, uint32_t uid,
	struct arena *arena, Comity__Peer **added)
{
	struct card card = { 0 };
	*added = NULL;
	enum fault fault = card_read(text, stamp_clock() / STAMP_SECOND, &card);
	if (!fault)
		fault = add(registry, txn, &card, text, uid, arena, added);
	card_clear(&card);
	return fault;
}

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
	struct bytes spki = { 0 };
	unsigned which = 0;
	enum fault fault = certificate_spki(span_of_binary(peer->identity_certificate), &spki);
	if (!fault)
		fault = identity_compare(span_of(&spki), heard ? heard : "", &which);
	bytes_clear(&spki);
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
	identity_digits(digits, identity_spki(registry_identity(registry)));
	verified->schema = "comity.peer-verify/1";
	verified->peer = peer->authority;
	verified->own_digits = record_text(arena, digits);
	verified->has_verified = verified->has_already = 1;
	verified->already = peer->standing == COMITY__STANDING__VALUE__VERIFIED;
	verified->verified = verified->already;
}

/* Who checked is what we know from the socket, and when is our clock: neither is the caller's to say. */
static enum fault record_check(struct txn *txn, Comity__Peer *peer, const Comity__Verification *told, uint32_t uid,
	struct arena *arena)
{
	Comity__Verification record = COMITY__VERIFICATION__INIT;
	if (told)
		record = *told;
	record.verified_at = now_in(arena);
	record.has_actor_uid = 1;
	record.actor_uid = uid;
	if (!record.method)
		record.method = "telephone";
	TRY(fault_of(txn, arena));
	peer->verification = &record;
	set_standing(peer, COMITY__STANDING__VALUE__VERIFIED);
	keep(txn, peer);
	peer->verification = NULL;	/* it was on our stack */
	tell(txn, EVENT_PEER_VERIFIED, peer, uid, record.spoke_with);
	return txn->fault;
}

enum fault registry_verify(const struct registry *registry, struct txn *txn, const Comity__PeerVerify *call,
	uint32_t uid, struct arena *arena, Comity__PeerVerified *verified)
{
	Comity__Peer *peer;
	TRY(registry_find(txn, call->peer, arena, &peer));
	if (peer->standing == COMITY__STANDING__VALUE__BLOCKED)
		return fault_say(FAULT_PEER_BLOCKED, "%s is blocked: %s", peer->authority,
			peer->block_reason ? peer->block_reason : "no reason was given");
	answer(registry, peer, arena, verified);
	enum fault fault = compare(peer, call->heard, arena, verified);
	if (fault == FAULT_IDENTITY_DIFFERS && !call->confirmed)
		return OK;
	TRY(fault);
	if (!call->confirmed || verified->already)
		return fault_of(txn, arena);
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
	set_standing(*blocked, COMITY__STANDING__VALUE__BLOCKED);
	(*blocked)->block_reason = reason && *reason ? record_text(arena, reason) : NULL;
	TRY(fault_of(txn, arena));
	keep(txn, *blocked);
	tell(txn, EVENT_PEER_BLOCKED, *blocked, uid, (*blocked)->block_reason);
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
		set_standing(peer, peer->verification ? COMITY__STANDING__VALUE__VERIFIED :
			COMITY__STANDING__VALUE__UNVERIFIED);
	peer->block_reason = peer->alarm = peer->alarm_text = NULL;
	keep(txn, peer);
	tell(txn, EVENT_PEER_UNBLOCKED, peer, uid, NULL);
	return txn->fault;
}

enum fault registry_remove(const struct registry *registry, struct txn *txn, const char *id, uint32_t uid,
	struct arena *arena, Comity__Peer **removed)
{
	(void)registry;
	TRY(registry_find(txn, id, arena, removed));
	struct key key = key_of_peer((*removed)->authority);
	txn_delete(txn, TABLE_PEERS, key_span(&key));
	tell(txn, EVENT_PEER_REMOVED, *removed, uid, NULL);
	return txn->fault;
}

/* ── what the lines tell ─────────────────────────────────────────────────────────────────────────── */

enum { PEER_ARENA = 8 << 20 };

/* A detail may hold what a peer said, and half a character at its end. */
static char *safe(const char *text, struct arena *arena)
{
	struct bytes out = { 0 };
	char *copy = text_safe(&out, span_of_text(text)) ? NULL : arena_text(arena, span_of(&out));
	bytes_clear(&out);
	return copy;
}

void registry_alarm(struct txn *txn, const char *id, enum fault fault, const char *detail)
{
	struct arena arena;
	arena_init(&arena, PEER_ARENA);
	Comity__Peer *peer = look_up(txn, id, &arena);
	if (peer && !(peer->alarm && !strcmp(peer->alarm, fault_slug(fault)))) {
		Comity__EventData data = COMITY__EVENT_DATA__INIT;
		data.peer = (char *)id;
		data.reason = peer->alarm = (char *)fault_slug(fault);
		data.text = peer->alarm_text = safe(detail ? detail : fault_text(fault), &arena);
		keep(txn, peer);
		events_append(txn, EVENT_PEER_ALARM, id, &data);
	}
	arena_clear(&arena);
}

/* The same reason adds to the count; another one begins anew. */
static void write_refusal(Comity__Refusal *refusal, const char *address, enum fault fault, char *detail, uint64_t count)
{
	bool is_same = refusal->reason && !strcmp(refusal->reason, fault_slug(fault));
	refusal->count = (is_same ? refusal->count : 0) + count;
	refusal->has_count = 1;
	refusal->address = (char *)address;
	refusal->reason = (char *)fault_slug(fault);
	refusal->text = detail;
}

void registry_note_refusal(struct txn *txn, const char *id, const char *address, enum fault fault,
	const char *detail, uint64_t count)
{
	struct arena arena;
	char now[STAMP_SIZE];
	stamp_now(now);
	arena_init(&arena, PEER_ARENA);
	Comity__Peer *peer = look_up(txn, id, &arena);
	if (peer) {
		Comity__Refusal first = COMITY__REFUSAL__INIT;
		Comity__Refusal *refusal = peer->refusal ? peer->refusal : &first;
		write_refusal(refusal, safe(address, &arena), fault, safe(detail ? detail : fault_text(fault), &arena), count);
		refusal->refused_at = now;
		peer->refusal = count ? refusal : NULL;
		keep(txn, peer);
	}
	arena_clear(&arena);
}
