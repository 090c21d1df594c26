#include "daemon/control/control_session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "certs/files.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/log.h"
#include "proto/stamp.h"

enum { READ_SIZE = 64 << 10 };

/* A frame on its way out. */
struct outgoing {
	uv_write_t write;
	struct session *session;
	struct bytes bytes;
};

static void free_when_unheld(struct session *session)
{
	if (!session->is_gone || session->holds)
		return;
	struct control *control = session->control;
	bytes_clear(&session->in);
	bytes_clear(&session->packed);
	arena_clear(&session->arena);
	free(session);
	control->lingering--;
	control_forget(control);
}

void session_hold(struct session *session)
{
	session->holds++;
}

void session_release(struct session *session)
{
	session->holds--;
	free_when_unheld(session);
}

static void on_closed(uv_handle_t *handle)
{
	struct session *session = handle->data;
	session->is_gone = true;
	free_when_unheld(session);
}

static void unlink_session(struct session *session)
{
	struct control *control = session->control;
	control->session_count--;
	if (session->previous)
		session->previous->next = session->next;
	if (!session->previous)
		control->sessions = session->next;
	if (session->next)
		session->next->previous = session->previous;
}

static void end_pursuit(struct session *session)
{
	const struct pursuit *pursuit = session->pursuit;
	session->pursuit = NULL;
	if (pursuit)
		pursuit->ended(session);
}

void session_close(struct session *session)
{
	if (session->is_closing)
		return;
	session->is_closing = true;
	unlink_session(session);
	end_pursuit(session);
	uv_close((uv_handle_t *)&session->pipe, on_closed);
}

/* ── out ─────────────────────────────────────────────────────────────────────────────────────────── */

bool session_is_congested(const struct session *session)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&session->pipe) >= SESSION_QUEUE_HIGH;
}

static void on_written(uv_write_t *write, int status)
{
	struct outgoing *outgoing = container_of(write, struct outgoing, write);
	struct session *session = outgoing->session;
	bytes_wipe(&outgoing->bytes);
	free(outgoing);
	if (status)
		session_close(session);
	if (session->is_closing)
		return;
	if (!session_is_congested(session) && session->pursuit && session->pursuit->drained)
		session->pursuit->drained(session);
	session_go_on(session);
}

/* Takes the bytes. */
static void send_bytes(struct session *session, struct bytes *bytes)
{
	struct outgoing *outgoing = session->is_closing ? NULL : calloc(1, sizeof *outgoing);
	if (!outgoing) {
		bytes_wipe(bytes);
		session_close(session);
		return;
	}
	outgoing->session = session;
	outgoing->bytes = *bytes;
	uv_buf_t buffer = uv_buf_init((char *)bytes->at, (unsigned)bytes->len);
	if (!uv_write(&outgoing->write, (uv_stream_t *)&session->pipe, &buffer, 1, on_written))
		return;
	bytes_wipe(&outgoing->bytes);
	free(outgoing);
	session_close(session);
}

/* What the socket takes at once needs no queue; after each write through it libuv would ask epoll again for what it has. */
static void send_at_once(struct session *session, struct bytes *bytes)
{
	uv_buf_t buffer = uv_buf_init((char *)bytes->at, (unsigned)bytes->len);
	int sent = session->is_closing ? 0 : uv_try_write((uv_stream_t *)&session->pipe, &buffer, 1);
	bytes_consume(bytes, sent > 0 ? (size_t)sent : 0);
	if (bytes->len)
		send_bytes(session, bytes);	/* with a fault of the socket, if it has one */
	else
		bytes_wipe(bytes);
}

