/* Whom we trust, for what, and when. */
#include "trusts.h"

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
	assert_ok(key_load(path, NULL, &issuer_key));
	assert_ok(key_make(CURVE_P256, &leaf_key));
	struct span delegation = identity_certificate(mallory.identity, ROLE_DELEGATION);
	struct issue issue = { ROLE_CHANNEL, "xs-ca", "Sylvania", leaf_key, delegation, issuer_key, NOON, 0, false };
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

/* ── training ─────────────────────────────────────────────────────────────────────────────────── */

static struct authority trainee_new(const char *id)
{
	struct authority one = { 0 };
	const struct identity_access access = { .keys = KEYS_OF_LEAVES, .is_training = true };
	make_home(one.home);
	assert_ok(identity_create_protected(one.home, id, "Training Authority", NOON, &access));
	assert_ok(identity_load(one.home, &one.identity));
	return one;
}

static void training_never_meets_earnest(void **state)
{
	const struct world *world = *state;
	struct authority trainee = trainee_new("xt-ca");
	struct case_ earnest = shown_by(&world->sylvania, ROLE_CHANNEL), training = shown_by(&trainee, ROLE_CHANNEL);
	assert_true(certificate_is_training(identity_of(&trainee)));
	assert_false(certificate_is_training(identity_of(&world->sylvania)));
	assert_false(certificate_is_training(identity_certificate(trainee.identity, ROLE_DELEGATION)));	/* the pinned one decides */

	assert_ok(trust_set_peer(world->trust, "xt-ca", identity_of(&trainee), STANDING_VERIFIED));
	assert_ok(judge(world, &training));	/* who only looks at signatures looks at both */
	for (int is_training = 0; is_training < 2; is_training++) {
		trust_keep_apart(world->trust, is_training);
		assert_fault(judge(world, &training), is_training ? OK : FAULT_TRAINING_MIXED);
		assert_fault(judge(world, &earnest), is_training ? FAULT_TRAINING_MIXED : OK);
		assert_fault(trust_set_peer(world->trust, "xt-ca", identity_of(&trainee), STANDING_VERIFIED),
			is_training ? OK : FAULT_TRAINING_MIXED);
		assert_fault(trust_set_peer(world->trust, "xs-ca", identity_of(&world->sylvania), STANDING_VERIFIED),
			is_training ? FAULT_TRAINING_MIXED : OK);
		assert_fault(trust_check_kind(identity_of(&trainee), "xt-ca", is_training), is_training ? OK : FAULT_TRAINING_MIXED);
	}
	authority_free(&trainee);
}

/* The digits on the telephone are others than those of the same key in earnest. */
static void what_is_pinned_of_a_trainee_says_so(void **state)
{
	struct authority trainee = trainee_new("xt-ca");
	struct bytes pin = { 0 }, spki = { 0 };
	(void)state;
	assert_ok(certificate_pin(identity_of(&trainee), "xt-ca", &pin));
	assert_ok(certificate_spki(identity_of(&trainee), &spki));
	assert_int_equal(pin.len, spki.len + strlen("TRAINING"));
	assert_true(span_equal(span_of(&pin), identity_pin(trainee.identity)));
	bytes_clear(&pin);
	bytes_clear(&spki);
	authority_free(&trainee);
}

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
		TEST(only_its_own_identity_can_be_pinned),
		TEST(a_new_identity_replaces_the_old_one),
		TEST(what_is_renewed_is_still_trusted),
		TEST(training_never_meets_earnest),
		TEST(what_is_pinned_of_a_trainee_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
