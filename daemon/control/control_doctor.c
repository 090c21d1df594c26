/* `comity peer doctor`: the ladder between two sides, as each of them sees it. */
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/checkup.h"
#include "daemon/desks/registry.h"

static const char *const side_names[] = {
	[SIDE_NONE] = NULL, [SIDE_OURS] = "ours", [SIDE_THEIRS] = "theirs", [SIDE_BETWEEN] = "between",
};

static enum fault add_rung(struct arena *arena, size_t *count, Comity__RungSeen ***list, enum rung rung, const struct sight *sight)
{
	Comity__RungSeen *seen = arena_alloc(arena, sizeof *seen);
	if (!seen)
		return arena_fault(arena);
	comity__rung_seen__init(seen);
	seen->rung = (char *)rung_name(rung);
	seen->has_ok = 1;
	seen->ok = sight->footing == FOOTING_FIRM;
	seen->code = sight->fault ? (char *)fault_slug(sight->fault) : NULL;
	seen->text = record_text(arena, sight->text);
	return record_append(arena, count, list, &seen, sizeof seen) ? OK : arena_fault(arena);
}

static enum fault add_view(struct arena *arena, size_t *count, Comity__RungSeen ***list, const struct view *view)
{
	for (int rung = 0; rung < RUNGS; rung++)
		if (view->rungs[rung].footing != FOOTING_UNKNOWN)
			TRY(add_rung(arena, count, list, (enum rung)rung, &view->rungs[rung]));
	return OK;
}

static enum fault write_report(struct arena *arena, Comity__PeerDoctorReport *told, const struct checkup_report *report)
{
	const struct verdict *verdict = &report->verdict;
	told->has_ok = told->has_line_open = 1;
	told->ok = verdict->side == SIDE_NONE;
	told->line_open = report->is_open;
	told->text = (char *)verdict->sentence;
	if (!told->ok) {
		told->side = (char *)side_names[verdict->side];
		told->rung = (char *)rung_name(verdict->rung);
		told->code = (char *)fault_slug(verdict->fault);
	}
	TRY(add_view(arena, &told->n_ours, &told->ours, &report->ours));
	return add_view(arena, &told->n_theirs, &told->theirs, &report->theirs);
}

static void on_climbed(void *owner, const struct checkup_report *report)
{
	struct session *session = owner;
	Comity__PeerDoctorReport told = COMITY__PEER_DOCTOR_REPORT__INIT;
	Comity__Reply reply = COMITY__REPLY__INIT;
	told.schema = "comity.peer-doctor/1";
	told.peer = session->call->peer_doctor->peer;
	reply.kind_case = COMITY__REPLY__KIND_DOCTOR;
	reply.doctor = &told;
	enum fault fault = write_report(&session->arena, &told, report);
	if (fault)
		session_refuse(session, fault);
	else
		session_reply(session, &reply, false);
	session_release(session);
}

void pursue_doctor(struct session *session)
{
	Comity__Peer *peer;
	Comity__ByPeer *call = session->call->peer_doctor;
	enum fault fault = control_find_peer(session, &call->peer, &peer);
	session_hold(session);
	if (!fault)
		fault = checkup_ask(session->control->rooms.checkup, call->peer, on_climbed, session);
	if (!fault)
		return;
	session_refuse(session, fault);
	session_release(session);
}
