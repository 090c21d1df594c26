#include "daemon/line/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/line/exchange.h"
#include "daemon/line/socket.h"
#include "daemon/line/wire_queue.h"
#include "daemon/mischief.h"
#include "proto/frame.h"

enum {
	KEY_LIFETIME_MS = 3600 * 1000,	/* RFC 8446 section 5.5 bounds volume; the hour is our own rule */
};

enum stage {
	STAGE_SPEAKING,
	STAGE_ENDING,		/* what was said still leaves, nothing is heard any more */
	STAGE_LINGERING,	/* all has left; waiting for the other side's end */
	STAGE_GONE,		/* the handles are closing */
};

struct wire {
	struct exchange *exchange;
	struct errand errand;		/* tend() at the end of the turn */
	bool is_ready, is_paused, is_writing, is_told;
	enum stage stage;
	uv_tcp_t *tcp;
	uv_timer_t timer;
	uv_write_t write;
	uv_shutdown_t shutdown;
	int open_handles;
	struct tls *tls;
	const struct wire_listener *listener;
	void *owner;
	struct bytes heard;		/* frames that are not whole, or wait for wire_resume() */
	struct queues queues;		/* frames that wait to be sealed */
	struct bytes sending;		/* ciphertext of the write under way */
	size_t limit;
	uint64_t heard_at, keyed_at;
	enum fault why;
	char detail[256], address[ENDPOINT_ADDRESS_SIZE];
};

/* ── the end ─────────────────────────────────────────────────────────────────────────────────────── */

static void tell_closed(struct wire *wire)
{
	if (wire->is_told)
		return;
	wire->is_told = true;
	wire->listener->closed(wire->owner, wire->why, wire->detail);
}

static void wire_free(struct wire *wire)
{
	struct exchange *exchange = wire->exchange;
	exchange_remove(exchange, &wire->errand);
	tls_free(wire->tls);
	bytes_clear(&wire->heard);
	queues_clear(&wire->queues);
	bytes_clear(&wire->sending);
	free(wire->tcp);
	free(wire);
	exchange_leave(exchange);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct wire *wire = handle->data;
	if (--wire->open_handles)
		return;
	tell_closed(wire);
	wire_free(wire);
}

static void hang_up(struct wire *wire)
{
	if (wire->stage == STAGE_GONE)
		return;
	wire->stage = STAGE_GONE;
	uv_close((uv_handle_t *)wire->tcp, on_handle_closed);
	uv_close((uv_handle_t *)&wire->timer, on_handle_closed);
}

static void set_reason(struct wire *wire, enum fault why, const char *detail)
{
	wire->why = why;
	snprintf(wire->detail, sizeof wire->detail, "%s", detail ? detail : fault_text(why));
}

void wire_cut(struct wire *wire, enum fault why, const char *detail)
{
	if (wire->stage == STAGE_SPEAKING)
		set_reason(wire, why, detail);
	hang_up(wire);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
	struct wire *wire = request->data;
	if (status < 0)
		hang_up(wire);
	if (wire->stage != STAGE_GONE)
		tell_closed(wire);	/* the owner has no part in the waiting */
}

/* ── out ─────────────────────────────────────────────────────────────────────────────────────────── */

static void tend(struct errand *errand);

static void make_busy(struct wire *wire)
{
	if (wire->stage != STAGE_GONE)
		exchange_add(wire->exchange, &wire->errand);
}

static void on_written(uv_write_t *request, int status)
{
	struct wire *wire = request->data;
	struct bytes *spare = &wire->exchange->ciphertext;
	wire->is_writing = false;
	if (!spare->at) {
		*spare = wire->sending;
		spare->len = 0;
		wire->sending = (struct bytes){ 0 };
	}
	bytes_clear(&wire->sending);
	if (wire->stage == STAGE_GONE)
		return;
	if (status < 0)
		wire_cut(wire, FAULT_LINE_CUT, uv_strerror(status));
	tend(&wire->errand);
}

