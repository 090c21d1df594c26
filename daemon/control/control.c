#include "daemon/control/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control/control_room.h"
#include "daemon/ledger/disk.h"
#include "daemon/log.h"
#include "proto/stamp.h"

enum { SOCKET_MODE = 0660, BACKLOG = 64 };

const char *const desk_names[DESK_COUNT] = {
	[DESK_ADMIN] = "admin",
	[DESK_OFFICER] = "officer",
	[DESK_INTEGRATOR] = "integrator",
	[DESK_AUDITOR] = "auditor",
	[DESK_MONITOR] = "monitor",
};

/* ── the sockets ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault set_path(struct control *control, enum desk desk, const char *run_dir)
{
	char *path = control->listeners[desk].path;
	size_t size = sizeof control->listeners[desk].path;
	int length = snprintf(path, size, "%s/%s.sock", run_dir, desk_names[desk]);
	if (length >= 0 && (size_t)length < size)
		return OK;
	return fault_say(FAULT_CONFIG, "the path %s/%s.sock is longer than a Unix socket's may be (%zu bytes)", run_dir,
		desk_names[desk], size - 1);
}

/* Does anybody listen there?  A socket file that a killed daemon left refuses connections. */
static bool is_listened_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;	/* not known: then leave it alone */
	bool is_alive = !connect(fd, (struct sockaddr *)&address, sizeof address) || errno == EAGAIN;
	close(fd);
	return is_alive;
}

static enum fault clear_path(const char *path)
{
	struct stat stat;
	if (lstat(path, &stat))
		return errno == ENOENT ? OK : disk_fault(path);
	if (!S_ISSOCK(stat.st_mode))
		return fault_say(FAULT_IO, "%s is in the way and is not a socket", path);
	if (is_listened_at(path))
		return fault_say(FAULT_STORE_BUSY, "another daemon listens at %s", path);
	return unlink(path) ? disk_fault(path) : OK;
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct control *control = stream->data;
	size_t desk = 0;
	while (stream != (uv_stream_t *)&control->listeners[desk].pipe)
		desk++;
	if (status)
		log_unusual("control: a connection at %s.sock failed: %s", desk_names[desk], uv_strerror(status));
	else
		session_accept(control, stream, (enum desk)desk);
}

/* The mode is set between bind and listen: nobody can connect before it is right. */
static enum fault listen_at(struct control *control, enum desk desk)
{
	const char *path = control->listeners[desk].path;
	uv_pipe_t *pipe = &control->listeners[desk].pipe;
	TRY(clear_path(path));
	int status = uv_pipe_init(control->rooms.loop, pipe, 0);
	if (status)
		return fault_say(FAULT_IO, "%s: %s", path, uv_strerror(status));
	pipe->data = control;
	control->listeners[desk].is_open = true;
	control->open_handles++;
	status = uv_pipe_bind(pipe, path);
	if (!status && chmod(path, SOCKET_MODE))
		status = -errno;
	if (!status)
		status = uv_listen((uv_stream_t *)pipe, BACKLOG, on_connection);
	return status ? fault_say(FAULT_IO, "%s: %s", path, uv_strerror(status)) : OK;
}

static enum fault listen_all(struct control *control, const char *run_dir)
{
	for (int desk = 0; desk < DESK_COUNT; desk++)
		TRY(set_path(control, (enum desk)desk, run_dir));
	for (int desk = 0; desk < DESK_COUNT; desk++)
		TRY(listen_at(control, (enum desk)desk));
	return OK;
}

/* ── life ────────────────────────────────────────────────────────────────────────────────────────── */

void control_forget(struct control *control)
{
	if (!control->is_closing || control->open_handles || control->lingering)
		return;
	void (*closed)(void *owner) = control->closed;
	void *owner = control->owner;
	free(control);
	if (closed)
		closed(owner);
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct control *control = handle->data;
	control->open_handles--;
	control_forget(control);
}

enum fault control_open(const struct control_rooms *rooms, const char *run_dir, struct control **opened)
{
	*opened = NULL;
	struct control *control = calloc(1, sizeof *control);
	if (!control)
		return FAULT_NO_MEMORY;
	control->rooms = *rooms;
	control->started_at = stamp_clock();
	enum fault fault = listen_all(control, run_dir);
	if (fault)
		control_close(control, NULL, NULL);
	else
		*opened = control;
	return fault;
}

void control_announce(struct control *control)
{
	for (struct session *one = control->sessions, *next; one; one = next) {
		next = one->next;
		if (one->pursuit && one->pursuit->announced)
			one->pursuit->announced(one);	/* may end this session, no other */
	}
}

void control_close(struct control *control, void (*closed)(void *owner), void *owner)
{
	control->is_closing = true;
	control->closed = closed;
	control->owner = owner;
	control->open_handles++;	/* ours, until all are asked to close */
	for (int desk = 0; desk < DESK_COUNT; desk++)
		if (control->listeners[desk].is_open)
			uv_close((uv_handle_t *)&control->listeners[desk].pipe, on_listener_closed);
	while (control->sessions)
		session_close(control->sessions);
	control->open_handles--;
	control_forget(control);	/* only when nothing was open */
}
