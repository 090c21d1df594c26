#include "daemon/ledger/store_key.h"

#include <string.h>

enum { TOO_LONG = KEY_SIZE_MAX + 1 };

void key_bytes(struct key *key, struct span bytes)
{
	if (key->len > KEY_SIZE_MAX || bytes.len > KEY_SIZE_MAX - key->len) {
		key->len = TOO_LONG;
		return;
	}
	if (bytes.len)
		memcpy(key->at + key->len, bytes.at, bytes.len);
	key->len += bytes.len;
}

void key_text_span(struct key *key, struct span text)
{
	const uint8_t *end = text.len ? memchr(text.at, 0, text.len) : NULL;
	key_bytes(key, (struct span){ text.at, end ? (size_t)(end - text.at) : text.len });
	key_u8(key, 0);
}

void key_text(struct key *key, const char *text)
{
	key_text_span(key, span_of_text(text));
}

void key_u8(struct key *key, uint8_t number)
{
	key_bytes(key, (struct span){ &number, sizeof number });
}

void key_u32(struct key *key, uint32_t number)
{
	uint8_t bytes[4];
	put_u32(bytes, number);
	key_bytes(key, SPAN(bytes));
}

void key_u64(struct key *key, uint64_t number)
{
	uint8_t bytes[8];
	put_u64(bytes, number);
	key_bytes(key, SPAN(bytes));
}

struct span key_span(const struct key *key)
{
	return (struct span){ key->at, key->len };
}

bool key_take_bytes(struct span *key, size_t size, struct span *bytes)
{
	if (key->len < size)
		return false;
	*bytes = (struct span){ key->at, size };
	*key = (struct span){ key->at + size, key->len - size };
	return true;
}

bool key_take_text(struct span *key, const char **text)
{
	const uint8_t *end = key->len ? memchr(key->at, 0, key->len) : NULL;
	struct span taken;
	if (!end || !key_take_bytes(key, (size_t)(end - key->at) + 1, &taken))
		return false;
	*text = (const char *)taken.at;
	return true;
}

bool key_take_u8(struct span *key, uint8_t *number)
{
	struct span taken;
	if (!key_take_bytes(key, sizeof *number, &taken))
		return false;
	*number = taken.at[0];
	return true;
}

bool key_take_u32(struct span *key, uint32_t *number)
{
	struct span taken;
	if (!key_take_bytes(key, sizeof *number, &taken))
		return false;
	*number = get_u32(taken.at);
	return true;
}

bool key_take_u64(struct span *key, uint64_t *number)
{
	struct span taken;
	if (!key_take_bytes(key, sizeof *number, &taken))
		return false;
	*number = get_u64(taken.at);
	return true;
}
