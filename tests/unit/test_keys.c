/* Keys under a passphrase: what lies on the disk, who can open it, and that nothing changes when it cannot be opened. */
#include "authorities.h"
#include "certs/keys.h"
#include "certs/signature.h"

/* A home with two passphrases in files, and one as systemd would give it. */
struct world {
	char home[64], first[128], second[128];
};

static struct world world_new(void)
{
	struct world world;
	make_home(world.home);
	snprintf(world.first, sizeof world.first, "file:%s/first", world.home);
	snprintf(world.second, sizeof world.second, "%s/second", world.home);
	assert_int_equal(shell("umask 077; cd %s; echo 'correct horse' >first; printf 'battery\\r\\nstaple' >second; "
		"mkdir creds; printf 'correct horse' >creds/comity.pin", world.home), 0);
	return world;
}

static struct identity_access opened_by(const char *text)
{
	return (struct identity_access){ .keys = KEY_OF(ROLE_SIGNING), .secret.text = text, .channel_secret.text = text };
}

static enum fault open_with(const struct world *world, const char *text)
{
	struct identity *identity;
	struct identity_access access = opened_by(text);
	enum fault fault = identity_open(world->home, &access, &identity);
	identity_free(identity);
	return fault;
}

static void make_protected(const struct world *world, const char *text)
{
	struct identity_access access = opened_by(text);
	assert_ok(identity_create_protected(world->home, "xf-ca", "Freedonia", NOON, &access));
}

static void every_key_is_encrypted_and_stock_tools_open_it(void **state)
{
	(void)state;
	struct world world = world_new();
	make_protected(&world, world.first);
	assert_int_equal(shell("cd %s/keys; test $(grep -l 'BEGIN ENCRYPTED PRIVATE KEY' *.key | wc -l) = 5", world.home), 0);
	assert_int_equal(shell("cd %s/keys; openssl asn1parse -in identity.key | grep -q scrypt && "
		"openssl asn1parse -in identity.key | grep -q aes-256-cbc", world.home), 0);
	assert_int_equal(shell("cd %s; for key in keys/*.key; do openssl pkey -in $key -passin file:first -noout || exit 1; done",
		world.home), 0);
	assert_int_not_equal(shell("cd %s; openssl pkey -in keys/signing.key -passin file:second -noout 2>/dev/null", world.home), 0);
	remove_home(world.home);
}

