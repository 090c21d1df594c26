#pragma once
/* Revocation lists (RFC 5280 section 5): which of its certificates an authority no longer stands for.
 *
 * There is no service to ask.  The identity keeps the list of revoked delegations, the delegation that of revoked leaves;
 * both travel in the authority's card and wherever a newer card goes.  Of one issuer only the list with the highest number
 * counts, whatever brought it: an older one never takes its place.  A list past its next update still says what it says:
 * who holds it is warned, and nothing stops.
 *
 * A list is of one form: version 2, signed with ECDSA and SHA-256 or SHA-384, with a number, the key identifier of its issuer
 * and a next update; complete, so neither a delta nor a part; and with nothing critical in it that we would have to know.
 *
 * What revocation means (docs/SECURITY.md): a channel or sealing certificate that is on the list is refused from then on.
 * What was signed before the revocation remains good; what is signed after it is refused.  Where the key was compromised,
 * "before" ends when the authority says that it lost it (the invalidity date), not when it noticed. */
#include "certs/certificate.h"
#include "certs/keys.h"

enum {
	REVOCATION_SIZE_MAX = 64 * 1024,	/* about 1,500 entries; ours have about 40 bytes each */
	REVOCATION_NUMBER_SIZE = 20,		/* octets (RFC 5280 section 5.2.3) */
	REVOCATIONS_MAX = 8,			/* issuers of one authority: its identity and delegations of overlapping lives */
};

struct revocation_facts {
	char issuer[256];				/* RFC 2253; foreign text: show it through text_safe() */
	uint8_t order[REVOCATION_NUMBER_SIZE];		/* the number, big-endian: memcmp tells which is newer */
	char number[52];				/* the number in decimal */
	int64_t this_update, next_update;		/* seconds since 1970, UTC */
	size_t count;					/* of revoked certificates */
};

/* What the list says of itself, when it is of the form above; nothing of it is proven.  Fault: bad revocation list. */
enum fault revocation_read(struct span der, struct revocation_facts *facts) MUST_CHECK;
/* Was it issued by the owner of that certificate?  Faults: bad revocation list; certificate profile. */
enum fault revocation_check_issuer(struct span der, struct span issuer_certificate) MUST_CHECK;
/* Have both lists the same issuer?  False also when one cannot be read. */
bool revocation_same_issuer(struct span one, struct span other);

struct revoked_entry {
	bool is_listed;
	int64_t at;					/* seconds since 1970: from then on; the earlier of revocation and loss */
	char reason[32];				/* keyCompromise, superseded, …; "unspecified" */
};
/* Is this certificate on that list?  The list must be its issuer's, which is not looked at.
 * Faults: bad revocation list; certificate profile. */
enum fault revocation_find(struct span list, struct span certificate, struct revoked_entry *entry) MUST_CHECK;

/* ── issuing ────────────────────────────────────────────────────────────────────────────────────── */

/* A reason by the name that `openssl ca` and RFC 5280 have for it; false when there is none such, or when it is not for us. */
bool revocation_reason_is_known(const char *name);

struct revoking {
	struct span issuer_certificate;			/* DER */
	const struct key *issuer_key;
	struct span previous;				/* the issuer's last list, DER; empty when this is the first */
	int64_t now;					/* seconds since 1970 */
	int64_t life;					/* seconds until the next update */
	const char *serial;				/* hex, of the certificate that is to be revoked; NULL: only a newer list */
	const char *reason;				/* NULL: unspecified */
	int64_t lost_at;				/* when the key may have been lost, seconds since 1970; 0: not told */
};
/* The next list, numbered higher than the last and no lower than `now`, appended as DER.
 * Faults: exists (that certificate is on it already); bad key; too large; bad revocation list (the previous one). */
enum fault revocation_issue(const struct revoking *revoking, struct bytes *der) MUST_CHECK;

/* The PEM form, appended, and back (as certificate_pem and certificate_from_pem). */
enum fault revocation_pem(struct span der, struct bytes *pem) MUST_CHECK;
enum fault revocation_from_pem(struct span *pem, struct bytes *der) MUST_CHECK;

/* ── our own: DIRECTORY/keys/identity.crl and delegation.crl, PEM ───────────────────────────────── */

/* The list of that issuer, appended as DER; nothing when there is none yet.  Faults: bad revocation list, io. */
enum fault revocation_load(const char *directory, enum role issuer, struct bytes *der) MUST_CHECK;

/* Put this certificate on its issuer's list.  Whoever still uses it must have its successor first, or at once.
 * Faults: those of revocation_issue(); those of key_load(), for the issuer's key. */
struct revocation_order {
	enum role issuer;				/* ROLE_IDENTITY or ROLE_DELEGATION */
	const char *serial, *reason;			/* as in struct revoking */
	int64_t lost_at, now;
	const struct secret_source *secret;		/* opens the issuer's key, where it is protected */
	struct bytes *only;				/* the list goes there, as DER, and not into keys/; NULL: into keys/ */
};
enum fault revocation_enter(const char *directory, const struct revocation_order *order) MUST_CHECK;

/* Issue anew each list that is past half of its life, is missing, or is that of an earlier delegation.  A list whose
 * issuer's key is not here stays as it is.  *issued gets how many are new. */
enum fault revocation_refresh(const char *directory, int64_t now, const struct secret_source *secret,
			      unsigned *issued) MUST_CHECK;
