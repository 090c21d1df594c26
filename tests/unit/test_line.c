/* The line between two daemons: real peers, real certificates, real sockets. */
#include "proto/frame.h"
#include "tests/unit/lines.h"

#define HOST "127.0.0.1"

struct pair { struct side f, s; };	/* Freedonia and Sylvania, which verified one another */

static void pair_open(struct pair *pair, const char *f_listens, const char *s_listens)
{
	side_open(&pair->f, &freedonia, f_listens, NULL);
	side_open(&pair->s, &sylvania, s_listens, NULL);
}

/* Sylvania listens, Freedonia calls, the line is open. */
static void pair_join(struct pair *pair)
{
	pair_open(pair, NULL, HOST ":0");
	knows(&pair->s, &pair->f, NULL);
	knows(&pair->f, &pair->s, HOST);
	until(pair->f.link && pair->s.link);
}

static void pair_close(struct pair *pair)
{
	side_close(&pair->f);
	side_close(&pair->s);
}

/* ── coming up ───────────────────────────────────────────────────────────────────────────────────── */

static void one_side_may_only_dial_out(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	assert_string_equal(link_peer(pair.f.link), "xs-ca");
	assert_string_equal(link_peer(pair.s.link), "xf-ca");
	assert_int_equal(link_dialler(pair.f.link), DIALLED_BY_US);
	assert_int_equal(link_dialler(pair.s.link), DIALLED_BY_THEM);

	struct peer_report report;
	assert_true(peers_report(pair.f.peers, "xs-ca", &report));
	assert_int_equal(report.condition, PEER_UP);
	assert_int_equal(report.fault, OK);
	assert_int_equal(report.version, PROTOCOL_VERSION);
	assert_string_equal(report.versions, "1");
	assert_string_equal(report.software, "test");
	assert_false(peers_report(pair.f.peers, "zz-ca", &report));
	pair_close(&pair);
	assert_int_equal(pair.f.closed_why, FAULT_SHUTTING_DOWN);
	assert_int_equal(pair.s.closed_why, FAULT_GOODBYE);
}

static void ipv6_works_too(void **state)
{
	(void)state;
	struct pair pair;
	pair_open(&pair, NULL, "[::1]:0");
	knows(&pair.s, &pair.f, NULL);
	knows(&pair.f, &pair.s, "[::1]");
	until(pair.f.link && pair.s.link);
	pair_close(&pair);
}

static void names_are_resolved(void **state)
{
	(void)state;
	struct pair pair;
	pair_open(&pair, NULL, HOST ":0");
	knows(&pair.s, &pair.f, NULL);
	knows(&pair.f, &pair.s, "localhost");
	until(pair.f.link && pair.s.link);
	pair_close(&pair);
}

static void hello_tells_the_positions(void **state)
{
	(void)state;
	struct pair pair;
	pair_open(&pair, NULL, HOST ":0");
	pair.f.sent = (struct position){ 41, { 1, 2, 3 } };
	pair.s.received = (struct position){ 40, { 4, 5, 6 } };
	knows(&pair.s, &pair.f, NULL);
	knows(&pair.f, &pair.s, HOST);
	until(pair.f.link && pair.s.link);
	assert_memory_equal(&pair.s.hello.sent, &pair.f.sent, sizeof(struct position));
	assert_int_equal(pair.s.hello.received.number, 0);
	assert_memory_equal(&pair.f.hello.received, &pair.s.received, sizeof(struct position));
	pair_close(&pair);
}

static void when_both_dial_one_line_stays(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		struct pair pair;
		pair_open(&pair, HOST ":0", HOST ":0");
		/* both are dialling before either can answer */
		trust_in(&pair.s, &freedonia, STANDING_VERIFIED);
		knows(&pair.f, &pair.s, HOST);
		knows(&pair.s, &pair.f, HOST);
		until(pair.f.link && pair.s.link && link_dialler(pair.f.link) == DIALLED_BY_US
			&& link_dialler(pair.s.link) == DIALLED_BY_THEM);
		assert_int_equal(pair.f.refused + pair.s.refused, 0);
		assert_true(pair.f.opened <= 2 && pair.s.opened <= 2);
		pair_close(&pair);
	}
}

/* Freedonia called Sylvania, and then Sylvania calls from a second process: as after a crash that
 * Freedonia did not notice. */
