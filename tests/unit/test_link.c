/* The protocol as a hostile or broken peer meets it: Sylvania runs real peers, the rogue has Freedonia's
 * certified channel (or none) and says what it likes. */
#include "certs/tls.h"
#include "proto/arena.h"
#include "proto/frame.h"
#include "proto/packet.h"
#include "proto/stamp.h"
#include "tests/unit/lines.h"

#define HOST "127.0.0.1"

/* One connection that keeps to no protocol. */
struct rogue {
	const struct authority *authority, *victim;
	struct trust *trust;
	struct context *context;
	struct tls *tls;
	uv_tcp_t tcp;
	uv_connect_t connect;
	char input[65536];
	struct bytes heard;
	bool is_connected, is_over, is_gone, is_polite;	/* polite: answers pings */
	unsigned packets[PACKET_KINDS];
	char reason[PACKET_SLUG_MAX + 1];		/* of their goodbye */
};

static struct arena arena;
static struct side s;		/* Sylvania */

static void rogue_flush(struct rogue *rogue)
{
	struct bytes out = { 0 };
	(void)!tls_drain(rogue->tls, &out);
	for (size_t sent = 0; sent < out.len && !uv_is_closing((uv_handle_t *)&rogue->tcp);) {
		uv_buf_t buffer = uv_buf_init((char *)out.at + sent, (unsigned)(out.len - sent));
		int count = uv_try_write((uv_stream_t *)&rogue->tcp, &buffer, 1);
		if (count < 0 && count != UV_EAGAIN)
			break;		/* they have hung up: as well */
		sent += count > 0 ? (size_t)count : 0;
	}
	bytes_clear(&out);
}

static void rogue_say_bytes(struct rogue *rogue, struct span bytes)
{
	(void)!tls_seal(rogue->tls, bytes);
	rogue_flush(rogue);
}

static void rogue_say(struct rogue *rogue, const struct packet *packet)
{
	struct bytes frame = { 0 };
	assert_ok(packet_write(packet, &frame));
	rogue_say_bytes(rogue, span_of(&frame));
	bytes_clear(&frame);
}

static void rogue_take(struct rogue *rogue, const struct packet *packet)
{
	rogue->packets[packet->kind]++;
	if (packet->kind == PACKET_GOODBYE)
		snprintf(rogue->reason, sizeof rogue->reason, "%s", packet->goodbye.reason);
	if (packet->kind == PACKET_PING && rogue->is_polite)
		rogue_say(rogue, &(struct packet){ PACKET_PONG, .pong = { packet->ping.number, stamp_clock() } });
}

static void rogue_hear(struct rogue *rogue)
{
	struct span stream = span_of(&rogue->heard);
	struct frame frame;
	for (;;) {
		struct packet packet;
		assert_ok(frame_cut(&stream, FRAME_SIZE_MAX, &frame));
		if (frame.kind == FRAME_NONE)
			break;
		arena_reset(&arena);
		assert_ok(packet_read(&arena, frame.payload, &packet));
		rogue_take(rogue, &packet);
	}
	bytes_consume(&rogue->heard, rogue->heard.len - stream.len);
}

static void on_rogue_gone(uv_handle_t *handle) { ((struct rogue *)handle->data)->is_gone = true; }

static void on_rogue_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	struct rogue *rogue = handle->data;
	(void)size;
	*buffer = uv_buf_init(rogue->input, sizeof rogue->input);
}

static void on_rogue_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct rogue *rogue = stream->data;
	if (count < 0) {
		rogue->is_over = true;
		uv_read_stop(stream);
		return;
	}
	if (rogue->tls)
		(void)!tls_feed(rogue->tls, (struct span){ (uint8_t *)buffer->base, (size_t)count }, &rogue->heard);
	rogue_hear(rogue);
	if (rogue->tls)
		rogue_flush(rogue);
}

static void rogue_begin(struct rogue *rogue)
{
	rogue->is_connected = true;
	uv_read_start((uv_stream_t *)&rogue->tcp, on_rogue_alloc, on_rogue_read);
	if (rogue->tls)
		rogue_flush(rogue);
}

static void on_rogue_connected(uv_connect_t *request, int status)
{
	assert_int_equal(status, 0);
	rogue_begin(request->data);
}

