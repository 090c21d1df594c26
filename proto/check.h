#pragma once
/* What every message must hold to, whatever its type: one walk over the descriptors.
 *
 * Texts are UTF-8 without NUL and without control characters (line feed and tab are allowed), at
 * most CHECK_TEXT_MAX bytes.  The name of a string field is a promise about what it holds:
 *
 *	*_at			RFC 3339 date and time with an offset
 *	*_on			a date, YYYY-MM-DD
 *	sha256, *_sha256	64 lower-case hex digits
 *	*_id			a UUID in its lower-case text form
 *
 * (an empty one counts as absent).  Enum values and fields that we do not know are kept, not
 * refused: a newer peer may know more than we do.
 */
#include <protobuf-c/protobuf-c.h>

#include "proto/bytes.h"

enum {
	CHECK_TEXT_MAX = 64 << 10,	/* bytes */
	CHECK_DEPTH_MAX = 32,		/* messages in messages */
	CHECK_REPEATED_MAX = 10000,	/* values of one field */
	CHECK_UNKNOWN_MAX = 64,		/* unknown fields in one message with all that is in it */
	RECIPIENTS_MAX = 16,		/* for whom alone something is sealed ... */
	RECIPIENT_SIZE_MAX = 120,	/* ... and the bytes of each name */
};

/* The detail names the path: `request.measures[2].period.from_on: "2026-13-01" is not a date (YYYY-MM-DD)`.
 * Faults: bad text, bad document, too large, too deep. */
enum fault check_message(const ProtobufCMessage *message) MUST_CHECK;
/* The same for one string field: OK, or the fault and (in *reason) the end of the sentence. */
/* The text of a certificate of destruction, which names every message of a case, may have DESTROYED_TEXT_MAX bytes. */
enum fault check_text(const ProtobufCFieldDescriptor *field, struct span text, const char **reason) MUST_CHECK;
/* Fields that this version does not know, in the message and all that is in it. */
size_t message_unknown_count(const ProtobufCMessage *message);

/* A type that contains itself could be nested until the stack ends.  For tests over every root type of
 * the schema.  Faults: too deep, with the path of the cycle. */
enum fault check_schema(const ProtobufCMessageDescriptor *type) MUST_CHECK;
