/* Revocation lists: how they grow, what makes one, and what they do to whoever is on them. */
#include <openssl/x509v3.h>

#include "authorities.h"
#include "certs/openssl.h"
#include "certs/trust.h"

struct world {
	struct authority sylvania;
	struct trust *trust;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	world->sylvania = authority_new("xs-ca");
	world->trust = trust_new();
	assert_ok(trust_set_peer(world->trust, "xs-ca", identity_certificate(world->sylvania.identity, ROLE_IDENTITY),
		STANDING_VERIFIED));
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	trust_free(world->trust);
	authority_free(&world->sylvania);
	free(world);
	return 0;
}

static const char *serial_of(const struct world *world, enum role role)
{
	static struct certificate_facts facts;
	assert_ok(certificate_read(identity_certificate(world->sylvania.identity, role), &facts));
	return facts.serial;
}

static void list_certificate(const struct world *world, enum role role, const char *reason, int64_t at, int64_t lost_at)
{
	struct revocation_order order = {
		.issuer = role == ROLE_DELEGATION ? ROLE_IDENTITY : ROLE_DELEGATION, .serial = serial_of(world, role),
		.reason = reason, .now = at, .lost_at = lost_at,
	};
	assert_ok(revocation_enter(world->sylvania.home, &order));
}

static struct bytes list_of(const struct world *world, enum role issuer)
{
	struct bytes der = { 0 };
	assert_ok(revocation_load(world->sylvania.home, issuer, &der));
	return der;
}

static struct revocation_facts facts_of(const struct world *world, enum role issuer)
{
	struct revocation_facts facts;
	struct bytes der = list_of(world, issuer);
	assert_ok(revocation_read(span_of(&der), &facts));
	bytes_clear(&der);
	return facts;
}

/* ── issuing ────────────────────────────────────────────────────────────────────────────────────── */

static void numbers_grow_and_entries_stay(void **state)
{
	const struct world *world = *state;
	unsigned issued;
	assert_ok(revocation_refresh(world->sylvania.home, NOON, NULL, &issued));
	assert_int_equal(issued, 2);
	assert_string_equal(facts_of(world, ROLE_DELEGATION).number, "1795435200");	/* noon, in seconds */
	assert_int_equal(facts_of(world, ROLE_DELEGATION).count, 0);
	list_certificate(world, ROLE_CHANNEL, "superseded", NOON, 0);
	list_certificate(world, ROLE_SIGNING, "keyCompromise", NOON + 2 * HOUR, NOON + HOUR);
	struct revocation_facts facts = facts_of(world, ROLE_DELEGATION);
	assert_string_equal(facts.number, "1795442400");
	assert_int_equal(facts.count, 2);
	assert_int_equal(facts.this_update, NOON + 2 * HOUR);
	assert_string_equal(facts_of(world, ROLE_IDENTITY).number, "1795435200");
	struct revocation_order again = { .issuer = ROLE_DELEGATION, .serial = serial_of(world, ROLE_CHANNEL), .now = NOON + DAY };
	assert_fault(revocation_enter(world->sylvania.home, &again), FAULT_EXISTS);
	assert_string_equal(facts_of(world, ROLE_DELEGATION).number, "1795442400");
	list_certificate(world, ROLE_SEALING, NULL, NOON - DAY, 0);			/* the clock was set back: still one higher */
	assert_string_equal(facts_of(world, ROLE_DELEGATION).number, "1795442401");
}

static void a_list_is_issued_anew_at_half_of_its_life(void **state)
{
	const struct world *world = *state;
	unsigned issued;
	assert_ok(revocation_refresh(world->sylvania.home, NOON, NULL, &issued));
	assert_ok(revocation_refresh(world->sylvania.home, NOON + 15 * DAY, NULL, &issued));
	assert_int_equal(issued, 0);
	assert_ok(revocation_refresh(world->sylvania.home, NOON + 15 * DAY + 1, NULL, &issued));
	assert_int_equal(issued, 1);			/* the delegation's; the identity's lives 400 days */
	assert_int_equal(facts_of(world, ROLE_DELEGATION).this_update, NOON + 15 * DAY + 1);
	assert_int_equal(shell("rm %s/keys/identity.key %s/keys/delegation.key", world->sylvania.home, world->sylvania.home), 0);
	assert_ok(revocation_refresh(world->sylvania.home, NOON + 390 * DAY, NULL, &issued));
	assert_int_equal(issued, 0);			/* their keys rest elsewhere */
	struct revocation_order order = { .issuer = ROLE_DELEGATION, .serial = "01", .now = NOON };
	assert_fault(revocation_enter(world->sylvania.home, &order), FAULT_BAD_KEY);
}

