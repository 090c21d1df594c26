/* `comity peer ping`: how far one gets, step by step. */
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/line/peers.h"
#include "daemon/ledger/record.h"
#include "daemon/desks/registry.h"

enum { PING_COUNT = 3 };

static enum fault add_stage(struct arena *arena, Comity__PingReport *reply, const struct ping_report *report,
	enum ping_stage stage)
{
	Comity__PingStage *told = arena_alloc(arena, sizeof *told);
	if (!told)
		return arena_fault(arena);
	comity__ping_stage__init(told);
	told->name = (char *)ping_stage_name(stage);
	told->text = record_text(arena, report->stages[stage].text);
	told->has_microseconds = report->stages[stage].us > 0;
	told->microseconds = (uint32_t)report->stages[stage].us;
	return record_append(arena, &reply->n_stages, &reply->stages, &told, sizeof told) ? OK : arena_fault(arena);
}

static enum fault write_report(struct arena *arena, Comity__PingReport *reply, const struct ping_report *report)
{
	for (int stage = 0; stage < PING_STAGES; stage++)
		if (report->stages[stage].outcome != PING_NOT_REACHED)
			TRY(add_stage(arena, reply, report, (enum ping_stage)stage));
	reply->has_ok = 1;
	reply->ok = report->fault == OK;
	if (report->fault) {
		reply->code = (char *)fault_slug(report->fault);
		reply->text = record_text(arena, report->detail[0] ? report->detail : fault_text(report->fault));
	}
	return OK;
}

static void on_pinged(void *owner, const struct ping_report *report)
{
	struct session *session = owner;
	Comity__PingReport ping = COMITY__PING_REPORT__INIT;
	Comity__Reply reply = COMITY__REPLY__INIT;
	ping.schema = "comity.peer-ping/1";
	ping.peer = session->call->peer_ping->peer;
	reply.kind_case = COMITY__REPLY__KIND_PING;
	reply.ping = &ping;
	enum fault fault = write_report(&session->arena, &ping, report);
	if (fault)
		session_refuse(session, fault);
	else
		session_reply(session, &reply, false);
	session_release(session);
}

static enum fault find_pinged(struct session *session, Comity__PeerPing *call)
{
	Comity__Peer *peer;
	TRY(control_find_peer(session, &call->peer, &peer));
	return registry_obstacle(peer);
}

void pursue_ping(struct session *session)
{
	Comity__PeerPing *call = session->call->peer_ping;
	uint32_t count = call->count ? call->count : PING_COUNT;
	enum fault fault = find_pinged(session, call);
	session_hold(session);
	if (!fault)
		fault = peers_ping(session->control->rooms.peers, call->peer, count < PING_COUNT_MAX ? count : PING_COUNT_MAX,
			on_pinged, session);
	if (!fault)
		return;
	session_refuse(session, fault);
	session_release(session);
}
