#include "authorities.h"
#include "certs/certificate.h"
#include "certs/revocation.h"
#include "certs/witness.h"

struct world {
	struct authority freedonia, sylvania;
	struct trust *trust;
	struct witness witness;
};

static struct span identity_of(const struct authority *authority)
{
	return identity_certificate(authority->identity, ROLE_IDENTITY);
}

static int set_up(void **state)
{
	struct world *world = *state = calloc(1, sizeof *world);
	world->freedonia = authority_new("xf-ca");
	world->sylvania = authority_new("xs-ca");
	world->trust = trust_new();
	assert_ok(trust_set_peer(world->trust, "xf-ca", identity_of(&world->freedonia), STANDING_VERIFIED));
	assert_ok(trust_set_peer(world->trust, "xs-ca", identity_of(&world->sylvania), STANDING_VERIFIED));
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	witness_clear(&world->witness);
	trust_free(world->trust);
	authority_free(&world->freedonia);
	authority_free(&world->sylvania);
	free(world);
	return 0;
}

static const struct signer *signer;

/* With these certificates, at that time after noon. */
static enum fault judge(struct world *world, const struct authority *leaf, const struct authority *above, const char *expected,
			int64_t later)
{
	const struct span certificates[] = {
		identity_certificate(leaf->identity, ROLE_SIGNING), identity_certificate(above->identity, ROLE_DELEGATION),
	};
	struct claim claim = { .certificates = certificates, .count = ARRAY_LEN(certificates), .usage = USAGE_SIGNING,
		.expected = expected, .now = NOON + later };
	return witness_judge(&world->witness, world->trust, &claim, &signer);
}

static enum fault judge_own(struct world *world, const struct authority *authority, int64_t later)
{
	return judge(world, authority, authority, authority == &world->freedonia ? "xf-ca" : "xs-ca", later);
}

static void who_was_judged_is_not_judged_again(void **state)
{
	struct world *world = *state;
	assert_ok(judge_own(world, &world->sylvania, 0));
	assert_string_equal(signer_authority(signer), "xs-ca");
	const struct signer *first = signer;
	assert_ok(judge_own(world, &world->sylvania, HOUR));
	assert_ptr_equal(signer, first);
}

static void whatever_trust_rests_on_is_asked_when_it_changes(void **state)
{
	struct world *world = *state;
	assert_ok(judge_own(world, &world->sylvania, 0));
	assert_ok(trust_set_standing(world->trust, "xs-ca", STANDING_BLOCKED));
	assert_fault(judge_own(world, &world->sylvania, 0), FAULT_PEER_BLOCKED);
	assert_null(signer);
	assert_ok(trust_set_standing(world->trust, "xs-ca", STANDING_VERIFIED));
	assert_ok(judge_own(world, &world->sylvania, 0));
	assert_ok(trust_set_peer(world->trust, "xs-ca", identity_of(&world->sylvania), STANDING_UNVERIFIED));
	assert_fault(judge_own(world, &world->sylvania, 0), FAULT_PEER_UNVERIFIED);
	trust_remove_peer(world->trust, "xs-ca");
	assert_fault(judge_own(world, &world->sylvania, 0), FAULT_STRANGER);
}

static void each_time_is_judged(void **state)
{
	struct world *world = *state;
	static const struct { int64_t later; enum fault fault; } table[] = {
		{ 0, OK }, { -HOUR, OK }, { -HOUR - 1, FAULT_CERT_NOT_YET }, { HOUR, OK }, { 3 * 365 * DAY, FAULT_CERT_EXPIRED },
		{ 90 * DAY, OK }, { 30 * 365 * DAY, FAULT_CERT_EXPIRED },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_fault(judge_own(world, &world->sylvania, table[i].later), table[i].fault);
}

/* To the second, on both ways to a verdict. */
static void a_known_one_expires_when_a_new_one_would(void **state)
{
	struct world *world = *state;
	int64_t good = 0, bad = 3 * 365 * DAY;
	while (bad - good > 1) {
		int64_t middle = good + (bad - good) / 2;
		witness_clear(&world->witness);
		*(judge_own(world, &world->sylvania, middle) ? &bad : &good) = middle;
	}
	assert_ok(judge_own(world, &world->sylvania, 0));
	assert_ok(judge_own(world, &world->sylvania, good));
	assert_fault(judge_own(world, &world->sylvania, bad), FAULT_CERT_EXPIRED);
}

static void what_was_signed_before_the_revocation_is_good(void **state)
{
	struct world *world = *state;
	struct certificate_facts facts;
	struct bytes list = { 0 };
	assert_ok(certificate_read(identity_certificate(world->sylvania.identity, ROLE_SIGNING), &facts));
	struct revocation_order order = { .issuer = ROLE_DELEGATION, .serial = facts.serial, .now = NOON + 2 * HOUR };
	assert_ok(revocation_enter(world->sylvania.home, &order));
	assert_ok(revocation_load(world->sylvania.home, ROLE_DELEGATION, &list));
	assert_ok(judge_own(world, &world->sylvania, 3 * HOUR));
	assert_ok(trust_set_revocations(world->trust, "xs-ca", (struct span[]){ span_of(&list) }, 1));
	assert_fault(judge_own(world, &world->sylvania, 3 * HOUR), FAULT_CERT_REVOKED);
	assert_ok(judge_own(world, &world->sylvania, HOUR));
	assert_ok(judge_own(world, &world->sylvania, 2 * HOUR - 1));
	assert_fault(judge_own(world, &world->sylvania, 2 * HOUR), FAULT_CERT_REVOKED);
	bytes_clear(&list);
}

static void other_certificates_are_judged_anew(void **state)
{
	struct world *world = *state;
	assert_ok(judge_own(world, &world->sylvania, 0));
	assert_ok(judge_own(world, &world->freedonia, 0));
	assert_string_equal(signer_authority(signer), "xf-ca");
	assert_fault(judge(world, &world->freedonia, &world->freedonia, "xs-ca", 0), FAULT_WRONG_PEER);
	assert_ok(judge_own(world, &world->freedonia, 0));
	assert_fault(judge(world, &world->freedonia, &world->sylvania, "xf-ca", 0), FAULT_CERT_PROFILE);
	assert_null(signer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_was_judged_is_not_judged_again),
		TEST(whatever_trust_rests_on_is_asked_when_it_changes),
		TEST(each_time_is_judged),
		TEST(what_was_signed_before_the_revocation_is_good),
		TEST(a_known_one_expires_when_a_new_one_would),
		TEST(other_certificates_are_judged_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
