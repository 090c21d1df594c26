#pragma once
/* Keys in tokens (PKCS#11), named by a URI of RFC 7512:
 *
 *	pkcs11:token=comity;object=signing
 *	pkcs11:serial=d2f4…;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/comity/pin
 *
 * `token` or `serial` names the token, `object` or `id` the key in it.  `module-path` names the module; without it that of
 * p11-kit is asked, which knows those of the system.  `pin-source` goes before the source that the caller has.  `pin-value`
 * is refused: a PIN has no place in a URI.
 *
 * Asked first is the token itself, so that what is wrong has a name and a PIN is tried once and not more; then the key is
 * handed to OpenSSL.  Debian 12 does that with an ENGINE: token.c is the one file that knows it.  One module a process. */
#include "certs/secret.h"

enum { TOKEN_URI_MAX = 1024 };

enum token_use { TOKEN_SIGNS, TOKEN_UNSEALS };

struct evp_pkey_st;

/* Is this text such a URI?  It may still be a wrong one. */
bool token_is_uri(const char *text);
/* The URI under which the successor of this key is made, at that time: the same with another object.
 * Fault: bad key (the URI is wrong; it has no object). */
enum fault token_uri_next(const char *uri, int64_t now, char next[TOKEN_URI_MAX]) MUST_CHECK;

/* The key as OpenSSL uses it; the private half stays in the token.  EVP_PKEY_free() gives it back.
 * Faults: token absent, token key missing, pin wrong, pin locked, token broken; bad key (the URI is wrong, more than one
 * key fits); those of secret_read(). */
enum fault token_load(const char *uri, const struct secret_source *source, struct evp_pkey_st **evp) MUST_CHECK;
/* Make the key in the token, on P-256, never to leave it; when there is one under that name already, that one stays.
 * Faults: those of token_load(). */
enum fault token_make(const char *uri, const struct secret_source *source, enum token_use use) MUST_CHECK;
