/* Requests that were made orally, where that is urgent and agreed: UNTOC 18(14) (DOMAIN 8, rule 17).
 *
 * Who heard one notes it here, as a case that the other side does not have: nothing can be said in it.  It is flagged, and a
 * confirmation in writing is owed, until a request of the same peer confirms it; that is the case from then on, and the note is closed.
 */
#include <string.h>

#include "daemon/law/calendar.h"
#include "daemon/law/casework_parts.h"
#include "daemon/law/competence.h"
#include "daemon/ledger/directory.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"

#define STATUS(name) COMITY__REQUEST_STATUS__VALUE__##name

enum {
	WORKING_DAYS_TO_CONFIRM = 1,	/* "forthwith" */
	NOTE_SIZE_MAX = 64 << 10,
};

static const int64_t clocks_differ = 300 * (int64_t)STAMP_SECOND;

/* ── may it be noted? ─────────────────────────────────────────────────────────────────────────── */

/* We have to have said that we take them. */
static enum fault must_be_agreed(const struct casework *casework, struct txn *txn, struct arena *arena)
{
	const Comity__Profile *own = directory_profile(txn, casework->own_id, arena);
	bool accepts = own && own->transmission && own->transmission->oral_accepted_when_urgent;
	TRY(txn->fault);
	return accepts ? OK : fault_say(FAULT_USAGE, "our entry in the directory does not say that oral requests are accepted when urgent (UNTOC 18(14)): "
		"ask for it in writing, or set transmission.oral_accepted_when_urgent in profile.yaml");
}

