#pragma once
/* The two chains of every correspondence, from their first number to their heads, as both sides hold them. */
#include "tests/year/restore.h"

static uint64_t links_compared;

static inline Comity__StoredManifest *held_by(struct office *office, const struct office *other, enum direction direction, uint64_t number)
{
	READING(&office->ledger, txn);
	Comity__StoredManifest *held = chain_find(&txn, other->id, direction, number, &office->ledger.arena);
	txn_abort(&txn);
	return held;
}

static inline bool is_receipted(struct office *from, const struct manifest *manifest)
{
	bool is_one = true;
	READING(&from->ledger, txn);
	for (size_t i = 0; is_one && manifest->purpose == PURPOSE_DISPATCH && i < manifest->count; i++) {
		struct key key = key_of_message(manifest->from, manifest->entries[i].message_id);
		const Comity__MessageState *state =
			record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &from->ledger.arena);
		is_one = state && state->has_receipt && state->manifest == manifest->number;
	}
	txn_abort(&txn);
	return is_one;
}

/* One number of the chain that `from` signed: both hold the same text and signature, and it names the hash of the one before. */
static inline void judge_link(struct office *from, struct office *to, uint64_t number, uint8_t previous[DIGEST_SIZE])
{
	struct manifest manifest = { 0 };
	const Comity__StoredManifest *one = held_by(from, to, DIRECTION_OURS, number), *other = held_by(to, from, DIRECTION_THEIRS, number);
	if (!one || !other)
		find("number %llu of %s to %s is not there with %s", (unsigned long long)number, from->id, to->id, one ? to->id : from->id);
	else if (!span_equal(span_of_binary(one->text), span_of_binary(other->text)) ||
		 !span_equal(span_of_binary(one->signature), span_of_binary(other->signature)))
		find("number %llu of %s to %s is not the same with both", (unsigned long long)number, from->id, to->id);
	else if (manifest_read(span_of_binary(one->text), &from->ledger.arena, &manifest) || memcmp(manifest.previous, previous, DIGEST_SIZE))
		find("number %llu of %s to %s does not go on from the one before", (unsigned long long)number, from->id, to->id);
	else if (!is_receipted(from, &manifest))
		find("number %llu of %s to %s brought a message that has no receipt", (unsigned long long)number, from->id, to->id);
	if (one)
		digest_of(previous, span_of_binary(one->text));
	arena_reset(&from->ledger.arena);
	arena_reset(&to->ledger.arena);
	links_compared++;
}

/* From the first number to the head, which both have at the same place. */
static inline void judge_chain(struct office *from, struct office *to)
{
	uint8_t hash[DIGEST_SIZE] = { 0 };
	struct position ours = head_of(from, to, DIRECTION_OURS), theirs = head_of(to, from, DIRECTION_THEIRS);
	for (uint64_t number = 1; number <= ours.number; number++)
		judge_link(from, to, number, hash);
	if (ours.number != theirs.number || memcmp(ours.hash, theirs.hash, DIGEST_SIZE))
		find("the chain of %s to %s ends with %llu here, with %llu there", from->id, to->id, (unsigned long long)ours.number,
			(unsigned long long)theirs.number);
	else if (memcmp(ours.hash, hash, DIGEST_SIZE))
		find("the head of %s to %s is not the hash of its last number", from->id, to->id);
}

/* For `--mutate alter`: a bit of what one holds of another is turned. */
static inline void alter_one(struct office *office, struct office *other)
{
	struct key key = key_of_peer(other->id);
	key_u8(&key, 't');
	key_u64(&key, 1);
	WRITING(&office->ledger, txn);
	Comity__StoredManifest *held = chain_find(&txn, other->id, DIRECTION_THEIRS, 1, &office->ledger.arena);
	assert_non_null(held);
	held->signature.data[held->signature.len - 1] ^= 1;
	record_keep(&txn, TABLE_MANIFESTS, key_span(&key), &held->base);
	assert_ok(ledger_end(&txn, OK));
	arena_reset(&office->ledger.arena);
}

static inline void judge_chains(void)
{
	if (is_mutation("alter"))
		alter_one(&offices[0], &offices[1]);
	for (size_t i = 0; i < n_offices; i++)
		for (size_t j = 0; j < n_offices; j++)
			if (i != j)
				judge_chain(&offices[i], &offices[j]);
}
