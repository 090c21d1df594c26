#pragma once
/* What the two files that check an exported audit log share.  Nobody else includes this. */
#include "certs/audit_lines.h"
#include "certs/authority.h"
#include "tools/tool.h"

struct trust;

enum { CHAIN = 3, HEADS_SHOWN = 8, AUTHORITIES_MAX = 256 };

/* Who signed: what the file says of him, and what follows from it. */
struct signatory {
	uint8_t sum[DIGEST_SIZE];		/* of the signing certificate */
	struct span chain[CHAIN];
	struct trust *trust;			/* holds his identity, and that of nobody else */
	struct signatory *next;
};

struct audit_file {
	struct tool *tool;
	uint64_t from;				/* the line with which it must begin at the latest */
	struct arena line, kept;
	struct audit_check check;
	struct bytes hashes;			/* of the lines, DIGEST_SIZE each */
	struct signatory *signatories;
	char authority[AUTHORITY_ID_SIZE];	/* whose log it is; "": no head was seen yet */
	uint64_t newest;			/* line under a head */
	Comity__AuditHead *heads[HEADS_SHOWN];	/* the newest first */
	Comity__EvidenceAuthority *authorities[AUTHORITIES_MAX];
	char *limits[8];
	Comity__AuditReport report;
};

/* Fault: audit broken, at that line. */
enum fault audit_broken(uint64_t number, const char *what) MUST_CHECK;
/* The certificates of somebody who signed heads that follow.  Faults: audit broken, no memory. */
enum fault audit_take_signer(struct audit_file *file, const Comity__AuditSigner *signer) MUST_CHECK;
/* A head: is it signed, and over the line that is here?  Faults: audit broken. */
enum fault audit_take_head(struct audit_file *file, Comity__AuditHead *head) MUST_CHECK;
/* Each card of --trust is of somebody who signed.  Faults: identity changed; of reading. */
enum fault audit_pin_cards(struct audit_file *file) MUST_CHECK;
