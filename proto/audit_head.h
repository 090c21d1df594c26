#pragma once
/* Heads of audit logs: the text that is signed, by the authority whose log it is and by those who witness it
 * (docs/PROTOCOL.md, "Audit heads").
 *
 *	# comity-audit-head 1
 *	# authority: xf-ca
 *	# witness: xs-ca                 only when another authority signs
 *	# at: 2026-11-23T10:12:03.412Z
 *	<SHA-256 of line N>  <N>
 *
 * One form only, as with manifests. */
#include "proto/manifest.h"

enum { AUDIT_HEAD_SIZE_MAX = 512 };

struct audit_statement {
	char authority[MANIFEST_ID_SIZE];
	char witness[MANIFEST_ID_SIZE];		/* "": the authority itself */
	char at[STAMP_SIZE];
	uint64_t number;			/* from 1 */
	uint8_t hash[DIGEST_SIZE];
};

enum fault audit_statement_write(struct bytes *text, const struct audit_statement *statement) MUST_CHECK;
/* Faults: bad manifest (it is not of that form), no memory. */
enum fault audit_statement_read(struct span text, struct audit_statement *statement) MUST_CHECK;
