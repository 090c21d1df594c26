#pragma once
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

static inline void rogue_flush(struct rogue *rogue)
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

static inline void rogue_say_bytes(struct rogue *rogue, struct span bytes)
{
	(void)!tls_seal(rogue->tls, bytes);
	rogue_flush(rogue);
}

static inline void rogue_say(struct rogue *rogue, const struct packet *packet)
{
	struct bytes frame = { 0 };
	assert_ok(packet_write(packet, &frame));
	rogue_say_bytes(rogue, span_of(&frame));
	bytes_clear(&frame);
}

static inline void rogue_take(struct rogue *rogue, const struct packet *packet)
{
	rogue->packets[packet->kind]++;
	if (packet->kind == PACKET_GOODBYE)
		snprintf(rogue->reason, sizeof rogue->reason, "%s", packet->goodbye.reason);
	if (packet->kind == PACKET_PING && rogue->is_polite)
		rogue_say(rogue, &(struct packet){ PACKET_PONG, .pong = { packet->ping.number, stamp_clock() } });
}

static inline void rogue_hear(struct rogue *rogue)
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

static inline void on_rogue_gone(uv_handle_t *handle) { ((struct rogue *)handle->data)->is_gone = true; }

static inline void on_rogue_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	struct rogue *rogue = handle->data;
	(void)size;
	*buffer = uv_buf_init(rogue->input, sizeof rogue->input);
}

static inline void on_rogue_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
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

static inline void rogue_begin(struct rogue *rogue)
{
	rogue->is_connected = true;
	uv_read_start((uv_stream_t *)&rogue->tcp, on_rogue_alloc, on_rogue_read);
	if (rogue->tls)
		rogue_flush(rogue);
}

static inline void on_rogue_connected(uv_connect_t *request, int status)
{
	assert_int_equal(status, 0);
	rogue_begin(request->data);
}

/* A call by that authority to Sylvania; without one, bare TCP. */
static inline void rogue_dial(struct rogue *rogue, const struct authority *authority)
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

static inline void rogue_free(struct rogue *rogue)
{
	uv_close((uv_handle_t *)&rogue->tcp, on_rogue_gone);
	until(rogue->is_gone);
	tls_free(rogue->tls);
	context_free(rogue->context);
	trust_free(rogue->trust);
	bytes_clear(&rogue->heard);
}

static const uint32_t version_1[] = { 1 };

static inline struct packet hello_of(const char *authority, const char *addressee)
{
	return (struct packet){ PACKET_HELLO, .hello = { version_1, 1, authority, addressee, NOON * STAMP_SECOND,
		{ 0 }, { 0 }, "rogue" } };
}

/* An orderly greeting until Sylvania holds the line open. */
static inline void rogue_open(struct rogue *rogue)
{
	unsigned opened = s.opened;
	until(tls_is_ready(rogue->tls));
	struct packet hello = hello_of(id_of(rogue->authority), "xs-ca");
	rogue_say(rogue, &hello);
	rogue_say(rogue, &(struct packet){ PACKET_READY, .ready = { 1 } });
	until(s.opened > opened);
}

static inline int sylvania_up(void **state)
{
	static const char *const nothing[1];
	(void)state;
	arena_init(&arena, 32 << 20);
	side_open(&s, &sylvania, HOST ":0", NULL);
	trust_in(&s, &freedonia, STANDING_VERIFIED);
	assert_ok(peers_set(s.peers, "xf-ca", nothing, 0));
	return 0;
}

static inline int sylvania_down(void **state)
{
	(void)state;
	side_close(&s);
	arena_clear(&arena);
	return 0;
}
