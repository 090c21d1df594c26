#include "tools/evidence_tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/files.h"

enum { BLOCK_SIZE = 64 << 10 };

/* ── writing ──────────────────────────────────────────────────────────────────────────────────── */

struct tar_writer {
	char path[PATH_MAX], part[PATH_MAX];
	int64_t now;
	bool replaces;				/* what has that name */
	struct archive *tar;
	int fd;
};

static enum fault why_not(const struct tar_writer *writer, int why)
{
	if (why == ENOSPC || why == EDQUOT)
		return fault_say(FAULT_DISK_FULL, "%s: there is not room enough for it on that disk (%s); nothing of it was left there", writer->path,
			strerror(why));
	return fault_say(FAULT_IO, "%s: it cannot be written: %s; nothing of it was left there", writer->path, strerror(why));
}

/* libarchive has the errno of what failed, and "Write error" for words. */
static enum fault broken(const struct tar_writer *writer)
{
	int why = archive_errno(writer->tar);
	return why > 0 ? why_not(writer, why) : fault_say(FAULT_IO, "%s: %s", writer->path, archive_error_string(writer->tar));
}

static enum fault open_part(struct tar_writer *writer)
{
	if (!writer->replaces && !access(writer->path, F_OK))
		return fault_say(FAULT_EXISTS, "%s exists already", writer->path);
	writer->fd = open(writer->part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (writer->fd < 0)
		return file_fault(writer->part);
	writer->tar = archive_write_new();
	if (!writer->tar)
		return FAULT_NO_MEMORY;
	if (archive_write_set_format_pax_restricted(writer->tar) || archive_write_open_fd(writer->tar, writer->fd))
		return broken(writer);
	return OK;
}

static enum fault create(const char *path, int64_t now, bool replaces, struct tar_writer **writer)
{
	struct tar_writer *made = calloc(1, sizeof *made);
	if (!made)
		return FAULT_NO_MEMORY;
	made->fd = -1;
	made->now = now;
	made->replaces = replaces;
	enum fault fault = OK;
	if (snprintf(made->path, sizeof made->path, "%s", path) >= (int)sizeof made->path ||
	    snprintf(made->part, sizeof made->part, "%s.part", path) >= (int)sizeof made->part)
		fault = fault_say(FAULT_USAGE, "the path is too long");
	if (!fault)
		fault = open_part(made);
	if (fault)
		tar_abandon(made);
	else
		*writer = made;
	return fault;
}

enum fault tar_create(const char *path, int64_t now, struct tar_writer **writer)
{
	return create(path, now, false, writer);
}

enum fault tar_rewrite(const char *path, int64_t now, struct tar_writer **writer)
{
	return create(path, now, true, writer);
}

enum fault tar_begin(struct tar_writer *writer, const char *name, uint64_t size)
{
	struct archive_entry *entry = archive_entry_new();
	if (!entry)
		return FAULT_NO_MEMORY;
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_mtime(entry, writer->now, 0);
	int result = archive_write_header(writer->tar, entry);
	archive_entry_free(entry);
	return result == ARCHIVE_OK ? OK : broken(writer);
}

enum fault tar_write(struct tar_writer *writer, struct span data)
{
	if (!data.len)
		return OK;
	la_ssize_t written = archive_write_data(writer->tar, data.at, data.len);
	if (written < 0)
		return broken(writer);
	/* libarchive drops what is beyond the size that was announced */
	return (size_t)written == data.len ? OK : fault_say(FAULT_INTERNAL, "an entry is longer than it was announced");
}

enum fault tar_add(struct tar_writer *writer, const char *name, struct span content)
{
	TRY(tar_begin(writer, name, content.len));
	return tar_write(writer, content);
}

static enum fault settle(struct tar_writer *writer, uint64_t *size)
{
	struct stat file;
	char directory[PATH_MAX];
	const char *slash = strrchr(writer->path, '/');
	if (archive_write_close(writer->tar))
		return broken(writer);
	if (fsync(writer->fd) || fstat(writer->fd, &file))
		return why_not(writer, errno);
	if (writer->replaces && rename(writer->part, writer->path))
		return file_fault(writer->path);
	if (!writer->replaces && link(writer->part, writer->path))
		return errno == EEXIST ? fault_say(FAULT_EXISTS, "%s: %s", writer->path, strerror(errno)) : why_not(writer, errno);
	if (size)
		*size = (uint64_t)file.st_size;
	snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - writer->path) + 1 : 1, slash ? writer->path : ".");
	return directory_sync(directory);
}

enum fault tar_finish(struct tar_writer *writer, uint64_t *size)
{
	enum fault fault = settle(writer, size);
	tar_abandon(writer);	/* only the second name is left */
	return fault;
}

void tar_abandon(struct tar_writer *writer)
{
	if (!writer)
		return;
	if (writer->tar)
		archive_write_free(writer->tar);
	if (writer->fd >= 0) {
		close(writer->fd);
		unlink(writer->part);
	}
	free(writer);
}

/* ── reading ──────────────────────────────────────────────────────────────────────────────────── */

