#pragma once
/* The peers we know: their cards, the telephone check, and what follows from both.
 *
 * A card makes a peer known; only the telephone check makes it VERIFIED, and only then is anything sent to it
 * or taken from it.  What is decided here lies in TABLE_PEERS; trust, peers and the inbox follow it by
 * registry_apply(), after the commit.  Removing a peer makes it unknown; its correspondence stays.
 */
#include "certs/certificate.h"
#include "daemon/line/peers.h"
#include "daemon/ledger/record.h"
#include "daemon/ledger/scribe.h"
#include "proto/control.pb-c.h"

struct identity;
struct registry;
struct trust;

enum { REFUSALS_KEPT = 8 };		/* of one peer, and as many that were only claimed */

/* Lines that were refused for one reason. */
struct refused {
	enum fault fault;
	enum line_proof proof;
	uint64_t count;
	int64_t first_at, last_at;
	char address[80], detail[256];	/* of the last */
};

/* All of it outlives the registry. */
struct registry_rooms {
	struct store *store;
	struct scribe *scribe;
	struct trust *trust;
	struct peers *peers;
	const struct identity *identity;
	/* The certificate whose key signs this peer's manifests, judged by trust.  Empty: there is none (any more).
	 * Both are borrowed until you return. */
	void (*signer)(void *owner, const char *peer, struct span certificate);
	void *owner;
};

/* Copies the rooms.  Faults: no memory. */
enum fault registry_open(const struct registry_rooms *rooms, struct registry **registry) MUST_CHECK;
/* The scribe must have worked off what it had.  Takes NULL. */
void registry_close(struct registry *registry);
const struct identity *registry_identity(const struct registry *registry);

/* ── inside a transaction, on whichever thread has it ────────────────────────────────────────────── */

/* Find a peer by its id, in any case of letters.  Faults: peer unknown. */
enum fault registry_find(struct txn *txn, const char *peer, struct arena *arena, Comity__Peer **found) MUST_CHECK;
/* Why no line is kept to this peer, in words; OK when one is.  Faults: peer unverified, peer blocked, those of an alarm. */
enum fault registry_obstacle(const Comity__Peer *peer);
/* Add a peer by its card, or bring a known one up to a newer card of the same identity, or of one that
 * follows from it: then it stays verified.
 * The very card that we hold changes nothing.  Faults: those of card_read(); bad card (our own); card older; certificate
 * revoked (by a list that we hold);
 * identity changed, and then nothing was changed. */
enum fault registry_add(const struct registry *registry, struct txn *txn, struct span card, uint32_t uid,
	struct arena *arena, Comity__Peer **added) MUST_CHECK;
/* The same over the line: of that peer, which is verified, and of the identity that was pinned.  *serial gets that of the
 * card that is held afterwards, also when the new one was refused.  Faults: those of registry_add(); peer unknown; peer
 * unverified; wrong peer. */
enum fault registry_renew(const struct registry *registry, struct txn *txn, const char *peer, struct span card,
	struct arena *arena, uint32_t *serial) MUST_CHECK;
/* Of the peer's card that we hold; 0 when there is none. */
uint32_t registry_card_serial(struct txn *txn, const char *peer);
/* The telephone check: hold what was heard against the identity in the card, and, when all matches and `confirmed`,
 * make the peer verified.  Digits that differ are an answer in `verified`, not a fault, unless confirmed.
 * Faults: peer unknown, peer blocked, certificate revoked, usage (not 40 digits), identity differs (naming the groups). */
enum fault registry_verify(const struct registry *registry, struct txn *txn, const Comity__PeerVerify *call,
	uint32_t uid, struct arena *arena, Comity__PeerVerified *verified) MUST_CHECK;
/* Its identity does not count any more, says a list in PEM that it signed itself, or the next one; or they said so by telephone
 * (NULL).  It is not verified then, and its next card may bring any identity, to be checked.  A former one may be revoked so, too.
 * Faults: peer unknown; bad revocation list, exists, and then nothing is changed. */
enum fault registry_revoke(struct txn *txn, const char *peer, const char *statement, uint32_t uid, struct arena *arena,
	Comity__Peer **revoked) MUST_CHECK;
/* The same over the line: the identity of that peer, which is verified, revokes itself, or the one before; the list is DER.
 * Faults: those of registry_revoke(); peer unverified. */
enum fault registry_take_end(struct txn *txn, const char *peer, struct span list, struct arena *arena) MUST_CHECK;
enum fault registry_block(const struct registry *registry, struct txn *txn, const char *peer, const char *reason,
	uint32_t uid, struct arena *arena, Comity__Peer **blocked) MUST_CHECK;
/* It stands again where it stood: verified if it was, with its alarm acknowledged. */
enum fault registry_unblock(const struct registry *registry, struct txn *txn, const char *peer, uint32_t uid,
	struct arena *arena, Comity__Peer **unblocked) MUST_CHECK;
/* Certificates stay for evidence, and so does all that was said. */
enum fault registry_remove(const struct registry *registry, struct txn *txn, const char *peer, uint32_t uid,
	struct arena *arena, Comity__Peer **removed) MUST_CHECK;
/* The correspondence is stopped until a human has looked: chain fork, recall forged.  Unknown peers are fine. */
void registry_alarm(struct txn *txn, const char *peer, enum fault fault, const char *detail);
/* Lines with this peer were refused: kept for `comity peer show`, one row a reason.  Unknown peers are fine. */
void registry_note_refusal(struct txn *txn, const char *peer, const struct refused *refused);
/* Lines that were refused until then are of the past; what was only claimed stays, and what is about a message.  Unknown peers are fine. */
void registry_forget_refusals(struct txn *txn, const char *peer, int64_t until);

/* ── on the loop ─────────────────────────────────────────────────────────────────────────────────── */

/* After the commit: tell trust, peers and the inbox where this peer stands now.  Unknown ids are taken out. */
void registry_apply(struct registry *registry, const char *peer);
void registry_apply_all(struct registry *registry);	/* when the daemon starts */
/* For whoever judges, on any thread and with a trust of its own, what the peer signed once: by its record, however it stands with us
 * now.  Faults: those of trust_set_peer() and its like. */
enum fault registry_trust_as_signer(const Comity__Peer *peer, struct trust *trust) MUST_CHECK;
/* The inbox is told anew whether the peer's signing certificate counts, by the present clock: when a line has opened.
 * The clock may have been wrong when the daemon started, and certificates expire. */
void registry_judge_signer(struct registry *registry, const char *peer);
/* A line did not come about.  Kept in memory first, and only of peers that we know: the ledger is written at most once
 * in 5 s for each peer and reason, however many lines fail. */
void registry_refused(struct registry *registry, const char *peer, enum line_proof proof, const char *address,
	enum fault fault, const char *detail);
/* A line is open: what was refused before is of the past. */
void registry_opened(struct registry *registry, const char *peer);
/* Write what is gathered about refused lines and due.  Every few seconds. */
void registry_write_refusals(struct registry *registry);
