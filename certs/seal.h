#pragma once
/* Sealing: AES-256-GCM (NIST SP 800-38D) over what lies on our own disk.
 *
 * What is sealed is a short header, the ciphertext and a tag.  Every sealing takes a fresh random nonce of 96 bits, so
 * that nothing has to be remembered for nonces not to come twice: not over a crash, not after an old copy was put back,
 * not when two copies run at once.  For the odds to stay below 2^-32 a key must seal fewer than 2^32 times (section 8.3);
 * whoever owns a key says why it does.  `bound` is not kept but must be the same when it is opened: where the thing
 * belongs, so that none can be put in the place of another.
 *
 * Keys lie in memory that is neither swapped nor dumped, as far as the system gives any, and are wiped when they go. */
#include "proto/bytes.h"

enum {
	SEAL_KEY_SIZE = 32,
	SEAL_NONCE_SIZE = 12,
	SEAL_TAG_SIZE = 16,
	SEAL_OVERHEAD = SEAL_NONCE_SIZE + SEAL_TAG_SIZE,	/* nonce, ciphertext, tag */
	SEAL_WRAPPED_SIZE = SEAL_KEY_SIZE + SEAL_OVERHEAD,	/* a key that another one has sealed */
	SEAL_SALT_SIZE = 32,
};

/* A key that is ready for use.  One thread at a time. */
struct seal;

/* Of random bytes.  Faults: no memory, io (no random bytes). */
enum fault seal_make(struct seal **seal) MUST_CHECK;
/* Of bytes that were kept; wipe yours.  Faults: no memory. */
enum fault seal_new(const uint8_t key[SEAL_KEY_SIZE], struct seal **seal) MUST_CHECK;
/* Of a key that is for one thing alone: HKDF-SHA256 (RFC 5869) of `from`, a random salt, and a purpose in words. */
enum fault seal_derive(const struct seal *from, const uint8_t salt[SEAL_SALT_SIZE], const char *purpose,
		       struct seal **seal) MUST_CHECK;
void seal_free(struct seal *seal);			/* wipes; takes NULL */
/* The key itself, for a file of keys; wipe it. */
void seal_key(const struct seal *seal, uint8_t key[SEAL_KEY_SIZE]);

/* Seal what is in `plain`, which may be empty, as plain.len + SEAL_OVERHEAD bytes.  The bounds are read one after the
 * other.  Fault: io (no random bytes). */
enum fault seal_close(struct seal *seal, struct span bound, struct span more_bound, struct span plain, uint8_t *to) MUST_CHECK;
/* Open it again, as sealed.len - SEAL_OVERHEAD bytes.  False, and nothing but zeros in `to`, when it is not what this key
 * has sealed with these bounds. */
bool seal_open(struct seal *seal, struct span bound, struct span more_bound, struct span sealed, uint8_t *to) MUST_CHECK;

/* A key sealed under another. */
enum fault seal_wrap(struct seal *under, struct span bound, const struct seal *seal, uint8_t to[SEAL_WRAPPED_SIZE]) MUST_CHECK;
/* Faults: bad key (another key wrapped it, or it belongs elsewhere), no memory. */
enum fault seal_unwrap(struct seal *under, struct span bound, struct span wrapped, struct seal **seal) MUST_CHECK;

/* Random bytes, for salts.  Fault: io. */
enum fault seal_random(uint8_t *to, size_t size) MUST_CHECK;
/* What was secret and is no longer needed. */
void seal_wipe(void *at, size_t size);
