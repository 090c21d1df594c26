#pragma once
/* Small whole files, written so that a power cut leaves either nothing or everything. */
#include "proto/bytes.h"

enum file_privacy {
	FILE_PUBLIC,	/* 0644: certificates */
	FILE_PRIVATE,	/* 0600: keys */
};

/* What errno says of a path that was to be written.  Faults: exists, cannot create, disk full, no memory, io. */
enum fault file_fault(const char *path);
/* A new file, whole and on disk, its name too.  Never overwrites.  Faults: those of file_fault(). */
enum fault file_create(const char *path, enum file_privacy privacy, struct span content) MUST_CHECK;

/* The same, and what had that name before is gone with it: whoever looks sees the old or the new. */
enum fault file_replace(const char *path, enum file_privacy privacy, struct span content) MUST_CHECK;

/* All of a regular file, at most size_max bytes, appended to content.  A private one must belong to
 * us or to root and be closed to group and others.  Faults: no input, too large, bad key. */
enum fault file_read(const char *path, enum file_privacy privacy, size_t size_max,
		     struct bytes *content) MUST_CHECK;

/* Give each file of one directory whose name is wanted that name in the other too; one that is there already stays. */
enum fault directory_share(const char *from, const char *to, bool (*is_wanted)(const char *name)) MUST_CHECK;
/* Remove those names from the directory, as far as that goes. */
void directory_sweep(const char *path, bool (*is_wanted)(const char *name));

/* The names in a directory, on disk.  Fault: io. */
enum fault directory_sync(const char *path) MUST_CHECK;

/* bytes_clear for secrets: nothing of them stays in memory. */
void bytes_wipe(struct bytes *bytes);
