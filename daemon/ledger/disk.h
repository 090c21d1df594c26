#pragma once
/* What the system says of files and directories, translated once, and the two things that everybody
 * forgets: syncing a directory, and that a write may be cut short.  And who waits for the disk. */
#include "proto/bytes.h"

/* The fault for errno; `what` was tried, for its detail.  Faults: disk full, no memory, not found,
 * io. */
enum fault disk_fault(const char *what);
/* See what was created, renamed or removed in a directory safely on disk.  `at` as with openat(2). */
enum fault disk_sync_dir(int at, const char *path) MUST_CHECK;
/* Write all of it at that offset.  Faults: disk full, io; how much was written is then not known. */
enum fault disk_write(int fd, struct span bytes, uint64_t offset) MUST_CHECK;
/* Read up to `size` bytes; fewer only at the end of the file. */
enum fault disk_read(int fd, uint8_t *to, size_t size, uint64_t offset, size_t *got) MUST_CHECK;

/* A sync waits for what the disk has in hand of other files as well.  Whoever is about to wait for one says so; as long as
 * that was less than a tenth of a second ago, somebody does, and large files go in small steps.  Any thread. */
void disk_await_sync(void);
bool disk_is_awaited(void);
