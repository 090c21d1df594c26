#include "proto/frame.h"

#include <protobuf-c/protobuf-c.h>
#include <string.h>

#define BULK_BIT UINT32_C(0x80000000)

static enum fault check_length(uint32_t word, size_t limit)
{
	size_t size = word & ~BULK_BIT;
	if (word & BULK_BIT && size < BULK_HEAD_SIZE)
		return fault_say(FAULT_BAD_FRAME, "a bulk frame of %zu bytes has no room for its head", size);
	size_t most = word & BULK_BIT && limit >= BULK_SIZE_MAX ? BULK_HEAD_SIZE + BULK_SIZE_MAX : limit;
	if (size > most)
		return fault_say(FAULT_FRAME_TOO_LARGE, "a frame of %zu bytes, where %zu are allowed", size, most);
	return OK;
}

enum fault frame_cut(struct span *stream, size_t limit, struct frame *frame)
{
	*frame = (struct frame){ 0 };
	if (stream->len < FRAME_HEAD_SIZE)
		return OK;
	uint32_t word = get_u32(stream->at);
	TRY(check_length(word, limit));
	size_t size = word & ~BULK_BIT;
	if (stream->len - FRAME_HEAD_SIZE < size)
		return OK;

	const uint8_t *at = stream->at + FRAME_HEAD_SIZE;
	stream->at = at + size;
	stream->len -= FRAME_HEAD_SIZE + size;
	if (!(word & BULK_BIT)) {
		*frame = (struct frame){ .kind = FRAME_MESSAGE, .payload = { at, size } };
		return OK;
	}
	*frame = (struct frame){
		.kind = FRAME_BULK, .payload = { at + BULK_HEAD_SIZE, size - BULK_HEAD_SIZE },
		.stream = get_u32(at), .offset = get_u64(at + 4),
	};
	return OK;
}

size_t frame_missing(struct span stream)
{
	if (stream.len < FRAME_HEAD_SIZE)
		return 0;
	size_t whole = FRAME_HEAD_SIZE + (get_u32(stream.at) & ~BULK_BIT);
	return whole > stream.len ? whole - stream.len : 0;
}

static enum fault begin(struct bytes *out, uint32_t word, size_t size, uint8_t **payload)
{
	TRY(bytes_reserve(out, FRAME_HEAD_SIZE + size));
	put_u32(out->at + out->len, word);
	*payload = out->at + out->len + FRAME_HEAD_SIZE;
	out->len += FRAME_HEAD_SIZE + size;
	return OK;
}

enum fault frame_begin(struct bytes *out, size_t size, uint8_t **payload)
{
	if (size > FRAME_SIZE_MAX)
		return fault_say(FAULT_FRAME_TOO_LARGE, "a frame of %zu bytes, where %d are allowed", size, FRAME_SIZE_MAX);
	return begin(out, (uint32_t)size, size, payload);
}

enum fault frame_pack(struct bytes *out, const struct ProtobufCMessage *message)
{
	uint8_t *payload;
	TRY(frame_begin(out, protobuf_c_message_get_packed_size(message), &payload));
	protobuf_c_message_pack(message, payload);
	return OK;
}

enum fault frame_bulk(struct bytes *out, uint32_t stream, uint64_t offset, struct span data)
{
	if (data.len > BULK_SIZE_MAX)
		return fault_say(FAULT_FRAME_TOO_LARGE, "%zu bytes of bulk, where %d are allowed", data.len, BULK_SIZE_MAX);
	size_t size = BULK_HEAD_SIZE + data.len;
	uint8_t *payload;
	TRY(begin(out, BULK_BIT | (uint32_t)size, size, &payload));
	put_u32(payload, stream);
	put_u64(payload + 4, offset);
	if (data.len)
		memcpy(payload + BULK_HEAD_SIZE, data.at, data.len);
	return OK;
}
