#include "daemon/ledger/cards.h"

#include <string.h>

#include "certs/identity.h"
#include "certs/signature.h"
#include "proto/stamp.h"

enum { HELD_ARENA = 1 << 20, CARD_ARENA = 4 << 20 };

static struct key key_of_card(uint32_t serial)
{
	struct key key = { 0 };
	key_text(&key, "own-card");
	if (serial)
		key_u32(&key, serial);
	return key;
}

static struct key key_of_held(const char *peer)
{
	struct key key = { 0 };
	key_text(&key, "held-card");
	key_text(&key, peer);
	return key;
}

Comity__OwnCard *card_newest(struct txn *txn, struct arena *arena)
{
	return card_find(txn, 0, arena);
}

Comity__OwnCard *card_find(struct txn *txn, uint32_t serial, struct arena *arena)
{
	struct key key = key_of_card(serial);
	return record_find(txn, TABLE_META, key_span(&key), &comity__own_card__descriptor, arena);
}

void card_keep(struct txn *txn, const Comity__OwnCard *card)
{
	Comity__OwnCard without_text = *card;
	struct key newest = key_of_card(0), key = key_of_card(card->serial);
	without_text.text = NULL;
	record_keep(txn, TABLE_META, key_span(&newest), &card->base);
	record_keep(txn, TABLE_META, key_span(&key), &without_text.base);
}

uint32_t card_held(struct txn *txn, const char *peer, int64_t *told_at)
{
	struct arena arena;
	struct key key = key_of_held(peer);
	arena_init(&arena, HELD_ARENA);
	const Comity__HeldCard *held = record_find(txn, TABLE_META, key_span(&key), &comity__held_card__descriptor, &arena);
	uint32_t serial = held ? held->serial : 0;
	if (told_at && !(held && held->told_at && stamp_read(held->told_at, told_at)))
		*told_at = 0;
	arena_clear(&arena);
	return serial;
}

void card_note_held(struct txn *txn, const char *peer, uint32_t serial)
{
	char now[STAMP_SIZE];
	struct key key = key_of_held(peer);
	Comity__HeldCard held = COMITY__HELD_CARD__INIT;
	stamp_now(now);
	held.has_serial = 1;
	held.serial = serial;
	held.told_at = now;
	record_keep(txn, TABLE_META, key_span(&key), &held.base);
}

/* ── with which key ───────────────────────────────────────────────────────────────────────────── */

static void held_signer(struct txn *txn, const char *peer, uint8_t digest[DIGEST_SIZE])
{
	struct arena arena;
	uint32_t serial = card_held(txn, peer, NULL);
	arena_init(&arena, CARD_ARENA);
	const Comity__OwnCard *card = serial ? card_find(txn, serial, &arena) : NULL;
	memset(digest, 0, DIGEST_SIZE);
	if (card && card->signing.len == DIGEST_SIZE)
		memcpy(digest, card->signing.data, DIGEST_SIZE);
	arena_clear(&arena);
}

bool card_is_held(struct txn *txn, const char *peer, struct span digest)
{
	uint8_t held[DIGEST_SIZE];
	held_signer(txn, peer, held);
	return span_equal(SPAN(held), digest);
}

bool card_is_switched(struct txn *txn, int64_t now)
{
	struct arena arena;
	int64_t switch_at;
	arena_init(&arena, CARD_ARENA);
	const Comity__OwnCard *card = card_newest(txn, &arena);
	bool is_switched = !card || !card->switch_at || !stamp_read(card->switch_at, &switch_at) ||
		now >= switch_at / STAMP_SECOND;
	arena_clear(&arena);
	return is_switched;
}

/* The newest that is valid. */
static const struct identity *find_valid(const struct identity *identity, int64_t now)
{
	for (const struct identity *one = identity; one; one = identity_older(one))
		if (!signature_check_time(one, now))
			return one;
	return identity;
}

const struct identity *card_signer(struct txn *txn, const struct identity *identity, const char *peer, int64_t now)
{
	uint8_t held[DIGEST_SIZE];
	identity = identity_now(identity);
	if (!identity_older(identity))
		return identity;
	held_signer(txn, peer, held);
	const struct identity *theirs = card_is_switched(txn, now) ? NULL : identity_generation(identity, ROLE_SIGNING, SPAN(held));
	return theirs && !signature_check_time(theirs, now) ? theirs : find_valid(identity, now);
}
