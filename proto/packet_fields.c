/* What a field of a frame must be. */
#include <string.h>

#include "proto/packet_parts.h"
#include "proto/stamp.h"

enum fault take_fixed(const char *field, bool is_there, ProtobufCBinaryData from, uint8_t *to, size_t size)
{
	if (!is_there || from.len != size)
		return BAD("%s has %zu bytes instead of %zu", field, is_there ? from.len : 0, size);
	memcpy(to, from.data, size);
	return OK;
}

enum fault take_text(const char *field, const char *text, size_t size_max, const char **to)
{
	size_t size = text ? strlen(text) : 0;
	if (size > size_max)
		return BAD("%s is %zu bytes long, the limit is %zu", field, size, size_max);
	*to = text ? text : "";
	return OK;
}

enum fault take_authority(const char *field, const char *text, const char **to)
{
	if (!text || !*text)
		return BAD("%s is missing", field);
	return take_text(field, text, PACKET_AUTHORITY_MAX, to);
}

enum fault take_slug(const char *field, const char *text, const char **to)
{
	TRY(take_text(field, text, PACKET_SLUG_MAX, to));
	if (strspn(*to, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(*to))
		return BAD("%s is not a slug", field);
	return OK;
}

enum fault take_stamp(const char *field, const char *text, int64_t *to)
{
	if (!text || !stamp_read(text, to))
		return BAD("%s is not a time", field);
	return OK;
}

/* "0: nothing yet" and "absent when number is 0"; a position that is absent itself is the same. */
enum fault take_position(const char *field, const Comity__Position *from, struct position *to)
{
	*to = (struct position){ 0 };
	if (!from || !from->number) {
		if (from && from->has_hash)
			return BAD("%s has a hash but no number", field);
		return OK;
	}
	to->number = from->number;
	return take_fixed(field, from->has_hash, from->hash, to->hash, DIGEST_SIZE);
}

Comity__Position give_position(const struct position *from)
{
	Comity__Position to = COMITY__POSITION__INIT;
	to.has_number = true;
	to.number = from->number;
	to.has_hash = from->number != 0;
	to.hash = (ProtobufCBinaryData){ DIGEST_SIZE, (uint8_t *)from->hash };
	return to;
}

ProtobufCBinaryData give_span(struct span span)
{
	return (ProtobufCBinaryData){ span.len, (uint8_t *)span.at };
}

struct span take_span(ProtobufCBinaryData data)
{
	return (struct span){ data.data, data.len };
}
