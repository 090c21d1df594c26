#pragma once
/* Where one frame ends and the next begins: the same on the line and at the control sockets.
 *
 * A frame is a 4-byte big-endian word and its payload.  The word's top bit tells bulk (4 bytes stream,
 * 8 bytes offset, then bytes of an attachment, which never go through protobuf) from a protobuf
 * message; the other 31 bits are the payload's length.  Knows nothing of what a message means. */
#include "proto/bytes.h"

enum {
	FRAME_HEAD_SIZE = 4,
	FRAME_SIZE_MAX = (2 << 20) + (64 << 10),	/* payload of a protobuf frame */
	FRAME_GREETING_MAX = 64 << 10,			/* the same before the line is up */
	BULK_HEAD_SIZE = 12,
	BULK_SIZE_MAX = 64 << 10,			/* bytes of an attachment in one bulk frame */
	FETCH_SIZE_MAX = 4 << 20,			/* what one fetch may ask for */
	MESSAGE_SIZE_MAX = 1 << 20,
	MANIFEST_TEXT_MAX = 256 << 10,
};

enum frame_kind { FRAME_NONE, FRAME_MESSAGE, FRAME_BULK };

/* A frame as it lies in the stream it was cut from. */
struct frame {
	enum frame_kind kind;
	struct span payload;	/* the protobuf bytes, or the attachment's; borrowed from the stream */
	uint32_t stream;	/* bulk only */
	uint64_t offset;	/* bulk only */
};

struct ProtobufCMessage;

/* Cut the next whole frame off the front of the stream and lend it.  FRAME_NONE when the rest has not
 * arrived.  `limit` bounds the payload (FRAME_SIZE_MAX, FRAME_GREETING_MAX) and is checked on the first
 * four bytes, before anything is gathered.  Faults: frame too large, bad frame (bulk without its head). */
enum fault frame_cut(struct span *stream, size_t limit, struct frame *frame) MUST_CHECK;
/* How many more bytes the frame at the front of the stream needs; 0 when it is whole or its length is
 * not known yet.  Ask after frame_cut() found none: then the length is within the limit. */
size_t frame_missing(struct span stream);

/* Append a head and room for `size` bytes, which the caller fills at *payload (borrowed until `out` is
 * touched again).  Faults: frame too large, no memory. */
enum fault frame_begin(struct bytes *out, size_t size, uint8_t **payload) MUST_CHECK;
/* Append a frame with the message packed straight into it.  Faults: frame too large, no memory. */
enum fault frame_pack(struct bytes *out, const struct ProtobufCMessage *message) MUST_CHECK;
/* Append a bulk frame.  Faults: frame too large (more than BULK_SIZE_MAX), no memory. */
enum fault frame_bulk(struct bytes *out, uint32_t stream, uint64_t offset, struct span data) MUST_CHECK;