static void pair_and_twin(struct pair *pair, struct side *twin)
{
	pair_open(pair, HOST ":0", HOST ":0");
	trust_in(&pair->f, &sylvania, STANDING_VERIFIED);
	knows(&pair->s, &pair->f, NULL);
	knows(&pair->f, &pair->s, HOST);
	until(pair->f.link && pair->s.link);
	side_open(twin, &sylvania, NULL, NULL);
}

static void a_living_line_is_not_given_up_for_a_lesser_call(void **state)
{
	(void)state;
	struct pair pair;
	struct side twin;
	struct peer_report report;
	pair_and_twin(&pair, &twin);
	knows(&twin, &pair.f, HOST);
	until(peers_report(twin.peers, "xf-ca", &report) && report.attempts >= 3);	/* it was turned away twice */
	assert_int_equal(pair.f.closed + pair.s.closed, 0);
	assert_int_equal(twin.opened, 0);
	side_close(&twin);
	pair_close(&pair);
}

static void a_dead_line_gives_way_to_a_lesser_call(void **state)
{
	(void)state;
	struct pair pair;
	struct side twin;
	pair_and_twin(&pair, &twin);
	link_pause(pair.s.link);	/* it echoes no more, but its connection stands */
	knows(&twin, &pair.f, HOST);
	until(twin.link);
	assert_int_equal(pair.f.closed, 1);
	assert_int_equal(pair.f.closed_why, FAULT_LINE_TIMEOUT);
	assert_int_equal(link_dialler(pair.f.link), DIALLED_BY_THEM);
	side_close(&twin);
	pair_close(&pair);
}

/* ── traffic ─────────────────────────────────────────────────────────────────────────────────────── */

static void what_is_sent_arrives_to_the_letter(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	struct span messages[] = { span_of_text("first"), span_of_text("second") };
	link_send_manifest(pair.f.link, span_of_text("text"), span_of_text("signature"), messages, 2);
	struct position position = { 7, { 9 } };
	link_send_confirm(pair.f.link, &position);
	struct fetch fetch = { .stream = 3, .message_id = { 1 }, .index = 2, .sha256 = { 8 }, .offset = 1, .length = 4096 };
	link_send_fetch(pair.f.link, &fetch);
	link_send_missing(pair.f.link, 5, "not-found");
	until(pair.s.missing);
	assert_int_equal(pair.s.manifests, 1);
	assert_int_equal(pair.s.messages, 2);
	assert_true(span_is(span_of(&pair.s.text), "text"));
	assert_true(span_is(span_of(&pair.s.signature), "signature"));
	assert_true(span_is(span_of(&pair.s.message), "second"));
	assert_memory_equal(&pair.s.confirmed, &position, sizeof position);
	assert_int_equal(pair.s.fetch.offset, 1);
	assert_memory_equal(pair.s.fetch.sha256, fetch.sha256, DIGEST_SIZE);
	assert_true(span_is(span_of(&pair.s.missing_reason), "not-found"));
	assert_int_equal(pair.s.stream, 5);
	pair_close(&pair);
}

static void the_largest_manifest_passes(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	struct bytes text = { 0 }, message = { 0 };
	assert_ok(bytes_reserve(&text, MANIFEST_TEXT_MAX));
	memset(text.at, 't', text.len = MANIFEST_TEXT_MAX);
	assert_ok(bytes_reserve(&message, MESSAGE_SIZE_MAX));
	memset(message.at, 'm', message.len = MESSAGE_SIZE_MAX);
	link_send_manifest(pair.s.link, span_of(&text), span_of_text("signature"), &(struct span){ message.at, message.len }, 1);
	until(pair.f.manifests);
	assert_true(span_equal(span_of(&pair.f.text), span_of(&text)));
	assert_true(span_equal(span_of(&pair.f.message), span_of(&message)));
	bytes_clear(&text);
	bytes_clear(&message);
	pair_close(&pair);
}

enum { BULK_TOTAL = 64 << 20 };

static void pump(struct side *side, struct link *link)
{
	static uint8_t piece[BULK_SIZE_MAX];
	while (!link_is_congested(link) && side->bulk_bytes < BULK_TOTAL) {
		link_send_bulk(link, 1, side->bulk_bytes, SPAN(piece));
		side->bulk_bytes += sizeof piece;
	}
}

static void bulk_flows_in_order_and_the_queue_stays_shallow(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	pair.f.on_drained = pump;
	uint64_t begun = uv_hrtime();
	pump(&pair.f, pair.f.link);
	while (pair.s.bulk_bytes < BULK_TOTAL) {
		uv_run(&loop, UV_RUN_ONCE);
		assert_true(link_queue_bytes(pair.f.link) < (1 << 20));
	}
	double seconds = (double)(uv_hrtime() - begun) / 1e9;
	print_message("# bulk: %.0f MB/s, both ends in one thread\n", BULK_TOTAL / seconds / 1e6);
	assert_true(pair.s.is_bulk_in_order);
	assert_true(pair.f.drained > 0);
	pair_close(&pair);
}