/* What the note must say. */
static const char *lack_of(const Comity__Request *document)
{
	const Comity__OralRequest *oral = document->oral_request;
	const Comity__UrgencyStatement *urgency = document->urgency;
	const struct { const char *value, *name; } texts[] = {
		{ document->proceeding ? document->proceeding->subject : NULL, "proceeding.subject: what it is about" },
		{ urgency ? urgency->text : NULL, "urgency.text: why it is urgent, in words" },
		{ oral ? oral->by : NULL, "oral_request.by: who made it" },
		{ oral ? oral->to : NULL, "oral_request.to: who heard it" },
		{ oral ? oral->made_at : NULL, "oral_request.made_at: when it was made" },
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (!texts[i].value || !*texts[i].value)
			return texts[i].name;
	return urgency && urgency->n_reasons ? NULL : "urgency.reasons: a code";
}

static enum fault check_document(const Comity__Request *document)
{
	int64_t made_at;
	const char *lack = lack_of(document);
	const Comity__OralRequest *oral = document->oral_request;
	bool is_urgent = document->urgency && document->urgency->level > COMITY__URGENCY__VALUE__ROUTINE;
	if (!is_urgent)
		return fault_say(FAULT_INCOMPLETE, "only what is urgent can be asked orally (UNTOC 18(14)): anything else is asked in writing");
	if (lack || !oral)
		return fault_say(FAULT_INCOMPLETE, "the note of an oral request says %s (UNTOC 18(14))", lack ? lack : "oral_request");
	if (protobuf_c_message_get_packed_size(&document->base) > NOTE_SIZE_MAX || (oral->reference && strlen(oral->reference) > REFERENCE_MAX))
		return fault_say(FAULT_TOO_LARGE, "a note has at most %d KiB, and a reference %d characters", NOTE_SIZE_MAX >> 10, REFERENCE_MAX);
	if (!stamp_read(oral->made_at, &made_at))
		return fault_say(FAULT_INCOMPLETE, "oral_request.made_at: \"%.40s\" is no time with an offset: 2026-11-23T06:40:00+01:00",
			oral->made_at);
	return made_at <= stamp_clock() + clocks_differ ? OK :
		fault_say(FAULT_INCOMPLETE, "oral_request.made_at: %.40s is still to come", oral->made_at);
}

static enum fault may_be_noted(struct casework *casework, struct txn *txn, const char *peer, const Comity__Request *document,
	struct arena *arena)
{
	bool wants_sealed;
	char now[STAMP_SIZE];
	TRY(case_may_send(txn, peer, &wants_sealed));
	TRY(must_be_agreed(casework, txn, arena));
	TRY(check_document(document));
	stamp_now(now);
	const char *objection = competence_objection(directory_profile(txn, peer, arena), document, now);
	return objection ? fault_say(FAULT_INCOMPLETE, "%s makes no such request: %s (UNTOC 18(13))", peer, objection) : txn->fault;
}

/* ── the note ─────────────────────────────────────────────────────────────────────────────────── */

static bool add_step(Comity__Case *kase, const char *authority, const char *occurred_at, const char *note, struct arena *arena)
{
	char now[STAMP_SIZE];
	Comity__StatusStep *step = arena_alloc(arena, sizeof *step);
	if (!step)
		return false;
	comity__status_step__init(step);
	stamp_now(now);
	step->has_status = 1;
	step->status = kase->status;
	step->authority = (char *)authority;
	step->recorded_at = kase->changed_at = record_text(arena, now);
	step->occurred_at = occurred_at ? (char *)occurred_at : step->recorded_at;
	step->note = (char *)note;
	return record_append(arena, &kase->n_history, &kase->history, &step, sizeof step);
}

/* The next day on which we work: nothing is owed to us before. */
static bool owe_confirmation(struct txn *txn, Comity__Case *kase, struct arena *arena)
{
	const Comity__Profile *own = directory_profile(txn, kase->requested_authority, arena);
	const struct calendar calendar = calendar_of(own ? own->hours : NULL);
	Comity__Due *due = arena_alloc(arena, sizeof *due);
	int64_t made_at = 0, last;
	char date[DATE_SIZE];
	if (!due || !stamp_read(kase->oral->made_at, &made_at))
		return false;
	if (!calendar_add(&calendar, calendar_day(&calendar, made_at), WORKING_DAYS_TO_CONFIRM, &last))
		last = calendar_day(&calendar, made_at) + WORKING_DAYS_TO_CONFIRM;
	date_write(date, last);
	comity__due__init(due);
	due->has_kind = due->has_side = 1;
	due->kind = COMITY__DUE_KIND__VALUE__CONFIRMATION;
	due->side = COMITY__ROLE__VALUE__REQUESTING;
	due->by = record_text(arena, date);
	return record_append(arena, &kase->n_dues, &kase->dues, &due, sizeof due);
}

static bool take_down(Comity__Case *kase, const Comity__OralRequest *said, uint32_t uid, struct arena *arena)
{
	Comity__OralNote *oral = kase->oral = arena_alloc(arena, sizeof *oral);
	if (!oral)
		return false;
	comity__oral_note__init(oral);
	oral->made_at = said->made_at;
	oral->by = said->by;
	oral->to = said->to;
	oral->reference = said->reference;
	oral->noted_at = kase->created_at;
	oral->has_actor_uid = 1;
	oral->actor_uid = uid;
	kase->status = STATUS(RECEIVED);
	kase->received_at = said->made_at;
	return add_step(kase, kase->requested_authority, said->made_at, "made orally", arena);
}

enum fault casework_note_oral(struct casework *casework, struct txn *txn, const char *peer, Comity__Request *document, uint32_t uid,
	struct arena *arena, Comity__Case **made)
{
	char id[UUID_TEXT_SIZE], reference[REFERENCE_MAX + 1];
	TRY(may_be_noted(casework, txn, peer, document, arena));
	TRY(case_next_reference(casework, txn, reference));
	uuid_new(id);
	Comity__Case *kase = *made = case_new(arena, id, peer, COMITY__ROLE__VALUE__REQUESTED);
	if (!kase)
		return FAULT_NO_MEMORY;
	kase->requesting_authority = kase->peer;
	kase->requested_authority = (char *)casework->own_id;
	kase->requested_reference = record_text(arena, reference);
	case_note_zone(txn, kase, arena);
	case_adopt(kase, document, arena);
	kase->requesting_reference = document->oral_request->reference;
	if (!take_down(kase, document->oral_request, uid, arena) || !owe_confirmation(txn, kase, arena))
		return arena_fault(arena);
	TRY(case_check_room(kase, 0));
	case_keep(txn, kase);
	case_keep_document(txn, kase, document);
	case_tell_of(txn, kase, EVENT_REQUEST_ORAL, uid);
	return txn->fault;
}

enum fault case_must_be_written(const Comity__Case *kase)
{
	return !kase->oral ? OK : fault_say(FAULT_USAGE, "%s was asked orally and is only our note of that: %s has no such case. What is to be said is said"
		" by telephone, or in the request that confirms it in writing", casework_name(kase), kase->peer);
}

/* ── and what confirms it ─────────────────────────────────────────────────────────────────────── */

static bool is_open(const Comity__Case *kase)
{
	return kase->oral && !kase->oral->confirmed_by && kase->status == STATUS(RECEIVED);
}

bool case_may_confirm(const Comity__Case *kase, const Comity__Case *note)
{
	return is_open(note) && !kase->oral && kase->role == note->role && kase->sent_at && !strcmp(kase->peer, note->peer);
}

Comity__Case *case_find_oral(struct txn *txn, const Comity__Case *kase, const Comity__Request *document, struct arena *arena)
{
	const char *references[] = { document->oral_request ? document->oral_request->reference : NULL, document->requesting_reference };
	if (document->nature != COMITY__REQUEST_NATURE__VALUE__CONFIRMATION_OF_ORAL || kase->role != COMITY__ROLE__VALUE__REQUESTED)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(references); i++) {
		Comity__Case *note = case_find_by_reference(txn, references[i], kase->peer, arena);
		if (note && case_may_confirm(kase, note))
			return note;
	}
	return NULL;
}

