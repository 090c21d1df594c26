/* Our own card, in a transaction: the last one if it still says what we have to say, else the next. */
#include "daemon/desks/herald_parts.h"

#include <string.h>

#include "certs/card.h"
#include "certs/digest.h"
#include "daemon/desks/directory_cards.h"
#include "daemon/ledger/cards.h"
#include "proto/profile.pb-c.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

/* Of stores from before cards were announced. */
static const char old_counter[] = "card-serial";

static enum fault add_span(struct bytes *content, struct span span)
{
	uint8_t size[4];
	put_u32(size, (uint32_t)span.len);
	TRY(bytes_append(content, SPAN(size)));
	return bytes_append(content, span);
}

static enum fault add_texts(struct bytes *content, const char *const *texts, size_t count)
{
	uint8_t size[4];
	put_u32(size, (uint32_t)count);
	TRY(bytes_append(content, SPAN(size)));
	for (size_t i = 0; i < count; i++)
		TRY(bytes_append(content, (struct span){ (const uint8_t *)texts[i], strlen(texts[i]) + 1 }));
	return OK;
}

/* All that a card says but its serial and date. */
static enum fault gather(struct bytes *content, const struct identity *identity, const struct card *card)
{
	TRY(add_span(content, span_of_text(card->name)));
	TRY(add_span(content, card->profile));
	TRY(add_texts(content, card->endpoints, card->endpoint_count));
	TRY(add_texts(content, card->languages, card->language_count));
	for (int role = 0; role < ROLE_COUNT; role++)
		TRY(add_span(content, identity_certificate(identity, (enum role)role)));
	TRY(add_span(content, card->revocations[ROLE_IDENTITY]));
	return add_span(content, card->revocations[ROLE_DELEGATION]);
}

/* What lies on disk may be of a delegation that we do not use yet. */
static enum fault load_list(const struct herald_rooms *rooms, enum role issuer, struct arena *arena, struct span *list)
{
	struct bytes der = { 0 };
	enum fault fault = revocation_load(rooms->state, issuer, &der);
	if (!fault && !revocation_check_issuer(span_of(&der), identity_certificate(rooms->identity, issuer)))
		*list = span_of_binary(record_bytes(arena, span_of(&der)));
	bytes_clear(&der);
	return fault;
}

static enum fault digest_card(const struct identity *identity, const struct card *card, uint8_t digest[DIGEST_SIZE])
{
	struct bytes content = { 0 };
	enum fault fault = gather(&content, identity, card);
	if (!fault)
		digest_of(digest, span_of(&content));
	bytes_clear(&content);
	return fault;
}

static enum fault describe(const struct herald_rooms *rooms, struct arena *arena, struct card *card)
{
	ProtobufCMessage *message = NULL;
	if (rooms->profile.len)
		TRY(unpack(&comity__profile__descriptor, rooms->profile, arena, FAULT_CONFIG, &message));
	const Comity__Profile *profile = (const Comity__Profile *)message;
	card->name = rooms->config->name ? rooms->config->name : identity_name(rooms->identity);
	card->profile = rooms->profile;
	card->endpoints = (const char *const *)rooms->config->endpoints;
	card->endpoint_count = rooms->config->n_endpoints;
	if (profile && profile->languages) {
		card->languages = (const char *const *)profile->languages->requests;
		card->language_count = profile->languages->n_requests;
	}
	TRY(load_list(rooms, ROLE_IDENTITY, arena, &card->revocations[ROLE_IDENTITY]));
	return load_list(rooms, ROLE_DELEGATION, arena, &card->revocations[ROLE_DELEGATION]);
}

static ProtobufCBinaryData digest_role(const struct identity *identity, enum role role, struct arena *arena)
{
	uint8_t digest[DIGEST_SIZE];
	digest_of(digest, identity_certificate(identity, role));
	return record_bytes(arena, SPAN(digest));
}

