/* The profiles of the certificates, as tools that are not ours see them: openssl(1) and certtool(1). */
#include "authorities.h"
#include "certs/issue.h"

struct world {
	struct authority freedonia;
	char keys[80];
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	world->freedonia = authority_new("xf-ca");
	snprintf(world->keys, sizeof world->keys, "%s/keys", world->freedonia.home);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	authority_free(&world->freedonia);
	free(world);
	return 0;
}

static void each_certificate_serves_its_purpose_and_no_other(void **state)
{
	const struct world *world = *state;
	static const struct { const char *purpose, *leaf; bool is_good; } rows[] = {
		{ "sslserver", "channel", true },    { "sslclient", "channel", true },   { "smimesign", "channel", false },
		{ "sslserver", "signing", false },   { "sslclient", "signing", false },  { "smimesign", "signing", true },
		{ "crlsign", "channel", false },     { "timestampsign", "signing", false },
		{ "smimeencrypt", "signing", false },
		{ "sslserver", "sealing", false },   { "sslclient", "sealing", false },  { "smimesign", "sealing", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status = shell("cd %s && openssl verify -x509_strict -attime %lld -purpose %s -no-CApath -no-CAstore "
			"-CAfile identity.crt -untrusted delegation.crt %s.crt >/dev/null 2>&1", world->keys, (long long)NOON,
			rows[i].purpose, rows[i].leaf);
		if ((status == 0) != rows[i].is_good)
			fail_msg("%s for %s: status %d", rows[i].leaf, rows[i].purpose, status);
	}
}

static void each_chain_satisfies_a_second_library(void **state)
{
	const struct world *world = *state;
	static const char *const rows[] = { "channel", "signing", "sealing" };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(shell("cd %s && cat %s.crt delegation.crt >chain.pem && faketime '2026-11-23 12:00:00' "
			"certtool --verify --verify-profile high --load-ca-certificate identity.crt --infile chain.pem 2>&1 | "
			"grep -q 'Chain verification output: Verified. The certificate is trusted'", world->keys, rows[i]), 0);
}

/* As `openssl x509 -text` shows them; each line must be there. */
static void the_extensions_are_those_of_the_role(void **state)
{
	const struct world *world = *state;
	static const struct { const char *role, *lines[8]; } rows[] = {
		{ "identity", { "CA:TRUE, pathlen:1", "Certificate Sign, CRL Sign" } },
		{ "delegation", { "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign" } },
		{ "channel", { "CA:FALSE", "Digital Signature$", "TLS Web Server Authentication, TLS Web Client Authentication" } },
		{ "signing", { "CA:FALSE", "Digital Signature, Non Repudiation", "E-mail Protection" } },
		{ "sealing", { "CA:FALSE", "Key Agreement$", "E-mail Protection" } },
	};
	static const char *const always[] = {
		"Version: 3 (0x2)", "URI:comity:xf-ca$", "X509v3 Basic Constraints: critical", "X509v3 Key Usage: critical",
		"X509v3 Subject Key Identifier:", "X509v3 Authority Key Identifier:",
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(shell("cd %s && openssl x509 -noout -text -in %s.crt >text", world->keys, rows[i].role), 0);
		for (size_t line = 0; line < ARRAY_LEN(always); line++)
			assert_int_equal(shell("grep -q '%s' %s/text", always[line], world->keys), 0);
		for (const char *const *line = rows[i].lines; *line; line++)
			assert_int_equal(shell("grep -q '%s' %s/text", *line, world->keys), 0);
		assert_int_equal(shell("certtool --certificate-info --infile %s/%s.crt | grep -q 'URI: comity:xf-ca'", world->keys,
			rows[i].role), 0);
	}
}

/* Why there is none: a name constraint on a URI is about the host in it (RFC 5280 section 4.2.1.10), and ours has none.
 * What would look like a limit would break the chain in one library and say nothing in the other. */
static void a_name_constraint_cannot_say_what_we_mean(void **state)
{
	const struct world *world = *state;
	assert_int_not_equal(shell("cd %s && printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign\\n"
		"subjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\nnameConstraints=critical,permitted;URI:xf-ca\\n' >ext && "
		"openssl x509 -in delegation.crt -x509toreq -signkey delegation.key -out req >/dev/null 2>&1 && "
		"openssl x509 -req -in req -CA identity.crt -CAkey identity.key -days 900 -extfile ext -out limited.crt >/dev/null 2>&1 && "
		"openssl verify -no_check_time -no-CApath -no-CAstore -CAfile identity.crt -untrusted limited.crt channel.crt >/dev/null 2>&1",
		world->keys), 0);
}

static void no_two_have_the_same_number(void **state)
{
	struct world *world = *state;
	char serials[6][65];
	struct certificate_facts facts;
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		assert_ok(certificate_read(identity_certificate(world->freedonia.identity, role), &facts));
		strcpy(serials[role], facts.serial);
	}
	struct identity *renewed;
	assert_ok(identity_renew(world->freedonia.home, ROLE_CHANNEL, NOON));
	assert_ok(identity_load(world->freedonia.home, &renewed));
	assert_ok(certificate_read(identity_certificate(renewed, ROLE_CHANNEL), &facts));
	strcpy(serials[ROLE_COUNT], facts.serial);
	identity_free(renewed);
	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		assert_int_equal(strlen(serials[i]), 32);	/* 128 bits */
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(serials[i], serials[j]);
	}
}

static void each_life_lies_within_its_issuers(void **state)
{
	const struct world *world = *state;
	struct certificate_facts facts[ROLE_COUNT];
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		assert_ok(certificate_read(identity_certificate(world->freedonia.identity, role), &facts[role]));
		enum role issuer = role == ROLE_IDENTITY || role == ROLE_DELEGATION ? ROLE_IDENTITY : ROLE_DELEGATION;
		assert_true(facts[role].not_before >= facts[issuer].not_before);
		assert_true(facts[role].not_after <= facts[issuer].not_after);
	}
}

/* Also where the issuer was made a minute ago: its life begins an hour early, and so would that of the leaf, of its own now. */
static void a_leaf_never_begins_before_its_issuer(void **state)
{
	(void)state;
	struct key *key;
	struct bytes identity = { 0 }, delegation = { 0 };
	struct certificate_facts upper, lower;
	assert_ok(key_make(CURVE_P256, &key));
	struct issue issue = { .role = ROLE_IDENTITY, .authority = "xf-ca", .name = "Freedonia", .subject_key = key, .now = NOON };
	assert_ok(issue_certificate(&issue, &identity));
	issue = (struct issue){ ROLE_DELEGATION, "xf-ca", "Freedonia", key, span_of(&identity), key, NOON - 2 * HOUR, 0, false };
	assert_ok(issue_certificate(&issue, &delegation));
	assert_ok(certificate_read(span_of(&identity), &upper));
	assert_ok(certificate_read(span_of(&delegation), &lower));
	assert_int_equal(lower.not_before, upper.not_before);
	bytes_clear(&identity);
	bytes_clear(&delegation);
	key_free(key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_certificate_serves_its_purpose_and_no_other),
		TEST(each_chain_satisfies_a_second_library),
		TEST(the_extensions_are_those_of_the_role),
		TEST(a_name_constraint_cannot_say_what_we_mean),
		TEST(no_two_have_the_same_number),
		TEST(each_life_lies_within_its_issuers),
		TEST(a_leaf_never_begins_before_its_issuer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