/* A call by that authority to Sylvania; without one, bare TCP. */
static void rogue_dial(struct rogue *rogue, const struct authority *authority)
{
	*rogue = (struct rogue){ .authority = authority };
	if (authority) {
		rogue->trust = trust_new();
		assert_ok(trust_set_peer(rogue->trust, "xs-ca", identity_certificate(sylvania.identity, ROLE_IDENTITY), STANDING_VERIFIED));
		assert_ok(context_new(authority->identity, rogue->trust, noon, &rogue->context));
		assert_ok(tls_new(rogue->context, TLS_CALLER, "xs-ca", &rogue->tls));
	}
	struct sockaddr_in address;
	uv_ip4_addr(HOST, peers_port(s.peers, 0), &address);
	uv_tcp_init(&loop, &rogue->tcp);
	rogue->tcp.data = rogue->connect.data = rogue;
	assert_int_equal(uv_tcp_connect(&rogue->connect, &rogue->tcp, (struct sockaddr *)&address, on_rogue_connected), 0);
	until(rogue->is_connected);
}

static void rogue_free(struct rogue *rogue)
{
	uv_close((uv_handle_t *)&rogue->tcp, on_rogue_gone);
	until(rogue->is_gone);
	tls_free(rogue->tls);
	context_free(rogue->context);
	trust_free(rogue->trust);
	bytes_clear(&rogue->heard);
}

static const uint32_t version_1[] = { 1 };

static struct packet hello_of(const char *authority, const char *addressee)
{
	return (struct packet){ PACKET_HELLO, .hello = { version_1, 1, authority, addressee, NOON * STAMP_SECOND,
		{ 0 }, { 0 }, "rogue" } };
}

/* An orderly greeting until Sylvania holds the line open. */
static void rogue_open(struct rogue *rogue)
{
	unsigned opened = s.opened;
	until(tls_is_ready(rogue->tls));
	struct packet hello = hello_of(id_of(rogue->authority), "xs-ca");
	rogue_say(rogue, &hello);
	rogue_say(rogue, &(struct packet){ PACKET_READY, .ready = { 1 } });
	until(s.opened > opened);
}

static int sylvania_up(void **state)
{
	static const char *const nothing[1];
	(void)state;
	arena_init(&arena, 32 << 20);
	side_open(&s, &sylvania, HOST ":0", NULL);
	trust_in(&s, &freedonia, STANDING_VERIFIED);
	assert_ok(peers_set(s.peers, "xf-ca", nothing, 0));
	return 0;
}

static int sylvania_down(void **state)
{
	(void)state;
	side_close(&s);
	arena_clear(&arena);
	return 0;
}

/* ── in the greeting ─────────────────────────────────────────────────────────────────────────────── */

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
	rogue_free(&rogue);
}

/* ── on an open line ─────────────────────────────────────────────────────────────────────────────── */

static void bad_frames_end_their_line_only(void **state)
{
	(void)state;
	static const struct { const char *bytes; size_t len; enum fault fault; } cases[] = {
		{ "\x00\x00\x00\x00", 4,                 FAULT_BAD_FRAME },		/* of no kind */
		{ "\x00\x00\x00\x04oops", 8,             FAULT_BAD_FRAME },
		{ "\x00\x40\x00\x00", 4,                 FAULT_FRAME_TOO_LARGE },	/* 4 MiB are announced */
		{ "\x7f\xff\xff\xff", 4,                 FAULT_FRAME_TOO_LARGE },
		{ "\xff\xff\xff\xff", 4,                 FAULT_FRAME_TOO_LARGE },
		{ "\x80\x00\x00\x03" "abc", 7,           FAULT_BAD_FRAME },		/* bulk without its head */
		{ "\x80\x01\x00\x0d", 4,                 FAULT_FRAME_TOO_LARGE },	/* a byte too much bulk */
		{ "\x00\x00\x00\x02\x0a\x00", 6,         FAULT_BAD_FRAME },		/* an empty hello */
		{ "\x00\x00\x00\x04\x12\x02\x08\x01", 8, FAULT_OUT_OF_TURN },		/* ready once more */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rogue rogue;
		unsigned closed = s.closed;
		rogue_dial(&rogue, &freedonia);
		rogue_open(&rogue);
		rogue_say_bytes(&rogue, (struct span){ (const uint8_t *)cases[i].bytes, cases[i].len });
		until(rogue.is_over && s.closed > closed);
		if (s.closed_why != cases[i].fault)
			fail_msg("case %zu: %s", i, fault_slug(s.closed_why));
		assert_string_equal(rogue.reason, fault_slug(cases[i].fault));
		rogue_free(&rogue);
	}
}

static void a_frame_cut_short_ends_with_the_line(void **state)
{
	(void)state;
	struct rogue rogue;
	rogue_dial(&rogue, &freedonia);
	rogue_open(&rogue);
	rogue_say_bytes(&rogue, (struct span){ (const uint8_t *)"\x00\x00\x10\x00half", 8 });
	rogue_free(&rogue);
	until(s.closed);
	assert_int_equal(s.closed_why, FAULT_LINE_CUT);
	assert_int_equal(s.manifests, 0);
}

