#pragma once
/* What a case is, and which act may follow which.  Pure: a transaction in, a decision out; no loop, no line.
 *
 * Both sides run the same table (daemon/statuses): ours over what officers submit, theirs over what arrives.
 * The ledger rows that belong together (case, message, event, outbox) are written in one transaction.
 */
#include "daemon/ledger/record.h"
#include "proto/control.pb-c.h"
#include "proto/destroyed.h"
#include "proto/uuid.h"

/* Who we are; the same for the life of the daemon. */
struct casework {
	const char *own_id;
	const char *reference_pattern;		/* {authority}-{year}-{number} */
	uint32_t approvals;			/* officers who must have read a request before it is sent; 0 and 1: whoever sends it */
	bool answers_enquiries;			/* by itself, from the record: 18(24) */
	bool sees_assigned_only;		/* an officer sees his own cases, and those that are nobody's */
	/* A message was put in the ledger for this peer: the outbox takes it from here (in the transaction). */
	void (*submitted)(void *owner, struct txn *txn, const Comity__MessageState *state);
	/* Is this what that peer signed when it destroyed what it held (daemon/desks/notices.h)?  In the transaction. */
	enum fault (*prove_destruction)(void *owner, struct txn *txn, const char *peer, const Comity__DestructionNotice *notice,
		const struct destroyed *said, struct arena *arena, struct span *identity);
	void *owner;
};

/* Find a case by its reference (ours or theirs), its request id, or a unique prefix of either of at least six
 * characters.  Faults: not found, ambiguous (detail lists the candidates). */
enum fault casework_find(struct txn *txn, const char *ref, struct arena *arena, Comity__Case **found) MUST_CHECK;
/* Our own and their reference of it; "" when not known. */
const char *casework_our_reference(const Comity__Case *kase);
const char *casework_their_reference(const Comity__Case *kase);
/* What to call it in a sentence: ours, else theirs, else its id. */
const char *casework_name(const Comity__Case *kase);

/* Make a draft, with the next reference of our register.  Faults: peer unknown, bad document. */
enum fault casework_draft(struct casework *casework, struct txn *txn, const char *to, Comity__Request *document,
	uint32_t uid, struct arena *arena, Comity__Case **made) MUST_CHECK;
/* Note a request that this peer made orally, with the next reference of our register.  Faults: usage (we did not agree to that: 18(14)),
 * incomplete, peer unknown, peer unverified, too large. */
enum fault casework_note_oral(struct casework *casework, struct txn *txn, const char *peer, Comity__Request *document, uint32_t uid,
	struct arena *arena, Comity__Case **made) MUST_CHECK;
/* Replace a draft's document.  Faults: not draft. */
enum fault casework_edit(struct casework *casework, struct txn *txn, Comity__Case *kase, Comity__Request *document,
	struct arena *arena) MUST_CHECK;
/* Its text and what was staged stay in the case, which is over; a note of an oral request is given up so, too.  Faults: not draft. */
enum fault casework_abandon(struct casework *casework, struct txn *txn, Comity__Case *kase, uint32_t uid,
	struct arena *arena) MUST_CHECK;
/* The request's document: the draft's, or the one that was sent or came.  NULL when there is none. */
Comity__Request *casework_document(struct txn *txn, const Comity__Case *kase, struct arena *arena);
/* All that is wrong with a document for that addressee, with what is staged for the draft (kase may be NULL). */
enum fault casework_validate(struct casework *casework, struct txn *txn, const Comity__Case *kase,
	const Comity__Request *document, const char *to, struct arena *arena, Comity__Validation *validation) MUST_CHECK;

/* What two requests are to one another.  A draft says it in its text, so that the other side notes it too; of a request that was sent, or
 * that is theirs, it is noted here only.  Parallel requests to two States are noted here only, always. */
struct linking {
	Comity__Case *kase, *other;
	Comity__RelationType__Value type;	/* of kase to other; not to unlink */
	uint32_t uid;
};
/* Faults: usage (these two cannot be that), too large. */
enum fault casework_link(struct casework *casework, struct txn *txn, const struct linking *linking, struct arena *arena) MUST_CHECK;
/* Faults: not found (there is none that can be taken back). */
enum fault casework_unlink(struct casework *casework, struct txn *txn, const struct linking *linking, struct arena *arena) MUST_CHECK;

/* Whose case it is, among our officers.  The other side is told nothing of it, nor of approvals. */
struct assigning {
	uint32_t to, by;			/* user ids */
	bool is_nobody;				/* it is to be nobody's again */
	bool only_if_free;
};
/* Faults: assigned (another has it, and only_if_free). */
enum fault casework_assign(struct txn *txn, Comity__Case *kase, const struct assigning *assigning, struct arena *arena) MUST_CHECK;
bool casework_is_seen_by(const struct casework *casework, const Comity__Case *kase, uint32_t uid);
/* An officer has read a draft as it is now, with all that is staged for it, and as it was sealed; a change of any makes it void.  `read`,
 * if not empty, is the digest of what he read.  Faults: not draft, draft changed (since), seal void, approved already (by the same officer). */
