#pragma once
/* What the certificate of a destruction says: the text that is signed (docs/PROTOCOL.md, 6.4).
 *
 *	# comity-destruction 1
 *	# authority: xf-ca
 *	# request: 0192f3c1-…
 *	# requesting-reference: FRD-CA/2026/0412
 *	# requested-reference: MLA-XS-26-1877
 *	# at: 2026-11-23T10:12:03.412Z
 *	# by: uid 1000
 *	# reason: returned on request
 *	3f8c…  0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e01	SHA-256 and id of each message, as in manifests
 *
 * One form only, as of a manifest, for which its first line keeps it from being taken.  References may be empty. */
#include "proto/arena.h"
#include "proto/stamp.h"
#include "proto/uuid.h"

enum {
	DESTROYED_ID_SIZE = 33,
	DESTROYED_REASON_MAX = 500,
	DESTROYED_TEXT_MAX = 960 << 10,		/* bytes of all of it: with signature and certificates it must fit into a message */
	DESTROYED_LINE_SIZE = 103,		/* of one message */
};

struct destroyed_message {
	uint8_t sha256[DIGEST_SIZE];
	char id[UUID_TEXT_SIZE];
};

struct destroyed {
	char authority[DESTROYED_ID_SIZE], request_id[UUID_TEXT_SIZE];	/* whose word it is, of which request */
	const char *requesting_reference, *requested_reference;
	char at[STAMP_SIZE];
	uint32_t uid;				/* whose act it was, there */
	const char *reason;			/* one line */
	const struct destroyed_message *messages;
	size_t count;
};

/* A reason goes into a line.  Fault: usage. */
enum fault destroyed_check_reason(const char *reason) MUST_CHECK;
/* Append the head (all but the messages is used), then messages one by one. */
enum fault destroyed_begin(struct bytes *text, const struct destroyed *destroyed) MUST_CHECK;
enum fault destroyed_add(struct bytes *text, const struct destroyed_message *message) MUST_CHECK;
/* Read one, strictly; what it points to is in the arena.  Faults: bad document with line and reason, no memory. */
enum fault destroyed_read(struct span text, struct arena *arena, struct destroyed *destroyed) MUST_CHECK;
