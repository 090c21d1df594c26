#pragma once
/* The certificate of a destruction: what was destroyed, when, by whom and why, as a text that we sign.
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
 * It says that the key of the case and everything that was sealed with it were destroyed here; manifests and receipts that
 * name the same hashes stay.  Its first line keeps it from being taken for a manifest.  It is kept in the shell of the
 * case, and verified like a manifest (certs/signature.h). */
#include "daemon/ledger/record.h"

struct identity;

enum { DESTRUCTION_REASON_MAX = 500 };

struct destruction {
	const struct identity *identity;	/* who signs */
	const char *request_id;
	const char *reason;			/* one line */
	uint32_t uid;				/* whose act it is */
};

/* In the transaction in which the case became a shell.  Faults: those of signature_make(), not found. */
enum fault destruction_certify(struct txn *txn, const struct destruction *destruction) MUST_CHECK;
/* Is that a reason, which goes into a line?  Fault: usage. */
enum fault destruction_check_reason(const char *reason) MUST_CHECK;
