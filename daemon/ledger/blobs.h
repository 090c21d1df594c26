#pragma once
/* Attachments as files, named by what they hold, and sealed with the key of their case.
 *
 * A blob is known by its case and the SHA-256 of its content, and by nothing else: the same bytes
 * are kept once in a case, and apart in two.  Its file name is a hash of both, keyed with a salt
 * of this directory, so that whoever has the disk cannot ask it for a known file.  Names never
 * come from a peer.
 *
 * 	blobs/.salt			32 random bytes; lost, they take all names with them
 * 	blobs/ab/cdef…			whole, verified, on disk
 * 	blobs/incoming/….part		what has arrived so far
 *
 * Sizes, offsets and digests here are of the content, never of what lies on the disk: that is a stream of sealed chunks
 * (certs/seal_stream.h), also while it arrives, so that no byte of content is ever written in the clear.
 *
 * A blob is there only after its content was verified and synced: first the file, then the record
 * that names it.  Everything here blocks on the disk, so the daemon calls it on the porter's
 * thread; two threads may use a struct blobs at once, but not one blob.
 */
#include "proto/bytes.h"

enum { CASE_ID_SIZE = 16, BLOB_NAME_SIZE = 2 + 1 + 62 + 1 };

struct blobs;

/* Which blob: both are borrowed for the call. */
struct blob_id {
	const uint8_t *case_id;			/* CASE_ID_SIZE bytes */
	const uint8_t *digest;			/* DIGEST_SIZE bytes */
};

/* Make the directory (0700; its parent must be there) and its salt.  Faults: exists, io, disk
 * full. */
enum fault blobs_create(const char *dir) MUST_CHECK;
/* Faults: store missing, store broken (blobs without their salt), no memory. */
enum fault blobs_open(const char *dir, struct blobs **blobs) MUST_CHECK;
void blobs_close(struct blobs *blobs);		/* takes NULL */

/* How it comes by the key of a case: a copy for whoever asks, on any thread.  Before anything is read or written.
 * Faults: not found (there is none, or it was destroyed), and what keeps it from looking. */
struct seal;
typedef enum fault blobs_find_key(void *owner, const uint8_t *case_id, struct seal **key);
void blobs_set_keys(struct blobs *blobs, blobs_find_key *find, void *owner);

/* How much of the disk attachments may not take; nothing until it is told.  Before the porter runs. */
void blobs_set_keep_free(struct blobs *blobs, uint64_t bytes);
/* Faults: disk full, when fewer than `bytes` and what is kept free are there. */
enum fault blobs_have_room(struct blobs *blobs, uint64_t bytes) MUST_CHECK;
/* The file of a blob below the directory, "ab/cdef…".  Faults: no memory. */
enum fault blobs_name(const struct blobs *blobs, struct blob_id id,
                      char name[BLOB_NAME_SIZE]) MUST_CHECK;
/* Is it there, whole?  Its size goes to *size unless that is NULL. */
bool blobs_has(struct blobs *blobs, struct blob_id id, uint64_t *size);
/* Read it whole and compare.  Faults: not found, digest mismatch (it was altered, or is another's), io. */
enum fault blobs_verify(struct blobs *blobs, struct blob_id id) MUST_CHECK;
/* Delete it; one that is not there is deleted already. */
enum fault blobs_remove(struct blobs *blobs, struct blob_id id) MUST_CHECK;

/* Tell of every whole blob's file: its name below the directory, its size and its age.  Faults: io. */
enum fault blobs_each(struct blobs *blobs, void (*tell)(void *owner, const char *name, uint64_t size, int64_t age_seconds),
                      void *owner) MUST_CHECK;
/* Is that file, open for reading, a copy of ours? */
bool blobs_is_copy(struct blobs *blobs, struct blob_id id, int file);
/* Copy a blob's file to another, which is empty, as it lies there: sealed; `digest` gets the SHA-256 of what was copied.
 * Faults: not found, digest mismatch (it is not what was stored), io, disk full, no memory. */
enum fault blobs_copy(struct blobs *blobs, struct blob_id id, int to, uint8_t digest[DIGEST_SIZE]) MUST_CHECK;

/* ── writing ──────────────────────────────────────────────────────────────────────────────────
 *
 * begin, write …, then one of finish, leave, discard: each of these frees the blob.
 */
struct blob_part;

/* Begin a part, or go on with what is there of it in whole chunks, hashing that again in constant memory.  `token`
 * tells it from the other parts of the case: the digest where it is known, else whatever stays the
 * same over a resumption.  Faults: not yet (somebody is writing this part), disk full, io, no
 * memory. */
enum fault blob_begin(struct blobs *blobs, const uint8_t *case_id, struct span token,
                      struct blob_part **part) MUST_CHECK;
/* How much is there: where to go on. */
uint64_t blob_part_size(const struct blob_part *part);
/* Set room on the disk aside for a part that will be `size` bytes long.  Faults: disk full. */
enum fault blob_reserve(struct blob_part *part, uint64_t size) MUST_CHECK;
/* Append.  Faults: disk full, io; blob_part_size() tells how far it came, and the rest can be repeated. */
enum fault blob_write(struct blob_part *part, struct span bytes) MUST_CHECK;
/* Verify, sync, and give it its name.  `expected` is its digest, or NULL where the content
 * decides; the digest that it has goes to `digest`, unless that is NULL.  Wrong content (digest
 * mismatch) is discarded, and so is what could not be synced (io); after any other fault the part
 * is left for a resumption. */
enum fault blob_finish(TAKES struct blob_part *part, uint64_t size, const uint8_t *expected,
                       uint8_t *digest) MUST_CHECK;
void blob_leave(TAKES struct blob_part *part);	/* keep its whole chunks for a resumption; takes NULL */
void blob_discard(TAKES struct blob_part *part);	/* delete it; takes NULL */

/* ── sweeping ─────────────────────────────────────────────────────────────────────────────────
 *
 * Parts that were left and that nobody has come back for.  Which are still needed, the ledger knows:
 * open, and then for each batch of `next`: spare what is needed, delete the rest.  On the thread
 * that begins parts, so that none is begun meanwhile.
 */
struct blob_leftovers;

/* Parts that were last written to before that second since 1970.  Faults: io, no memory. */
enum fault blob_leftovers_open(struct blobs *blobs, int64_t before, struct blob_leftovers **leftovers) MUST_CHECK;
bool blob_leftovers_next(struct blob_leftovers *leftovers);	/* false: there are no more */
/* The part with this token is not to be deleted.  Faults: no memory. */
enum fault blob_leftovers_spare(struct blob_leftovers *leftovers, const uint8_t *case_id,
                                struct span token) MUST_CHECK;
/* How many were deleted; a part that is being written is not. */
size_t blob_leftovers_delete(struct blob_leftovers *leftovers);
void blob_leftovers_close(struct blob_leftovers *leftovers);	/* takes NULL */

/* ── reading ──────────────────────────────────────────────────────────────────────────────── */
struct blob;

/* Faults: not found, digest mismatch (it is not what belongs there), io, no memory. */
enum fault blob_open(struct blobs *blobs, struct blob_id id, struct blob **blob) MUST_CHECK;
uint64_t blob_size(const struct blob *blob);
/* Up to `size` bytes from `offset` on; *got is fewer only at the end.  Faults: digest mismatch (it was altered), io. */
enum fault blob_read(struct blob *blob, uint64_t offset, uint8_t *to, size_t size,
                     size_t *got) MUST_CHECK;
void blob_close(struct blob *blob);		/* takes NULL */
