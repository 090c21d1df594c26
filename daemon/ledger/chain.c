#include "daemon/ledger/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "certs/certificate.h"
#include "certs/digest.h"
#include "certs/identity.h"
#include "certs/signature.h"
#include "daemon/ledger/cards.h"
#include "daemon/ledger/tally.h"

static const uint8_t marks[] = { [DIRECTION_OURS] = 'o', [DIRECTION_THEIRS] = 't' };

static struct key key_of_chain(const char *peer, enum direction direction)
{
	struct key key = key_of_peer(peer);
	key_u8(&key, marks[direction]);
	return key;
}

static struct key key_of_manifest(const char *peer, enum direction direction, uint64_t number)
{
	struct key key = key_of_chain(peer, direction);
	key_u64(&key, number);
	return key;
}

struct position chain_head(struct txn *txn, const char *peer, enum direction direction)
{
	struct position position = { 0 };
	struct key key = key_of_chain(peer, direction);
	struct span value;
	if (!txn_get(txn, TABLE_CHAINS, key_span(&key), &value))
		return position;
	if (value.len != 8 + DIGEST_SIZE) {
		txn_fail(txn, fault_say(FAULT_STORE_BROKEN, "the chain head of %s has %zu bytes", peer, value.len));
		return position;
	}
	position.number = get_u64(value.at);
	memcpy(position.hash, value.at + 8, DIGEST_SIZE);
	return position;
}

Comity__StoredManifest *chain_find(struct txn *txn, const char *peer, enum direction direction, uint64_t number,
	struct arena *arena)
{
	struct key key = key_of_manifest(peer, direction, number);
	return record_find(txn, TABLE_MANIFESTS, key_span(&key), &comity__stored_manifest__descriptor, arena);
}

/* Put the manifest, and move the head onto it. */
static void keep(struct txn *txn, const char *peer, enum direction direction, uint64_t number, struct span text,
	struct span signature, const uint8_t signer[DIGEST_SIZE])
{
	char now[STAMP_SIZE];
	stamp_now(now);
	Comity__StoredManifest record = COMITY__STORED_MANIFEST__INIT;
	record.has_text = record.has_signature = record.has_signer = 1;
	record.text = (ProtobufCBinaryData){ text.len, (uint8_t *)text.at };
	record.signature = (ProtobufCBinaryData){ signature.len, (uint8_t *)signature.at };
	record.signer = (ProtobufCBinaryData){ DIGEST_SIZE, (uint8_t *)signer };
	record.stored_at = now;
	struct key key = key_of_manifest(peer, direction, number), head = key_of_chain(peer, direction);
	record_keep(txn, TABLE_MANIFESTS, key_span(&key), &record.base);

	uint8_t value[8 + DIGEST_SIZE];
	put_u64(value, number);
	digest_of(value + 8, text);
	txn_put(txn, TABLE_CHAINS, key_span(&head), SPAN(value));
}

static enum fault write_text(struct bytes *text, const struct manifest *head, const struct manifest_entry *entries,
	size_t count)
{
	TRY(bytes_reserve(text, 512 + count * 112));
	TRY(manifest_begin(text, head));
	for (size_t i = 0; i < count; i++)
		TRY(manifest_add(text, &entries[i]));
	return OK;
}

uint64_t chain_append(struct txn *txn, const struct identity *identity, const char *peer, enum purpose purpose,
	const struct manifest_entry *entries, size_t count)
{
	struct position head = chain_head(txn, peer, DIRECTION_OURS);
	struct manifest manifest = { .purpose = purpose, .number = head.number + 1 };
	snprintf(manifest.from, sizeof manifest.from, "%s", identity_authority(identity));
	snprintf(manifest.to, sizeof manifest.to, "%s", peer);
	memcpy(manifest.previous, head.hash, DIGEST_SIZE);
	int64_t now = stamp_clock();
	stamp_write(manifest.at, now);

	const struct identity *signer = card_signer(txn, identity, peer, now / STAMP_SECOND);
	struct bytes text = { 0 }, signature = { 0 };
	enum fault fault = signature_check_time(signer, now / STAMP_SECOND);
	if (!fault)
		fault = write_text(&text, &manifest, entries, count);
	if (!fault)
		fault = signature_make(signer, span_of(&text), now / STAMP_SECOND, &signature);
	if (fault) {
		txn_fail(txn, fault);
	} else {
		keep(txn, peer, DIRECTION_OURS, manifest.number, span_of(&text), span_of(&signature),
			*identity_digest(signer, ROLE_SIGNING));
		tally_add(txn, peer, TALLY_OURS, purpose, entries, count);
	}
	bytes_clear(&text);
	bytes_clear(&signature);
	return txn->fault ? 0 : manifest.number;
}

