/* Renewal: what it changes, what it leaves, and what a loaded identity makes of it. */
#include <sys/stat.h>

#include "authorities.h"
#include "certs/digest.h"
#include "certs/files.h"
#include "certs/issue.h"
#include "certs/keys.h"

static void nothing_outlives_what_vouches_for_it(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	struct identity *renewed;
	assert_ok(identity_renew(freedonia.home, ROLE_SIGNING, NOON + 3 * 365 * DAY - 10 * DAY));
	assert_ok(identity_load(freedonia.home, &renewed));
	assert_int_equal(identity_not_after(renewed, ROLE_SIGNING), identity_not_after(renewed, ROLE_DELEGATION));
	identity_free(renewed);
	authority_free(&freedonia);
}

static bool has_changed(const struct identity *before, const struct identity *after, enum role role)
{
	return !span_equal(identity_certificate(before, role), identity_certificate(after, role));
}

static void renewing_changes_what_is_due_and_nothing_else(void **state)
{
	(void)state;
	static const struct { enum role renewed; bool changed[ROLE_COUNT]; } table[] = {
		{ ROLE_CHANNEL, { false, false, true, false, false } },
		{ ROLE_SIGNING, { false, false, false, true, false } },
		{ ROLE_DELEGATION, { false, true, true, true, true } },
	};
	struct authority freedonia = authority_new("xf-ca");
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct identity *after;
		assert_ok(identity_renew(freedonia.home, table[i].renewed, NOON + (int64_t)i * DAY));
		assert_ok(identity_load(freedonia.home, &after));
		for (enum role role = 0; role < ROLE_COUNT; role++)
			assert_int_equal(has_changed(freedonia.identity, after, role), table[i].changed[role]);
		identity_free(freedonia.identity);
		freedonia.identity = after;
	}
	assert_fault(identity_renew(freedonia.home, ROLE_COUNT, NOON), FAULT_USAGE);
	assert_int_equal(shell("test ! -e %s/keys.new", freedonia.home), 0);
	authority_free(&freedonia);
}

/* The store key lies there too: to lose it is to lose the store. */
static void what_others_keep_beside_the_keys_stays(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	assert_int_equal(shell("cd %s/keys && echo precious >store.key && echo more >signing.key.next", freedonia.home), 0);
	for (enum role role = ROLE_DELEGATION; role < ROLE_COUNT; role++)
		assert_ok(identity_renew(freedonia.home, role, NOON));
	assert_int_equal(shell("cd %s && grep -q precious keys/store.key && grep -q more keys/signing.key.next && test ! -e keys.new",
			       freedonia.home), 0);
	authority_free(&freedonia);
}

static void a_loaded_identity_follows_a_renewal_and_keeps_what_it_lent(void **state)
{
	(void)state;
	static const struct identity_access plain = { .keys = KEYS_OF_LEAVES };
	struct authority freedonia = authority_new("xf-ca");
	struct identity *identity = freedonia.identity, *fresh;
	struct span before = identity_certificate(identity, ROLE_SIGNING);
	uint8_t digest[DIGEST_SIZE];
	bool is_newer;
	digest_of(digest, before);
	assert_null(identity_older(identity));
	assert_ok(identity_reload(identity, freedonia.home, &plain, &is_newer));
	assert_false(is_newer);
	assert_ok(identity_renew_roles(freedonia.home, KEY_OF(ROLE_SIGNING) | KEY_OF(ROLE_CHANNEL), NOON + DAY, &plain));
	assert_ok(identity_reload(identity, freedonia.home, &plain, &is_newer));
	assert_true(is_newer);
	assert_false(span_equal(before, identity_certificate(identity, ROLE_SIGNING)));
	const struct identity *older = identity_generation(identity, ROLE_SIGNING, SPAN(digest));
	assert_non_null(older);
	assert_ptr_equal(older, identity_older(identity));
	assert_true(span_equal(before, identity_certificate(older, ROLE_SIGNING)));

	assert_ok(identity_load(freedonia.home, &fresh));	/* a daemon that starts now finds both */
	assert_non_null(identity_generation(fresh, ROLE_SIGNING, SPAN(digest)));
	identity_free(fresh);
	assert_ok(identity_forget_older(freedonia.home));
	assert_ok(identity_load(freedonia.home, &fresh));
	assert_null(identity_older(fresh));
	identity_free(fresh);
	assert_int_equal(shell("test -z \"$(find %s/keys.old -name signing.key -o -name channel.key)\"", freedonia.home), 0);
	authority_free(&freedonia);
}

