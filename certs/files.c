#include "certs/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum fault file_fault(const char *path)
{
	static const struct { int number; enum fault fault; } table[] = {
		{ EEXIST, FAULT_EXISTS }, { ENOSPC, FAULT_DISK_FULL }, { EDQUOT, FAULT_DISK_FULL },
		{ ENOMEM, FAULT_NO_MEMORY },
		{ ENOENT, FAULT_CANNOT_CREATE }, { ENOTDIR, FAULT_CANNOT_CREATE }, { EISDIR, FAULT_CANNOT_CREATE },
		{ EACCES, FAULT_CANNOT_CREATE }, { EPERM, FAULT_CANNOT_CREATE }, { EROFS, FAULT_CANNOT_CREATE },
		{ ELOOP, FAULT_CANNOT_CREATE }, { ENAMETOOLONG, FAULT_CANNOT_CREATE },
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].number == errno)
			return fault_say(table[i].fault, "%s: %s", path,
				table[i].fault == FAULT_CANNOT_CREATE ? strerror(errno) : fault_text(table[i].fault));
	return fault_say(FAULT_IO, "%s: %s", path, strerror(errno));
}

static bool write_all(int fd, struct span content)
{
	while (content.len) {
		ssize_t count = write(fd, content.at, content.len);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return false;
		content.at += count;
		content.len -= (size_t)count;
	}
	return true;
}

static enum fault sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return directory_sync(".");
	char parent[4096];
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	if (len >= sizeof parent)
		return fault_say(FAULT_IO, "%s: %s", path, strerror(ENAMETOOLONG));
	memcpy(parent, path, len);
	parent[len] = 0;
	return directory_sync(parent);
}

enum fault directory_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return file_fault(path);
	enum fault fault = fsync(fd) ? file_fault(path) : OK;
	close(fd);
	return fault;
}

/* Do that for each file whose name is wanted. */
static enum fault for_each_file(const char *path, bool (*is_wanted)(const char *name),
				enum fault (*act)(const char *file, const char *name, const char *to), const char *to)
{
	char file[4096];
	enum fault fault = OK;
	DIR *directory = opendir(path);
	if (!directory)
		return file_fault(path);
	for (struct dirent *entry; !fault && (entry = readdir(directory));) {
		if (entry->d_type != DT_REG || !is_wanted(entry->d_name))
			continue;
		if (snprintf(file, sizeof file, "%s/%s", path, entry->d_name) < (int)sizeof file)
			fault = act(file, entry->d_name, to);
	}
	closedir(directory);
	return fault;
}

static enum fault share_one(const char *file, const char *name, const char *to)
{
	char other[4096];
	if (snprintf(other, sizeof other, "%s/%s", to, name) >= (int)sizeof other)
		return fault_say(FAULT_IO, "%s: %s", file, strerror(ENAMETOOLONG));
	return link(file, other) && errno != EEXIST ? file_fault(file) : OK;
}

enum fault directory_share(const char *from, const char *to, bool (*is_wanted)(const char *name))
{
	return for_each_file(from, is_wanted, share_one, to);
}

static enum fault sweep_one(const char *file, const char *name, const char *to)
{
	(void)name, (void)to;
	unlink(file);
	return OK;
}

void directory_sweep(const char *path, bool (*is_wanted)(const char *name))
{
	(void)!for_each_file(path, is_wanted, sweep_one, NULL);
}

enum fault file_create(const char *path, enum file_privacy privacy, struct span content)
{
	mode_t mode = privacy == FILE_PRIVATE ? 0600 : 0644;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return file_fault(path);
	bool is_whole = write_all(fd, content) && fsync(fd) == 0;
	enum fault fault = is_whole ? OK : file_fault(path);
	if (close(fd) && !fault)
		fault = file_fault(path);
	if (fault)
		unlink(path);
	return fault ? fault : sync_parent(path);
}

enum fault file_replace(const char *path, enum file_privacy privacy, struct span content)
{
	char beside[4096];
	if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
		return fault_say(FAULT_IO, "%s: %s", path, strerror(ENAMETOOLONG));
	unlink(beside);		/* of a replacing that was cut short */
	TRY(file_create(beside, privacy, content));
	return rename(beside, path) ? file_fault(path) : sync_parent(path);
}

static enum fault check(int fd, const char *path, enum file_privacy privacy, size_t size_max)
{
	struct stat stat;
	if (fstat(fd, &stat))
		return file_fault(path);
	if (!S_ISREG(stat.st_mode))
		return fault_say(FAULT_NO_INPUT, "%s is not a regular file", path);
	if ((uint64_t)stat.st_size > size_max)
		return fault_say(FAULT_TOO_LARGE, "%s has %lld bytes; at most %zu are read", path,
				 (long long)stat.st_size, size_max);
	if (privacy == FILE_PUBLIC)
		return OK;
	if (stat.st_mode & 077)
		return fault_say(FAULT_BAD_KEY, "%s is open to others (mode %04o); mend it with: chmod 600 %s",
				 path, stat.st_mode & 07777, path);
	if (stat.st_uid != geteuid() && stat.st_uid != 0)
		return fault_say(FAULT_BAD_KEY, "%s belongs to another user (uid %u)", path, stat.st_uid);
	return OK;
}

/* The file may grow while it is read, so the limit is held here and not only in check().  Room for any
 * key is taken at once: a buffer that moves would leave a copy of it behind. */
static enum fault read_all(int fd, const char *path, size_t size_max, struct bytes *content)
{
	TRY(bytes_reserve(content, 4096));
	for (size_t total = 0;;) {
		if (content->len == content->room)
			TRY(bytes_reserve(content, content->len));
		ssize_t count = read(fd, content->at + content->len, content->room - content->len);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return file_fault(path);
		if (count == 0)
			return OK;
		content->len += (size_t)count;
		total += (size_t)count;
		if (total > size_max)
			return fault_say(FAULT_TOO_LARGE, "%s has more than %zu bytes", path, size_max);
	}
}

enum fault file_read(const char *path, enum file_privacy privacy, size_t size_max, struct bytes *content)
{
	/* without O_NONBLOCK the opening of a fifo would wait for a writer */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fault_say(FAULT_NO_INPUT, "%s: %s", path, strerror(errno));
	enum fault fault = check(fd, path, privacy, size_max);
	if (!fault)
		fault = read_all(fd, path, size_max, content);
	close(fd);
	return fault;
}

void bytes_wipe(struct bytes *bytes)
{
	if (bytes->at)
		OPENSSL_cleanse(bytes->at, bytes->room);
	bytes_clear(bytes);
}
