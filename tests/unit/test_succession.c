/* From one identity to the next: who follows, how far, and what is no succession. */
#include "certs/card.h"
#include "certs/digest.h"
#include "certs/revocation.h"
#include "certs/succession.h"
#include "trusts.h"

static const struct identity_access plain = { .keys = KEYS_OF_LEAVES };

/* Both before and after are at hand: after in `authority`, before as the caller has kept it. */
static struct identity *roll(struct authority *authority, int64_t now)
{
	struct identity *before = authority->identity;
	assert_ok(identity_renew(authority->home, ROLE_IDENTITY, now));
	assert_ok(identity_load(authority->home, &authority->identity));
	return before;
}

static size_t successions(const struct authority *authority, struct succession *list)
{
	return identity_successions(authority->identity, list);
}

/* ── making it ────────────────────────────────────────────────────────────────────────────────── */

static void a_roll_over_makes_everything_anew_and_binds_it_to_what_was(void **state)
{
	struct world *world = *state;
	struct succession list[SUCCESSIONS_MAX];
	struct identity *before = roll(&world->sylvania, NOON + DAY);
	for (enum role role = 0; role < ROLE_COUNT; role++)
		assert_false(span_equal(identity_certificate(before, role), identity_certificate(world->sylvania.identity, role)));
	assert_int_equal(successions(&world->sylvania, list), 1);
	assert_true(span_equal(list[0].before, identity_certificate(before, ROLE_IDENTITY)));
	assert_ok(succession_check(list, 1, "xs-ca", identity_of(&world->sylvania)));
	assert_non_null(identity_generation(world->sylvania.identity, ROLE_SIGNING, SPAN(*identity_digest(before, ROLE_SIGNING))));
	assert_int_equal(shell("test ! -e %s/keys.new && test ! -e %s/keys.old/*/identity.key", world->sylvania.home,
		world->sylvania.home), 0);
	identity_free(before);
}

static void a_loaded_identity_follows_a_roll_over(void **state)
{
	struct world *world = *state;
	bool is_newer;
	struct identity *identity = world->sylvania.identity;
	struct span before = identity_of(&world->sylvania);
	assert_ok(identity_renew(world->sylvania.home, ROLE_IDENTITY, NOON + DAY));
	assert_ok(identity_reload(identity, world->sylvania.home, &plain, &is_newer));
	assert_true(is_newer);
	assert_false(span_equal(before, identity_of(&world->sylvania)));
	assert_true(span_equal(before, identity_certificate(identity_older(identity), ROLE_IDENTITY)));
}

static void without_its_old_key_an_identity_is_not_rolled_over(void **state)
{
	struct world *world = *state;
	assert_int_equal(shell("mv %s/keys/identity.key %s/safe.key", world->sylvania.home, world->sylvania.home), 0);
	assert_fault(identity_renew(world->sylvania.home, ROLE_IDENTITY, NOON), FAULT_BAD_KEY);
	assert_detail(FAULT_BAD_KEY, "identity.key is not here");
	assert_int_equal(shell("test ! -e %s/keys/identity.old && test ! -e %s/keys.new", world->sylvania.home, world->sylvania.home), 0);
	assert_fault(identity_renew(world->sylvania.home, ROLE_IDENTITY, NOON + 31 * 365 * DAY), FAULT_BAD_KEY);
}

static void an_expired_identity_cannot_speak_for_a_new_one(void **state)
{
	struct world *world = *state;
	assert_fault(identity_renew(world->sylvania.home, ROLE_IDENTITY, NOON + 31 * 365 * DAY), FAULT_CERT_EXPIRED);
	assert_int_equal(shell("test ! -e %s/keys/identity.old", world->sylvania.home), 0);
}

static void stock_tools_follow_too(void **state)
{
	struct world *world = *state;
	assert_int_equal(shell("cp %s/keys/identity.crt %s/pinned.pem", world->sylvania.home, world->sylvania.home), 0);
	identity_free(roll(&world->sylvania, NOON + DAY));
	assert_int_equal(shell("cd %s && cat keys/delegation.crt keys/identity.old >between.pem && openssl verify -attime %lld -x509_strict "
		"-CAfile pinned.pem -untrusted between.pem keys/signing.crt >verify.log 2>&1", world->sylvania.home,
		(long long)(NOON + 2 * DAY)), 0);
}