enum fault casework_approve(struct txn *txn, Comity__Case *kase, struct span read, uint32_t uid, struct arena *arena) MUST_CHECK;
/* The digest of a draft as it is now; how many approvals it has, and needs, where it needs more than one. */
enum fault casework_show_approvals(const struct casework *casework, struct txn *txn, Comity__Case *kase,
	Comity__RequestView *view, struct arena *arena) MUST_CHECK;

/* Is it not for passing eyes: confidential by 18(20), or marked RESTRICTED and more?  Then lists do without every text that
 * officers wrote; dates, kinds and references stay. */
bool casework_is_discreet(const Comity__Case *kase);
void casework_redact(Comity__Case *kase);
/* Is nothing executed before somebody has said something: whether it can be kept, or whether to go on when it cannot? */
bool casework_awaits_secrecy(const Comity__Case *kase);

/* Whose turn it is: an authority, or "" when nobody's (DOMAIN 3.9.2). */
const char *casework_waiting_for(const Comity__Case *kase);
/* Put the case as it is in memory. */
void casework_keep(struct txn *txn, const Comity__Case *kase);
/* When it is over: of a date, with the end of its day where the requested authority is.  False when it is neither date nor
 * moment. */
bool due_ends(const Comity__Case *kase, const Comity__Due *due, int64_t *stamp);
/* "information", "opinion": what is owed, in a word. */
const char *due_name(const Comity__Due *due);
const char *due_kind_name(Comity__DueKind__Value kind);	/* NULL for one that we do not know */
/* Is it owed by the other side? */
bool due_is_theirs(const Comity__Case *kase, const Comity__Due *due);
/* Send the other side a reminder of it.  Faults: those of casework_submit(). */
enum fault casework_remind(struct casework *casework, struct txn *txn, Comity__Case *kase, Comity__Due *due,
	struct arena *arena) MUST_CHECK;

/* A draft that the tool has sealed, before it is sent, so that officers can approve what will go.  From then on its text here is its clear
 * part; a change of it, or of what is staged, makes what was sealed void.  Faults: not draft, bad document, sealing required, too large. */
struct casework_sealing {
	const Comity__Message *message;		/* one act, the clear part of the request, and its sealed body */
	struct span to_sha256;			/* of the counterpart's sealing certificate */
	uint32_t uid;
};
enum fault casework_seal(struct txn *txn, Comity__Case *kase, const struct casework_sealing *sealing, struct arena *arena) MUST_CHECK;
/* NULL when it was not sealed. */
Comity__SealedDraft *casework_sealed_draft(struct txn *txn, const Comity__Case *kase, struct arena *arena);
enum fault casework_show_sealed(struct txn *txn, const Comity__Case *kase, Comity__RequestView *view, struct arena *arena) MUST_CHECK;

/* Send a draft: validates, makes the message, takes every staged attachment along.  `sealed`, if not NULL, is sent in its place: a
 * message with the clear part of the request and its sealed body, which the tool has judged before it sealed it; a draft that was sealed
 * is sent as it was.  Faults: incomplete (with `submitted->warnings` holding every problem), not draft, peer unverified, approval missing,
 * seal void. */
enum fault casework_send(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *sealed,
	const char *officer, uint32_t uid, struct arena *arena, Comity__Submitted *submitted) MUST_CHECK;
/* Say something in a case.  `message` is a template as control.proto says.
 * Faults: status transition, wrong side, incomplete, not found (an attachment), peer unverified. */
enum fault casework_submit(struct casework *casework, struct txn *txn, Comity__Case *kase, Comity__Message *message,
	bool all_staged, uint32_t uid, struct arena *arena, Comity__Submitted *submitted) MUST_CHECK;
/* Would it be taken?  `kase` is worthless afterwards, and says how it would stand; nothing is written.  Faults: the same. */
enum fault casework_check(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *message,
	bool all_staged, struct arena *arena) MUST_CHECK;

/* Tell the counterpart that an operator has destroyed what we held of a case, with the certificate of it.
 * Faults: not found (there is none), exists (it was told), usage (it never saw the case), and those of casework_submit(). */
enum fault casework_notify(struct casework *casework, struct txn *txn, Comity__Case *kase, const char *officer, uint32_t uid,
	struct arena *arena, Comity__Submitted *submitted) MUST_CHECK;

/* Say something that belongs to no case.  Nothing was written with a fault of: peer unknown, peer unverified, peer blocked,
 * recovering, sealing required, bad document (an act belongs to a case), too large. */
enum fault casework_say(struct casework *casework, struct txn *txn, const char *peer, const Comity__Message *template, uint32_t uid,
	struct arena *arena, char message_id[UUID_TEXT_SIZE]) MUST_CHECK;
