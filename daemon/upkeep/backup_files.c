/* Files of a backup: read, made, copied, hashed; and directories brought to disk or taken away. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs/digest.h"
#include "daemon/upkeep/backup_parts.h"
#include "daemon/ledger/disk.h"
#include "daemon/ledger/record.h"

enum { PIECE_SIZE = 256 << 10, READ_FILE_MAX = 1 << 30, OPEN_DIRECTORIES_MAX = 16 };

enum fault backup_join(char path[BACKUP_PATH_SIZE], const char *directory, const char *name)
{
	return snprintf(path, BACKUP_PATH_SIZE, "%s/%s", directory, name) < BACKUP_PATH_SIZE ? OK :
		fault_say(FAULT_USAGE, "the path %.60s… is too long", directory);
}

enum fault backup_open_dir(const char *path, int *dir)
{
	*dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir >= 0)
		return OK;
	bool is_elsewhere = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
	return is_elsewhere ? fault_say(FAULT_NO_INPUT, "%s: %m", path) : disk_fault(path);
}

static enum fault read_all(int file, const char *name, struct bytes *content)
{
	struct stat stat;
	size_t got;
	if (fstat(file, &stat) || !S_ISREG(stat.st_mode))
		return fault_say(FAULT_IO, "%s is not a regular file", name);
	if (stat.st_size > READ_FILE_MAX)
		return fault_say(FAULT_TOO_LARGE, "%s has %lld bytes", name, (long long)stat.st_size);
	TRY(bytes_reserve(content, (size_t)stat.st_size + 1));
	TRY(disk_read(file, content->at + content->len, (size_t)stat.st_size, 0, &got));
	content->len += got;
	return OK;
}

enum fault backup_read_file(int dir, const char *name, struct bytes *content)
{
	int file = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		return disk_fault(name);
	enum fault fault = read_all(file, name, content);
	close(file);
	return fault;
}

static enum fault make_way(int dir, const char *name)
{
	char path[BACKUP_PATH_SIZE];
	for (const char *slash = strchr(name + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(path, sizeof path, "%.*s", (int)(slash - name), name);
		if (mkdirat(dir, path, 0700) && errno != EEXIST)
			return disk_fault(path);
	}
	return OK;
}

enum fault backup_new_file(int dir, const char *name, int *file)
{
	TRY(make_way(dir, name));
	*file = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *file < 0 ? disk_fault(name) : OK;
}

enum fault backup_end_file(int file, enum fault fault)
{
	if (!fault && fsync(file))
		fault = disk_fault("sync");
	if (close(file) && !fault)
		fault = disk_fault("close");
	return fault;
}

enum fault backup_hash(int from, int to, uint8_t found[DIGEST_SIZE], uint64_t *size)
{
	struct digest *digest = digest_new();
	uint8_t *piece = malloc(PIECE_SIZE);
	enum fault fault = digest && piece ? OK : FAULT_NO_MEMORY;
	size_t got = PIECE_SIZE;
	for (*size = 0; !fault && got == PIECE_SIZE; *size += got) {
		fault = disk_read(from, piece, PIECE_SIZE, *size, &got);
		if (!fault && to >= 0)
			fault = disk_write(to, (struct span){ piece, got }, *size);
		if (!fault)
			digest_update(digest, (struct span){ piece, got });
	}
	if (digest)
		digest_finish(digest, found);
	digest_free(digest);
	free(piece);
	return fault;
}

/* ── trees ────────────────────────────────────────────────────────────────────────────────────── */

static int sync_one(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
	(void)stat, (void)ftw;
	return kind == FTW_DP && disk_sync_dir(AT_FDCWD, path) ? -1 : 0;
}

enum fault backup_sync_tree(const char *path)
{
	return nftw(path, sync_one, OPEN_DIRECTORIES_MAX, FTW_DEPTH | FTW_PHYS) ?
		fault_say(FAULT_IO, "%s cannot be brought to disk", path) : OK;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
	(void)stat, (void)kind, (void)ftw;
	return remove(path);
}

void backup_remove_tree(const char *path)
{
	nftw(path, remove_one, OPEN_DIRECTORIES_MAX, FTW_DEPTH | FTW_PHYS);	/* what stays is removed the next time */
}

/* ── what is told ─────────────────────────────────────────────────────────────────────────────── */

void backup_tell(Comity__BackupReport *report, struct arena *arena, enum fault fault, const char *path,
	const char *sentence)
{
	Comity__Problem *problem = arena_alloc(arena, sizeof *problem);
	if (!problem)
		return;
	comity__problem__init(problem);
	problem->severity = "error";
	problem->code = (char *)fault_slug(fault);
	problem->path = record_text(arena, path);
	problem->message = record_text(arena, sentence);
	record_append(arena, &report->n_problems, &report->problems, &problem, sizeof problem);
}

void backup_report_head(Comity__BackupReport *report, const struct backup_head *head, const char *path,
	struct arena *arena)
{
	report->schema = "comity.backup/1";
	report->path = record_text(arena, path);
	report->authority = record_text(arena, head->authority);
	report->at = record_text(arena, head->at);
	report->software = record_text(arena, head->software);
	report->has_keys = report->has_events = report->has_store_bytes = report->has_attachments = 1;
	report->has_attachment_bytes = 1;
	report->keys = head->has_keys;
	report->events = head->events;
	report->store_bytes = head->store_bytes;
	report->attachments = head->attachments;
	report->attachment_bytes = head->attachment_bytes;
}