static void a_lost_identity_is_replaced_and_nobody_follows(void **state)
{
	struct world *world = *state;
	struct succession list[SUCCESSIONS_MAX];
	struct identity *before = world->sylvania.identity;
	assert_int_equal(shell("rm %s/keys/identity.key", world->sylvania.home), 0);
	assert_ok(identity_renew_roles(world->sylvania.home, KEY_OF(ROLE_IDENTITY) | ROLL_WITHOUT_OLD, NOON + DAY, &plain));
	assert_ok(identity_load(world->sylvania.home, &world->sylvania.identity));
	assert_int_equal(successions(&world->sylvania, list), 0);
	assert_int_equal(identity_before(world->sylvania.identity, list), 1);
	assert_true(span_equal(list[0].before, identity_certificate(before, ROLE_IDENTITY)));
	assert_null(identity_generation(world->sylvania.identity, ROLE_SIGNING, SPAN(*identity_digest(before, ROLE_SIGNING))));
	struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	kase.later = 2 * DAY;
	assert_fault(judge(world, &kase), FAULT_CERT_UNTRUSTED);
	identity_free(before);
}

/* ── following it ─────────────────────────────────────────────────────────────────────────────── */

/* What the line shows: leaf, delegation, and what each identity signed for the next, the newest first. */
static struct case_ shown_with_bridges(const struct authority *authority, enum role leaf, int64_t later)
{
	struct succession list[SUCCESSIONS_MAX];
	struct case_ kase = shown_by(authority, leaf);
	size_t count = successions(authority, list);
	for (size_t i = 0; i < count && kase.count < ARRAY_LEN(kase.chain); i++)
		kase.chain[kase.count++] = list[count - 1 - i].new_by_old;
	kase.later = later;
	return kase;
}

/* Also when the old key is lost: else whoever trains could become earnest by a roll-over. */
static void who_is_for_training_stays_so(void **state)
{
	(void)state;
	static const unsigned ways[] = { KEY_OF(ROLE_IDENTITY), KEY_OF(ROLE_IDENTITY) | ROLL_WITHOUT_OLD };
	const struct identity_access training = { .keys = KEYS_OF_LEAVES, .is_training = true };
	struct identity *identity;
	char home[64];
	make_home(home);
	assert_ok(identity_create_protected(home, "xf-ca", "Freedonia", NOON, &training));
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct succession list[SUCCESSIONS_MAX];
		assert_ok(identity_renew_roles(home, ways[i], NOON + DAY * (int64_t)(i + 1), &plain));
		assert_ok(identity_load(home, &identity));
		assert_true(certificate_is_training(identity_certificate(identity, ROLE_IDENTITY)));
		for (size_t n = identity_successions(identity, list); n > 0; n--)
			assert_true(certificate_is_training(list[n - 1].new_by_old) && certificate_is_training(list[n - 1].old_by_new));
		identity_free(identity);
	}
	remove_home(home);
}

static void who_pinned_an_earlier_identity_follows_the_line(void **state)
{
	struct world *world = *state;
	for (int64_t day = 1; day <= 2; day++) {	/* also over two at once */
		identity_free(roll(&world->sylvania, NOON + day * DAY));
		struct case_ kase = shown_with_bridges(&world->sylvania, ROLE_CHANNEL, day * DAY + HOUR);
		assert_int_equal(kase.count, 2 + day);
		assert_ok(judge(world, &kase));
		kase.count = 2;				/* nothing tells who the new one is */
		assert_fault(judge(world, &kase), FAULT_CERT_UNTRUSTED);
	}
	struct case_ kase = shown_with_bridges(&world->sylvania, ROLE_CHANNEL, 3 * DAY);
	kase.chain[2] = kase.chain[3];			/* one left out */
	kase.count = 3;
	assert_fault(judge(world, &kase), FAULT_CERT_UNTRUSTED);
}

static struct former former_of(const struct authority *authority)
{
	struct succession list[SUCCESSIONS_MAX];
	assert_int_equal(successions(authority, list), 1);
	return (struct former){ list[0].before, list[0].old_by_new, INT64_MAX };
}

