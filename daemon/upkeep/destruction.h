#pragma once
/* The certificate of a destruction: what was destroyed, when, by whom and why, as a text that we sign (proto/destroyed.h).
 *
 * It says that the key of the case and everything that was sealed with it were destroyed here; manifests and receipts that
 * name the same hashes stay.  It is kept in the shell of the case, with the certificates that it takes to verify it, like a
 * manifest (certs/signature.h).  The counterpart is told of it when somebody says so: `comity case notify`. */
#include "daemon/ledger/record.h"
#include "proto/destroyed.h"

struct identity;

struct destruction {
	const struct identity *identity;	/* who signs */
	const char *request_id;
	const char *reason;			/* one line */
	uint32_t uid;				/* whose act it is */
};

/* Before anything is destroyed: would all of it fit into the certificate?  Fault: too large. */
enum fault destruction_fits(struct txn *txn, const Comity__Case *kase) MUST_CHECK;
/* In the transaction in which the case became a shell.  Faults: those of signature_make(), not found. */
enum fault destruction_certify(struct txn *txn, const struct destruction *destruction) MUST_CHECK;
