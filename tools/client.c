#include "tools/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/unpack.h"

static const char *const roles[] = { "officer", "admin", "integrator", "auditor", "monitor" };

enum {
	API = 1,
	READ_SIZE = 128 << 10,
	COMEBACK_MS = 5000,		/* how long a daemon may take to come back before a call is repeated */
	COMEBACK_STEP_MS = 50,
	TICK_MS = 1000,
};

struct client {
	char *run_dir, *socket;
	int fd;				/* -1: not connected */
	size_t role;			/* whose socket it is */
	int64_t patience_ms;
	void (*tick)(void *owner);
	void *owner;			/* of tick */
	uint32_t last_id;
	struct bytes in, out;
	size_t taken;			/* bytes of `in` that the last frame used up */
	struct arena arena;		/* the last reply */
	const Comity__Error *error;
	bool was_refused;		/* some socket is there, but not for us */
	bool was_there;			/* a daemon answered: a lost connection may come back */
};

/* ── the socket ───────────────────────────────────────────────────────────────────────────────── */

static void hang_up(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	client->in.len = client->taken = 0;
}

static enum fault dial(struct client *client, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		return fault_say(FAULT_CONFIG, "%s: too long for the path of a socket (%zu bytes)", path,
			sizeof address.sun_path - 1);
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fault_say(FAULT_IO, "socket: %s", strerror(errno));
	if (!connect(fd, (struct sockaddr *)&address, sizeof address)) {
		client->fd = fd;
		return OK;
	}
	int why = errno;
	close(fd);
	client->was_refused |= why == EACCES || why == EPERM;
	return fault_say(FAULT_DAEMON_AWAY, "cannot reach comityd at %s: %s", path, strerror(why));
}

static enum fault dial_role(struct client *client, size_t role)
{
	if (client->socket)
		return dial(client, client->socket);
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.sock", client->run_dir, roles[role]);
	return dial(client, path);
}

