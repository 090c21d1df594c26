/* Parts that nobody will go on with. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ledger/blobs_files.h"
#include "daemon/ledger/disk.h"

enum { BATCH = 64 };

struct blob_leftovers {
	struct blobs *blobs;
	DIR *dir;
	int64_t before;
	size_t count;
	char names[BATCH][PART_NAME_SIZE];
};

enum fault blob_leftovers_open(struct blobs *blobs, int64_t before, struct blob_leftovers **opened)
{
	*opened = NULL;
	struct blob_leftovers *leftovers = calloc(1, sizeof *leftovers);
	if (!leftovers)
		return FAULT_NO_MEMORY;
	leftovers->blobs = blobs;
	leftovers->before = before;
	int fd = openat(blobs->dir, "incoming", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	leftovers->dir = fd < 0 ? NULL : fdopendir(fd);
	if (leftovers->dir) {
		*opened = leftovers;
		return OK;
	}
	enum fault fault = disk_fault("incoming");
	if (fd >= 0)
		close(fd);
	free(leftovers);
	return fault;
}

/* Old, and of our making: whatever else lies there is not ours to delete. */
static bool is_left(const struct blob_leftovers *leftovers, const char *name)
{
	struct stat file;
	size_t length = strlen(name);
	return length == DIGEST_HEX_SIZE + strlen(".part") && !strcmp(name + DIGEST_HEX_SIZE, ".part") &&
		!fstatat(dirfd(leftovers->dir), name, &file, AT_SYMLINK_NOFOLLOW) && S_ISREG(file.st_mode) &&
		file.st_mtime < leftovers->before;
}

bool blob_leftovers_next(struct blob_leftovers *leftovers)
{
	const struct dirent *entry;
	leftovers->count = 0;
	while (leftovers->count < BATCH && (entry = readdir(leftovers->dir)))
		if (is_left(leftovers, entry->d_name))
			snprintf(leftovers->names[leftovers->count++], PART_NAME_SIZE, "incoming/%.*s", PART_NAME_SIZE - 10, entry->d_name);
	return leftovers->count > 0;
}

enum fault blob_leftovers_spare(struct blob_leftovers *leftovers, const uint8_t *case_id, struct span token)
{
	char name[PART_NAME_SIZE];
	TRY(blobs_part_name(leftovers->blobs, case_id, token, name));
	for (size_t i = 0; i < leftovers->count; i++)
		if (!strcmp(leftovers->names[i], name))
			leftovers->names[i][0] = '\0';
	return OK;
}

/* Whoever writes a part holds its lock (blob_begin). */
static bool delete_unlocked(const struct blobs *blobs, const char *name)
{
	int fd = openat(blobs->dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	bool is_deleted = !flock(fd, LOCK_EX | LOCK_NB) && !unlinkat(blobs->dir, name, 0);
	close(fd);
	return is_deleted;
}

size_t blob_leftovers_delete(struct blob_leftovers *leftovers)
{
	size_t deleted = 0;
	for (size_t i = 0; i < leftovers->count; i++)
		deleted += leftovers->names[i][0] && delete_unlocked(leftovers->blobs, leftovers->names[i]);
	leftovers->count = 0;
	return deleted;
}

void blob_leftovers_close(struct blob_leftovers *leftovers)
{
	if (!leftovers)
		return;
	closedir(leftovers->dir);
	free(leftovers);
}
