#pragma once
/* Our own authority: its keys and certificates, below `DIRECTORY/keys/`:
 *
 *	identity.key  delegation.key  channel.key  signing.key  sealing.key	PKCS#8 PEM, 0600
 *	identity.crt  delegation.crt  channel.crt  signing.crt  sealing.crt	PEM
 *	identity.old	the identities before, each with what binds it to the next (succession.h), PEM
 *
 * A loaded identity holds the keys that were asked for, at most those of the leaves.  identity.key and delegation.key
 * are used when certificates are issued and may be kept elsewhere at other times.  Any thread may use a
 * loaded identity.
 *
 * Leaves are renewed before they expire, and for a while the old ones are needed beside the new: whoever has not heard
 * of the new ones still goes by them.  keys.old/ holds what was replaced, a folder each; a loaded identity holds them as
 * older generations.  It answers as its newest one, also when that changes under it; whatever it lent stays. */
#include "certs/certificate.h"
#include "certs/secret.h"
#include "proto/bytes.h"

struct identity;
struct succession;

/* What is signed with a signing key that another process holds (daemon/keyholder/keyholder.h).  signature_make() and
 * signature_enclose() come here when an identity was opened with such a hand. */
struct signing_hand {
	void *owner;
	/* The signature of `content` at that time (seconds since 1970), appended; the signer must be the one whose
	 * certificate this identity has.  Any thread.  Faults: keys unavailable, sign refused. */
	enum fault (*sign)(void *owner, const struct identity *identity, struct span content, int64_t at, bool is_enclosed,
			   struct bytes *der);
};

/* How the private keys of an identity are come by. */
struct identity_access {
	unsigned keys;				/* KEY_OF(role) of each whose private half is wanted */
	struct secret_source secret;		/* opens identity, delegation, signing and sealing */
	struct secret_source channel_secret;	/* opens channel, which another process may hold than the others */
	bool is_training;			/* a new authority is for training: it never meets one in earnest */
	const char *tokens[ROLE_COUNT];		/* of new keys: the URI of the token in which it is made; NULL: in a file */
	const struct signing_hand *hand;	/* who signs, when the signing key is not wanted; NULL: nobody */
};

#define KEY_OF(role) (1u << (role))
#define KEYS_OF_ALL ((1u << ROLE_COUNT) - 1)
#define KEYS_OF_LEAVES (KEY_OF(ROLE_CHANNEL) | KEY_OF(ROLE_SIGNING) | KEY_OF(ROLE_SEALING))

/* A new authority, all or nothing: it is built beside, brought to disk, and renamed into place.
 * The directory must exist.  `now` in seconds since 1970.
 * Faults: exists (naming the file), bad name, those of file_fault() (files.h). */
enum fault identity_create(const char *directory, const char *authority, const char *name,
			   int64_t now) MUST_CHECK;
/* The same with every key protected as `access` says; what it does not say anything of lies in the clear. */
enum fault identity_create_protected(const char *directory, const char *authority, const char *name, int64_t now,
				     const struct identity_access *access) MUST_CHECK;

/* New key and certificate for one of the leaves, the delegation (which brings new leaves with it), or the identity (which brings
 * everything), replacing the old ones together, which go into keys.old/.  Loaded identities keep what they hold until loaded anew.
 * The issuer's key must be in its place; of an identity its old key, which signs for the new one and is gone afterwards.
 * Faults: bad key, certificate expired (an identity), usage (that of a national PKI), disk full, io. */
enum fault identity_renew(const char *directory, enum role role, int64_t now) MUST_CHECK;
/* The same where keys are protected: the issuer's is opened, and the new ones are saved, as `access` says. */
enum fault identity_renew_protected(const char *directory, enum role role, int64_t now,
				    const struct identity_access *access) MUST_CHECK;
/* With ROLE_IDENTITY: the old identity is lost, and nothing is signed with it.  Counterparts must do the telephone check anew. */
enum { ROLL_WITHOUT_OLD = 1u << ROLE_COUNT };
/* Several at once: KEY_OF(role) of each. */
enum fault identity_renew_roles(const char *directory, unsigned roles, int64_t now, const struct identity_access *access) MUST_CHECK;
/* Is the key of that issuer here? */
bool identity_can_issue(const char *directory, enum role issuer);
/* Does the key of that role, where it is here, belong to the certificate beside it?  What `source` does not open (it may be NULL), and what is
 * in a token, is not looked at.  Faults: bad key, naming the file. */
