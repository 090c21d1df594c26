#pragma once
/* Two authorities with real keys, the ledger of the first, and what the second says in signed manifests. */
#include "tests/unit/ledgers.h"

#include "certs/digest.h"
#include "certs/signature.h"
#include "daemon/ledger/chain.h"

static struct authority freedonia, sylvania;		/* we, and they */

static inline int make_authorities(void **state)
{
	(void)state;
	stamp_clock = clock_at_noon;
	freedonia = authority_new("xf-ca");
	sylvania = authority_new("xs-ca");
	return 0;
}

static inline int free_authorities(void **state)
{
	(void)state;
	authority_free(&freedonia);
	authority_free(&sylvania);
	return 0;
}

static inline struct manifest_entry entry_of(const char *words)
{
	struct manifest_entry entry = { .message_id = "019aafd8-1c2e-7000-8000-000000000001" };
	digest_of(entry.sha256, span_of_text(words));
	return entry;
}

static inline struct position head_of(struct ledger *ledger, enum direction direction)
{
	READING(ledger, txn);
	struct position head = chain_head(&txn, "xs-ca", direction);
	assert_int_equal(txn.fault, OK);
	txn_abort(&txn);
	return head;
}

static inline uint64_t append(struct ledger *ledger, const char *peer, enum purpose purpose, const char *words)
{
	struct manifest_entry entry = entry_of(words);
	WRITING(ledger, txn);
	uint64_t number = chain_append(&txn, freedonia.identity, peer, purpose, &entry, 1);
	assert_ok(ledger_end(&txn, OK));
	return number;
}

static inline Comity__StoredManifest *held(struct ledger *ledger, enum direction direction, uint64_t number)
{
	READING(ledger, txn);
	Comity__StoredManifest *manifest = chain_find(&txn, "xs-ca", direction, number, &ledger->arena);
	txn_abort(&txn);
	return manifest;
}

/* A manifest of Sylvania, as it comes over the line. */
struct said {
	struct span text;		/* in the ledger's arena */
	struct manifest manifest;
};

static inline struct said say(struct ledger *ledger, uint64_t number, const uint8_t previous[DIGEST_SIZE], const char *words)
{
	struct said said = { 0 };
	struct bytes text = { 0 };
	struct manifest manifest = { .from = "xs-ca", .to = "xf-ca", .purpose = PURPOSE_DISPATCH, .number = number,
		.at = "2026-11-23T12:00:00.000Z" };
	struct manifest_entry entry = entry_of(words);
	memcpy(manifest.previous, previous, DIGEST_SIZE);
	assert_ok(manifest_begin(&text, &manifest));
	assert_ok(manifest_add(&text, &entry));
	said.text = span_of_text(arena_text(&ledger->arena, span_of(&text)));
	assert_ok(manifest_read(said.text, &ledger->arena, &said.manifest));
	bytes_clear(&text);
	return said;
}

static inline enum fault judge(struct ledger *ledger, const struct said *said, enum chain_fit *fit)
{
	READING(ledger, txn);
	enum fault fault = chain_judge(&txn, &said->manifest, said->text, fit);
	txn_abort(&txn);
	return fault;
}

/* Take their manifests 1 to n; said[i] is number i. */
static inline void hear(struct ledger *ledger, struct said *said, uint64_t n)
{
	static const uint8_t signer[DIGEST_SIZE] = { 7 };
	for (uint64_t number = 1; number <= n; number++) {
		enum chain_fit fit;
		said[number] = say(ledger, number, head_of(ledger, DIRECTION_THEIRS).hash, "words");
		assert_ok(judge(ledger, &said[number], &fit));
		assert_int_equal(fit, CHAIN_NEXT);
		WRITING(ledger, txn);
		chain_accept(&txn, &said[number].manifest, said[number].text, span_of_text("signature"), signer);
		assert_ok(ledger_end(&txn, OK));
	}
}