static void after_a_revocation_nothing_earlier_is_found(void **state)
{
	(void)state;
	static const struct identity_access plain = { .keys = KEYS_OF_LEAVES };
	struct authority freedonia = authority_new("xf-ca");
	struct identity *identity = freedonia.identity;
	struct span before = identity_certificate(identity, ROLE_CHANNEL);
	uint8_t digest[DIGEST_SIZE];
	bool is_newer;
	digest_of(digest, before);
	for (int round = 0; round < 2; round++) {
		assert_ok(identity_renew(freedonia.home, ROLE_SIGNING, NOON + DAY));
		assert_ok(identity_reload(identity, freedonia.home, &plain, &is_newer));
		assert_non_null(identity_older(identity));
		assert_ok(identity_renew(freedonia.home, ROLE_CHANNEL, NOON + DAY));
		assert_ok(identity_succeed(identity, freedonia.home, &plain));
		assert_null(identity_older(identity));
		assert_null(identity_generation(identity, ROLE_CHANNEL, SPAN(digest)));
	}
	uint8_t again[DIGEST_SIZE];
	digest_of(again, before);	/* what was lent stays */
	assert_memory_equal(again, digest, sizeof digest);
	authority_free(&freedonia);
}

static void a_sealing_key_outlives_its_renewal(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	assert_ok(identity_renew(freedonia.home, ROLE_SEALING, NOON + DAY));
	assert_ok(identity_renew(freedonia.home, ROLE_SIGNING, NOON + DAY));
	assert_ok(identity_forget_older(freedonia.home));
	assert_int_equal(shell("test $(find %s/keys.old -name sealing.key | wc -l) = 1", freedonia.home), 0);
	static const struct identity_access holder = { .keys = KEY_OF(ROLE_SIGNING) | KEY_OF(ROLE_SEALING) };
	struct identity *held;
	assert_ok(identity_open(freedonia.home, &holder, &held));
	assert_non_null(identity_generation(held, ROLE_SEALING, SPAN(*identity_digest(freedonia.identity, ROLE_SEALING))));
	identity_free(held);
	authority_free(&freedonia);
}

static void what_others_keep_beside_the_keys_stays_through_renewals(void **state)
{
	(void)state;
	struct authority freedonia = authority_new("xf-ca");
	assert_int_equal(shell("echo secret > %s/keys/store.key", freedonia.home), 0);
	for (int i = 0; i < 3; i++)
		assert_ok(identity_renew(freedonia.home, ROLE_CHANNEL, NOON + i * DAY));
	assert_int_equal(shell("grep -q secret %s/keys/store.key", freedonia.home), 0);
	/* the power went right after the exchange, and somebody had written just before it */
	assert_int_equal(shell("cd %s; mkdir keys.new; mv keys/store.key keys.new", freedonia.home), 0);
	assert_ok(identity_renew(freedonia.home, ROLE_CHANNEL, NOON + 3 * DAY));
	assert_int_equal(shell("grep -q secret %s/keys/store.key && test ! -e %s/keys.new", freedonia.home, freedonia.home), 0);
	authority_free(&freedonia);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_outlives_what_vouches_for_it),
		cmocka_unit_test(renewing_changes_what_is_due_and_nothing_else),
		cmocka_unit_test(what_others_keep_beside_the_keys_stays),
		cmocka_unit_test(a_loaded_identity_follows_a_renewal_and_keeps_what_it_lent),
		cmocka_unit_test(after_a_revocation_nothing_earlier_is_found),
		cmocka_unit_test(a_sealing_key_outlives_its_renewal),
		cmocka_unit_test(what_others_keep_beside_the_keys_stays_through_renewals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