/* The hash of that manifest as we hold it; zeros when we do not. */
static void held_hash(struct txn *txn, const char *peer, enum direction direction, uint64_t number, uint8_t hash[DIGEST_SIZE])
{
	struct arena arena;
	arena_init(&arena, 4 << 20);
	Comity__StoredManifest *held = chain_find(txn, peer, direction, number, &arena);
	memset(hash, 0, DIGEST_SIZE);
	if (held)
		digest_of(hash, span_of_binary(held->text));
	arena_clear(&arena);
}

static enum fault forked(const char *peer, const char *whose, uint64_t number, const uint8_t ours[DIGEST_SIZE],
	const uint8_t theirs[DIGEST_SIZE])
{
	char our_hex[DIGEST_HEX_SIZE + 1], their_hex[DIGEST_HEX_SIZE + 1];
	hex_write(our_hex, (struct span){ ours, DIGEST_SIZE });
	hex_write(their_hex, (struct span){ theirs, DIGEST_SIZE });
	return fault_say(FAULT_CHAIN_FORK, "%s: number %" PRIu64 " of %s chain is %.16s… here and %.16s… there",
		peer, number, whose, our_hex, their_hex);
}

enum fault chain_judge(struct txn *txn, const struct manifest *manifest, struct span text, enum chain_fit *fit)
{
	struct position head = chain_head(txn, manifest->from, DIRECTION_THEIRS);
	uint8_t hash[DIGEST_SIZE], held[DIGEST_SIZE];
	TRY(txn->fault);
	digest_of(hash, text);
	if (manifest->number <= head.number) {
		*fit = CHAIN_REPEAT;
		held_hash(txn, manifest->from, DIRECTION_THEIRS, manifest->number, held);
		TRY(txn->fault);
		return memcmp(held, hash, DIGEST_SIZE) ? forked(manifest->from, "their", manifest->number, held, hash) : OK;
	}
	if (manifest->number > head.number + 1)
		return fault_say(FAULT_CHAIN_GAP, "%s sent number %" PRIu64 ", we hold their chain up to %" PRIu64,
			manifest->from, manifest->number, head.number);
	if (memcmp(manifest->previous, head.hash, DIGEST_SIZE))
		return forked(manifest->from, "their", head.number, head.hash, manifest->previous);
	*fit = CHAIN_NEXT;
	return OK;
}

void chain_accept(struct txn *txn, const struct manifest *manifest, struct span text, struct span signature,
	const uint8_t signer[DIGEST_SIZE])
{
	keep(txn, manifest->from, DIRECTION_THEIRS, manifest->number, text, signature, signer);
	tally_add(txn, manifest->from, TALLY_THEIRS, manifest->purpose, manifest->entries, manifest->count);
}

enum fault chain_restore(struct txn *txn, const struct manifest *manifest, struct span text, struct span signature,
	const uint8_t signer[DIGEST_SIZE])
{
	struct position head = chain_head(txn, manifest->to, DIRECTION_OURS);
	TRY(txn->fault);
	if (manifest->number != head.number + 1)
		return fault_say(FAULT_CHAIN_GAP, "%s gave back number %" PRIu64 " of our chain, we hold it up to %" PRIu64,
			manifest->to, manifest->number, head.number);
	if (memcmp(manifest->previous, head.hash, DIGEST_SIZE))
		return forked(manifest->to, "our", head.number, head.hash, manifest->previous);
	keep(txn, manifest->to, DIRECTION_OURS, manifest->number, text, signature, signer);
	tally_add(txn, manifest->to, TALLY_OURS, manifest->purpose, manifest->entries, manifest->count);
	return txn->fault;
}

/* One direction: what they say of it against what we hold of it. */
static enum fault compare(struct txn *txn, const char *peer, enum direction direction, const struct position *theirs)
{
	static const char *const whose[] = { [DIRECTION_OURS] = "our", [DIRECTION_THEIRS] = "their" };
	struct position ours = chain_head(txn, peer, direction);
	if (theirs->number > ours.number || (!theirs->number && ours.number))
		return txn->fault;	/* nothing that both of us hold */
	if (theirs->number < ours.number)
		held_hash(txn, peer, direction, theirs->number, ours.hash);
	TRY(txn->fault);
	return memcmp(ours.hash, theirs->hash, DIGEST_SIZE) ?
		forked(peer, whose[direction], theirs->number, ours.hash, theirs->hash) : OK;
}

enum fault chain_compare(struct txn *txn, const char *peer, const struct position *they_sent,
	const struct position *they_received)
{
	TRY(compare(txn, peer, DIRECTION_OURS, they_received));
	return compare(txn, peer, DIRECTION_THEIRS, they_sent);
}
