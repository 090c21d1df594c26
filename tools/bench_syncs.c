/* bench_syncs.so, loaded before libc (LD_PRELOAD): counts how often a process waits for the disk.
 *
 * The count is eight bytes in the file that BENCH_SYNCS names, shared by all threads and there to read at any time.  It
 * counts every fdatasync and fsync, and every write to a file opened with O_DSYNC or O_SYNC, which is how LMDB writes the
 * page that makes a commit count. */
#undef _FILE_OFFSET_BITS	/* or libc's header gives pwrite the name of pwrite64 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t nowhere, *count = &nowhere;

/* The functions that we stand before. */
static struct {
	int (*fdatasync)(int fd), (*fsync)(int fd);
	ssize_t (*pwrite)(int fd, const void *from, size_t size, off_t offset);
	ssize_t (*pwrite64)(int fd, const void *from, size_t size, off64_t offset);
} next;

#define FIND(name) (next.name = (__typeof__(next.name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
	FIND(fdatasync);
	FIND(fsync);
	FIND(pwrite);
	FIND(pwrite64);
	const char *path = getenv("BENCH_SYNCS");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return;
	void *at = ftruncate(fd, sizeof *count) ? MAP_FAILED :
		mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at != MAP_FAILED)
		count = at;
	close(fd);
}

static void count_write(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && flags & O_SYNC)	/* O_DSYNC is one of its bits */
		(*count)++;
}

int fdatasync(int fd)
{
	(*count)++;
	return next.fdatasync(fd);
}

int fsync(int fd)
{
	(*count)++;
	return next.fsync(fd);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t offset)
{
	count_write(fd);
	return next.pwrite(fd, from, size, offset);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t offset)
{
	count_write(fd);
	return next.pwrite64(fd, from, size, offset);
}
