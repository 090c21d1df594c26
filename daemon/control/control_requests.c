/* Requests and what is said in them: the control's side of casework. */
#include <string.h>
#include <strings.h>

#include "daemon/control/control_lists.h"
#include "daemon/desks/registry.h"
#include "daemon/law/acts.h"
#include "daemon/law/casework.h"
#include "daemon/law/routing.h"
#include "daemon/ledger/chain.h"
#include "daemon/line/peers.h"
#include "proto/stamp.h"

/* A draft that was made or changed: what it says, and not what is staged for it. */
static enum fault reply_request(struct inquiry *inquiry, Comity__Case *kase)
{
	Comity__RequestView *view = casework_view(inquiry->txn, kase, CASE_HEAD, inquiry->arena);
	TRY(inquiry_fault(inquiry));
	view->document = casework_document(inquiry->txn, kase, inquiry->arena);
	TRY(inquiry_fault(inquiry));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_REQUEST;
	inquiry->reply->request = view;
	return OK;
}

static void show_arriving(struct inquiry *inquiry, Comity__RequestView *view)
{
	for (size_t i = 0; i < view->n_attachments; i++)
		inquiry_show_arriving(inquiry->rooms, view->request->request_id, view->attachments[i]);
}

/* A call may leave the document out: then it is an empty one. */
static Comity__Request *document_of(struct inquiry *inquiry, Comity__Request *document)
{
	if (!document)
		inquiry_make(inquiry, &comity__request__descriptor, &document);
	return document;
}

/* To the authority that is named, or the one of that State that receives what is asked. */
static enum fault find_route(struct inquiry *inquiry, const char *to, const Comity__Request *document, Comity__Route *route)
{
	const struct sought sought = routing_sought(document, inquiry->arena);
	return routing_find(inquiry->txn, to, &sought, inquiry->arena, route);
}

enum fault change_request_new(struct inquiry *inquiry)
{
	const Comity__RequestNew *call = inquiry->call->request_new;
	Comity__Request *document = document_of(inquiry, call->document);
	Comity__Route route = COMITY__ROUTE__INIT;
	Comity__Case *kase;
	TRY(inquiry_fault(inquiry));
	TRY(find_route(inquiry, call->to, document, &route));
	TRY(routing_fault(&route));
	TRY(casework_draft(inquiry->rooms->casework, inquiry->txn, route.to, document, inquiry->uid, inquiry->arena, &kase));
	return reply_request(inquiry, kase);
}

enum fault change_request_oral(struct inquiry *inquiry)
{
	const Comity__RequestOral *call = inquiry->call->request_oral;
	Comity__Request *document = document_of(inquiry, call->document);
	Comity__Case *kase;
	TRY(inquiry_fault(inquiry));
	if (!call->peer || !*call->peer)
		return fault_say(FAULT_USAGE, "whose oral request is it?");
	TRY(casework_note_oral(inquiry->rooms->casework, inquiry->txn, call->peer, document, inquiry->uid, inquiry->arena, &kase));
	return reply_request(inquiry, kase);
}

enum fault change_request_edit(struct inquiry *inquiry)
{
	const Comity__RequestEdit *call = inquiry->call->request_edit;
	Comity__Request *document = document_of(inquiry, call->document);
	Comity__Case *kase;
	TRY(inquiry_fault(inquiry));
	TRY(inquiry_find_case(inquiry, &kase));
	TRY(casework_edit(inquiry->rooms->casework, inquiry->txn, kase, document, inquiry->arena));
	return reply_request(inquiry, kase);
}

/* The answer says of it what an approval will be over. */
enum fault change_request_seal(struct inquiry *inquiry)
{
	const Comity__RequestSeal *call = inquiry->call->request_seal;
	const struct casework_sealing sealing = { .message = call->sealed, .to_sha256 = span_of_binary(call->to_sha256), .uid = inquiry->uid };
	Comity__Case *kase;
	TRY(inquiry_find_case(inquiry, &kase));
	TRY(casework_seal(inquiry->txn, kase, &sealing, inquiry->arena));
	TRY(reply_request(inquiry, kase));
	return casework_show_approvals(inquiry->rooms->casework, inquiry->txn, kase, inquiry->reply->request, inquiry->arena);
}

enum fault change_request_abandon(struct inquiry *inquiry)
{
	Comity__Case *kase;
	Comity__Done *done;
	TRY(inquiry_find_case(inquiry, &kase));
	TRY(casework_abandon(inquiry->rooms->casework, inquiry->txn, kase, inquiry->uid, inquiry->arena));
	if (!inquiry_make(inquiry, &comity__done__descriptor, &done))
		return inquiry_fault(inquiry);
	done->schema = "comity.done/1";
	done->ref = (char *)casework_our_reference(kase);
	done->text = "abandoned";
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DONE;
	inquiry->reply->done = done;
	return OK;
}