static void what_a_former_identity_issued_counts_for_a_while(void **state)
{
	struct world *world = *state;
	struct authority old = { .identity = roll(&world->sylvania, NOON + DAY) };
	struct former former = former_of(&world->sylvania);
	struct case_ kase = shown_by(&old, ROLE_SIGNING);
	kase.usage = USAGE_SIGNING;
	assert_ok(trust_set_peer(world->trust, "xs-ca", identity_of(&world->sylvania), STANDING_VERIFIED));
	assert_fault(judge(world, &kase), FAULT_CERT_UNTRUSTED);
	assert_ok(trust_set_formers(world->trust, "xs-ca", &former, 1));
	assert_ok(judge(world, &kase));
	kase.later = 30 * DAY;
	assert_ok(judge(world, &kase));
	former.until = NOON + 20 * DAY;
	assert_ok(trust_set_formers(world->trust, "xs-ca", &former, 1));
	assert_fault(judge(world, &kase), FAULT_CERT_UNTRUSTED);
	kase.later = 10 * DAY;
	assert_ok(judge(world, &kase));
	kase = shown_by(&world->sylvania, ROLE_SIGNING);	/* and the present one does anyway */
	kase.usage = USAGE_SIGNING;
	kase.later = 30 * DAY;
	assert_ok(judge(world, &kase));
	identity_free(old.identity);
}

static struct bytes list_with(const struct authority *authority, struct span certificate, int64_t now)
{
	struct bytes list = { 0 };
	struct certificate_facts facts;
	static const struct secret_source none;
	assert_ok(certificate_read(certificate, &facts));
	assert_ok(revocation_enter(authority->home, &(struct revocation_order){ .issuer = ROLE_IDENTITY, .serial = facts.serial,
		.reason = "keyCompromise", .now = now, .secret = &none }));
	assert_ok(revocation_load(authority->home, ROLE_IDENTITY, &list));
	return list;
}

static void an_identity_that_revoked_itself_says_nothing_any_more(void **state)
{
	struct world *world = *state;
	struct bytes list = list_with(&world->sylvania, identity_of(&world->sylvania), NOON + DAY);
	struct span lists[] = { span_of(&list) };
	struct case_ kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	assert_ok(trust_set_revocations(world->trust, "xs-ca", lists, 1));
	assert_fault(judge(world, &kase), FAULT_CERT_REVOKED);
	assert_detail(FAULT_CERT_REVOKED, "the identity certificate of xs-ca was revoked");
	kase = shown_by(&world->sylvania, ROLE_SIGNING);
	kase.usage = USAGE_SIGNING;
	assert_ok(judge(world, &kase));			/* signed before */
	kase.later = DAY;
	assert_fault(judge(world, &kase), FAULT_CERT_REVOKED);
	assert_int_equal(shell("rm %s/keys/identity.crl", world->sylvania.home), 0);	/* a thief does not ask */
	identity_free(roll(&world->sylvania, NOON + 2 * DAY));	/* nor for a successor: a thief could make one */
	kase = shown_with_bridges(&world->sylvania, ROLE_CHANNEL, 3 * DAY);
	assert_fault(judge(world, &kase), FAULT_CERT_REVOKED);
	bytes_clear(&list);
}

static void the_next_identity_can_revoke_the_one_before(void **state)
{
	struct world *world = *state;
	struct authority old = { .identity = roll(&world->sylvania, NOON + DAY) };
	struct former former = former_of(&world->sylvania);
	struct bytes list = list_with(&world->sylvania, former.vouched, NOON + 2 * DAY);
	struct span lists[] = { span_of(&list) };
	struct case_ kase = shown_by(&old, ROLE_SIGNING);
	kase.usage = USAGE_SIGNING;
	kase.later = 3 * DAY;
	assert_ok(trust_set_peer(world->trust, "xs-ca", identity_of(&world->sylvania), STANDING_VERIFIED));
	assert_ok(trust_set_formers(world->trust, "xs-ca", &former, 1));
	assert_ok(judge(world, &kase));
	assert_ok(trust_set_revocations(world->trust, "xs-ca", lists, 1));
	assert_fault(judge(world, &kase), FAULT_CERT_REVOKED);
	kase.later = DAY;
	assert_ok(judge(world, &kase));
	kase = shown_by(&world->sylvania, ROLE_CHANNEL);
	kase.later = 3 * DAY;
	assert_ok(judge(world, &kase));
	bytes_clear(&list);
	identity_free(old.identity);
}

/* ── what is none ─────────────────────────────────────────────────────────────────────────────── */

