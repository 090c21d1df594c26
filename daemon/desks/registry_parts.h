#pragma once
/* What the files of the registry share.  Nobody else includes this. */
#include "certs/authority.h"
#include "daemon/desks/registry.h"

/* A peer as the loop knows it.  Lives as long as the registry: a job may be under way when a peer is removed. */
struct acquaintance {
	struct acquaintance *next;
	struct registry *registry;
	char peer[AUTHORITY_ID_SIZE];
	bool is_known;
	/* registry_refusals.c */
	struct refusal *refusals;
	struct forgetting {
		struct job job;
		int64_t until, until_written, written_at;	/* until: 0 when nothing is to be forgotten */
		bool is_writing;
	} forgetting;
	bool has_refusal;		/* of its own, in the ledger or on the way there */
};

struct registry {
	struct registry_rooms rooms;
	struct acquaintance *acquaintances;
};

/* NULL when we have not met it. */
struct acquaintance *registry_recall(const struct registry *registry, const char *peer);
void registry_drop_refusals(struct acquaintance *one);
/* Does its record say that lines of its own were refused? */
bool registry_has_refusal(const Comity__Peer *peer);

/* registry_revocation.c: trust goes by the peer's lists from now on.  Faults: those of trust_set_revocations(). */
enum fault registry_apply_revocations(struct trust *trust, const Comity__Peer *peer) MUST_CHECK;

/* registry_succession.c: and by its former identities.  Faults: those of trust_set_formers(). */
enum fault registry_apply_formers(struct trust *trust, const Comity__Peer *peer) MUST_CHECK;

/* ── inside a transaction ────────────────────────────────────────────────────────────────────────── */

/* By its exact id; NULL when there is none. */
Comity__Peer *registry_record(struct txn *txn, const char *peer, struct arena *arena);
void registry_keep(struct txn *txn, const Comity__Peer *peer);
/* An act of somebody, told in the same transaction. */
void registry_tell(struct txn *txn, const char *type, const Comity__Peer *peer, uint32_t uid, const char *text);
void registry_set_standing(Comity__Peer *peer, Comity__Standing__Value standing);
char *registry_now(struct arena *arena);
/* A detail may hold what a peer said, and half a character at its end: what is kept is neither. */
char *registry_safe(const char *text, struct arena *arena);
enum fault registry_fault(const struct txn *txn, const struct arena *arena);

struct card;
/* Eight groups of five, of that identity. */
char *registry_digits(struct span certificate, const char *authority, struct arena *arena);
/* May the card's identity take the place of the one that we hold?  Faults: identity changed; certificate revoked. */
enum fault registry_judge_identity(const struct card *card, const Comity__Peer *known) MUST_CHECK;
/* It does: the one before goes among the former ones.  Before the card is taken. */
enum fault registry_take_identity(struct txn *txn, Comity__Peer *peer, const struct card *card, struct arena *arena) MUST_CHECK;
/* A newer list may say that a former identity was revoked: then that is noted and told.  After the card is taken. */
enum fault registry_take_formers(struct txn *txn, Comity__Peer *peer, const struct card *card, struct arena *arena) MUST_CHECK;
/* One list, DER, into the record, if it is newer than that of its issuer there. */
enum fault registry_take_revocation(Comity__Peer *peer, struct span list, struct arena *arena) MUST_CHECK;
/* Is none of its lists older than what we hold of that issuer?  Faults: revocation list older; bad revocation list. */
enum fault registry_judge_lists(const struct card *card, const Comity__Peer *known) MUST_CHECK;
/* Does a list that we hold revoke a certificate of this card?  It is judged by now, not by when the card says it was made: who
 * has a revoked key can write any date.  Fault: certificate revoked. */
enum fault registry_judge_revoked(const struct card *card, const Comity__Peer *known) MUST_CHECK;
/* The card's lists into the record, each where it is newer than the one of its issuer there: an older one is passed over. */
enum fault registry_take_revocations(Comity__Peer *peer, const struct card *card, struct arena *arena) MUST_CHECK;
