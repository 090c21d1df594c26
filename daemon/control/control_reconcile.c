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

static enum fault find_peer(struct session *session, Comity__ByPeer *call)
{
	struct txn txn;
	Comity__Peer *peer;
	TRY(txn_begin(session->control->rooms.store, TXN_READ, &txn));
	enum fault fault = registry_find(&txn, call->peer, &session->arena, &peer);
	txn_abort(&txn);
	TRY(fault);
	call->peer = peer->authority;	/* as it is written, not as it was typed */
	return OK;
}

void pursue_reconcile(struct session *session)
{
	Comity__ByPeer *call = session->call->peer_reconcile;
	enum fault fault = find_peer(session, call);
	session_hold(session);
	if (!fault)
		fault = comparison_ask(session->control->rooms.comparison, call->peer, on_compared, session);
	if (!fault)
		return;
	session_refuse(session, fault);
	session_release(session);
}
