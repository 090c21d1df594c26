/* A disk that fails on request: preloaded into a daemon, it is told by the file that FAULTY_DISK names, anew with each call.
 *
 *	CALL WHERE ERRNO EVERY		fdatasync data.mdb 5 1
 *
 * Each EVERYth call of that name on a path that has WHERE in it fails with ERRNO; 0 cuts a write short instead, as the system
 * may.  Calls: write (pwrite, pwritev, writev, write), sync (fsync, fdatasync), rename, reserve (fallocate). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum { PASSES = -1 };

static _Atomic unsigned long calls;

static int read_order(char *text, size_t size)
{
	const char *path = getenv("FAULTY_DISK");
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return 0;
	long got = syscall(SYS_read, fd, text, size - 1);
	syscall(SYS_close, fd);
	text[got > 0 ? got : 0] = 0;
	return got > 0;
}

/* The errno with which this call is to fail, 0 to cut it short, or PASSES. */
static int order_for(const char *call, const char *path)
{
	char text[512], name[16], where[256];
	int number;
	unsigned every;
	if (!read_order(text, sizeof text) || sscanf(text, "%15s %255s %d %u", name, where, &number, &every) != 4)
		return PASSES;
	if (strcmp(name, call) || !strstr(path, where) || !every || ++calls % every)
		return PASSES;
	return number;
}

static int order_for_fd(const char *call, int fd)
{
	char link[64], path[PATH_MAX] = "";
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, path, sizeof path - 1);
	path[len > 0 ? len : 0] = 0;
	return path[0] == '/' ? order_for(call, path) : PASSES;
}

static int fails(int order)
{
	if (order > 0)
		errno = order;
	return order > 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	int order = order_for_fd("write", fd);
	return fails(order) ? -1 : REAL(pwrite)(fd, bytes, order == 0 && size > 1 ? size / 2 : size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
	int order = order_for_fd("write", fd);
	return fails(order) ? -1 : REAL(pwrite64)(fd, bytes, order == 0 && size > 1 ? size / 2 : size, offset);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset)
{
	int order = order_for_fd("write", fd);
	return fails(order) ? -1 : REAL(pwritev)(fd, pieces, order == 0 && count > 1 ? count / 2 : count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset)
{
	int order = order_for_fd("write", fd);
	return fails(order) ? -1 : REAL(pwritev64)(fd, pieces, order == 0 && count > 1 ? count / 2 : count, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	int order = order_for_fd("write", fd);
	return fails(order) ? -1 : REAL(writev)(fd, pieces, order == 0 && count > 1 ? count / 2 : count);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	int order = order_for_fd("write", fd);
	return fails(order) ? -1 : REAL(write)(fd, bytes, order == 0 && size > 1 ? size / 2 : size);
}

int fsync(int fd)
{
	return fails(order_for_fd("sync", fd)) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
	return fails(order_for_fd("sync", fd)) ? -1 : REAL(fdatasync)(fd);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
	return fails(order_for_fd("reserve", fd)) ? -1 : REAL(fallocate)(fd, mode, offset, size);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t size)
{
	return fails(order_for_fd("reserve", fd)) ? -1 : REAL(fallocate64)(fd, mode, offset, size);
}

int rename(const char *from, const char *to)
{
	return fails(order_for("rename", to)) ? -1 : REAL(rename)(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return fails(order_for("rename", to)) ? -1 : REAL(renameat)(from_dir, from, to_dir, to);
}
