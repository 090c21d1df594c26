#pragma once
/* Our own authority: its keys and certificates, below `DIRECTORY/keys/`:
 *
 *	identity.key  delegation.key  channel.key  signing.key  sealing.key	PKCS#8 PEM, 0600
 *	identity.crt  delegation.crt  channel.crt  signing.crt  sealing.crt	PEM
 *
 * A loaded identity holds the keys of the leaves only.  identity.key and delegation.key are used when
 * certificates are issued and may be kept elsewhere at other times.  A loaded identity never changes:
 * any thread may use it. */
#include "certs/certificate.h"
#include "proto/bytes.h"

struct identity;

/* A new authority, all or nothing: it is built beside, brought to disk, and renamed into place.
 * The directory must exist.  `now` in seconds since 1970.
 * Faults: exists (naming the file), bad name, disk full, io. */
enum fault identity_create(const char *directory, const char *authority, const char *name,
			   int64_t now) MUST_CHECK;

/* New key and certificate for one of the leaves or the delegation (which brings new leaves with it),
 * replacing the old ones together.  Loaded identities keep what they hold until loaded anew.
 * The issuer's key must be in its place.  Faults: bad key, usage (an identity is not renewed), disk full, io. */
enum fault identity_renew(const char *directory, enum role role, int64_t now) MUST_CHECK;

/* Faults: bad key, naming the file: missing, open to others, not matching, not leading to the identity. */
enum fault identity_load(const char *directory, struct identity **identity) MUST_CHECK;
void identity_free(struct identity *identity);		/* takes NULL */

/* All of these live as long as the identity. */
const char *identity_authority(const struct identity *identity);
const char *identity_name(const struct identity *identity);	/* as in the certificates */
struct span identity_certificate(const struct identity *identity, enum role role);	/* DER */
int64_t identity_not_after(const struct identity *identity, enum role role);	/* seconds since 1970 */
struct span identity_spki(const struct identity *identity);	/* of the identity certificate */

enum { IDENTITY_GROUPS = 8, IDENTITY_GROUP_DIGITS = 5, IDENTITY_DIGITS_SIZE = 48 };

/* What two officers read to one another on the telephone: "78964 26017 …", eight groups of five digits.
 * h = SHA-512("comity-id-v1" || SubjectPublicKeyInfo DER); group i is the big-endian 40-bit integer
 * h[5i..5i+4] modulo 100000. */
void identity_digits(char text[IDENTITY_DIGITS_SIZE], struct span spki_der);
/* Is this what was heard on the telephone?  Blanks, dashes and dots between the digits do not count.
 * Bit i of *which is set where group i differs.  Faults: identity differs, usage (not 40 digits). */
enum fault identity_compare(struct span spki_der, const char *heard, unsigned *which) MUST_CHECK;
