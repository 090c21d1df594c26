/* Keys in a token: SoftHSM, as the system has it, and a token that is locked. */
#include "authorities.h"
#include "certs/envelope.h"
#include "certs/files.h"
#include "certs/keys.h"
#include "certs/openssl.h"
#include "certs/signature.h"
#include "certs/token.h"

#define MODULE "?module-path=/usr/lib/softhsm/libsofthsm2.so"

static char place[64];		/* of the tokens: the module reads its settings once in a process */

static int make_token(void **state)
{
	(void)state;
	char conf[128];
	make_home(place);
	snprintf(conf, sizeof conf, "%s/softhsm2.conf", place);
	setenv("SOFTHSM2_CONF", conf, 1);
	return shell("umask 077; cd %s && mkdir tokens && printf 'directories.tokendir = %%s/tokens\\nlog.level = ERROR\\n' %s >softhsm2.conf && "
		"echo 2718 >pin && echo 3141 >wrong && softhsm2-util --init-token --free --label comity --pin 2718 --so-pin 1618 >/dev/null",
		place, place);
}

static int remove_token(void **state)
{
	(void)state;
	remove_home(place);
	return 0;
}

static struct secret_source pin_in(const char *name, char text[128])
{
	snprintf(text, 128, "%s/%s", place, name);
	return (struct secret_source){ .text = text };
}

static void a_uri_is_what_the_standard_says(void **state)
{
	(void)state;
	static const struct { const char *uri; enum fault fault; } table[] = {
		{ "pkcs11:token=nobody%27s;object=key", FAULT_TOKEN_ABSENT },
		{ "pkcs11:serial=0000;id=%01%02;type=private", FAULT_TOKEN_ABSENT },
		{ "pkcs11:object=key", FAULT_BAD_KEY },
		{ "pkcs11:token=comity", FAULT_BAD_KEY },
		{ "pkcs11:token=;object=key", FAULT_BAD_KEY },
		{ "pkcs11:token=%0;object=key", FAULT_BAD_KEY },
		{ "pkcs11:token=%zz;object=key", FAULT_BAD_KEY },
		{ "pkcs11:token=%00;object=key", FAULT_BAD_KEY },
		{ "pkcs11:token=comity;object=key;pin-value=2718", FAULT_BAD_KEY },
		{ "pkcs11:token=comity;object=key;type=public", FAULT_BAD_KEY },
		{ "pkcs11:token=comity;object=key;slot-id=1", FAULT_BAD_KEY },
		{ "pkcs11:token=comity;object", FAULT_BAD_KEY },
		{ "pkcs11:", FAULT_BAD_KEY },
	};
	char text[128], uri[256];
	struct secret_source pin = pin_in("pin", text);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct key *key;
		snprintf(uri, sizeof uri, "%s" MODULE, table[i].uri);
		assert_fault(key_load(uri, &pin, &key), table[i].fault);
	}
	struct key *key;
	assert_fault(key_load("pkcs11:token=comity;object=key" MODULE "&pin-value=2718", &pin, &key), FAULT_BAD_KEY);
	assert_fault(key_load("pkcs11:token=comity;object=key?module-path=softhsm.so", &pin, &key), FAULT_BAD_KEY);
}

static void the_next_key_has_another_name(void **state)
{
	(void)state;
	static const struct { const char *uri, *next; } table[] = {
		{ "pkcs11:token=comity;object=signing", "pkcs11:token=comity;object=signing-1795435200" },
		{ "pkcs11:object=signing-1700000000;token=comity?pin-source=/x", "pkcs11:object=signing-1795435200;token=comity?pin-source=/x" },
		{ "pkcs11:token=comity;object=key-2", "pkcs11:token=comity;object=key-2-1795435200" },
		{ "pkcs11:token=comity;id=%01", NULL },
	};
	char next[TOKEN_URI_MAX];
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_fault(token_uri_next(table[i].uri, NOON, next), table[i].next ? OK : FAULT_BAD_KEY);
		if (table[i].next)
			assert_string_equal(next, table[i].next);
	}
}

static void what_is_wrong_has_a_name_and_a_pin_is_tried_once(void **state)
{
	(void)state;
	char right[128], false_text[128];
	struct secret_source pin = pin_in("pin", right), wrong = pin_in("wrong", false_text), nowhere = { 0 };
	struct key *key;
	assert_fault(key_load("pkcs11:token=comity;object=none" MODULE, &pin, &key), FAULT_TOKEN_KEY_MISSING);
	assert_fault(key_load("pkcs11:token=comity;object=none" MODULE, &wrong, &key), FAULT_PIN_WRONG);
	assert_fault(key_load("pkcs11:token=other;object=none" MODULE, &pin, &key), FAULT_TOKEN_ABSENT);
	assert_fault(key_load("pkcs11:token=comity;object=none" MODULE, &nowhere, &key), FAULT_KEY_PROTECTED);
	assert_fault(key_load("pkcs11:token=comity;object=none?module-path=/nonexistent.so", &pin, &key), FAULT_TOKEN_ABSENT);
	assert_null(key);
}

/* identity.key and the rest say where the keys are; the channel's alone is here. */
static struct identity_access in_token(const char *pin)
{
	return (struct identity_access){ .keys = KEYS_OF_LEAVES, .secret.text = pin, .tokens = {
		[ROLE_IDENTITY] = "pkcs11:token=comity;object=identity" MODULE,
		[ROLE_DELEGATION] = "pkcs11:token=comity;object=delegation" MODULE,
		[ROLE_SIGNING] = "pkcs11:token=comity;object=signing" MODULE,
		[ROLE_SEALING] = "pkcs11:token=comity;object=sealing" MODULE } };
}

