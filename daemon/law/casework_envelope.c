/* A draft of ours that the tool has sealed end to end: kept with it, approved as it lies there, and sent as it lies there, to the byte.
 *
 * What was sealed holds for the draft as it was then, with what was staged for it: once either is another, it is void, and stays until the
 * tool has sealed anew what is inside. */
#include <string.h>

#include "certs/digest.h"
#include "daemon/law/casework_parts.h"
#include "daemon/ledger/events.h"
#include "proto/frame.h"
#include "proto/stamp.h"

enum { ADDRESS_MAX = 2048 };		/* what is added to it when it is sent: ids, references, times, the officer */

Comity__SealedDraft *casework_sealed_draft(struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	struct key key = key_of_uuid(kase->request_id);
	return record_find(txn, TABLE_SEALED_DRAFTS, key_span(&key), &comity__sealed_draft__descriptor, arena);
}

void case_drop_sealed(struct txn *txn, const Comity__Case *kase)
{
	struct key key = key_of_uuid(kase->request_id);
	txn_delete(txn, TABLE_SEALED_DRAFTS, key_span(&key));
}

/* ── sealing ──────────────────────────────────────────────────────────────────────────────────── */

/* Now, and not when two officers have approved it already: can it go as it is, with what is staged? */
static enum fault check_whole(struct txn *txn, const Comity__Case *kase, const Comity__Message *sealed, struct arena *arena)
{
	Comity__Message whole = *sealed;
	whole.to = kase->peer;
	whole.attachments = (Comity__Attachment **)case_staged(txn, kase, arena, &whole.n_attachments);
	if (!whole.attachments)
		return arena_fault(arena);
	TRY(case_check_attachments(&whole));
	TRY(case_check_protected(&whole));
	TRY(case_check_sealed(&whole, arena));
	size_t size = protobuf_c_message_get_packed_size(&whole.base);
	return size <= MESSAGE_SIZE_MAX - ADDRESS_MAX ? OK :
		fault_say(FAULT_TOO_LARGE, "the request has %zu bytes; the limit is %d: long texts go as attachments", size, MESSAGE_SIZE_MAX);
}

static enum fault keep_sealed(struct txn *txn, const Comity__Case *kase, const struct casework_sealing *sealing, struct arena *arena)
{
	uint8_t digest[DIGEST_SIZE];
	char now[STAMP_SIZE];
	struct key key = key_of_uuid(kase->request_id);
	Comity__SealedDraft kept = COMITY__SEALED_DRAFT__INIT;
	TRY(case_digest_text(txn, kase, arena, digest));
	stamp_now(now);
	kept.message = (Comity__Message *)sealing->message;
	kept.has_draft_sha256 = kept.has_to_sha256 = kept.has_uid = 1;
	kept.draft_sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, digest };
	kept.to_sha256 = (ProtobufCBinaryData){ sealing->to_sha256.len, (uint8_t *)sealing->to_sha256.at };
	kept.uid = sealing->uid;
	kept.at = now;
	record_keep(txn, TABLE_SEALED_DRAFTS, key_span(&key), &kept.base);
	return txn->fault;
}

enum fault casework_seal(struct txn *txn, Comity__Case *kase, const struct casework_sealing *sealing, struct arena *arena)
{
	Comity__Message template = COMITY__MESSAGE__INIT;
	Comity__Request *document;
	if (!case_is_our_draft(kase))
		return fault_say(FAULT_NOT_DRAFT, "%s is \"%s\": it is no draft of ours", casework_name(kase), status_name(kase->status));
	if (!sealing->message || sealing->to_sha256.len != DIGEST_SIZE)
		return fault_say(FAULT_BAD_DOCUMENT, "there is nothing sealed, or it is not said to which certificate");
	TRY(case_take_sealed(kase, sealing->message, &template, &document));
	TRY(check_whole(txn, kase, &template, arena));
	case_adopt(kase, document, arena);
	case_link_document(txn, kase, document, arena);
	kase->n_approvals = 0;
	case_keep(txn, kase);
	case_keep_document(txn, kase, document);	/* from now on nothing more of it is read here */
	TRY(keep_sealed(txn, kase, sealing, arena));
	case_tell_of(txn, kase, EVENT_REQUEST_SEALED, sealing->uid);
	return txn->fault;
}

/* ── what holds ───────────────────────────────────────────────────────────────────────────────── */

static enum fault is_changed_since(struct txn *txn, const Comity__Case *kase, const Comity__SealedDraft *kept, struct arena *arena,
	bool *is_changed)
{
	uint8_t digest[DIGEST_SIZE];
	TRY(case_digest_text(txn, kase, arena, digest));
	*is_changed = !span_equal(span_of_binary(kept->draft_sha256), SPAN(digest));
	return OK;
}

/* A counterpart that has another key since may have it because the one before was lost. */
static enum fault must_be_their_key(struct txn *txn, const Comity__Case *kase, const Comity__SealedDraft *kept, struct arena *arena)
{
	uint8_t digest[DIGEST_SIZE];
	const Comity__Peer *peer = casework_peer(txn, kase->peer, arena);
	if (!peer)
		return txn->fault ? txn->fault : fault_say(FAULT_PEER_UNKNOWN, "there is no peer \"%s\" (any more)", kase->peer);
	digest_of(digest, span_of_binary(peer->sealing_certificate));
	return span_equal(span_of_binary(kept->to_sha256), SPAN(digest)) ? OK :
		fault_say(FAULT_SEAL_VOID, "%s has another sealing certificate since %s was sealed", kase->peer, casework_name(kase));
}

enum fault case_seal_must_hold(struct txn *txn, const Comity__Case *kase, const Comity__SealedDraft *kept, struct arena *arena)
{
	bool is_changed;
	TRY(is_changed_since(txn, kase, kept, arena, &is_changed));
	if (is_changed)
		return fault_say(FAULT_SEAL_VOID, "%s, or what goes with it, was changed since it was sealed at %s", casework_name(kase), kept->at);
	return must_be_their_key(txn, kase, kept, arena);
}

enum fault casework_show_sealed(struct txn *txn, const Comity__Case *kase, Comity__RequestView *view, struct arena *arena)
{
	bool is_changed;
	Comity__SealedDraft *kept = case_is_our_draft(kase) ? casework_sealed_draft(txn, kase, arena) : NULL;
	if (!kept)
		return txn->fault;
	TRY(is_changed_since(txn, kase, kept, arena, &is_changed));
	view->sealed_draft = kept;
	view->has_sealed_void = view->sealed_void = is_changed;
	return OK;
}
