#pragma once
/* What the files of casework share.  Nobody else includes this. */
#include "certs/digest.h"
#include "daemon/law/casework.h"
#include "daemon/law/statuses.h"

/* What one case may grow to, by whatever either side sends; what is beyond is refused, and nothing was written. */
enum {
	CASE_SIZE_MAX = 1 << 20,		/* of its record: some thousand steps; the store keeps four times that */
	CASE_ATTACHMENTS_MAX = 10000,
};

/* What a message's acts did to a case: decided in memory first, written after. */
struct verdict {
	struct {
		request_status from, to;
		const char *act;
	} steps[16];
	size_t count;
};

/* The case as the law sees it; borrows from it, measures from the arena. */
struct case_view case_view_of(const Comity__Case *kase, struct arena *arena);
/* Judge the message's acts in order and change the case in memory; after a fault it is worthless.  The only way in which
 * a message changes a case, whenever and however often it is done.  `state->acts` gets their names. */
enum fault case_apply(Comity__Case *kase, const Comity__Message *message, Comity__MessageState *state,
	struct arena *arena, struct verdict *verdict) MUST_CHECK;
/* The longest reference that a case can have, and how it is looked for: in capitals, whatever the letters. */
enum { REFERENCE_MAX = 64 };
void case_fold_reference(char *to, size_t size, const char *reference);
/* The next of our register that nobody has; and it is not called so any more. */
enum fault case_next_reference(struct casework *casework, struct txn *txn, char reference[REFERENCE_MAX + 1]) MUST_CHECK;
void case_drop_reference(struct txn *txn, const Comity__Case *kase, const char *reference);
/* On which side of it we are. */
enum side case_our_side(const Comity__Case *kase);
/* Our reference of it, as its record has it; NULL when we have given none. */
char *case_own_reference(const Comity__Case *kase);
/* As it was before anything was said in it: all that case_apply() can change is as in a draft without a document. */
void case_reset(Comity__Case *kase);
/* Have the case stand as the messages leave it that are filed in it and count on both sides, in their order; what does
 * not fit is noted only.  The history stays: it is added to, never taken from. */
enum fault case_replay(struct txn *txn, Comity__Case *kase, struct arena *arena) MUST_CHECK;
/* Was their manifest of that number not here yet when this message of ours, which came back, was said (Message.heard)?  Then ours
 * waited to be signed, and was judged before theirs, though it was signed after it.  No clock tells that: it may have jumped. */
bool case_waited_for(const Comity__MessageState *ours, uint64_t theirs);
/* Take over what the document says: kind, subject, references, measures, urgency. */
void case_adopt(Comity__Case *kase, const Comity__Request *document, struct arena *arena);
/* By which time zone its dates end, as the directory has it now. */
void case_note_zone(struct txn *txn, Comity__Case *kase, struct arena *arena);
/* The message that asked for what this one gives, where its writer owes it; NULL when there is none. */
const char *case_answers(const Comity__Case *kase, const Comity__Message *message);
/* Say of each due when it ends, on both sides' clocks, and how many working days of this calendar (NULL: not said) are left: for
 * showing only. */
struct calendar;
void case_show_dues(Comity__Case *kase, const struct calendar *calendar, struct arena *arena);
/* Suggest what fits the case as it is now: to the requested side what it has not said yet, to the requesting side a deadline for a
 * draft that has none. */
void casework_suggest(const Comity__Case *kase, const struct calendar *calendar, struct arena *arena, Comity__RequestView *view);
/* An act that was just applied to its case. */
struct owing {
	Comity__Case *kase;
	const Comity__Message *message;
	const Comity__Act *act;
	enum side writer;
	size_t happenings;			/* how many the case had before it */
	struct arena *arena;
};
/* What the act says is owed from now on, and what it settles. */
enum fault case_note_dues(const struct owing *owing) MUST_CHECK;
/* Is nothing owed to the request any more, but for what outlives it? */
bool case_is_ended(const Comity__Case *kase);
/* One of them, in place of what was said of it before; not where nothing of the kind is owed any more. */
enum fault case_owe(const struct owing *owing, Comity__DueKind__Value kind, enum side side, const char *by) MUST_CHECK;
/* Those whose day no act names: about confidentiality, and of persons who are held (casework_clocks.c). */
enum fault case_owe_by_clocks(const struct owing *owing) MUST_CHECK;
bool case_clock_has_stopped(const Comity__Case *kase, Comity__DueKind__Value kind);
/* Note under which conditions what is furnished may be used, and the answers; no text of them is for passing eyes. */
enum fault case_note_conditions(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, const char *name,
	struct arena *arena) MUST_CHECK;
void case_redact_conditions(Comity__Case *kase);
/* Note the milestones and the steps of a preservation that the act tells. */
enum fault case_note_happenings(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, const char *now,
	struct arena *arena) MUST_CHECK;
