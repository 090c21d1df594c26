#pragma once
/* SHA-256 (FIPS 180-4), the only hash of the product.  Any thread; one struct digest is one stream. */
#include "proto/bytes.h"

void digest_of(uint8_t out[DIGEST_SIZE], struct span span);

/* A stream of any length in constant memory. */
struct digest;
struct digest *digest_new(void);			/* NULL when memory is out */
void digest_update(struct digest *digest, struct span more);
/* The digest of everything since the last finish; afterwards the stream is empty and can be used again. */
void digest_finish(struct digest *digest, uint8_t out[DIGEST_SIZE]);
void digest_free(struct digest *digest);		/* takes NULL */
