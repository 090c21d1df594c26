#include "certs/parcel.h"

#include <string.h>

#include "certs/digest.h"
#include "proto/check.h"

static void commit(const uint8_t key[CONTENT_KEY_SIZE], uint8_t commitment[DIGEST_SIZE])
{
	static const char purpose[] = "comity content key 1";
	uint8_t both[sizeof purpose - 1 + CONTENT_KEY_SIZE];
	memcpy(both, purpose, sizeof purpose - 1);
	memcpy(both + sizeof purpose - 1, key, CONTENT_KEY_SIZE);
	digest_of(commitment, SPAN(both));
	seal_wipe(both, sizeof both);
}

void parcel_slip_clear(struct parcel_slip *slip)
{
	bytes_clear(&slip->envelope);
}

/* SHA-256 over "comity recipients 1" and the SHA-256 of each part: a copy elsewhere, or for others, is another one. */
enum fault parcel_bind(const struct parcel_address *address, uint8_t digest[DIGEST_SIZE], struct span *bound)
{
	static const char purpose[] = "comity recipients 1";
	enum { PURPOSE_SIZE = sizeof purpose - 1, PLACE_PARTS = 2 };
	uint8_t all[PURPOSE_SIZE + (PLACE_PARTS + RECIPIENTS_MAX) * DIGEST_SIZE];
	uint8_t *at = all + PURPOSE_SIZE;
	*bound = (struct span){ 0 };
	if (address->count > RECIPIENTS_MAX)
		return fault_say(FAULT_TOO_LARGE, "it is sealed for at most %d by name", RECIPIENTS_MAX);
	if (!address->count)
		return OK;
	memcpy(all, purpose, PURPOSE_SIZE);
	digest_of(at, span_of_text(address->authority ? address->authority : ""));
	digest_of(at += DIGEST_SIZE, span_of_text(address->request_id ? address->request_id : ""));
	for (size_t i = 0; i < address->count; i++)
		digest_of(at += DIGEST_SIZE, span_of_text(address->names[i]));
	digest_of(digest, (struct span){ all, (size_t)(at - all) + DIGEST_SIZE });
	*bound = (struct span){ digest, DIGEST_SIZE };
	return OK;
}

enum fault parcel_begin(const struct span *certificates, size_t count, struct span bound, struct parcel_slip *slip, struct seal **seal)
{
	uint8_t key[CONTENT_KEY_SIZE];
	*seal = NULL;
	TRY(seal_random(key, sizeof key));
	enum fault fault = envelope_make(certificates, count, key, bound, &slip->envelope);
	if (!fault)
		fault = seal_new(key, seal);
	commit(key, slip->commitment);
	seal_wipe(key, sizeof key);
	return fault;
}

enum fault parcel_again(const uint8_t key[CONTENT_KEY_SIZE], struct span commitment, struct seal **seal)
{
	uint8_t committed[DIGEST_SIZE];
	*seal = NULL;
	commit(key, committed);
	if (!span_equal(SPAN(committed), commitment))
		return fault_say(FAULT_BAD_ENVELOPE, "the key inside is not the one that the message was signed with");
	return seal_new(key, seal);
}

uint64_t parcel_plain_size(uint64_t sealed)
{
	return sealed > UINT64_MAX - SEAL_HEAD_SIZE ? UINT64_MAX : seal_plain_size(sealed + SEAL_HEAD_SIZE);
}

uint64_t parcel_sealed_size(uint64_t plain)
{
	return seal_sealed_size(plain) - SEAL_HEAD_SIZE;
}

enum fault parcel_close(struct seal *seal, struct span plain, struct bytes *sealed)
{
	TRY(bytes_reserve(sealed, (size_t)parcel_sealed_size(plain.len)));
	for (uint64_t index = 0;; index++) {
		struct span chunk = { plain.at, plain.len < SEAL_CHUNK ? plain.len : SEAL_CHUNK };
		bool is_last = chunk.len == plain.len;
		TRY(seal_chunk_close(seal, index, is_last, chunk, sealed->at + sealed->len));
		sealed->len += chunk.len + SEAL_OVERHEAD;
		if (is_last)
			return OK;
		plain.at += chunk.len;
		plain.len -= chunk.len;
	}
}

static bool open_all(struct seal *seal, struct span sealed, uint8_t *to)
{
	for (uint64_t index = 0; sealed.len >= SEAL_OVERHEAD; index++) {
		struct span chunk = { sealed.at, sealed.len < SEAL_CHUNK_SEALED ? sealed.len : SEAL_CHUNK_SEALED };
		bool is_last = chunk.len == sealed.len;
		bool is_good = seal_chunk_open(seal, index, is_last, chunk, to);
		if (!is_good || is_last)
			return is_good;
		to += SEAL_CHUNK;
		sealed.at += chunk.len;
		sealed.len -= chunk.len;
	}
	return false;
}

enum fault parcel_open(struct seal *seal, struct span sealed, struct bytes *plain)
{
	uint64_t size = parcel_plain_size(sealed.len);
	if (size == UINT64_MAX)
		return fault_say(FAULT_SEAL_BROKEN, "nothing sealed has %zu bytes", sealed.len);
	TRY(bytes_reserve(plain, (size_t)size + 1));
	if (!open_all(seal, sealed, plain->at + plain->len)) {
		seal_wipe(plain->at + plain->len, (size_t)size);
		return FAULT_SEAL_BROKEN;
	}
	plain->len += (size_t)size;
	return OK;
}
