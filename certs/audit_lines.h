#pragma once
/* An audit log as its lines: each is JSON, ends with a line feed, and has the SHA-256 of the one before; and the heads over it that
 * were signed (proto/audit_head.h).  The same rules for the daemon's ledger and for a file that was exported. */
#include "certs/digest.h"
#include "proto/arena.h"
#include "proto/ledger.pb-c.h"

/* The newest line.  Number 0: there is none, and the hash is all zero. */
struct audit_head {
	uint64_t number;
	uint8_t hash[DIGEST_SIZE];
};

struct audit_check {
	uint64_t from, lines;			/* how many were held to the chain */
	uint64_t broken_at;			/* the first line that does not fit; 0: all do */
	char what[160];				/* is wrong with it */
	struct audit_head head;			/* of what was read */
};

/* A line as a message, in the arena; NULL when it cannot be read. */
Comity__AuditEntry *audit_read(struct span line, struct arena *arena);
/* The next line: is it number `number` (0: whichever it says), and does it follow?  check->from is 1, or where to begin: what was
 * before that is not known. */
void audit_hold(struct audit_check *check, uint64_t number, struct span line, struct arena *arena);
/* The line `number` is wrong in this way. */
void audit_find_broken(struct audit_check *check, uint64_t number, const char *what);

/* What one signed statement about a head must say, and who must have signed it. */
struct audit_proof {
	const char *authority, *signatory;
	const Comity__AuditHead *head;
	struct span text, signature;
	const char *at;				/* the time that is shown beside it: it must be the signed one */
};
/* What is wrong with it, a sentence; NULL: nothing.  The certificate is the signing one's; whether it counts is trust's business.
 * *at (NULL: not wanted): when it was signed. */
const char *audit_proof_fault(const struct audit_proof *proof, struct span certificate, int64_t *at);
