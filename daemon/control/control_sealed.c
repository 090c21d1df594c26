/* What is sealed end to end: to whom, and the key of one thing, out of its envelope, for whoever may read it.
 *
 * Sealing and opening is the tool's.  The daemon says which certificates are good now, and finds the envelope itself, in the
 * record that is named: what the audit log says was opened is what was opened. */
#include <string.h>

#include "certs/trust.h"
#include "daemon/control/control_chore.h"
#include "daemon/control/control_room.h"
#include "daemon/keyholder/keyholder.h"
#include "daemon/law/casework.h"
#include "daemon/ledger/record.h"
#include "proto/stamp.h"

static void judge_theirs(struct inquiry *inquiry, const Comity__Peer *peer, Comity__SealTo *to)
{
	struct span chain[] = { span_of_binary(peer->sealing_certificate), span_of_binary(peer->delegation_certificate) };
	struct claim claim = {
		.certificates = chain, .count = ARRAY_LEN(chain), .usage = USAGE_SEALING,
		.expected = peer->authority, .now = stamp_clock() / STAMP_SECOND,
	};
	char speaker[AUTHORITY_ID_SIZE];
	enum fault fault = chain[0].len ? trust_judge(inquiry->rooms->trust, &claim, speaker) : FAULT_CERT_PROFILE;
	to->has_theirs = !fault;
	to->theirs = fault ? (ProtobufCBinaryData){ 0 } : record_bytes(inquiry->arena, chain[0]);
	to->reason = fault ? (char *)fault_slug(fault) : NULL;
	to->reason_text = fault ? record_text(inquiry->arena, fault_detail(fault)) : NULL;
}

enum fault answer_seal_to(struct inquiry *inquiry)
{
	Comity__Case *kase;
	Comity__SealTo *to;
	TRY(inquiry_find_case(inquiry, &kase));
	const Comity__Peer *peer = casework_peer(inquiry->txn, kase->peer, inquiry->arena);
	if (!peer)
		return inquiry->txn->fault ? inquiry->txn->fault : fault_say(FAULT_PEER_UNKNOWN, "there is no peer \"%s\"", kase->peer);
	if (!inquiry_make(inquiry, &comity__seal_to__descriptor, &to))
		return inquiry_fault(inquiry);
	to->schema = "comity.seal-to/1";
	to->peer = kase->peer;
	to->has_required = to->has_ours = 1;
	to->required = casework_wants_sealed(inquiry->txn, kase->peer);
	to->ours = record_bytes(inquiry->arena, identity_certificate(inquiry->rooms->identity, ROLE_SEALING));
	judge_theirs(inquiry, peer, to);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_SEAL_TO;
	inquiry->reply->seal_to = to;
	return inquiry_fault(inquiry);
}

/* ── opening ──────────────────────────────────────────────────────────────────────────────────── */

/* Of a draft of ours, for whoever is to approve it. */
static enum fault find_draft(struct txn *txn, const Comity__Case *kase, struct arena *arena, const Comity__Sealing **sealed)
{
	if (!kase)
		return fault_say(FAULT_USAGE, "neither a case nor a message is named");
	const Comity__SealedDraft *kept = casework_sealed_draft(txn, kase, arena);
	*sealed = kept && kept->message ? kept->message->sealed : NULL;
	return txn->fault;
}

static enum fault find_in(struct txn *txn, struct chore *chore, const Comity__Sealing **sealed)
{
	const Comity__Unseal *call = chore->call->unseal;
	Comity__AttachmentState *attachment;
	Comity__MessageView *view;
	Comity__Case *kase = NULL;
	if (call->ref && *call->ref)
		TRY(session_find_case(chore->session, txn, call->ref, &chore->arena, &kase));
	if (kase && call->attachment) {
		TRY(casework_find_attachment(txn, kase, call->attachment, &chore->arena, &attachment));
		*sealed = attachment->attachment ? attachment->attachment->sealed : NULL;
		return OK;
	}
	if (!call->message)
		return find_draft(txn, kase, &chore->arena, sealed);
	TRY(session_find_message(chore->session, txn, kase, call->message, &chore->arena, &view));
	*sealed = view->message ? view->message->sealed : NULL;
	return OK;
}

static enum fault find_envelope(struct chore *chore, struct span *envelope)
{
	struct txn txn;
	const Comity__Sealing *sealed = NULL;
	TRY(txn_begin(chore->rooms->store, TXN_READ, &txn));
	enum fault fault = find_in(&txn, chore, &sealed);
	txn_abort(&txn);
	TRY(fault);
	if (!sealed)
		return fault_say(FAULT_USAGE, "it is not sealed end to end");
	*envelope = span_of_binary(sealed->envelope);
	return OK;
}

static enum fault unseal(struct chore *chore)
{
	Comity__Unsealed *unsealed;
	struct span envelope;
	uint8_t *key = arena_alloc(&chore->arena, CONTENT_KEY_SIZE);
	if (!key || !chore_make(chore, &comity__unsealed__descriptor, &unsealed))
		return arena_fault(&chore->arena);
	TRY(find_envelope(chore, &envelope));
	TRY(keyholder_unseal(chore->rooms->keyholder, envelope, key));
	unsealed->schema = "comity.unsealed/1";
	unsealed->has_key = 1;
	unsealed->key = (ProtobufCBinaryData){ CONTENT_KEY_SIZE, key };
	chore->reply.kind_case = COMITY__REPLY__KIND_UNSEALED;
	chore->reply.unsealed = unsealed;
	return OK;
}

void pursue_unseal(struct session *session)
{
	static const struct chore_kind kind = { .work = unseal };
	chore_begin(session, &kind);
}
