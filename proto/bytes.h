#pragma once
/* Bytes with their length: struct span borrows, struct bytes owns.  Zero-initialised is empty. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/fault.h"

/* Borrowed bytes.  They last until the function or callback returns unless its header says longer. */
struct span {
	const uint8_t *at;
	size_t len;
};

/* Owned bytes that can grow. */
struct bytes {
	uint8_t *at;
	size_t len, room;
};

#define SPAN(array) ((struct span){ (const uint8_t *)(array), sizeof(array) })
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))

enum { DIGEST_SIZE = 32, DIGEST_HEX_SIZE = 64 };	/* SHA-256 everywhere */

struct span span_of_text(const char *text);		/* without the NUL; NULL gives an empty span */
struct span span_of(const struct bytes *bytes);
bool span_equal(struct span a, struct span b);
/* Is the text equal to the span? */
bool span_is(struct span span, const char *text);
/* Cut the next line off the front, without its line feed; the last may have none.  False when nothing is left. */
bool span_take_line(struct span *rest, struct span *line);

/* Room for `more` further bytes after len.  Faults: no memory. */
enum fault bytes_reserve(struct bytes *bytes, size_t more) MUST_CHECK;
enum fault bytes_append(struct bytes *bytes, struct span tail) MUST_CHECK;
enum fault bytes_append_text(struct bytes *bytes, const char *text) MUST_CHECK;
enum fault bytes_printf(struct bytes *bytes, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
/* A NUL-terminated view; the NUL is not counted in len.  NULL when memory is out. */
const char *bytes_text(struct bytes *bytes);
/* Drop `count` bytes from the front, moving the rest down. */
void bytes_trim(struct bytes *bytes);				/* give back the room that is not filled */
void bytes_consume(struct bytes *bytes, size_t count);
void bytes_clear(struct bytes *bytes);			/* frees; empty again */

/* Lower-case hex.  `text` needs 2 * span.len + 1 bytes. */
void hex_write(char *text, struct span span);
/* Exactly `size` bytes from 2 * size hex digits (lower case only: one form, one hash).  False otherwise. */
bool hex_read(uint8_t *to, size_t size, struct span text);

/* Big-endian integers, for keys and frames. */
void put_u32(uint8_t *to, uint32_t value);
void put_u64(uint8_t *to, uint64_t value);
uint32_t get_u32(const uint8_t *from);
uint64_t get_u64(const uint8_t *from);
