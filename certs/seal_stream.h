#pragma once
/* Sealing what is too long to be sealed at once: a head, then chunks of 64 KiB, each sealed by itself and bound to its
 * place and to whether it is the last (as STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, 2015, but for the nonces,
 * which are random: a chunk may be written twice, after a cut, and must not then have the same).  So chunks cannot be
 * reordered, dropped, doubled, or taken from elsewhere, nothing can be cut off at the end, and any of them can be opened
 * without the others.
 *
 * The key is derived from the owner's and a random salt in the head: each stream has its own.  When all of it is written
 * the head is labelled with what it is, so that it cannot be given out as something else. */
#include "certs/seal.h"

enum {
	SEAL_CHUNK = 64 << 10,				/* plain bytes; the last one has fewer, or as many */
	SEAL_CHUNK_SEALED = SEAL_CHUNK + SEAL_OVERHEAD,
	SEAL_MARK_SIZE = 8,
	SEAL_HEAD_SIZE = SEAL_MARK_SIZE + SEAL_SALT_SIZE + SEAL_OVERHEAD,	/* mark, salt, label */
};

/* A fresh head without a label, and the key of its stream.  Faults: no memory, io. */
enum fault seal_stream_begin(const struct seal *owner, uint8_t head[SEAL_HEAD_SIZE], struct seal **seal) MUST_CHECK;
/* The key of the stream that has this head.  Faults: store broken (it is no head), no memory. */
enum fault seal_stream_again(const struct seal *owner, const uint8_t head[SEAL_HEAD_SIZE], struct seal **seal) MUST_CHECK;
/* Say in the head what the whole of it is. */
enum fault seal_stream_label(struct seal *seal, struct span what, uint8_t head[SEAL_HEAD_SIZE]) MUST_CHECK;
bool seal_stream_is(struct seal *seal, struct span what, const uint8_t head[SEAL_HEAD_SIZE]) MUST_CHECK;

/* Chunk number `index`, from 0; only the last may have fewer than SEAL_CHUNK bytes, also none. */
enum fault seal_chunk_close(struct seal *seal, uint64_t index, bool is_last, struct span plain, uint8_t *to) MUST_CHECK;
bool seal_chunk_open(struct seal *seal, uint64_t index, bool is_last, struct span sealed, uint8_t *to) MUST_CHECK;

/* How many plain bytes a whole stream of that many sealed bytes has, and how many sealed ones there are to so many plain
 * ones.  A length that no stream has: UINT64_MAX. */
uint64_t seal_plain_size(uint64_t sealed);
uint64_t seal_sealed_size(uint64_t plain);
