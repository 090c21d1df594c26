#include "daemon/desks/notices.h"

#include <inttypes.h>
#include <stdio.h>

#include "certs/signature.h"
#include "certs/trust.h"
#include "daemon/desks/registry.h"
#include "daemon/ledger/certificates.h"
#include "proto/stamp.h"

/* Rotated and expired certificates prove what they signed in their time; what was revoked before that proves nothing. */
static enum fault judge(const struct trust *trust, const char *peer, const struct span chain[2], int64_t at)
{
	char speaker[AUTHORITY_ID_SIZE];
	const struct claim claim = { .certificates = chain, .count = 2, .usage = USAGE_SIGNING, .expected = peer, .now = at };
	return trust_judge(trust, &claim, speaker);
}

static enum fault verify(struct span signing, struct span text, struct span signature, int64_t at)
{
	struct signer *signer;
	int64_t signed_at = 0;
	TRY(signer_new(signing, &signer));
	enum fault fault = signature_verify(signer, text, signature, &signed_at);
	signer_free(signer);
	if (!fault && signed_at != at)
		fault = fault_say(FAULT_BAD_SIGNATURE, "it was signed %" PRId64 " s away from the time that stands in it", signed_at - at);
	return fault;
}

static enum fault prove(struct trust *trust, const Comity__Peer *peer, const Comity__DestructionNotice *notice, const struct destroyed *said)
{
	const struct span chain[2] = { span_of_binary(notice->signing), span_of_binary(notice->delegation) };
	int64_t at;
	if (!stamp_read(said->at, &at))
		return FAULT_BAD_DOCUMENT;
	TRY(registry_trust_as_signer(peer, trust));
	TRY(judge(trust, peer->authority, chain, at / STAMP_SECOND));
	return verify(chain[0], span_of_text(notice->certificate), span_of_binary(notice->signature), at / STAMP_SECOND);
}

static void keep_certificates(struct txn *txn, const Comity__Peer *peer, const Comity__DestructionNotice *notice, struct span *identity)
{
	struct span certificates[ROLE_COUNT] = { [ROLE_SIGNING] = span_of_binary(notice->signing),
		[ROLE_DELEGATION] = span_of_binary(notice->delegation) };
	*identity = certificates[ROLE_IDENTITY] = certificates_identity(peer, certificates[ROLE_DELEGATION]);
	certificates_keep(txn, certificates);
}

enum fault notice_prove(struct txn *txn, const char *id, const Comity__DestructionNotice *notice, const struct destroyed *said,
	struct arena *arena, struct span *identity)
{
	char detail[300];
	const Comity__Peer *peer = casework_peer(txn, id, arena);
	if (!peer)
		return txn->fault ? txn->fault : fault_say(FAULT_PEER_UNKNOWN, "there is no peer \"%s\" any more", id);
	struct trust *trust = trust_new();
	enum fault fault = trust ? prove(trust, peer, notice, said) : FAULT_NO_MEMORY;
	trust_free(trust);
	if (!fault)
		keep_certificates(txn, peer, notice, identity);
	if (!fault || fault == FAULT_NO_MEMORY || txn->fault)
		return fault ? fault : txn->fault;
	snprintf(detail, sizeof detail, "%s", fault_detail(fault));
	return fault_say(FAULT_FALSE_NOTICE, "its signature does not prove it: %s: %s", fault_slug(fault), detail);
}
