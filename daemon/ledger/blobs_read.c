/* Whole blobs, read: opened chunk by chunk, from any place. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ledger/blobs_files.h"
#include "daemon/ledger/disk.h"
#include "daemon/ledger/disk_stream.h"

struct blob {
	int fd;
	uint64_t size, sealed_size;
	struct seal *seal;
	struct disk_window window;
	uint8_t head[SEAL_HEAD_SIZE];
	uint64_t held;				/* the number of the chunk that is in `chunk`; HELD_NONE: none is */
	uint8_t chunk[SEAL_CHUNK], sealed[SEAL_CHUNK_SEALED];
};

static const uint64_t HELD_NONE = UINT64_MAX;

static enum fault say_altered(void)
{
	return fault_say(FAULT_DIGEST_MISMATCH, "an attachment is not what was stored");
}

/* ── chunks ─────────────────────────────────────────────────────────────────────────────────── */

static uint64_t chunks_of(const struct blob *blob)
{
	return (blob->sealed_size - SEAL_HEAD_SIZE + SEAL_CHUNK_SEALED - 1) / SEAL_CHUNK_SEALED;
}

/* Its bytes as they lie there. */
static enum fault read_chunk(struct blob *blob, uint64_t index, struct span *sealed)
{
	size_t got;
	TRY(disk_window_read(&blob->window, SEAL_HEAD_SIZE + index * SEAL_CHUNK_SEALED, blob->sealed, SEAL_CHUNK_SEALED, &got));
	*sealed = (struct span){ blob->sealed, got };
	return OK;
}

static enum fault open_chunk(struct blob *blob, uint64_t index, struct span sealed, uint8_t *to)
{
	bool is_last = index + 1 == chunks_of(blob);
	return seal_chunk_open(blob->seal, index, is_last, sealed, to) ? OK : say_altered();
}

static enum fault hold_chunk(struct blob *blob, uint64_t index)
{
	struct span sealed;
	if (blob->held == index)
		return OK;
	blob->held = HELD_NONE;
	TRY(read_chunk(blob, index, &sealed));
	TRY(open_chunk(blob, index, sealed, blob->chunk));
	blob->held = index;
	return OK;
}

/* ── open, read, close ────────────────────────────────────────────────────────────────────────── */

enum fault blobs_key(struct blobs *blobs, const uint8_t *case_id, struct seal **key)
{
	assert(blobs->find_key);
	return blobs->find_key(blobs->keys, case_id, key);
}

struct span blobs_label(uint8_t label[BLOB_LABEL_SIZE], const uint8_t *digest, uint64_t size)
{
	memcpy(label, digest, DIGEST_SIZE);
	put_u64(label + DIGEST_SIZE, size);
	return (struct span){ label, BLOB_LABEL_SIZE };
}

/* Of the size that a blob has, and labelled as this one. */
static enum fault check_head(struct blob *blob, struct blobs *blobs, struct blob_id id)
{
	struct seal *key;
	uint8_t label[BLOB_LABEL_SIZE];
	size_t got;
	if (blob->size == UINT64_MAX)
		return say_altered();
	TRY(disk_window_read(&blob->window, 0, blob->head, sizeof blob->head, &got));
	TRY(blobs_key(blobs, id.case_id, &key));
	enum fault fault = seal_stream_again(key, blob->head, &blob->seal);
	seal_free(key);
	if (fault == FAULT_STORE_BROKEN)
		return say_altered();
	TRY(fault);
	return seal_stream_is(blob->seal, blobs_label(label, id.digest, blob->size), blob->head) ? OK : say_altered();
}

static enum fault prepare(struct blob *blob, struct blobs *blobs, struct blob_id id, const char *name)
{
	struct stat file;
	if (fstat(blob->fd, &file))
		return disk_fault(name);
	blob->sealed_size = (uint64_t)file.st_size;
	blob->size = seal_plain_size(blob->sealed_size);
	blob->held = HELD_NONE;
	disk_window_begin(&blob->window, blob->fd);
	return check_head(blob, blobs, id);
}

