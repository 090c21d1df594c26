/* What two officers read to one another on the telephone. */
#include "certs/identity.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static void hash_identity(uint8_t hash[64], struct span spki_der)
{
	static const char domain[] = "comity-id-v1";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_hashed = ctx && EVP_DigestInit_ex2(ctx, EVP_sha512(), NULL) &&
			 EVP_DigestUpdate(ctx, domain, sizeof domain - 1) &&
			 EVP_DigestUpdate(ctx, spki_der.at, spki_der.len) && EVP_DigestFinal_ex(ctx, hash, NULL);
	EVP_MD_CTX_free(ctx);
	if (!is_hashed)
		abort();	/* digits that are not those of the key must never be read to anyone */
}

void identity_digits(char text[IDENTITY_DIGITS_SIZE], struct span spki_der)
{
	uint8_t hash[64];
	hash_identity(hash, spki_der);
	for (int i = 0; i < IDENTITY_GROUPS; i++) {
		uint64_t number = (uint64_t)hash[5 * i] << 32 | get_u32(hash + 5 * i + 1);
		snprintf(text + i * 6, 6, "%05u", (unsigned)(number % 100000));
		text[i * 6 + 5] = i + 1 < IDENTITY_GROUPS ? ' ' : 0;
	}
}

static enum fault collect(char digits[40], const char *heard)
{
	int count = 0;
	for (; *heard; heard++) {
		if (strchr(" \t\r\n-.", *heard))
			continue;
		if (!isdigit((unsigned char)*heard) || count == 40)
			return fault_say(FAULT_USAGE, "the telephone check takes eight groups of five digits, and nothing else");
		digits[count++] = *heard;
	}
	return count == 40 ? OK : fault_say(FAULT_USAGE, "the telephone check takes 40 digits; these are %d", count);
}

enum fault identity_compare(struct span spki_der, const char *heard, unsigned *which)
{
	char ours[IDENTITY_DIGITS_SIZE], theirs[40];
	*which = 0;
	TRY(collect(theirs, heard));
	identity_digits(ours, spki_der);
	int differing = 0;
	for (int i = 0; i < IDENTITY_GROUPS; i++) {
		if (!memcmp(ours + i * 6, theirs + i * 5, 5))
			continue;
		*which |= 1u << i;
		differing++;
	}
	if (!differing)
		return OK;
	return fault_say(FAULT_IDENTITY_DIFFERS, "%d of %d groups differ: this card does not belong to the person on the telephone",
			 differing, IDENTITY_GROUPS);
}
