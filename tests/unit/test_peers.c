/* Peers as the operator sees them: their addresses, and the ladder of a ping. */
#include "tests/unit/pairs.h"

/* ── settings ────────────────────────────────────────────────────────────────────────────────────── */

static void wrong_addresses_are_named(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"", "host", ":7443", "host:", "host:x", "host:65536", "host:-1", "::1:7443", "[::1]", "[::1]7443", "[::1:7443",
		"ho st:1", "host\x1b[2J:1", "[]:1",
	};
	struct side side;
	side_open(&side, &freedonia, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_fault(peers_set(side.peers, "xs-ca", &wrong[i], 1), FAULT_CONFIG);
	assert_fault(peers_set(side.peers, "not an id", NULL, 0), FAULT_CONFIG);
	side_close(&side);
}

static void a_taken_port_is_a_fault(void **state)
{
	(void)state;
	struct side side;
	char address[64];
	const char *listen = address;
	side_open(&side, &freedonia, HOST ":0", NULL);
	endpoint_of(address, &side, HOST);
	struct peers *peers;
	assert_fault(peers_open(&loop, &(struct peers_settings){ .listen = &listen, .listen_count = 1 }, side.context,
		"xf-ca", &side_listener, &side, &peers), FAULT_CONFIG);
	side_close(&side);
}

/* ── the ladder ──────────────────────────────────────────────────────────────────────────────────── */

struct climb { bool is_done; struct ping_report report; };

static void on_climbed(void *owner, const struct ping_report *report)
{
	struct climb *climb = owner;
	assert_false(climb->is_done);
	climb->is_done = true;
	climb->report = *report;
}

static struct ping_report ping(struct side *side, const char *id, unsigned count)
{
	struct climb climb = { 0 };
	assert_ok(peers_ping(side->peers, id, count, on_climbed, &climb));
	until(climb.is_done);
	return climb.report;
}

static void assert_stopped_at(const struct ping_report *report, enum ping_stage stage, enum fault why)
{
	if (report->stages[stage].outcome != PING_FAILED || report->fault != why)
		fail_msg("not at %s with %s but with %s (%s)", ping_stage_name(stage), fault_slug(why),
			fault_slug(report->fault), report->detail);
	for (int above = (int)stage + 1; above < PING_STAGES; above++)
		assert_int_equal(report->stages[above].outcome, PING_NOT_REACHED);
}

static void the_ladder_is_climbed_with_and_without_a_line(void **state)
{
	(void)state;
	struct pair pair;
	pair_open(&pair, NULL, HOST ":0");
	knows(&pair.s, &pair.f, NULL);
	knows(&pair.f, &pair.s, HOST);
	for (int round = 0; round < 2; round++) {
		struct ping_report report = ping(&pair.f, "xs-ca", 3);
		assert_int_equal(report.fault, OK);
		for (int stage = 0; stage < PING_STAGES; stage++)
			assert_int_equal(report.stages[stage].outcome, PING_PASSED);
		assert_int_equal(report.received, 3);
		assert_true(report.rtt_min_us <= report.rtt_avg_us && report.rtt_avg_us <= report.rtt_max_us);
	}
	struct ping_report report = ping(&pair.s, "xf-ca", 1);
	assert_int_equal(report.fault, OK);
	pair_close(&pair);
}

static void the_ladder_stops_where_it_breaks(void **state)
{
	(void)state;
	struct pair pair;
	pair_open(&pair, NULL, HOST ":0");
	trust_in(&pair.f, &sylvania, STANDING_VERIFIED);
	char endpoint[64];
	const char *endpoints[] = { endpoint };

	struct climb climb;
	assert_fault(peers_ping(pair.f.peers, "xs-ca", 1, on_climbed, &climb), FAULT_PEER_UNKNOWN);

	assert_ok(peers_set(pair.f.peers, "xs-ca", NULL, 0));
	struct ping_report report = ping(&pair.f, "xs-ca", 1);
	assert_stopped_at(&report, PING_NAME, FAULT_PEER_AWAY);

	strcpy(endpoint, HOST ":1");	/* nobody listens there */
	assert_ok(peers_set(pair.f.peers, "xs-ca", endpoints, 1));
	report = ping(&pair.f, "xs-ca", 1);
	assert_stopped_at(&report, PING_TCP, FAULT_LINE_REFUSED);

	endpoint_of(endpoint, &pair.s, HOST);	/* Sylvania has not verified Freedonia */
	assert_ok(peers_set(pair.f.peers, "xs-ca", endpoints, 1));
	report = ping(&pair.f, "xs-ca", 1);
	assert_stopped_at(&report, PING_PERMISSION, FAULT_REFUSED_BY_PEER);
	assert_int_equal(report.stages[PING_IDENTITY].outcome, PING_PASSED);

	trust_in(&pair.f, &stranger, STANDING_VERIFIED);	/* Sylvania answers where the stranger should */
	assert_ok(peers_set(pair.f.peers, "xx-ca", endpoints, 1));
	report = ping(&pair.f, "xx-ca", 1);
	assert_stopped_at(&report, PING_IDENTITY, FAULT_WRONG_PEER);

	knows(&pair.s, &pair.f, NULL);
	pair.s.compare_with = FAULT_CHAIN_FORK;
	do	/* a call that was under way when we became known is still refused for the old reason */
		report = ping(&pair.f, "xs-ca", 1);
	while (report.fault == FAULT_REFUSED_BY_PEER);
	assert_stopped_at(&report, PING_PERMISSION, FAULT_CHAIN_FORK);
	pair_close(&pair);
}

static void a_ladder_ends_with_its_peer(void **state)
{
	(void)state;
	struct pair pair;
	pair_open(&pair, NULL, HOST ":0");
	knows(&pair.f, &pair.s, HOST);
	struct climb climb = { 0 };
	assert_ok(peers_ping(pair.f.peers, "xs-ca", 1, on_climbed, &climb));
	peers_remove(pair.f.peers, "xs-ca", FAULT_PEER_UNKNOWN);
	assert_false(climb.is_done);	/* never from inside a call */
	until(climb.is_done);
	assert_int_equal(climb.report.fault, FAULT_PEER_UNKNOWN);
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_addresses_are_named),
		cmocka_unit_test(a_taken_port_is_a_fault),
		cmocka_unit_test(the_ladder_is_climbed_with_and_without_a_line),
		cmocka_unit_test(the_ladder_stops_where_it_breaks),
		cmocka_unit_test(a_ladder_ends_with_its_peer),
	};
	return cmocka_run_group_tests(tests, world_open, world_close);
}