enum fault blob_open(struct blobs *blobs, struct blob_id id, struct blob **opened)
{
	*opened = NULL;
	char name[BLOB_NAME_SIZE];
	TRY(blobs_name(blobs, id, name));
	int fd = openat(blobs->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return disk_fault(name);
	struct blob *blob = calloc(1, sizeof *blob);
	if (!blob) {
		close(fd);
		return FAULT_NO_MEMORY;
	}
	blob->fd = fd;
	enum fault fault = prepare(blob, blobs, id, name);
	if (fault)
		blob_close(blob);
	else
		*opened = blob;
	return fault;
}

uint64_t blob_size(const struct blob *blob)
{
	return blob->size;
}

enum fault blob_read(struct blob *blob, uint64_t offset, uint8_t *to, size_t size, size_t *got)
{
	for (*got = 0; *got < size && offset < blob->size; ) {
		TRY(hold_chunk(blob, offset / SEAL_CHUNK));
		size_t at = (size_t)(offset % SEAL_CHUNK), left = SEAL_CHUNK - at;
		uint64_t rest = blob->size - offset;
		left = left < size - *got ? left : size - *got;
		left = left < rest ? left : (size_t)rest;
		memcpy(to + *got, blob->chunk + at, left);
		*got += left;
		offset += left;
	}
	return OK;
}

void blob_close(struct blob *blob)
{
	if (!blob)
		return;
	disk_window_clear(&blob->window);
	seal_free(blob->seal);
	close(blob->fd);
	free(blob);
}

/* ── all of it ────────────────────────────────────────────────────────────────────────────────── */

/* Open each chunk in its turn; with a `to`, what lies there goes into the digest and to that file, else the content. */
static enum fault go_through(struct blob *blob, int to, struct digest *digest)
{
	for (uint64_t index = 0; index < chunks_of(blob); index++) {
		struct span sealed;
		uint64_t at = SEAL_HEAD_SIZE + index * SEAL_CHUNK_SEALED;
		TRY(read_chunk(blob, index, &sealed));
		TRY(open_chunk(blob, index, sealed, blob->chunk));
		if (to >= 0)
			TRY(disk_write(to, sealed, at));
		digest_update(digest, to >= 0 ? sealed : (struct span){ blob->chunk, sealed.len - SEAL_OVERHEAD });
	}
	return OK;
}

static enum fault copy(struct blob *blob, int to, uint8_t found[DIGEST_SIZE])
{
	struct digest *digest = digest_new();
	if (!digest)
		return FAULT_NO_MEMORY;
	enum fault fault = to < 0 ? OK : disk_write(to, SPAN(blob->head), 0);
	if (to >= 0)
		digest_update(digest, SPAN(blob->head));
	if (!fault)
		fault = go_through(blob, to, digest);
	digest_finish(digest, found);
	digest_free(digest);
	return fault;
}

enum fault blobs_copy(struct blobs *blobs, struct blob_id id, int to, uint8_t digest[DIGEST_SIZE])
{
	struct blob *blob;
	TRY(blob_open(blobs, id, &blob));
	assert(blob);
	enum fault fault = copy(blob, to, digest);
	blob_close(blob);
	return fault;
}

enum fault blobs_verify(struct blobs *blobs, struct blob_id id)
{
	struct blob *blob;
	uint8_t digest[DIGEST_SIZE];
	TRY(blob_open(blobs, id, &blob));
	assert(blob);
	enum fault fault = copy(blob, -1, digest);
	blob_close(blob);
	TRY(fault);
	return memcmp(digest, id.digest, DIGEST_SIZE) ? say_altered() : OK;
}

bool blobs_is_copy(struct blobs *blobs, struct blob_id id, int file)
{
	char name[BLOB_NAME_SIZE];
	struct stat ours, theirs;
	uint8_t our_head[SEAL_HEAD_SIZE], their_head[SEAL_HEAD_SIZE];
	size_t got, there;
	int fd = blobs_name(blobs, id, name) ? -1 : openat(blobs->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	bool is_copy = !fstat(fd, &ours) && !fstat(file, &theirs) && ours.st_size == theirs.st_size &&
		!disk_read(fd, our_head, sizeof our_head, 0, &got) && !disk_read(file, their_head, sizeof their_head, 0, &there) &&
		got == there && !memcmp(our_head, their_head, got);
	close(fd);
	return is_copy;
}
