#include <openssl/x509v3.h>

#include "authorities.h"
#include "certs/issue.h"
#include "certs/openssl.h"
#include "certs/trust.h"

struct world {
	struct authority freedonia, sylvania;	/* xf-ca looks at xs-ca */
	struct trust *trust;
};

static struct span identity_of(const struct authority *authority)
{
	return identity_certificate(authority->identity, ROLE_IDENTITY);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	world->freedonia = authority_new("xf-ca");
	world->sylvania = authority_new("xs-ca");
	world->trust = trust_new();
	assert_ok(trust_set_peer(world->trust, "xs-ca", identity_of(&world->sylvania), STANDING_VERIFIED));
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	trust_free(world->trust);
	authority_free(&world->freedonia);
	authority_free(&world->sylvania);
	free(world);
	return 0;
}

/* Judge a leaf and what stands above it, as a channel, at noon, expecting nobody, unless told otherwise. */
struct case_ {
	struct span chain[4];
	size_t count;
	enum usage usage;
	const char *expected;
	int64_t later;
};

static char peer[AUTHORITY_ID_SIZE];

static enum fault judge(const struct world *world, struct case_ *kase)
{
	struct claim claim = { kase->chain, kase->count, kase->usage, kase->expected, NOON + kase->later };
	return trust_judge(world->trust, &claim, peer);
}

static struct case_ shown_by(const struct authority *authority, enum role leaf)
{
	return (struct case_){
		.chain = {
			identity_certificate(authority->identity, leaf),
			identity_certificate(authority->identity, ROLE_DELEGATION),
			identity_of(authority),
		},
		.count = 2,
	};
}

static void assert_detail(enum fault fault, const char *words)
{
	if (!strstr(fault_detail(fault), words))
		fail_msg("\"%s\" does not say \"%s\"", fault_detail(fault), words);
}

static void a_verified_peer_is_accepted_for_each_use(void **state)
{
	struct world *world = *state;
	static const enum role leaves[] = {
		[USAGE_CHANNEL] = ROLE_CHANNEL, [USAGE_SIGNING] = ROLE_SIGNING, [USAGE_SEALING] = ROLE_SEALING,
	};
	for (enum usage usage = 0; usage < ARRAY_LEN(leaves); usage++)
		for (size_t count = 2; count <= 3; count++) {	/* with and without the identity */
			struct case_ kase = shown_by(&world->sylvania, leaves[usage]);
			kase.count = count;
			kase.usage = usage;
			assert_ok(judge(world, &kase));
			assert_string_equal(peer, "xs-ca");
			kase.expected = "xs-ca";
			assert_ok(judge(world, &kase));
		}
}

static void a_certificate_serves_its_own_use_only(void **state)
{
	struct world *world = *state;
	static const enum role leaf_of[] = { ROLE_CHANNEL, ROLE_SIGNING, ROLE_SEALING };
	for (enum role role = 0; role < ROLE_COUNT; role++)
		for (enum usage usage = 0; usage < ARRAY_LEN(leaf_of); usage++) {
			if (role == leaf_of[usage])
				continue;
			struct case_ kase = shown_by(&world->sylvania, role);
			kase.usage = usage;
			assert_fault(judge(world, &kase), FAULT_CERT_PROFILE);
		}
}

static void a_stranger_is_refused(void **state)
{
	struct world *world = *state;
	struct case_ kase = shown_by(&world->freedonia, ROLE_CHANNEL);
	assert_fault(judge(world, &kase), FAULT_STRANGER);
	assert_string_equal(peer, "xf-ca");
	assert_detail(FAULT_STRANGER, "xf-ca");
}

static void standing_decides_last(void **state)
{
	struct world *world = *state;
	struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	assert_ok(trust_set_standing(world->trust, "xs-ca", STANDING_UNVERIFIED));
	assert_fault(judge(world, &kase), FAULT_PEER_UNVERIFIED);
	kase.later = 91 * DAY;
	assert_fault(judge(world, &kase), FAULT_CERT_EXPIRED);	/* what is not proven is not told */
	kase.later = 0;
	assert_ok(trust_set_standing(world->trust, "xs-ca", STANDING_BLOCKED));
	assert_fault(judge(world, &kase), FAULT_PEER_BLOCKED);
	assert_ok(trust_set_standing(world->trust, "xs-ca", STANDING_VERIFIED));
	assert_ok(judge(world, &kase));
	trust_remove_peer(world->trust, "xs-ca");
	trust_remove_peer(world->trust, "xs-ca");
	assert_fault(judge(world, &kase), FAULT_STRANGER);
	assert_fault(trust_set_standing(world->trust, "xs-ca", STANDING_VERIFIED), FAULT_NOT_FOUND);
}