/* ── sending ─────────────────────────────────────────────────────────────────────────────────────── */

/* In the reply from the start: when the document is refused, its problems are in it. */
static Comity__Submitted *make_submitted(struct inquiry *inquiry)
{
	Comity__Submitted *submitted;
	if (!inquiry_make(inquiry, &comity__submitted__descriptor, &submitted))
		return NULL;
	submitted->schema = "comity.submitted/1";
	inquiry->reply->kind_case = COMITY__REPLY__KIND_SUBMITTED;
	return inquiry->reply->submitted = submitted;
}

enum fault change_request_send(struct inquiry *inquiry)
{
	const Comity__RequestSend *call = inquiry->call->request_send;
	Comity__Submitted *submitted = make_submitted(inquiry);
	Comity__Case *kase;
	TRY(inquiry_fault(inquiry));
	TRY(inquiry_find_case(inquiry, &kase));
	return casework_send(inquiry->rooms->casework, inquiry->txn, kase, call->sealed, call->officer, inquiry->uid,
		inquiry->arena, submitted);
}

/* An official act that moves a case on goes through in a full store as well (its attachments are here already, or were
 * refused).  What is only correspondence can wait until there is room. */
static bool is_pressing(const Comity__Message *message)
{
	for (size_t i = 0; i < message->n_acts; i++) {
		const struct act_rule *rule = act_rule(message->acts[i]->kind_case);
		if (!rule || (rule->phases && rule->kind != COMITY__ACT__KIND_STATUS_UPDATE))
			return false;
	}
	return message->n_acts > 0;
}

enum fault change_submit(struct inquiry *inquiry)
{
	const Comity__Submit *call = inquiry->call->submit;
	Comity__Submitted *submitted = make_submitted(inquiry);
	Comity__Message *message = call->message;
	Comity__Case *kase;
	if (!message)
		inquiry_make(inquiry, &comity__message__descriptor, &message);
	TRY(inquiry_fault(inquiry));
	if (!calls_member(inquiry->call, "ref") && calls_member(inquiry->call, "peer"))
		return casework_write(inquiry->rooms->casework, inquiry->txn, call->peer, message, inquiry->uid, inquiry->arena, submitted);
	if (is_pressing(message))
		txn_use_reserve(inquiry->txn);
	TRY(inquiry_find_case(inquiry, &kase));
	return casework_submit(inquiry->rooms->casework, inquiry->txn, kase, message, call->all_staged, inquiry->uid,
		inquiry->arena, submitted);
}

/* The same, and nothing is written. */
enum fault answer_message_check(struct inquiry *inquiry)
{
	const Comity__Submit *call = inquiry->call->message_check;
	Comity__Submitted *submitted = make_submitted(inquiry);
	Comity__Message *message = call->message;
	Comity__Case *kase;
	if (!message)
		inquiry_make(inquiry, &comity__message__descriptor, &message);
	TRY(inquiry_fault(inquiry));
	if (!calls_member(inquiry->call, "ref") && calls_member(inquiry->call, "peer")) {
		submitted->peer = call->peer;
		return casework_check_loose(inquiry->txn, call->peer, message, inquiry->arena);
	}
	TRY(inquiry_find_case(inquiry, &kase));
	TRY(casework_check(inquiry->rooms->casework, inquiry->txn, kase, message, call->all_staged, inquiry->arena));
	submitted->ref = (char *)casework_our_reference(kase);
	submitted->request_id = kase->request_id;
	submitted->peer = kase->peer;
	submitted->has_status = 1;
	submitted->status = kase->status;
	return OK;
}

/* How the line is, only the loop knows, and only now. */
void settle_submitted(struct inquiry *inquiry)
{
	Comity__Submitted *submitted = inquiry->reply->submitted;
	struct peer_report report = { 0 };
	if (inquiry->reply->kind_case != COMITY__REPLY__KIND_SUBMITTED || !submitted->peer)
		return;
	bool is_known = peers_report(inquiry->rooms->peers, submitted->peer, &report);
	submitted->link = (char *)line_state(is_known, &report);
	submitted->reason = report.fault ? (char *)fault_slug(report.fault) : NULL;
}

/* ── reads ───────────────────────────────────────────────────────────────────────────────────────── */

/* The document that is to be judged: the one in the call, or the draft's. */
static enum fault find_document(struct inquiry *inquiry, Comity__Case **kase, Comity__Request **document, const char **to)
{
	const Comity__RequestValidate *call = inquiry->call->request_validate;
	*kase = NULL;
	*document = call->document;
	*to = call->to;
	if (!call->ref || !*call->ref)
		return call->document ? OK : fault_say(FAULT_USAGE, "neither a request nor a document to be validated");
	TRY(inquiry_find_case(inquiry, kase));
	if (!*to || !**to)
		*to = (*kase)->peer;
	if (!*document && casework_sealed_draft(inquiry->txn, *kase, inquiry->arena))
		return fault_say(FAULT_USAGE, "%s is sealed: the tool that sealed it has judged it, and nothing here can read it", call->ref);
	if (!*document)
		*document = casework_document(inquiry->txn, *kase, inquiry->arena);
	return *document ? inquiry_fault(inquiry) : fault_say(FAULT_NOT_FOUND, "%s has no document", call->ref);
}

