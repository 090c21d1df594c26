#include <sys/stat.h>

#include "authorities.h"
#include "certs/digest.h"
#include "certs/files.h"
#include "certs/issue.h"
#include "certs/keys.h"

static void an_authority_id_has_one_form(void **state)
{
	(void)state;
	static const struct { const char *id; bool is_valid; } table[] = {
		{ "xf-ca", true }, { "a-b", true }, { "a1-2-b3", true }, { "x-23456789012345678901234567890a", true },
		{ "", false }, { "x", false }, { "xf", false }, { "xfca", false }, { "-xf", false }, { "xf-", false },
		{ "xf--ca", false }, { "1f-ca", false }, { "XF-CA", false }, { "xf-Ca", false }, { "xf_ca", false },
		{ "xf-ca ", false }, { "xf-c\303\244", false }, { "x-23456789012345678901234567890ab", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (authority_id_is_valid(span_of_text(table[i].id)) != table[i].is_valid)
			fail_msg("%s", table[i].id);
	assert_false(authority_id_is_valid((struct span){ (const uint8_t *)"xf\0-ca", 6 }));
}

static void a_name_that_deceives_is_refused(void **state)
{
	(void)state;
	static const struct { const char *name; bool is_valid; } table[] = {
		{ "Bureau de l'entraide p\303\251nale internationale", true }, { "\346\263\225\345\213\231\347\234\201", true },
		{ "", false }, { " leading", false }, { "two\nlines", false }, { "tab\t", false }, { "esc\033[2J", false },
		{ "c1\302\233", false }, { "turned \342\200\256", false }, { "invisible\342\200\213", false },
		{ "not utf-8 \377", false }, { "cut short \303", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (authority_name_is_valid(span_of_text(table[i].name)) != table[i].is_valid)
			fail_msg("row %zu", i);
}

static void a_digest_is_the_same_in_one_piece_and_in_many(void **state)
{
	(void)state;
	uint8_t once[DIGEST_SIZE], many[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE + 1];
	digest_of(once, span_of_text("abc"));	/* FIPS 180-4, example B.1 */
	hex_write(hex, SPAN(once));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	struct digest *digest = digest_new();
	for (int round = 0; round < 2; round++) {	/* a finished stream can be used again */
		digest_update(digest, span_of_text("a"));
		digest_update(digest, (struct span){ 0 });
		digest_update(digest, span_of_text("bc"));
		digest_finish(digest, many);
		assert_memory_equal(once, many, DIGEST_SIZE);
	}
	digest_free(digest);
}

static void a_new_authority_can_be_loaded(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	static const int64_t days[ROLE_COUNT] = { 30 * 365, 3 * 365, 90, 365, 365 };
	assert_string_equal(identity_authority(freedonia.identity), "xf-ca");
	assert_string_equal(identity_name(freedonia.identity), "Central Authority");
	for (enum role role = 0; role < ROLE_COUNT; role++) {
		struct certificate_facts facts;
		assert_ok(certificate_read(identity_certificate(freedonia.identity, role), &facts));
		assert_string_equal(facts.authority, "xf-ca");
		assert_int_equal(facts.not_before, NOON - HOUR);
		assert_int_equal(facts.not_after, NOON + days[role] * DAY);
		assert_int_equal(identity_not_after(freedonia.identity, role), facts.not_after);
		assert_int_equal(strlen(facts.serial), 32);
		assert_non_null(strstr(facts.subject, role_name(role)));
	}
	authority_free(&freedonia);
}

static mode_t mode_of(const char *home, const char *name)
{
	char path[128];
	struct stat stat_;
	snprintf(path, sizeof path, "%s/%s", home, name);
	assert_int_equal(stat(path, &stat_), 0);
	return stat_.st_mode & 07777;
}

static void keys_are_closed_to_others(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	assert_int_equal(mode_of(freedonia.home, "keys"), 0700);
	assert_int_equal(mode_of(freedonia.home, "keys/identity.key"), 0600);
	assert_int_equal(mode_of(freedonia.home, "keys/channel.key"), 0600);
	authority_free(&freedonia);
}

static void nothing_is_overwritten(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	assert_fault(identity_create(freedonia.home, "xs-ca", "Sylvania", NOON), FAULT_EXISTS);
	assert_non_null(strstr(fault_detail(FAULT_EXISTS), "keys/identity.key"));
	assert_ok(shell("rm %s/keys/*; test ! -e %s/keys.new", freedonia.home, freedonia.home));
	assert_fault(identity_create(freedonia.home, "xs-ca", "Sylvania", NOON), FAULT_EXISTS);
	authority_free(&freedonia);
}

static void a_failed_creation_leaves_nothing(void **state)
{
	(void)state;
	char home[64];
	make_home(home);
	assert_fault(identity_create(home, "Not An Id", "Freedonia", NOON), FAULT_BAD_NAME);
	assert_fault(identity_create(home, "xf-ca", "two\nlines", NOON), FAULT_BAD_NAME);
	assert_int_equal(shell("test -z \"$(ls -A %s)\"", home), 0);
	assert_fault(identity_create("/nonexistent/place", "xf-ca", "Freedonia", NOON), FAULT_CANNOT_CREATE);
	remove_home(home);
}

static void what_an_interrupted_creation_left_is_swept_away(void **state)
{
	(void)state;
	char home[64];
	struct identity *identity;
	make_home(home);
	assert_int_equal(shell("mkdir %s/keys.new; echo half >%s/keys.new/identity.key", home, home), 0);
	assert_fault(identity_load(home, &identity), FAULT_BAD_KEY);
	assert_ok(identity_create(home, "xf-ca", "Freedonia", NOON));
	assert_int_equal(shell("test ! -e %s/keys.new", home), 0);
	assert_ok(identity_load(home, &identity));
	identity_free(identity);
	remove_home(home);
}

/* Each spoils the keys of the home (first %s); the second %s is another authority's home. */
static const struct { const char *spoil, *named; } spoilers[] = {
	{ "chmod 640 %s/keys/channel.key #%s", "channel.key" },
	{ "chmod 604 %s/keys/signing.key #%s", "signing.key" },
	{ "rm %s/keys/sealing.key #%s", "sealing.key" },
	{ "rm %s/keys/identity.crt #%s", "identity.crt" },
	{ "cp /dev/null %s/keys/delegation.crt #%s", "delegation.crt" },
	{ "cd %s/keys && cp signing.key channel.key #%s", "channel.key" },
	{ "cd %s/keys && cp signing.crt channel.crt #%s", "channel.crt" },
	{ "cd %s/keys && cp %s/keys/delegation.* .", "crt" },
	{ "cd %s/keys && cp %s/keys/identity.* .", "delegation.crt" },
	{ "cd %s/keys && cp %s/keys/channel.* .", "channel.crt" },
	{ "cd %s/keys && head -c 9000 /dev/zero >channel.key #%s", "channel.key" },
	{ "cd %s/keys && rm channel.key && mkfifo -m 600 channel.key #%s", "channel.key" },
	{ "cd %s/keys && sed -i 's/^M/N/' channel.key #%s", "channel.key" },
};

static void spoiled_keys_are_refused_by_name(void **state)
{
	(void)state;
	struct authority sylvania = authority_new("xs-ca");
	for (size_t i = 0; i < ARRAY_LEN(spoilers); i++) {
		struct authority freedonia = authority_new("xf-ca");
		char command[512];
		struct identity *identity;
		snprintf(command, sizeof command, spoilers[i].spoil, freedonia.home, sylvania.home);
		assert_int_equal(system(command), 0);
		assert_fault(identity_load(freedonia.home, &identity), FAULT_BAD_KEY);
		assert_null(identity);
		if (!strstr(fault_detail(FAULT_BAD_KEY), spoilers[i].named))
			fail_msg("%s: %s", command, fault_detail(FAULT_BAD_KEY));
		authority_free(&freedonia);
	}
	authority_free(&sylvania);
}

static void a_key_of_another_kind_is_refused(void **state)
{
	(void)state;
	static const struct { const char *make; enum fault fault; } table[] = {
		{ "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", OK },
		{ "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384", OK },
		{ "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521", FAULT_BAD_KEY },
		{ "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1", FAULT_BAD_KEY },
		{ "openssl genpkey -algorithm ED25519", FAULT_BAD_KEY },
		{ "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", FAULT_BAD_KEY },
		{ "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:secret", FAULT_KEY_PROTECTED },
		{ "echo nonsense", FAULT_BAD_KEY },
	};
	char home[64], source[128];
	make_home(home);
	snprintf(source, sizeof source, "file:%s/key", home);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct key *key;
		assert_int_equal(shell("umask 077; %s >%s/key 2>/dev/null", table[i].make, home), 0);
		assert_fault(key_load(source, NULL, &key), table[i].fault);
		key_free(key);
	}
	struct key *key;
	assert_fault(key_load("pkcs11:token=comity", NULL, &key), FAULT_BAD_KEY);
	remove_home(home);
}

static void a_key_survives_its_file(void **state)
{
	(void)state;
	char home[64], path[128];
	make_home(home);
	snprintf(path, sizeof path, "%s/key", home);
	for (enum curve curve = CURVE_P256; curve <= CURVE_P384; curve++) {
		struct key *made, *loaded;
		struct bytes before = { 0 }, after = { 0 };
		assert_ok(key_make(curve, &made));
		assert_ok(key_save(made, NULL, path));
		assert_fault(key_save(made, NULL, path), FAULT_EXISTS);
		assert_ok(key_load(path, NULL, &loaded));
		assert_ok(key_spki(made, &before));
		assert_ok(key_spki(loaded, &after));
		assert_true(span_equal(span_of(&before), span_of(&after)));
		bytes_clear(&before);
		bytes_clear(&after);
		key_free(made);
		key_free(loaded);
		unlink(path);
	}
	remove_home(home);
}

static void a_certificate_is_cut_to_what_names_may_hold(void **state)
{
	(void)state;
	struct key *key;
	struct bytes der = { 0 };
	struct certificate_facts facts;
	char name[AUTHORITY_NAME_MAX + 1] = "";
	for (int i = 0; i < 66; i++)
		strcat(name, "\347\234\201");	/* three bytes each: 64 of them may stand in O */
	assert_ok(key_make(CURVE_P384, &key));
	struct issue issue = { .role = ROLE_IDENTITY, .authority = "xf-ca", .name = name, .subject_key = key, .now = NOON };
	assert_ok(issue_certificate(&issue, &der));
	assert_ok(certificate_read(span_of(&der), &facts));
	assert_string_equal(facts.authority, "xf-ca");
	struct key *other;
	assert_ok(key_make(CURVE_P256, &other));
	issue = (struct issue){ ROLE_DELEGATION, "xf-ca", "Freedonia", other, span_of(&der), other, NOON, 0, false };
	assert_fault(issue_certificate(&issue, &der), FAULT_BAD_KEY);	/* not the issuer's key */
	key_free(other);
	key_free(key);
	bytes_clear(&der);
}

static void the_identity_key_may_be_elsewhere(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	struct identity *loaded;
	assert_int_equal(shell("rm %s/keys/identity.key", freedonia.home), 0);
	assert_ok(identity_renew(freedonia.home, ROLE_CHANNEL, NOON));
	assert_fault(identity_renew(freedonia.home, ROLE_DELEGATION, NOON), FAULT_BAD_KEY);
	assert_non_null(strstr(fault_detail(FAULT_BAD_KEY), "identity.key"));
	assert_ok(identity_load(freedonia.home, &loaded));	/* the failed renewal changed nothing */
	identity_free(loaded);
	authority_free(&freedonia);
}

static const char vector_spki[] = "3059301306072a8648ce3d020106082a8648ce3d03010703420004ce71fa6ffa26ac187d02989837b115083aea50cfa9835ee5d9b9cfb59f05521e9f46195d80a5803b9f141cd28ac74c456f643631730f26c740c64f76961dcd47";
static const char vector_digits[] = "81288 23910 27659 44531 48754 05518 69933 25870";

static struct span vector(uint8_t to[91])
{
	assert_true(hex_read(to, 91, span_of_text(vector_spki)));
	return (struct span){ to, 91 };
}

/* The vector was computed with openssl(1) and Python's hashlib, not with this code. */
static void the_digits_are_those_of_the_specification(void **state)
{
	(void)state;
	uint8_t spki[91];
	char text[IDENTITY_DIGITS_SIZE];
	identity_digits(text, vector(spki));
	assert_string_equal(text, vector_digits);
}

static void what_is_heard_is_compared_group_by_group(void **state)
{
	(void)state;
	uint8_t spki[91];
	unsigned which;
	char heard[64];
	assert_ok(identity_compare(vector(spki), vector_digits, &which));
	snprintf(heard, sizeof heard, "\t%.11s-%.11s.\n%s ", vector_digits, vector_digits + 12, vector_digits + 24);
	assert_ok(identity_compare(vector(spki), heard, &which));
	strcpy(heard, vector_digits);
	heard[20] ^= 1;
	heard[42] ^= 1;
	assert_fault(identity_compare(vector(spki), heard, &which), FAULT_IDENTITY_DIFFERS);
	assert_int_equal(which, 1 << 3 | 1 << 7);
	static const char *const nonsense[] = { "", "12345", "81288 23910 27659 44531 48754 05518 69933 25870 1", "7896x 26017 03915 02960 73454 58768 24679 97496" };
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++)
		assert_fault(identity_compare(vector(spki), nonsense[i], &which), FAULT_USAGE);
}

static void stock_openssl_accepts_our_certificates(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	static const char *const rows[] = {
		"sslserver channel", "sslclient channel", "smimesign signing", "any sealing",
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(shell("cd %s/keys && set -- %s && openssl verify -x509_strict -attime %lld -purpose $1 "
				       "-no-CApath -no-CAstore -CAfile identity.crt -untrusted delegation.crt $2.crt >/dev/null",
				       freedonia.home, rows[i], (long long)NOON), 0);
	authority_free(&freedonia);
}

static void what_is_no_certificate_is_refused(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	struct span good = identity_certificate(freedonia.identity, ROLE_CHANNEL);
	struct certificate_facts facts;
	struct bytes longer = { 0 }, out = { 0 };
	assert_ok(bytes_append(&longer, good));
	assert_ok(bytes_append_text(&longer, "x"));
	const struct span bad[] = {
		{ 0 }, { good.at, good.len - 1 }, { good.at, 10 }, { good.at + 4, good.len - 4 },
		span_of(&longer), span_of_text("certificate"),
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_fault(certificate_read(bad[i], &facts), FAULT_CERT_PROFILE);
		assert_fault(certificate_spki(bad[i], &out), FAULT_CERT_PROFILE);
		assert_fault(certificate_pem(bad[i], &out), FAULT_CERT_PROFILE);
	}
	bytes_clear(&longer);
	bytes_clear(&out);
	authority_free(&freedonia);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_authority_id_has_one_form),
		cmocka_unit_test(a_name_that_deceives_is_refused),
		cmocka_unit_test(a_digest_is_the_same_in_one_piece_and_in_many),
		cmocka_unit_test(a_new_authority_can_be_loaded),
		cmocka_unit_test(keys_are_closed_to_others),
		cmocka_unit_test(nothing_is_overwritten),
		cmocka_unit_test(a_failed_creation_leaves_nothing),
		cmocka_unit_test(what_an_interrupted_creation_left_is_swept_away),
		cmocka_unit_test(spoiled_keys_are_refused_by_name),
		cmocka_unit_test(a_key_of_another_kind_is_refused),
		cmocka_unit_test(a_key_survives_its_file),
		cmocka_unit_test(a_certificate_is_cut_to_what_names_may_hold),
		cmocka_unit_test(the_identity_key_may_be_elsewhere),
		cmocka_unit_test(the_digits_are_those_of_the_specification),
		cmocka_unit_test(what_is_heard_is_compared_group_by_group),
		cmocka_unit_test(stock_openssl_accepts_our_certificates),
		cmocka_unit_test(what_is_no_certificate_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
