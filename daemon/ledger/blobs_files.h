#pragma once
/* What the files of blobs share: blobs.c (the directory), blobs_read.c (whole blobs) and blobs_part.c (blobs being
 * written).  Nobody else includes this. */
#include "certs/digest.h"
#include "certs/seal_stream.h"
#include "daemon/ledger/blobs.h"

enum { SALT_SIZE = 32, PART_NAME_SIZE = sizeof "incoming/.part" + DIGEST_HEX_SIZE };

struct blobs {
	int dir;
	uint64_t keep_free;		/* of the disk, left to the store and the log */
	uint8_t salt[SALT_SIZE];
	blobs_find_key *find_key;
	void *keys;
};

enum { BLOB_LABEL_SIZE = DIGEST_SIZE + 8 };

/* A copy of the case's key. */
enum fault blobs_key(struct blobs *blobs, const uint8_t *case_id, struct seal **key) MUST_CHECK;
/* What a whole blob is labelled with. */
struct span blobs_label(uint8_t label[BLOB_LABEL_SIZE], const uint8_t *digest, uint64_t size);

enum fault blobs_part_name(const struct blobs *blobs, const uint8_t *case_id, struct span token,
                           char name[PART_NAME_SIZE]) MUST_CHECK;
