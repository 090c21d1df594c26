/* What has not been synced yet, noted as it is written, so that tests/chaos/power.py can take it back as a power cut would.
 *
 * COMITY_POWER names a directory with a file `journal`, to which one struct entry is appended before each change of a
 * file or a name, and a folder `graves`, where files stay that lost their last name.  Of a write the entry holds the bytes that
 * were there before.  Only while control->is_recording; the world begins with an empty journal.
 */
#undef _FILE_OFFSET_BITS
#include "tests/chaos/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SECTOR = 512 };
enum kind { NOTE_WRITE = 1, NOTE_LASTING, NOTE_SYNC, NOTE_SYNCED, NOTE_CREATE, NOTE_UNLINK, NOTE_RENAME, NOTE_LINK, NOTE_MKDIR };

struct entry {
	uint32_t size, kind;		/* of all of it; enum kind */
	uint64_t inode, other;		/* the file's, or that of the name's folder, and of the second name's */
	int64_t offset, length, file_size;
	uint64_t token;			/* of a sync and its end; of a grave */
};

static int journal = -1, graves = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint last_token;

__attribute__((constructor)) static void attach_undo(void)
{
	const char *where = getenv("COMITY_POWER");
	bool is_ours = !strcmp(program_invocation_short_name, "comityd");	/* the holder of the keys writes nothing of these, in its cage */
	int dir = where && is_ours ? REAL(open)(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir < 0)
		return;
	journal = REAL(openat)(dir, "journal", O_WRONLY | O_APPEND | O_CLOEXEC);
	graves = REAL(openat)(dir, "graves", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(dir);
}

static uint64_t fresh_token(void)
{
	return ((uint64_t)getpid() << 32) + atomic_fetch_add(&last_token, 1) + 1;
}

static bool is_recording(void)
{
	return control && journal >= 0 && graves >= 0 && control->is_recording;
}

static void note(struct entry entry, const void *one, size_t one_size, const void *two, size_t two_size)
{
	entry.size = (uint32_t)(sizeof entry + one_size + two_size);
	struct iovec parts[] = { { &entry, sizeof entry }, { (void *)one, one_size }, { (void *)two, two_size } };
	if (REAL(writev)(journal, parts, 3) != (ssize_t)entry.size)
		abort();	/* a journal with a hole proves nothing */
}

/* ── bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void note_bytes(int fd, const struct stat *file, off_t from, off_t to)
{
	off_t end = to < file->st_size ? to : file->st_size;
	size_t size = from < end ? (size_t)(end - from) : 0;
	char *old = malloc(size + 2 * SECTOR);
	int again = -1;		/* our own descriptor: theirs may be for writing only, or past the page cache */
	char link[32];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (size && (again = REAL(open)(link, O_RDONLY | O_CLOEXEC)) < 0)
		abort();
	if (!old || (size && REAL(pread)(again, old, size, from) != (ssize_t)size))
		abort();
	note((struct entry){ .kind = NOTE_WRITE, .inode = file->st_ino, .offset = from, .length = to - from, .file_size = file->st_size },
		old, size, NULL, 0);
	free(old);
	if (again >= 0)
		close(again);
}

struct undo_write undo_before_write(int fd, off_t offset, size_t size)
{
	struct undo_write write = { fd, offset, size, false };
	struct stat file;
	int error = errno;
	if (is_recording() && is_below(fd) && !fstat(fd, &file) && S_ISREG(file.st_mode)) {
		write.is_noted = true;
		write.offset = offset >= 0 ? offset : fcntl(fd, F_GETFL) & O_APPEND ? file.st_size : lseek(fd, 0, SEEK_CUR);
		pthread_mutex_lock(&turn);
		fstat(fd, &file);
		off_t from = write.offset / SECTOR * SECTOR, to = (write.offset + (off_t)size + SECTOR - 1) / SECTOR * SECTOR;
		note_bytes(fd, &file, from, to);
	}
	errno = error;
	return write;
}

void undo_after_write(const struct undo_write *write, bool is_done)
{
	struct stat file;
	int error = errno;
	if (!write->is_noted)
		return;
	if (is_done && fcntl(write->fd, F_GETFL) & O_DSYNC && !fstat(write->fd, &file))
		note((struct entry){ .kind = NOTE_LASTING, .inode = file.st_ino, .offset = write->offset, .length = (int64_t)write->size },
			NULL, 0, NULL, 0);
	pthread_mutex_unlock(&turn);
	errno = error;
}

int ftruncate(int fd, off_t size)
{
	struct stat file;
	bool cuts = is_recording() && !fstat(fd, &file) && size < file.st_size;
	struct undo_write write = undo_before_write(fd, size, cuts ? (size_t)(file.st_size - size) : 0);
	int result = REAL(ftruncate)(fd, size);
	undo_after_write(&write, false);
	return result;
}

struct undo_sync undo_before_sync(int fd)
{
	struct undo_sync sync = { 0 };
	struct stat file;
	int error = errno;
	if (is_recording() && !fstat(fd, &file)) {
		sync = (struct undo_sync){ file.st_ino, fresh_token() };
		pthread_mutex_lock(&turn);	/* what was noted has been written by now */
		note((struct entry){ .kind = NOTE_SYNC, .inode = sync.inode, .token = sync.token }, NULL, 0, NULL, 0);
		pthread_mutex_unlock(&turn);
	}
	errno = error;
	return sync;
}

