#pragma once
/* From one identity of an authority to the next (RFC 4210 section 4.4): when an identity is rolled over, the old key signs a
 * certificate for the new one, and the new key one for the old.  Whoever has the old identity pinned follows by the first, and
 * no telephone call must come before; the second says until when the new identity stands for what the old one issued.
 *
 * Both are certificates of the profile of an identity (issue.h), with one name as subject and issuer, so that stock tools build
 * chains over them: leaf, delegation, new by old, old.  What an old identity says of a new one is worth what its key is: peers
 * do the telephone check again in time (daemon/desks/registry_succession.c), and a compromised key is revoked, not rolled over. */
#include "certs/certificate.h"
#include "certs/keys.h"

enum { SUCCESSIONS_MAX = 8 };		/* of one authority; the oldest give way */

/* DER, borrowed.  An identity that gave way without a word for its successor (it was lost, or revoked) has empty ones. */
struct succession {
	struct span before;		/* the old identity, signed by itself */
	struct span new_by_old;
	struct span old_by_new;
};

struct succession_order {
	const char *authority, *name;
	struct span before, after;	/* the identities, DER */
	const struct key *old_key, *new_key;
	int64_t now;			/* seconds since 1970 */
};
/* Both certificates, appended.  The new identity stands for what the old one issued as long as a signing certificate lives.
 * Faults: certificate expired (the old identity); those of issue_certificate(). */
enum fault succession_make(const struct succession_order *order, struct bytes *new_by_old, struct bytes *old_by_new) MUST_CHECK;

/* Do these lead, the oldest first and none left out, to that identity of that authority, and are all of them of the form?
 * When they are valid is not looked at.  Fault: certificate profile, naming which one and what is wrong. */
enum fault succession_check(const struct succession *list, size_t count, const char *authority,
			    struct span identity) MUST_CHECK;

/* As files have them: PEM, each old identity followed by its two certificates, if it has them. */
enum fault succession_pem(const struct succession *one, struct bytes *pem) MUST_CHECK;
/* Back: the DER of all is appended to `backing`, to which `list` points then; it has room for SUCCESSIONS_MAX, and when there
 * are more, gets the last ones.  Fault: certificate profile. */
enum fault succession_from_pem(struct span pem, struct bytes *backing, struct succession *list, size_t *count) MUST_CHECK;
