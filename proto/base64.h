#pragma once
/* Base64 (RFC 4648): written in the standard alphabet with padding, read in either alphabet, padded or not. */
#include "proto/bytes.h"

enum fault base64_append(struct bytes *out, struct span span) MUST_CHECK;
/* The most bytes that so much text can stand for. */
size_t base64_room(size_t text_len);
/* `to` has base64_room(text.len) bytes.  False for other letters, a wrong length or bits left over. */
bool base64_read(uint8_t *to, size_t *size, struct span text);