static void a_new_delegation_begins_a_list_of_its_own(void **state)
{
	struct world *world = *state;
	unsigned issued;
	list_certificate(world, ROLE_CHANNEL, NULL, NOON, 0);
	struct bytes old = list_of(world, ROLE_DELEGATION);
	assert_ok(revocation_refresh(world->sylvania.home, NOON, NULL, &issued));
	assert_ok(identity_renew(world->sylvania.home, ROLE_DELEGATION, NOON + DAY));
	assert_int_equal(facts_of(world, ROLE_IDENTITY).this_update, NOON);	/* it went along */
	assert_ok(revocation_refresh(world->sylvania.home, NOON + DAY, NULL, &issued));
	assert_int_equal(issued, 1);
	struct bytes new = list_of(world, ROLE_DELEGATION);
	assert_int_equal(facts_of(world, ROLE_DELEGATION).count, 0);
	assert_false(revocation_same_issuer(span_of(&old), span_of(&new)));
	bytes_clear(&old);
	bytes_clear(&new);
}

static void stock_tools_read_our_lists(void **state)
{
	const struct world *world = *state;
	unsigned issued;
	assert_ok(revocation_refresh(world->sylvania.home, NOON, NULL, &issued));
	static const char verify[] = "cd %s/keys && cat identity.crl delegation.crl >lists && openssl verify -x509_strict -attime %lld "
		"-crl_check_all -CRLfile lists -no-CApath -no-CAstore -CAfile identity.crt -untrusted delegation.crt channel.crt 2>&1 | "
		"grep -q '%s'";
	assert_int_equal(shell(verify, world->sylvania.home, (long long)NOON, "channel.crt: OK"), 0);
	list_certificate(world, ROLE_CHANNEL, "keyCompromise", NOON + 60, NOON - DAY);
	assert_int_equal(shell(verify, world->sylvania.home, (long long)NOON + 60, "certificate revoked"), 0);
	assert_int_equal(shell("cd %s/keys && openssl crl -in delegation.crl -noout -text >text && grep -q 'Key Compromise' text && "
		"grep -q 'Invalidity Date' text && grep -q 'X509v3 CRL Number' text", world->sylvania.home), 0);
	assert_int_equal(shell("cd %s/keys && faketime '2026-11-23 12:05:00' certtool --verify-crl --load-ca-certificate delegation.crt "
		"--infile delegation.crl 2>&1 | grep -q 'Verified'", world->sylvania.home), 0);
	assert_int_not_equal(shell("cd %s/keys && faketime '2026-11-23 12:05:00' certtool --verify-crl --load-ca-certificate identity.crt "
		"--infile delegation.crl 2>&1 | grep -q 'Output: Verified'", world->sylvania.home), 0);
}

/* 2,200 entries more, as if so many had been revoked one by one. */
static struct bytes fill_up(struct span list, const struct key *key)
{
	struct bytes der = { 0 };
	X509_CRL *crl = crl_parse(list);
	ASN1_TIME *then = ASN1_TIME_set(NULL, (time_t)NOON);
	for (int i = 1; i <= 2200; i++) {
		X509_REVOKED *row = X509_REVOKED_new();
		ASN1_INTEGER *serial = ASN1_INTEGER_new();
		assert_true(ASN1_INTEGER_set_uint64(serial, UINT64_C(1) << 62 | (unsigned)i));
		assert_true(X509_REVOKED_set_serialNumber(row, serial) && X509_REVOKED_set_revocationDate(row, then));
		assert_true(X509_CRL_add0_revoked(crl, row));
		ASN1_INTEGER_free(serial);
	}
	assert_true(X509_CRL_sign(crl, key_evp(key), EVP_sha256()));
	assert_ok(bytes_reserve(&der, REVOCATION_SIZE_MAX * 2));
	uint8_t *at = der.at;
	der.len = (size_t)i2d_X509_CRL(crl, &at);
	ASN1_TIME_free(then);
	X509_CRL_free(crl);
	return der;
}

