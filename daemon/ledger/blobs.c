#include "daemon/ledger/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "certs/digest.h"
#include "daemon/ledger/blobs_files.h"
#include "daemon/ledger/disk.h"
#include "daemon/ledger/disk_stream.h"

static const char salt_name[] = ".salt", salt_fresh[] = ".salt.new";

/* ── names ──────────────────────────────────────────────────────────────────────────────────── */

/* All pieces before the last have fixed sizes, so no two rows of pieces are the same bytes.  Nobody is
 * shown a hash and asked to believe it, so a key in front is enough and needs no HMAC. */
static enum fault keyed_hash(const struct blobs *blobs, const char purpose[4], const uint8_t *case_id,
                             struct span what, char hex[DIGEST_HEX_SIZE + 1])
{
	struct digest *digest = digest_new();
	if (!digest)
		return FAULT_NO_MEMORY;
	uint8_t hash[DIGEST_SIZE];
	digest_update(digest, SPAN(blobs->salt));
	digest_update(digest, (struct span){ (const uint8_t *)purpose, 4 });
	digest_update(digest, (struct span){ case_id, CASE_ID_SIZE });
	digest_update(digest, what);
	digest_finish(digest, hash);
	digest_free(digest);
	hex_write(hex, SPAN(hash));
	return OK;
}

enum fault blobs_name(const struct blobs *blobs, struct blob_id id, char name[BLOB_NAME_SIZE])
{
	char hex[DIGEST_HEX_SIZE + 1];
	TRY(keyed_hash(blobs, "blob", id.case_id, (struct span){ id.digest, DIGEST_SIZE }, hex));
	snprintf(name, BLOB_NAME_SIZE, "%.2s/%.62s", hex, hex + 2);
	return OK;
}

enum fault blobs_part_name(const struct blobs *blobs, const uint8_t *case_id, struct span token,
                           char name[PART_NAME_SIZE])
{
	char hex[DIGEST_HEX_SIZE + 1];
	TRY(keyed_hash(blobs, "part", case_id, token, hex));
	snprintf(name, PART_NAME_SIZE, "incoming/%s.part", hex);
	return OK;
}

/* ── the directory ──────────────────────────────────────────────────────────────────────────── */

static enum fault fill_salt(int fd)
{
	uint8_t salt[SALT_SIZE];
	if (getrandom(salt, sizeof salt, 0) != sizeof salt)
		return disk_fault("random bytes");
	TRY(disk_write(fd, SPAN(salt), 0));
	return fsync(fd) ? disk_fault(salt_name) : OK;
}

/* Under another name first: a salt is whole or not there. */
static enum fault write_salt(int dir)
{
	int fd = openat(dir, salt_fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return disk_fault(salt_name);
	enum fault fault = fill_salt(fd);
	close(fd);
	TRY(fault);
	return renameat(dir, salt_fresh, dir, salt_name) ? disk_fault(salt_name) : OK;
}

static enum fault fill_dir(int dir)
{
	if (!faccessat(dir, salt_name, F_OK, 0))
		return fault_say(FAULT_EXISTS, "there are blobs already");
	if (mkdirat(dir, "incoming", 0700) && errno != EEXIST)
		return disk_fault("incoming");
	TRY(write_salt(dir));
	TRY(disk_sync_dir(dir, "."));
	return disk_sync_dir(dir, "..");
}

enum fault blobs_create(const char *path)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return disk_fault(path);
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return disk_fault(path);
	enum fault fault = fill_dir(dir);
	close(dir);
	return fault;
}

