#pragma once
/* The chains of a correspondence: one in each direction, of signed manifests of every purpose (DESIGN 4).
 *
 * Sign, then commit, then send: what is appended here is in the ledger before its first byte leaves.
 */
#include "daemon/ledger/record.h"
#include "proto/manifest.h"
#include "proto/packet.h"

struct identity;

enum direction { DIRECTION_OURS, DIRECTION_THEIRS };

/* The head.  Number 0 and a zero hash when nothing was said yet. */
struct position chain_head(struct txn *txn, const char *peer, enum direction direction);
/* The manifest of that number, exact text and signature; NULL when there is none. */
Comity__StoredManifest *chain_find(struct txn *txn, const char *peer, enum direction direction, uint64_t number,
	struct arena *arena);

/* Write, sign and keep the next manifest of our own chain.  Returns its number, 0 after a fault. */
uint64_t chain_append(struct txn *txn, const struct identity *identity, const char *peer, enum purpose purpose,
	const struct manifest_entry *entries, size_t count);

enum chain_fit { CHAIN_NEXT, CHAIN_REPEAT };
/* How a manifest of theirs fits on their chain: the next one, or one that we hold already.  Its signature has
 * been verified.  Faults: chain gap; chain fork (another text under a number that we hold). */
enum fault chain_judge(struct txn *txn, const struct manifest *manifest, struct span text, enum chain_fit *fit) MUST_CHECK;
/* Keep it as their next. */
void chain_accept(struct txn *txn, const struct manifest *manifest, struct span text, struct span signature,
	const uint8_t signer[DIGEST_SIZE]);

/* Keep a manifest of ours that we had lost, exactly as it was signed then, as our next.  Its signature has been verified.
 * Faults: chain gap; chain fork (it does not continue what we hold). */
enum fault chain_restore(struct txn *txn, const struct manifest *manifest, struct span text, struct span signature,
	const uint8_t signer[DIGEST_SIZE]) MUST_CHECK;

/* Hold the positions in their hello against ours (DESIGN 5).  OK: neither contradicts the other; whoever is behind is
 * sent what is missing, or, when it is behind its own past, fetches it back (daemon/recovery).  Fault: chain fork, naming
 * both heads. */
enum fault chain_compare(struct txn *txn, const char *peer, const struct position *they_sent,
	const struct position *they_received) MUST_CHECK;
