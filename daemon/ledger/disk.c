#include "daemon/ledger/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static const struct { int number; enum fault fault; } meanings[] = {
	{ ENOSPC, FAULT_DISK_FULL },
	{ EDQUOT, FAULT_DISK_FULL },
	{ EFBIG,  FAULT_DISK_FULL },	/* RLIMIT_FSIZE, or the file system's own limit */
	{ ENOMEM, FAULT_NO_MEMORY },
	{ ENOENT, FAULT_NOT_FOUND },
	{ EEXIST, FAULT_EXISTS },
};

enum fault disk_fault(const char *what)
{
	enum fault fault = FAULT_IO;
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].number == errno)
			fault = meanings[i].fault;
	return fault_say(fault, "%s: %m", what);
}

enum fault disk_sync_dir(int at, const char *path)
{
	int dir = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return disk_fault(path);
	enum fault fault = fsync(dir) ? disk_fault(path) : OK;
	close(dir);
	return fault;
}

enum fault disk_write(int fd, struct span bytes, uint64_t offset)
{
	for (size_t done = 0; done < bytes.len; ) {
		ssize_t count = pwrite(fd, bytes.at + done, bytes.len - done, (off_t)(offset + done));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return disk_fault("write");
		done += (size_t)count;
	}
	return OK;
}

enum fault disk_read(int fd, uint8_t *to, size_t size, uint64_t offset, size_t *got)
{
	*got = 0;
	while (*got < size) {
		ssize_t count = pread(fd, to + *got, size - *got, (off_t)(offset + *got));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return disk_fault("read");
		if (count == 0)
			break;
		*got += (size_t)count;
	}
	return OK;
}

/* ── who waits for it ───────────────────────────────────────────────────────────────────────── */

enum { AWAITED_MS = 100 };	/* messages that are said one after the other come sooner */

static _Atomic int64_t awaited_at = -AWAITED_MS;

static int64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void disk_await_sync(void)
{
	awaited_at = clock_ms();
}

bool disk_is_awaited(void)
{
	return clock_ms() - awaited_at < AWAITED_MS;
}
