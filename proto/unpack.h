#pragma once
/* From packed bytes to a checked message: the one way in for everything a peer, a client or the disk says. */
#include "proto/arena.h"

enum {
	UNPACK_SIZE_MAX = 4 << 20,	/* bytes; frames have tighter limits of their own */
	UNPACK_GROWTH = 8,		/* memory allowed for each packed byte ... */
	UNPACK_SLACK = 256 << 10,	/* ... and for the least message */
	UNPACK_ARENA = UNPACK_GROWTH * UNPACK_SIZE_MAX + UNPACK_SLACK,	/* a budget that suits every message */
};

/* Before memory is taken the packed bytes are looked over for what unpacking would hide (a NUL in a text,
 * a number beyond its type) or follow too far (nesting).
 *
 * Unpack and check_message() a message of this type into the arena, which it dies with.  Of the
 * arena's budget at most UNPACK_GROWTH times the packed size plus UNPACK_SLACK is used.
 *
 * `bad` is the fault for bytes that are not such a message: FAULT_BAD_FRAME from the line (hang up),
 * FAULT_BAD_DOCUMENT for what a person sent.  Further faults: too large, too deep, bad text, no memory. */
enum fault unpack(const ProtobufCMessageDescriptor *type, struct span packed, struct arena *arena,
	enum fault bad, ProtobufCMessage **message) MUST_CHECK;
/* The same without looking into it, for what was checked when it came in and has been under a checksum since: the
 * records of our own ledger.  Still bounded in memory, and false bytes still fault. */
enum fault unpack_own(const ProtobufCMessageDescriptor *type, struct span packed, struct arena *arena,
	enum fault bad, ProtobufCMessage **message) MUST_CHECK;
/* The value of one number, boolean or enum of a packed message, without unpacking the rest; false when it is not
 * there, or the bytes are none. */
bool packed_number(struct span packed, unsigned field, uint64_t *value);
/* The same of one message, text or bytes, borrowed from the packed ones. */
bool packed_part(struct span packed, unsigned field, struct span *value);
/* Append a packed message as it is, but for one field of its own, which may stand anywhere and be there more than once.
 * The bytes were unpacked before, so they are a message: nothing is appended of what is none.  Faults: no memory. */
enum fault packed_without(struct span packed, unsigned field, struct bytes *out) MUST_CHECK;
/* Append the packed message.  Faults: no memory. */
enum fault pack(const ProtobufCMessage *message, struct bytes *out) MUST_CHECK;
