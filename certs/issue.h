#pragma once
/* Issuing certificates: the profiles are one table in issue.c.
 *
 *	role        signed by    key usage                        extended usage           life
 *	identity    itself       keyCertSign cRLSign  CA, path 1   -                        30 years
 *	delegation  identity     keyCertSign cRLSign  CA, path 0   -                        3 years
 *	channel     delegation   digitalSignature                 serverAuth clientAuth    90 days
 *	signing     delegation   digitalSignature nonRepudiation  emailProtection          1 year
 *	sealing     delegation   keyAgreement                     emailProtection          1 year
 *
 * emailProtection is there so that stock `openssl cms -verify` accepts signatures without further
 * options, and so that no stock tool takes a sealing certificate for one of TLS.  All are v3 with a
 * random 128-bit serial, key identifiers, one URI name `comity:ID`, and the subject CN="ID role", O=display name (cut to the 64 characters X.520 allows).  Validity starts
 * an hour early, because the clocks of two States differ, and lies within the issuer's.  There is no name
 * constraint: one on a URI is about the host in it (RFC 5280 section 4.2.1.10), and `comity:ID` has none;
 * certs/trust asks for the name at each certificate of the chain. */
#include "certs/certificate.h"
#include "certs/keys.h"

struct issue {
	enum role role;
	const char *authority, *name;			/* id and display name */
	const struct key *subject_key;
	struct span issuer_certificate;			/* DER; empty for an identity that signs itself */
	const struct key *issuer_key;			/* NULL for one of those; another identity: succession.h */
	int64_t now;					/* seconds since 1970 */
	int64_t life;					/* seconds; 0: that of the role */
	bool is_training;				/* an identity for training: OU="TRAINING" in its subject (certificate_is_training) */
};

/* The certificate as DER, appended.  Faults: bad name, bad key. */
enum fault issue_certificate(const struct issue *issue, struct bytes *der) MUST_CHECK;

/* How long a certificate of that role lives, in seconds. */
int64_t issue_life(enum role role);
