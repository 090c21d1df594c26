#include "proto/unpack.h"

#include <string.h>

#include "proto/casework.pb-c.h"
#include "proto/check.h"
#include "proto/field.h"

/* ── before memory is taken ──
 * A look over the packed bytes (protobuf.dev/programming-guides/encoding), for what cannot be seen any
 * more once they are unpacked: NULs in texts, which would end them early, numbers that would lose
 * their upper half, and nesting, which the unpacker would follow down the stack. */

enum { WIRE_VARINT = 0, WIRE_64_BITS = 1, WIRE_BYTES = 2, WIRE_32_BITS = 5 };

static bool take_varint(struct span *rest, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; rest->len && shift < 64; shift += 7) {
		uint8_t byte = *rest->at;
		rest->at++, rest->len--;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return shift < 63 || byte <= 1;
	}
	return false;
}

static bool take_bytes(struct span *rest, uint64_t len, struct span *taken)
{
	if (len > rest->len)
		return false;
	*taken = (struct span){ rest->at, (size_t)len };
	rest->at += len;
	rest->len -= (size_t)len;
	return true;
}

struct packed_field {
	uint64_t number, value;	/* value: of a varint */
	unsigned wire;
	struct span bytes;
};

static bool take_field(struct span *rest, struct packed_field *field)
{
	uint64_t tag, len = 0;
	if (!take_varint(rest, &tag))
		return false;
	field->number = tag >> 3;
	field->wire = tag & 7;
	if (!field->number || field->number > 536870911)
		return false;
	switch (field->wire) {
	case WIRE_VARINT:  return take_varint(rest, &field->value);
	case WIRE_64_BITS: return take_bytes(rest, 8, &field->bytes);
	case WIRE_32_BITS: return take_bytes(rest, 4, &field->bytes);
	case WIRE_BYTES:   return take_varint(rest, &len) && take_bytes(rest, len, &field->bytes);
	}
	return false;		/* groups went out of use long before us */
}

/* Negative numbers come sign-extended to 64 bits. */
static bool fits(const ProtobufCFieldDescriptor *known, uint64_t value)
{
	bool is_signed = known->type == PROTOBUF_C_TYPE_INT32 || known->type == PROTOBUF_C_TYPE_ENUM;
	bool is_narrow = is_signed || known->type == PROTOBUF_C_TYPE_UINT32 || known->type == PROTOBUF_C_TYPE_SINT32;
	return !is_narrow || value <= UINT32_MAX || (is_signed && (int64_t)value >= INT32_MIN && (int64_t)value < 0);
}

/* Lists that would be absurd long before CHECK_REPEATED_MAX. */
static const struct limit {
	const ProtobufCMessageDescriptor *type;
	const char *field;
	size_t most, longest;
} limits[] = {
	{ &comity__sealing__descriptor, "recipients", RECIPIENTS_MAX, RECIPIENT_SIZE_MAX },
};

static const struct limit *limit_of(const ProtobufCMessageDescriptor *type)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (limits[i].type == type)
			return &limits[i];
	return NULL;
}

/* One more of them. */
static enum fault count_one(const struct limit *limit, const char *name, const struct packed_field *field, size_t *count)
{
	if (strcmp(limit->field, name))
		return OK;
	if (++*count <= limit->most && field->bytes.len <= limit->longest)
		return OK;
	return fault_say(FAULT_TOO_LARGE, "%s.%s: more than %zu, or one of more than %zu bytes", limit->type->short_name, name, limit->most,
		limit->longest);
}

static enum fault scan(const ProtobufCMessageDescriptor *type, struct span rest, unsigned depth, enum fault bad)
{
	if (depth > CHECK_DEPTH_MAX)
		return fault_say(FAULT_TOO_DEEP, "%s: nested more than %d deep", type->short_name, CHECK_DEPTH_MAX);
	const struct limit *limit = limit_of(type);
	size_t count = 0;
	while (rest.len) {
		struct packed_field field;
		if (!take_field(&rest, &field))
			return fault_say(bad, "these bytes are not a %s", type->short_name);
		const ProtobufCFieldDescriptor *known =
			protobuf_c_message_descriptor_get_field(type, (unsigned)field.number);
		bool is_text = known && known->type == PROTOBUF_C_TYPE_STRING && field.wire == WIRE_BYTES;
		if (is_text && field.bytes.len && memchr(field.bytes.at, 0, field.bytes.len))
			return fault_say(FAULT_BAD_TEXT, "%s.%s: a text holds a NUL", type->short_name, known->name);
		if (known && limit)
			TRY(count_one(limit, known->name, &field, &count));
		if (known && field.wire == WIRE_VARINT && !fits(known, field.value))
			return fault_say(bad, "%s.%s: a number out of range", type->short_name, known->name);
		if (known && known->type == PROTOBUF_C_TYPE_MESSAGE && field.wire == WIRE_BYTES)
			TRY(scan(field_type(known), field.bytes, depth + 1, bad));
	}
	return OK;
}

