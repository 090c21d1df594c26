/* The officers of a case with us: whose it is, and who has read its draft.  The other side is told nothing of it. */
#include <string.h>

#include "certs/digest.h"
#include "daemon/law/acts.h"
#include "daemon/law/casework_parts.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

static char *now_in(struct arena *arena)
{
	char now[STAMP_SIZE];
	stamp_now(now);
	return record_text(arena, now);
}

/* ── whose it is ──────────────────────────────────────────────────────────────────────────────── */

bool casework_is_seen_by(const struct casework *casework, const Comity__Case *kase, uint32_t uid)
{
	return !casework->sees_assigned_only || !kase->assignment || kase->assignment->uid == uid;
}

enum fault casework_assign(struct txn *txn, Comity__Case *kase, const struct assigning *assigning, struct arena *arena)
{
	const Comity__Assignment *before = kase->assignment;
	if (before && assigning->only_if_free && before->uid != assigning->to)
		return fault_say(FAULT_ASSIGNED, "%s is assigned to the user %u since %s", casework_name(kase), before->uid, before->at);
	Comity__Assignment *assignment = arena_alloc(arena, sizeof *assignment);
	if (!assignment)
		return arena_fault(arena);
	comity__assignment__init(assignment);
	assignment->has_uid = assignment->has_by_uid = 1;
	assignment->uid = assigning->to;
	assignment->by_uid = assigning->by;
	assignment->at = now_in(arena);
	kase->assignment = assigning->is_nobody ? NULL : assignment;
	case_keep(txn, kase);
	case_tell_of(txn, kase, EVENT_REQUEST_ASSIGNED, assigning->by);
	return txn->fault;
}

/* ── who has read its draft ───────────────────────────────────────────────────────────────────── */

bool case_is_our_draft(const Comity__Case *kase)
{
	return phase_of(kase->status) == PHASE_DRAFT && kase->role == COMITY__ROLE__VALUE__REQUESTING;
}

/* Only what is staged goes with it. */
static enum fault add_papers(struct txn *txn, const Comity__Case *kase, struct bytes *draft, struct arena *arena)
{
	size_t count;
	const Comity__Attachment **staged = case_staged(txn, kase, arena, &count);
	if (!staged)
		return arena_fault(arena);
	for (size_t i = 0; i < count; i++)
		TRY(pack(&staged[i]->base, draft));
	return txn->fault;
}

static enum fault add_text(struct txn *txn, const Comity__Case *kase, struct bytes *draft, struct arena *arena)
{
	const Comity__Request *document = casework_document(txn, kase, arena);
	if (!document)
		return txn->fault ? txn->fault : fault_say(FAULT_NOT_FOUND, "%s has no text", casework_name(kase));
	TRY(pack(&document->base, draft));
	return add_papers(txn, kase, draft, arena);
}

static enum fault digest_of_draft(struct bytes *draft, enum fault fault, uint8_t digest[DIGEST_SIZE])
{
	digest_of(digest, span_of(draft));
	bytes_clear(draft);
	return fault;
}

enum fault case_digest_text(struct txn *txn, const Comity__Case *kase, struct arena *arena, uint8_t digest[DIGEST_SIZE])
{
	struct bytes draft = { 0 };
	enum fault fault = add_text(txn, kase, &draft, arena);
	return digest_of_draft(&draft, fault, digest);
}

/* What an approval holds for: the document, what goes with it, and both as they were sealed, if they were. */
static enum fault digest_draft(struct txn *txn, const Comity__Case *kase, struct arena *arena, uint8_t digest[DIGEST_SIZE])
{
	struct bytes draft = { 0 };
	const Comity__SealedDraft *kept = casework_sealed_draft(txn, kase, arena);
	enum fault fault = add_text(txn, kase, &draft, arena);
	if (!fault && kept && kept->message)
		fault = pack(&kept->message->base, &draft);
	return digest_of_draft(&draft, fault ? fault : txn->fault, digest);
}

static bool is_for(const Comity__Approval *approval, const uint8_t digest[DIGEST_SIZE])
{
	return span_equal(span_of_binary(approval->draft_sha256), (struct span){ digest, DIGEST_SIZE });
}

