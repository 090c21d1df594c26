#include "daemon/ledger/certificates.h"

#include <string.h>

#include "certs/digest.h"
#include "certs/identity.h"
#include "daemon/ledger/cards.h"

/* Beside each signing certificate: the digests of what it leads to. */
static struct key key_of_chain(struct span digest)
{
	struct key key = { 0 };
	key_bytes(&key, digest);
	key_text(&key, "chain");
	return key;
}

void certificates_keep(struct txn *txn, const struct span certificates[ROLE_COUNT])
{
	uint8_t digests[ROLE_COUNT][DIGEST_SIZE], chain[2 * DIGEST_SIZE];
	for (int role = 0; role < ROLE_COUNT; role++) {
		digest_of(digests[role], certificates[role]);
		if (certificates[role].len)
			txn_put(txn, TABLE_CERTIFICATES, SPAN(digests[role]), certificates[role]);
	}
	memcpy(chain, digests[ROLE_DELEGATION], DIGEST_SIZE);
	memcpy(chain + DIGEST_SIZE, digests[ROLE_IDENTITY], DIGEST_SIZE);
	struct key key = key_of_chain(SPAN(digests[ROLE_SIGNING]));
	txn_put(txn, TABLE_CERTIFICATES, key_span(&key), SPAN(chain));
}

void certificates_keep_ours(struct txn *txn, const struct identity *identity)
{
	struct span certificates[ROLE_COUNT];
	identity = identity_now(identity);
	for (enum role role = 0; role < ROLE_COUNT; role++)
		certificates[role] = identity_certificate(identity, role);
	certificates_keep(txn, certificates);
}

bool certificates_are_others(struct txn *txn, const struct identity *identity)
{
	bool is_known = true;
	identity = identity_now(identity);
	for (enum role role = 0; role < ROLE_COUNT && is_known; role++)
		is_known = txn_get(txn, TABLE_CERTIFICATES, SPAN(*identity_digest(identity, role)), NULL);
	return !is_known && !txn->fault && txn_count(txn, TABLE_CERTIFICATES) > 0;
}

struct span certificates_identity(const Comity__Peer *peer, struct span delegation)
{
	struct span pinned = span_of_binary(peer->identity_certificate);
	if (certificate_is_issued_by(delegation, pinned))
		return pinned;
	for (size_t i = 0; i < peer->n_formers; i++)
		if (certificate_is_issued_by(delegation, span_of_binary(peer->formers[i]->certificate)))
			return span_of_binary(peer->formers[i]->certificate);
	return pinned;
}

static struct span find_certificate(struct txn *txn, struct span digest, struct arena *arena)
{
	struct span der;
	if (!txn_get(txn, TABLE_CERTIFICATES, digest, &der))
		return (struct span){ 0 };
	return span_of_binary(record_bytes(arena, der));
}

void certificates_find_signer(struct txn *txn, struct span digest, struct arena *arena, struct span chain[3])
{
	struct span leads_to;
	struct key key = key_of_chain(digest);
	memset(chain, 0, 3 * sizeof *chain);
	if (digest.len != DIGEST_SIZE)
		return;
	chain[0] = find_certificate(txn, digest, arena);
	if (!txn_get(txn, TABLE_CERTIFICATES, key_span(&key), &leads_to) || leads_to.len != 2 * DIGEST_SIZE)
		return;
	chain[1] = find_certificate(txn, (struct span){ leads_to.at, DIGEST_SIZE }, arena);
	chain[2] = find_certificate(txn, (struct span){ leads_to.at + DIGEST_SIZE, DIGEST_SIZE }, arena);
}

void certificates_attach(struct txn *txn, const struct identity *identity, const char *peer, struct span digest,
	struct arena *arena, struct signed_manifest *manifest)
{
	struct span chain[3];
	identity = identity_now(identity);
	bool is_newest = span_equal(digest, SPAN(*identity_digest(identity, ROLE_SIGNING)));
	if (is_newest && card_is_held(txn, peer, digest))
		return;
	certificates_find_signer(txn, digest, arena, chain);
	if (!chain[0].len || !chain[1].len)
		return;
	manifest->signing = chain[0];
	manifest->delegation = chain[1];
}
