#include "tools/client.h"

#include <stdlib.h>
#include <string.h>

#include "certs/files.h"
#include "proto/unpack.h"
#include "tools/client_wire.h"

enum { API = 1 };

struct client {
	char *run_dir, *socket;
	struct wire wire;
	uint32_t last_id;
	struct bytes out;
	struct arena arena;		/* the last reply */
	const Comity__Error *error;
	bool was_there;			/* a daemon answered: a lost connection may come back */
};

/* ── one call ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault send_call(struct client *client, Comity__Call *call)
{
	call->has_id = call->has_api = 1;
	call->id = ++client->last_id;
	call->api = API;
	client->error = NULL;
	client->out.len = 0;
	TRY(frame_pack(&client->out, &call->base));
	return wire_send(&client->wire, span_of(&client->out));
}

static enum fault refused(struct client *client, const Comity__Error *error)
{
	client->error = error;
	enum fault fault = fault_from_slug(error->code ? error->code : "");
	if (fault == FAULT_COUNT || fault == OK)
		fault = FAULT_INTERNAL;	/* a newer daemon; the error itself says all */
	return fault_say(fault, "%s", error->message ? error->message : fault_text(fault));
}

static enum fault read_reply(struct client *client, struct span payload, const Comity__Reply **reply)
{
	ProtobufCMessage *message;
	arena_reset(&client->arena);
	TRY(unpack(&comity__reply__descriptor, payload, &client->arena, FAULT_BAD_FRAME, &message));
	*reply = (const Comity__Reply *)message;
	if ((*reply)->kind_case == COMITY__REPLY__KIND_ERROR)
		return refused(client, (*reply)->error);
	return OK;
}

enum fault client_next(struct client *client, const Comity__Reply **reply)
{
	struct frame frame;
	do {
		TRY(wire_next(&client->wire, &frame));
		if (frame.kind == FRAME_BULK)
			return fault_say(FAULT_BAD_FRAME, "comityd sent bytes where an answer was due");
		TRY(read_reply(client, frame.payload, reply));
	} while ((*reply)->has_id && (*reply)->id != client->last_id);	/* a late answer to a call that was given up */
	return OK;
}

struct exchange {
	Comity__Call *call;
	uint64_t size;				/* of an upload */
	const struct client_stream *stream;	/* NULL: neither */
};

static enum fault send_stream(struct client *client, const struct exchange *exchange)
{
	static uint8_t chunk[BULK_SIZE_MAX];
	uint64_t offset = 0;
	while (offset < exchange->size && !wire_has_news(&client->wire)) {	/* an early answer is a refusal */
		uint64_t left = exchange->size - offset;
		size_t got = 0;
		TRY(exchange->stream->read(exchange->stream->owner, offset, chunk,
			left < sizeof chunk ? (size_t)left : sizeof chunk, &got));
		client->out.len = 0;
		TRY(frame_bulk(&client->out, exchange->call->id, offset, (struct span){ chunk, got }));
		TRY(wire_send(&client->wire, span_of(&client->out)));
		offset += got;
	}
	return OK;
}

static enum fault take_stream(struct client *client, const struct exchange *exchange, const Comity__Reply **reply)
{
	struct frame frame;
	for (;;) {
		TRY(wire_next(&client->wire, &frame));
		if (frame.kind == FRAME_MESSAGE)
			return read_reply(client, frame.payload, reply);
		if (frame.stream != client->last_id)
			return fault_say(FAULT_BAD_FRAME, "comityd sent bytes that were not asked for");
		TRY(exchange->stream->write(exchange->stream->owner, frame.offset, frame.payload));
	}
}

static enum fault attempt(struct client *client, const struct exchange *exchange, const Comity__Reply **reply)
{
	TRY(send_call(client, exchange->call));
	if (exchange->stream && exchange->stream->read)
		TRY(send_stream(client, exchange));
	if (exchange->stream && exchange->stream->write)
		return take_stream(client, exchange, reply);
	return client_next(client, reply);
}

