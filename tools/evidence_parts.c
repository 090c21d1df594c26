#include "tools/evidence_parts.h"

#include <string.h>

#include "certs/certificate.h"
#include "certs/revocation.h"
#include "proto/base64.h"

static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";

enum fault certificates_add(struct certificate_set *set, struct span der, struct arena *arena)
{
	for (size_t i = 0; i < set->count; i++)
		if (span_equal(set->list[i], der))
			return OK;
	if (set->count == CERTIFICATES_MAX)
		return fault_say(FAULT_TOO_LARGE, "more than %d certificates of one kind", CERTIFICATES_MAX);
	const char *copy = arena_text(arena, der);
	if (!copy)
		return FAULT_NO_MEMORY;
	set->list[set->count++] = (struct span){ (const uint8_t *)copy, der.len };
	return OK;
}

enum fault certificates_write(const struct certificate_set *set, struct bytes *pem)
{
	for (size_t i = 0; i < set->count; i++)
		TRY(certificate_pem(set->list[i], pem));
	return OK;
}

bool certificates_issued(const struct certificate_set *set, struct span list)
{
	for (size_t i = 0; i < set->count; i++)
		if (!revocation_check_issuer(list, set->list[i]))
			return true;
	return false;
}

static const uint8_t *find(struct span text, const char *words)
{
	return text.len ? memmem(text.at, text.len, words, strlen(words)) : NULL;
}

/* The letters between the two lines, without blanks, as DER. */
static enum fault read_body(struct certificate_set *set, struct span body, struct arena *arena)
{
	uint8_t letters[2 * CERTIFICATE_SIZE_MAX], der[2 * CERTIFICATE_SIZE_MAX];
	struct span packed = { letters, 0 };
	size_t size = 0;
	for (size_t i = 0; i < body.len && packed.len < sizeof letters; i++)
		if (!strchr(" \t\r\n", body.at[i]))
			letters[packed.len++] = body.at[i];
	if (packed.len == sizeof letters || base64_room(packed.len) > sizeof der || !base64_read(der, &size, packed))
		return fault_say(FAULT_BAD_EVIDENCE, "a certificate is not PEM");
	return certificates_add(set, (struct span){ der, size }, arena);
}

enum fault certificates_read(struct certificate_set *set, struct span pem, struct arena *arena)
{
	const uint8_t *from, *to;
	while ((from = find(pem, begin))) {
		from += sizeof begin - 1;
		struct span rest = { from, (size_t)(pem.at + pem.len - from) };
		to = find(rest, end);
		if (!to)
			return fault_say(FAULT_BAD_EVIDENCE, "a certificate is cut short");
		TRY(read_body(set, (struct span){ from, (size_t)(to - from) }, arena));
		pem = (struct span){ to, (size_t)(rest.at + rest.len - to) };
	}
	return OK;
}
