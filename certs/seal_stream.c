#include "certs/seal_stream.h"

#include <assert.h>
#include <string.h>

static const uint8_t mark[SEAL_MARK_SIZE] = "comity1";
static const char purpose[] = "comity attachment at rest 1";

static uint8_t *salt_of(uint8_t *head)
{
	return head + SEAL_MARK_SIZE;
}

static uint8_t *label_of(uint8_t *head)
{
	return head + SEAL_MARK_SIZE + SEAL_SALT_SIZE;
}

enum fault seal_stream_begin(const struct seal *owner, uint8_t head[SEAL_HEAD_SIZE], struct seal **seal)
{
	*seal = NULL;
	memset(head, 0, SEAL_HEAD_SIZE);
	memcpy(head, mark, sizeof mark);
	TRY(seal_random(salt_of(head), SEAL_SALT_SIZE));
	return seal_derive(owner, salt_of(head), purpose, seal);
}

enum fault seal_stream_again(const struct seal *owner, const uint8_t head[SEAL_HEAD_SIZE], struct seal **seal)
{
	*seal = NULL;
	if (memcmp(head, mark, sizeof mark))
		return fault_say(FAULT_STORE_BROKEN, "a file of attachments does not begin as they do");
	return seal_derive(owner, head + SEAL_MARK_SIZE, purpose, seal);
}

enum fault seal_stream_label(struct seal *seal, struct span what, uint8_t head[SEAL_HEAD_SIZE])
{
	return seal_close(seal, SPAN(mark), what, (struct span){ 0 }, label_of(head));
}

bool seal_stream_is(struct seal *seal, struct span what, const uint8_t head[SEAL_HEAD_SIZE])
{
	uint8_t none[1];
	struct span label = { head + SEAL_MARK_SIZE + SEAL_SALT_SIZE, SEAL_OVERHEAD };
	return seal_open(seal, SPAN(mark), what, label, none);
}

static struct span place(uint8_t at[9], uint64_t index, bool is_last)
{
	put_u64(at, index);
	at[8] = is_last;
	return (struct span){ at, 9 };
}

enum fault seal_chunk_close(struct seal *seal, uint64_t index, bool is_last, struct span plain, uint8_t *to)
{
	uint8_t at[9];
	assert(plain.len == SEAL_CHUNK || (is_last && plain.len < SEAL_CHUNK));
	return seal_close(seal, place(at, index, is_last), (struct span){ 0 }, plain, to);
}

bool seal_chunk_open(struct seal *seal, uint64_t index, bool is_last, struct span sealed, uint8_t *to)
{
	uint8_t at[9];
	return seal_open(seal, place(at, index, is_last), (struct span){ 0 }, sealed, to);
}

uint64_t seal_plain_size(uint64_t sealed)
{
	if (sealed < SEAL_HEAD_SIZE + SEAL_OVERHEAD)
		return UINT64_MAX;
	uint64_t chunks = (sealed - SEAL_HEAD_SIZE) / SEAL_CHUNK_SEALED, rest = (sealed - SEAL_HEAD_SIZE) % SEAL_CHUNK_SEALED;
	if (rest && rest < SEAL_OVERHEAD)
		return UINT64_MAX;
	return chunks * SEAL_CHUNK + (rest ? rest - SEAL_OVERHEAD : 0);
}

uint64_t seal_sealed_size(uint64_t plain)
{
	uint64_t chunks = plain ? (plain + SEAL_CHUNK - 1) / SEAL_CHUNK : 1;
	return SEAL_HEAD_SIZE + plain + chunks * SEAL_OVERHEAD;
}
