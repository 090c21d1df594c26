#include "authorities.h"
#include "certs/files.h"
#include "certs/signature.h"

static const char content_text[] = "# comity-manifest 1\r\n# from: xf-ca\n3f8c  0192f3c1\n\0after a NUL";
#define CONTENT ((struct span){ (const uint8_t *)content_text, sizeof content_text - 1 })

struct world {
	struct authority freedonia;
	struct signer *signer;
	struct bytes der;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	world->freedonia = authority_new("xf-ca");
	assert_ok(signer_new(identity_certificate(world->freedonia.identity, ROLE_SIGNING), &world->signer));
	assert_ok(signature_make(world->freedonia.identity, CONTENT, NOON, &world->der));
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	signer_free(world->signer);
	bytes_clear(&world->der);
	authority_free(&world->freedonia);
	free(world);
	return 0;
}

static void what_was_signed_verifies(void **state)
{
	struct world *world = *state;
	int64_t signing_time = 0;
	assert_string_equal(signer_authority(world->signer), "xf-ca");
	assert_ok(signature_verify(world->signer, CONTENT, span_of(&world->der), &signing_time));
	assert_int_equal(signing_time, NOON);
	assert_in_range(world->der.len, 300, 600);
}

static void an_empty_content_and_a_large_one_can_be_signed(void **state)
{
	struct world *world = *state;
	static uint8_t large[300000];
	const struct span contents[] = { { 0 }, SPAN(large) };
	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		struct bytes der = { 0 };
		assert_ok(signature_make(world->freedonia.identity, contents[i], NOON, &der));
		assert_ok(signature_verify(world->signer, contents[i], span_of(&der), NULL));
		assert_fault(signature_verify(world->signer, contents[1 - i], span_of(&der), NULL), FAULT_BAD_SIGNATURE);
		bytes_clear(&der);
	}
}

static void a_time_beyond_2049_is_kept(void **state)
{
	struct world *world = *state;
	struct bytes der = { 0 };
	int64_t time;
	assert_ok(signature_make(world->freedonia.identity, CONTENT, NOON + 30 * 365 * DAY, &der));
	assert_ok(signature_verify(world->signer, CONTENT, span_of(&der), &time));
	assert_int_equal(time, NOON + 30 * 365 * DAY);
	bytes_clear(&der);
}

static void a_time_outside_the_certificates_life_is_not_for_signing(void **state)
{
	struct world *world = *state;
	const struct { int64_t then; enum fault fault; } times[] = {
		{ NOON, OK }, { NOON + 364 * DAY, OK }, { NOON + 366 * DAY, FAULT_CERT_EXPIRED }, { NOON - DAY, FAULT_CERT_NOT_YET },
	};
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		assert_fault(signature_check_time(world->freedonia.identity, times[i].then), times[i].fault);
		assert_fault(signer_check_time(world->signer, times[i].then), times[i].fault);
	}
}

static void altered_content_is_refused(void **state)
{
	struct world *world = *state;
	uint8_t altered[sizeof content_text - 1];
	for (size_t i = 0; i < sizeof altered; i++) {
		memcpy(altered, content_text, sizeof altered);
		altered[i] ^= 1;
		assert_fault(signature_verify(world->signer, SPAN(altered), span_of(&world->der), NULL), FAULT_BAD_SIGNATURE);
	}
	struct span shorter = { CONTENT.at, CONTENT.len - 1 };
	assert_fault(signature_verify(world->signer, shorter, span_of(&world->der), NULL), FAULT_BAD_SIGNATURE);
}

static void a_signature_altered_anywhere_is_refused(void **state)
{
	struct world *world = *state;
	for (size_t i = 0; i < world->der.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			world->der.at[i] ^= 1 << bit;
			if (signature_verify(world->signer, CONTENT, span_of(&world->der), NULL) != FAULT_BAD_SIGNATURE)
				fail_msg("byte %zu bit %d of %zu", i, bit, world->der.len);
			world->der.at[i] ^= 1 << bit;
		}
}

