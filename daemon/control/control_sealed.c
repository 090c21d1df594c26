/* What is sealed end to end: to whom, and the key of one thing, out of its envelope, for whoever may read it.
 *
 * Sealing and opening is the tool's.  The daemon says which certificates are good now, and finds the envelope itself, in the
 * record that is named: what the audit log says was opened is what was opened. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "certs/parcel.h"
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
	to->authority = (char *)inquiry->rooms->casework->own_id;
	to->request_id = kase->request_id;
	to->has_required = to->has_ours = 1;
	to->required = casework_wants_sealed(inquiry->txn, kase->peer);
	to->ours = record_bytes(inquiry->arena, identity_certificate(inquiry->rooms->identity, ROLE_SEALING));
	judge_theirs(inquiry, peer, to);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_SEAL_TO;
	inquiry->reply->seal_to = to;
	return inquiry_fault(inquiry);
}

/* ── opening ──────────────────────────────────────────────────────────────────────────────────── */

/* One thing that is sealed, and who of ours sealed it. */
struct found {
	const Comity__Sealing *sealed;
	const uint32_t *sealed_by;		/* NULL: nobody of ours */
	const char *authority, *request_id;	/* to which it is bound, where it is for somebody alone */
};

static bool is_called(const struct control_rooms *rooms, uint32_t uid, const char *name)
{
	const Comity__RequestSettings *settings = rooms->config->requests;
	for (size_t i = 0; settings && i < settings->n_named_officers; i++) {
		const Comity__NamedOfficer *officer = settings->named_officers[i];
		for (size_t k = 0; officer->name && !strcasecmp(officer->name, name) && k < officer->n_uids; k++)
			if (officer->uids[k] == uid)
				return true;
	}
	return false;
}

/* 24: those who are named, whatever their role is; and who sealed it. */
static enum fault judge_reader(const struct chore *chore, const struct found *found)
{
	const Comity__Sealing *sealed = found->sealed;
	char names[200] = "";
	if (!sealed || !sealed->n_recipients || (found->sealed_by && *found->sealed_by == chore->session->uid))
		return OK;
	for (size_t i = 0; i < sealed->n_recipients; i++) {
		if (is_called(chore->rooms, chore->session->uid, sealed->recipients[i]))
			return OK;
		size_t used = strlen(names);
		snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", sealed->recipients[i]);
	}
	return fault_say(FAULT_NOT_NAMED, "it is protected, for %s, and the user %u is called none of that here", names, chore->session->uid);
}

/* Of a draft of ours, for whoever is to approve it. */
static enum fault find_draft(struct txn *txn, const Comity__Case *kase, struct arena *arena, struct found *found)
{
	if (!kase)
		return fault_say(FAULT_USAGE, "neither a case nor a message is named");
	const Comity__SealedDraft *kept = casework_sealed_draft(txn, kase, arena);
	found->sealed = kept && kept->message ? kept->message->sealed : NULL;
	found->request_id = kase->request_id;
	return txn->fault;
}

static enum fault find_in(struct txn *txn, struct chore *chore, struct found *found)
{
	const Comity__Unseal *call = chore->call->unseal;
	Comity__AttachmentState *attachment;
	Comity__MessageView *view;
	Comity__Case *kase = NULL;
	if (call->ref && *call->ref)
		TRY(session_find_case(chore->session, txn, call->ref, &chore->arena, &kase));
	if (kase && call->attachment) {
		TRY(casework_find_attachment(txn, kase, call->attachment, &chore->arena, &attachment));
		found->sealed = attachment->attachment ? attachment->attachment->sealed : NULL;
		found->authority = attachment->from;
		found->request_id = kase->request_id;
		found->sealed_by = attachment->has_actor_uid ? &attachment->actor_uid : NULL;
		return OK;
	}
	if (!call->message)
		return find_draft(txn, kase, &chore->arena, found);
	TRY(session_find_message(chore->session, txn, kase, call->message, &chore->arena, &view));
	found->sealed = view->message ? view->message->sealed : NULL;
	found->authority = view->message ? view->message->from : NULL;
	found->request_id = view->message ? view->message->request_id : NULL;
	return OK;
}

static enum fault find_sealed(struct chore *chore, struct found *found)
{
	struct txn txn;
	TRY(txn_begin(chore->rooms->store, TXN_READ, &txn));
	enum fault fault = find_in(&txn, chore, found);
	txn_abort(&txn);
	TRY(fault);
	if (!found->sealed)
		return fault_say(FAULT_USAGE, "it is not sealed end to end");
	return judge_reader(chore, found);
}

/* The key that comes out is the one that was committed to: the law knows by that whose it is, and lets none be used twice in a case. */
static enum fault take_key(struct chore *chore, const struct found *found, uint8_t key[CONTENT_KEY_SIZE])
{
	const Comity__Sealing *sealed = found->sealed;
	const struct parcel_address address = { found->authority, found->request_id, sealed->recipients, sealed->n_recipients };
	uint8_t digest[DIGEST_SIZE];
	struct span bound;
	struct seal *seal;
	TRY(parcel_bind(&address, digest, &bound));
	TRY(keyholder_unseal(chore->rooms->keyholder, span_of_binary(sealed->envelope), bound, key));
	TRY(parcel_again(key, span_of_binary(sealed->commitment), &seal));
	seal_free(seal);
	return OK;
}

static enum fault unseal(struct chore *chore)
{
	Comity__Unsealed *unsealed;
	struct found found = { 0 };
	uint8_t *key = arena_alloc(&chore->arena, CONTENT_KEY_SIZE);
	if (!key || !chore_make(chore, &comity__unsealed__descriptor, &unsealed))
		return arena_fault(&chore->arena);
	TRY(find_sealed(chore, &found));
	TRY(take_key(chore, &found, key));
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
