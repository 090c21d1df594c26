/* Our own chain, and what a hello makes of both heads. */
#include "tests/unit/correspondence.h"

static void nothing_said_is_number_0_and_zeros(void **state)
{
	static const uint8_t zeros[DIGEST_SIZE];
	struct position head = head_of(*state, DIRECTION_OURS);
	assert_int_equal(head.number, 0);
	assert_memory_equal(head.hash, zeros, DIGEST_SIZE);
	assert_null(held(*state, DIRECTION_OURS, 1));
}

static void each_manifest_names_the_one_before_it(void **state)
{
	struct ledger *ledger = *state;
	uint8_t previous[DIGEST_SIZE] = { 0 };
	for (uint64_t number = 1; number <= 4; number++) {
		struct manifest manifest;
		assert_int_equal(append(ledger, "xs-ca", number % 2 ? PURPOSE_DISPATCH : PURPOSE_RECEIPT, "words"), number);
		struct span text = span_of_binary(held(ledger, DIRECTION_OURS, number)->text);
		assert_ok(manifest_read(text, &ledger->arena, &manifest));
		assert_int_equal(manifest.number, number);
		assert_memory_equal(manifest.previous, previous, DIGEST_SIZE);
		assert_string_equal(manifest.from, "xf-ca");
		assert_string_equal(manifest.to, "xs-ca");
		assert_string_equal(manifest.at, "2026-11-23T12:00:00.000Z");
		digest_of(previous, text);
		assert_memory_equal(head_of(ledger, DIRECTION_OURS).hash, previous, DIGEST_SIZE);
	}
	assert_int_equal(head_of(ledger, DIRECTION_OURS).number, 4);
	assert_int_equal(head_of(ledger, DIRECTION_THEIRS).number, 0);
}

static void what_is_appended_is_signed_by_us(void **state)
{
	struct ledger *ledger = *state;
	struct signer *signer;
	uint8_t digest[DIGEST_SIZE];
	append(ledger, "xs-ca", PURPOSE_DISPATCH, "words");
	Comity__StoredManifest *manifest = held(ledger, DIRECTION_OURS, 1);
	struct span certificate = identity_certificate(freedonia.identity, ROLE_SIGNING);
	assert_ok(signer_new(certificate, &signer));
	assert_ok(signature_verify(signer, span_of_binary(manifest->text), span_of_binary(manifest->signature), NULL));
	digest_of(digest, certificate);
	assert_memory_equal(manifest->signer.data, digest, DIGEST_SIZE);
	signer_free(signer);
}

/* An identity that gets its next generation while the holder of its keys signs, as the thread that renews them does it. */
static struct turning {
	struct authority authority;		/* with the keys that it had before */
	struct identity *identity;
	struct identity_access access;
} turning;

static enum fault renew_and_sign(void *owner, const struct identity *identity, struct span content, int64_t at, bool is_enclosed,
	struct bytes *der)
{
	bool is_newer;
	(void)owner, (void)identity, (void)is_enclosed;
	assert_ok(identity_renew(turning.authority.home, ROLE_SIGNING, NOON));
	assert_ok(identity_reload(turning.identity, turning.authority.home, &turning.access, &is_newer));
	assert_true(is_newer);
	return signature_make(turning.authority.identity, content, at, der);
}

static void a_manifest_is_kept_with_the_certificate_that_signed_it(void **state)
{
	struct ledger *ledger = *state;
	struct signing_hand hand = { .sign = renew_and_sign };
	struct manifest_entry entry = entry_of("words");
	uint8_t before[DIGEST_SIZE];
	turning.authority = authority_new("xf-ca");
	turning.access = (struct identity_access){ .hand = &hand };
	assert_ok(identity_open(turning.authority.home, &turning.access, &turning.identity));
	memcpy(before, identity_digest(turning.identity, ROLE_SIGNING), DIGEST_SIZE);
	WRITING(ledger, txn);
	assert_int_equal(chain_append(&txn, turning.identity, "xs-ca", PURPOSE_DISPATCH, &entry, 1), 1);
	assert_ok(ledger_end(&txn, OK));
	assert_memory_not_equal(identity_digest(turning.identity, ROLE_SIGNING), before, DIGEST_SIZE);
	assert_memory_equal(held(ledger, DIRECTION_OURS, 1)->signer.data, before, DIGEST_SIZE);
	identity_free(turning.identity);
	authority_free(&turning.authority);
}

