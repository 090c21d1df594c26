#include "proto/base64.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum fault base64_append(struct bytes *out, struct span span)
{
	TRY(bytes_reserve(out, (span.len + 2) / 3 * 4));
	for (size_t i = 0; i < span.len; i += 3) {
		size_t left = span.len - i;
		uint32_t three = (uint32_t)span.at[i] << 16;
		three |= left > 1 ? (uint32_t)span.at[i + 1] << 8 : 0;
		three |= left > 2 ? span.at[i + 2] : 0;
		char four[4] = {
			letters[three >> 18],
			letters[three >> 12 & 63],
			left > 1 ? letters[three >> 6 & 63] : '=',
			left > 2 ? letters[three & 63] : '=',
		};
		memcpy(out->at + out->len, four, sizeof four);
		out->len += sizeof four;
	}
	return OK;
}

size_t base64_room(size_t text_len)
{
	return text_len / 4 * 3 + 3;
}

static int value_of(uint8_t letter)
{
	if (letter == '-' || letter == '_')	/* the URL-safe alphabet */
		return letter == '-' ? 62 : 63;
	const char *at = letter ? strchr(letters, letter) : NULL;
	return at ? (int)(at - letters) : -1;
}

static struct span without_padding(struct span text)
{
	size_t padding = 0;
	while (text.len % 4 == 0 && padding < 2 && padding < text.len && text.at[text.len - 1 - padding] == '=')
		padding++;
	text.len -= padding;
	return text;
}

bool base64_read(uint8_t *to, size_t *size, struct span text)
{
	text = without_padding(text);
	uint32_t bits = 0;
	unsigned waiting = 0;
	*size = 0;
	for (size_t i = 0; i < text.len; i++) {
		int value = value_of(text.at[i]);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		waiting += 6;
		if (waiting < 8)
			continue;
		waiting -= 8;
		to[(*size)++] = (uint8_t)(bits >> waiting);
	}
	bool nothing_left_over = waiting < 6 && !(bits & ((1u << waiting) - 1));
	return nothing_left_over;
}