static void a_list_that_grew_too_large_is_not_issued(void **state)
{
	const struct world *world = *state;
	struct key *key;
	char path[128];
	enum fault fault = OK;
	unsigned issued;
	assert_ok(revocation_refresh(world->sylvania.home, NOON, NULL, &issued));
	snprintf(path, sizeof path, "%s/keys/delegation.key", world->sylvania.home);
	assert_ok(key_load(path, NULL, &key));
	struct bytes empty = list_of(world, ROLE_DELEGATION), full = fill_up(span_of(&empty), key);
	struct revoking revoking = { .issuer_certificate = identity_certificate(world->sylvania.identity, ROLE_DELEGATION),
		.issuer_key = key, .now = NOON, .life = DAY };
	for (int i = 0; i < 600 && !fault; i++) {
		char serial[33];
		struct bytes next = { 0 };
		snprintf(serial, sizeof serial, "7f%030x", i);
		revoking.serial = serial;
		revoking.previous = span_of(&full);
		fault = revocation_issue(&revoking, &next);
		if (fault)
			break;
		bytes_clear(&full);
		full = next;
	}
	assert_int_equal(fault, FAULT_TOO_LARGE);
	assert_in_range(full.len, REVOCATION_SIZE_MAX - 100, REVOCATION_SIZE_MAX);
	bytes_clear(&empty);
	bytes_clear(&full);
	key_free(key);
}

/* ── what makes a list ──────────────────────────────────────────────────────────────────────────── */

static void add(X509_CRL *crl, const char *oid, int critical)
{
	ASN1_OBJECT *name = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	assert_true(ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05", 2));
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, name, critical, value);
	assert_true(X509_CRL_add_ext(crl, extension, -1));
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(name);
}

static void drop(X509_CRL *crl, int nid)
{
	X509_EXTENSION_free(X509_CRL_delete_ext(crl, X509_CRL_get_ext_by_NID(crl, nid, -1)));
}

static X509_REVOKED *add_row(X509_CRL *crl)
{
	X509_REVOKED *row = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *then = ASN1_TIME_set(NULL, (time_t)NOON);
	assert_true(ASN1_INTEGER_set(serial, 7) && X509_REVOKED_set_serialNumber(row, serial));
	assert_true(X509_REVOKED_set_revocationDate(row, then) && X509_CRL_add0_revoked(crl, row));
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(then);
	return row;
}

static void set_number(X509_CRL *crl, const char *hex)
{
	BIGNUM *number = NULL;
	assert_true(BN_hex2bn(&number, hex));
	ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(number, NULL);
	drop(crl, NID_crl_number);
	assert_true(X509_CRL_add1_ext_i2d(crl, NID_crl_number, integer, 0, 0));
	ASN1_INTEGER_free(integer);
	BN_free(number);
}

static void version_1(X509_CRL *crl)        { X509_CRL_set_version(crl, X509_CRL_VERSION_1); }
static void no_number(X509_CRL *crl)        { drop(crl, NID_crl_number); }
static void number_negative(X509_CRL *crl)  { set_number(crl, "-5"); }
static void number_too_long(X509_CRL *crl)  { set_number(crl, "112233445566778899001122334455667788990011"); }
static void no_key_id(X509_CRL *crl)        { drop(crl, NID_authority_key_identifier); }
static void unknown_critical(X509_CRL *crl) { add(crl, "1.3.6.1.4.1.99999.1", 1); }
static void a_part(X509_CRL *crl)           { add(crl, "2.5.29.28", 0); }
static void a_delta(X509_CRL *crl)          { add(crl, "2.5.29.27", 0); }

static void backwards(X509_CRL *crl)
{
	ASN1_TIME *then = ASN1_TIME_set(NULL, (time_t)(NOON - DAY));
	assert_true(X509_CRL_set1_nextUpdate(crl, then));
	ASN1_TIME_free(then);
}

static void critical_in_entry(X509_CRL *crl)
{
	ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();
	assert_true(ASN1_ENUMERATED_set(code, 1));
	assert_true(X509_REVOKED_add1_ext_i2d(add_row(crl), NID_crl_reason, code, 1, 0));
	ASN1_ENUMERATED_free(code);
}

