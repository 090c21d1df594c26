#include "daemon/ledger/disk_stream.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/disk.h"

enum { BLOCK_SIZE = 4096 };	/* what direct writing must be aligned to, at the most */

/* Some file systems cannot, and say so here or at the first use.  Returns how it is from now on. */
static bool set_direct(int fd, bool is_wanted)
{
	int flags = fcntl(fd, F_GETFL);
	int wanted = is_wanted ? flags | O_DIRECT : flags & ~O_DIRECT;
	return flags != -1 && !fcntl(fd, F_SETFL, wanted) && is_wanted;
}

/* ── pieces ─────────────────────────────────────────────────────────────────────────────────── */

static atomic_uint pieces;	/* in use */

static uint8_t *piece_new(void)
{
	uint8_t *piece = NULL;
	if (atomic_fetch_add(&pieces, 1) < DISK_PIECES_MAX)
		piece = aligned_alloc(BLOCK_SIZE, DISK_PIECE_SIZE);
	if (!piece)
		atomic_fetch_sub(&pieces, 1);
	return piece;
}

static void piece_free(uint8_t *piece)
{
	if (piece)
		atomic_fetch_sub(&pieces, 1);
	free(piece);
}

/* ── writing ────────────────────────────────────────────────────────────────────────────────── */

enum fault disk_stream_begin(struct disk_stream *stream, int fd, uint64_t size)
{
	size_t got;
	*stream = (struct disk_stream){ .fd = fd, .piece = piece_new(), .written = size };
	set_direct(fd, false);	/* the tail is no whole block */
	if (!stream->piece)
		return OK;
	stream->waiting = (size_t)(size % BLOCK_SIZE);
	stream->written -= stream->waiting;
	TRY(disk_read(fd, stream->piece, stream->waiting, stream->written, &got));
	if (got < stream->waiting)
		return fault_say(FAULT_IO, "a file is shorter than it was");
	stream->is_direct = set_direct(fd, true);
	return OK;
}

static enum fault write_in_steps(struct disk_stream *stream, struct span piece)
{
	for (size_t at = 0, step; at < piece.len; at += step) {
		size_t left = piece.len - at, most = disk_is_awaited() ? DISK_STEP_SIZE : DISK_PIECE_SIZE;
		step = left < most ? left : most;
		TRY(disk_write(stream->fd, (struct span){ piece.at + at, step }, stream->written + at));
	}
	return OK;
}

/* Direct writing may be refused for a reason of its own; the way through the cache then tells whether that was all. */
static enum fault put(struct disk_stream *stream, size_t size)
{
	struct span piece = { stream->piece, size };
	if (stream->is_direct && size % BLOCK_SIZE)
		stream->is_direct = set_direct(stream->fd, false);
	enum fault fault = write_in_steps(stream, piece);
	if (fault != FAULT_IO || !stream->is_direct)
		return fault;
	stream->is_direct = set_direct(stream->fd, false);
	return disk_write(stream->fd, piece, stream->written);
}

static enum fault pass_on(struct disk_stream *stream, struct span bytes, size_t *taken)
{
	TRY(disk_write(stream->fd, bytes, stream->written));
	stream->written += bytes.len;
	*taken = bytes.len;
	return OK;
}

enum fault disk_stream_take(struct disk_stream *stream, struct span bytes, size_t *taken)
{
	*taken = 0;
	if (!stream->piece)
		return pass_on(stream, bytes, taken);
	if (stream->waiting == DISK_PIECE_SIZE) {
		TRY(put(stream, DISK_PIECE_SIZE));
		stream->written += DISK_PIECE_SIZE;
		stream->waiting = 0;
	}
	size_t room = DISK_PIECE_SIZE - stream->waiting;
	*taken = bytes.len < room ? bytes.len : room;
	if (*taken)
		memcpy(stream->piece + stream->waiting, bytes.at, *taken);
	stream->waiting += *taken;
	return OK;
}

enum fault disk_stream_flush(struct disk_stream *stream)
{
	return stream->waiting ? put(stream, stream->waiting) : OK;
}

enum fault disk_stream_amend(struct disk_stream *stream, struct span bytes, uint64_t offset)
{
	stream->is_direct = set_direct(stream->fd, false);	/* it is no whole block */
	return disk_write(stream->fd, bytes, offset);
}

void disk_stream_clear(struct disk_stream *stream)
{
	piece_free(stream->piece);
	stream->piece = NULL;
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────── */

void disk_window_begin(struct disk_window *window, int fd)
{
	*window = (struct disk_window){ .fd = fd, .piece = piece_new() };
	set_direct(fd, window->piece);
}

/* The piece of the file in which that offset lies, or the step of it. */
static enum fault load(struct disk_window *window, uint64_t offset)
{
	size_t size = disk_is_awaited() ? DISK_STEP_SIZE : DISK_PIECE_SIZE;
	window->from = offset - offset % size;
	enum fault fault = disk_read(window->fd, window->piece, size, window->from, &window->len);
	if (fault != FAULT_IO)
		return fault;
	set_direct(window->fd, false);
	return disk_read(window->fd, window->piece, size, window->from, &window->len);
}

enum fault disk_window_read(struct disk_window *window, uint64_t offset, uint8_t *to, size_t size, size_t *got)
{
	if (!window->piece)
		return disk_read(window->fd, to, size, offset, got);
	for (*got = 0; *got < size; ) {
		uint64_t at = offset + *got;
		if (at < window->from || at - window->from >= window->len)
			TRY(load(window, at));
		if (at - window->from >= window->len)
			return OK;	/* the end of the file */
		size_t left = window->len - (size_t)(at - window->from), more = size - *got < left ? size - *got : left;
		memcpy(to + *got, window->piece + (at - window->from), more);
		*got += more;
	}
	return OK;
}

void disk_window_clear(struct disk_window *window)
{
	piece_free(window->piece);
	window->piece = NULL;
}
