/* Whatever comes as a revocation list is read or refused, as DER and as PEM, and leaves nothing behind.  What surrounds it in a
 * card is fuzz_card's. */
#include "certs/revocation.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static void ignore(enum fault fault)
{
	(void)fault;
}

static void as_list(struct span input)
{
	struct revocation_facts facts;
	struct revoked_entry entry;
	ignore(revocation_read(input, &facts));
	ignore(revocation_find(input, input, &entry));
	ignore(revocation_check_issuer(input, input));
	(void)revocation_same_issuer(input, input);
}

/* The first half the list, the second the certificate. */
static void as_pair(struct span input)
{
	struct span list = { input.at, input.len / 2 }, certificate = { input.at + input.len / 2, input.len - input.len / 2 };
	struct revoked_entry entry;
	ignore(revocation_find(list, certificate, &entry));
	ignore(revocation_check_issuer(list, certificate));
}

static void as_text(struct span input)
{
	struct bytes der = { 0 }, pem = { 0 };
	struct span rest = input;
	while (!revocation_from_pem(&rest, &der) && der.len < REVOCATION_SIZE_MAX)
		as_list(span_of(&der));
	ignore(revocation_pem(input, &pem));
	bytes_clear(&der);
	bytes_clear(&pem);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct span input = { at, len };
	as_list(input);
	as_pair(input);
	as_text(input);
	return 0;
}
