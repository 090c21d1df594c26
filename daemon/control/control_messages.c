/* Messages, manifests and lists of attachments: what evidence is made of. */
#include "daemon/ledger/certificates.h"
#include "certs/revocation.h"
#include "daemon/upkeep/backup.h"
#include "daemon/law/casework.h"
#include "daemon/ledger/chain.h"
#include "daemon/control/control_lists.h"
#include "daemon/desks/fetcher.h"
#include "daemon/desks/waits.h"
#include "daemon/desks/registry.h"

enum fault lists_narrow_to_case(struct inquiry *inquiry, struct key *prefix)
{
	Comity__Case *kase;
	TRY(inquiry_find_case(inquiry, &kase));
	*prefix = key_of_uuid(kase->request_id);
	return OK;
}

static enum fault open_messages(struct inquiry *inquiry, struct paging *paging)
{
	Comity__MessageList *list;
	if (!inquiry_make(inquiry, &comity__message_list__descriptor, &list))
		return inquiry_fault(inquiry);
	list->schema = "comity.message-list/1";
	paging->count = &list->n_data;
	paging->data = &list->data;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_MESSAGES;
	inquiry->reply->messages = list;
	return OK;
}

static const ProtobufCMessage *show_listed_message(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	Comity__MessageView *view = casework_view_message(inquiry->txn, value, MESSAGE_READ, inquiry->arena);
	if (!view)
		return NULL;
	view->has_place = 1;
	view->place = paging->place + 1;
	return &view->base;
}

const struct listing listing_messages = {
	.table = TABLE_CASE_MESSAGES, .narrow = lists_narrow_to_case, .open = open_messages, .show = show_listed_message,
};

/* With one peer, or with all: what belongs to no case is numbered nowhere. */
static enum fault narrow_to_peer(struct inquiry *inquiry, struct key *prefix)
{
	const char *peer = calls_member(inquiry->call, "peer");
	if (!peer)
		return OK;
	TRY(lists_judge_peer(inquiry, peer));
	*prefix = key_of_peer(peer);
	return OK;
}

static const ProtobufCMessage *show_loose(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	Comity__MessageView *view = casework_view_message(inquiry->txn, value, MESSAGE_READ, inquiry->arena);
	(void)paging;
	return view ? &view->base : NULL;
}

const struct listing listing_loose = {
	.table = TABLE_LOOSE, .narrow = narrow_to_peer, .open = open_messages, .show = show_loose,
};

enum fault answer_message_show(struct inquiry *inquiry)
{
	const Comity__ByMessage *call = inquiry->call->message_show;
	Comity__Case *kase = NULL;
	Comity__MessageView *view;
	if (calls_member(inquiry->call, "ref"))
		TRY(inquiry_find_case(inquiry, &kase));
	if (!call->message || !*call->message)
		return fault_say(FAULT_USAGE, "no message is named");
	TRY(session_find_message(inquiry->session, inquiry->txn, kase, call->message, inquiry->arena, &view));
	view->schema = "comity.message/1";
	inquiry->reply->kind_case = COMITY__REPLY__KIND_MESSAGE;
	inquiry->reply->message = view;
	return OK;
}

static ProtobufCBinaryData lend(struct span span)
{
	return (ProtobufCBinaryData){ span.len, (uint8_t *)span.at };
}

static void write_certificates(struct inquiry *inquiry, Comity__ManifestView *view)
{
	struct span chain[3];
	certificates_find_signer(inquiry->txn, span_of_binary(view->manifest->signer), inquiry->arena, chain);
	view->has_signing_certificate = chain[0].len > 0;
	view->has_delegation_certificate = chain[1].len > 0;
	view->has_identity_certificate = chain[2].len > 0;
	view->signing_certificate = lend(chain[0]);
	view->delegation_certificate = lend(chain[1]);
	view->identity_certificate = lend(chain[2]);
}

static bool push_list(struct inquiry *inquiry, Comity__ManifestView *view, struct span list)
{
	ProtobufCBinaryData copy = record_bytes(inquiry->arena, list);
	return !list.len || record_push(inquiry->arena, &view->n_revocations, &view->revocations, &copy, sizeof copy);
}