enum fault answer_request_validate(struct inquiry *inquiry)
{
	Comity__Case *kase;
	Comity__Request *document;
	Comity__Route route = COMITY__ROUTE__INIT;
	Comity__Validation *validation;
	const char *to;
	TRY(find_document(inquiry, &kase, &document, &to));
	if (!inquiry_make(inquiry, &comity__validation__descriptor, &validation))
		return inquiry_fault(inquiry);
	if (to && *to) {
		TRY(find_route(inquiry, to, document, &route));
		if (!route.to)
			TRY(routing_fault(&route));
		to = route.to;	/* also where there is no line: then it goes another way, and must be complete all the same */
	}
	validation->schema = "comity.validation/1";
	validation->peer = (char *)to;
	validation->ref = kase ? (char *)casework_our_reference(kase) : NULL;
	TRY(casework_validate(inquiry->rooms->casework, inquiry->txn, kase, document, to, inquiry->arena, validation));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_VALIDATION;
	inquiry->reply->validation = validation;
	return OK;
}

static bool is_open(const Comity__Case *kase)
{
	return kase->status != COMITY__REQUEST_STATUS__VALUE__CLOSED &&
		kase->status != COMITY__REQUEST_STATUS__VALUE__WITHDRAWN &&
		kase->status != COMITY__REQUEST_STATUS__VALUE__ABANDONED;
}

static bool has_status(const Comity__RequestFilter *filter, const Comity__Case *kase)
{
	for (size_t i = 0; i < filter->n_status; i++)
		if (filter->status[i] == kase->status)
			return true;
	return filter->n_status == 0;
}

static bool is_due(const Comity__RequestFilter *filter, const Comity__Case *kase)
{
	int64_t before, ends;
	bool is_found = false;
	for (size_t i = 0; !is_found && stamp_read(filter->due_before, &before) && i < kase->n_dues; i++)
		is_found = due_ends(kase, kase->dues[i], &ends) && ends < before;
	return is_found;
}

static bool is_wanted(const Comity__RequestFilter *filter, const Comity__Case *kase)
{
	if (filter->peer && *filter->peer && (!kase->peer || strcasecmp(filter->peer, kase->peer)))
		return false;
	if (filter->has_role && filter->role && filter->role != kase->role)
		return false;
	if (filter->has_assigned_uid && (!kase->assignment || kase->assignment->uid != filter->assigned_uid))
		return false;
	if (filter->due_before && !is_due(filter, kase))
		return false;
	return has_status(filter, kase) && (!filter->open || is_open(kase));
}

enum fault lists_judge_peer(struct inquiry *inquiry, const char *named)
{
	Comity__Peer *peer;
	enum fault fault = registry_find(inquiry->txn, named, inquiry->arena, &peer);
	bool was_known = fault == FAULT_PEER_UNKNOWN && (chain_head(inquiry->txn, named, DIRECTION_OURS).number ||
		chain_head(inquiry->txn, named, DIRECTION_THEIRS).number);
	return was_known ? OK : fault;
}

static enum fault judge_filter(struct inquiry *inquiry, struct key *prefix)
{
	const char *named = inquiry->call->request_list->peer;
	(void)prefix;
	return named && *named ? lists_judge_peer(inquiry, named) : OK;
}

static enum fault open_list(struct inquiry *inquiry, struct paging *paging)
{
	Comity__RequestList *list;
	if (!inquiry_make(inquiry, &comity__request_list__descriptor, &list))
		return inquiry_fault(inquiry);
	list->schema = "comity.request-list/1";
	list->generated_at = paging->generated_at;
	list->has_seq = 1;
	list->seq = paging->seq;
	paging->count = &list->n_data;
	paging->data = &list->data;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_REQUESTS;
	inquiry->reply->requests = list;
	return OK;
}

static const ProtobufCMessage *show_row(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	Comity__Case *kase = record_read(inquiry->txn, value, &comity__case__descriptor, inquiry->arena);
	(void)paging;
	if (!kase || !session_sees(inquiry->session, kase) || !is_wanted(inquiry->call->request_list, kase))
		return NULL;
	Comity__RequestView *view = casework_view(inquiry->txn, kase, CASE_BRIEF, inquiry->arena);
	if (!view)
		return NULL;
	show_arriving(inquiry, view);
	return &view->base;
}

/* The newest first, as the ids sort by age. */
const struct listing listing_requests = {
	.table = TABLE_CASES, .order = NEWEST_FIRST, .narrow = judge_filter, .open = open_list, .show = show_row,
};
