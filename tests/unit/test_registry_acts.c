/* What an officer and the line do to a peer: the telephone check, blocking, removal, alarms. */
#include "tests/unit/registries.h"

static void the_digits_that_differ_are_named_before_anything_is_confirmed(void **state)
{
	struct world *world = *state;
	Comity__PeerVerified verified;
	char digits[IDENTITY_DIGITS_SIZE];
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	identity_digits(digits, identity_pin(world->them));
	digits[0] = digits[0] == '0' ? '1' : '0';
	assert_int_equal(verify(world, digits, false, &verified), OK);
	assert_false(verified.matches);
	assert_int_equal(verified.n_groups_differ, 1);
	assert_int_equal(verified.groups_differ[0], 1);
	assert_int_equal(verify(world, digits, true, &verified), FAULT_IDENTITY_DIFFERS);
	assert_int_equal(find(world, "xs-ca")->standing, COMITY__STANDING__VALUE__UNVERIFIED);
}

static void digits_that_match_verify_only_when_confirmed(void **state)
{
	struct world *world = *state;
	Comity__PeerVerified verified;
	char digits[IDENTITY_DIGITS_SIZE], own[IDENTITY_DIGITS_SIZE];
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	identity_digits(digits, identity_pin(world->them));
	identity_digits(own, identity_pin(world->us));
	assert_int_equal(verify(world, digits, false, &verified), OK);
	assert_true(verified.matches);
	assert_false(verified.verified);
	assert_string_equal(verified.own_digits, own);
	assert_int_equal(verify(world, digits, true, &verified), OK);
	assert_true(verified.verified);
	assert_false(verified.already);
	assert_int_equal(verify(world, digits, true, &verified), OK);
	assert_true(verified.already);
}

static void trust_lines_and_the_inbox_follow_the_check(void **state)
{
	struct world *world = *state;
	make_verified(world);
	struct span signing = identity_certificate(world->them, ROLE_SIGNING);
	assert_string_equal(lines.set, "xs-ca");
	assert_int_equal(lines.endpoint_count, 1);
	assert_true(span_equal(span_of(&world->signer_bytes), signing));
	memset(&lines, 0, sizeof lines);
	registry_apply_all(world->registry);
	assert_string_equal(lines.set, "xs-ca");
}

static void a_signing_certificate_counts_again_when_the_clock_is_mended(void **state)
{
	struct world *world = *state;
	int64_t right = now;
	make_verified(world);
	now -= 366 * INT64_C(86400) * STAMP_SECOND;	/* as a machine without a battery starts */
	registry_apply_all(world->registry);
	assert_int_equal(world->signer_bytes.len, 0);
	now = right;
	registry_judge_signer(world->registry, "xs-ca");
	assert_true(span_equal(span_of(&world->signer_bytes), identity_certificate(world->them, ROLE_SIGNING)));
	registry_judge_signer(world->registry, "nobody-here");
}

static void what_cannot_be_the_digits_is_refused(void **state)
{
	static const char *const heard[] = { NULL, "", "12345", "not digits at all" };
	Comity__PeerVerified verified;
	assert_int_equal(add(*state, card_of(*state, ((struct world *)*state)->them, 1)), OK);
	for (size_t i = 0; i < ARRAY_LEN(heard); i++)
		assert_int_equal(verify(*state, heard[i], true, &verified), FAULT_USAGE);
}

static enum fault block(const struct registry *registry, struct txn *txn, const char *id, uint32_t uid,
	struct arena *arena, Comity__Peer **peer)
{
	return registry_block(registry, txn, id, "by order of the ministry", uid, arena, peer);
}

static void a_blocked_peer_stands_again_where_it_stood(void **state)
{
	struct world *world = *state;
	Comity__PeerVerified verified;
	make_verified(world);
	assert_int_equal(do_act(world, block, "xs-ca"), OK);
	assert_string_equal(find(world, "xs-ca")->block_reason, "by order of the ministry");
	assert_int_equal(lines.why, FAULT_PEER_BLOCKED);
	assert_int_equal(world->signer_bytes.len, 0);
	assert_int_equal(verify(world, "", true, &verified), FAULT_PEER_BLOCKED);
	assert_int_equal(do_act(world, registry_unblock, "xs-ca"), OK);
	assert_int_equal(find(world, "xs-ca")->standing, COMITY__STANDING__VALUE__VERIFIED);
	assert_string_equal(lines.set, "xs-ca");
}

static void a_removed_peer_is_unknown(void **state)
{
	struct world *world = *state;
	make_verified(world);
	assert_int_equal(do_act(world, registry_remove, "xs-ca"), OK);
	assert_null(find(world, "xs-ca"));
	assert_int_equal(lines.why, FAULT_PEER_UNKNOWN);
	assert_int_equal(world->signer_bytes.len, 0);
	assert_string_equal(last_event(world)->type, EVENT_PEER_REMOVED);
}

static void acts_on_nobody_are_refused(void **state)
{
	static peer_act *const acts[] = { block, registry_unblock, registry_remove };
	static const char *const ids[] = { NULL, "", "xs-ca", "no such thing", "an-id-that-is-far-too-long-to-be-any-at-all" };
	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		for (size_t j = 0; j < ARRAY_LEN(ids); j++)
			assert_int_equal(do_act(*state, acts[i], ids[j]), FAULT_PEER_UNKNOWN);
}

static void an_alarm_stops_the_lines_until_somebody_has_looked(void **state)
{
	struct world *world = *state;
	make_verified(world);
	WITHIN(world, txn);
	registry_alarm(&txn, "xs-ca", FAULT_CHAIN_FORK, "number 3 differs \xff\x1b[31m");
	registry_alarm(&txn, "xs-ca", FAULT_CHAIN_FORK, "again");
	registry_alarm(&txn, "nobody-here", FAULT_CHAIN_FORK, "again");
	assert_int_equal(txn_commit(&txn), OK);
	registry_apply(world->registry, "xs-ca");
	assert_string_equal(find(world, "xs-ca")->alarm, "chain-fork");
	assert_string_equal(find(world, "xs-ca")->alarm_text, "number 3 differs \\xff\\x1b[31m");
	assert_int_equal(lines.why, FAULT_CHAIN_FORK);
	assert_int_equal(do_act(world, registry_unblock, "xs-ca"), OK);
	assert_string_equal(lines.set, "xs-ca");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_digits_that_differ_are_named_before_anything_is_confirmed),
		TEST(digits_that_match_verify_only_when_confirmed),
		TEST(trust_lines_and_the_inbox_follow_the_check),
		TEST(a_signing_certificate_counts_again_when_the_clock_is_mended),
		TEST(what_cannot_be_the_digits_is_refused),
		TEST(a_blocked_peer_stands_again_where_it_stood),
		TEST(a_removed_peer_is_unknown),
		TEST(acts_on_nobody_are_refused),
		TEST(an_alarm_stops_the_lines_until_somebody_has_looked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