static void (*const mistakes[])(X509_CRL *crl) = {
	version_1, no_number, number_negative, number_too_long, no_key_id, unknown_critical, a_part, a_delta, backwards,
	critical_in_entry,
};

/* Our list as the mistake makes it, signed anew with that key. */
static struct bytes spoil(const struct world *world, void (*mistake)(X509_CRL *crl), const char *signer, const EVP_MD *md)
{
	char path[128];
	struct key *key;
	struct bytes good = list_of(world, ROLE_DELEGATION), der = { 0 };
	X509_CRL *crl = crl_parse(span_of(&good));
	snprintf(path, sizeof path, "%s/keys/%s.key", world->sylvania.home, signer);
	assert_ok(key_load(path, NULL, &key));
	if (mistake)
		mistake(crl);
	assert_true(X509_CRL_sign(crl, key_evp(key), md));
	assert_ok(bytes_reserve(&der, 8192));
	uint8_t *at = der.at;
	der.len = (size_t)i2d_X509_CRL(crl, &at);
	X509_CRL_free(crl);
	key_free(key);
	bytes_clear(&good);
	return der;
}

static void a_list_of_another_form_is_refused(void **state)
{
	const struct world *world = *state;
	struct span issuer = identity_certificate(world->sylvania.identity, ROLE_DELEGATION);
	struct revocation_facts facts;
	list_certificate(world, ROLE_CHANNEL, NULL, NOON, 0);
	struct bytes der = spoil(world, NULL, "delegation", EVP_sha256());
	assert_ok(revocation_check_issuer(span_of(&der), issuer));	/* signing anew alone spoils nothing */
	bytes_clear(&der);
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		der = spoil(world, mistakes[i], "delegation", EVP_sha256());
		struct span list = span_of(&der);
		if (revocation_read(list, &facts) != FAULT_BAD_REVOCATION ||
				revocation_check_issuer(list, issuer) != FAULT_BAD_REVOCATION ||
				trust_set_revocations(world->trust, "xs-ca", &list, 1) != FAULT_BAD_REVOCATION)
			fail_msg("mistake %zu", i);
		bytes_clear(&der);
	}
	der = spoil(world, NULL, "delegation", EVP_sha1());
	assert_fault(revocation_read(span_of(&der), &facts), FAULT_BAD_REVOCATION);
	bytes_clear(&der);
	der = spoil(world, NULL, "channel", EVP_sha256());		/* of the form, but signed by the wrong key */
	assert_ok(revocation_read(span_of(&der), &facts));
	assert_fault(revocation_check_issuer(span_of(&der), issuer), FAULT_BAD_REVOCATION);
	bytes_clear(&der);
}

static void what_is_no_list_is_refused(void **state)
{
	const struct world *world = *state;
	struct revocation_facts facts;
	struct bytes huge = { 0 }, longer = { 0 };
	list_certificate(world, ROLE_CHANNEL, NULL, NOON, 0);
	struct bytes good = list_of(world, ROLE_DELEGATION);
	assert_ok(bytes_reserve(&huge, REVOCATION_SIZE_MAX + 1));
	memset(huge.at, 0x30, REVOCATION_SIZE_MAX + 1);
	huge.len = REVOCATION_SIZE_MAX + 1;
	assert_ok(bytes_append(&longer, span_of(&good)));
	assert_ok(bytes_append_text(&longer, "x"));
	const struct span bad[] = { { 0 }, span_of_text("nonsense"), span_of(&huge), span_of(&longer),
		identity_certificate(world->sylvania.identity, ROLE_IDENTITY) };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fault(revocation_read(bad[i], &facts), FAULT_BAD_REVOCATION);
	for (size_t len = 0; len < good.len; len++)
		assert_fault(revocation_read((struct span){ good.at, len }, &facts), FAULT_BAD_REVOCATION);
	bytes_clear(&huge);
	bytes_clear(&longer);
	bytes_clear(&good);
}

/* ── what a list does ───────────────────────────────────────────────────────────────────────────── */

