/* What requests are to one another, as it is told by hand. */
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/law/casework.h"

enum fault change_request_link(struct inquiry *inquiry)
{
	const Comity__RequestLink *call = inquiry->call->request_link;
	struct linking linking = { .type = call->type, .uid = inquiry->uid };
	TRY(inquiry_find_case(inquiry, &linking.kase));
	if (!call->other)
		return fault_say(FAULT_USAGE, "no other request is named");
	TRY(session_find_case(inquiry->session, inquiry->txn, call->other, inquiry->arena, &linking.other));
	TRY((call->remove ? casework_unlink : casework_link)(inquiry->rooms->casework, inquiry->txn, &linking, inquiry->arena));
	Comity__RequestView *view = casework_view(inquiry->txn, linking.kase, CASE_HEAD, inquiry->arena);
	TRY(inquiry_fault(inquiry));
	view->schema = "comity.request/1";
	inquiry->reply->kind_case = COMITY__REPLY__KIND_REQUEST;
	inquiry->reply->request = view;
	return OK;
}
