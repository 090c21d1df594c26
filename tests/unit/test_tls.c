/* TLS between two authorities that know one another. */
#include "tests/unit/engines.h"

static void two_verified_peers_talk(void **state)
{
	struct world *world = *state;
	struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
	assert_false(tls_is_ready(ends.caller.tls));
	assert_int_equal(tls_peer_not_after(ends.caller.tls), 0);
	settle(&ends);
	assert_true(tls_is_ready(ends.caller.tls));
	assert_true(tls_is_ready(ends.callee.tls));
	assert_string_equal(tls_peer(ends.caller.tls), "xs-ca");
	assert_string_equal(tls_peer(ends.callee.tls), "xf-ca");
	assert_int_equal(tls_peer_not_after(ends.caller.tls), NOON + 90 * DAY);
	assert_non_null(strstr(tls_description(ends.caller.tls), "TLSv1.3, TLS_AES_256_GCM_SHA384, "));
	assert_non_null(strstr(context_groups(world->freedonia.context), "X25519"));
	assert_ok(tls_seal(ends.caller.tls, span_of_text("hello")));
	assert_ok(tls_seal(ends.callee.tls, span_of_text("good day")));
	settle(&ends);
	assert_heard(&ends.callee, span_of_text("hello"));
	assert_heard(&ends.caller, span_of_text("good day"));
	part(&ends);
}

static void bytes_may_come_one_by_one(void **state)
{
	struct world *world = *state;
	struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
	ends.step = 1;
	settle(&ends);
	assert_true(tls_is_ready(ends.caller.tls) && tls_is_ready(ends.callee.tls));
	assert_ok(tls_seal(ends.callee.tls, span_of_text("slowly")));
	settle(&ends);
	assert_heard(&ends.caller, span_of_text("slowly"));
	part(&ends);
}

static void a_megabyte_comes_through_whole(void **state)
{
	struct world *world = *state;
	struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
	static uint8_t large[1 << 20];
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (uint8_t)(i * 2654435761u >> 13);
	settle(&ends);
	assert_ok(tls_seal(ends.caller.tls, SPAN(large)));
	assert_true(tls_waiting(ends.caller.tls) > sizeof large);
	ends.step = 4093;
	settle(&ends);
	assert_int_equal(tls_waiting(ends.caller.tls), 0);
	assert_heard(&ends.callee, SPAN(large));
	part(&ends);
}

static void a_caller_must_know_whom_it_calls(void **state)
{
	struct world *world = *state;
	struct tls *tls;
	assert_fault(tls_new(world->freedonia.context, TLS_CALLER, NULL, &tls), FAULT_WRONG_PEER);
	assert_fault(tls_new(world->freedonia.context, TLS_CALLER, "XS-CA", &tls), FAULT_WRONG_PEER);
	assert_null(tls);
}

static void nothing_is_sealed_before_the_line_is_ready(void **state)
{
	struct world *world = *state;
	struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
	assert_fault(tls_seal(ends.caller.tls, span_of_text("too early")), FAULT_INTERNAL);
	assert_ok(tls_update_keys(ends.caller.tls));	/* nothing to do */
	assert_fault(tls_judge_again(ends.caller.tls), FAULT_INTERNAL);
	settle(&ends);
	assert_ok(tls_seal(ends.caller.tls, span_of_text("now")));
	part(&ends);
}

static void closing_is_told_apart_from_a_cut(void **state)
{
	struct world *world = *state;
	struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
	settle(&ends);
	assert_ok(tls_seal(ends.caller.tls, span_of_text("last words")));
	tls_close_notify(ends.caller.tls);
	tls_close_notify(ends.caller.tls);
	assert_fault(tls_seal(ends.caller.tls, span_of_text("more")), FAULT_INTERNAL);
	settle(&ends);
	assert_heard(&ends.callee, span_of_text("last words"));
	assert_true(tls_is_closed(ends.callee.tls));
	assert_false(tls_is_closed(ends.caller.tls));
	assert_int_equal(ends.callee.fault, OK);
	assert_ok(tls_seal(ends.callee.tls, span_of_text("answer")));	/* the other direction is still open */
	settle(&ends);
	assert_heard(&ends.caller, span_of_text("answer"));
	part(&ends);
}

static void keys_change_without_a_word_being_lost(void **state)
{
	struct world *world = *state;
	context_set_records_per_key(world->freedonia.context, 3);
	struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
	settle(&ends);
	for (int i = 0; i < 50; i++) {
		assert_ok(tls_seal(ends.caller.tls, span_of_text("question")));
		assert_ok(tls_seal(ends.callee.tls, span_of_text("answer")));
		if (i % 7 == 0)
			assert_ok(tls_update_keys(ends.callee.tls));
		settle(&ends);
		assert_heard(&ends.callee, span_of_text("question"));
		assert_heard(&ends.caller, span_of_text("answer"));
	}
	part(&ends);
}

static void keys_change_by_count(void **state)
{
	struct world *world = *state;
	size_t sent[2];
	for (int i = 0; i < 2; i++) {
		context_set_records_per_key(world->freedonia.context, i ? 2 : 1000);
		struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
		settle(&ends);
		assert_ok(tls_seal(ends.caller.tls, span_of_text("one")));
		assert_ok(tls_seal(ends.caller.tls, span_of_text("two")));
		sent[i] = tls_waiting(ends.caller.tls);
		part(&ends);
	}
	assert_true(sent[1] > sent[0]);		/* the KeyUpdate */
}

static void a_line_is_judged_anew(void **state)
{
	struct world *world = *state;
	struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
	settle(&ends);
	assert_ok(tls_judge_again(ends.callee.tls));
	clock_now = NOON + 91 * DAY;
	assert_fault(tls_judge_again(ends.callee.tls), FAULT_CERT_EXPIRED);
	clock_now = NOON;
	assert_ok(trust_set_standing(world->sylvania.trust, "xf-ca", STANDING_BLOCKED));
	assert_fault(tls_judge_again(ends.callee.tls), FAULT_PEER_BLOCKED);
	assert_string_equal(tls_peer(ends.callee.tls), "xf-ca");
	part(&ends);
}

static void a_line_outlives_the_context_it_was_made_from(void **state)
{
	struct world *world = *state;
	struct ends ends = join(&world->freedonia, &world->sylvania, "xs-ca");
	struct side *sylvania = &world->sylvania;
	context_free(sylvania->context);
	assert_ok(identity_renew(sylvania->authority.home, ROLE_CHANNEL, NOON));
	identity_free(sylvania->authority.identity);
	assert_ok(identity_load(sylvania->authority.home, &sylvania->authority.identity));
	assert_ok(context_new(sylvania->authority.identity, sylvania->trust, tell, &sylvania->context));
	settle(&ends);
	assert_true(tls_is_ready(ends.callee.tls));
	part(&ends);
	ends = join(&world->freedonia, sylvania, "xs-ca");
	settle(&ends);
	assert_true(tls_is_ready(ends.callee.tls));
	part(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_verified_peers_talk),
		TEST(bytes_may_come_one_by_one),
		TEST(a_megabyte_comes_through_whole),
		TEST(a_caller_must_know_whom_it_calls),
		TEST(nothing_is_sealed_before_the_line_is_ready),
		TEST(closing_is_told_apart_from_a_cut),
		TEST(keys_change_without_a_word_being_lost),
		TEST(keys_change_by_count),
		TEST(a_line_is_judged_anew),
		TEST(a_line_outlives_the_context_it_was_made_from),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
