#pragma once
/* Key pairs: ECDSA on P-256 (default) or P-384 (FIPS 186-5).
 *
 * A key is named by its source: `file:PATH` (or a bare PATH), a PKCS#8 PEM file with mode 0600.  The
 * table of schemes in keys.c is where tokens (`pkcs11:…`) will be added; nobody above asks where a
 * key lives. */
#include "proto/bytes.h"

enum curve {
	CURVE_P256,
	CURVE_P384,
};

struct key;

enum fault key_make(enum curve curve, struct key **key) MUST_CHECK;
/* Faults: as file_create. */
enum fault key_save(const struct key *key, const char *path) MUST_CHECK;
/* Faults: bad key, naming the source: missing, open to others, not a key, not on one of our curves. */
enum fault key_load(const char *source, struct key **key) MUST_CHECK;
/* The public half: DER of the SubjectPublicKeyInfo (RFC 5280 section 4.1), appended. */
enum fault key_spki(const struct key *key, struct bytes *der) MUST_CHECK;
void key_free(struct key *key);				/* wipes; takes NULL */