static void a_signature_cut_short_or_made_longer_is_refused(void **state)
{
	struct world *world = *state;
	for (size_t len = 0; len < world->der.len; len++) {
		struct span cut = { world->der.at, len };
		assert_fault(signature_verify(world->signer, CONTENT, cut, NULL), FAULT_BAD_SIGNATURE);
	}
	assert_ok(bytes_append_text(&world->der, "x"));
	assert_fault(signature_verify(world->signer, CONTENT, span_of(&world->der), NULL), FAULT_BAD_SIGNATURE);
	static const uint8_t huge[SIGNATURE_SIZE_MAX + 1];
	assert_fault(signature_verify(world->signer, CONTENT, SPAN(huge), NULL), FAULT_BAD_SIGNATURE);
}

static void anothers_signature_is_refused(void **state)
{
	struct world *world = *state;
	struct authority other = authority_new("xf-ca");	/* the same name, other keys */
	struct bytes der = { 0 };
	assert_ok(signature_make(other.identity, CONTENT, NOON, &der));
	assert_fault(signature_verify(world->signer, CONTENT, span_of(&der), NULL), FAULT_BAD_SIGNATURE);
	bytes_clear(&der);
	authority_free(&other);
}

static void only_a_signing_certificate_makes_a_signer(void **state)
{
	struct world *world = *state;
	struct signer *signer;
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		enum fault expected = role == ROLE_SIGNING ? OK : FAULT_CERT_PROFILE;
		assert_fault(signer_new(identity_certificate(world->freedonia.identity, role), &signer), expected);
		signer_free(signer);
	}
	assert_fault(signer_new(span_of_text("nonsense"), &signer), FAULT_CERT_PROFILE);
	assert_null(signer);
}

/* What stock openssl makes with our key, and whether we take it. */
static const struct { const char *options; enum fault fault; } foreign[] = {
	{ "-cades -keyid -nocerts -nosmimecap", OK },
	{ "-cades -nocerts", FAULT_BAD_SIGNATURE },				/* issuer and serial instead of the key id */
	{ "-keyid -nocerts", FAULT_BAD_SIGNATURE },				/* does not name the certificate */
	{ "-noattr -nocerts", FAULT_BAD_SIGNATURE },				/* no signed attributes at all */
	{ "-cades -keyid -md sha512 -nocerts", FAULT_BAD_SIGNATURE },
	{ "-cades -keyid -md sha1 -nocerts", FAULT_BAD_SIGNATURE },
	{ "-cades -keyid -nodetach -nocerts", FAULT_BAD_SIGNATURE },			/* content of its own */
	{ "-cades -keyid -nocerts -signer delegation.crt -inkey delegation.key", FAULT_BAD_SIGNATURE },	/* two signers */
	{ "-cades -keyid -nocerts -stream", FAULT_BAD_SIGNATURE },			/* BER, not DER */
	{ "-cades -keyid -nocerts -econtent_type 1.3.6.1.5.5.7.12.2", FAULT_BAD_SIGNATURE },
};

static void only_our_form_of_signature_is_taken(void **state)
{
	struct world *world = *state;
	char path[128];
	snprintf(path, sizeof path, "%s/content", world->freedonia.home);
	assert_ok(file_create(path, FILE_PUBLIC, CONTENT));
	snprintf(path, sizeof path, "%s/sig", world->freedonia.home);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		struct bytes der = { 0 };
		assert_int_equal(shell("cd %s/keys && openssl cms -sign -binary -outform DER -in ../content -out ../sig "
				       "-signer signing.crt -inkey signing.key %s 2>/dev/null",
				       world->freedonia.home, foreign[i].options), 0);
		assert_ok(file_read(path, FILE_PUBLIC, 100000, &der));
		if (signature_verify(world->signer, CONTENT, span_of(&der), NULL) != foreign[i].fault)
			fail_msg("%s: %s", foreign[i].options, fault_detail(FAULT_BAD_SIGNATURE));
		bytes_clear(&der);
	}
}