static ProtobufCMessage *unpack_within(const ProtobufCMessageDescriptor *type, struct span packed,
	struct arena *arena)
{
	size_t whole = arena->budget, share = arena->used + UNPACK_GROWTH * packed.len + UNPACK_SLACK;
	if (share < arena->budget)
		arena->budget = share;
	ProtobufCAllocator allocator = arena_allocator(arena);
	ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, packed.len, packed.at);
	arena->budget = whole;
	return message;
}

static enum fault check_size(const ProtobufCMessageDescriptor *type, struct span packed)
{
	return packed.len <= UNPACK_SIZE_MAX ? OK : fault_say(FAULT_TOO_LARGE, "%s of %zu bytes; the limit is %d",
		type->short_name, packed.len, UNPACK_SIZE_MAX);
}

enum fault unpack_own(const ProtobufCMessageDescriptor *type, struct span packed, struct arena *arena,
	enum fault bad, ProtobufCMessage **message)
{
	*message = NULL;
	TRY(check_size(type, packed));
	bool was_refused = arena->was_refused, is_out_of_memory = arena->is_out_of_memory;
	arena->was_refused = arena->is_out_of_memory = false;
	*message = unpack_within(type, packed, arena);
	if (*message) {		/* what was refused before stays refused: the owner asks once, at its end */
		arena->was_refused = was_refused;
		arena->is_out_of_memory = is_out_of_memory;
		return OK;
	}
	return arena->was_refused ?
		fault_say(arena_fault(arena), "%s of %zu bytes needs more memory than it may", type->short_name, packed.len) :
		fault_say(bad, "these %zu bytes are not a %s", packed.len, type->short_name);
}

enum fault unpack(const ProtobufCMessageDescriptor *type, struct span packed, struct arena *arena,
	enum fault bad, ProtobufCMessage **message)
{
	ProtobufCMessage *unpacked;
	*message = NULL;
	TRY(check_size(type, packed));
	TRY(scan(type, packed, 1, bad));
	TRY(unpack_own(type, packed, arena, bad, &unpacked));
	TRY(check_message(unpacked));
	*message = unpacked;
	return OK;
}

bool packed_number(struct span packed, unsigned number, uint64_t *value)
{
	struct packed_field field;
	bool is_found = false;
	while (packed.len && take_field(&packed, &field))
		if (field.number == number && field.wire == WIRE_VARINT) {	/* the last one counts */
			*value = field.value;
			is_found = true;
		}
	return is_found && !packed.len;
}

bool packed_part(struct span packed, unsigned number, struct span *value)
{
	struct packed_field field;
	bool is_found = false;
	while (packed.len && take_field(&packed, &field))
		if (field.number == number && field.wire == WIRE_BYTES) {
			*value = field.bytes;
			is_found = true;
		}
	return is_found && !packed.len;
}

enum fault packed_without(struct span packed, unsigned number, struct bytes *out)
{
	struct packed_field field;
	struct span rest = packed;
	TRY(bytes_reserve(out, packed.len));
	while (take_field(&rest, &field)) {
		struct span whole = { packed.at, packed.len - rest.len };
		if (field.number != number)
			TRY(bytes_append(out, whole));
		packed = rest;
	}
	return OK;
}

enum fault pack(const ProtobufCMessage *message, struct bytes *out)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	if (!size)
		return OK;	/* an empty message; `out` may have no memory yet to write nothing to */
	TRY(bytes_reserve(out, size));
	out->len += protobuf_c_message_pack(message, out->at + out->len);
	return OK;
}
