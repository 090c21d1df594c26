/* The officers of a case: what each may see, whose it is, and who approved its draft. */
#include <stdio.h>
#include <string.h>

#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/law/casework.h"

/* ── what each may see ────────────────────────────────────────────────────────────────────────────── */

bool session_sees(const struct session *session, const Comity__Case *kase)
{
	return session->desk != DESK_OFFICER || casework_is_seen_by(session->control->rooms.casework, kase, session->uid);
}

static enum fault judge_sight(const struct session *session, const Comity__Case *kase)
{
	return session_sees(session, kase) ? OK :
		fault_say(FAULT_ASSIGNED, "%s is another officer's, and officers see their own cases here", casework_name(kase));
}

enum fault session_find_case(const struct session *session, struct txn *txn, const char *ref, struct arena *arena,
	Comity__Case **found)
{
	TRY(casework_find(txn, ref ? ref : "", arena, found));
	return judge_sight(session, *found);
}

enum fault session_find_message(const struct session *session, struct txn *txn, const Comity__Case *kase, const char *name,
	struct arena *arena, Comity__MessageView **found)
{
	Comity__Case *its;
	TRY(casework_find_message(session->control->rooms.casework, txn, kase, name, arena, found));
	const Comity__MessageState *state = (*found)->state;
	bool has_case = !kase && state && state->request_id && casework_find(txn, state->request_id, arena, &its) == OK;
	return has_case ? judge_sight(session, its) : OK;
}

enum fault inquiry_find_case(struct inquiry *inquiry, Comity__Case **found)
{
	const char *ref = calls_member(inquiry->call, "ref");
	if (!ref)
		return fault_say(FAULT_USAGE, "no request is named");
	return session_find_case(inquiry->session, inquiry->txn, ref, inquiry->arena, found);
}

/* ── whose it is, who approved it ─────────────────────────────────────────────────────────────────── */

static enum fault reply_case(struct inquiry *inquiry, Comity__Case *kase)
{
	Comity__RequestView *view = casework_view(inquiry->txn, kase, CASE_HEAD, inquiry->arena);
	TRY(inquiry_fault(inquiry));
	view->schema = "comity.request/1";
	TRY(casework_show_approvals(inquiry->rooms->casework, inquiry->txn, kase, view, inquiry->arena));
	inquiry->reply->kind_case = COMITY__REPLY__KIND_REQUEST;
	inquiry->reply->request = view;
	return OK;
}

enum fault change_request_assign(struct inquiry *inquiry)
{
	const Comity__Assign *call = inquiry->call->request_assign;
	const struct assigning assigning = { .is_nobody = !call->has_uid, .to = call->uid, .by = inquiry->session->uid,
		.only_if_free = call->only_if_free };
	Comity__Case *kase;
	TRY(inquiry_find_case(inquiry, &kase));
	TRY(casework_assign(inquiry->txn, kase, &assigning, inquiry->arena));
	return reply_case(inquiry, kase);
}

enum fault change_request_approve(struct inquiry *inquiry)
{
	Comity__Case *kase;
	TRY(inquiry_find_case(inquiry, &kase));
	TRY(casework_approve(inquiry->txn, kase, span_of_binary(inquiry->call->request_approve->draft_sha256), inquiry->session->uid,
		inquiry->arena));
	return reply_case(inquiry, kase);
}
