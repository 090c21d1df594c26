/* What a wire hears: bytes, frames, packets; and how much of it may gather. */
#include "daemon/line/wire_parts.h"
#include "daemon/mischief.h"
#include "proto/frame.h"

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	(void)suggested;
	struct exchange *exchange = ((struct wire *)handle->data)->exchange;
	bool is_short = budget_is_short(&exchange->budget);
	*buffer = uv_buf_init((char *)exchange->input, is_short ? EXCHANGE_SHORT_SIZE : EXCHANGE_INPUT_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);

void wire_listen(struct wire *wire)
{
	uv_stream_t *stream = (uv_stream_t *)wire->tcp;
	int error;
	if (wire->stage == STAGE_GONE)
		return;
	if (wire->stage == STAGE_SPEAKING && (wire->is_paused || wire->berth.waits))
		uv_read_stop(stream);
	else if ((error = uv_read_start(stream, on_alloc, on_read)) && error != UV_EALREADY)
		wire_cut(wire, FAULT_LINE_CUT, uv_strerror(error));
}

void wire_on_granted(struct berth *berth)
{
	struct wire *wire = container_of(berth, struct wire, berth);
	wire->claimed_at = wire->heard_at = wire_now(wire);
	wire_listen(wire);
}

/* No more memory than the frame is granted, and all of that at once. */
static enum fault fit(struct bytes *heard, size_t granted)
{
	enum { SLACK = 2 * EXCHANGE_INPUT_SIZE };
	if (heard->room > (granted > heard->len ? granted : heard->len) + SLACK)
		bytes_trim(heard);
	return granted > heard->len ? bytes_reserve(heard, granted - heard->len + EXCHANGE_INPUT_SIZE) : OK;
}

/* What is not whole may gather, or waits; another frame than before is behind those that wait already.  What a paused wire
 * brought is not done with yet: it keeps what it holds. */
static enum fault make_room(struct wire *wire, bool is_another)
{
	struct budget *budget = &wire->exchange->budget;
	if (wire->is_paused || wire->stage != STAGE_SPEAKING)
		return OK;
	size_t missing = frame_missing(span_of(&wire->heard)), size = wire->heard.len + missing;
	if (is_another || !missing || size <= BUDGET_FREE)
		budget_release(budget, &wire->berth);
	bool was_held = wire->berth.is_held;
	if (missing && size > BUDGET_FREE && !budget_claim(budget, &wire->berth, size))
		wire_listen(wire);
	if (wire->berth.is_held && !was_held)
		wire->claimed_at = wire_now(wire);
	return fit(&wire->heard, wire->berth.is_held ? size : 0);
}

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
	bool has_heard = rest.len < from->len;
	if (from == &wire->heard)
		bytes_consume(from, from->len - rest.len);
	else if (!fault)
		fault = bytes_append(&wire->heard, rest);
	if (!fault)
		fault = make_room(wire, has_heard);
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

void wire_take_heard(struct wire *wire)
{
	if (wire->heard.len && !wire->is_paused && wire->stage == STAGE_SPEAKING)
		take_from(wire, &wire->heard);
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
	wire_settle(wire, hear(wire, (struct span){ (const uint8_t *)buffer->base, (size_t)count }));
	wire_make_busy(wire);
}
