#pragma once
/* A parcel: what is sealed end to end, from the tool of one authority to that of the other (docs/PROTOCOL.md, 6.1).
 *
 * Each has a content key of its own, of random bytes, in an envelope to both authorities (certs/envelope.h).  The signed message
 * carries a commitment to that key: AES-GCM alone would let a sender make bytes that two keys open to different contents.  What is
 * inside is cut into chunks as in certs/seal_stream.h, without a head: the key is for these bytes alone. */
#include "certs/envelope.h"
#include "certs/seal_stream.h"

enum { PARCEL_FORMAT = 1, PARCEL_FORMAT_NAMED = 2 };		/* 2: for somebody alone */

/* What stands beside the sealed bytes.  Zero-initialised is empty. */
struct parcel_slip {
	struct bytes envelope;
	uint8_t commitment[DIGEST_SIZE];
};
void parcel_slip_clear(struct parcel_slip *slip);

/* Who seals, in which case, and for whom alone, in the order in which they are named. */
struct parcel_address {
	const char *authority, *request_id;
	char *const *names;
	size_t count;
};
/* The digest of it; *bound is empty when it is for nobody alone.  Faults: too large. */
enum fault parcel_bind(const struct parcel_address *address, uint8_t digest[DIGEST_SIZE], struct span *bound) MUST_CHECK;
/* A new key in an envelope to these, bound to that.  Faults: io (no random bytes), those of envelope_make(). */
enum fault parcel_begin(const struct span *certificates, size_t count, struct span bound, struct parcel_slip *slip, struct seal **seal)
	MUST_CHECK;
/* The key that was in the envelope.  Faults: bad envelope (it is not the one that was committed to), no memory. */
enum fault parcel_again(const uint8_t key[CONTENT_KEY_SIZE], struct span commitment, struct seal **seal) MUST_CHECK;

/* Sizes: UINT64_MAX when no parcel has so many bytes. */
uint64_t parcel_plain_size(uint64_t sealed);
uint64_t parcel_sealed_size(uint64_t plain);

/* Small ones, in memory; the bytes are appended.  Faults: io, no memory; of opening: seal broken, and nothing is appended. */
enum fault parcel_close(struct seal *seal, struct span plain, struct bytes *sealed) MUST_CHECK;
enum fault parcel_open(struct seal *seal, struct span sealed, struct bytes *plain) MUST_CHECK;