void undo_after_sync(struct undo_sync sync, bool is_done)
{
	int error = errno;
	if (sync.token && is_done)
		note((struct entry){ .kind = NOTE_SYNCED, .inode = sync.inode, .token = sync.token }, NULL, 0, NULL, 0);
	errno = error;
}

/* ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool find_path(int dir, const char *name, char path[static PATH_MAX])
{
	char link[32], folder[PATH_MAX / 2];
	if (*name == '/')
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
	if (dir == AT_FDCWD)
		snprintf(link, sizeof link, "/proc/self/cwd");
	else
		snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
	ssize_t size = readlink(link, folder, sizeof folder - 1);
	folder[size < 0 ? 0 : size] = 0;
	return size > 0 && snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

static uint64_t folder_of(const char *path)
{
	char folder[PATH_MAX];
	struct stat found;
	const char *slash = strrchr(path, '/');
	snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
	return stat(folder, &found) ? 0 : found.st_ino;
}

/* Keeps the file of this name, which is about to lose it; 0 when there is none. */
static uint64_t bury(const char *path)
{
	char grave[64];
	uint64_t token = fresh_token();
	snprintf(grave, sizeof grave, "%llu", (unsigned long long)token);
	return REAL(linkat)(AT_FDCWD, path, graves, grave, 0) ? 0 : token;
}

static void note_name(enum kind kind, int dir, const char *name, int other_dir, const char *other, bool buries)
{
	char first[PATH_MAX], second[PATH_MAX] = "";
	int error = errno;
	if (is_recording() && find_path(dir, name, first) && (!other || find_path(other_dir, other, second))
			&& (is_path_below(first) || is_path_below(second))) {
		uint64_t token = buries ? bury(other ? second : first) : 0;
		note((struct entry){ .kind = kind, .inode = folder_of(first), .other = other ? folder_of(second) : 0, .token = token },
			first, strlen(first) + 1, second, strlen(second) + 1);
	}
	errno = error;
}

/* A file that is emptied when it is opened. */
static void note_emptying(int dir, const char *name)
{
	int fd = REAL(openat)(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat file;
	if (fd >= 0 && !fstat(fd, &file)) {
		struct undo_write write = undo_before_write(fd, 0, (size_t)file.st_size);
		undo_after_write(&write, false);
	}
	if (fd >= 0)
		close(fd);
}

static int open_noted(int dir, const char *name, int flags, mode_t mode)
{
	int error = errno;
	bool is_there = !is_recording() || !(flags & O_CREAT) || !faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW);
	if (!is_there)
		note_name(NOTE_CREATE, dir, name, 0, NULL, false);
	else if (is_recording() && flags & O_TRUNC)
		note_emptying(dir, name);
	errno = error;
	return REAL(openat)(dir, name, flags, mode);
}

#define MODE_OF(flags) ({ \
	mode_t mode_ = 0; \
	if ((flags) & (O_CREAT | O_TMPFILE)) { \
		va_list rest_; \
		va_start(rest_, flags); \
		mode_ = va_arg(rest_, mode_t); \
		va_end(rest_); \
	} \
	mode_; })

int open(const char *name, int flags, ...)
{
	return open_noted(AT_FDCWD, name, flags, MODE_OF(flags));
}

int openat(int dir, const char *name, int flags, ...)
{
	return open_noted(dir, name, flags, MODE_OF(flags));
}

int unlinkat(int dir, const char *name, int flags)
{
	if (!(flags & AT_REMOVEDIR))
		note_name(NOTE_UNLINK, dir, name, 0, NULL, true);
	return REAL(unlinkat)(dir, name, flags);
}

int unlink(const char *name)
{
	return unlinkat(AT_FDCWD, name, 0);
}

int renameat(int dir, const char *name, int other_dir, const char *other)
{
	note_name(NOTE_RENAME, dir, name, other_dir, other, true);
	return REAL(renameat)(dir, name, other_dir, other);
}

int rename(const char *name, const char *other)
{
	return renameat(AT_FDCWD, name, AT_FDCWD, other);
}

int linkat(int dir, const char *name, int other_dir, const char *other, int flags)
{
	note_name(NOTE_LINK, dir, name, other_dir, other, false);
	return REAL(linkat)(dir, name, other_dir, other, flags);
}

int link(const char *name, const char *other)
{
	return linkat(AT_FDCWD, name, AT_FDCWD, other, 0);
}

int mkdirat(int dir, const char *name, mode_t mode)
{
	note_name(NOTE_MKDIR, dir, name, 0, NULL, false);
	return REAL(mkdirat)(dir, name, mode);
}

int mkdir(const char *name, mode_t mode)
{
	return mkdirat(AT_FDCWD, name, mode);
}

int open64(const char *name, int flags, ...) __attribute__((alias("open")));
int openat64(int dir, const char *name, int flags, ...) __attribute__((alias("openat")));
int ftruncate64(int fd, off64_t size) __attribute__((alias("ftruncate")));