/* As a row of the ledger; NULL when memory is out. */
static Comity__OwnCard *row_of(const struct identity *identity, const struct card *card, struct span text,
	const uint8_t digest[DIGEST_SIZE], struct arena *arena)
{
	char issued_at[STAMP_SIZE];
	Comity__OwnCard *row = arena_alloc(arena, sizeof *row);
	if (!row)
		return NULL;
	comity__own_card__init(row);
	stamp_write(issued_at, card->issued_at * STAMP_SECOND);
	row->has_serial = row->has_content = row->has_channel = row->has_signing = row->has_sealing = 1;
	row->serial = card->serial;
	row->issued_at = record_text(arena, issued_at);
	row->text = arena_text(arena, text);
	row->content = record_bytes(arena, (struct span){ digest, DIGEST_SIZE });
	row->channel = digest_role(identity, ROLE_CHANNEL, arena);
	row->signing = digest_role(identity, ROLE_SIGNING, arena);
	row->sealing = digest_role(identity, ROLE_SEALING, arena);
	return arena->was_refused ? NULL : row;
}

static bool has_same_keys(const Comity__OwnCard *one, const Comity__OwnCard *other)
{
	return span_equal(span_of_binary(one->channel), span_of_binary(other->channel)) &&
		span_equal(span_of_binary(one->signing), span_of_binary(other->signing));
}

/* A card that tells of new keys begins an overlap; one that does not leaves it as it is. */
static void set_switch(const struct herald_rooms *rooms, Comity__OwnCard *row, const Comity__OwnCard *last, int64_t issued_at,
	struct arena *arena)
{
	char at[STAMP_SIZE];
	if (last && has_same_keys(last, row)) {
		row->switch_at = last->switch_at;
		return;
	}
	stamp_write(at, (issued_at + (last ? rooms->overlap : 0)) * STAMP_SECOND);
	row->switch_at = record_text(arena, at);
}

static enum fault write_next(const struct herald_rooms *rooms, struct txn *txn, struct card *card,
	const uint8_t digest[DIGEST_SIZE], struct arena *arena, Comity__OwnCard **row)
{
	const struct identity *identity = rooms->identity;
	const Comity__OwnCard *last = *row;
	struct bytes text = { 0 };
	card->issued_at = stamp_clock() / STAMP_SECOND;
	enum fault fault = card_write(identity, card, &text);
	if (!fault) {
		*row = row_of(identity, card, span_of(&text), digest, arena);
		if (*row)
			set_switch(rooms, *row, last, card->issued_at, arena);
		fault = *row && !arena->was_refused ? OK : arena_fault(arena);
	}
	bytes_clear(&text);
	if (!fault)
		card_keep(txn, *row);
	return fault ? fault : txn->fault;
}

static enum fault make_card(const struct herald_rooms *rooms, struct txn *txn, uint32_t beyond, struct arena *arena,
	Comity__OwnCard **row)
{
	struct card card = { 0 };
	uint8_t digest[DIGEST_SIZE];
	*row = card_newest(txn, arena);
	TRY(txn->fault);
	TRY(describe(rooms, arena, &card));
	TRY(digest_card(rooms->identity, &card, digest));
	uint32_t last = *row ? (*row)->serial : (uint32_t)txn_last(txn, old_counter);
	if (*row && last > beyond && span_equal(span_of_binary((*row)->content), SPAN(digest)))
		return OK;
	card.serial = (last > beyond ? last : beyond) + 1;
	return write_next(rooms, txn, &card, digest, arena, row);
}

/* Our own entry in the directory is what our card says. */
static enum fault list_own(const struct herald_rooms *rooms, struct txn *txn, uint32_t serial, struct arena *arena)
{
	ProtobufCMessage *profile = NULL;
	if (rooms->profile.len)
		TRY(unpack(&comity__profile__descriptor, rooms->profile, arena, FAULT_CONFIG, &profile));
	const struct card_entry own = { .authority = identity_authority(rooms->identity), .serial = serial,
		.name = rooms->config->name ? rooms->config->name : identity_name(rooms->identity),
		.identity = identity_certificate(rooms->identity, ROLE_IDENTITY),
		.profile = (const Comity__Profile *)profile, .source = COMITY__ENTRY_SOURCE__VALUE__OWN };
	return directory_take_card(txn, &own, arena);
}

/* All that it tells, and what the ledger notes of it, is of one generation. */
enum fault herald_card(const struct herald_rooms *rooms, struct txn *txn, uint32_t beyond, struct arena *arena,
	Comity__OwnCard **row)
{
	struct herald_rooms now = *rooms;
	now.identity = identity_now(rooms->identity);
	TRY(make_card(&now, txn, beyond, arena, row));
	return list_own(&now, txn, (*row)->serial, arena);
}
