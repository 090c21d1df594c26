#pragma once
/* Files in one file: POSIX tar (pax), written and read as a stream, so that size does not matter.
 * The only home of libarchive. */
#include "proto/bytes.h"

/* ── writing ──────────────────────────────────────────────────────────────────────────────────── */

struct tar_writer;

/* Begin PATH.part; PATH must not exist.  Times of all entries are `now`, in seconds since 1970.
 * Faults: exists, io, no memory. */
enum fault tar_create(const char *path, int64_t now, struct tar_writer **writer) MUST_CHECK;
/* The same for a file that is there: tar_finish puts the new one in its place. */
enum fault tar_rewrite(const char *path, int64_t now, struct tar_writer **writer) MUST_CHECK;
/* All entries of another archive as they are, with their times, but one of this name.  Faults: those of tar_walk and of writing. */
enum fault tar_copy(struct tar_writer *writer, const char *path, const char *left_out) MUST_CHECK;
/* A whole entry.  Faults: disk full, io. */
enum fault tar_add(struct tar_writer *writer, const char *name, struct span content) MUST_CHECK;
/* One in pieces: exactly `size` bytes in all must follow. */
enum fault tar_begin(struct tar_writer *writer, const char *name, uint64_t size) MUST_CHECK;
enum fault tar_write(struct tar_writer *writer, struct span data) MUST_CHECK;
/* Bring it to disk under its name; *size (NULL: not wanted) is that of the file.  Frees the writer in any case. */
enum fault tar_finish(struct tar_writer *writer, uint64_t *size) MUST_CHECK;
void tar_abandon(struct tar_writer *writer);	/* removes what was written; takes NULL */

/* ── reading ──────────────────────────────────────────────────────────────────────────────────── */

/* What a walk tells, entry by entry.  Any fault ends it and is returned. */
struct tar_listener {
	enum fault (*begin)(void *owner, const char *name, uint64_t size);	/* a regular file */
	enum fault (*data)(void *owner, struct span data);			/* borrowed until you return */
	enum fault (*end)(void *owner);
};
/* Faults: no input; bad evidence, when it is no such archive, ends early or holds anything but whole files
 * and directories (no links, nothing sparse) under plain names (letters, digits, "-._/", never upwards or
 * from the root); those of the listener. */
enum fault tar_walk(const char *path, const struct tar_listener *listener, void *owner) MUST_CHECK;
