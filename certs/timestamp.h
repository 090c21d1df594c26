#pragma once
/* Time stamps of a third party (RFC 3161): the request for one, and what an answer is worth.
 *
 * A time stamping authority (TSA) signs that a SHA-256 was shown to it, and when; it learns nothing else.  Its certificate must lead to a root that was
 * chosen beforehand, be valid at the stamped time, and be for time stamping alone (extended key usage, critical: RFC 3161,
 * 2.3).  Stock tools check the same:
 *
 *	openssl ts -verify -data FILE -in ANSWER -CAfile ROOTS -attime SECONDS
 *
 * No loop, no network: who carries request and answer is another's business.  Any thread. */
#include "certs/digest.h"

enum {
	TIMESTAMP_SIZE_MAX = 64 << 10,		/* of an answer, with its certificates */
	TIMESTAMP_ROOTS_MAX = 256 << 10,	/* of roots as PEM */
	TIMESTAMP_NAME_SIZE = 256,
};

/* What a stamp says. */
struct timestamp {
	int64_t at;				/* seconds since 1970, UTC: rounded down */
	char authority[TIMESTAMP_NAME_SIZE];	/* the subject of its certificate, RFC 2253 */
	uint8_t root[DIGEST_SIZE];		/* SHA-256 of the root that its certificate leads to */
};

/* Append a request, DER, for a stamp over what has this sum, with a fresh nonce.  Faults: no memory. */
enum fault timestamp_request(const uint8_t sum[DIGEST_SIZE], struct bytes *request) MUST_CHECK;
/* Is this the answer to that request, by an authority under one of these roots (PEM)?  Faults: bad time stamp, with what is
 * wrong; config, when the roots are none. */
enum fault timestamp_take(struct span answer, struct span request, struct span roots, struct timestamp *stamp) MUST_CHECK;
/* The same of an answer that was kept, when nobody has the request any more: is it over this sum? */
enum fault timestamp_verify(struct span answer, const uint8_t sum[DIGEST_SIZE], struct span roots, struct timestamp *stamp) MUST_CHECK;
/* Are these certificates that can be roots, PEM, and nothing else?  *ends (NULL: not wanted): when the first of them does.
 * Faults: config, with what is wrong. */
enum fault timestamp_check_roots(struct span roots, int64_t *ends) MUST_CHECK;