static void large_frames_wait_for_the_open_line(void **state)
{
	(void)state;
	struct rogue rogue;
	rogue_dial(&rogue, &freedonia);
	until(tls_is_ready(rogue.tls));
	rogue_say_bytes(&rogue, (struct span){ (const uint8_t *)"\x00\x01\x00\x01", 4 });
	until(rogue.is_over && s.refused);
	assert_int_equal(s.refused_why, FAULT_FRAME_TOO_LARGE);
	rogue_free(&rogue);
}

static void garbage_instead_of_tls_is_refused(void **state)
{
	(void)state;
	static const char *const garbage[] = { "GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\xff\xff", "\x80\x80\x80\x80\x80\x80" };
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		struct rogue rogue;
		unsigned refused = s.refused;
		rogue_dial(&rogue, NULL);
		uv_buf_t buffer = uv_buf_init((char *)garbage[i], (unsigned)strlen(garbage[i]));
		assert_int_equal(uv_try_write((uv_stream_t *)&rogue.tcp, &buffer, 1), (int)buffer.len);
		until(s.refused > refused && rogue.is_over);
		assert_string_equal(s.refused_peer, "");
		rogue_free(&rogue);
	}
}

/* Pings without end from a peer that reads nothing. */
static void a_flood_of_pings_grows_no_heap(void **state)
{
	(void)state;
	struct rogue rogue;
	rogue_dial(&rogue, &freedonia);
	rogue_open(&rogue);
	uv_read_stop((uv_stream_t *)&rogue.tcp);
	struct bytes pings = { 0 };
	for (int i = 0; i < 1000; i++)
		assert_ok(packet_write(&(struct packet){ PACKET_PING, .ping = { 7 } }, &pings));
	for (int i = 0; i < 200; i++) {
		assert_ok(tls_seal(rogue.tls, span_of(&pings)));
		struct bytes out = { 0 };
		assert_ok(tls_drain(rogue.tls, &out));
		for (size_t sent = 0; sent < out.len;) {
			uv_buf_t buffer = uv_buf_init((char *)out.at + sent, (unsigned)(out.len - sent));
			int count = uv_try_write((uv_stream_t *)&rogue.tcp, &buffer, 1);
			sent += count > 0 ? (size_t)count : 0;
			uv_run(&loop, UV_RUN_NOWAIT);
			assert_true(link_queue_bytes(s.link) < (1 << 20));
		}
		bytes_clear(&out);
	}
	bytes_clear(&pings);
	assert_non_null(s.link);
	rogue_free(&rogue);
	until(s.closed);
}

/* ── two lines at once: Sylvania is the larger id, so Freedonia's calls are the preferred ones ───── */

static void a_new_call_by_the_same_peer_replaces_the_old_line(void **state)
{
	(void)state;
	struct rogue old, new;
	rogue_dial(&old, &freedonia);
	rogue_open(&old);
	uint64_t old_id = link_id(s.link);
	rogue_dial(&new, &freedonia);
	rogue_open(&new);
	assert_int_equal(s.opened, 2);
	assert_int_equal(s.closed, 1);
	assert_int_equal(s.closed_why, FAULT_DUPLICATE_LINE);
	assert_true(link_id(s.link) != old_id);
	until(old.is_over);
	assert_string_equal(old.reason, "duplicate-line");
	assert_false(new.is_over);
	rogue_free(&old);
	rogue_free(&new);
	until(!s.link);
}

static void a_new_call_that_never_greets_leaves_the_old_line_alone(void **state)
{
	(void)state;
	struct rogue old, new;
	rogue_dial(&old, &freedonia);
	rogue_open(&old);
	rogue_dial(&new, &freedonia);
	until(new.packets[PACKET_HELLO]);
	rogue_free(&new);
	until(s.refused);
	assert_int_equal(s.closed, 0);
	assert_int_equal(link_state(s.link), LINK_OPEN);
	rogue_free(&old);
	until(!s.link);
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
		TEST(bad_frames_end_their_line_only),
		TEST(a_frame_cut_short_ends_with_the_line),
		TEST(large_frames_wait_for_the_open_line),
		TEST(garbage_instead_of_tls_is_refused),
		TEST(a_flood_of_pings_grows_no_heap),
		TEST(a_new_call_by_the_same_peer_replaces_the_old_line),
		TEST(a_new_call_that_never_greets_leaves_the_old_line_alone),
	};
	return cmocka_run_group_tests(tests, world_open, world_close);
}
