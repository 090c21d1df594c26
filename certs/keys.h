#pragma once
/* Key pairs: ECDSA on P-256 (default) or P-384 (FIPS 186-5), and where they lie.
 *
 * A key is named by the file in which it lies, mode 0600 (`file:PATH`, or a bare PATH).  That holds either the key itself, as PKCS#8 PEM (RFC 5958),
 * in the clear or encrypted (PBES2 with scrypt and AES-256-CBC: RFC 8018, RFC 7914), or one line that says in which
 * token it is: `pkcs11:token=comity;object=signing` (RFC 7512; certs/token.h).  Nobody above asks which. */
#include "certs/secret.h"
#include "certs/token.h"
#include "proto/bytes.h"

enum curve {
	CURVE_P256,
	CURVE_P384,
};

struct key;

enum fault key_make(enum curve curve, struct key **key) MUST_CHECK;
/* Encrypted when there is a passphrase; NULL: in the clear.  Faults: as file_create. */
enum fault key_save(const struct key *key, const struct secret *passphrase, const char *path) MUST_CHECK;
/* `source` says where the passphrase or PIN is, should one be needed; it may be NULL.
 * Faults: bad key, naming the file: missing, open to others, not a key, not on one of our curves; wrong passphrase;
 * those of secret_read() and of token_load(). */
enum fault key_load(const char *path, const struct secret_source *source, struct key **key) MUST_CHECK;
/* Say in a file that the key is in a token.  Faults: as file_create. */
enum fault key_save_uri(const char *uri, const char *path) MUST_CHECK;
/* The URI that a file holds in place of a key; "" when it holds the key itself.  Faults: bad key, as key_load. */
enum fault key_uri(const char *path, char uri[TOKEN_URI_MAX]) MUST_CHECK;
bool key_is_in_token(const struct key *key);
/* The public half: DER of the SubjectPublicKeyInfo (RFC 5280 section 4.1), appended. */
enum fault key_spki(const struct key *key, struct bytes *der) MUST_CHECK;
void key_free(struct key *key);				/* wipes; takes NULL */