/* The socket of this role, or of the first one behind it that opens. */
static enum fault connect_from(struct client *client, size_t role)
{
	enum fault fault = FAULT_DAEMON_AWAY;
	hang_up(client);
	for (; role < ARRAY_LEN(roles); role++) {
		client->role = role;
		fault = dial_role(client, role);
		if (!fault || client->socket)
			return fault;
	}
	if (!client->was_refused)
		return fault_say(FAULT_DAEMON_AWAY, "cannot reach comityd: none of its sockets answers in %s", client->run_dir);
	return fault_say(FAULT_ROLE_NEEDED, "no socket in %s may be opened by you that allows this", client->run_dir);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* The daemon we talked to is gone: give it a moment to be restarted. */
static enum fault connect_again(struct client *client)
{
	enum fault fault = connect_from(client, client->role);
	for (int waited = 0; fault == FAULT_DAEMON_AWAY && waited < COMEBACK_MS; waited += COMEBACK_STEP_MS) {
		pause_ms(COMEBACK_STEP_MS);
		fault = connect_from(client, client->role);
	}
	return fault;
}

static enum fault lost(struct client *client)
{
	hang_up(client);
	return fault_say(FAULT_LINE_CUT, "comityd ended the connection before it answered");
}

static int64_t monotonic_ms(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static enum fault wait_for(struct client *client, short what)
{
	struct pollfd poller = { .fd = client->fd, .events = what };
	int64_t began = monotonic_ms();
	for (;;) {
		int64_t left = client->patience_ms - (monotonic_ms() - began);
		bool has_end = client->patience_ms != CLIENT_NO_END;
		if (has_end && left <= 0)
			return fault_say(FAULT_LINE_TIMEOUT, "comityd did not answer within %lld s",
				(long long)client->patience_ms / 1000);
		int ready = poll(&poller, 1, has_end && left < TICK_MS ? (int)left : TICK_MS);
		if (ready > 0)
			return OK;
		if (ready < 0 && errno != EINTR)
			return lost(client);
		if (client->tick)
			client->tick(client->owner);
	}
}

static enum fault send_all(struct client *client, struct span data)
{
	while (data.len) {
		ssize_t sent = send(client->fd, data.at, data.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN) {
			TRY(wait_for(client, POLLOUT));	/* not in send(): whoever waits is to be told how far it is */
			continue;
		}
		if (sent <= 0)
			return lost(client);
		data.at += sent;
		data.len -= (size_t)sent;
	}
	return OK;
}

static enum fault receive(struct client *client)
{
	TRY(wait_for(client, POLLIN));
	TRY(bytes_reserve(&client->in, READ_SIZE));
	ssize_t got = recv(client->fd, client->in.at + client->in.len, READ_SIZE, 0);
	if (got <= 0)
		return lost(client);
	client->in.len += (size_t)got;
	return OK;
}

/* The next frame, borrowed until the next one is asked for. */
static enum fault next_frame(struct client *client, struct frame *frame)
{
	for (;;) {
		struct span rest = { client->in.at + client->taken, client->in.len - client->taken };
		size_t before = rest.len;
		TRY(frame_cut(&rest, FRAME_SIZE_MAX, frame));
		client->taken += before - rest.len;
		if (frame->kind != FRAME_NONE)
			return OK;
		bytes_consume(&client->in, client->taken);
		client->taken = 0;
		TRY(receive(client));
	}
}

/* ── one call ─────────────────────────────────────────────────────────────────────────────────── */

static bool has_news(const struct client *client)
{
	struct pollfd poller = { .fd = client->fd, .events = POLLIN };
	return client->in.len > client->taken || poll(&poller, 1, 0) > 0;
}

static enum fault send_call(struct client *client, Comity__Call *call)
{
	call->has_id = call->has_api = 1;
	call->id = ++client->last_id;
	call->api = API;
	client->error = NULL;
	client->out.len = 0;
	TRY(frame_pack(&client->out, &call->base));
	return send_all(client, span_of(&client->out));
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
		TRY(next_frame(client, &frame));
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
	while (offset < exchange->size && !has_news(client)) {	/* an early answer is a refusal */
		uint64_t left = exchange->size - offset;
		size_t got = 0;
		TRY(exchange->stream->read(exchange->stream->owner, offset, chunk,
			left < sizeof chunk ? (size_t)left : sizeof chunk, &got));
		client->out.len = 0;
		TRY(frame_bulk(&client->out, exchange->call->id, offset, (struct span){ chunk, got }));
		TRY(send_all(client, span_of(&client->out)));
		offset += got;
	}
	return OK;
}

static enum fault take_stream(struct client *client, const struct exchange *exchange, const Comity__Reply **reply)
{
	struct frame frame;
	for (;;) {
		TRY(next_frame(client, &frame));
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
	size_t began = client->role;
	enum fault fault = attempt(client, exchange, reply);
	for (size_t i = 1; i < ARRAY_LEN(roles) && fault == FAULT_ROLE_NEEDED && !client->socket; i++) {
		const Comity__Error *error = client->error;
		hang_up(client);
		client->role = (began + i) % ARRAY_LEN(roles);
		if (!dial_role(client, client->role))
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
	if (client->fd < 0)
		TRY(connect_from(client, client->was_there ? client->role : 0));
	enum fault fault = attempt_as_any(client, exchange, reply);
	if (fault == FAULT_LINE_CUT && !client->error && exchange->call->idempotency_key) {
		TRY(connect_again(client));
		fault = attempt_as_any(client, exchange, reply);
	}
	client->was_there |= client->fd >= 0;
	if (fault == FAULT_LINE_CUT && !client->error)
		return fault_say(FAULT_DAEMON_AWAY, "comityd ended the connection before it answered");
	if (fault == FAULT_LINE_TIMEOUT && !client->error)
		hang_up(client);
	return fault;
}

/* ── public ───────────────────────────────────────────────────────────────────────────────────── */

enum fault client_new(const char *run_dir, const char *socket, struct client **client)
{
	struct client *made = calloc(1, sizeof *made);
	if (!made)
		return FAULT_NO_MEMORY;
	made->fd = -1;
	made->patience_ms = CLIENT_PATIENCE_MS;
	made->run_dir = strdup(run_dir);
	made->socket = socket ? strdup(socket) : NULL;
	arena_init(&made->arena, UNPACK_ARENA);
	if (!made->run_dir || (socket && !made->socket)) {
		client_free(made);
		return FAULT_NO_MEMORY;
	}
	*client = made;
	return OK;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	hang_up(client);
	bytes_clear(&client->in);
	bytes_clear(&client->out);
	arena_clear(&client->arena);
	free(client->run_dir);
	free(client->socket);
	free(client);
}

void client_set_patience(struct client *client, int64_t patience_ms)
{
	client->patience_ms = patience_ms;
}

void client_set_ticker(struct client *client, void (*tick)(void *owner), void *owner)
{
	client->tick = tick;
	client->owner = owner;
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
