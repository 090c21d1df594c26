#pragma once
/* Manifests: the text that is signed (docs/PROTOCOL.md, "Manifests").
 *
 *	# comity-manifest 1
 *	# from: xf-ca
 *	# to: xs-ca
 *	# purpose: dispatch
 *	# number: 41
 *	# previous: <SHA-256 of the previous manifest of this direction; zeros for number 1>
 *	# at: 2026-11-23T10:12:03.412Z
 *	<sha256>  <message id>
 *	<sha256>  <message id>.<n>          the n-th attachment of that message, from 1
 *	# refused: <sha256> <message id> <slug>
 *
 * One form only: every byte is fixed by what it says, so that there is one hash for one statement.  The
 * lines that begin with '#' are comments to sha256sum(1), which can therefore check the rest.
 */
#include "proto/arena.h"
#include "proto/stamp.h"
#include "proto/uuid.h"

enum purpose { PURPOSE_DISPATCH, PURPOSE_RECEIPT, PURPOSE_COMPLETE, PURPOSE_WITHDRAWAL, PURPOSE_COUNT };

enum { MANIFEST_ID_SIZE = 33, MANIFEST_SLUG_SIZE = 49 };

struct manifest_entry {
	uint8_t sha256[DIGEST_SIZE];
	char message_id[UUID_TEXT_SIZE];
	uint32_t index;			/* 0: the message itself, else its attachment of that number */
	const char *refused;		/* slug, in receipts; NULL when it was not refused */
};

struct manifest {
	char from[MANIFEST_ID_SIZE], to[MANIFEST_ID_SIZE];
	enum purpose purpose;
	uint64_t number;		/* from 1 */
	uint8_t previous[DIGEST_SIZE];
	char at[STAMP_SIZE];
	const struct manifest_entry *entries;
	size_t count;
};

const char *purpose_name(enum purpose purpose);

/* Read one, strictly; entries live in the arena.  Faults: bad manifest with line and reason, too large. */
enum fault manifest_read(struct span text, struct arena *arena, struct manifest *manifest) MUST_CHECK;

/* Append the header (all but the entries of `manifest` are used), then entries one by one. */
enum fault manifest_begin(struct bytes *text, const struct manifest *manifest) MUST_CHECK;
enum fault manifest_add(struct bytes *text, const struct manifest_entry *entry) MUST_CHECK;