/* Certificates alone, in the same container: signed by nobody. */
static void a_signature_without_a_signer_is_refused(void **state)
{
	struct world *world = *state;
	char path[128];
	struct bytes der = { 0 };
	snprintf(path, sizeof path, "%s/none", world->freedonia.home);
	assert_int_equal(shell("cd %s/keys && openssl crl2pkcs7 -nocrl -certfile signing.crt -outform DER -out ../none",
			       world->freedonia.home), 0);
	assert_ok(file_read(path, FILE_PUBLIC, 100000, &der));
	assert_fault(signature_verify(world->signer, CONTENT, span_of(&der), NULL), FAULT_BAD_SIGNATURE);
	bytes_clear(&der);
}

static int check_with_stock_openssl(const char *home, int64_t when)
{
	return shell("cd %s && openssl cms -verify -binary -inform DER -in sig -content content -certfile keys/signing.crt "
		     "-CAfile authority.pem -no-CApath -no-CAstore -nointern -cades "
		     "-attime %lld -out /dev/null 2>/dev/null", home, (long long)when);
}

static void stock_openssl_accepts_our_signatures(void **state)
{
	struct world *world = *state;
	const char *home = world->freedonia.home;
	char path[128];
	snprintf(path, sizeof path, "%s/content", home);
	assert_ok(file_create(path, FILE_PUBLIC, CONTENT));
	snprintf(path, sizeof path, "%s/sig", home);
	assert_ok(file_create(path, FILE_PUBLIC, span_of(&world->der)));
	assert_int_equal(shell("cd %s && cat keys/delegation.crt keys/identity.crt >authority.pem", home), 0);
	assert_int_equal(check_with_stock_openssl(home, NOON), 0);
	assert_int_not_equal(check_with_stock_openssl(home, NOON + 400 * DAY), 0);
	assert_int_equal(shell("cd %s && printf x >>content", home), 0);
	assert_int_not_equal(check_with_stock_openssl(home, NOON), 0);
}

static void enclosed_content_comes_out_as_it_went_in(void **state)
{
	struct world *world = *state;
	struct identity *identity = world->freedonia.identity;
	const struct span beside[] = {
		identity_certificate(identity, ROLE_SIGNING), identity_certificate(identity, ROLE_DELEGATION),
		identity_certificate(identity, ROLE_IDENTITY),
	};
	struct bytes der = { 0 }, content = { 0 };
	int64_t time;
	assert_ok(signature_enclose(identity, CONTENT, NOON, &der));
	assert_ok(signature_peel(span_of(&der), &content));
	assert_true(span_equal(span_of(&content), CONTENT));
	assert_ok(signature_verify_enclosed(world->signer, beside, 3, span_of(&der), &time));
	assert_int_equal(time, NOON);
	assert_fault(signature_verify_enclosed(world->signer, beside, 2, span_of(&der), &time), FAULT_BAD_SIGNATURE);
	assert_fault(signature_verify(world->signer, CONTENT, span_of(&der), NULL), FAULT_BAD_SIGNATURE);
	assert_fault(signature_peel(span_of(&world->der), &content), FAULT_BAD_SIGNATURE);
	assert_fault(signature_peel(CONTENT, &content), FAULT_BAD_SIGNATURE);
	bytes_clear(&der);
	bytes_clear(&content);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_signed_verifies),
		TEST(an_empty_content_and_a_large_one_can_be_signed),
		TEST(a_time_beyond_2049_is_kept),
		TEST(a_time_outside_the_certificates_life_is_not_for_signing),
		TEST(altered_content_is_refused),
		TEST(a_signature_altered_anywhere_is_refused),
		TEST(a_signature_cut_short_or_made_longer_is_refused),
		TEST(anothers_signature_is_refused),
		TEST(only_a_signing_certificate_makes_a_signer),
		TEST(only_our_form_of_signature_is_taken),
		TEST(a_signature_without_a_signer_is_refused),
		TEST(stock_openssl_accepts_our_signatures),
		TEST(enclosed_content_comes_out_as_it_went_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