/* What was answered does not stay in memory: it may be a content key. */
static void send_reply(struct session *session, const Comity__Reply *reply)
{
	struct bytes frame = { 0 };
	enum fault fault = frame_pack(&frame, &reply->base);
	if (!fault) {
		(reply->more ? send_bytes : send_at_once)(session, &frame);	/* more comes when this was taken */
		return;
	}
	bytes_wipe(&frame);
	struct calls_error error;
	if (fault == FAULT_FRAME_TOO_LARGE)
		fault = fault_say(FAULT_TOO_LARGE, "the answer does not fit into one frame; ask for less at once");
	Comity__Reply refusal = calls_error(&error, fault, NULL);
	refusal.has_id = 1;
	refusal.id = session->call_id;
	if (frame_pack(&frame, &refusal.base))
		session_close(session);
	else
		send_bytes(session, &frame);
}

static void end_call(struct session *session)
{
	session->is_busy = false;
	session->pursuit = NULL;
	session->call = NULL;
	arena_clear(&session->arena);
	bytes_clear(&session->packed);
}

void session_reply(struct session *session, Comity__Reply *reply, bool more)
{
	if (session->is_closing)
		return;
	reply->has_id = reply->has_more = 1;
	reply->id = session->call_id;
	reply->more = more;
	send_reply(session, reply);
	if (more || session->is_closing)
		return;
	end_call(session);
	session_go_on(session);
}

void session_refuse_document(struct session *session, enum fault fault, Comity__Problem **problems, size_t count)
{
	struct calls_error error;
	if (session->is_closing)
		return;
	Comity__Reply reply = calls_error(&error, fault, session->call);
	error.error.problems = problems;
	error.error.n_problems = count;
	session_reply(session, &reply, false);
}

void session_refuse(struct session *session, enum fault fault)
{
	session_refuse_document(session, fault, NULL, 0);
}

void session_send_bulk(struct session *session, uint64_t offset, struct span data)
{
	struct bytes frame = { 0 };
	if (frame_bulk(&frame, session->call_id, offset, data)) {
		bytes_clear(&frame);
		session_close(session);
		return;
	}
	send_bytes(session, &frame);
}

/* ── in ──────────────────────────────────────────────────────────────────────────────────────────── */

/* Nothing sensible can follow: say why, then close when that has left. */
static void hang_up(struct session *session, enum fault fault)
{
	log_unusual("control: a client with uid %u at %s.sock is hung up on: %s", session->uid,
		desk_names[session->desk], fault_detail(fault));
	session->has_hung_up = true;
	session->call = NULL;
	end_pursuit(session);
	session_refuse(session, fault);
}

static void hear_bulk(struct session *session, const struct frame *frame)
{
	if (session->pursuit && session->pursuit->bulk && frame->stream == session->call_id)
		session->pursuit->bulk(session, frame);
	else if (frame->stream != session->swallowed || !session->swallowed)
		hang_up(session, fault_say(FAULT_OUT_OF_TURN, "bytes of an attachment that nobody expects"));
}

static void hear_call(struct session *session, struct span payload)
{
	if (session->is_busy) {
		hang_up(session, fault_say(FAULT_OUT_OF_TURN, "a call while another is in hand"));
		return;
	}
	session->is_busy = true;
	session->call_id = 0;
	if (bytes_append(&session->packed, payload)) {
		session_close(session);
		return;
	}
	calls_begin(session);
}

static bool may_hear(struct session *session)
{
	if (session->is_closing || session->has_hung_up)
		return false;
	if (session->pursuit)
		return session->pursuit->wants_more && session->pursuit->wants_more(session);
	return !session->is_busy && !session_is_congested(session);
}

/* The frames that are whole, as far as they may be heard now. */
static void hear(struct session *session)
{
	struct span stream = span_of(&session->in);
	struct frame frame = { 0 };
	session_hold(session);
	while (may_hear(session)) {
		enum fault fault = frame_cut(&stream, FRAME_SIZE_MAX, &frame);
		if (fault) {
			hang_up(session, fault);
			break;
		}
		if (frame.kind == FRAME_NONE)
			break;
		if (frame.kind == FRAME_BULK)
			hear_bulk(session, &frame);
		else
			hear_call(session, frame.payload);
	}
	bytes_consume(&session->in, session->in.len - stream.len);
	if (!session->in.len)
		bytes_clear(&session->in);	/* the idle hold no memory */
	session_release(session);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct session *session = handle->data;
	(void)suggested;
	if (bytes_reserve(&session->in, READ_SIZE))
		*buffer = uv_buf_init(NULL, 0);		/* libuv then reports UV_ENOBUFS */
	else
		*buffer = uv_buf_init((char *)session->in.at + session->in.len, READ_SIZE);
}

