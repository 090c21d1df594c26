#pragma once
/* Somebody whose signatures are looked at one after the other: the certificates are judged and parsed once, and from then on
 * only the time of each signature is held against theirs.
 *
 * What trust goes by may change meanwhile (a peer is blocked, a certificate revoked): then all is judged anew.
 *
 * Belongs to the thread that has it.  Zeros are one that knows nothing yet. */
#include "certs/certificate.h"
#include "certs/digest.h"
#include "certs/signature.h"
#include "certs/trust.h"

struct witness {
	/* its own */
	struct signer *signer;				/* NULL: nobody was judged yet */
	uint8_t certificates[DIGEST_SIZE];		/* SHA-256 over those of the signer's */
	char expected[AUTHORITY_ID_SIZE];
	const struct trust *trust;			/* by which it was judged, and how that stood then */
	uint64_t changes;
	struct lifetime lifetime;
};

/* As trust_judge for USAGE_SIGNING, at claim->now, and the signer of these certificates, which lives as long as they are
 * the last that were judged.  `claim->expected` is needed.  Faults: those of trust_judge, and of signer_new. */
enum fault witness_judge(struct witness *witness, const struct trust *trust, const struct claim *claim,
			 const struct signer **signer) MUST_CHECK;
void witness_clear(struct witness *witness);
