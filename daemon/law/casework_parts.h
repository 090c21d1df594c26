#pragma once
/* What the files of casework share.  Nobody else includes this. */
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
enum side case_our_side(const Comity__Case *kase);
/* Judge the message's acts in order and change the case in memory: all or none.  `state->acts` gets their names. */
enum fault case_apply(Comity__Case *kase, const Comity__Message *message, Comity__MessageState *state,
	struct arena *arena, struct verdict *verdict) MUST_CHECK;
/* Our reference of it, as its record has it; NULL when we have given none. */
char *case_own_reference(const Comity__Case *kase);
/* Take over what the document says: kind, subject, references, measures, urgency. */
void case_adopt(Comity__Case *kase, Comity__Request *document, struct arena *arena);
/* Put the case and its references. */
void case_keep(struct txn *txn, const Comity__Case *kase);
/* An event for each status that changed. */
void case_tell(struct txn *txn, const Comity__Case *kase, const struct verdict *verdict, const char *message_id, uint32_t uid);
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
/* The act of that kind in the message; NULL when there is none. */
const Comity__Act *case_find_act(const Comity__Message *message, act_kind kind);
/* The attachments that a message of theirs announced: in the case, and to be fetched. */
void case_note_attachments(struct txn *txn, Comity__Case *kase, const Comity__Message *message,
	Comity__MessageState *state, struct arena *arena);
/* Have an attachment fetched from this peer. */
void case_want(struct txn *txn, const char *peer, const Comity__MessageState *state,
	const Comity__AttachmentState *attachment, struct arena *arena);
/* May so many more attachments be in the case?  Faults: too large. */
enum fault case_check_room(const Comity__Case *kase, size_t more) MUST_CHECK;
/* Both sides hold a message's attachments to this.  Faults: too large, bad document, bad name. */
enum fault case_check_attachments(const Comity__Message *message) MUST_CHECK;
