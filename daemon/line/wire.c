#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/line/wire_parts.h"
#include "daemon/mischief.h"
#include "proto/frame.h"

enum {
	KEY_LIFETIME_MS = 3600 * 1000,	/* RFC 8446 section 5.5 bounds volume; the hour is our own rule */
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
	budget_release(&exchange->budget, &wire->berth);
	queues_clear(&wire->queues);
	bytes_clear(&wire->sending);
	exchange_leave(exchange, &wire->unsent);
	free(wire->tcp);
	free(wire);
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

void wire_make_busy(struct wire *wire)
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
	wire->unsent.stuck_since = 0;
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
	wire->unsent.stuck_since = wire_now(wire);
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

static void on_unread(struct unsent *unsent)
{
	wire_cut(container_of(unsent, struct wire, unsent), FAULT_LINE_TIMEOUT, "the peer does not read what it is sent");
}

static void note_queue(struct wire *wire)
{
	exchange_count(wire->exchange, &wire->unsent, wire_queue_bytes(wire));
	queues_note(&wire->queues, exchange_is_short(wire->exchange));
	wire_make_busy(wire);
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

/* ── at the end of the turn ───────────────────────────────────────────────────────────────────────── */

void wire_settle(struct wire *wire, enum fault fault)
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
	wire_take_heard(wire);
	enum fault fault = wire->stage < STAGE_LINGERING ? flush(wire) : OK;
	if (fault == FAULT_LINE_CUT)
		wire_cut(wire, fault, fault_detail(fault));
	wire_settle(wire, fault);
	end_when_said(wire);
	exchange_count(wire->exchange, &wire->unsent, wire_queue_bytes(wire));
	bool is_short = exchange_is_short(wire->exchange);
	if (wire->stage != STAGE_SPEAKING || (is_short && wire->is_writing))
		return;
	if (queues_drained(&wire->queues, is_short))
		wire->listener->drained(wire->owner);
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
	new->unsent.unread = on_unread;
	exchange_enter(exchange, &new->unsent);
	new->exchange = exchange;
	new->listener = listener;
	new->owner = owner;
	new->errand.run = tend;
	new->berth.granted = wire_on_granted;
	new->limit = FRAME_GREETING_MAX;
	new->tcp = tcp;
	tcp->data = new->timer.data = new->write.data = new;
	uv_timer_init(exchange->loop, &new->timer);
	new->open_handles = 2;
	new->heard_at = new->keyed_at = uv_now(exchange->loop);
	socket_set_options(tcp);
	socket_peer_address(new->address, tcp);
	*wire = new;
	wire_listen(new);
	wire_make_busy(new);		/* a caller has its first bytes to say */
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
	wire_settle(wire, packet_write(packet, &wire->queues.said.frames));
	note_sent(wire, packet_name(packet->kind));
}

void wire_send_bulk(struct wire *wire, uint32_t stream, uint64_t offset, struct span data)
{
	if (!can_send(wire))
		return;
	mischief("before-send", "bulk");
	wire_settle(wire, frame_bulk(&wire->queues.bulk.frames, stream, offset, data));
	note_sent(wire, "bulk");
}

const char *wire_peer(const struct wire *wire)    { return tls_peer(wire->tls); }
const char *wire_tls(const struct wire *wire)     { return tls_description(wire->tls); }
const char *wire_address(const struct wire *wire) { return wire->address; }
void wire_set_limit(struct wire *wire, size_t size)  { wire->limit = size; }
bool wire_is_congested(const struct wire *wire)   { return wire->queues.said.is_high; }
bool wire_is_bulk_congested(const struct wire *wire) { return wire->queues.bulk.is_high; }
enum fault wire_judge_again(struct wire *wire)    { return tls_judge_again(wire->tls); }
int64_t wire_peer_not_after(const struct wire *wire) { return tls_peer_not_after(wire->tls); }
uint64_t wire_now(const struct wire *wire)        { return uv_now(wire->exchange->loop); }
uint64_t wire_heard_at(const struct wire *wire)   { return wire->berth.waits ? wire_now(wire) : wire->heard_at; }
bool wire_waits(const struct wire *wire)          { return wire->berth.waits; }

uint64_t wire_holds_up_ms(const struct wire *wire)
{
	bool others_wait = wire->berth.is_held && !wire->is_paused && budget_is_short(&wire->exchange->budget);
	return others_wait ? wire_now(wire) - wire->claimed_at : 0;
}

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
	wire_listen(wire);
}

void wire_resume(struct wire *wire)
{
	if (!wire->is_paused || wire->stage == STAGE_GONE)
		return;
	wire->is_paused = false;
	if (!wire->heard.len)
		budget_release(&wire->exchange->budget, &wire->berth);
	wire_listen(wire);
	wire_make_busy(wire);	/* frames may wait that were read before the pause */
}

void wire_close(struct wire *wire, enum fault why, const char *detail)
{
	if (wire->stage != STAGE_SPEAKING)
		return;
	set_reason(wire, why, detail);
	queues_drop_bulk(&wire->queues);	/* the goodbye is the last frame */
	wire->is_paused = false;
	wire->stage = STAGE_ENDING;
	wire_listen(wire);
	uv_timer_start(&wire->timer, on_timer, WIRE_GOODBYE_MS, 0);
	wire_make_busy(wire);
}
