#pragma once
/* A content key in its envelope: wrapped to somebody's sealing certificate, so that only who has the key of that opens it.
 *
 * CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM; the key agreed by ECDH with KDF and SHA-256 (RFC 5753).  Stock tools make
 * one:
 *
 *	openssl cms -encrypt -binary -aes-256-gcm -in KEY -outform DER -recip sealing.crt -keyopt ecdh_kdf_md:sha256 -aes256-wrap
 *
 * What is inside has 32 bytes: this opens keys, not letters.  Where it is for somebody alone, there are 32 bytes more, the digest of for
 * whom: only who names the same ones gets the key, so that nobody makes others of them by copying the envelope elsewhere. */
#include "certs/identity.h"
#include "proto/bytes.h"

enum { ENVELOPE_SIZE_MAX = 4096, CONTENT_KEY_SIZE = 32 };

/* The key in a new envelope, which who has the key of any of these sealing certificates opens.  `bound`: the digest, or empty.
 * Faults: cert profile (one is none, or nobody can seal to it); no memory. */
enum fault envelope_make(const struct span *certificates, size_t count, const uint8_t key[CONTENT_KEY_SIZE], struct span bound,
	struct bytes *der) MUST_CHECK;

/* The key inside, with our sealing key.  Yours to wipe; untouched after a fault.  Faults: bad envelope (none, altered, not
 * to us, without authentication, of another content, for others than `bound` says); bad key (our sealing key is not here); no memory. */
enum fault envelope_open(const struct identity *identity, struct span der, struct span bound, uint8_t key[CONTENT_KEY_SIZE]) MUST_CHECK;
