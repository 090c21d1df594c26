#include "authorities.h"

#include "certs/parcel.h"
#include "proto/check.h"

enum { SIZE = 2 * SEAL_CHUNK + 7, SEALED = SIZE + 3 * SEAL_OVERHEAD };

static struct seal *packed(struct bytes *sealed, uint8_t plain[SIZE])
{
	struct seal *seal;
	assert_ok(seal_make(&seal));
	assert_ok(seal_random(plain, SIZE));
	assert_ok(parcel_close(seal, (struct span){ plain, SIZE }, sealed));
	assert_int_equal(sealed->len, SEALED);
	return seal;
}

static void refused(struct seal *seal, struct span sealed)
{
	struct bytes plain = { 0 };
	assert_fault(parcel_open(seal, sealed, &plain), FAULT_SEAL_BROKEN);
	assert_int_equal(plain.len, 0);
	bytes_clear(&plain);
}

static void what_was_sealed_opens_again(void **state)
{
	static uint8_t plain[SIZE];
	struct bytes sealed = { 0 }, opened = { 0 };
	struct seal *seal = packed(&sealed, plain);
	(void)state;
	assert_int_equal(parcel_plain_size(SEALED), SIZE);
	assert_int_equal(parcel_sealed_size(SIZE), SEALED);
	assert_ok(parcel_open(seal, span_of(&sealed), &opened));
	assert_int_equal(opened.len, SIZE);
	assert_memory_equal(opened.at, plain, SIZE);
	bytes_clear(&sealed);
	bytes_clear(&opened);
	seal_free(seal);
}

static void what_is_cut_moved_flipped_or_of_another_key_gives_nothing(void **state)
{
	static uint8_t plain[SIZE], swapped[SEALED];
	static const size_t cuts[] = { 0, SEAL_OVERHEAD - 1, SEAL_CHUNK_SEALED, 2 * SEAL_CHUNK_SEALED, SEALED - 1 };
	struct bytes sealed = { 0 };
	struct seal *seal = packed(&sealed, plain), *foreign;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++)
		refused(seal, (struct span){ sealed.at, cuts[i] });
	memcpy(swapped, sealed.at + SEAL_CHUNK_SEALED, SEAL_CHUNK_SEALED);
	memcpy(swapped + SEAL_CHUNK_SEALED, sealed.at, SEAL_CHUNK_SEALED);
	memcpy(swapped + 2 * SEAL_CHUNK_SEALED, sealed.at + 2 * SEAL_CHUNK_SEALED, SEALED - 2 * SEAL_CHUNK_SEALED);
	refused(seal, SPAN(swapped));
	for (size_t at = 0; at < SEALED; at += 9973) {
		sealed.at[at] ^= 1;
		refused(seal, span_of(&sealed));
		sealed.at[at] ^= 1;
	}
	assert_ok(seal_make(&foreign));
	refused(foreign, span_of(&sealed));
	seal_free(foreign);
	seal_free(seal);
	bytes_clear(&sealed);
}

static struct identity *unsealing(const struct authority *authority)
{
	struct identity *identity;
	assert_ok(identity_open(authority->home, &(struct identity_access){ .keys = KEY_OF(ROLE_SEALING) }, &identity));
	return identity;
}

static void both_open_the_envelope_and_no_third(void **state)
{
	struct authority all[] = { authority_new("xf-ca"), authority_new("xs-ca"), authority_new("xr-ca") };
	struct span to[] = { identity_certificate(all[0].identity, ROLE_SEALING), identity_certificate(all[1].identity, ROLE_SEALING) };
	struct parcel_slip slip = { 0 };
	struct seal *seal, *again;
	uint8_t key[CONTENT_KEY_SIZE], own[SEAL_KEY_SIZE];
	(void)state;
	assert_ok(parcel_begin(to, ARRAY_LEN(to), (struct span){ 0 }, &slip, &seal));
	seal_key(seal, own);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct identity *identity = unsealing(&all[i]);
		assert_fault(envelope_open(identity, span_of(&slip.envelope), (struct span){ 0 }, key), i < 2 ? OK : FAULT_BAD_ENVELOPE);
		assert_memory_equal(key, own, sizeof key);
		identity_free(identity);
	}
	assert_ok(parcel_again(key, SPAN(slip.commitment), &again));
	seal_free(again);
	key[0] ^= 1;
	assert_fault(parcel_again(key, SPAN(slip.commitment), &again), FAULT_BAD_ENVELOPE);
	assert_fault(envelope_make(&(struct span){ key, sizeof key }, 1, key, (struct span){ 0 }, &slip.envelope), FAULT_CERT_PROFILE);
	seal_free(seal);
	parcel_slip_clear(&slip);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		authority_free(&all[i]);
}

static void what_is_for_somebody_alone_opens_for_nobody_else(void **state)
{
	struct authority all[] = { authority_new("xf-ca"), authority_new("xs-ca") };
	struct span to[] = { identity_certificate(all[0].identity, ROLE_SEALING), identity_certificate(all[1].identity, ROLE_SEALING) }, bound, other;
	char *names[] = { "hearing judge", "head of unit" }, *turned[] = { "head of unit", "hearing judge" }, *many[RECIPIENTS_MAX + 1];
	const struct parcel_address address = { "xf-ca", "0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e01", names, 2 };
	const struct parcel_address others[] = {
		{ address.authority, address.request_id, turned, 2 }, { address.authority, address.request_id, turned, 1 },
		{ "xs-ca", address.request_id, names, 2 }, { address.authority, "0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e02", names, 2 }, { 0 },
	};
	struct parcel_slip slip = { 0 };
	struct seal *seal;
	uint8_t key[CONTENT_KEY_SIZE], digest[DIGEST_SIZE], another[DIGEST_SIZE];
	(void)state;
	assert_ok(parcel_bind(&address, digest, &bound));
	assert_ok(parcel_begin(to, ARRAY_LEN(to), bound, &slip, &seal));
	seal_free(seal);
	struct identity *identity = unsealing(&all[1]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_ok(parcel_bind(&others[i], another, &other));
		assert_fault(envelope_open(identity, span_of(&slip.envelope), other, key), FAULT_BAD_ENVELOPE);
	}
	assert_ok(envelope_open(identity, span_of(&slip.envelope), bound, key));
	identity_free(identity);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = names[0];
	assert_fault(parcel_bind(&(struct parcel_address){ .names = many, .count = ARRAY_LEN(many) }, another, &other), FAULT_TOO_LARGE);
	parcel_slip_clear(&slip);
	authority_free(&all[0]);
	authority_free(&all[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_opens_again),
		cmocka_unit_test(what_is_cut_moved_flipped_or_of_another_key_gives_nothing),
		cmocka_unit_test(both_open_the_envelope_and_no_third),
		cmocka_unit_test(what_is_for_somebody_alone_opens_for_nobody_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
