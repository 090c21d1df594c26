#pragma once
/* Signatures: detached CMS SignedData (RFC 5652) over exact bytes, DER, ECDSA with SHA-256.
 *
 * Signed attributes: contentType, messageDigest, signingTime, signingCertificateV2 (RFC 5035, CAdES-BES).
 * The signer is named by its key identifier, and nothing is there that is not signed: a signature has one
 * form.  The certificate is not inside: it came with the card, and evidence carries it beside.  Stock tools
 * check it (authority.pem: the delegation and the identity certificate, one after the other):
 *
 *	openssl cms -verify -binary -inform DER -in SIG -content FILE -certfile signing.pem \
 *	        -CAfile authority.pem -no-CApath -no-CAstore -nointern -cades -attime SECONDS -out /dev/null
 * That is for certificates of one's own.  Never put into authority.pem what came with the evidence itself: a root
 * planted there would be believed.  The README of the evidence has the commands for that case.
 *
 * Any thread; what is passed in is only looked at. */
#include "certs/authority.h"
#include "certs/identity.h"
#include "proto/bytes.h"

enum { SIGNATURE_SIZE_MAX = 8192 };			/* ours have about 450 bytes */

/* Sign with our signing key, append the DER.  `now` in seconds since 1970 becomes signingTime.
 * Faults: bad key, no memory; where another process signs (struct signing_hand) also keys unavailable, sign refused. */
enum fault signature_make(const struct identity *identity, struct span content, int64_t now,
			  struct bytes *der) MUST_CHECK;
/* Is our signing certificate valid at that time (seconds since 1970)?  What is signed at another proves nothing later.
 * Faults: certificate expired, not yet valid; or our clock is wrong. */
enum fault signature_check_time(const struct identity *identity, int64_t then) MUST_CHECK;

/* Somebody's signing certificate, parsed once.  Have trust_judge prove it first: this does not. */
struct signer;
enum fault signer_new(struct span certificate, struct signer **signer) MUST_CHECK;	/* fault: certificate profile */
void signer_free(struct signer *signer);		/* takes NULL */
const char *signer_authority(const struct signer *signer);
/* Was their certificate valid then?  Faults: certificate expired, not yet valid. */
enum fault signer_check_time(const struct signer *signer, int64_t then) MUST_CHECK;

/* Is this that signer's signature over exactly these bytes?  *signing_time (NULL: not wanted) gets the
 * signed time, in seconds since 1970; it is the signer's own claim.  Fault: bad signature, with what is wrong. */
enum fault signature_verify(const struct signer *signer, struct span content, struct span der,
			    int64_t *signing_time) MUST_CHECK;

/* The same with the content inside and the certificates beside it, in one DER: cards. */
enum fault signature_enclose(const struct identity *identity, struct span content, int64_t now,
			     struct bytes *der) MUST_CHECK;
/* The content inside, appended and not yet proven.  Fault: bad signature (it is no such thing). */
enum fault signature_peel(struct span der, struct bytes *content) MUST_CHECK;
/* Is this that signer's, with exactly these certificates beside it, and nothing else that is not signed? */
enum fault signature_verify_enclosed(const struct signer *signer, const struct span *certificates, size_t count,
				     struct span der, int64_t *signing_time) MUST_CHECK;