enum fault identity_prove_key(const char *directory, const struct identity *identity, enum role role,
	const struct secret_source *source) MUST_CHECK;
/* What lies in keys/ into a folder of its own below keys.old/, before something else takes its place; the keys that issue stay
 * where they are.  The directory is locked by the caller.  Faults: disk full, io. */
enum fault identity_keep_old(const char *directory, const struct identity *identity) MUST_CHECK;
/* Remove the channel and signing keys below keys.old/: everybody goes by the new ones.  Sealing keys stay, for what was
 * sealed to them.  Faults: io. */
enum fault identity_forget_older(const char *directory) MUST_CHECK;
/* Save the keys that `next` wants anew, all or nothing: opened as `access` says and protected as `next` says, in the clear
 * where that says nothing.  The rest stays as it is.  Keys in tokens and those that are kept elsewhere stay where they are.  *count gets how
 * many were saved.  Older keys of those roles below keys.old/ are saved anew first, one by one, and not counted: what was cut
 * short is gone on with by the same call, and what neither secret opens stays.  Faults: those of key_load(); disk full, io. */
enum fault identity_protect(const char *directory, const struct identity_access *access, const struct identity_access *next,
			    unsigned *count) MUST_CHECK;

/* All certificates, and the private keys that are asked for.  Faults: bad key, naming the file: missing, open to others,
 * not matching, not leading to the identity; those of key_load(). */
enum fault identity_open(const char *directory, const struct identity_access *access, struct identity **identity) MUST_CHECK;
/* The same with the keys of the leaves, none of which is protected. */
enum fault identity_load(const char *directory, struct identity **identity) MUST_CHECK;
void identity_free(struct identity *identity);		/* takes NULL */
/* Look again: what was renewed meanwhile is its newest generation from now on.  One thread at a time.  Faults: those of
 * identity_open(), and then nothing has changed. */
enum fault identity_reload(struct identity *identity, const char *directory, const struct identity_access *access,
			   bool *is_newer) MUST_CHECK;
/* The same when something of ours was revoked: there is no overlap with that, and so nothing of what was held before is found
 * any more, by identity_generation() or as an older one. */
enum fault identity_succeed(struct identity *identity, const char *directory, const struct identity_access *access) MUST_CHECK;
/* The generation with the certificate of that SHA-256, which never changes; NULL when none (any more) has it. */
const struct identity *identity_generation(const struct identity *identity, enum role role, struct span digest);
/* The newest generation as it is now.  An identity may get a newer one between any two calls, on another thread: whoever takes
 * more than one thing of it that must belong together (a signature and the digest of its certificate) takes them of this. */
const struct identity *identity_now(const struct identity *identity);
/* SHA-256 of its certificate. */
const uint8_t (*identity_digest(const struct identity *identity, enum role role))[DIGEST_SIZE];
/* The generation before; of an identity, before its newest.  NULL: there is none. */
const struct identity *identity_older(const struct identity *generation);

/* All of these live as long as the identity. */
const char *identity_authority(const struct identity *identity);
const char *identity_name(const struct identity *identity);	/* as in the certificates */
struct span identity_certificate(const struct identity *identity, enum role role);	/* DER */
bool identity_is_in_token(const struct identity *identity);	/* is one of the keys that were loaded? */
int64_t identity_not_after(const struct identity *identity, enum role role);	/* seconds since 1970 */
struct span identity_pin(const struct identity *identity);	/* what counterparts pin: certificate_pin() */
/* The identities before this one, the oldest first; `list` has room for SUCCESSIONS_MAX.  The number of them. */
size_t identity_before(const struct identity *identity, struct succession *list);
/* Those of them from which counterparts can follow to this one. */
size_t identity_successions(const struct identity *identity, struct succession *list);

enum { IDENTITY_GROUPS = 8, IDENTITY_GROUP_DIGITS = 5, IDENTITY_DIGITS_SIZE = 48 };

/* What two officers read to one another on the telephone: "78964 26017 …", eight groups of five digits.
 * h = SHA-512("comity-id-v1" || SubjectPublicKeyInfo DER); group i is the big-endian 40-bit integer
 * h[5i..5i+4] modulo 100000. */
void identity_digits(char text[IDENTITY_DIGITS_SIZE], struct span spki_der);
/* Is this what was heard on the telephone?  Blanks, dashes and dots between the digits do not count.
 * Bit i of *which is set where group i differs.  Faults: identity differs, usage (not 40 digits). */
enum fault identity_compare(struct span spki_der, const char *heard, unsigned *which) MUST_CHECK;
