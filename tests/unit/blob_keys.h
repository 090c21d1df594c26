#pragma once
/* Blobs without a ledger: a key for each case, made of its id. */
#include "tests/unit/scratch.h"

#include "certs/seal_stream.h"
#include "daemon/ledger/blobs.h"

static inline enum fault find_case_key(void *owner, const uint8_t *case_id, struct seal **key)
{
	uint8_t bytes[SEAL_KEY_SIZE] = { 7 };
	(void)owner;
	memcpy(bytes, case_id, CASE_ID_SIZE);
	return seal_new(bytes, key);
}

static inline enum fault blobs_open_with_keys(const char *dir, struct blobs **blobs)
{
	TRY(blobs_open(dir, blobs));
	blobs_set_keys(*blobs, find_case_key, NULL);
	return OK;
}