static void check_signature(const struct identity *identity)
{
	struct bytes der = { 0 };
	struct signer *signer;
	assert_ok(signature_make(identity, SPAN("said"), NOON + DAY, &der));
	assert_ok(signer_new(identity_certificate(identity, ROLE_SIGNING), &signer));
	assert_ok(signature_verify(signer, SPAN("said"), span_of(&der), NULL));
	signer_free(signer);
	bytes_clear(&der);
}

/* The agreement of keys happens in the token. */
static void check_unsealing(const struct identity *identity, const char *home)
{
	struct bytes der = { 0 };
	uint8_t key[CONTENT_KEY_SIZE];
	char path[128];
	assert_int_equal(shell("cd %s && printf 0123456789abcdef0123456789ABCDEF | openssl cms -encrypt -binary -aes-256-gcm -outform DER "
		"-out envelope -recip keys/sealing.crt -keyopt ecdh_kdf_md:sha256 -aes256-wrap", home), 0);
	snprintf(path, sizeof path, "%s/envelope", home);
	assert_ok(file_read(path, FILE_PUBLIC, ENVELOPE_SIZE_MAX, &der));
	assert_ok(envelope_open(identity, span_of(&der), (struct span){ 0 }, key));
	assert_memory_equal(key, "0123456789abcdef0123456789ABCDEF", sizeof key);
	bytes_clear(&der);
}

static void an_authority_may_have_all_its_keys_in_a_token(void **state)
{
	(void)state;
	char home[64], text[128], false_text[128];
	struct identity *identity;
	make_home(home);
	pin_in("pin", text);
	pin_in("wrong", false_text);
	struct identity_access access = in_token(text), wrong = in_token(false_text);
	assert_fault(identity_create_protected(home, "xf-ca", "Freedonia", NOON, &wrong), FAULT_PIN_WRONG);
	assert_int_equal(shell("test -z \"$(ls -A %s)\"", home), 0);
	assert_ok(identity_create_protected(home, "xf-ca", "Freedonia", NOON, &access));
	assert_int_equal(shell("cd %s/keys; test \"$(grep -l PRIVATE *)\" = channel.key && grep -q '^pkcs11:token=comity;object=signing' signing.key",
		home), 0);
	assert_int_equal(shell("cd %s/keys; openssl verify -CAfile identity.crt -untrusted delegation.crt -attime %lld signing.crt channel.crt >/dev/null",
		home, (long long)(NOON + DAY)), 0);
	assert_ok(identity_open(home, &access, &identity));
	assert_true(identity_is_in_token(identity));
	check_signature(identity);
	check_unsealing(identity, home);
	identity_free(identity);
	struct identity_access again = { .keys = KEYS_OF_LEAVES, .secret.text = text };
	assert_ok(identity_renew_protected(home, ROLE_SIGNING, NOON + DAY, &again));
	assert_int_equal(shell("grep -q '^pkcs11:token=comity;object=signing-1795521600' %s/keys/signing.key", home), 0);
	assert_ok(identity_open(home, &again, &identity));
	check_signature(identity);
	identity_free(identity);
	unsigned count;
	assert_ok(identity_protect(home, &again, &(struct identity_access){ .keys = KEYS_OF_LEAVES }, &count));
	assert_int_equal(count, 1);	/* the others never left the token */
	remove_home(home);
}

/* What OpenSSL does with a file's key is still its own business: the engine is nobody's default. */
static void keys_in_files_do_not_go_through_the_token(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	check_signature(freedonia.identity);
	assert_false(identity_is_in_token(freedonia.identity));
	authority_free(&freedonia);
}

static void a_locked_token_is_told_and_not_knocked_at(void **state)
{
	(void)state;
	char text[128], own[256], uri[512];
	struct secret_source pin = pin_in("pin", text);
	struct key *key;
	ssize_t len = readlink("/proc/self/exe", own, sizeof own - 1);
	assert_true(len > 0);
	own[len] = 0;
	*strrchr(own, '/') = 0;
	static const struct { const char *token; enum fault fault; } table[] = {
		{ "locked", FAULT_PIN_LOCKED }, { "locks-now", FAULT_PIN_LOCKED }, { "pulled-out", FAULT_TOKEN_ABSENT },
		{ "mad", FAULT_TOKEN_BROKEN },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		snprintf(uri, sizeof uri, "pkcs11:token=%s;object=key?module-path=%s/locked_token.so", table[i].token, own);
		assert_fault(key_load(uri, &pin, &key), table[i].fault);
		assert_fault(token_make(uri, &pin, TOKEN_SIGNS), table[i].fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uri_is_what_the_standard_says),
		cmocka_unit_test(the_next_key_has_another_name),
		cmocka_unit_test(what_is_wrong_has_a_name_and_a_pin_is_tried_once),
		cmocka_unit_test(a_locked_token_is_told_and_not_knocked_at),
		cmocka_unit_test(an_authority_may_have_all_its_keys_in_a_token),
		cmocka_unit_test(keys_in_files_do_not_go_through_the_token),
	};
	return cmocka_run_group_tests(tests, make_token, remove_token);
}
