#pragma once
/* Certificates as DER (RFC 5280), without a word of OpenSSL: what roles there are, what one says. */
#include "certs/authority.h"
#include "proto/bytes.h"

/* What a certificate is for.  An identity signs a delegation, a delegation signs the three leaves. */
enum role {
	ROLE_IDENTITY,		/* the long-lived root whose key counterparts pin */
	ROLE_DELEGATION,	/* issues leaves, so that the identity key can rest */
	ROLE_CHANNEL,		/* TLS, both as caller and as callee */
	ROLE_SIGNING,		/* manifests, receipts, cards */
	ROLE_SEALING,		/* contents sealed end to end */
	ROLE_COUNT,
};

enum { CERTIFICATE_SIZE_MAX = 8192 };			/* ours have about 600 bytes */

const char *role_name(enum role role);			/* "identity", "delegation", … */

struct certificate_facts {
	char authority[AUTHORITY_ID_SIZE];		/* "" when it names none, or more than one */
	char subject[256], issuer[256];			/* RFC 2253; foreign text: show it through text_safe() */
	char serial[65];				/* hex */
	int64_t not_before, not_after;			/* seconds since 1970, UTC */
	uint8_t digest[DIGEST_SIZE];			/* SHA-256 of the DER */
};

/* What the certificate says of itself; nothing of it is proven.  Fault: certificate profile. */
enum fault certificate_read(struct span der, struct certificate_facts *facts) MUST_CHECK;
/* Which role is it of the form of?  False: of none of ours, as the issuers of a national PKI. */
bool certificate_role(struct span der, enum role *role);
/* What is pinned of an authority, appended: the SubjectPublicKeyInfo of its identity as DER; behind it, where that is the root
 * of a national PKI, the URI name of the authority, for a State has several under one root; and where it is an identity for
 * training, that word, so that one key has other digits in training and in earnest.  It is what the telephone check is about. */
enum fault certificate_pin(struct span identity, const char *authority, struct bytes *pin) MUST_CHECK;
/* Is this the root of a national PKI (certs/national.h), and not an identity of an authority's own? */
bool certificate_is_national(struct span identity);
/* Is this the identity of an authority for training (OU="TRAINING")?  Such a one never meets one in earnest: certs/trust.h. */
bool certificate_is_training(struct span identity);
/* Its SubjectPublicKeyInfo, appended as DER. */
enum fault certificate_spki(struct span der, struct bytes *spki) MUST_CHECK;
/* Was it signed with the key of that other certificate?  False also when one of them is none. */
bool certificate_is_issued_by(struct span der, struct span issuer);
/* The PEM form, appended: for files that stock tools read. */
enum fault certificate_pem(struct span der, struct bytes *pem) MUST_CHECK;
/* The next certificate off the front of a text in PEM form, appended as DER.  Fault: certificate profile (there is none). */
enum fault certificate_from_pem(struct span *pem, struct bytes *der) MUST_CHECK;