static void the_right_passphrase_opens_and_no_other(void **state)
{
	(void)state;
	struct world world = world_new();
	char nowhere[128], public[128], empty[128];
	snprintf(nowhere, sizeof nowhere, "%s/nowhere", world.home);
	snprintf(public, sizeof public, "%s/public", world.home);
	snprintf(empty, sizeof empty, "%s/empty", world.home);
	assert_int_equal(shell("cd %s; echo 'correct horse' >public; chmod 644 public; umask 077; echo >empty", world.home), 0);
	make_protected(&world, world.first);
	unsetenv("CREDENTIALS_DIRECTORY");
	const struct { const char *text; enum fault fault; } table[] = {
		{ world.first, OK },
		{ world.second, FAULT_WRONG_PASSPHRASE },
		{ NULL, FAULT_KEY_PROTECTED },
		{ nowhere, FAULT_NO_INPUT },
		{ public, FAULT_BAD_KEY },
		{ empty, FAULT_BAD_KEY },
		{ "credential:comity.pin", FAULT_NO_INPUT },
		{ "credential:../first", FAULT_CONFIG },
		{ "correct horse", FAULT_CONFIG },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_fault(open_with(&world, table[i].text), table[i].fault);
	remove_home(world.home);
}

static void a_credential_of_the_service_manager_opens(void **state)
{
	(void)state;
	struct world world = world_new();
	char directory[128];
	snprintf(directory, sizeof directory, "%s/creds", world.home);
	make_protected(&world, world.first);
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	assert_fault(open_with(&world, "credential:comity.pin"), OK);
	assert_fault(open_with(&world, "credential:another"), FAULT_NO_INPUT);
	unsetenv("CREDENTIALS_DIRECTORY");
	remove_home(world.home);
}

static void a_passphrase_is_changed_for_all_keys_or_for_none(void **state)
{
	(void)state;
	struct world world = world_new();
	struct identity_access first = opened_by(world.first), second = opened_by(world.second), none = { 0 };
	unsigned count;
	first.keys = second.keys = none.keys = (1u << ROLE_COUNT) - 1;
	assert_ok(identity_create(world.home, "xf-ca", "Freedonia", NOON));
	assert_ok(identity_protect(world.home, &none, &first, &count));
	assert_int_equal(count, 5);
	assert_ok(open_with(&world, world.first));
	assert_int_equal(shell("cd %s; cat keys/* | sha256sum >before", world.home), 0);
	assert_fault(identity_protect(world.home, &second, &first, &count), FAULT_WRONG_PASSPHRASE);
	assert_fault(identity_protect(world.home, &none, &first, &count), FAULT_KEY_PROTECTED);
	assert_int_equal(shell("cd %s; cat keys/* | sha256sum | cmp - before && test ! -e keys.new", world.home), 0);
	assert_int_equal(shell("rm %s/keys/identity.key", world.home), 0);
	assert_ok(identity_protect(world.home, &first, &second, &count));
	assert_int_equal(count, 4);	/* the identity's is kept elsewhere */
	assert_fault(open_with(&world, world.first), FAULT_WRONG_PASSPHRASE);
	assert_ok(open_with(&world, world.second));
	none.keys = KEY_OF(ROLE_SIGNING);
	assert_ok(identity_protect(world.home, &second, &none, &count));
	assert_int_equal(count, 1);
	assert_ok(open_with(&world, NULL));
	assert_int_equal(shell("cd %s/keys; test $(grep -l ENCRYPTED *.key | wc -l) = 3", world.home), 0);
	remove_home(world.home);
}

static void older_keys_are_protected_like_the_present_ones(void **state)
{
	(void)state;
	struct world world = world_new();
	struct identity_access first = opened_by(world.first), second = opened_by(world.second), none = { 0 };
	struct identity *identity;
	uint8_t digest[DIGEST_SIZE];
	unsigned count;
	first.keys = second.keys = none.keys = (1u << ROLE_COUNT) - 1;
	assert_ok(identity_create(world.home, "xf-ca", "Freedonia", NOON));
	assert_ok(identity_load(world.home, &identity));
	memcpy(digest, *identity_digest(identity, ROLE_SEALING), sizeof digest);
	identity_free(identity);
	assert_ok(identity_renew(world.home, ROLE_SEALING, NOON));
	assert_ok(identity_renew(world.home, ROLE_SIGNING, NOON));
	assert_ok(identity_protect(world.home, &none, &first, &count));
	assert_int_equal(count, 5);
	assert_int_equal(shell("cd %s/keys.old; test -z \"$(find . -name '*.key' | xargs grep -L ENCRYPTED)\"", world.home), 0);
	assert_ok(identity_protect(world.home, &first, &second, &count));
	assert_ok(identity_open(world.home, &second, &identity));
	assert_non_null(identity_generation(identity, ROLE_SEALING, SPAN(digest)));
	identity_free(identity);
	assert_ok(identity_forget_older(world.home));	/* what is in use still is known as such */
	assert_int_equal(shell("test $(find %s/keys.old -type f -name '*.key' | wc -l) = 1", world.home), 0);
	remove_home(world.home);
}

/* As after a cut: one of the older is done already. */
static void a_change_that_was_cut_short_is_gone_on_with(void **state)
{
	(void)state;
	struct world world = world_new();
	struct identity_access first = opened_by(world.first), none = { 0 };
	unsigned count;
	first.keys = none.keys = KEY_OF(ROLE_SEALING);
	assert_ok(identity_create(world.home, "xf-ca", "Freedonia", NOON));
	assert_ok(identity_renew(world.home, ROLE_SEALING, NOON));
	assert_int_equal(shell("cp -a %s/keys %s/keys.before", world.home, world.home), 0);
	assert_ok(identity_protect(world.home, &none, &first, &count));
	assert_int_equal(shell("cd %s && rm -r keys && mv keys.before keys && touch $(echo keys.old/*)/sealing.new", world.home), 0);
	assert_ok(identity_protect(world.home, &none, &first, &count));
	assert_int_equal(count, 1);
	assert_int_equal(shell("cd %s; test $(grep -l ENCRYPTED keys/*.key keys.old/*/sealing.key | wc -l) = 2 && test ! -e keys.old/*/sealing.new",
		world.home), 0);
	remove_home(world.home);
}

static void what_is_renewed_is_protected_like_the_rest(void **state)
{
	(void)state;
	struct world world = world_new();
	struct identity_access first = opened_by(world.first), second = opened_by(world.second);
	make_protected(&world, world.first);
	assert_fault(identity_renew(world.home, ROLE_SIGNING, NOON), FAULT_KEY_PROTECTED);
	assert_fault(identity_renew_protected(world.home, ROLE_SIGNING, NOON, &second), FAULT_WRONG_PASSPHRASE);
	assert_ok(identity_renew_protected(world.home, ROLE_SIGNING, NOON + DAY, &first));
	assert_int_equal(shell("grep -q 'BEGIN ENCRYPTED' %s/keys/signing.key", world.home), 0);
	assert_ok(open_with(&world, world.first));
	remove_home(world.home);
}

/* Who holds the line does not need the keys that sign. */
static void only_the_keys_that_are_asked_for_are_opened(void **state)
{
	(void)state;
	struct world world = world_new();
	struct identity *identity;
	struct identity_access channel = { .keys = KEY_OF(ROLE_CHANNEL) }, made = { .secret.text = world.first };
	struct bytes der = { 0 };
	assert_ok(identity_create_protected(world.home, "xf-ca", "Freedonia", NOON, &made));
	assert_ok(identity_open(world.home, &channel, &identity));	/* without the passphrase of the others */
	assert_fault(signature_make(identity, SPAN("text"), NOON, &der), FAULT_BAD_KEY);
	assert_int_equal(der.len, 0);
	identity_free(identity);
	remove_home(world.home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_encrypted_and_stock_tools_open_it),
		cmocka_unit_test(the_right_passphrase_opens_and_no_other),
		cmocka_unit_test(a_credential_of_the_service_manager_opens),
		cmocka_unit_test(a_passphrase_is_changed_for_all_keys_or_for_none),
		cmocka_unit_test(older_keys_are_protected_like_the_present_ones),
		cmocka_unit_test(a_change_that_was_cut_short_is_gone_on_with),
		cmocka_unit_test(what_is_renewed_is_protected_like_the_rest),
		cmocka_unit_test(only_the_keys_that_are_asked_for_are_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
