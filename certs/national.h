#pragma once
/* An authority whose certificates a national PKI issues, in place of an identity and a delegation of its own.
 *
 * What counterparts pin is then the root of that PKI together with the name of the authority: of all that the root's issuers
 * certify, only a certificate with the one URI name `comity:ID` speaks for it, and the telephone check covers both. So it rests
 * on that PKI to give this name to nobody else.  The chain stays leaf, issuing certificate, root, and nothing else.
 *
 * The leaves are of the same profile as anybody's (issue.h), with our own keys; root and issuing certificate may have RSA keys
 * of 3,072 bits and more, any path length that allows the chain, and name no authority; what they sign may be RSA with
 * SHA-256, SHA-384 or SHA-512.  Nothing else is looser.  Their revocation lists take the place of ours (revocation.h).
 *
 * The new keys wait in DIRECTORY/requested/ until their certificates come. */
#include "certs/certificate.h"

/* A request (PKCS#10, RFC 2986) for that leaf, appended in PEM form: the subject and extensions are those that we would issue.
 * Asked again, it is for the same key, until that was imported.  Faults: usage (not a leaf), bad name, bad key, io. */
enum fault national_request(const char *directory, enum role role, const char *authority, const char *name,
			    struct bytes *pem) MUST_CHECK;

/* Take what the PKI issued, in PEM form and in any order: leaves for requested keys, its issuing certificate, its root, and
 * perhaps their revocation lists.  All or nothing: what is then in keys/ has been judged as every counterpart will, at `now`.
 * A leaf that is not inside stays as it is, if the issuer stays.  *count gets how many leaves are new.
 * An identity of our own that gives way to the root, with its keys, is put aside in DIRECTORY/keys.own/.
 * Faults: certificate profile, untrusted, expired, not yet valid, revoked; bad revocation list; bad key (no key is waiting for
 * a leaf, or one leaf has none); io. */
enum fault national_import(const char *directory, struct span pem, int64_t now, unsigned *count) MUST_CHECK;
