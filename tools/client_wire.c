#include "tools/client_wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	READ_SIZE = 128 << 10,
	COMEBACK_MS = 5000,		/* how long a daemon may take to come back */
	COMEBACK_STEP_MS = 50,
	TICK_MS = 1000,
};

static const char *const roles[WIRE_ROLES] = { "officer", "admin", "integrator", "auditor", "monitor" };

void wire_hang_up(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	wire->in.len = wire->taken = 0;
}

static enum fault dial(struct wire *wire, const char *path)
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
		wire->fd = fd;
		return OK;
	}
	int why = errno;
	close(fd);
	wire->was_refused |= why == EACCES || why == EPERM;
	return fault_say(FAULT_DAEMON_AWAY, "cannot reach comityd at %s: %s", path, strerror(why));
}

enum fault wire_dial(struct wire *wire, size_t role)
{
	if (wire->socket)
		return dial(wire, wire->socket);
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.sock", wire->run_dir, roles[role]);
	return dial(wire, path);
}

enum fault wire_connect(struct wire *wire, size_t role)
{
	enum fault fault = FAULT_DAEMON_AWAY;
	wire_hang_up(wire);
	for (; role < WIRE_ROLES; role++) {
		wire->role = role;
		fault = wire_dial(wire, role);
		if (!fault || wire->socket)
			return fault;
	}
	if (!wire->was_refused)
		return fault_say(FAULT_DAEMON_AWAY, "cannot reach comityd: none of its sockets answers in %s", wire->run_dir);
	return fault_say(FAULT_ROLE_NEEDED, "no socket in %s may be opened by you that allows this", wire->run_dir);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

enum fault wire_connect_again(struct wire *wire)
{
	enum fault fault = wire_connect(wire, wire->role);
	for (int waited = 0; fault == FAULT_DAEMON_AWAY && waited < COMEBACK_MS; waited += COMEBACK_STEP_MS) {
		pause_ms(COMEBACK_STEP_MS);
		fault = wire_connect(wire, wire->role);
	}
	return fault;
}

static enum fault lost(struct wire *wire)
{
	wire_hang_up(wire);
	return fault_say(FAULT_LINE_CUT, "comityd ended the connection before it answered");
}

static int64_t monotonic_ms(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static enum fault wait_for(struct wire *wire, short what)
{
	struct pollfd poller = { .fd = wire->fd, .events = what };
	int64_t began = monotonic_ms();
	for (;;) {
		int64_t left = wire->patience_ms - (monotonic_ms() - began);
		bool has_end = wire->patience_ms != WIRE_NO_END;
		if (has_end && left <= 0)
			return fault_say(FAULT_LINE_TIMEOUT, "comityd did not answer within %lld s",
				(long long)wire->patience_ms / 1000);
		int ready = poll(&poller, 1, has_end && left < TICK_MS ? (int)left : TICK_MS);
		if (ready > 0)
			return OK;
		if (ready < 0 && errno != EINTR)
			return lost(wire);
		if (wire->tick)
			wire->tick(wire->owner);
	}
}

enum fault wire_send(struct wire *wire, struct span data)
{
	while (data.len) {
		ssize_t sent = send(wire->fd, data.at, data.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN) {
			TRY(wait_for(wire, POLLOUT));	/* not in send(): whoever waits is to be told how far it is */
			continue;
		}
		if (sent <= 0)
			return lost(wire);
		data.at += sent;
		data.len -= (size_t)sent;
	}
	return OK;
}

static enum fault receive(struct wire *wire)
{
	TRY(wait_for(wire, POLLIN));
	TRY(bytes_reserve(&wire->in, READ_SIZE));
	ssize_t got = recv(wire->fd, wire->in.at + wire->in.len, READ_SIZE, 0);
	if (got <= 0)
		return lost(wire);
	wire->in.len += (size_t)got;
	return OK;
}

enum fault wire_next(struct wire *wire, struct frame *frame)
{
	for (;;) {
		struct span rest = { wire->in.at + wire->taken, wire->in.len - wire->taken };
		size_t before = rest.len;
		TRY(frame_cut(&rest, FRAME_SIZE_MAX, frame));
		wire->taken += before - rest.len;
		if (frame->kind != FRAME_NONE)
			return OK;
		bytes_consume(&wire->in, wire->taken);
		wire->taken = 0;
		TRY(receive(wire));
	}
}

bool wire_has_news(const struct wire *wire)
{
	struct pollfd poller = { .fd = wire->fd, .events = POLLIN };
	return wire->in.len > wire->taken || poll(&poller, 1, 0) > 0;
}
