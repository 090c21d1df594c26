/* Our own card.  What it says decides its serial: it is written anew, with the next one, when something of it has
 * changed, and otherwise given out again to the letter. */
#include <string.h>

#include "certs/card.h"
#include "certs/digest.h"
#include "daemon/control/control_calls.h"
#include "daemon/ledger/record.h"
#include "proto/profile.pb-c.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

static const char counter[] = "card-serial";

/* Digest of what the last card said, and the card. */
static struct key key_of_last(void)
{
	struct key key = { 0 };
	key_text(&key, "last-card");
	return key;
}

static enum fault add_texts(struct bytes *content, char **texts, size_t count)
{
	uint8_t size[4];
	put_u32(size, (uint32_t)count);
	TRY(bytes_append(content, SPAN(size)));
	for (size_t i = 0; i < count; i++)
		TRY(bytes_append(content, (struct span){ (const uint8_t *)texts[i], strlen(texts[i]) + 1 }));
	return OK;
}

static enum fault add_span(struct bytes *content, struct span span)
{
	uint8_t size[4];
	put_u32(size, (uint32_t)span.len);
	TRY(bytes_append(content, SPAN(size)));
	return bytes_append(content, span);
}

/* All that a card says but its serial and date. */
static enum fault gather(struct bytes *content, const struct control_rooms *rooms, const struct card *card)
{
	TRY(add_span(content, span_of_text(card->name)));
	TRY(add_span(content, card->profile));
	TRY(add_texts(content, (char **)card->endpoints, card->endpoint_count));
	TRY(add_texts(content, (char **)card->languages, card->language_count));
	for (int role = 0; role < ROLE_COUNT; role++)
		TRY(add_span(content, identity_certificate(rooms->identity, (enum role)role)));
	return OK;
}

static enum fault describe(struct inquiry *inquiry, struct card *card)
{
	const struct control_rooms *rooms = inquiry->rooms;
	ProtobufCMessage *message = NULL;
	if (rooms->profile.len)
		TRY(unpack(&comity__profile__descriptor, rooms->profile, inquiry->arena, FAULT_CONFIG, &message));
	const Comity__Profile *profile = (const Comity__Profile *)message;
	card->name = rooms->config->name ? rooms->config->name : identity_name(rooms->identity);
	card->profile = rooms->profile;
	card->endpoints = (const char *const *)rooms->config->endpoints;
	card->endpoint_count = rooms->config->n_endpoints;
	if (profile && profile->languages) {
		card->languages = (const char *const *)profile->languages->requests;
		card->language_count = profile->languages->n_requests;
	}
	return OK;
}

static enum fault digest_card(struct inquiry *inquiry, const struct card *card, uint8_t digest[DIGEST_SIZE])
{
	struct bytes content = { 0 };
	enum fault fault = gather(&content, inquiry->rooms, card);
	if (!fault)
		digest_of(digest, span_of(&content));
	bytes_clear(&content);
	return fault;
}

static void keep_last(struct txn *txn, const uint8_t digest[DIGEST_SIZE], struct span text)
{
	struct bytes value = { 0 };
	struct key key = key_of_last();
	if (bytes_append(&value, (struct span){ digest, DIGEST_SIZE }) || bytes_append(&value, text))
		txn_fail(txn, FAULT_NO_MEMORY);
	else
		txn_put(txn, TABLE_META, key_span(&key), span_of(&value));
	bytes_clear(&value);
}

/* The last card, if that is still what we have to say. */
static char *find_last(struct inquiry *inquiry, const uint8_t digest[DIGEST_SIZE])
{
	struct key key = key_of_last();
	struct span value;
	if (!txn_get(inquiry->txn, TABLE_META, key_span(&key), &value) || value.len < DIGEST_SIZE ||
			memcmp(value.at, digest, DIGEST_SIZE))
		return NULL;
	return arena_text(inquiry->arena, (struct span){ value.at + DIGEST_SIZE, value.len - DIGEST_SIZE });
}

static char *write_next(struct inquiry *inquiry, struct card *card, const uint8_t digest[DIGEST_SIZE])
{
	struct bytes text = { 0 };
	char *copy = NULL;
	card->serial = (uint32_t)txn_next(inquiry->txn, counter);
	card->issued_at = stamp_clock() / STAMP_SECOND;
	enum fault fault = card_write(inquiry->rooms->identity, card, &text);
	if (fault)
		txn_fail(inquiry->txn, fault);
	else
		copy = arena_text(inquiry->arena, span_of(&text));
	if (copy)
		keep_last(inquiry->txn, digest, span_of(&text));
	bytes_clear(&text);
	return copy;
}

enum fault change_card(struct inquiry *inquiry)
{
	struct card card = { 0 };
	uint8_t digest[DIGEST_SIZE];
	Comity__CardText *told;
	TRY(describe(inquiry, &card));
	TRY(digest_card(inquiry, &card, digest));
	if (!inquiry_make(inquiry, &comity__card_text__descriptor, &told))
		return inquiry_fault(inquiry);
	told->schema = "comity.card/1";
	told->authority = (char *)identity_authority(inquiry->rooms->identity);
	told->card = find_last(inquiry, digest);
	if (!told->card)
		told->card = write_next(inquiry, &card, digest);
	told->has_serial = 1;
	told->serial = (uint32_t)txn_last(inquiry->txn, counter);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_CARD;
	inquiry->reply->card = told;
	return inquiry_fault(inquiry);
}
