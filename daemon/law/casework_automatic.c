/* What the daemon says in a case by itself, where the authority has it do so: a reminder, and the answer to an enquiry. */
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "proto/stamp.h"

static enum fault say_by_itself(struct casework *casework, struct txn *txn, Comity__Case *kase, Comity__Act *act, const char *in_reply_to,
	struct arena *arena)
{
	Comity__Submitted submitted = COMITY__SUBMITTED__INIT;
	Comity__Message message = COMITY__MESSAGE__INIT;
	message.n_acts = 1;
	message.acts = &act;
	message.in_reply_to_id = (char *)in_reply_to;
	return casework_submit(casework, txn, kase, &message, false, NOBODY, arena, &submitted);
}

/* Nobody is here to seal words for a counterpart that takes none in the clear. */
static char *note_for(struct txn *txn, const Comity__Case *kase, const char *note)
{
	return casework_wants_sealed(txn, kase->peer) ? NULL : (char *)note;
}

enum fault casework_remind(struct casework *casework, struct txn *txn, Comity__Case *kase, Comity__Due *due, struct arena *arena)
{
	Comity__Act act = COMITY__ACT__INIT;
	Comity__Reminder reminder = COMITY__REMINDER__INIT;
	char now[STAMP_SIZE];
	stamp_now(now);
	due->has_reminders = 1;
	due->reminders++;
	due->reminded_at = record_text(arena, now);
	reminder.of_message_id = due->message_id;
	reminder.has_number = 1;
	reminder.number = due->reminders;
	reminder.note = note_for(txn, kase, "sent by the system: what was due is overdue");
	act.kind_case = COMITY__ACT__KIND_REMINDER;
	act.reminder = &reminder;
	return say_by_itself(casework, txn, kase, &act, due->message_id, arena);
}

/* ── the answer to an enquiry: as the record has it ───────────────────────────────────────────── */

static bool report_all(const Comity__Case *kase, Comity__StatusUpdate *update, struct arena *arena)
{
	for (size_t i = 0; i < kase->n_measures; i++) {
		Comity__MeasureReport *report = arena_alloc(arena, sizeof *report);
		if (!report)
			return false;
		comity__measure_report__init(report);
		report->measure = kase->measures[i]->id;
		report->has_status = 1;
		report->status = kase->measures[i]->status;
		if (!record_append(arena, &update->n_measures, &update->measures, &report, sizeof report))
			return false;
	}
	return true;
}

static const char *expected(const Comity__Case *kase)
{
	for (size_t i = 0; i < kase->n_dues; i++)
		if (kase->dues[i]->kind == COMITY__DUE_KIND__VALUE__EXECUTION)
			return kase->dues[i]->by;
	return NULL;
}

static bool enquires(const Comity__Message *message)
{
	for (size_t i = 0; i < message->n_acts; i++)
		if (message->acts[i]->kind_case == COMITY__ACT__KIND_STATUS_ENQUIRY)
			return true;
	return false;
}

enum fault case_answer_enquiry(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *message,
	struct arena *arena)
{
	Comity__Act act = COMITY__ACT__INIT;
	Comity__StatusUpdate update = COMITY__STATUS_UPDATE__INIT;
	if (!casework->answers_enquiries || !enquires(message) || case_our_side(kase) != SIDE_REQUESTED)
		return OK;
	update.note = note_for(txn, kase, "answered by the system, from the record");
	update.answers_message_id = message->message_id;
	update.expected_on = (char *)expected(kase);
	if (!report_all(kase, &update, arena))
		return arena_fault(arena);
	act.kind_case = COMITY__ACT__KIND_STATUS_UPDATE;
	act.status_update = &update;
	enum fault fault = say_by_itself(casework, txn, kase, &act, message->message_id, arena);
	return fault_remedy(fault) == REMEDY_REFUSE ? OK : fault;	/* then it waits for a human: nothing was written */
}