static enum fault judge(const struct world *world, enum role leaf, int64_t at)
{
	static const enum usage usages[ROLE_COUNT] = {
		[ROLE_CHANNEL] = USAGE_CHANNEL, [ROLE_SIGNING] = USAGE_SIGNING, [ROLE_SEALING] = USAGE_SEALING,
	};
	char peer[AUTHORITY_ID_SIZE];
	const struct span chain[] = {
		identity_certificate(world->sylvania.identity, leaf), identity_certificate(world->sylvania.identity, ROLE_DELEGATION),
	};
	struct claim claim = { chain, ARRAY_LEN(chain), usages[leaf], "xs-ca", at };
	return trust_judge(world->trust, &claim, peer);
}

static void apply(const struct world *world)
{
	struct bytes of_identity = list_of(world, ROLE_IDENTITY), of_delegation = list_of(world, ROLE_DELEGATION);
	struct span lists[2];
	size_t count = 0;
	if (of_identity.len)
		lists[count++] = span_of(&of_identity);
	if (of_delegation.len)
		lists[count++] = span_of(&of_delegation);
	assert_ok(trust_set_revocations(world->trust, "xs-ca", lists, count));
	bytes_clear(&of_identity);
	bytes_clear(&of_delegation);
}

static void what_is_revoked_is_refused_and_the_rest_goes_on(void **state)
{
	const struct world *world = *state;
	list_certificate(world, ROLE_CHANNEL, "keyCompromise", NOON, 0);
	assert_ok(judge(world, ROLE_CHANNEL, NOON));			/* nobody has told us yet */
	apply(world);
	assert_fault(judge(world, ROLE_CHANNEL, NOON), FAULT_CERT_REVOKED);
	assert_non_null(strstr(fault_detail(FAULT_CERT_REVOKED), "channel certificate of xs-ca was revoked"));
	assert_non_null(strstr(fault_detail(FAULT_CERT_REVOKED), "keyCompromise"));
	assert_fault(judge(world, ROLE_CHANNEL, NOON - 60), FAULT_CERT_REVOKED);	/* a line is now, whatever the clock says */
	assert_ok(judge(world, ROLE_SIGNING, NOON));
	assert_ok(judge(world, ROLE_SEALING, NOON));
	assert_fault(judge(world, ROLE_CHANNEL, NOON + 60 * DAY), FAULT_CERT_REVOKED);	/* the list is stale: it still says so */
	assert_ok(judge(world, ROLE_SIGNING, NOON + 60 * DAY));			/* and stops nobody else */
	assert_ok(trust_set_revocations(world->trust, "xs-ca", NULL, 0));
	assert_ok(judge(world, ROLE_CHANNEL, NOON));
	assert_fault(trust_set_revocations(world->trust, "xf-ca", NULL, 0), FAULT_NOT_FOUND);
}

static void what_was_signed_before_remains_good(void **state)
{
	const struct world *world = *state;
	list_certificate(world, ROLE_SIGNING, "superseded", NOON + 10 * DAY, 0);
	apply(world);
	assert_ok(judge(world, ROLE_SIGNING, NOON + 10 * DAY - 1));
	assert_fault(judge(world, ROLE_SIGNING, NOON + 10 * DAY), FAULT_CERT_REVOKED);
	assert_ok(judge(world, ROLE_SEALING, NOON + 10 * DAY));
}

/* Who noticed on the tenth day that the key went on the third says so: what came in between may be the thief's. */
static void a_lost_key_proves_nothing_from_the_loss_on(void **state)
{
	const struct world *world = *state;
	list_certificate(world, ROLE_SIGNING, "keyCompromise", NOON + 10 * DAY, NOON + 3 * DAY);
	apply(world);
	assert_ok(judge(world, ROLE_SIGNING, NOON + 3 * DAY - 1));
	assert_fault(judge(world, ROLE_SIGNING, NOON + 3 * DAY), FAULT_CERT_REVOKED);
}

static void a_revoked_delegation_takes_its_leaves_along(void **state)
{
	const struct world *world = *state;
	list_certificate(world, ROLE_DELEGATION, "CACompromise", NOON, 0);
	apply(world);
	for (enum role role = ROLE_CHANNEL; role < ROLE_COUNT; role++) {
		assert_fault(judge(world, role, NOON), FAULT_CERT_REVOKED);
		assert_non_null(strstr(fault_detail(FAULT_CERT_REVOKED), "delegation"));
	}
}