static void another_than_expected_is_refused(void **state)
{
	struct world *world = *state;
	struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	kase.expected = "xf-ca";
	assert_fault(judge(world, &kase), FAULT_WRONG_PEER);
	assert_detail(FAULT_WRONG_PEER, "expected xf-ca");
	kase.expected = "xs-cab";
	assert_fault(judge(world, &kase), FAULT_WRONG_PEER);
	kase.expected = "xs-c";
	assert_fault(judge(world, &kase), FAULT_WRONG_PEER);
}

static void time_is_the_one_that_is_told(void **state)
{
	struct world *world = *state;
	static const struct { int64_t later; enum fault fault; const char *says; } table[] = {
		{ -HOUR, OK, "" },
		{ -HOUR - 1, FAULT_CERT_NOT_YET, "is valid only from 2026-11-23T11:00:00" },
		{ 90 * DAY - 1, OK, "" },
		{ 90 * DAY, FAULT_CERT_EXPIRED, "the channel certificate of xs-ca expired at 2027-02-21T12:00:00" },
		{ 3 * 365 * DAY, FAULT_CERT_EXPIRED, "the delegation certificate" },
		{ 30 * 365 * DAY, FAULT_CERT_EXPIRED, "the identity certificate" },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
		kase.later = table[i].later;
		assert_fault(judge(world, &kase), table[i].fault);
		if (table[i].fault)
			assert_detail(table[i].fault, table[i].says);
	}
}

/* A verified peer of ours who makes everything in another's name with its own keys. */
static void one_peer_cannot_speak_for_another(void **state)
{
	struct world *world = *state;
	struct authority imposter = authority_new("xs-ca"), mallory = authority_new("xm-ca");
	assert_ok(trust_set_peer(world->trust, "xm-ca", identity_of(&mallory), STANDING_VERIFIED));
	struct case_ kase = shown_by(&imposter, ROLE_CHANNEL);		/* own root in another's name */
	assert_fault(judge(world, &kase), FAULT_CERT_UNTRUSTED);
	kase.count = 3;
	assert_fault(judge(world, &kase), FAULT_CERT_UNTRUSTED);
	assert_detail(FAULT_CERT_UNTRUSTED, "another identity certificate");
	kase.chain[2] = identity_of(&world->sylvania);			/* the true root beside it */
	assert_fault(judge(world, &kase), FAULT_CERT_UNTRUSTED);
	kase.chain[1] = identity_certificate(world->sylvania.identity, ROLE_DELEGATION);
	assert_fault(judge(world, &kase), FAULT_CERT_UNTRUSTED);	/* the true delegation above a false leaf */
	authority_free(&imposter);
	authority_free(&mallory);
}

static void a_delegation_serves_its_own_authority_only(void **state)
{
	struct world *world = *state;
	struct authority mallory = authority_new("xm-ca");
	char path[128];
	struct key *leaf_key, *issuer_key;
	struct bytes leaf = { 0 };
	assert_ok(trust_set_peer(world->trust, "xm-ca", identity_of(&mallory), STANDING_VERIFIED));
	snprintf(path, sizeof path, "%s/keys/delegation.key", mallory.home);
	assert_ok(key_load(path, &issuer_key));
	assert_ok(key_make(CURVE_P256, &leaf_key));
	struct span delegation = identity_certificate(mallory.identity, ROLE_DELEGATION);
	struct issue issue = { ROLE_CHANNEL, "xs-ca", "Sylvania", leaf_key, delegation, issuer_key, NOON };
	assert_ok(issue_certificate(&issue, &leaf));
	struct case_ kase = { { span_of(&leaf), delegation, identity_of(&mallory) }, 2, USAGE_CHANNEL, NULL, 0 };
	assert_fault(judge(world, &kase), FAULT_CERT_PROFILE);
	assert_detail(FAULT_CERT_PROFILE, "delegation certificate of xm-ca");
	key_free(leaf_key);
	key_free(issuer_key);
	bytes_clear(&leaf);
	authority_free(&mallory);
}

static void a_chain_is_leaf_delegation_identity_and_nothing_else(void **state)
{
	struct world *world = *state;
	struct span leaf = identity_certificate(world->sylvania.identity, ROLE_CHANNEL);
	struct span delegation = identity_certificate(world->sylvania.identity, ROLE_DELEGATION);
	struct span identity = identity_of(&world->sylvania);
	const struct { struct span chain[4]; size_t count; } table[] = {
		{ { { 0 } }, 0 },
		{ { leaf }, 1 },
		{ { identity }, 1 },
		{ { leaf, identity }, 2 },
		{ { leaf, leaf }, 2 },
		{ { delegation, identity }, 2 },
		{ { leaf, identity, delegation }, 3 },
		{ { leaf, delegation, delegation }, 3 },
		{ { leaf, delegation, identity, identity }, 4 },
		{ { leaf, { identity.at, identity.len - 1 } }, 2 },
		{ { span_of_text("nonsense"), delegation }, 2 },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct case_ kase = { .count = table[i].count };
		memcpy(kase.chain, table[i].chain, sizeof kase.chain);
		if (judge(world, &kase) != FAULT_CERT_PROFILE)
			fail_msg("row %zu", i);
	}
}

