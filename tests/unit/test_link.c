/* A hostile or broken peer while it greets. */
#include "tests/unit/rogue.h"

static void an_orderly_greeting_opens_the_line(void **state)
{
	(void)state;
	struct rogue rogue;
	rogue_dial(&rogue, &freedonia);
	rogue_open(&rogue);
	until(rogue.packets[PACKET_PING]);
	assert_int_equal(rogue.packets[PACKET_HELLO], 1);
	assert_int_equal(rogue.packets[PACKET_READY], 1);
	rogue_free(&rogue);
	until(s.closed);
	assert_int_equal(s.closed_why, FAULT_LINE_CUT);
}

static void a_wrong_greeting_is_refused_and_told(void **state)
{
	(void)state;
	static const uint32_t version_9[] = { 9, 8 };
	struct packet other_name = hello_of("xx-ca", "xs-ca"), other_addressee = hello_of("xf-ca", "xx-ca");
	struct packet newer = hello_of("xf-ca", "xs-ca");
	newer.hello.versions = version_9;
	newer.hello.version_count = 2;
	const struct { struct packet packet; enum fault fault; } cases[] = {
		{ other_name,      FAULT_WRONG_PEER },
		{ other_addressee, FAULT_WRONG_PEER },
		{ newer,           FAULT_VERSION },
		{ { PACKET_READY,    .ready = { 1 } },                               FAULT_OUT_OF_TURN },
		{ { PACKET_CONFIRM,  .confirm = { { 0 } } },                         FAULT_OUT_OF_TURN },
		{ { PACKET_PING,     .ping = { 1 } },                                FAULT_OUT_OF_TURN },
		{ { PACKET_PONG,     .pong = { 1, 0 } },                             FAULT_OUT_OF_TURN },
		{ { PACKET_MISSING,  .missing = { 1, "not-found" } },                FAULT_OUT_OF_TURN },
		{ { PACKET_FETCH,    .fetch = { .index = 1, .length = 1 } },         FAULT_OUT_OF_TURN },
		{ { PACKET_MANIFEST, .manifest = { { (uint8_t *)"t", 1 }, { (uint8_t *)"s", 1 }, NULL, 0 } }, FAULT_OUT_OF_TURN },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rogue rogue;
		unsigned refused = s.refused;
		rogue_dial(&rogue, &freedonia);
		until(tls_is_ready(rogue.tls));
		rogue_say(&rogue, &cases[i].packet);
		until(rogue.is_over && s.refused > refused);
		if (s.refused_why != cases[i].fault)
			fail_msg("case %zu: %s", i, fault_slug(s.refused_why));
		assert_string_equal(rogue.reason, fault_slug(cases[i].fault));
		assert_string_equal(s.refused_peer, "xf-ca");
		rogue_free(&rogue);
	}
	assert_int_equal(s.opened, 0);
}

static void a_ready_for_another_version_is_refused(void **state)
{
	(void)state;
	struct rogue rogue;
	rogue_dial(&rogue, &freedonia);
	until(tls_is_ready(rogue.tls));
	struct packet hello = hello_of("xf-ca", "xs-ca");
	rogue_say(&rogue, &hello);
	rogue_say(&rogue, &(struct packet){ PACKET_READY, .ready = { 2 } });
	until(rogue.is_over && s.refused);
	assert_string_equal(rogue.reason, "version");
	rogue_free(&rogue);
}

static void a_goodbye_in_the_greeting_is_told_above(void **state)
{
	(void)state;
	struct rogue rogue;
	rogue_dial(&rogue, &freedonia);
	until(tls_is_ready(rogue.tls));
	rogue_say(&rogue, &(struct packet){ PACKET_GOODBYE, .goodbye = { "peer-unverified", "who are you?" } });
	until(s.refused);
	assert_int_equal(s.refused_why, FAULT_GOODBYE);
	assert_string_equal(s.refused_detail, "they say: peer-unverified: who are you?");
	rogue_free(&rogue);
}

static void whoever_never_greets_is_hung_up_on(void **state)
{
	(void)state;
	static const struct peers_settings hasty = { .greeting_ms = 100 };
	struct side t = s;	/* the fixture's, for its port */
	side_open(&s, &sylvania, HOST ":0", &hasty);
	trust_in(&s, &freedonia, STANDING_VERIFIED);
	assert_ok(peers_set(s.peers, "xf-ca", NULL, 0));
	for (int is_certified = 0; is_certified < 2; is_certified++) {
		struct rogue rogue;
		unsigned refused = s.refused;
		rogue_dial(&rogue, is_certified ? &freedonia : NULL);
		until(rogue.is_over && s.refused > refused);
		assert_int_equal(s.refused_why, FAULT_LINE_TIMEOUT);
		rogue_free(&rogue);
	}
	side_close(&s);
	s = t;
	assert_int_equal(s.refused, 0);
}

static void a_stranger_learns_that_it_is_one(void **state)
{
	(void)state;
	struct rogue rogue;
	rogue_dial(&rogue, &stranger);
	until(rogue.is_over && s.refused);
	assert_int_equal(s.refused_why, FAULT_STRANGER);
	assert_string_equal(s.refused_peer, "xx-ca");
	assert_int_equal(s.refused_proof, LINE_CLAIMED);
	rogue_free(&rogue);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sylvania_up, sylvania_down)
	const struct CMUnitTest tests[] = {
		TEST(an_orderly_greeting_opens_the_line),
		TEST(a_wrong_greeting_is_refused_and_told),
		TEST(a_ready_for_another_version_is_refused),
		TEST(a_goodbye_in_the_greeting_is_told_above),
		TEST(whoever_never_greets_is_hung_up_on),
		TEST(a_stranger_learns_that_it_is_one),
	};
	return cmocka_run_group_tests(tests, world_open, world_close);
}