/* Write at once what the kernel takes; the rest becomes the one write under way. */
static enum fault put_on_line(struct wire *wire, struct bytes *ciphertext)
{
	uv_stream_t *stream = (uv_stream_t *)wire->tcp;
	uv_buf_t buffer = uv_buf_init((char *)ciphertext->at, (unsigned)ciphertext->len);
	int count = uv_try_write(stream, &buffer, 1);
	if (count == UV_EAGAIN)
		count = 0;
	if (count < 0)
		return fault_say(FAULT_LINE_CUT, "%s", uv_strerror(count));
	if ((size_t)count == ciphertext->len)
		return OK;

	wire->sending = *ciphertext;
	*ciphertext = (struct bytes){ 0 };
	buffer = uv_buf_init((char *)wire->sending.at + count, (unsigned)(wire->sending.len - (size_t)count));
	int error = uv_write(&wire->write, stream, &buffer, 1, on_written);
	if (error)
		return fault_say(FAULT_LINE_CUT, "%s", uv_strerror(error));
	wire->is_writing = true;
	return OK;
}

static enum fault seal_some(struct wire *wire)
{
	struct span piece = tls_is_ready(wire->tls) ? queues_next(&wire->queues) : (struct span){ 0 };
	if (!piece.len)
		return OK;
	enum fault fault = tls_seal(wire->tls, piece);
	if (fault)
		queues_clear(&wire->queues);	/* nothing can follow it */
	else
		queues_gone(&wire->queues);
	return fault;
}

static enum fault renew_keys(struct wire *wire)
{
	uint64_t now = wire_now(wire);
	if (!wire->is_ready || wire->stage != STAGE_SPEAKING || now - wire->keyed_at < KEY_LIFETIME_MS)
		return OK;
	wire->keyed_at = now;
	return tls_update_keys(wire->tls);
}

/* Everything that touches TLS ends here: any call to it may have produced bytes. */
static enum fault flush(struct wire *wire)
{
	enum fault sealed = renew_keys(wire);
	while (!wire->is_writing) {
		struct bytes *ciphertext = &wire->exchange->ciphertext;
		ciphertext->len = 0;
		if (!tls_waiting(wire->tls))
			TRY(tls_drain(wire->tls, ciphertext));	/* changes buffers: lend it ours to fill */
		if (!sealed)
			sealed = seal_some(wire);
		if (wire->stage == STAGE_ENDING && !queues_waiting(&wire->queues))
			tls_close_notify(wire->tls);
		TRY(tls_drain(wire->tls, ciphertext));		/* and take it back */
		if (!ciphertext->len)
			break;
		TRY(put_on_line(wire, ciphertext));
	}
	return sealed;
}

static void note_queue(struct wire *wire)
{
	queues_note(&wire->queues);
	if (wire_queue_bytes(wire) > WIRE_QUEUE_MAX)
		wire_cut(wire, FAULT_LINE_TIMEOUT, "the peer does not read what it is sent");
	make_busy(wire);
}

static void end_when_said(struct wire *wire)
{
	if (wire->stage != STAGE_ENDING || wire->is_writing)
		return;
	wire->stage = STAGE_LINGERING;
	wire->shutdown.data = wire;
	if (uv_shutdown(&wire->shutdown, (uv_stream_t *)wire->tcp, on_shutdown))
		hang_up(wire);
}

/* ── in ──────────────────────────────────────────────────────────────────────────────────────────── */

static enum fault deliver(struct wire *wire, const struct frame *frame)
{
	if (frame->kind == FRAME_BULK) {
		mischief("before-hear", "bulk");
		wire->listener->bulk(wire->owner, frame->stream, frame->offset, frame->payload);
		mischief("after-hear", "bulk");
		return OK;
	}
	struct arena *arena = &wire->exchange->arena;
	struct packet packet;
	arena_reset(arena);
	TRY(packet_read(arena, frame->payload, &packet));
	mischief("before-hear", packet_name(packet.kind));
	wire->listener->packet(wire->owner, &packet);
	mischief("after-hear", packet_name(packet.kind));
	return OK;
}

static enum fault take_frames(struct wire *wire, struct span *stream)
{
	while (wire->stage == STAGE_SPEAKING && !wire->is_paused) {
		struct frame frame;
		TRY(frame_cut(stream, wire->limit, &frame));
		if (frame.kind == FRAME_NONE)
			return OK;
		TRY(deliver(wire, &frame));
	}
	return OK;
}