static enum fault unreadable(struct archive *tar, const char *path)
{
	const char *why = archive_error_string(tar);
	return fault_say(FAULT_BAD_EVIDENCE, "%s: %s", path, why ? why : "it cannot be read");
}

static enum fault read_entry(struct archive *tar, const char *path, const struct tar_listener *listener, void *owner)
{
	static uint8_t block[BLOCK_SIZE];
	for (;;) {
		la_ssize_t got = archive_read_data(tar, block, sizeof block);
		if (got < 0)
			return unreadable(tar, path);
		if (!got)
			return listener->end(owner);
		TRY(listener->data(owner, (struct span){ block, (size_t)got }));
	}
}

/* What we write and nothing else: whoever unpacks it with other tools must find all of it below one directory. */
static bool is_plain(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/";
	return *name && *name != '/' && !name[strspn(name, letters)] && !strstr(name, "..") && !strstr(name, "//");
}

/* A sparse file may claim exabytes in a few bytes. */
static bool is_whole_file(struct archive_entry *entry)
{
	return archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry) && !archive_entry_sparse_count(entry)
		&& archive_entry_size_is_set(entry) && archive_entry_size(entry) >= 0;
}

static enum fault judge_entry(struct archive_entry *entry, const char *path)
{
	const char *name = archive_entry_pathname(entry);
	if (!name || !is_plain(name))
		return fault_say(FAULT_BAD_EVIDENCE, "%s holds something under a name that no part of evidence has", path);
	if (archive_entry_filetype(entry) != AE_IFDIR && !is_whole_file(entry))
		return fault_say(FAULT_BAD_EVIDENCE, "%s holds something that is not a file", path);
	return OK;
}

static enum fault walk(struct archive *tar, const char *path, const struct tar_listener *listener, void *owner)
{
	struct archive_entry *entry;
	for (;;) {
		int result = archive_read_next_header(tar, &entry);
		if (result == ARCHIVE_EOF)
			return OK;
		if (result != ARCHIVE_OK)
			return unreadable(tar, path);
		TRY(judge_entry(entry, path));
		if (archive_entry_filetype(entry) == AE_IFDIR)
			continue;
		TRY(listener->begin(owner, archive_entry_pathname(entry), (uint64_t)archive_entry_size(entry)));
		TRY(read_entry(tar, path, listener, owner));
	}
}

static enum fault open_tar(const char *path, int *fd)
{
	struct stat file;
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &file))
		return fault_say(FAULT_NO_INPUT, "%s: %s", path, strerror(errno));
	if (S_ISDIR(file.st_mode))
		return fault_say(FAULT_NO_INPUT, "%s: %s", path, strerror(EISDIR));
	return OK;
}

/* One archive, from its beginning; what is done with it is the caller's. */
static enum fault open_archive(const char *path, struct archive **tar, int *fd)
{
	*tar = archive_read_new();
	enum fault fault = *tar ? open_tar(path, fd) : FAULT_NO_MEMORY;
	if (!fault && (archive_read_support_format_tar(*tar) || archive_read_open_fd(*tar, *fd, BLOCK_SIZE)))
		fault = unreadable(*tar, path);
	return fault;
}

static void close_archive(struct archive *tar, int fd)
{
	if (tar)
		archive_read_free(tar);
	if (fd >= 0)
		close(fd);
}

enum fault tar_walk(const char *path, const struct tar_listener *listener, void *owner)
{
	struct archive *tar = NULL;
	int fd = -1;
	enum fault fault = open_archive(path, &tar, &fd);
	if (!fault)
		fault = walk(tar, path, listener, owner);
	close_archive(tar, fd);
	return fault;
}

/* ── from one to the other ────────────────────────────────────────────────────────────────────── */

static enum fault copy_content(struct tar_writer *writer, struct archive *tar, const char *path)
{
	static uint8_t block[BLOCK_SIZE];
	for (;;) {
		la_ssize_t got = archive_read_data(tar, block, sizeof block);
		if (got < 0)
			return unreadable(tar, path);
		if (!got)
			return OK;
		TRY(tar_write(writer, (struct span){ block, (size_t)got }));
	}
}

static enum fault copy_all(struct tar_writer *writer, struct archive *tar, const char *path, const char *left_out)
{
	struct archive_entry *entry;
	for (;;) {
		int result = archive_read_next_header(tar, &entry);
		if (result == ARCHIVE_EOF)
			return OK;
		if (result != ARCHIVE_OK)
			return unreadable(tar, path);
		TRY(judge_entry(entry, path));
		const char *name = archive_entry_pathname(entry);
		if (archive_entry_filetype(entry) == AE_IFDIR || !strcmp(name + (strncmp(name, "./", 2) ? 0 : 2), left_out))
			continue;
		if (archive_write_header(writer->tar, entry) != ARCHIVE_OK)
			return broken(writer);
		TRY(copy_content(writer, tar, path));
	}
}

enum fault tar_copy(struct tar_writer *writer, const char *path, const char *left_out)
{
	struct archive *tar = NULL;
	int fd = -1;
	enum fault fault = open_archive(path, &tar, &fd);
	if (!fault)
		fault = copy_all(writer, tar, path, left_out);
	close_archive(tar, fd);
	return fault;
}
