/* Certificates that an issuer made wrongly, or that somebody altered. */
#include <openssl/x509v3.h>

#include "certs/openssl.h"
#include "trusts.h"

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

static void key_of(X509 *leaf, TAKES EVP_PKEY *key)
{
	assert_non_null(key);
	assert_true(X509_set_pubkey(leaf, key));
	EVP_PKEY_free(key);
}

static void number(X509 *leaf, const char *hex)
{
	BIGNUM *number = NULL;
	assert_true(BN_hex2bn(&number, hex));
	assert_non_null(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(leaf)));
	BN_free(number);
}

static void weak_rsa(X509 *leaf)         { key_of(leaf, EVP_RSA_gen(1024)); }
static void weak_curve(X509 *leaf)       { key_of(leaf, EVP_EC_gen("prime192v1")); }
static void edwards(X509 *leaf)          { key_of(leaf, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")); }
static void number_0(X509 *leaf)         { number(leaf, "0"); }
static void number_negative(X509 *leaf)  { number(leaf, "-1"); }
static void number_too_long(X509 *leaf)  { number(leaf, "112233445566778899001122334455667788990011"); }
static void no_key_id(X509 *leaf)        { drop(leaf, NID_subject_key_identifier); }
static void no_issuer_id(X509 *leaf)     { drop(leaf, NID_authority_key_identifier); }

static void (*const mistakes[])(X509 *leaf) = {
	no_name, two_names, same_name_twice, dns_name, other_scheme, upper_case, nul_in_name, no_extended,
	server_only, any_extended, no_usage, wrong_usage, issuer_usage, authority, version_1, unknown_critical,
	other_curve, weak_rsa, weak_curve, edwards, number_0, number_negative, number_too_long, no_key_id, no_issuer_id,
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
	assert_ok(key_load(path, NULL, &key));
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

/* ── what stands above the leaf ─────────────────────────────────────────────────────────────────── */

static void path_1(X509 *delegation)       { replace(delegation, NID_basic_constraints, "critical,CA:TRUE,pathlen:1"); }
static void path_unlimited(X509 *delegation) { replace(delegation, NID_basic_constraints, "critical,CA:TRUE"); }
static void no_issuer(X509 *delegation)    { replace(delegation, NID_basic_constraints, "critical,CA:FALSE"); }
static void no_signing(X509 *delegation)   { replace(delegation, NID_key_usage, "critical,cRLSign"); }
static void of_another(X509 *delegation)   { replace(delegation, NID_subject_alt_name, "URI:comity:xm-ca"); }

static struct bytes der_of(X509 *certificate)
{
	struct bytes der = { 0 };
	assert_ok(bytes_reserve(&der, CERTIFICATE_SIZE_MAX));
	uint8_t *at = der.at;
	der.len = (size_t)i2d_X509(certificate, &at);
	return der;
}

/* That certificate of `maker`, as the mistake makes it, signed anew with that key of `signer`. */
static struct bytes sign_anew(const struct authority *maker, enum role role, void (*mistake)(X509 *certificate),
			      const struct authority *signer, enum role signing)
{
	char path[128];
	struct key *key;
	X509 *certificate = x509_parse(identity_certificate(maker->identity, role));
	snprintf(path, sizeof path, "%s/keys/%s.key", signer->home, role_name(signing));
	assert_ok(key_load(path, NULL, &key));
	if (mistake)
		mistake(certificate);
	assert_true(X509_sign(certificate, key_evp(key), EVP_sha256()));
	struct bytes der = der_of(certificate);
	X509_free(certificate);
	key_free(key);
	return der;
}

static void a_delegation_out_of_profile_is_refused(void **state)
{
	struct world *world = *state;
	static void (*const wrong[])(X509 *delegation) = {
		path_1, path_unlimited, no_issuer, no_signing, of_another, weak_rsa, weak_curve, number_0, no_key_id,
	};
	struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct bytes delegation = sign_anew(&world->sylvania, ROLE_DELEGATION, wrong[i], &world->sylvania, ROLE_IDENTITY);
		kase.chain[1] = span_of(&delegation);
		if (judge(world, &kase) != FAULT_CERT_PROFILE)
			fail_msg("mistake %zu: %s", i, fault_detail(FAULT_CERT_PROFILE));
		bytes_clear(&delegation);
	}
}

/* Two identities under one name, each signed by the other: whoever follows issuers goes round for ever, or believes the
 * second because of the first. */
static void a_loop_of_issuers_leads_nowhere(void **state)
{
	struct world *world = *state;
	struct authority other = authority_new("xs-ca");
	struct bytes ours_by_them = sign_anew(&world->sylvania, ROLE_IDENTITY, NULL, &other, ROLE_IDENTITY);
	struct bytes theirs_by_us = sign_anew(&other, ROLE_IDENTITY, NULL, &world->sylvania, ROLE_IDENTITY);
	struct case_ loop = shown_by(&world->sylvania, ROLE_CHANNEL), detour = shown_by(&other, ROLE_CHANNEL);
	loop.count = detour.count = 3;
	loop.chain[2] = span_of(&ours_by_them);
	detour.chain[2] = span_of(&theirs_by_us);
	assert_fault(judge(world, &loop), FAULT_CERT_UNTRUSTED);
	assert_fault(judge(world, &detour), FAULT_CERT_UNTRUSTED);
	detour.count = 2;
	assert_fault(judge(world, &detour), FAULT_CERT_UNTRUSTED);
	bytes_clear(&ours_by_them);
	bytes_clear(&theirs_by_us);
	authority_free(&other);
}

static void a_leaf_altered_anywhere_is_refused(void **state)
{
	struct world *world = *state;
	struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	size_t len = kase.chain[0].len;
	uint8_t altered[CERTIFICATE_SIZE_MAX];
	size_t accepted = 0;
	for (size_t i = 0; i < len; i++) {
		memcpy(altered, kase.chain[0].at, len);
		altered[i] ^= 4;
		struct case_ again = kase;
		again.chain[0] = (struct span){ altered, len };
		accepted += judge(world, &again) == OK;
	}
	assert_int_equal(accepted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_leaf_out_of_profile_is_refused),
		TEST(a_delegation_out_of_profile_is_refused),
		TEST(a_loop_of_issuers_leads_nowhere),
		TEST(a_leaf_altered_anywhere_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
