/* The line between two daemons: how it goes down, comes back, and whom it refuses. */
#include "certs/revocation.h"
#include "tests/unit/pairs.h"

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
	assert_int_equal(pair.s.refused_proof, LINE_PROVEN);
	assert_int_equal(pair.f.refused_why, FAULT_CHAIN_FORK);	/* it is theirs as well as ours */
	assert_string_equal(pair.f.refused_detail, "they say: chain-fork: as the test wants it");
	struct peer_report report;
	assert_true(peers_report(pair.f.peers, "xs-ca", &report));
	assert_int_equal(report.fault, FAULT_CHAIN_FORK);
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
	peers_judge_again(pair.s.peers, NULL);
	assert_int_equal(link_state(pair.s.link), LINK_OPEN);
	assert_ok(trust_set_standing(pair.s.trust, "xf-ca", STANDING_BLOCKED));
	peers_judge_again(pair.s.peers, NULL);
	until(pair.s.closed && pair.f.closed);
	assert_int_equal(pair.s.closed_why, FAULT_PEER_BLOCKED);
	pair_close(&pair);
}

/* A line may stand for months: what ends meanwhile, or is revoked, ends it. */
static void a_certificate_that_ends_ends_its_line(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	peers_judge_expired(pair.s.peers, NOON + 90 * DAY);
	assert_int_equal(link_state(pair.s.link), LINK_OPEN);
	later = 90 * DAY + 1;
	peers_judge_expired(pair.s.peers, noon());
	until(pair.s.closed && pair.f.closed);
	assert_int_equal(pair.s.closed_why, FAULT_CERT_EXPIRED);
	later = 0;
	pair_close(&pair);
}

static void a_certificate_that_is_revoked_ends_its_line(void **state)
{
	(void)state;
	struct pair pair;
	struct bytes list = { 0 };
	struct certificate_facts facts;
	pair_join(&pair);
	assert_ok(certificate_read(identity_certificate(freedonia.identity, ROLE_CHANNEL), &facts));
	struct revocation_order order = { .issuer = ROLE_DELEGATION, .serial = facts.serial, .now = NOON };
	assert_ok(revocation_enter(freedonia.home, &order));
	assert_ok(revocation_load(freedonia.home, ROLE_DELEGATION, &list));
	assert_ok(trust_set_revocations(pair.s.trust, "xf-ca", &(struct span){ list.at, list.len }, 1));
	peers_judge_again(pair.s.peers, "xm-ca");
	assert_int_equal(link_state(pair.s.link), LINK_OPEN);
	peers_judge_again(pair.s.peers, "xf-ca");
	until(pair.s.closed && pair.f.closed);
	assert_int_equal(pair.s.closed_why, FAULT_CERT_REVOKED);
	until(pair.s.refused);		/* and the next handshake fails the same way, from whichever side */
	assert_int_equal(pair.s.refused_why, FAULT_CERT_REVOKED);
	bytes_clear(&list);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_line_comes_back),
		cmocka_unit_test(a_silent_line_is_given_up),
		cmocka_unit_test(an_idle_line_stays_up_by_pings),
		cmocka_unit_test(a_refusal_reaches_the_other_side),
		cmocka_unit_test(a_removed_peer_loses_its_line),
		cmocka_unit_test(what_is_judged_anew_may_fall),
		cmocka_unit_test(a_certificate_that_ends_ends_its_line),
		cmocka_unit_test(a_certificate_that_is_revoked_ends_its_line),
		cmocka_unit_test(unverified_callers_and_strangers_are_refused),
		cmocka_unit_test(two_hundred_calls_hurt_nobody),
	};
	return cmocka_run_group_tests(tests, world_open, world_close);
}