static void what_is_no_succession_is_told_from_one(void **state)
{
	struct world *world = *state;
	struct authority impostor = authority_new("xs-ca");
	struct succession true_one[SUCCESSIONS_MAX], false_one[SUCCESSIONS_MAX], foreign[SUCCESSIONS_MAX];
	identity_free(roll(&world->sylvania, NOON + DAY));
	identity_free(roll(&impostor, NOON + DAY));
	identity_free(roll(&world->freedonia, NOON + DAY));
	successions(&world->sylvania, true_one);
	successions(&impostor, false_one);
	successions(&world->freedonia, foreign);
	struct span after = identity_of(&world->sylvania), cut = { true_one->new_by_old.at, true_one->new_by_old.len - 1 };
	struct span leaf = identity_certificate(world->sylvania.identity, ROLE_SIGNING);
	const struct { struct succession one; const char *says; } table[] = {
		{ { true_one->before, false_one->new_by_old, true_one->old_by_new }, "the old identity did not sign it" },
		{ { false_one->before, true_one->new_by_old, true_one->old_by_new }, "the old identity did not sign it" },
		{ { true_one->before, true_one->new_by_old, false_one->old_by_new }, "the next identity did not sign it" },
		{ { true_one->before, true_one->old_by_new, true_one->new_by_old }, "the old identity did not sign it" },
		{ { true_one->before, true_one->before, true_one->old_by_new }, "another key than that of the next" },
		{ { true_one->before, true_one->new_by_old, after }, "another key than that of the old" },
		{ { after, after, after }, "are one" },
		{ { true_one->new_by_old, true_one->new_by_old, true_one->old_by_new }, "not signed by itself" },
		{ { true_one->before, cut, true_one->old_by_new }, "is none" },
		{ { true_one->before, { 0 }, true_one->old_by_new }, "is none" },
		{ { true_one->before, leaf, true_one->old_by_new }, "constraints" },
		{ *false_one, "another key than that of the next" },
		{ *foreign, "another authority" },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_fault(succession_check(&table[i].one, 1, "xs-ca", after), FAULT_CERT_PROFILE);
		assert_detail(FAULT_CERT_PROFILE, table[i].says);
	}
	struct succession many[SUCCESSIONS_MAX + 1] = { 0 };
	assert_fault(succession_check(many, ARRAY_LEN(many), "xs-ca", after), FAULT_CERT_PROFILE);
	authority_free(&impostor);
}

static void a_file_of_earlier_identities_that_is_not_whole_is_refused(void **state)
{
	struct world *world = *state;
	static const char *const harm[] = {
		"sed -i '3s/./A/' keys/identity.old", "cat keys/signing.crt >>keys/identity.old", "echo nonsense >keys/identity.crt",
		"cp ../$OTHER/keys/identity.old keys/identity.old",
	};
	identity_free(roll(&world->sylvania, NOON + DAY));
	identity_free(roll(&world->freedonia, NOON + DAY));
	for (size_t i = 0; i < ARRAY_LEN(harm); i++) {
		struct identity *identity;
		assert_int_equal(shell("cd %s && rm -rf safe && cp -a keys safe && OTHER=$(basename %s) && %s", world->sylvania.home,
			world->freedonia.home, harm[i]), 0);
		assert_fault(identity_load(world->sylvania.home, &identity), FAULT_BAD_KEY);
		assert_int_equal(shell("cd %s && rm -rf keys && mv safe keys", world->sylvania.home), 0);
	}
}

static void a_card_tells_of_it(void **state)
{
	struct world *world = *state;
	struct card card = { .name = "Sylvania", .serial = 2, .issued_at = NOON + 2 * DAY }, read;
	struct bytes text = { 0 };
	struct identity *before = roll(&world->sylvania, NOON + DAY);
	assert_ok(card_write(world->sylvania.identity, &card, &text));
	assert_ok(card_read(span_of(&text), NOON + 3 * DAY, &read));
	assert_int_equal(read.succession_count, 1);
	assert_true(span_equal(read.successions[0].before, identity_certificate(before, ROLE_IDENTITY)));
	card_clear(&read);
	bytes_clear(&text);
	identity_free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_roll_over_makes_everything_anew_and_binds_it_to_what_was),
		TEST(a_loaded_identity_follows_a_roll_over),
		TEST(without_its_old_key_an_identity_is_not_rolled_over),
		TEST(an_expired_identity_cannot_speak_for_a_new_one),
		TEST(stock_tools_follow_too),
		TEST(a_lost_identity_is_replaced_and_nobody_follows),
		TEST(who_is_for_training_stays_so),
		TEST(who_pinned_an_earlier_identity_follows_the_line),
		TEST(what_a_former_identity_issued_counts_for_a_while),
		TEST(an_identity_that_revoked_itself_says_nothing_any_more),
		TEST(the_next_identity_can_revoke_the_one_before),
		TEST(what_is_no_succession_is_told_from_one),
		TEST(a_file_of_earlier_identities_that_is_not_whole_is_refused),
		TEST(a_card_tells_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