static void the_head_survives_reopening_and_the_chain_goes_on(void **state)
{
	struct ledger *ledger = *state;
	append(ledger, "xs-ca", PURPOSE_DISPATCH, "one");
	append(ledger, "xs-ca", PURPOSE_DISPATCH, "two");
	struct position head = head_of(ledger, DIRECTION_OURS);
	ledger_reopen(ledger);
	struct position again = head_of(ledger, DIRECTION_OURS);
	assert_memory_equal(&again, &head, sizeof head);
	assert_int_equal(append(ledger, "xs-ca", PURPOSE_DISPATCH, "three"), 3);
}

static void what_is_taken_back_leaves_no_gap(void **state)
{
	struct ledger *ledger = *state;
	struct manifest_entry entry = entry_of("lost");
	append(ledger, "xs-ca", PURPOSE_DISPATCH, "one");
	WRITING(ledger, txn);
	assert_int_equal(chain_append(&txn, freedonia.identity, "xs-ca", PURPOSE_DISPATCH, &entry, 1), 2);
	txn_abort(&txn);
	assert_int_equal(head_of(ledger, DIRECTION_OURS).number, 1);
	assert_int_equal(append(ledger, "xs-ca", PURPOSE_DISPATCH, "two"), 2);
}

/* "xs" is the front of "xs-ca": their keys must not mix. */
static void every_correspondence_has_its_own_chain(void **state)
{
	struct ledger *ledger = *state;
	assert_int_equal(append(ledger, "xs", PURPOSE_DISPATCH, "one"), 1);
	assert_int_equal(append(ledger, "xs", PURPOSE_DISPATCH, "two"), 2);
	assert_int_equal(append(ledger, "xs-ca", PURPOSE_DISPATCH, "one"), 1);
	assert_int_equal(head_of(ledger, DIRECTION_OURS).number, 1);
}

static void a_head_of_another_form_is_a_broken_store(void **state)
{
	struct ledger *ledger = *state;
	struct key key = key_of_peer("xs-ca");
	key_u8(&key, 'o');
	WRITING(ledger, txn);
	txn_put(&txn, TABLE_CHAINS, key_span(&key), span_of_text("short"));
	assert_int_equal(chain_head(&txn, "xs-ca", DIRECTION_OURS).number, 0);
	assert_int_equal(txn.fault, FAULT_STORE_BROKEN);
	assert_non_null(strstr(fault_detail(txn.fault), "xs-ca"));
	txn_abort(&txn);
}

/* ── both heads in a hello ────────────────────────────────────────────────────────────────────── */

enum { HELD = 3 };		/* we hold three of either chain */

/* Where a position of theirs stands to ours. */
enum stand { NONE, LOWER, LOWER_OTHER, EQUAL, EQUAL_OTHER, HIGHER, STANDS };

static const char *const stand_names[] = { "none", "lower", "lower, other", "equal", "equal, other", "higher" };

static struct position stand_at(struct ledger *ledger, enum direction direction, enum stand stand)
{
	static const uint64_t numbers[] = { 0, 2, 2, HELD, HELD, HELD + 2 };
	struct position position = { .number = numbers[stand] };
	if (stand == HIGHER)
		memset(position.hash, 'h', DIGEST_SIZE);
	else if (position.number)
		digest_of(position.hash, span_of_binary(held(ledger, direction, position.number)->text));
	if (stand == LOWER_OTHER || stand == EQUAL_OTHER)
		position.hash[DIGEST_SIZE - 1] ^= 1;
	return position;
}

/* Only a fork of either chain is beyond repair: whoever is behind is sent what is missing, or fetches its past back. */
static enum fault expected(enum stand received, enum stand sent)
{
	bool is_forked = received == LOWER_OTHER || received == EQUAL_OTHER || sent == LOWER_OTHER || sent == EQUAL_OTHER;
	return is_forked ? FAULT_CHAIN_FORK : OK;
}

