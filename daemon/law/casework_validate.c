/* All that keeps a request from being sent, or should be thought over, at once: by the document, by its addressee's entry, by ours, and by
 * the day. */
#include <stdio.h>

#include "daemon/law/calendar.h"
#include "daemon/law/casework_parts.h"
#include "daemon/law/competence.h"
#include "daemon/law/completeness.h"
#include "daemon/ledger/directory.h"
#include "proto/stamp.h"

static enum fault add_problems(const struct problems *found, struct arena *arena, Comity__Validation *validation)
{
	for (size_t i = 0; i < found->n; i++) {
		Comity__Problem *problem = arena_alloc(arena, sizeof *problem);
		if (!problem)
			return arena_fault(arena);
		comity__problem__init(problem);
		problem->severity = (char *)severity_name(found->at[i].severity);
		problem->code = record_text(arena, found->at[i].code);
		problem->path = record_text(arena, found->at[i].path);
		problem->message = record_text(arena, found->at[i].message);
		problem->article = record_text(arena, found->at[i].article);
		validation->ok = validation->ok && found->at[i].severity != SEVERITY_ERROR;
		if (!record_append(arena, &validation->n_problems, &validation->problems, &problem, sizeof problem))
			return arena_fault(arena);
	}
	return OK;
}

/* May we make it at all?  By our own entry. */
static void judge_ourselves(struct casework *casework, struct txn *txn, const Comity__Request *document, struct arena *arena,
	struct problems *found)
{
	char now[STAMP_SIZE];
	stamp_now(now);
	const char *objection = competence_objection(directory_profile(txn, casework->own_id, arena), document, now);
	if (objection)
		problems_add(found, SEVERITY_ERROR, "not-competent", "UNTOC 18(13)", "request.requesting_central_authority",
			"%s makes no such request: %s", casework->own_id, objection);
}

/* A day is over when it is over where the addressee is. */
static bool is_over(const Comity__Deadline *deadline, const struct calendar *calendar)
{
	int64_t day, moment;
	if (!deadline->by)
		return false;
	if (date_read(deadline->by, &day))
		return calendar_end(calendar, day) <= stamp_clock();
	return stamp_read(deadline->by, &moment) && moment <= stamp_clock();
}

/* A draft lies for weeks: what was suggested then may be past. */
static void judge_deadlines(const Comity__Request *document, const Comity__Profile *addressee, struct problems *found)
{
	const Comity__UrgencyStatement *urgency = document->urgency;
	const struct calendar calendar = calendar_of(addressee ? addressee->hours : NULL);
	char path[64];
	for (size_t i = 0; urgency && i < urgency->n_deadlines; i++) {
		snprintf(path, sizeof path, "request.urgency.deadlines[%zu].by", i);
		if (is_over(urgency->deadlines[i], &calendar))
			problems_add(found, SEVERITY_WARN, "deadline-past", "UNTOC 18(24)", path, "%s is over already: say by when it helps",
				urgency->deadlines[i]->by);
	}
}

enum fault casework_validate(struct casework *casework, struct txn *txn, const Comity__Case *kase,
	const Comity__Request *document, const char *to, struct arena *arena, Comity__Validation *validation)
{
	struct problems found = { 0 };
	size_t count;
	const Comity__Attachment **attachments = case_staged(txn, kase, arena, &count);
	const Comity__Profile *addressee = to ? directory_profile(txn, to, arena) : NULL;
	struct key key = key_of_peer(to ? to : "");
	bool is_peer = to && txn_get(txn, TABLE_PEERS, key_span(&key), NULL);
	if (!attachments || txn->fault)
		return txn->fault ? txn->fault : arena_fault(arena);
	if (to && !is_peer && !addressee)
		return fault_say(FAULT_PEER_UNKNOWN, "there is no authority \"%s\", neither among the peers nor in the directory", to);
	enum fault fault = completeness_check(document, count ? attachments : NULL, count, addressee, &found);
	case_judge_links(txn, document, to, arena, &found);
	judge_ourselves(casework, txn, document, arena, &found);
	judge_deadlines(document, addressee, &found);
	if (to && !is_peer)
		problems_add(&found, SEVERITY_WARN, "other-channel", "UNTOC 18(13)", "request.requested_central_authority",
			"there is no line between %s and us: it goes another way; comity directory show %s", to, to);
	validation->schema = "comity.validation/1";
	validation->has_ok = validation->ok = 1;
	validation->peer = record_text(arena, to);
	validation->ref = kase ? record_text(arena, casework_our_reference(kase)) : NULL;
	if (!fault || fault == FAULT_INCOMPLETE)	/* the problems are the answer */
		fault = add_problems(&found, arena, validation);
	problems_clear(&found);
	return fault;
}