/* A client may shut its side down and still read what it was told last. */
static void on_end(struct session *session, ssize_t why)
{
	if (why != UV_EOF || session->pursuit) {
		session_close(session);
		return;
	}
	session->has_hung_up = true;
	session_go_on(session);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
	struct session *session = stream->data;
	(void)buffer;
	if (count < 0) {
		on_end(session, count);
		return;
	}
	session->in.len += (size_t)count;
	session->heard_at = stamp_clock();
	session_go_on(session);
}

static void read_on(struct session *session)
{
	session->is_reading = true;
	if (uv_read_start((uv_stream_t *)&session->pipe, on_room, on_read))
		session_close(session);
}

/* Between two calls the socket stays with the loop: putting it away and back for each would be two more calls of the system
 * a message.  Only when something came that cannot be heard yet is the rest left with the client. */
static bool may_read(struct session *session)
{
	if (session->is_closing || session->has_hung_up)
		return false;
	return may_hear(session) || (session->is_busy && !session->pursuit && !session->in.len);
}

void session_go_on(struct session *session)
{
	if (session->is_hearing)
		return;		/* whoever is hearing asks again */
	session_hold(session);
	session->is_hearing = true;
	hear(session);
	session->is_hearing = false;	/* NOLINT(clang-analyzer-unix.Malloc): held */
	bool wants = may_read(session);
	if (wants && !session->is_reading)
		read_on(session);
	if (!wants && session->is_reading && !session->is_closing) {
		session->is_reading = false;
		uv_read_stop((uv_stream_t *)&session->pipe);
	}
	if (session->has_hung_up && !session->is_busy && !uv_stream_get_write_queue_size((uv_stream_t *)&session->pipe))
		session_close(session);
	session_release(session);
}

/* ── a new one ───────────────────────────────────────────────────────────────────────────────────── */

/* Who it is, as the kernel knows. */
static bool find_uid(struct session *session)
{
	struct ucred who;
	socklen_t size = sizeof who;
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)&session->pipe, &fd) || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size))
		return false;
	session->uid = who.uid;
	return true;
}

/* All places are taken: the one that has been silent longest, with no call in hand, makes room. */
static void make_room(struct control *control)
{
	struct session *silent = NULL;
	if (control->session_count < CONTROL_SESSIONS_MAX)
		return;
	for (struct session *one = control->sessions; one; one = one->next)
		if (!one->is_busy && (!silent || one->heard_at < silent->heard_at))
			silent = one;
	if (silent)
		session_close(silent);
}

static void link_session(struct session *session)
{
	struct control *control = session->control;
	control->session_count++;
	control->lingering++;
	session->next = control->sessions;
	if (session->next)
		session->next->previous = session;
	control->sessions = session;
}

void session_accept(struct control *control, uv_stream_t *listener, enum desk desk)
{
	struct session *session = calloc(1, sizeof *session);
	if (!session || uv_pipe_init(control->rooms.loop, &session->pipe, 0)) {
		free(session);
		return;
	}
	make_room(control);
	session->control = control;
	session->desk = desk;
	session->pipe.data = session;
	session->heard_at = stamp_clock();
	arena_init(&session->arena, SESSION_ARENA);
	link_session(session);
	bool is_accepted = !uv_accept(listener, (uv_stream_t *)&session->pipe) && find_uid(session);
	if (is_accepted && control->session_count <= CONTROL_SESSIONS_MAX)
		session_go_on(session);
	else
		session_close(session);
}
