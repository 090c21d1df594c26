#pragma once
/* Files in one file: POSIX tar (pax), written and read as a stream, so that size does not matter.
 * The only home of libarchive. */
#include "proto/bytes.h"

/* ── writing ──────────────────────────────────────────────────────────────────────────────────── */

struct archive_writer;

/* Begin PATH.part; PATH must not exist.  Times of all entries are `now`, in seconds since 1970.
 * Faults: exists, io, no memory. */
enum fault archive_create(const char *path, int64_t now, struct archive_writer **writer) MUST_CHECK;
/* A whole entry.  Faults: disk full, io. */
enum fault archive_add(struct archive_writer *writer, const char *name, struct span content) MUST_CHECK;
/* One in pieces: exactly `size` bytes in all must follow. */
enum fault archive_begin(struct archive_writer *writer, const char *name, uint64_t size) MUST_CHECK;
enum fault archive_write(struct archive_writer *writer, struct span data) MUST_CHECK;
/* Bring it to disk under its name; *size (NULL: not wanted) is that of the file.  Frees the writer in any case. */
enum fault archive_finish(struct archive_writer *writer, uint64_t *size) MUST_CHECK;
void archive_abandon(struct archive_writer *writer);	/* removes what was written; takes NULL */

/* ── reading ──────────────────────────────────────────────────────────────────────────────────── */

/* What a walk tells, entry by entry.  Any fault ends it and is returned. */
struct archive_listener {
	enum fault (*begin)(void *owner, const char *name, uint64_t size);	/* a regular file */
	enum fault (*data)(void *owner, struct span data);			/* borrowed until you return */
	enum fault (*end)(void *owner);
};
/* Faults: no input; bad evidence, when it is no such archive, ends early or holds anything but files and
 * directories; those of the listener. */
enum fault archive_walk(const char *path, const struct archive_listener *listener, void *owner) MUST_CHECK;
