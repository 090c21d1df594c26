#pragma once
/* What blobs.c (whole blobs) and blobs_part.c (blobs being written) share.  Nobody else includes
 * this. */
#include "certs/digest.h"
#include "daemon/ledger/blobs.h"

enum { SALT_SIZE = 32, PART_NAME_SIZE = sizeof "incoming/.part" + DIGEST_HEX_SIZE };

struct blobs {
	int dir;
	uint64_t keep_free;		/* of the disk, left to the store and the log */
	uint8_t salt[SALT_SIZE];
};

enum fault blobs_part_name(const struct blobs *blobs, const uint8_t *case_id, struct span token,
                           char name[PART_NAME_SIZE]) MUST_CHECK;
/* Add the first `size` bytes of the file to the digest, in constant memory.  Faults: io, when it is
 * shorter as well; no memory. */
enum fault blobs_hash_file(struct digest *digest, int fd, uint64_t size) MUST_CHECK;