/* The same for an officer, who writes a template: what is to be in a case, files and updates of the directory are refused.  Would it be
 * taken?  Faults: usage, incomplete, bad text, too, and as above. */
enum fault casework_write(struct casework *casework, struct txn *txn, const char *peer, const Comity__Message *template, uint32_t uid,
	struct arena *arena, Comity__Submitted *submitted) MUST_CHECK;
enum fault casework_check_loose(struct txn *txn, const char *peer, const Comity__Message *template, struct arena *arena) MUST_CHECK;
/* Tell the peers of other competent authorities of our State.  Faults: not found, foreign entry, usage (our own State is not
 * known), and those of casework_say() for a peer that is named. */
enum fault casework_announce(struct casework *casework, struct txn *txn, const Comity__DirectoryAnnounce *order, uint32_t uid,
	struct arena *arena, Comity__DirectoryAnnounced *announced) MUST_CHECK;

/* A message of a peer, already checked, whose bytes the inbox has put in the ledger.  OK: the case was changed
 * accordingly.  A fault whose remedy is REFUSE: nothing was written, and it is the reason of the refusal. */
enum fault casework_receive(struct casework *casework, struct txn *txn, const Comity__Message *message,
	Comity__MessageState *state, struct arena *arena) MUST_CHECK;

/* A message of either side that came back from the counterpart (daemon/recovery), whose bytes are in the ledger: put where
 * it was.  Not applied: it no longer fits its case, or its case did not come back; then it changes no status. */
struct casework_restored {
	bool is_applied, is_overtaken;
	uint32_t attachments;			/* to be fetched */
	uint64_t attachment_bytes;
};
/* A message of ours that came back had waited to be signed while one of theirs was judged that came back first: the case is
 * told anew from all its messages in the order in which they were judged here.  Does this one fit there? */
enum fault casework_tell_anew(struct txn *txn, const Comity__MessageState *state, struct arena *arena, bool *is_fit) MUST_CHECK;
enum fault casework_restore(struct casework *casework, struct txn *txn, const Comity__Message *message,
	Comity__MessageState *state, struct arena *arena, struct casework_restored *restored) MUST_CHECK;

/* The counterpart's daemon refused a message of ours: the case goes back to what both sides hold, and says why. */
void casework_refused(struct casework *casework, struct txn *txn, const Comity__MessageState *state, struct arena *arena);

/* A message of ours was dropped before it was signed, and its state says so: what it did to the case is taken back, and
 * its attachments can be sent again.  Faults: others follow (what came later rests on it), not found. */
enum fault casework_dropped(struct casework *casework, struct txn *txn, const Comity__MessageState *state,
	struct arena *arena) MUST_CHECK;

/* What `request list` tells of a case: brief, with what came with the request while it is on its way; and with what
 * `request show` begins: its head, with what we may do now. */
enum case_detail { CASE_BRIEF, CASE_HEAD };
Comity__RequestView *casework_view(struct txn *txn, Comity__Case *kase, enum case_detail detail, struct arena *arena);

/* Put an attachment of ours in the case, staged: its content is in the blobs.  Fills in number and id. */
enum fault casework_stage(struct casework *casework, struct txn *txn, Comity__Case *kase, Comity__Attachment *attachment,
	uint32_t uid, struct arena *arena, Comity__AttachmentState **staged) MUST_CHECK;
/* By number in the case, or id if that is unique.  Faults: not found, ambiguous. */
enum fault casework_find_attachment(struct txn *txn, const Comity__Case *kase, const char *name, struct arena *arena,
	Comity__AttachmentState **found) MUST_CHECK;
/* Say with it under which conditions it may be used, 18(19) first, where it was furnished by whom that protects: for showing only. */
void casework_show_conditions(const Comity__Case *kase, Comity__AttachmentState *file, struct arena *arena);
Comity__AttachmentList *casework_attachments(struct txn *txn, const Comity__Case *kase, struct arena *arena);

/* A message by its key in the ledger, as people read it; MESSAGE_EXACT: with the exact bytes that were signed.  NULL when
 * there is none. */
enum message_detail { MESSAGE_READ, MESSAGE_EXACT };
Comity__MessageView *casework_view_message(struct txn *txn, struct span key, enum message_detail detail, struct arena *arena);
/* By id, unique prefix of at least 6, or number in the case (kase may be NULL).  Faults: not found, ambiguous. */
enum fault casework_find_message(struct casework *casework, struct txn *txn, const Comity__Case *kase, const char *name,
	struct arena *arena, Comity__MessageView **found) MUST_CHECK;

/* Peers, as far as casework asks. */
bool casework_wants_sealed(struct txn *txn, const char *peer);	/* its card takes words and files only sealed end to end */
Comity__Peer *casework_peer(struct txn *txn, const char *peer, struct arena *arena);