/* Whoever has the delegation's key must not be able to revoke the delegation, nor to say that it was not. */
static void a_list_counts_for_its_own_issuer_only(void **state)
{
	const struct world *world = *state;
	struct revocation_order order = { .issuer = ROLE_DELEGATION, .serial = serial_of(world, ROLE_DELEGATION), .now = NOON };
	assert_ok(revocation_enter(world->sylvania.home, &order));
	order = (struct revocation_order){ .issuer = ROLE_IDENTITY, .serial = serial_of(world, ROLE_CHANNEL), .now = NOON };
	assert_ok(revocation_enter(world->sylvania.home, &order));
	apply(world);
	assert_ok(judge(world, ROLE_CHANNEL, NOON));
	struct bytes forged = spoil(world, NULL, "channel", EVP_sha256());
	struct span list = span_of(&forged);
	assert_ok(trust_set_revocations(world->trust, "xs-ca", &list, 1));
	assert_ok(judge(world, ROLE_CHANNEL, NOON));			/* of the right form, and of no weight */
	bytes_clear(&forged);
}

/* A list knows a certificate by its number: of two with one number, which must not be, both are refused. */
static void two_with_one_number_are_revoked_together(void **state)
{
	struct world *world = *state;
	char path[128], peer[AUTHORITY_ID_SIZE];
	struct key *key;
	struct bytes der = { 0 };
	X509 *twin = x509_parse(identity_certificate(world->sylvania.identity, ROLE_SIGNING));
	X509 *first = x509_parse(identity_certificate(world->sylvania.identity, ROLE_CHANNEL));
	assert_true(X509_set_serialNumber(twin, X509_get_serialNumber(first)));
	snprintf(path, sizeof path, "%s/keys/delegation.key", world->sylvania.home);
	assert_ok(key_load(path, NULL, &key));
	assert_true(X509_sign(twin, key_evp(key), EVP_sha256()));
	assert_ok(bytes_reserve(&der, CERTIFICATE_SIZE_MAX));
	uint8_t *at = der.at;
	der.len = (size_t)i2d_X509(twin, &at);
	const struct span chain[] = { span_of(&der), identity_certificate(world->sylvania.identity, ROLE_DELEGATION) };
	struct claim claim = { chain, ARRAY_LEN(chain), USAGE_SIGNING, "xs-ca", NOON };
	assert_ok(trust_judge(world->trust, &claim, peer));
	list_certificate(world, ROLE_CHANNEL, NULL, NOON, 0);
	apply(world);
	assert_fault(trust_judge(world->trust, &claim, peer), FAULT_CERT_REVOKED);
	assert_fault(judge(world, ROLE_CHANNEL, NOON), FAULT_CERT_REVOKED);
	X509_free(twin);
	X509_free(first);
	key_free(key);
	bytes_clear(&der);
}

static void an_unreadable_list_changes_nothing(void **state)
{
	const struct world *world = *state;
	list_certificate(world, ROLE_CHANNEL, NULL, NOON, 0);
	apply(world);
	const struct span bad[] = { span_of_text("nonsense") };
	assert_fault(trust_set_revocations(world->trust, "xs-ca", bad, 1), FAULT_BAD_REVOCATION);
	assert_fault(judge(world, ROLE_CHANNEL, NOON), FAULT_CERT_REVOKED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_grow_and_entries_stay),
		TEST(a_list_is_issued_anew_at_half_of_its_life),
		TEST(a_new_delegation_begins_a_list_of_its_own),
		TEST(stock_tools_read_our_lists),
		TEST(a_list_that_grew_too_large_is_not_issued),
		TEST(a_list_of_another_form_is_refused),
		TEST(what_is_no_list_is_refused),
		TEST(what_is_revoked_is_refused_and_the_rest_goes_on),
		TEST(what_was_signed_before_remains_good),
		TEST(a_lost_key_proves_nothing_from_the_loss_on),
		TEST(a_revoked_delegation_takes_its_leaves_along),
		TEST(a_list_counts_for_its_own_issuer_only),
		TEST(two_with_one_number_are_revoked_together),
		TEST(an_unreadable_list_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
