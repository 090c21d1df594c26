#pragma once
/* Certificates as rows, each by its SHA-256: for whoever checks evidence years later, and for whoever has not seen one yet. */
#include "certs/certificate.h"
#include "daemon/ledger/record.h"
#include "proto/ledger.pb-c.h"
#include "proto/packet.h"

struct identity;

/* An authority's certificates, by role, each by its SHA-256, and the signing one with what it leads to. */
void certificates_keep(struct txn *txn, const struct span certificates[ROLE_COUNT]);
/* Ours, as they are now. */
void certificates_keep_ours(struct txn *txn, const struct identity *identity);
/* Were they others when they were kept last? */
bool certificates_are_others(struct txn *txn, const struct identity *identity);
/* Which identity of the peer issued that delegation: the one that is pinned, or a former one; the pinned one when none did. */
struct span certificates_identity(const Comity__Peer *peer, struct span delegation);
/* The signing certificate of that SHA-256, then its delegation and its identity, each empty when it is not kept.
 * They live in the arena. */
void certificates_find_signer(struct txn *txn, struct span digest, struct arena *arena, struct span chain[3]);
/* Give a manifest of ours the certificates under which it was signed, unless they are our newest and the peer has said that
 * it holds a card with them. */
void certificates_attach(struct txn *txn, const struct identity *identity, const char *peer, struct span digest,
	struct arena *arena, struct signed_manifest *manifest);
