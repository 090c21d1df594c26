#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ledger/blobs_files.h"
#include "daemon/ledger/disk.h"
#include "daemon/ledger/disk_stream.h"
#include "daemon/mischief.h"

enum { HASH_SIZE = 16 << 10 };

struct blob_part {
	struct blobs *blobs;
	uint8_t case_id[CASE_ID_SIZE];
	char name[PART_NAME_SIZE];
	int fd;
	uint64_t size;			/* bytes taken: in the file, or in the stream */
	struct disk_stream stream;
	struct digest *digest;
};

enum fault blobs_hash_file(struct digest *digest, int fd, uint64_t size)
{
	struct disk_window window;
	uint8_t piece[HASH_SIZE];
	enum fault fault = disk_window_begin(&window, fd);
	size_t got;
	for (uint64_t offset = 0; !fault && offset < size; offset += got) {
		uint64_t left = size - offset;
		fault = disk_window_read(&window, offset, piece, left < HASH_SIZE ? (size_t)left : HASH_SIZE, &got);
		if (!fault && !got)
			fault = fault_say(FAULT_IO, "an attachment's file is shorter than it was");
		if (!fault)
			digest_update(digest, (struct span){ piece, got });
	}
	disk_window_clear(&window);
	return fault;
}

static void part_free(struct blob_part *part)
{
	digest_free(part->digest);
	disk_stream_clear(&part->stream);
	if (part->fd >= 0)
		close(part->fd);
	free(part);
}

/* ── begin ──────────────────────────────────────────────────────────────────────────────────── */

/* Two writers of one part would each hash what the other overwrote. */
static enum fault open_part(struct blob_part *part)
{
	struct stat file;
	static const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
	part->fd = openat(part->blobs->dir, part->name, flags, 0600);
	if (part->fd < 0)
		return disk_fault(part->name);
	if (flock(part->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return fault_say(FAULT_NOT_YET, "this attachment is being written already");
	if (fstat(part->fd, &file))
		return disk_fault(part->name);
	part->size = (uint64_t)file.st_size;
	TRY(blobs_hash_file(part->digest, part->fd, part->size));
	return disk_stream_begin(&part->stream, part->fd, part->size);
}

enum fault blob_begin(struct blobs *blobs, const uint8_t *case_id, struct span token,
                      struct blob_part **begun)
{
	*begun = NULL;
	struct blob_part *part = calloc(1, sizeof *part);
	if (!part)
		return FAULT_NO_MEMORY;
	part->blobs = blobs;
	part->fd = -1;
	memcpy(part->case_id, case_id, CASE_ID_SIZE);
	part->digest = digest_new();
	enum fault fault = part->digest ? OK : FAULT_NO_MEMORY;
	if (!fault)
		fault = blobs_part_name(blobs, case_id, token, part->name);
	if (!fault)
		fault = open_part(part);
	if (fault)
		part_free(part);
	else
		*begun = part;
	return fault;
}

uint64_t blob_part_size(const struct blob_part *part)
{
	return part->size;
}

/* ── write ──────────────────────────────────────────────────────────────────────────────────── */

enum fault blob_reserve(struct blob_part *part, uint64_t size)
{
	if (size <= part->size)
		return OK;
	if (size > INT64_MAX)
		return fault_say(FAULT_DISK_FULL, "no disk has room for that");
	if (!fallocate(part->fd, FALLOC_FL_KEEP_SIZE, (off_t)part->size, (off_t)(size - part->size)))
		return OK;
	return errno == EOPNOTSUPP ? OK : disk_fault("reserve");	/* some file systems cannot */
}

enum fault blob_write(struct blob_part *part, struct span bytes)
{
	size_t taken;
	while (bytes.len) {
		TRY(disk_stream_take(&part->stream, bytes, &taken));
		digest_update(part->digest, (struct span){ bytes.at, taken });
		part->size += taken;
		bytes = (struct span){ bytes.at + taken, bytes.len - taken };
	}
	return OK;
}

/* ── finish ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault check(struct blob_part *part, uint64_t size, const uint8_t *expected,
                        const uint8_t *found)
{
	if (part->size != size)
		return fault_say(FAULT_DIGEST_MISMATCH, "an attachment has %" PRIu64 " bytes, %" PRIu64
		                 " were announced", part->size, size);
	if (expected && memcmp(expected, found, DIGEST_SIZE))
		return fault_say(FAULT_DIGEST_MISMATCH, "an attachment does not have the announced digest");
	return OK;
}

/* Where a blob of that name is there already it is replaced, which heals it if it has rotted.  The
 * upper directory is synced each time: who made the lower one may have died before it was. */
static enum fault give_name(struct blob_part *part, const uint8_t *digest)
{
	char name[BLOB_NAME_SIZE], shard[3] = { 0 };
	int dir = part->blobs->dir;
	TRY(blobs_name(part->blobs, (struct blob_id){ part->case_id, digest }, name));
	memcpy(shard, name, 2);
	if (mkdirat(dir, shard, 0700) && errno != EEXIST)
		return disk_fault(shard);
	mischief("before-rename", "blob");
	if (renameat(dir, part->name, dir, name))
		return disk_fault(name);
	mischief("after-rename", "blob");
	TRY(disk_sync_dir(dir, shard));
	return disk_sync_dir(dir, ".");
}

/* After a sync that failed the cache is right and the disk is not, and the next sync would not say so:
 * nothing of such a part is to be resumed. */
static enum fault sync_part(struct blob_part *part)
{
	TRY(disk_stream_flush(&part->stream));
	if (ftruncate(part->fd, (off_t)part->size))	/* gives back what was reserved and not used */
		return disk_fault(part->name);
	mischief("before-sync", "blob");
	if (!fdatasync(part->fd)) {
		mischief("after-sync", "blob");
		return OK;
	}
	enum fault fault = disk_fault(part->name);
	unlinkat(part->blobs->dir, part->name, 0);
	return fault;
}

enum fault blob_finish(struct blob_part *part, uint64_t size, const uint8_t *expected, uint8_t *digest)
{
	uint8_t found[DIGEST_SIZE];
	digest_finish(part->digest, found);
	enum fault fault = check(part, size, expected, found);
	if (fault) {
		blob_discard(part);
		return fault;
	}
	if (digest)
		memcpy(digest, found, DIGEST_SIZE);
	fault = sync_part(part);
	if (!fault)
		fault = give_name(part, found);
	part_free(part);
	return fault;
}

void blob_leave(struct blob_part *part)
{
	if (!part)
		return;
	enum fault fault = disk_stream_flush(&part->stream);
	(void)fault;	/* what was not written is asked for again */
	part_free(part);
}

void blob_discard(struct blob_part *part)
{
	if (!part)
		return;
	unlinkat(part->blobs->dir, part->name, 0);	/* if it stays, resuming it fails again */
	part_free(part);
}