static void a_hello_is_compared_in_both_directions(void **state)
{
	struct ledger *ledger = *state;
	struct said said[HELD + 1] = { 0 };
	hear(ledger, said, HELD);
	for (int i = 0; i < HELD; i++)
		append(ledger, "xs-ca", PURPOSE_DISPATCH, "words");
	for (enum stand received = 0; received < STANDS; received++)
		for (enum stand sent = 0; sent < STANDS; sent++) {
			struct position they_received = stand_at(ledger, DIRECTION_OURS, received);
			struct position they_sent = stand_at(ledger, DIRECTION_THEIRS, sent);
			READING(ledger, txn);
			enum fault fault = chain_compare(&txn, "xs-ca", &they_sent, &they_received);
			txn_abort(&txn);
			if (fault != expected(received, sent))
				fail_msg("of ours they hold: %s; of theirs: %s: %s", stand_names[received], stand_names[sent],
					fault_slug(fault));
		}
}

static void two_that_never_spoke_may_begin(void **state)
{
	struct ledger *ledger = *state;
	static const struct position nothing, odd = { 0, { 1 } };
	READING(ledger, txn);
	assert_ok(chain_compare(&txn, "xs-ca", &nothing, &nothing));
	assert_fault(chain_compare(&txn, "xs-ca", &odd, &nothing), FAULT_CHAIN_FORK);
	assert_fault(chain_compare(&txn, "xs-ca", &nothing, &odd), FAULT_CHAIN_FORK);
	txn_abort(&txn);
}

/* ── what the counterpart gives back ──────────────────────────────────────────────────────────── */

static enum fault restore(struct ledger *ledger, uint64_t number, const uint8_t previous[DIGEST_SIZE])
{
	struct manifest manifest = { .from = "xf-ca", .to = "xs-ca", .number = number };
	static const uint8_t signer[DIGEST_SIZE] = { 9 };
	memcpy(manifest.previous, previous, DIGEST_SIZE);
	WRITING(ledger, txn);
	enum fault fault = chain_restore(&txn, &manifest, span_of_text("as it was"), span_of_text("signature"), signer);
	return ledger_end(&txn, fault);
}

static void a_lost_manifest_of_ours_comes_back_exactly(void **state)
{
	struct ledger *ledger = *state;
	append(ledger, "xs-ca", PURPOSE_DISPATCH, "words");
	assert_ok(restore(ledger, 2, head_of(ledger, DIRECTION_OURS).hash));
	assert_true(span_is(span_of_binary(held(ledger, DIRECTION_OURS, 2)->text), "as it was"));
	assert_true(span_is(span_of_binary(held(ledger, DIRECTION_OURS, 2)->signature), "signature"));
	assert_int_equal(head_of(ledger, DIRECTION_OURS).number, 2);
	assert_int_equal(append(ledger, "xs-ca", PURPOSE_DISPATCH, "more"), 3);
}

static void what_does_not_continue_our_chain_does_not_come_back(void **state)
{
	struct ledger *ledger = *state;
	static const uint8_t other[DIGEST_SIZE] = { 1 };
	append(ledger, "xs-ca", PURPOSE_DISPATCH, "words");
	struct position head = head_of(ledger, DIRECTION_OURS);
	assert_fault(restore(ledger, 1, head.hash), FAULT_CHAIN_GAP);
	assert_fault(restore(ledger, 3, head.hash), FAULT_CHAIN_GAP);
	assert_fault(restore(ledger, 2, other), FAULT_CHAIN_FORK);
	assert_int_equal(head_of(ledger, DIRECTION_OURS).number, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(nothing_said_is_number_0_and_zeros),
		LEDGER_TEST(each_manifest_names_the_one_before_it),
		LEDGER_TEST(what_is_appended_is_signed_by_us),
		LEDGER_TEST(a_manifest_is_kept_with_the_certificate_that_signed_it),
		LEDGER_TEST(the_head_survives_reopening_and_the_chain_goes_on),
		LEDGER_TEST(what_is_taken_back_leaves_no_gap),
		LEDGER_TEST(every_correspondence_has_its_own_chain),
		LEDGER_TEST(a_head_of_another_form_is_a_broken_store),
		LEDGER_TEST(a_hello_is_compared_in_both_directions),
		LEDGER_TEST(two_that_never_spoke_may_begin),
		LEDGER_TEST(a_lost_manifest_of_ours_comes_back_exactly),
		LEDGER_TEST(what_does_not_continue_our_chain_does_not_come_back),
	};
	return cmocka_run_group_tests(tests, make_authorities, free_authorities);
}
