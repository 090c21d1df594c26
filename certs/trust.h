#pragma once
/* Whom we trust: the one place that decides whether a certificate speaks for an authority.
 *
 * The one URI name in the certificate says which peer it claims to be, and only the identity certificate
 * pinned for *that* peer is asked.  There is no common set of anchors: with one, any peer could issue a
 * certificate in another's name.  Where what is pinned is the root of a national PKI (national.h), it is pinned
 * for that one name.  Behind leaf and delegation may come what one identity of the peer signed for the next (succession.h): by
 * that a peer is believed whose new identity we have not heard of yet.  Then: the profile (issue.h), the chain leaf, delegation, identity and nothing else, validity
 * by the clock passed in, revocation (revocation.h), and where the peer stands with us.
 *
 * Belongs to the thread that made it. */
#include "certs/authority.h"
#include "proto/bytes.h"

enum standing {
	STANDING_UNVERIFIED,	/* card added, telephone check not done */
	STANDING_VERIFIED,
	STANDING_BLOCKED,
};

enum usage {
	USAGE_CHANNEL,		/* to open a line */
	USAGE_SIGNING,		/* to sign manifests and cards */
	USAGE_SEALING,		/* to be sealed to */
};

struct trust;
struct trust *trust_new(void);				/* NULL when memory is out */
void trust_free(struct trust *trust);			/* takes NULL */

/* From now on only peers of our own kind count: for training, or in earnest.  Before any is added.  Without it, as for what
 * only looks at signatures, either does. */
void trust_keep_apart(struct trust *trust, bool is_training);
/* OK, or the fault: training mixed. */
enum fault trust_check_kind(struct span identity_certificate, const char *authority, bool is_training) MUST_CHECK;

/* Add the peer, or replace what is known about it.  The certificate is copied.
 * Faults: certificate profile (it is not an identity of that authority), training mixed, no memory. */
enum fault trust_set_peer(struct trust *trust, const char *authority, struct span identity_certificate,
			  enum standing standing) MUST_CHECK;
/* The standing alone.  Fault: not found. */
enum fault trust_set_standing(struct trust *trust, const char *authority, enum standing standing) MUST_CHECK;
/* Exactly these are the peer's revocation lists from now on, DER, copied: one an issuer, the newest (registry's business).
 * A certificate whose issuer has none here counts as not revoked, and so does one on a list that is past its next update
 * and not on it.  Faults: not found; bad revocation list, no memory, and then nothing is changed. */
enum fault trust_set_revocations(struct trust *trust, const char *authority, const struct span *lists,
				 size_t count) MUST_CHECK;
/* Identities that the peer had before the one that is pinned. */
struct former {
	struct span identity;		/* DER, signed by itself */
	struct span vouched;		/* by the one that followed it (succession.h: old by new), DER; empty: nobody did */
	int64_t until;			/* seconds since 1970: what is judged by a later time is not good any more */
};
/* Exactly these are the peer's former identities from now on, copied.  They count until then, and until the end of what vouches
 * for them; not from when the next identity revokes that, or they revoke themselves.  Faults: as of trust_set_revocations(). */
enum fault trust_set_formers(struct trust *trust, const char *authority, const struct former *formers,
			     size_t count) MUST_CHECK;
void trust_remove_peer(struct trust *trust, const char *authority);	/* unknown is fine */

/* How often anything of the above was changed: as long as it is the same, so is every judgement of the same claim. */
uint64_t trust_changes(const struct trust *trust);

/* What is to be judged. */
struct claim {
	const struct span *certificates;		/* DER: leaf, delegation, then what leads to the identity, if it was sent */
	size_t count;
	enum usage usage;
	const char *expected;				/* the authority it must be; NULL: any verified peer */
	int64_t now;					/* seconds since 1970 */
};

/* Seconds since 1970: from the first that counts to the first that does not any more. */
struct lifetime { int64_t from, until; };

/* OK, and `peer` is the authority that speaks.  Otherwise the fault, with a sentence that names the peer,
 * what was expected and what came; `peer` is then whom the certificate claims to be, "" if it cannot be told.
 * Faults: stranger, peer unverified, peer blocked, training mixed, wrong peer; certificate expired, not yet valid, revoked,
 * untrusted, profile. */
enum fault trust_judge(const struct trust *trust, const struct claim *claim,
		       char peer[AUTHORITY_ID_SIZE]) MUST_CHECK;
/* The same, and when it is OK, the time within which, all else being equal, the same claim would be judged so: that in which
 * each of the three certificates is valid and not revoked. */
enum fault trust_judge_lifetime(const struct trust *trust, const struct claim *claim, char peer[AUTHORITY_ID_SIZE],
				struct lifetime *lifetime) MUST_CHECK;