/* Note in both cases what the document says of earlier requests with the same peer, in place of what it said before; the case itself
 * is kept by the caller.  The same of each document that a message carries. */
void case_link_document(struct txn *txn, Comity__Case *kase, const Comity__Request *document, struct arena *arena);
void case_link_message(struct txn *txn, Comity__Case *kase, const Comity__Message *message, struct arena *arena);
/* Does a document name a request with somebody else, or say that there is one?  As problems, and of a message that leaves: faults:
 * bad document. */
struct problems;
void case_judge_links(struct txn *txn, const Comity__Request *document, const char *peer, struct arena *arena, struct problems *problems);
enum fault case_check_links(struct txn *txn, const Comity__Case *kase, const Comity__Message *message, struct arena *arena) MUST_CHECK;
void case_show_links(struct txn *txn, const Comity__Case *kase, Comity__RequestView *view, struct arena *arena);
/* Oral requests (casework_oral.c).  Faults: usage, for nothing can be said in a case that only we have. */
enum fault case_must_be_written(const Comity__Case *kase) MUST_CHECK;
/* Is this a request in writing that can confirm that note?  The note whose reference a confirmation names, as it was told on the
 * telephone; NULL when it names none. */
bool case_may_confirm(const Comity__Case *kase, const Comity__Case *note);
Comity__Case *case_find_oral(struct txn *txn, const Comity__Case *kase, const Comity__Request *document, struct arena *arena);
/* Close the note that this request confirms, if it can; the caller keeps it.  Open it again, when that was a mistake.  Give it up. */
enum fault case_confirm_oral(struct txn *txn, Comity__Case *note, const Comity__Case *kase, uint32_t uid, struct arena *arena) MUST_CHECK;
enum fault case_doubt_oral(struct txn *txn, Comity__Case *note, const Comity__Case *kase, uint32_t uid, struct arena *arena) MUST_CHECK;
enum fault case_drop_oral(struct txn *txn, Comity__Case *note, uint32_t uid, struct arena *arena) MUST_CHECK;
/* The first with this reference, of either side, and this peer (NULL: any). */
Comity__Case *case_find_by_reference(struct txn *txn, const char *reference, const char *peer, struct arena *arena);
/* Confidentiality, 18(20): how it was asked for and marked; what the requested side answered; whether it may go on nevertheless. */
enum secrecy case_secrecy(const Comity__Case *kase);
void case_adopt_secrecy(Comity__Case *kase, const Comity__Confidentiality *asked, Comity__HandlingMarking__Value marking);
void case_answer_secrecy(Comity__Case *kase, Comity__CanComply__Value answer, const char *disclosure, struct arena *arena);
void case_waive_secrecy(Comity__Case *kase, bool proceeds);
/* What statistics need: of a document, of an act; and none of it any more. */
void case_adopt_figures(Comity__Case *kase, const Comity__Request *document, struct arena *arena);
void case_note_figures(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, struct arena *arena);
void case_reset_figures(Comity__Case *kase);
/* The codes that are counted besides, anew of the document, and more of an act (daemon/law/casework_marks.c). */
void case_mark_request(Comity__Case *kase, const Comity__Request *document, struct arena *arena);
void case_mark_act(Comity__Case *kase, const Comity__Act *act, struct arena *arena);
/* Whose act it is when no user of this system did it. */
enum { NOBODY = UINT32_MAX };
/* A peer asks how far its request is: the authority may have it answered at once, from the record.  What keeps that from
 * being said is left to a human. */
enum fault case_answer_enquiry(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *message,
	struct arena *arena) MUST_CHECK;
/* Have as many officers approved the draft, as it is now, as must?  Faults: approval missing. */
enum fault case_must_be_approved(const struct casework *casework, struct txn *txn, Comity__Case *kase, struct arena *arena) MUST_CHECK;
/* Put the case and its references. */
void case_keep(struct txn *txn, const Comity__Case *kase);
/* An event for each status that changed. */
void case_tell(struct txn *txn, const Comity__Case *kase, const struct verdict *verdict, const char *message_id, uint32_t uid);
/* An event of this type: that an officer of ours did something to the case. */
void case_tell_of(struct txn *txn, const Comity__Case *kase, const char *type, uint32_t uid);
/* Number a new attachment of the case. */
Comity__AttachmentState *case_number_attachment(Comity__Case *kase, Comity__Attachment *attachment, const char *from,
	struct arena *arena);
