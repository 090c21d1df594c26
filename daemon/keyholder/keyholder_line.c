#include "daemon/keyholder/keyholder_line.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "certs/files.h"
#include "proto/frame.h"
#include "proto/unpack.h"

int64_t holder_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum fault await(int fd, short events, int64_t until)
{
	struct pollfd ear = { .fd = fd, .events = events };
	for (;;) {
		int64_t left = until == FOR_EVER ? FOR_EVER : until - holder_clock();
		if (until != FOR_EVER && left <= 0)
			return FAULT_LINE_TIMEOUT;
		int count = poll(&ear, 1, (int)left);
		if (count > 0)
			return OK;
		if (count < 0 && errno != EINTR)
			return FAULT_LINE_CUT;
	}
}

static bool is_only_later(void)
{
	return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

static enum fault send_all(int fd, struct span bytes, int64_t until)
{
	while (bytes.len) {
		ssize_t count = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (count < 0 && !is_only_later())
			return FAULT_LINE_CUT;
		if (count < 0) {
			TRY(await(fd, POLLOUT, until));
			continue;
		}
		bytes.at += count;
		bytes.len -= (size_t)count;
	}
	return OK;
}

enum fault holder_send(int fd, const ProtobufCMessage *message, struct span content, int64_t until)
{
	struct bytes frame = { 0 };
	enum fault fault = frame_pack(&frame, message);
	if (!fault)
		fault = send_all(fd, span_of(&frame), until);
	bytes_wipe(&frame);	/* there may be a content key in it */
	return fault ? fault : send_all(fd, content, until);
}

enum fault holder_take(int fd, uint8_t *to, size_t size, int64_t until)
{
	while (size) {
		ssize_t count = recv(fd, to, size, MSG_DONTWAIT);
		if (count == 0 || (count < 0 && !is_only_later()))
			return FAULT_LINE_CUT;
		if (count < 0) {
			TRY(await(fd, POLLIN, until));
			continue;
		}
		to += count;
		size -= (size_t)count;
	}
	return OK;
}

static enum fault take_more(int fd, struct bytes *bytes, size_t more, int64_t until)
{
	TRY(bytes_reserve(bytes, more));
	TRY(holder_take(fd, bytes->at + bytes->len, more, until));
	bytes->len += more;
	return OK;
}

/* First the head, which tells how much more there is. */
static enum fault take_frame(int fd, size_t size_max, int64_t until, struct bytes *bytes, struct frame *frame)
{
	struct span stream;
	TRY(take_more(fd, bytes, FRAME_HEAD_SIZE, until));
	stream = span_of(bytes);
	TRY(frame_cut(&stream, size_max, frame));
	if (frame->kind == FRAME_NONE) {
		TRY(take_more(fd, bytes, frame_missing(stream), until));
		stream = span_of(bytes);
		TRY(frame_cut(&stream, size_max, frame));
	}
	return frame->kind == FRAME_MESSAGE ? OK : FAULT_BAD_FRAME;
}

enum fault holder_hear(int fd, const ProtobufCMessageDescriptor *type, size_t size_max, int64_t until, struct arena *arena,
	ProtobufCMessage **message)
{
	struct bytes bytes = { 0 };
	struct frame frame;
	enum fault fault = take_frame(fd, size_max, until, &bytes, &frame);
	if (!fault)
		fault = unpack(type, frame.payload, arena, FAULT_BAD_FRAME, message);
	bytes_wipe(&bytes);
	return fault;
}
