#pragma once
/* An evidence file, read: what is in it, before anything of it is believed.
 *
 * Contents of attachments and of what is for reading only pass through as a digest; messages, manifests, certificates and
 * revocation lists are small and are kept.  All of it lives in the dossier's arena.
 */
#include "certs/authority.h"
#include "proto/arena.h"
#include "proto/manifest.h"
#include "tools/evidence_parts.h"

enum { DOSSIER_AUTHORITIES_MAX = 2, DOSSIER_ROLES = 3, DOSSIER_BUCKETS = 1 << 14, DOSSIER_STAMPS_MAX = 16 };

/* Which list must name a part. */
enum listing { LISTED_NOWHERE, LISTED_IN_CONTENTS, LISTED_IN_STAMPS };

struct dossier_part {
	const char *name;
	uint8_t sha256[DIGEST_SIZE];
	enum listing listing;
	bool is_listed;				/* there, with this digest */
	bool is_named;				/* by a message, as its attachment, with this digest */
	struct dossier_message *message;	/* what was read from it: one of these, or neither */
	struct dossier_manifest *manifest;
	struct dossier_part *next, *next_in_bucket;
};

struct dossier_message {
	const struct dossier_part *part;
	const char *id, *from, *to, *request_id, *created_at;	/* as the message says; "" when it does not */
	uint8_t (*attachments)[DIGEST_SIZE];	/* what the message says of them, in order */
	size_t n_attachments;
	bool is_dispatched, is_receipted, is_complete, is_withdrawn;
	const char *receipted_at, *receipted_by, *refused;
	struct dossier_message *next;
};

struct dossier_manifest {
	const char *authority;			/* the directory it lies in */
	uint64_t number;			/* of its file name */
	struct span text, signature;		/* either may be empty: then it was not there */
	struct manifest manifest;		/* filled in when it was read */
	bool is_verified;
	struct dossier_manifest *next;
};

/* What an authority signed of a destruction. */
struct dossier_destruction {
	const char *authority;			/* of its name */
	struct span text, signature;		/* either may be empty: then it was not there */
	struct dossier_destruction *next;
};

struct dossier_authority {
	char id[AUTHORITY_ID_SIZE];
	struct certificate_set certificates[DOSSIER_ROLES];	/* identity, delegation, signing */
	struct certificate_set lists;		/* of revoked certificates, DER */
};

/* What somebody else signed about the time (tools/evidence_stamp.h); any of it may be empty. */
struct dossier_stamp {
	struct span list, answer, roots;
};

struct dossier {
	struct arena arena;
	struct dossier_part *parts, **parts_end;
	struct dossier_part *buckets[DOSSIER_BUCKETS];	/* by a hash of the name */
	struct dossier_message *messages, **messages_end;
	struct dossier_manifest *manifests;	/* by authority, then by number, when it was read whole */
	struct dossier_destruction *destructions;
	struct dossier_authority authorities[DOSSIER_AUTHORITIES_MAX];
	size_t n_authorities;
	struct span contents, stamp_list;	/* the texts of CONTENTS.sha256 and STAMPS.sha256 */
	struct dossier_stamp stamps[DOSSIER_STAMPS_MAX];
	size_t n_stamps;			/* the highest number */
};

/* Read the file.  Faults: no input; bad evidence, naming the part that cannot be read; too large; no
 * memory.  The dossier must be cleared in any case. */
enum fault dossier_read(struct dossier *dossier, const char *path) MUST_CHECK;
void dossier_clear(struct dossier *dossier);

/* NULL when it has no part in it; *at gets its place among the authorities. */
const struct dossier_authority *dossier_authority(const struct dossier *dossier, const char *id, size_t *at);
/* NULL when there is none of that name. */
struct dossier_part *dossier_part(const struct dossier *dossier, const char *name);
struct dossier_message *dossier_message(const struct dossier *dossier, const char *id);
/* The n-th attachment of a message, as a part. */
struct dossier_part *dossier_attachment(const struct dossier *dossier, const char *id, uint32_t n);