/* Ours lie beside our keys. */
static enum fault write_own_lists(struct inquiry *inquiry, Comity__ManifestView *view)
{
	for (enum role issuer = ROLE_IDENTITY; issuer <= ROLE_DELEGATION; issuer++) {
		struct bytes list = { 0 };
		enum fault fault = revocation_load(inquiry->rooms->places->state, issuer, &list);
		if (!fault && !push_list(inquiry, view, span_of(&list)))
			fault = arena_fault(inquiry->arena);
		bytes_clear(&list);
		TRY(fault);
	}
	return OK;
}

static enum fault write_their_lists(struct inquiry *inquiry, Comity__ManifestView *view)
{
	Comity__Peer *peer;
	TRY(registry_find(inquiry->txn, inquiry->call->manifest_get->peer, inquiry->arena, &peer));
	view->n_revocations = peer->n_revocations;
	view->revocations = peer->revocations;
	return OK;
}

enum fault answer_manifest(struct inquiry *inquiry)
{
	const Comity__ManifestGet *call = inquiry->call->manifest_get;
	enum direction direction = call->theirs ? DIRECTION_THEIRS : DIRECTION_OURS;
	Comity__ManifestView *view;
	if (!calls_member(inquiry->call, "peer") || !inquiry_make(inquiry, &comity__manifest_view__descriptor, &view))
		return fault_say(FAULT_USAGE, "no peer is named");
	view->schema = "comity.manifest/1";
	view->manifest = chain_find(inquiry->txn, call->peer, direction, call->number, inquiry->arena);
	TRY(inquiry->txn->fault);
	if (!view->manifest)
		return fault_say(FAULT_NOT_FOUND, "there is no number %llu in %s chain with %s",
			(unsigned long long)call->number, call->theirs ? "their" : "our", call->peer);
	write_certificates(inquiry, view);
	if (call->revocations)
		TRY(call->theirs ? write_their_lists(inquiry, view) : write_own_lists(inquiry, view));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_MANIFEST;
	inquiry->reply->manifest = view;
	return inquiry_fault(inquiry);
}

static void show_waiting(const struct control_rooms *rooms, Comity__AttachmentState *state)
{
	const char *reason = state->message_id ? waits_reason(rooms->waits, state->message_id, state->index) : NULL;
	if (!reason)
		return;
	state->waits_reason = (char *)reason;
	state->waits_text = "the other side has no room for it yet; it is fetched by itself when there is";
}

void inquiry_show_arriving(const struct control_rooms *rooms, const char *request_id, Comity__AttachmentState *state)
{
	uint64_t bytes;
	if (state->presence == COMITY__PRESENCE__VALUE__SENT)
		show_waiting(rooms, state);
	if (state->presence != COMITY__PRESENCE__VALUE__ARRIVING ||
			!fetcher_progress(rooms->fetcher, request_id, state->number, &bytes))
		return;
	state->has_bytes_done = 1;
	state->bytes_done = bytes;
}

void lists_take_case(struct inquiry *inquiry, struct paging *paging)
{
	paging->kase = record_find(inquiry->txn, TABLE_CASES, key_span(&paging->prefix), &comity__case__descriptor, inquiry->arena);
}

static enum fault open_attachments(struct inquiry *inquiry, struct paging *paging)
{
	Comity__AttachmentList *list;
	if (!inquiry_make(inquiry, &comity__attachment_list__descriptor, &list))
		return inquiry_fault(inquiry);
	list->schema = "comity.attachment-list/1";
	paging->count = &list->n_data;
	paging->data = &list->data;
	lists_take_case(inquiry, paging);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_ATTACHMENTS;
	inquiry->reply->attachments = list;
	return OK;
}

const ProtobufCMessage *lists_show_attachment(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	char request_id[UUID_TEXT_SIZE];
	Comity__AttachmentState *state = record_read(inquiry->txn, value, &comity__attachment_state__descriptor, inquiry->arena);
	if (!state || paging->prefix.len != UUID_SIZE)
		return NULL;
	uuid_text(request_id, paging->prefix.at);
	inquiry_show_arriving(inquiry->rooms, request_id, state);
	if (paging->kase)
		casework_show_conditions(paging->kase, state, inquiry->arena);
	return &state->base;
}

const struct listing listing_attachments = {
	.table = TABLE_ATTACHMENTS, .narrow = lists_narrow_to_case, .open = open_attachments, .show = lists_show_attachment,
};
