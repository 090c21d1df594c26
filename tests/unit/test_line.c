/* The line between two daemons, real peers, real certificates, real sockets: how it comes up and what it carries. */
#include "proto/frame.h"
#include "tests/unit/pairs.h"

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
	pair.f.card_serial = 3;
	pair.s.card_held = 2;
	knows(&pair.s, &pair.f, NULL);
	knows(&pair.f, &pair.s, HOST);
	until(pair.f.link && pair.s.link);
	assert_memory_equal(&pair.s.hello.sent, &pair.f.sent, sizeof(struct position));
	assert_int_equal(pair.s.hello.received.number, 0);
	assert_memory_equal(&pair.f.hello.received, &pair.s.received, sizeof(struct position));
	const struct greetings *told = link_greetings(pair.f.link);
	assert_int_equal(told->our_card, 3);
	assert_int_equal(told->they_hold, 2);
	assert_int_equal(link_greetings(pair.s.link)->their_card, 3);
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
	link_send_manifest(pair.f.link, &(struct signed_manifest){ span_of_text("text"), span_of_text("signature"), messages, 2, { 0 }, { 0 } });
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
	link_send_manifest(pair.s.link, &(struct signed_manifest){ span_of(&text), span_of_text("signature"), &(struct span){ message.at, message.len }, 1,
		{ 0 }, { 0 } });
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
	while (!link_is_bulk_congested(link) && side->bulk_bytes < BULK_TOTAL) {
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

static void send_pieces(struct link *link, unsigned count)
{
	static uint8_t piece[BULK_SIZE_MAX];
	for (unsigned i = 0; i < count; i++)
		link_send_bulk(link, 1, i * sizeof piece, SPAN(piece));
}

static void bulk_leaves_behind_whatever_else_is_said(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	send_pieces(pair.f.link, 32);
	assert_true(link_is_bulk_congested(pair.f.link));
	assert_false(link_is_congested(pair.f.link));
	link_send_confirm(pair.f.link, &(struct position){ 0 });
	until(pair.s.confirms);
	assert_in_range(pair.s.bulk_bytes, 0, 4 * BULK_SIZE_MAX);
	until(pair.s.bulk_bytes == 32 * BULK_SIZE_MAX);
	assert_true(pair.s.is_bulk_in_order);
	pair_close(&pair);
}

static void bulk_is_not_starved(void **state)
{
	(void)state;
	enum { MANIFESTS = 12 };
	struct pair pair;
	pair_join(&pair);
	uint8_t *message = calloc(1, MESSAGE_SIZE_MAX);
	send_pieces(pair.f.link, 8);
	for (unsigned i = 0; i < MANIFESTS; i++)
		link_send_manifest(pair.f.link, &(struct signed_manifest){ span_of_text("text"), span_of_text("signature"),
			&(struct span){ message, MESSAGE_SIZE_MAX }, 1, { 0 }, { 0 } });
	free(message);
	until(pair.s.bulk_bytes == 8 * BULK_SIZE_MAX);
	assert_in_range(pair.s.manifests, 1, MANIFESTS - 1);
	until(pair.s.manifests == MANIFESTS);
	pair_close(&pair);
}

static void the_goodbye_does_not_wait_for_bulk(void **state)
{
	(void)state;
	struct pair pair;
	pair_join(&pair);
	send_pieces(pair.f.link, 128);
	link_close(pair.f.link, FAULT_SHUTTING_DOWN, NULL);
	until(pair.s.closed);
	assert_int_equal(pair.s.closed_why, FAULT_GOODBYE);
	assert_in_range(pair.s.bulk_bytes, 0, 64 * BULK_SIZE_MAX);
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
		cmocka_unit_test(bulk_leaves_behind_whatever_else_is_said),
		cmocka_unit_test(bulk_is_not_starved),
		cmocka_unit_test(the_goodbye_does_not_wait_for_bulk),
		cmocka_unit_test(a_paused_line_waits_and_loses_nothing),
	};
	return cmocka_run_group_tests(tests, world_open, world_close);
}