static void a_paused_line_waits_and_loses_nothing(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	link_pause(pair.s.link);
	for (int i = 0; i < 100; i++)
		link_send_missing(pair.f.link, (uint32_t)i, "not-found");
	link_send_confirm(pair.f.link, &(struct position){ 0 });
	struct link *f_link = pair.f.link;
	link_send_fetch(pair.s.link, &(struct fetch){ .index = 1, .length = 1 });
	until(pair.f.fetches);		/* the other direction is open */
	assert_int_equal(pair.s.missing, 0);
	link_resume(pair.s.link);
	until(pair.s.confirms);
	assert_int_equal(pair.s.missing, 100);
	assert_ptr_equal(pair.f.link, f_link);
	pair_close(&pair);
}

/* ── going down and coming back ──────────────────────────────────────────────────────────────────── */

static void a_cut_line_comes_back(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	for (unsigned round = 1; round <= 3; round++) {
		link_cut(round % 2 ? pair.s.link : pair.f.link, FAULT_LINE_CUT, "scissors");
		until(pair.f.opened == 1 + round && pair.s.opened == 1 + round);
		assert_int_equal(pair.f.closed_why, FAULT_LINE_CUT);
	}
	pair_close(&pair);
}

static void a_silent_line_is_given_up(void **state)
{
	(void)state;
	static const struct peers_settings impatient = { .idle_ms = 50, .patience_ms = 200 };
	struct pair pair;
	side_open(&pair.f, &freedonia, NULL, &impatient);
	side_open(&pair.s, &sylvania, HOST ":0", NULL);
	knows(&pair.s, &pair.f, NULL);
	knows(&pair.f, &pair.s, HOST);
	until(pair.f.link && pair.s.link);
	link_pause(pair.s.link);	/* neither pings nor anything else is heard there */
	until(pair.f.closed);
	assert_int_equal(pair.f.closed_why, FAULT_LINE_TIMEOUT);
	until(pair.f.link && pair.s.opened == 2);	/* and is replaced, though Sylvania saw no end of it */
	pair_close(&pair);
}

static void an_idle_line_stays_up_by_pings(void **state)
{
	(void)state;
	static const struct peers_settings impatient = { .idle_ms = 20, .patience_ms = 2000 };
	struct pair pair;
	side_open(&pair.f, &freedonia, NULL, &impatient);
	side_open(&pair.s, &sylvania, HOST ":0", NULL);
	knows(&pair.s, &pair.f, NULL);
	knows(&pair.f, &pair.s, HOST);
	until(pair.f.link && pair.s.link);
	uint64_t begun = uv_now(&loop);
	until(uv_now(&loop) - begun > 300);
	assert_int_equal(pair.f.closed, 0);
	assert_true(link_rtt_us(pair.f.link) > 0);
	pair_close(&pair);
}

static void a_refusal_reaches_the_other_side(void **state)
{
	(void)state;
	struct pair pair;
	pair_open(&pair, NULL, HOST ":0");
	pair.s.compare_with = FAULT_CHAIN_FORK;
	knows(&pair.s, &pair.f, NULL);
	knows(&pair.f, &pair.s, HOST);
	until(pair.f.refused && pair.s.refused);
	assert_int_equal(pair.s.refused_why, FAULT_CHAIN_FORK);
	assert_string_equal(pair.s.refused_peer, "xf-ca");
	assert_int_equal(pair.f.refused_why, FAULT_GOODBYE);
	assert_string_equal(pair.f.refused_detail, "they say: chain-fork: as the test wants it");
	struct peer_report report;
	assert_true(peers_report(pair.f.peers, "xs-ca", &report));
	assert_int_equal(report.fault, FAULT_GOODBYE);
	assert_string_equal(report.detail, "they say: chain-fork: as the test wants it");
	pair.s.compare_with = OK;
	until(pair.f.link && pair.s.link);	/* it never gives up by itself */
	pair_close(&pair);
}

static void a_removed_peer_loses_its_line(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	peers_remove(pair.s.peers, "xf-ca", FAULT_PEER_BLOCKED);
	assert_null(peers_find_link(pair.s.peers, "xf-ca"));
	until(pair.f.closed && pair.s.closed);
	assert_int_equal(pair.s.closed_why, FAULT_PEER_BLOCKED);
	assert_int_equal(pair.f.closed_why, FAULT_GOODBYE);
	until(pair.f.refused);
	assert_null(pair.s.link);
	pair_close(&pair);
}