/* Those of an earlier draft count no more. */
static void drop_stale(Comity__Case *kase, const uint8_t digest[DIGEST_SIZE])
{
	size_t kept = 0;
	for (size_t i = 0; i < kase->n_approvals; i++)
		if (is_for(kase->approvals[i], digest))
			kase->approvals[kept++] = kase->approvals[i];
	kase->n_approvals = kept;
}

static bool has_approved(const Comity__Case *kase, uint32_t uid)
{
	for (size_t i = 0; i < kase->n_approvals; i++)
		if (kase->approvals[i]->uid == uid)
			return true;
	return false;
}

static enum fault add_approval(Comity__Case *kase, uint32_t uid, const uint8_t digest[DIGEST_SIZE], struct arena *arena)
{
	Comity__Approval *approval = arena_alloc(arena, sizeof *approval);
	if (!approval)
		return arena_fault(arena);
	comity__approval__init(approval);
	approval->has_uid = approval->has_draft_sha256 = 1;
	approval->uid = uid;
	approval->at = now_in(arena);
	approval->draft_sha256 = record_bytes(arena, (struct span){ digest, DIGEST_SIZE });
	return record_append(arena, &kase->n_approvals, &kase->approvals, &approval, sizeof approval) ? OK : arena_fault(arena);
}

/* What was read is what lies here; and what was sealed can go. */
static enum fault must_be_as_read(struct txn *txn, const Comity__Case *kase, struct span read, const uint8_t digest[DIGEST_SIZE],
	struct arena *arena)
{
	const Comity__SealedDraft *kept = casework_sealed_draft(txn, kase, arena);
	if (read.len && !span_equal(read, (struct span){ digest, DIGEST_SIZE }))
		return fault_say(FAULT_DRAFT_CHANGED, "%s was changed while you read it: it is not approved", casework_name(kase));
	return kept ? case_seal_must_hold(txn, kase, kept, arena) : txn->fault;
}

enum fault casework_approve(struct txn *txn, Comity__Case *kase, struct span read, uint32_t uid, struct arena *arena)
{
	uint8_t digest[DIGEST_SIZE];
	if (!case_is_our_draft(kase))
		return fault_say(FAULT_NOT_DRAFT, "%s is \"%s\": it is no draft of ours", casework_name(kase), status_name(kase->status));
	TRY(digest_draft(txn, kase, arena, digest));
	TRY(must_be_as_read(txn, kase, read, digest, arena));
	drop_stale(kase, digest);
	if (has_approved(kase, uid))
		return fault_say(FAULT_APPROVED_ALREADY, "you approved %s as it is already; another officer must", casework_name(kase));
	TRY(add_approval(kase, uid, digest, arena));
	case_keep(txn, kase);
	case_tell_of(txn, kase, EVENT_REQUEST_APPROVED, uid);
	return txn->fault;
}

static enum fault count_approvals(struct txn *txn, Comity__Case *kase, struct arena *arena, uint32_t *count)
{
	uint8_t digest[DIGEST_SIZE];
	*count = 0;
	if (!kase->n_approvals)
		return OK;
	TRY(digest_draft(txn, kase, arena, digest));
	drop_stale(kase, digest);
	*count = (uint32_t)kase->n_approvals;
	return OK;
}

enum fault case_must_be_approved(const struct casework *casework, struct txn *txn, Comity__Case *kase, struct arena *arena)
{
	uint32_t count;
	if (casework->approvals <= 1)
		return OK;
	TRY(count_approvals(txn, kase, arena, &count));
	return count >= casework->approvals ? OK :
		fault_say(FAULT_APPROVAL_MISSING, "%s as it is now was approved by %u of %u officers", casework_name(kase), count,
			casework->approvals);
}

enum fault casework_show_approvals(const struct casework *casework, struct txn *txn, Comity__Case *kase,
	Comity__RequestView *view, struct arena *arena)
{
	uint8_t digest[DIGEST_SIZE];
	if (!case_is_our_draft(kase))
		return OK;
	TRY(digest_draft(txn, kase, arena, digest));
	view->has_draft_sha256 = 1;
	view->draft_sha256 = record_bytes(arena, SPAN(digest));
	if (casework->approvals <= 1)
		return OK;
	view->has_approvals_wanted = view->has_approvals_given = 1;
	view->approvals_wanted = casework->approvals;
	return count_approvals(txn, kase, arena, &view->approvals_given);
}
