/* One case, however long: its head, its document, its messages and its attachments, one behind the other. */
#include "daemon/control/control_lists.h"
#include "daemon/law/casework.h"

/* The head stands on the first page only: what comes later is added to it. */
static enum fault fill_head(struct inquiry *inquiry, struct paging *paging, Comity__RequestView **view)
{
	Comity__Case *kase = record_find(inquiry->txn, TABLE_CASES, key_span(&paging->prefix), &comity__case__descriptor,
		inquiry->arena);
	if (kase)
		*view = casework_view(inquiry->txn, kase, CASE_HEAD, inquiry->arena);
	TRY(inquiry_fault(inquiry));
	if (!kase)
		return fault_say(FAULT_NOT_FOUND, "the request is not here any more");
	TRY(casework_show_approvals(inquiry->rooms->casework, inquiry->txn, kase, *view, inquiry->arena));
	TRY(casework_show_sealed(inquiry->txn, kase, *view, inquiry->arena));
	paging->bytes += protobuf_c_message_get_packed_size(&(*view)->base);
	return OK;
}

/* A page may hold rows of more than one table: all go to the same view. */
static enum fault open_view(struct inquiry *inquiry, struct paging *paging, Comity__RequestView **view)
{
	*view = inquiry->reply->request;
	if (*view)
		return OK;
	if (!inquiry_make(inquiry, &comity__request_view__descriptor, view))
		return inquiry_fault(inquiry);
	(*view)->schema = "comity.request/1";
	if (paging->is_first)
		TRY(fill_head(inquiry, paging, view));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_REQUEST;
	inquiry->reply->request = *view;
	return OK;
}

/* ── its attachments ─────────────────────────────────────────────────────────────────────────────── */

static enum fault open_attachments(struct inquiry *inquiry, struct paging *paging)
{
	Comity__RequestView *view;
	TRY(open_view(inquiry, paging, &view));
	paging->count = &view->n_attachments;
	paging->data = &view->attachments;
	lists_take_case(inquiry, paging);
	return OK;
}

static const struct listing listing_case_attachments = {
	.table = TABLE_ATTACHMENTS, .open = open_attachments, .show = lists_show_attachment,
};

/* ── its messages ────────────────────────────────────────────────────────────────────────────────── */

static enum fault open_messages(struct inquiry *inquiry, struct paging *paging)
{
	Comity__RequestView *view;
	TRY(open_view(inquiry, paging, &view));
	paging->count = &view->n_messages;
	paging->data = &view->messages;
	return OK;
}

static const ProtobufCMessage *show_state(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	(void)paging;
	return record_find(inquiry->txn, TABLE_SEEN, value, &comity__message_state__descriptor, inquiry->arena);
}

static const struct listing listing_case_messages = {
	.table = TABLE_CASE_MESSAGES, .open = open_messages, .show = show_state, .then = &listing_case_attachments,
};

/* ── its document ────────────────────────────────────────────────────────────────────────────────── */

static enum fault open_document(struct inquiry *inquiry, struct paging *paging)
{
	Comity__RequestView *view;
	paging->count = NULL;	/* it is one, or none */
	return open_view(inquiry, paging, &view);
}

static const ProtobufCMessage *show_document(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	(void)paging;
	inquiry->reply->request->document =
		record_read(inquiry->txn, value, &comity__request__descriptor, inquiry->arena);
	return (const ProtobufCMessage *)inquiry->reply->request->document;
}

const struct listing listing_case = {
	.table = TABLE_DRAFTS, .narrow = lists_narrow_to_case, .open = open_document, .show = show_document,
	.then = &listing_case_messages,
};