void case_keep_attachment(struct txn *txn, const Comity__Case *kase, const Comity__AttachmentState *state);
/* File a message under its case. */
void case_file_message(struct txn *txn, const Comity__Case *kase, const Comity__MessageState *state);
/* By its id's 16 bytes; NULL when there is none. */
Comity__Case *case_find_by_id(struct txn *txn, struct span id, struct arena *arena);
/* A new one in memory, a draft; NULL when memory is out. */
Comity__Case *case_new(struct arena *arena, const char *request_id, const char *peer, Comity__Role__Value role);
/* Put the request's document. */
void case_keep_document(struct txn *txn, const Comity__Case *kase, const Comity__Request *document);
/* Does the message open a case where there is none? */
bool case_begins_with(const Comity__Message *message);
/* Has the other side heard of the case?  Of a draft only when it was consulted about it. */
bool case_is_known_there(const Comity__Case *kase);
/* Put the document that the message carries, if it does. */
void case_keep_document_in(struct txn *txn, const Comity__Case *kase, const Comity__Message *message);
/* The act of that kind in the message; NULL when there is none. */
const Comity__Act *case_find_act(const Comity__Message *message, act_kind kind);
/* The attachments that a message of theirs announced: in the case, and to be fetched. */
void case_note_attachments(struct txn *txn, Comity__Case *kase, const Comity__Message *message,
	Comity__MessageState *state, struct arena *arena);
/* Have an attachment fetched from this peer. */
void case_want(struct txn *txn, const char *peer, const Comity__MessageState *state,
	const Comity__AttachmentState *attachment, struct arena *arena);
/* A message that names no case, of a peer, or of ours that came back: filed.  Faults: bad document. */
enum fault case_receive_loose(struct txn *txn, const Comity__Message *message, Comity__MessageState *state, struct arena *arena) MUST_CHECK;
enum fault case_restore_loose(struct txn *txn, const Comity__Message *message, Comity__MessageState *state, struct arena *arena) MUST_CHECK;
/* The updates of the directory in a message of a peer: judged first, when nothing of the message is written yet, and then
 * taken.  Faults: foreign entry, bad document, too large. */
enum fault case_hear_directory(struct casework *casework, struct txn *txn, const Comity__Message *message, bool is_judged,
	struct arena *arena) MUST_CHECK;
/* Does anything go to this peer now?  Faults: peer unknown, peer unverified, peer blocked, recovering. */
enum fault case_may_send(struct txn *txn, const char *peer, bool *wants_sealed) MUST_CHECK;
/* What a message says of a destruction, on which the case was told already, in memory: is it proven?  Before anything is written.
 * Faults: bad document, false notice. */
enum fault case_hear_destruction(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *message,
	struct arena *arena) MUST_CHECK;
/* An event of it, if it does. */
void case_tell_destruction(struct txn *txn, const Comity__Case *kase, const Comity__Message *message);
/* Of either side, in the case. */
void case_note_destruction(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, struct arena *arena);
/* Say something that only a room of the law says.  Faults: as of casework_submit(). */
enum fault case_submit(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *template, uint32_t uid,
	struct arena *arena, Comity__Submitted *submitted) MUST_CHECK;
/* May so many more attachments be in the case?  Faults: too large. */
enum fault case_check_room(const Comity__Case *kase, size_t more) MUST_CHECK;
/* Both sides hold a message's attachments to this.  Faults: too large, bad document, bad name. */
enum fault case_check_attachments(const Comity__Message *message) MUST_CHECK;
/* Has everything that is sealed its key in an envelope?  Both sides hold a message to it.  Faults: bad document. */
enum fault case_check_slips(const Comity__Message *message) MUST_CHECK;
/* Is nothing readable in it but what the daemons must read, and every file sealed?  Faults: sealing required. */
enum fault case_check_sealed(const Comity__Message *message, struct arena *arena) MUST_CHECK;
/* Is every protected annex sealed for somebody by name?  What leaves us is held to it.  Faults: sealing required. */
enum fault case_check_protected(const Comity__Message *message) MUST_CHECK;
/* Does the card in this record of a peer demand it? */
bool case_demands_sealing(struct span peer);
/* A request that the tool has sealed, as a template and a clear document, both borrowed.  Faults: bad document. */
enum fault case_take_sealed(const Comity__Case *kase, const Comity__Message *sealed,
	Comity__Message *template, Comity__Request **document) MUST_CHECK;
/* Is it ours, and not sent yet? */
bool case_is_our_draft(const Comity__Case *kase);
/* The descriptions of what is staged; NULL when memory is out. */
const Comity__Attachment **case_staged(struct txn *txn, const Comity__Case *kase, struct arena *arena, size_t *count);
/* Of the draft's document and of what is staged for it.  Faults: not found. */
enum fault case_digest_text(struct txn *txn, const Comity__Case *kase, struct arena *arena, uint8_t digest[DIGEST_SIZE]) MUST_CHECK;
/* Is what was sealed the draft as it is now, and sealed to the key that its counterpart has now?  Faults: seal void. */
enum fault case_seal_must_hold(struct txn *txn, const Comity__Case *kase, const Comity__SealedDraft *kept, struct arena *arena) MUST_CHECK;
void case_drop_sealed(struct txn *txn, const Comity__Case *kase);
