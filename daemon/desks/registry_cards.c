/* The cards of the peers, as rows of the ledger. */
#include <stdio.h>
#include <string.h>

#include "certs/card.h"
#include "certs/digest.h"
#include "certs/identity.h"
#include "certs/trust.h"
#include "daemon/ledger/certificates.h"
#include "daemon/ledger/events.h"
#include "daemon/desks/directory_cards.h"
#include "daemon/desks/registry_parts.h"
#include "proto/check.h"
#include "proto/profile.pb-c.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

enum { PEER_ARENA = 8 << 20 };

/* ── cards ───────────────────────────────────────────────────────────────────────────────────────── */

/* May this card take the place of what we hold? */
static enum fault judge_card(const struct registry *registry, const struct card *card, const Comity__Peer *known)
{
	if (!strcmp(card->authority, identity_authority(registry_identity(registry))))
		return fault_say(FAULT_BAD_CARD, "this is our own card: it is for the others");
	TRY(trust_check_kind(card->certificates[ROLE_IDENTITY], card->authority,
		certificate_is_training(identity_certificate(registry_identity(registry), ROLE_IDENTITY))));
	if (!known)
		return OK;
	TRY(registry_judge_identity(card, known));
	if (card->serial < known->card_serial && !known->revoked_at)
		return fault_say(FAULT_CARD_OLDER, "this card of %s has serial %u; we hold serial %u", card->authority,
			card->serial, known->card_serial);
	TRY(registry_judge_revoked(card, known));
	return registry_judge_lists(card, known);
}

char *registry_digits(struct span certificate, const char *authority, struct arena *arena)
{
	struct bytes pin = { 0 };
	char digits[IDENTITY_DIGITS_SIZE] = "";
	if (!certificate_pin(certificate, authority, &pin))
		identity_digits(digits, span_of(&pin));
	bytes_clear(&pin);
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
	peer->digits = registry_digits(card->certificates[ROLE_IDENTITY], card->authority, arena);
	peer->card = arena_text(arena, text);
	peer->has_card_serial = 1;
	peer->card_serial = card->serial;
	peer->card_issued_at = record_text(arena, issued_at);
	peer->card_refused = NULL;
	peer->endpoints = texts_of(arena, card->endpoints, card->endpoint_count);
	peer->n_endpoints = peer->endpoints ? card->endpoint_count : 0;
	peer->languages = texts_of(arena, card->languages, card->language_count);
	peer->n_languages = peer->languages ? card->language_count : 0;
	take_certificates(peer, card->certificates, arena);
	TRY(registry_take_revocations(peer, card, arena));
	return read_profile(peer, card->profile, arena);
}

/* The card in the place of what there was. */
static enum fault put(struct txn *txn, Comity__Peer *peer, const struct card *card, struct span text, struct arena *arena)
{
	TRY(registry_take_identity(txn, peer, card, arena));
	TRY(take_card(peer, card, text, arena));
	TRY(registry_take_formers(txn, peer, card, arena));
	TRY(registry_fault(txn, arena));
	TRY(check_message(&peer->base));	/* what is kept must be readable again */
	registry_keep(txn, peer);
	certificates_keep(txn, card->certificates);
	return directory_take_peer(txn, peer, arena);
}

static enum fault add(const struct registry *registry, struct txn *txn, const struct card *card, struct span text,
	uint32_t uid, struct arena *arena, Comity__Peer **added)
{
	Comity__Peer *peer = registry_record(txn, card->authority, arena);
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
		registry_set_standing(peer, COMITY__STANDING__VALUE__UNVERIFIED);
		peer->added_at = registry_now(arena);
	}
	*added = peer;
	TRY(put(txn, peer, card, text, arena));
	registry_tell(txn, EVENT_PEER_ADDED, peer, uid, NULL);
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

static void tell_renewed(struct txn *txn, const Comity__Peer *peer)
{
	char text[32];
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	snprintf(text, sizeof text, "card %u", peer->card_serial);
	data.peer = peer->authority;
	data.text = text;
	events_append(txn, EVENT_PEER_RENEWED, peer->authority, &data);
}

static enum fault renew(const struct registry *registry, struct txn *txn, Comity__Peer *peer, const struct card *card,
	struct span text, struct arena *arena)
{
	if (strcmp(card->authority, peer->authority))
		return fault_say(FAULT_WRONG_PEER, "%s announced a card of %s", peer->authority, card->authority);
	TRY(judge_card(registry, card, peer));
	if (span_is(text, peer->card))
		return OK;
	TRY(put(txn, peer, card, text, arena));
	tell_renewed(txn, peer);
	return txn->fault;
}

/* Once for each reason, and no more than once a minute: whoever announces without end fills no log. */
static bool is_told_already(const Comity__Peer *peer, enum fault why)
{
	int64_t at;
	bool is_fresh = peer->card_refused_at && stamp_read(peer->card_refused_at, &at) && stamp_clock() - at < 60 * STAMP_SECOND;
	return is_fresh || (peer->card_refused && !strcmp(peer->card_refused, fault_slug(why)));
}

/* As it is on record, for what was judged may be half changed. */
static void note_refusal(struct txn *txn, const char *id, enum fault why, struct arena *arena)
{
	char detail[300];
	snprintf(detail, sizeof detail, "%s", fault_detail(why));
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	Comity__Peer *peer = registry_record(txn, id, arena);
	if (!peer || is_told_already(peer, why))
		return;
	peer->card_refused = (char *)fault_slug(why);
	peer->card_refused_at = registry_now(arena);
	registry_keep(txn, peer);
	data.peer = (char *)id;
	data.reason = peer->card_refused;
	data.text = registry_safe(detail, arena);
	events_append(txn, EVENT_PEER_CARD_REFUSED, id, &data);
}

static enum fault hear_card(const struct registry *registry, struct txn *txn, Comity__Peer *peer, struct span text, struct arena *arena,
	uint32_t *serial)
{
	struct card card = { 0 };
	if (peer->standing != COMITY__STANDING__VALUE__VERIFIED)
		return FAULT_PEER_UNVERIFIED;
	enum fault fault = card_read(text, stamp_clock() / STAMP_SECOND, &card);
	if (!fault)
		fault = renew(registry, txn, peer, &card, text, arena);
	if (!fault)
		*serial = card.serial;
	card_clear(&card);
	return fault;
}

enum fault registry_renew(const struct registry *registry, struct txn *txn, const char *id, struct span text,
	struct arena *arena, uint32_t *serial)
{
	Comity__Peer *peer;
	*serial = 0;
	TRY(registry_find(txn, id, arena, &peer));
	*serial = peer->card_serial;
	enum fault fault = hear_card(registry, txn, peer, text, arena, serial);
	if (fault_remedy(fault) == REMEDY_REFUSE || fault_remedy(fault) == REMEDY_HANG_UP)
		note_refusal(txn, peer->authority, fault, arena);
	return fault;
}

uint32_t registry_card_serial(struct txn *txn, const char *id)
{
	struct arena arena;
	arena_init(&arena, PEER_ARENA);
	const Comity__Peer *peer = registry_record(txn, id, &arena);
	uint32_t serial = peer ? peer->card_serial : 0;
	arena_clear(&arena);
	return serial;
}