static enum fault read_salt(struct blobs *blobs)
{
	int fd = openat(blobs->dir, salt_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return fault_say(FAULT_STORE_BROKEN, "the blobs have lost their .salt");
	if (fd < 0)
		return disk_fault(salt_name);
	size_t got;
	uint8_t more[SALT_SIZE + 1];
	enum fault fault = disk_read(fd, more, sizeof more, 0, &got);
	close(fd);
	TRY(fault);
	if (got != SALT_SIZE)
		return fault_say(FAULT_STORE_BROKEN, "the .salt of the blobs has %zu bytes", got);
	memcpy(blobs->salt, more, SALT_SIZE);
	return OK;
}

static enum fault open_dir(struct blobs *blobs, const char *path)
{
	blobs->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (blobs->dir >= 0)
		return OK;
	return errno == ENOENT ? fault_say(FAULT_STORE_MISSING, "there is no %s", path) : disk_fault(path);
}

enum fault blobs_open(const char *path, struct blobs **opened)
{
	*opened = NULL;
	struct blobs *blobs = calloc(1, sizeof *blobs);
	if (!blobs)
		return FAULT_NO_MEMORY;
	enum fault fault = open_dir(blobs, path);
	if (!fault)
		fault = read_salt(blobs);
	if (fault)
		blobs_close(blobs);
	else
		*opened = blobs;
	return fault;
}

void blobs_close(struct blobs *blobs)
{
	if (!blobs)
		return;
	if (blobs->dir >= 0)
		close(blobs->dir);
	free(blobs);
}

enum fault blobs_have_room(struct blobs *blobs, uint64_t bytes)
{
	struct statvfs disk;
	if (fstatvfs(blobs->dir, &disk))
		return disk_fault("blobs");
	uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (free_bytes >= blobs->keep_free && free_bytes - blobs->keep_free >= bytes)
		return OK;
	return fault_say(FAULT_DISK_FULL, "%" PRIu64 " bytes are asked for, %" PRIu64 " are free, and %" PRIu64
	                 " are kept free (limits.keep_free)", bytes, free_bytes, blobs->keep_free);
}

void blobs_set_keys(struct blobs *blobs, blobs_find_key *find, void *owner)
{
	blobs->find_key = find;
	blobs->keys = owner;
}

void blobs_set_keep_free(struct blobs *blobs, uint64_t bytes)
{
	blobs->keep_free = bytes;
}

/* ── whole blobs ────────────────────────────────────────────────────────────────────────────── */

bool blobs_has(struct blobs *blobs, struct blob_id id, uint64_t *size)
{
	char name[BLOB_NAME_SIZE];
	struct stat file;
	if (blobs_name(blobs, id, name) || fstatat(blobs->dir, name, &file, AT_SYMLINK_NOFOLLOW))
		return false;
	if (size)
		*size = seal_plain_size((uint64_t)file.st_size);
	return S_ISREG(file.st_mode);
}

enum fault blobs_remove(struct blobs *blobs, struct blob_id id)
{
	char name[BLOB_NAME_SIZE];
	TRY(blobs_name(blobs, id, name));
	if (unlinkat(blobs->dir, name, 0))
		return errno == ENOENT ? OK : disk_fault(name);
	name[2] = 0;	/* its directory */
	return disk_sync_dir(blobs->dir, name);
}

static void tell_file(int shard, const char *name, const struct dirent *entry,
                      void (*tell)(void *owner, const char *name, uint64_t size, int64_t age_seconds), void *owner)
{
	char path[BLOB_NAME_SIZE];
	struct stat file;
	int length = snprintf(path, sizeof path, "%s/%s", name, entry->d_name);
	if (length != BLOB_NAME_SIZE - 1 || fstatat(shard, entry->d_name, &file, AT_SYMLINK_NOFOLLOW) || !S_ISREG(file.st_mode))
		return;
	tell(owner, path, seal_plain_size((uint64_t)file.st_size), time(NULL) - file.st_mtim.tv_sec);
}

enum fault blobs_each(struct blobs *blobs, void (*tell)(void *owner, const char *name, uint64_t size, int64_t age_seconds),
                      void *owner)
{
	for (unsigned shard = 0; shard < 256; shard++) {
		char name[3];
		snprintf(name, sizeof name, "%02x", shard);
		int fd = openat(blobs->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		if (!dir && fd < 0 && errno == ENOENT)
			continue;	/* nothing came to lie there yet */
		if (!dir) {
			enum fault fault = disk_fault(name);
			if (fd >= 0)
				close(fd);
			return fault;
		}
		for (struct dirent *entry; (entry = readdir(dir)); )
			tell_file(fd, name, entry, tell, owner);
		closedir(dir);
	}
	return OK;
}
