/* `comity peer reconcile`: do both sides hold the same, now? */
#include "daemon/desks/comparison.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/registry.h"

static void on_compared(void *owner, enum fault fault, const Comity__Comparison *found)
{
	struct session *session = owner;
	Comity__PeerCompared compared = COMITY__PEER_COMPARED__INIT;
	Comity__Reply reply = COMITY__REPLY__INIT;
	compared.schema = "comity.peer-reconcile/1";
	compared.peer = session->call->peer_reconcile->peer;
	compared.comparison = (Comity__Comparison *)found;
	reply.kind_case = COMITY__REPLY__KIND_COMPARED;
	reply.compared = &compared;
	if (fault)
		session_refuse(session, fault);
	else
		session_reply(session, &reply, false);
	session_release(session);
}

void pursue_reconcile(struct session *session)
{
	Comity__Peer *peer;
	Comity__ByPeer *call = session->call->peer_reconcile;
	enum fault fault = control_find_peer(session, &call->peer, &peer);
	session_hold(session);
	if (!fault)
		fault = comparison_ask(session->control->rooms.comparison, call->peer, on_compared, session);
	if (!fault)
		return;
	session_refuse(session, fault);
	session_release(session);
}
