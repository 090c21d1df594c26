/* A hostile or broken peer on an open line, and several lines at once. */
#include "tests/unit/rogue.h"

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