/* Take the whole frames out of `from`; what is left over is kept in wire->heard. */
static void take_from(struct wire *wire, struct bytes *from)
{
	struct span rest = span_of(from);
	enum fault fault = take_frames(wire, &rest);
	if (from == &wire->heard)
		bytes_consume(from, from->len - rest.len);
	else if (!fault)
		fault = bytes_append(&wire->heard, rest);
	if (!wire->heard.len)
		bytes_clear(&wire->heard);	/* an idle wire keeps nothing */
	if (fault && wire->stage == STAGE_SPEAKING)
		wire->listener->broken(wire->owner, fault, fault_detail(fault));
}

static enum fault hear(struct wire *wire, struct span ciphertext)
{
	struct bytes *plaintext = wire->heard.len ? &wire->heard : &wire->exchange->plaintext;
	if (plaintext != &wire->heard)
		plaintext->len = 0;
	enum fault fed = tls_feed(wire->tls, ciphertext, plaintext);
	if (!fed && !wire->is_ready && tls_is_ready(wire->tls)) {
		wire->is_ready = true;
		wire->keyed_at = wire_now(wire);
		wire->listener->ready(wire->owner);
	}
	/* what was said before the fault counts: it may be the goodbye that explains it */
	if (wire->is_ready && plaintext->len)
		take_from(wire, plaintext);
	return fed;
}

static void settle(struct wire *wire, enum fault fault)
{
	if (fault && wire->stage == STAGE_SPEAKING)
		wire_close(wire, fault, fault_detail(fault));
}