/* While it is only the role that is wrong: the same on every other socket that opens. */
static enum fault attempt_as_any(struct client *client, const struct exchange *exchange, const Comity__Reply **reply)
{
	size_t began = client->wire.role;
	enum fault fault = attempt(client, exchange, reply);
	for (size_t i = 1; i < WIRE_ROLES && fault == FAULT_ROLE_NEEDED && !client->socket; i++) {
		const Comity__Error *error = client->error;
		wire_hang_up(&client->wire);
		client->wire.role = (began + i) % WIRE_ROLES;
		if (!wire_dial(&client->wire, client->wire.role))
			fault = attempt(client, exchange, reply);
		else
			client->error = error;
	}
	if (fault == FAULT_ROLE_NEEDED && client->error)
		return refused(client, client->error);	/* what was said last, not what dialling said */
	return fault;
}

static enum fault perform(struct client *client, const struct exchange *exchange, const Comity__Reply **reply)
{
	if (client->wire.fd < 0)
		TRY(wire_connect(&client->wire, client->was_there ? client->wire.role : 0));
	enum fault fault = attempt_as_any(client, exchange, reply);
	if (fault == FAULT_LINE_CUT && !client->error && exchange->call->idempotency_key) {
		TRY(wire_connect_again(&client->wire));
		fault = attempt_as_any(client, exchange, reply);
	}
	client->was_there |= client->wire.fd >= 0;
	if (fault == FAULT_LINE_CUT && !client->error)
		return fault_say(FAULT_DAEMON_AWAY, "comityd ended the connection before it answered");
	if (fault == FAULT_LINE_TIMEOUT && !client->error)
		wire_hang_up(&client->wire);
	return fault;
}

/* ── public ───────────────────────────────────────────────────────────────────────────────────── */

enum fault client_new(const char *run_dir, const char *socket, struct client **client)
{
	struct client *made = calloc(1, sizeof *made);
	if (!made)
		return FAULT_NO_MEMORY;
	made->wire.fd = -1;
	made->wire.patience_ms = CLIENT_PATIENCE_MS;
	made->run_dir = strdup(run_dir);
	made->socket = socket ? strdup(socket) : NULL;
	made->wire.run_dir = made->run_dir;
	made->wire.socket = made->socket;
	arena_init(&made->arena, UNPACK_ARENA);
	if (!made->run_dir || (socket && !made->socket)) {
		client_free(made);
		return FAULT_NO_MEMORY;
	}
	*client = made;
	return OK;
}

void client_wipe(struct client *client)
{
	if (client->wire.taken)
		explicit_bzero(client->wire.in.at, client->wire.taken);
	arena_wipe(&client->arena);
}

void client_free(struct client *client)
{
	if (!client)
		return;
	wire_hang_up(&client->wire);
	bytes_wipe(&client->wire.in);
	bytes_wipe(&client->out);
	arena_wipe(&client->arena);
	free(client->run_dir);
	free(client->socket);
	free(client);
}

void client_set_patience(struct client *client, int64_t patience_ms)
{
	client->wire.patience_ms = patience_ms;
}

void client_set_ticker(struct client *client, void (*tick)(void *owner), void *owner)
{
	client->wire.tick = tick;
	client->wire.owner = owner;
}

enum fault client_call(struct client *client, Comity__Call *call, const Comity__Reply **reply)
{
	return perform(client, &(struct exchange){ .call = call }, reply);
}

const Comity__Error *client_error(const struct client *client)
{
	return client->error;
}

enum fault client_upload(struct client *client, Comity__Call *call, uint64_t size,
	const struct client_stream *stream, const Comity__Reply **reply)
{
	return perform(client, &(struct exchange){ call, size, stream }, reply);
}

enum fault client_download(struct client *client, Comity__Call *call, const struct client_stream *stream,
	const Comity__Reply **reply)
{
	return perform(client, &(struct exchange){ call, 0, stream }, reply);
}
