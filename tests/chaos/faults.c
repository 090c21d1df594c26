/* A disk that fails, for a process that is started with LD_PRELOAD=faults.so.
 *
 * COMITY_DISK names a file of one struct control, which tests/chaos/world.py maps and changes while we run; only
 * files of the store and the blobs below COMITY_DISK_BELOW/ are meant.  Which calls fail follows from the seed and their number.
 */
#undef _FILE_OFFSET_BITS	/* both names of each call are ours: pwrite, and pwrite64 by the aliases below */
#include "tests/chaos/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum disk_fault {		/* as the bits of control.faults */
	DISK_FULL = 1,		/* writing and reserving: ENOSPC */
	DISK_BROKEN = 2,	/* writing: EIO, and nothing is written */
	DISK_LATE = 4,		/* writing: EIO, and all is written */
	DISK_SHORT = 8,		/* writing: a part, which is what the call says */
	DISK_UNSYNCED = 16,	/* fsync, fdatasync: EIO */
	DISK_TORN = 32,		/* writing: a part, then death */
	DISK_UNREADABLE = 64,	/* reading with pread: EIO */
};

struct control *control;
static char below[PATH_MAX];

__attribute__((constructor)) static void attach(void)
{
	const char *path = getenv("COMITY_DISK"), *where = getenv("COMITY_DISK_BELOW");
	int fd = path && where ? REAL(open)(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	snprintf(below, sizeof below, "%s/", where);
	if (mapped != MAP_FAILED)
		control = mapped;
}

bool is_path_below(const char *path)
{
	const char *inside = path + strlen(below);
	return !strncmp(path, below, strlen(below)) && (!strncmp(inside, "store", 5) || !strncmp(inside, "blobs", 5));
}

bool is_below(int fd)
{
	char link[32], path[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t size = readlink(link, path, sizeof path - 1);
	path[size < 0 ? 0 : size] = 0;
	return is_path_below(path);
}

/* Chance by number: the same seed gives the same calls. */
static bool is_struck(void)
{
	uint32_t mixed = (control->seed + atomic_fetch_add(&control->calls, 1)) * 2654435761u;
	mixed ^= mixed >> 15;
	mixed *= 2246822519u;
	mixed ^= mixed >> 13;
	return control->one_in && mixed % control->one_in == 0;
}

/* Which of these faults befalls this call; 0: none. */
static uint32_t befalls(int fd, uint32_t faults)
{
	faults = control ? faults & control->faults : 0;
	int error = errno;
	bool strikes = faults && is_below(fd) && is_struck();
	errno = error;
	if (!strikes)
		return 0;
	atomic_fetch_add(&control->struck, 1);
	return faults & -faults;
}

enum { WRITING = DISK_FULL | DISK_BROKEN | DISK_LATE | DISK_SHORT | DISK_TORN };

static ssize_t fail(int error)
{
	errno = error;
	return -1;
}

/* A write that goes wrong: `part` writes so many of the bytes. */
#define WRITE_WRONGLY(fault, size, part) ({ \
	ssize_t result_ = -1; \
	switch (fault) { \
	case DISK_FULL:   result_ = fail(ENOSPC); break; \
	case DISK_BROKEN: result_ = fail(EIO); break; \
	case DISK_LATE:   (void)!part(size); result_ = fail(EIO); break; \
	case DISK_SHORT:  result_ = part((size) > 1 ? (size) / 2 : (size)); break; \
	case DISK_TORN:   (void)!part((size) / 2); kill(getpid(), SIGKILL); break; \
	} \
	result_; })

static size_t size_of(const struct iovec *pieces, int count)
{
	size_t size = 0;
	for (int i = 0; i < count; i++)
		size += pieces[i].iov_len;
	return size;
}

/* What is written, by `part`, noted for a power cut, and struck if it is to be. */
#define WRITE(fd, offset, bytes, size, part) ({ \
	struct undo_write undo_ = undo_before_write(fd, offset, bytes); \
	uint32_t fault_ = befalls(fd, WRITING); \
	ssize_t written_ = fault_ ? WRITE_WRONGLY(fault_, size, part) : part(size); \
	undo_after_write(&undo_, written_ >= 0); \
	written_; })

ssize_t pwrite(int fd, const void *from, size_t size, off_t offset)
{
#define PART(count) REAL(pwrite)(fd, from, count, offset)
	return WRITE(fd, offset, size, size, PART);
#undef PART
}

ssize_t write(int fd, const void *from, size_t size)
{
#define PART(count) REAL(write)(fd, from, count)
	return WRITE(fd, -1, size, size, PART);
#undef PART
}

/* A part of many pieces is the first of them: that it is a part is what matters. */
ssize_t pwritev(int fd, const struct iovec *from, int count, off_t offset)
{
#define PART(pieces) REAL(pwritev)(fd, from, (int)(pieces), offset)
	return WRITE(fd, offset, size_of(from, count), count, PART);
#undef PART
}

ssize_t writev(int fd, const struct iovec *from, int count)
{
#define PART(pieces) REAL(writev)(fd, from, (int)(pieces))
	return WRITE(fd, -1, size_of(from, count), count, PART);
#undef PART
}

ssize_t pread(int fd, void *to, size_t size, off_t offset)
{
	return befalls(fd, DISK_UNREADABLE) ? fail(EIO) : REAL(pread)(fd, to, size, offset);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
	return befalls(fd, DISK_FULL) ? (int)fail(ENOSPC) : REAL(fallocate)(fd, mode, offset, size);
}

#define SYNC(fd, how) ({ \
	struct undo_sync undo_ = undo_before_sync(fd); \
	int result_ = befalls(fd, DISK_UNSYNCED) ? (int)fail(EIO) : REAL(how)(fd); \
	undo_after_sync(undo_, !result_); \
	result_; })

int fsync(int fd)
{
	return SYNC(fd, fsync);
}

int fdatasync(int fd)
{
	return SYNC(fd, fdatasync);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t offset) __attribute__((alias("pwrite")));
ssize_t pread64(int fd, void *to, size_t size, off64_t offset) __attribute__((alias("pread")));
int fallocate64(int fd, int mode, off64_t offset, off64_t size) __attribute__((alias("fallocate")));