static void what_is_judged_anew_may_fall(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	peers_judge_again(pair.s.peers);
	assert_int_equal(link_state(pair.s.link), LINK_OPEN);
	assert_ok(trust_set_standing(pair.s.trust, "xf-ca", STANDING_BLOCKED));
	peers_judge_again(pair.s.peers);
	until(pair.s.closed && pair.f.closed);
	assert_int_equal(pair.s.closed_why, FAULT_PEER_BLOCKED);
	pair_close(&pair);
}

static void unverified_callers_and_strangers_are_refused(void **state)
{
	(void)state;
	static const struct { bool is_known; enum standing standing; enum fault why; } cases[] = {
		{ false, STANDING_UNVERIFIED, FAULT_STRANGER },
		{ true,  STANDING_UNVERIFIED, FAULT_PEER_UNVERIFIED },
		{ true,  STANDING_BLOCKED,    FAULT_PEER_BLOCKED },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pair pair;
		pair_open(&pair, NULL, HOST ":0");
		if (cases[i].is_known)
			trust_in(&pair.s, &freedonia, cases[i].standing);
		knows(&pair.f, &pair.s, HOST);
		until(pair.s.refused && pair.f.refused);
		assert_int_equal(pair.s.refused_why, cases[i].why);
		assert_string_equal(pair.s.refused_peer, "xf-ca");
		assert_int_equal(pair.f.refused_why, FAULT_REFUSED_BY_PEER);
		assert_int_equal(pair.f.opened + pair.s.opened, 0);
		pair_close(&pair);
	}
}

static void on_nothing(uv_connect_t *request, int status) { (void)request, (void)status; }

static void two_hundred_calls_hurt_nobody(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	static uv_tcp_t callers[200];
	static uv_connect_t requests[200];
	struct sockaddr_in address;
	uv_ip4_addr(HOST, peers_port(pair.s.peers, 0), &address);
	for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
		uv_tcp_init(&loop, &callers[i]);
		assert_int_equal(uv_tcp_connect(&requests[i], &callers[i], (struct sockaddr *)&address, on_nothing), 0);
	}
	link_send_confirm(pair.f.link, &(struct position){ 0 });
	until(pair.s.confirms);
	for (size_t i = 0; i < ARRAY_LEN(callers); i++)
		uv_close((uv_handle_t *)&callers[i], NULL);
	pair_close(&pair);
}

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
	report = ping(&pair.f, "xs-ca", 1);
	assert_stopped_at(&report, PING_PERMISSION, FAULT_GOODBYE);
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
		cmocka_unit_test(one_side_may_only_dial_out),
		cmocka_unit_test(ipv6_works_too),
		cmocka_unit_test(names_are_resolved),
		cmocka_unit_test(hello_tells_the_positions),
		cmocka_unit_test(when_both_dial_one_line_stays),
		cmocka_unit_test(a_living_line_is_not_given_up_for_a_lesser_call),
		cmocka_unit_test(a_dead_line_gives_way_to_a_lesser_call),
		cmocka_unit_test(what_is_sent_arrives_to_the_letter),
		cmocka_unit_test(the_largest_manifest_passes),
		cmocka_unit_test(bulk_flows_in_order_and_the_queue_stays_shallow),
		cmocka_unit_test(a_paused_line_waits_and_loses_nothing),
		cmocka_unit_test(a_cut_line_comes_back),
		cmocka_unit_test(a_silent_line_is_given_up),
		cmocka_unit_test(an_idle_line_stays_up_by_pings),
		cmocka_unit_test(a_refusal_reaches_the_other_side),
		cmocka_unit_test(a_removed_peer_loses_its_line),
		cmocka_unit_test(what_is_judged_anew_may_fall),
		cmocka_unit_test(unverified_callers_and_strangers_are_refused),
		cmocka_unit_test(two_hundred_calls_hurt_nobody),
		cmocka_unit_test(wrong_addresses_are_named),
		cmocka_unit_test(a_taken_port_is_a_fault),
		cmocka_unit_test(the_ladder_is_climbed_with_and_without_a_line),
		cmocka_unit_test(the_ladder_stops_where_it_breaks),
		cmocka_unit_test(a_ladder_ends_with_its_peer),
	};
	return cmocka_run_group_tests(tests, world_open, world_close);
}