/* What an issuer could do wrong, with its true keys. */
static void drop(X509 *leaf, int nid)
{
	int at = X509_get_ext_by_NID(leaf, nid, -1);
	X509_EXTENSION_free(X509_delete_ext(leaf, at));
}

static void put(X509 *leaf, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, NULL, nid, value);
	assert_non_null(extension);
	assert_true(X509_add_ext(leaf, extension, -1));
	X509_EXTENSION_free(extension);
}

static void replace(X509 *leaf, int nid, const char *value)
{
	drop(leaf, nid);
	put(leaf, nid, value);
}

static void no_name(X509 *leaf)          { drop(leaf, NID_subject_alt_name); }
static void two_names(X509 *leaf)        { replace(leaf, NID_subject_alt_name, "URI:comity:xs-ca,URI:comity:xm-ca"); }
static void same_name_twice(X509 *leaf)  { put(leaf, NID_subject_alt_name, "URI:comity:xs-ca"); }
static void dns_name(X509 *leaf)         { replace(leaf, NID_subject_alt_name, "DNS:xs-ca"); }
static void other_scheme(X509 *leaf)     { replace(leaf, NID_subject_alt_name, "URI:urn:auth:xs-ca"); }
static void upper_case(X509 *leaf)       { replace(leaf, NID_subject_alt_name, "URI:comity:XS-CA"); }
static void no_extended(X509 *leaf)      { drop(leaf, NID_ext_key_usage); }
static void server_only(X509 *leaf)      { replace(leaf, NID_ext_key_usage, "serverAuth"); }
static void any_extended(X509 *leaf)     { replace(leaf, NID_ext_key_usage, "anyExtendedKeyUsage"); }
static void no_usage(X509 *leaf)         { drop(leaf, NID_key_usage); }
static void wrong_usage(X509 *leaf)      { replace(leaf, NID_key_usage, "critical,keyAgreement"); }
static void issuer_usage(X509 *leaf)     { replace(leaf, NID_key_usage, "critical,digitalSignature,keyCertSign"); }
static void authority(X509 *leaf)        { replace(leaf, NID_basic_constraints, "critical,CA:TRUE"); }
static void version_1(X509 *leaf)        { X509_set_version(leaf, X509_VERSION_1); }

static void nul_in_name(X509 *leaf)
{
	static const char name[] = "comity:xs-ca\0.evil";
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *uri = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	assert_true(ASN1_STRING_set(text, name, sizeof name - 1));
	GENERAL_NAME_set0_value(uri, GEN_URI, text);
	sk_GENERAL_NAME_push(names, uri);
	drop(leaf, NID_subject_alt_name);
	assert_true(X509_add1_ext_i2d(leaf, NID_subject_alt_name, names, 0, 0));
	GENERAL_NAMES_free(names);
}

static void unknown_critical(X509 *leaf)
{
	ASN1_OBJECT *name = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	assert_true(ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05", 2));
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, name, 1, value);
	assert_true(X509_add_ext(leaf, extension, -1));
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(name);
}

static void other_curve(X509 *leaf)
{
	EVP_PKEY *key = EVP_EC_gen("secp521r1");
	assert_true(X509_set_pubkey(leaf, key));
	EVP_PKEY_free(key);
}

static void (*const mistakes[])(X509 *leaf) = {
	no_name, two_names, same_name_twice, dns_name, other_scheme, upper_case, nul_in_name, no_extended,
	server_only, any_extended, no_usage, wrong_usage, issuer_usage, authority, version_1, unknown_critical,
	other_curve,
};

/* The leaf as the mistake makes it, signed anew with the delegation's true key. */
static struct bytes spoil(const struct authority *maker, void (*mistake)(X509 *leaf), const EVP_MD *md)
{
	char path[128];
	struct key *key;
	struct bytes der = { 0 };
	struct span good = identity_certificate(maker->identity, ROLE_CHANNEL);
	X509 *leaf = x509_parse(good);
	snprintf(path, sizeof path, "%s/keys/delegation.key", maker->home);
	assert_ok(key_load(path, &key));
	if (mistake)
		mistake(leaf);
	assert_true(X509_sign(leaf, key_evp(key), md));
	assert_ok(bytes_reserve(&der, CERTIFICATE_SIZE_MAX));
	uint8_t *at = der.at;
	der.len = (size_t)i2d_X509(leaf, &at);
	X509_free(leaf);
	key_free(key);
	return der;
}