static enum fault move_on(struct txn *txn, Comity__Case *note, request_status status, const char *words, uint32_t uid, struct arena *arena)
{
	struct verdict verdict = { .count = 1, .steps = { { .from = note->status, .to = status } } };
	note->status = status;
	if (!add_step(note, note->requested_authority, NULL, words, arena))
		return arena_fault(arena);
	case_tell(txn, note, &verdict, NULL, uid);
	return txn->fault;
}

/* Its words are in the request from now on, and so is their reference, which is the name of that one alone. */
enum fault case_confirm_oral(struct txn *txn, Comity__Case *note, const Comity__Case *kase, uint32_t uid, struct arena *arena)
{
	char now[STAMP_SIZE];
	if (!case_may_confirm(kase, note))
		return OK;
	stamp_now(now);
	case_drop_reference(txn, note, note->requesting_reference);
	note->requesting_reference = NULL;
	note->oral->confirmed_by = kase->request_id;
	note->oral->confirmed_at = record_text(arena, now);
	note->n_dues = 0;
	return move_on(txn, note, STATUS(CLOSED), "confirmed in writing", uid, arena);
}

enum fault case_doubt_oral(struct txn *txn, Comity__Case *note, const Comity__Case *kase, uint32_t uid, struct arena *arena)
{
	if (!note->oral || !note->oral->confirmed_by || strcmp(note->oral->confirmed_by, kase->request_id))
		return OK;
	note->oral->confirmed_by = note->oral->confirmed_at = NULL;
	note->requesting_reference = note->oral->reference;
	if (!owe_confirmation(txn, note, arena))
		return arena_fault(arena);
	TRY(move_on(txn, note, STATUS(RECEIVED), "not confirmed by what it was linked to", uid, arena));
	case_keep(txn, note);
	return txn->fault;
}

enum fault case_drop_oral(struct txn *txn, Comity__Case *note, uint32_t uid, struct arena *arena)
{
	if (!is_open(note))
		return fault_say(FAULT_NOT_DRAFT, "%s is \"%s\"", casework_name(note), status_name(note->status));
	note->n_dues = 0;
	TRY(move_on(txn, note, STATUS(ABANDONED), "never confirmed in writing", uid, arena));
	case_keep(txn, note);
	return txn->fault;
}
