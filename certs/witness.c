#include "certs/witness.h"

#include <stdio.h>
#include <string.h>

/* The length before each, so that the border between two cannot move. */
static enum fault digest_all(const struct claim *claim, uint8_t digest[DIGEST_SIZE])
{
	struct bytes all = { 0 };
	enum fault fault = OK;
	for (size_t i = 0; i < claim->count && !fault; i++) {
		uint8_t length[8];
		put_u64(length, claim->certificates[i].len);
		fault = bytes_append(&all, SPAN(length));
		if (!fault)
			fault = bytes_append(&all, claim->certificates[i]);
	}
	digest_of(digest, span_of(&all));
	bytes_clear(&all);
	return fault;
}

static bool is_known(const struct witness *witness, const struct trust *trust, const struct claim *claim,
		     const uint8_t digest[DIGEST_SIZE])
{
	return witness->signer && witness->trust == trust && witness->changes == trust_changes(trust) &&
		!memcmp(witness->certificates, digest, DIGEST_SIZE) &&
		!strcmp(witness->expected, claim->expected) && claim->now >= witness->lifetime.from &&
		claim->now < witness->lifetime.until;
}

static enum fault judge(struct witness *witness, const struct trust *trust, const struct claim *claim)
{
	witness->trust = trust;
	witness->changes = trust_changes(trust);
	TRY(trust_judge_lifetime(trust, claim, witness->expected, &witness->lifetime));
	return signer_new(claim->certificates[0], &witness->signer);
}

enum fault witness_judge(struct witness *witness, const struct trust *trust, const struct claim *claim,
			 const struct signer **signer)
{
	uint8_t digest[DIGEST_SIZE];
	*signer = NULL;
	TRY(digest_all(claim, digest));
	if (!is_known(witness, trust, claim, digest)) {
		witness_clear(witness);
		TRY(judge(witness, trust, claim));
		memcpy(witness->certificates, digest, DIGEST_SIZE);
	}
	*signer = witness->signer;
	return OK;
}

void witness_clear(struct witness *witness)
{
	signer_free(witness->signer);
	*witness = (struct witness){ 0 };
}
