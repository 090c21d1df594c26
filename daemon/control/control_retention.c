/* Retention: what is spared, and what is destroyed when its time has come. */
#include <stdio.h>
#include <string.h>

#include "daemon/law/casework.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/upkeep/destruction.h"
#include "daemon/upkeep/purger.h"
#include "proto/uuid.h"

static enum fault reply_done(struct inquiry *inquiry, const Comity__Case *kase, const char *text)
{
	Comity__Done *done;
	if (!inquiry_make(inquiry, &comity__done__descriptor, &done))
		return inquiry_fault(inquiry);
	done->schema = "comity.done/1";
	done->ref = (char *)casework_name(kase);
	done->text = (char *)text;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DONE;
	inquiry->reply->done = done;
	return OK;
}

enum fault change_request_hold(struct inquiry *inquiry)
{
	const char *reason = inquiry->call->request_hold->reason;
	Comity__Case *kase;
	TRY(inquiry_find_case(inquiry, &kase));
	if (!reason || !*reason)
		return fault_say(FAULT_USAGE, "a legal hold needs a reason");
	TRY(retention_hold(inquiry->txn, kase, reason, inquiry->uid));
	return reply_done(inquiry, kase, "under a legal hold: nothing of it is destroyed");
}

enum fault change_request_release_hold(struct inquiry *inquiry)
{
	Comity__Case *kase;
	TRY(inquiry_find_case(inquiry, &kase));
	TRY(retention_release(inquiry->txn, kase, inquiry->uid));
	return reply_done(inquiry, kase, "under no legal hold any more");
}

/* What the other State is told is what was signed, and nothing else: the tool has shown it to whoever calls. */
enum fault change_case_notify(struct inquiry *inquiry)
{
	Comity__Submitted *submitted;
	Comity__Case *kase;
	if (!inquiry_make(inquiry, &comity__submitted__descriptor, &submitted))
		return inquiry_fault(inquiry);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_SUBMITTED;
	inquiry->reply->submitted = submitted;
	TRY(inquiry_find_case(inquiry, &kase));
	return casework_notify(inquiry->rooms->casework, inquiry->txn, kase, inquiry->call->case_notify->officer, inquiry->uid,
		inquiry->arena, submitted);
}

/* ── a round on request ───────────────────────────────────────────────────────────────────────── */

static enum fault write_refs(struct arena *arena, Comity__PurgeReport *report, const char *refs)
{
	for (const char *end; (end = strchr(refs, '\n')); refs = end + 1) {
		char *ref = arena_text(arena, (struct span){ (const uint8_t *)refs, (size_t)(end - refs) });
		if (!ref || !record_append(arena, &report->n_refs, &report->refs, &ref, sizeof ref))
			return arena_fault(arena);
	}
	return OK;
}

static void write_round(Comity__PurgeReport *report, const struct retention_round *round)
{
	report->has_dry_run = report->has_cases = report->has_messages = report->has_attachments = 1;
	report->has_attachment_bytes = report->has_events = report->has_held = report->has_unsettled = 1;
	report->cases = round->cases;
	report->messages = round->messages;
	report->attachments = round->attachments;
	report->attachment_bytes = round->attachment_bytes;
	report->events = round->events;
	report->held = round->held;
	report->unsettled = round->unsettled;
}

static void on_purged(void *owner, enum fault fault, const struct retention_round *round)
{
	static const Comity__RetentionSettings usual = COMITY__RETENTION_SETTINGS__INIT;
	struct session *session = owner;
	const Comity__Config *config = session->control->rooms.config;
	const Comity__RetentionSettings *retention = config->retention ? config->retention : &usual;
	Comity__PurgeReport report = COMITY__PURGE_REPORT__INIT;
	Comity__Reply reply = COMITY__REPLY__INIT;
	report.schema = "comity.purge/1";
	report.closed_cases = retention->closed_cases;
	report.kept_events = retention->events;
	write_round(&report, round);
	reply.kind_case = COMITY__REPLY__KIND_PURGE;
	reply.purge = &report;
	if (!fault && session->call) {
		report.dry_run = session->call->store_purge->dry_run;
		fault = write_refs(&session->arena, &report, round->refs);
	}
	if (fault)
		session_refuse(session, fault);
	else
		session_reply(session, &reply, false);
	session_release(session);
}

void pursue_store_purge(struct session *session)
{
	session_hold(session);
	enum fault fault = purger_run(session->control->rooms.purger, session->call->store_purge->dry_run, on_purged, session);
	if (!fault)
		return;
	session_refuse(session, fault);
	session_release(session);
}

/* ── a case destroyed by an operator ──────────────────────────────────────────────────────────── */

static enum fault why_not(const struct retention_round *round)
{
	if (round->cases)
		return OK;
	if (round->held)
		return fault_say(FAULT_HELD, "it is under a legal hold: nothing of it is destroyed");
	if (round->open)
		return fault_say(FAULT_STATUS_TRANSITION, "it is not closed: only what is over can be destroyed");
	return round->unsettled ? fault_say(FAULT_NOT_YET, "something of it is still on its way") : FAULT_NOT_FOUND;
}

static void on_destroyed(void *owner, enum fault fault, const struct retention_round *round)
{
	struct session *session = owner;
	Comity__Done done = COMITY__DONE__INIT;
	Comity__Reply reply = COMITY__REPLY__INIT;
	reply.kind_case = COMITY__REPLY__KIND_DONE;
	reply.done = &done;
	done.schema = "comity.done/1";
	done.ref = session->call ? session->call->case_destroy->ref : NULL;
	done.text = "destroyed, with its key; what was signed and receipted stays";
	fault = fault ? fault : why_not(round);
	if (fault)
		session_refuse(session, fault);
	else
		session_reply(session, &reply, false);
	session_release(session);
}

static enum fault find_id(struct session *session, char id[UUID_TEXT_SIZE])
{
	struct txn txn;
	Comity__Case *kase;
	const char *ref = session->call->case_destroy->ref;
	TRY(txn_begin(session->control->rooms.store, TXN_READ, &txn));
	enum fault fault = casework_find(&txn, ref ? ref : "", &session->arena, &kase);
	if (!fault)
		fault = destruction_fits(&txn, kase);
	txn_abort(&txn);
	if (!fault)
		snprintf(id, UUID_TEXT_SIZE, "%s", kase->request_id);
	return fault;
}

void pursue_case_destroy(struct session *session)
{
	char id[UUID_TEXT_SIZE];
	session_hold(session);
	enum fault fault = find_id(session, id);
	if (!fault)
		fault = purger_destroy(session->control->rooms.purger, id, session->call->case_destroy->reason, session->uid, on_destroyed,
			session);
	if (!fault)
		return;
	session_refuse(session, fault);
	session_release(session);
}
