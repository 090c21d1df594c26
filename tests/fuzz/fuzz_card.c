/* Whatever comes as a card is read or refused, and leaves nothing behind.
 *
 * A fuzzer does not find its way through base64 and signatures, so each input is also tried further in: as
 * the block of an armour, and as the content and the certificate that a card would hold.
 *
 *	clang -g -fsanitize=fuzzer,address,undefined …		then: fuzz_card -max_len=16384 CORPUS */
#include "certs/armour.h"
#include "certs/card.h"
#include "certs/signature.h"
#include "proto/card.pb-c.h"
#include "proto/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static const int64_t now = INT64_C(1795435200);

static void ignore(enum fault fault)
{
	(void)fault;
}

static void as_card(struct span input)
{
	struct card card;
	ignore(card_read(input, now, &card));
	card_clear(&card);
}

static void as_block(struct span input)
{
	struct bytes text = { 0 };
	if (!armour_write(span_of_text("Authority: xf-ca   Freedonia\n"), input, &text))
		as_card(span_of(&text));
	bytes_clear(&text);
}

static void as_content(struct span input)
{
	struct arena arena = { 0 };
	ProtobufCMessage *message;
	arena_init(&arena, UNPACK_ARENA);
	ignore(unpack(&comity__card__descriptor, input, &arena, FAULT_BAD_CARD, &message));
	arena_clear(&arena);
}

static void as_certificate(struct span input)
{
	struct certificate_facts facts;
	struct signer *signer;
	ignore(certificate_read(input, &facts));
	ignore(signer_new(input, &signer));
	signer_free(signer);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct span input = { at, len };
	as_card(input);
	as_block(input);
	as_content(input);
	as_certificate(input);
	return 0;
}
