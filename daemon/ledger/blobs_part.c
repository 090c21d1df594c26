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

struct blob_part {
	struct blobs *blobs;
	uint8_t case_id[CASE_ID_SIZE];
	char name[PART_NAME_SIZE];
	int fd;
	uint64_t size;			/* bytes of content taken: in the file, the stream, or the chunk */
	struct disk_stream stream;
	struct digest *digest;
	struct seal *seal;
	uint8_t head[SEAL_HEAD_SIZE];
	uint64_t index;			/* of the chunk that is being filled */
	size_t filled;
	size_t waiting, taken;		/* sealed bytes that the stream must still take, and has */
	uint8_t *sealed;		/* SEAL_CHUNK_SEALED bytes; NULL while nothing waits: parts may be many */
	uint8_t chunk[SEAL_CHUNK];
};

static void part_free(struct blob_part *part)
{
	digest_free(part->digest);
	seal_free(part->seal);
	free(part->sealed);
	disk_stream_clear(&part->stream);
	if (part->fd >= 0)
		close(part->fd);
	free(part);
}

/* ── begin ──────────────────────────────────────────────────────────────────────────────────── */

static uint64_t part_place(uint64_t index)
{
	return SEAL_HEAD_SIZE + index * SEAL_CHUNK_SEALED;
}

static enum fault have_sealed(struct blob_part *part)
{
	if (!part->sealed)
		part->sealed = malloc(SEAL_CHUNK_SEALED);
	return part->sealed ? OK : FAULT_NO_MEMORY;
}

/* Hash what is there, up to the first chunk that does not open: the power went while it was written, or it is the last
 * one of a part that was as good as finished.  From there on it is asked for again. */
static enum fault take_up(struct blob_part *part, struct disk_window *window, uint64_t sealed_size)
{
	size_t got;
	TRY(have_sealed(part));
	struct span sealed = { part->sealed, SEAL_CHUNK_SEALED };
	for (; part_place(part->index + 1) <= sealed_size; part->index++) {
		TRY(disk_window_read(window, part_place(part->index), part->sealed, SEAL_CHUNK_SEALED, &got));
		if (got < SEAL_CHUNK_SEALED || !seal_chunk_open(part->seal, part->index, false, sealed, part->chunk))
			break;
		digest_update(part->digest, SPAN(part->chunk));
	}
	part->size = part->index * SEAL_CHUNK;
	return OK;
}

/* With a head of ours; false: what is there is of no use. */
static bool has_head(struct blob_part *part, const struct seal *key)
{
	size_t got;
	return !disk_read(part->fd, part->head, sizeof part->head, 0, &got) && got == sizeof part->head &&
		!seal_stream_again(key, part->head, &part->seal);
}

static enum fault go_on(struct blob_part *part, uint64_t sealed_size)
{
	struct disk_window window;
	disk_window_begin(&window, part->fd);
	enum fault fault = take_up(part, &window, sealed_size);
	disk_window_clear(&window);
	return fault;
}

static enum fault begin_anew(struct blob_part *part, const struct seal *key)
{
	TRY(seal_stream_begin(key, part->head, &part->seal));
	TRY(have_sealed(part));
	memcpy(part->sealed, part->head, sizeof part->head);
	part->waiting = sizeof part->head;
	return OK;
}

static enum fault begin_stream(struct blob_part *part, uint64_t sealed_size)
{
	struct seal *key;
	TRY(blobs_key(part->blobs, part->case_id, &key));
	bool is_there = has_head(part, key);
	enum fault fault = is_there ? go_on(part, sealed_size) : begin_anew(part, key);
	seal_free(key);
	TRY(fault);
	uint64_t kept = is_there ? part_place(part->index) : 0;
	if (kept < sealed_size && ftruncate(part->fd, (off_t)kept))
		return disk_fault(part->name);
	return disk_stream_begin(&part->stream, part->fd, kept);
}

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
	return fstat(part->fd, &file) ? disk_fault(part->name) : begin_stream(part, (uint64_t)file.st_size);
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
		return fault_say(FAULT_DISK_FULL, "no disk has room for that");	/* and no sum below overflows */
	uint64_t from = part_place(part->index), to = seal_sealed_size(size);
	if (to > INT64_MAX)
		return fault_say(FAULT_DISK_FULL, "no disk has room for that");
	if (!fallocate(part->fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)))
		return OK;
	return errno == EOPNOTSUPP ? OK : disk_fault("reserve");	/* some file systems cannot */
}

/* Hand what is sealed to the stream.  After a fault the rest waits for the next attempt. */
static enum fault push(struct blob_part *part)
{
	size_t taken;
	while (part->waiting) {
		TRY(disk_stream_take(&part->stream, (struct span){ part->sealed + part->taken, part->waiting }, &taken));
		part->taken += taken;
		part->waiting -= taken;
	}
	part->taken = 0;
	free(part->sealed);
	part->sealed = NULL;
	return OK;
}

/* Seal the chunk as it is.  What was sealed before must be gone. */
static enum fault seal_chunk(struct blob_part *part, bool is_last)
{
	TRY(push(part));
	TRY(have_sealed(part));
	TRY(seal_chunk_close(part->seal, part->index, is_last, (struct span){ part->chunk, part->filled }, part->sealed));
	part->waiting = part->filled + SEAL_OVERHEAD;
	part->filled = 0;
	part->index++;
	return push(part);
}

/* A full chunk waits until more comes: only then is it known not to be the last. */
enum fault blob_write(struct blob_part *part, struct span bytes)
{
	TRY(push(part));
	while (bytes.len) {
		if (part->filled == SEAL_CHUNK)
			TRY(seal_chunk(part, false));
		size_t room = SEAL_CHUNK - part->filled, taken = bytes.len < room ? bytes.len : room;
		memcpy(part->chunk + part->filled, bytes.at, taken);
		digest_update(part->digest, (struct span){ bytes.at, taken });
		part->filled += taken;
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
static enum fault sync_part(struct blob_part *part, const uint8_t *digest)
{
	uint8_t label[BLOB_LABEL_SIZE];
	TRY(seal_chunk(part, true));
	TRY(disk_stream_flush(&part->stream));
	TRY(seal_stream_label(part->seal, blobs_label(label, digest, part->size), part->head));
	TRY(disk_stream_amend(&part->stream, SPAN(part->head), 0));
	if (ftruncate(part->fd, (off_t)seal_sealed_size(part->size)))	/* gives back what was reserved and not used */
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
	fault = sync_part(part, found);
	if (!fault)
		fault = give_name(part, found);
	part_free(part);
	return fault;
}

void blob_leave(struct blob_part *part)
{
	if (!part)
		return;
	enum fault fault = part->filled == SEAL_CHUNK ? seal_chunk(part, false) : push(part);
	if (!fault)
		fault = disk_stream_flush(&part->stream);
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
