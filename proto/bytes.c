#include "proto/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span span_of_text(const char *text)
{
	return (struct span){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

struct span span_of(const struct bytes *bytes)
{
	return (struct span){ bytes->at, bytes->len };
}

bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool span_is(struct span span, const char *text)
{
	return span_equal(span, span_of_text(text));
}

bool span_take_line(struct span *rest, struct span *line)
{
	const uint8_t *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
	size_t taken = end ? (size_t)(end - rest->at) + 1 : rest->len;
	*line = (struct span){ rest->at, taken - (end != NULL) };
	*rest = (struct span){ taken ? rest->at + taken : rest->at, rest->len - taken };
	return taken;
}

enum fault bytes_reserve(struct bytes *bytes, size_t more)
{
	if (more > SIZE_MAX / 2 - bytes->len)
		return FAULT_NO_MEMORY;
	size_t need = bytes->len + more;
	if (need <= bytes->room)
		return OK;
	size_t room = bytes->room * 2 > need ? bytes->room * 2 : need;
	uint8_t *at = realloc(bytes->at, room);
	if (!at)
		return FAULT_NO_MEMORY;
	bytes->at = at;
	bytes->room = room;
	return OK;
}

enum fault bytes_append(struct bytes *bytes, struct span tail)
{
	if (!tail.len)
		return OK;
	TRY(bytes_reserve(bytes, tail.len));
	memcpy(bytes->at + bytes->len, tail.at, tail.len);
	bytes->len += tail.len;
	return OK;
}

enum fault bytes_append_text(struct bytes *bytes, const char *text)
{
	return bytes_append(bytes, span_of_text(text));
}

enum fault bytes_printf(struct bytes *bytes, const char *format, ...)
{
	va_list arguments, again;
	va_start(arguments, format);
	va_copy(again, arguments);
	int count = vsnprintf(NULL, 0, format, arguments);
	enum fault fault = count < 0 ? FAULT_INTERNAL : bytes_reserve(bytes, (size_t)count + 1);
	if (!fault) {
		vsnprintf((char *)bytes->at + bytes->len, (size_t)count + 1, format, again);
		bytes->len += (size_t)count;
	}
	va_end(again);
	va_end(arguments);
	return fault;
}

const char *bytes_text(struct bytes *bytes)
{
	if (bytes_reserve(bytes, 1))
		return NULL;
	bytes->at[bytes->len] = 0;
	return (const char *)bytes->at;
}

void bytes_consume(struct bytes *bytes, size_t count)
{
	if (!count)
		return;
	bytes->len -= count;
	memmove(bytes->at, bytes->at + count, bytes->len);
}

void bytes_trim(struct bytes *bytes)
{
	uint8_t *at = bytes->len ? realloc(bytes->at, bytes->len) : NULL;
	if (!at)
		return;
	bytes->at = at;
	bytes->room = bytes->len;
}

void bytes_clear(struct bytes *bytes)
{
	free(bytes->at);
	*bytes = (struct bytes){ 0 };
}

void hex_write(char *text, struct span span)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < span.len; i++) {
		*text++ = digits[span.at[i] >> 4];
		*text++ = digits[span.at[i] & 15];
	}
	*text = 0;
}

/* One more than the digit's value; 0 for what is none. */
static const uint8_t hex_values[256] = {
	['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ['a'] = 11, 12, 13, 14, 15, 16,
};

bool hex_read(uint8_t *to, size_t size, struct span text)
{
	if (text.len != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		unsigned high = hex_values[text.at[2 * i]], low = hex_values[text.at[2 * i + 1]];
		if (!high || !low)
			return false;
		to[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	return true;
}

void put_u32(uint8_t *to, uint32_t value)
{
	for (int i = 3; i >= 0; i--, value >>= 8)
		to[i] = (uint8_t)value;
}

void put_u64(uint8_t *to, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		to[i] = (uint8_t)value;
}

uint32_t get_u32(const uint8_t *from)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++)
		value = value << 8 | from[i];
	return value;
}

uint64_t get_u64(const uint8_t *from)
{
	return (uint64_t)get_u32(from) << 32 | get_u32(from + 4);
}