static void a_leaf_out_of_profile_is_refused(void **state)
{
	struct world *world = *state;
	struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	struct bytes leaf = spoil(&world->sylvania, NULL, EVP_sha256());
	kase.chain[0] = span_of(&leaf);
	assert_ok(judge(world, &kase));			/* signing anew alone spoils nothing */
	bytes_clear(&leaf);
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		leaf = spoil(&world->sylvania, mistakes[i], EVP_sha256());
		kase.chain[0] = span_of(&leaf);
		if (judge(world, &kase) != FAULT_CERT_PROFILE)
			fail_msg("mistake %zu", i);
		bytes_clear(&leaf);
	}
	leaf = spoil(&world->sylvania, NULL, EVP_sha1());
	kase.chain[0] = span_of(&leaf);
	assert_fault(judge(world, &kase), FAULT_CERT_PROFILE);
	bytes_clear(&leaf);
}

static void a_leaf_altered_anywhere_is_refused(void **state)
{
	struct world *world = *state;
	struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	size_t len = kase.chain[0].len;
	uint8_t *altered = malloc(len);
	size_t accepted = 0;
	for (size_t i = 0; i < len; i++) {
		memcpy(altered, kase.chain[0].at, len);
		altered[i] ^= 4;
		struct case_ again = kase;
		again.chain[0] = (struct span){ altered, len };
		accepted += judge(world, &again) == OK;
	}
	assert_int_equal(accepted, 0);
	free(altered);
}

static void only_its_own_identity_can_be_pinned(void **state)
{
	struct world *world = *state;
	struct span sylvania = identity_of(&world->sylvania);
	for (enum role role = ROLE_DELEGATION; role < ROLE_COUNT; role++)
		assert_fault(trust_set_peer(world->trust, "xs-ca", identity_certificate(world->sylvania.identity, role),
					    STANDING_VERIFIED), FAULT_CERT_PROFILE);
	assert_fault(trust_set_peer(world->trust, "xf-ca", sylvania, STANDING_VERIFIED), FAULT_CERT_PROFILE);
	assert_fault(trust_set_peer(world->trust, "xs-ca", span_of_text("x"), STANDING_VERIFIED), FAULT_CERT_PROFILE);
	uint8_t altered[CERTIFICATE_SIZE_MAX];
	memcpy(altered, sylvania.at, sylvania.len);
	altered[sylvania.len - 1] ^= 1;			/* its own signature */
	assert_fault(trust_set_peer(world->trust, "xs-ca", (struct span){ altered, sylvania.len }, STANDING_VERIFIED),
		     FAULT_CERT_PROFILE);
	struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	assert_ok(judge(world, &kase));			/* none of that has changed what we hold */
}

static void a_new_identity_replaces_the_old_one(void **state)
{
	struct world *world = *state;
	struct authority again = authority_new("xs-ca");
	struct case_ old = shown_by(&world->sylvania, ROLE_CHANNEL), new = shown_by(&again, ROLE_CHANNEL);
	assert_ok(trust_set_peer(world->trust, "xs-ca", identity_of(&again), STANDING_VERIFIED));
	assert_fault(judge(world, &old), FAULT_CERT_UNTRUSTED);
	assert_ok(judge(world, &new));
	authority_free(&again);
}

static void what_is_renewed_is_still_trusted(void **state)
{
	struct world *world = *state;
	struct authority *sylvania = &world->sylvania;
	assert_ok(identity_renew(sylvania->home, ROLE_DELEGATION, NOON + 80 * DAY));
	identity_free(sylvania->identity);
	assert_ok(identity_load(sylvania->home, &sylvania->identity));
	struct case_ kase = shown_by(sylvania, ROLE_CHANNEL);
	kase.later = 100 * DAY;
	assert_ok(judge(world, &kase));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_verified_peer_is_accepted_for_each_use),
		TEST(a_certificate_serves_its_own_use_only),
		TEST(a_stranger_is_refused),
		TEST(standing_decides_last),
		TEST(another_than_expected_is_refused),
		TEST(time_is_the_one_that_is_told),
		TEST(one_peer_cannot_speak_for_another),
		TEST(a_delegation_serves_its_own_authority_only),
		TEST(a_chain_is_leaf_delegation_identity_and_nothing_else),
		TEST(a_leaf_out_of_profile_is_refused),
		TEST(a_leaf_altered_anywhere_is_refused),
		TEST(only_its_own_identity_can_be_pinned),
		TEST(a_new_identity_replaces_the_old_one),
		TEST(what_is_renewed_is_still_trusted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