/* Say and hear what can be said and heard; the owner hears last. */
static void tend(struct errand *errand)
{
	struct wire *wire = container_of(errand, struct wire, errand);
	if (wire->stage == STAGE_GONE)
		return;
	if (wire->heard.len && !wire->is_paused && wire->stage == STAGE_SPEAKING)
		take_from(wire, &wire->heard);
	enum fault fault = wire->stage < STAGE_LINGERING ? flush(wire) : OK;
	if (fault == FAULT_LINE_CUT)
		wire_cut(wire, fault, fault_detail(fault));
	settle(wire, fault);
	end_when_said(wire);
	if (wire->stage != STAGE_SPEAKING)
		return;
	if (queues_drained(&wire->queues))
		wire->listener->drained(wire->owner);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	(void)suggested;
	struct wire *wire = handle->data;
	*buffer = uv_buf_init((char *)wire->exchange->input, EXCHANGE_INPUT_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct wire *wire = stream->data;
	if (wire->stage == STAGE_GONE || count == 0)	/* libuv's way to say: nothing yet */
		return;
	if (count < 0) {
		bool is_orderly = count == UV_EOF && tls_is_closed(wire->tls);
		wire_cut(wire, FAULT_LINE_CUT, is_orderly ? "the other side closed the line" : uv_strerror((int)count));
		return;
	}
	if (wire->stage != STAGE_SPEAKING)
		return;
	wire->heard_at = wire_now(wire);
	settle(wire, hear(wire, (struct span){ (const uint8_t *)buffer->base, (size_t)count }));
	make_busy(wire);
}

static void on_timer(uv_timer_t *timer)
{
	struct wire *wire = timer->data;
	if (wire->stage == STAGE_SPEAKING)
		wire->listener->alarm(wire->owner);
	else
		hang_up(wire);
}

/* ── the wire ────────────────────────────────────────────────────────────────────────────────────── */

enum fault wire_open(struct exchange *exchange, TAKES struct uv_tcp_s *tcp, struct context *context,
		enum tls_side side, const char *expected_peer,
		const struct wire_listener *listener, void *owner, struct wire **wire)
{
	struct wire *new = calloc(1, sizeof *new);
	enum fault fault = new ? tls_new(context, side, expected_peer, &new->tls) : FAULT_NO_MEMORY;
	if (fault) {
		free(new);
		return fault;
	}
	exchange_enter(exchange);
	new->exchange = exchange;
	new->listener = listener;
	new->owner = owner;
	new->errand.run = tend;
	new->limit = FRAME_GREETING_MAX;
	new->tcp = tcp;
	tcp->data = new->timer.data = new->write.data = new;
	uv_timer_init(exchange->loop, &new->timer);
	new->open_handles = 2;
	new->heard_at = new->keyed_at = uv_now(exchange->loop);
	socket_set_options(tcp);
	socket_peer_address(new->address, tcp);
	*wire = new;
	if (uv_read_start((uv_stream_t *)tcp, on_alloc, on_read))
		wire_cut(new, FAULT_LINE_CUT, NULL);
	make_busy(new);		/* a caller has its first bytes to say */
	return OK;
}

static bool can_send(const struct wire *wire)
{
	return wire->stage == STAGE_SPEAKING && wire->is_ready;
}

/* Queued; but before mischief is done about it, it has really left. */
static void note_sent(struct wire *wire, const char *name)
{
	note_queue(wire);
	if (mischief_awaits("after-send", name) && !flush(wire))
		mischief("after-send", name);
}

void wire_send(struct wire *wire, const struct packet *packet)
{
	if (!can_send(wire))
		return;
	mischief("before-send", packet_name(packet->kind));
	settle(wire, packet_write(packet, &wire->queues.said.frames));
	note_sent(wire, packet_name(packet->kind));
}

void wire_send_bulk(struct wire *wire, uint32_t stream, uint64_t offset, struct span data)
{
	if (!can_send(wire))
		return;
	mischief("before-send", "bulk");
	settle(wire, frame_bulk(&wire->queues.bulk.frames, stream, offset, data));
	note_sent(wire, "bulk");
}

const char *wire_peer(const struct wire *wire)    { return tls_peer(wire->tls); }
const char *wire_tls(const struct wire *wire)     { return tls_description(wire->tls); }
const char *wire_address(const struct wire *wire) { return wire->address; }
void wire_set_limit(struct wire *wire, size_t size)  { wire->limit = size; }
bool wire_is_congested(const struct wire *wire)   { return wire->queues.said.is_high; }
bool wire_is_bulk_congested(const struct wire *wire) { return wire->queues.bulk.is_high; }
enum fault wire_judge_again(struct wire *wire)    { return tls_judge_again(wire->tls); }
uint64_t wire_now(const struct wire *wire)        { return uv_now(wire->exchange->loop); }
uint64_t wire_heard_at(const struct wire *wire)   { return wire->heard_at; }

size_t wire_queue_bytes(const struct wire *wire)
{
	size_t under_way = wire->is_writing ? uv_stream_get_write_queue_size((uv_stream_t *)wire->tcp) : 0;
	return queues_waiting(&wire->queues) + under_way;
}

void wire_set_alarm(struct wire *wire, uint64_t milliseconds)
{
	if (wire->stage != STAGE_SPEAKING)
		return;		/* the timer is the goodbye's now */
	if (milliseconds)
		uv_timer_start(&wire->timer, on_timer, milliseconds, 0);
	else
		uv_timer_stop(&wire->timer);
}

void wire_pause(struct wire *wire)
{
	if (wire->is_paused || wire->stage != STAGE_SPEAKING)
		return;
	wire->is_paused = true;
	uv_read_stop((uv_stream_t *)wire->tcp);
}

void wire_resume(struct wire *wire)
{
	if (!wire->is_paused || wire->stage == STAGE_GONE)
		return;
	wire->is_paused = false;
	uv_read_start((uv_stream_t *)wire->tcp, on_alloc, on_read);
	make_busy(wire);	/* frames may wait that were read before the pause */
}

void wire_close(struct wire *wire, enum fault why, const char *detail)
{
	if (wire->stage != STAGE_SPEAKING)
		return;
	set_reason(wire, why, detail);
	queues_drop_bulk(&wire->queues);	/* the goodbye is the last frame */
	wire_resume(wire);	/* the other side's end must be seen */
	wire->stage = STAGE_ENDING;
	uv_timer_start(&wire->timer, on_timer, WIRE_GOODBYE_MS, 0);
	make_busy(wire);
}
