#pragma once
/* A file that is written from front to back, or read, in large aligned pieces, past the page cache where the file system
 * can.
 *
 * Gigabytes that go through the cache cost a copy, push everybody else's pages out of it, and lie there until a sync
 * that then holds up the ledger's.  A piece that is under way holds it up as well: while somebody waits for the disk it goes
 * in steps of DISK_STEP_SIZE bytes, between which a sync gets its turn.  What is not a whole piece yet waits in memory: a process that is killed loses it,
 * at most DISK_PIECE_SIZE bytes.  There are so many pieces in all; whoever finds none left goes through the page cache, so
 * that many files at once do not cost memory.  Knows nothing of what the bytes are. */
#include "proto/bytes.h"

enum { DISK_PIECE_SIZE = 1 << 20, DISK_PIECES_MAX = 6, DISK_STEP_SIZE = 128 << 10 };

struct disk_stream {
	int fd;					/* open for reading and writing; its owner closes it */
	bool is_direct;
	uint8_t *piece;				/* DISK_PIECE_SIZE bytes, aligned; NULL: none was left */
	size_t waiting;				/* of them filled */
	uint64_t written;			/* where the piece begins in the file */
};

/* Go on behind the first `size` bytes of the file.  Faults: io. */
enum fault disk_stream_begin(struct disk_stream *stream, int fd, uint64_t size) MUST_CHECK;
/* Take as many bytes as the piece has room for, after writing it when it is full.  After a fault nothing was taken and
 * nothing is lost: the same again may succeed later.  Faults: disk full, io. */
enum fault disk_stream_take(struct disk_stream *stream, struct span bytes, size_t *taken) MUST_CHECK;
/* Write what waits; then the file has all that was taken, though not safely before a sync. */
enum fault disk_stream_flush(struct disk_stream *stream) MUST_CHECK;
/* Write over what was flushed. */
enum fault disk_stream_amend(struct disk_stream *stream, struct span bytes, uint64_t offset) MUST_CHECK;
/* Frees the piece; harmless when it was never begun. */
void disk_stream_clear(struct disk_stream *stream);

/* The piece of a file that was read last. */
struct disk_window {
	int fd;					/* its owner closes it */
	uint8_t *piece;				/* the same */
	uint64_t from;
	size_t len;
};

void disk_window_begin(struct disk_window *window, int fd);
/* Read up to `size` bytes at that offset; fewer only at the end of the file.  Faults: io. */
enum fault disk_window_read(struct disk_window *window, uint64_t offset, uint8_t *to, size_t size, size_t *got) MUST_CHECK;
void disk_window_clear(struct disk_window *window);
