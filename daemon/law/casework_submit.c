/* What officers say: from a template to a message in the ledger, waiting for its peer. */
#include <inttypes.h>
#include <string.h>

#include "certs/digest.h"
#include "daemon/law/casework_parts.h"
#include "daemon/law/competence.h"
#include "daemon/law/completeness.h"
#include "daemon/ledger/chain.h"
#include "daemon/ledger/directory.h"
#include "daemon/ledger/events.h"
#include "proto/frame.h"
#include "proto/packet.h"
#include "proto/stamp.h"
#include "proto/text.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum { ATTACHMENTS_MAX = 256 };		/* of one message */

enum fault case_check_attachments(const Comity__Message *message)
{
	uint8_t digest[DIGEST_SIZE];
	if (message->n_attachments > ATTACHMENTS_MAX)
		return fault_say(FAULT_TOO_LARGE, "a message carries at most %d attachments", ATTACHMENTS_MAX);
	for (size_t i = 0; i < message->n_attachments; i++) {
		const Comity__Attachment *attachment = message->attachments[i];
		if (!attachment->has_size || !attachment->sha256 || !hex_read(digest, DIGEST_SIZE, span_of_text(attachment->sha256)))
			return fault_say(FAULT_BAD_DOCUMENT, "attachment %zu does not say its size and SHA-256", i + 1);
		if (attachment->size > (uint64_t)1 << 50)
			return fault_say(FAULT_TOO_LARGE, "attachment %zu says it has %" PRIu64 " bytes", i + 1, attachment->size);
		if (attachment->name && !name_is_safe(span_of_text(attachment->name)))
			return fault_say(FAULT_BAD_NAME, "the name of attachment %zu cannot be a file's", i + 1);
	}
	return case_check_slips(message);
}

static enum fault must_be_verified(struct txn *txn, const char *id, bool *wants_sealed)
{
	enum { STANDING_FIELD = 3 };
	struct key key = key_of_peer(id);
	uint64_t standing = COMITY__STANDING__VALUE__UNSPECIFIED;
	struct span peer;
	if (!txn_get(txn, TABLE_PEERS, key_span(&key), &peer))
		return txn->fault ? txn->fault : fault_say(FAULT_PEER_UNKNOWN, "there is no peer \"%s\" (any more)", id);
	*wants_sealed = case_demands_sealing(peer);
	packed_number(peer, STANDING_FIELD, &standing);
	if (standing == COMITY__STANDING__VALUE__BLOCKED)
		return fault_say(FAULT_PEER_BLOCKED, "not sent: %s is blocked", id);
	return standing == COMITY__STANDING__VALUE__VERIFIED ? OK :
		fault_say(FAULT_PEER_UNVERIFIED, "not sent: %s is not verified", id);
}

/* While our past comes back, what an officer sees of a case is not how it stands. */
static enum fault must_be_whole(struct txn *txn, const char *peer)
{
	struct key key = key_of_comeback(peer);
	return txn_get(txn, TABLE_CORRESPONDENCES, key_span(&key), NULL) ?
		fault_say(FAULT_RECOVERING, "not sent: what was said with %s is still being fetched back", peer) : txn->fault;
}

enum fault case_may_send(struct txn *txn, const char *peer, bool *wants_sealed)
{
	TRY(must_be_verified(txn, peer, wants_sealed));
	return must_be_whole(txn, peer);
}

/* A message that is being made. */
struct draft {
	Comity__Message message;
	Comity__MessageState state;
	Comity__AttachmentState *chosen[ATTACHMENTS_MAX];
	Comity__Attachment *attachments[ATTACHMENTS_MAX];
	size_t count;
	char id[UUID_TEXT_SIZE], now[STAMP_SIZE];
	uint8_t sha256[DIGEST_SIZE];
	struct verdict verdict;
};

/* ── attachments ──────────────────────────────────────────────────────────────────────────────── */

static enum fault take_along(struct draft *draft, Comity__AttachmentState *state)
{
	for (size_t i = 0; i < draft->count; i++)
		if (draft->chosen[i]->number == state->number)
			return OK;
	if (draft->count == ATTACHMENTS_MAX)
		return fault_say(FAULT_TOO_LARGE, "a message carries at most %d attachments", ATTACHMENTS_MAX);
	draft->chosen[draft->count++] = state;
	return OK;
}

static Comity__AttachmentState *find_staged(const Comity__AttachmentList *list, const char *id)
{
	for (size_t i = 0; id && i < list->n_data; i++)
		if (list->data[i]->presence == COMITY__PRESENCE__VALUE__STAGED && list->data[i]->attachment->id &&
		    !strcmp(list->data[i]->attachment->id, id))
			return list->data[i];
	return NULL;
}

static enum fault choose(struct txn *txn, const Comity__Case *kase, const Comity__Message *template, bool all_staged,
	struct arena *arena, struct draft *draft)
{
	if (!template->n_attachments && !all_staged)
		return OK;
	Comity__AttachmentList *list = casework_attachments(txn, kase, arena);
	if (!list || txn->fault)
		return txn->fault ? txn->fault : arena_fault(arena);
	for (size_t i = 0; i < template->n_attachments; i++) {
		const char *id = template->attachments[i]->id;
		Comity__AttachmentState *state = find_staged(list, id);
		if (!state)
			return fault_say(FAULT_NOT_FOUND, "no attachment \"%s\" of ours waits to be sent in %s", id ? id : "", casework_name(kase));
		TRY(take_along(draft, state));
	}
	for (size_t i = 0; all_staged && i < list->n_data; i++)
		if (list->data[i]->presence == COMITY__PRESENCE__VALUE__STAGED)
			TRY(take_along(draft, list->data[i]));
	return OK;
}

/* ── the message ──────────────────────────────────────────────────────────────────────────────── */

static void address(struct casework *casework, struct txn *txn, struct draft *draft, const Comity__Case *kase, const Comity__Message *template)
{
	uuid_new(draft->id);
	stamp_now(draft->now);
	draft->state.queued_at = draft->now;
	draft->message = *template;
	Comity__Message *message = &draft->message;
	message->message_id = draft->id;
	message->created_at = draft->now;
	message->from = (char *)casework->own_id;
	message->to = kase->peer;
	message->request_id = kase->request_id;
	message->requesting_reference = kase->requesting_reference;
	message->requested_reference = kase->requested_reference;
	message->has_heard = 1;
	message->heard = chain_head(txn, kase->peer, DIRECTION_THEIRS).number;
	if (!message->has_urgency && kase->has_urgency) {
		message->has_urgency = 1;
		message->urgency = kase->urgency;
	}
	if (!message->in_reply_to_id)
		message->in_reply_to_id = (char *)case_answers(kase, message);
	for (size_t i = 0; i < draft->count; i++)
		draft->attachments[i] = draft->chosen[i]->attachment;
	message->n_attachments = draft->count;
	message->attachments = draft->attachments;
}

static enum fault pack_message(struct draft *draft, struct bytes *raw)
{
	TRY(pack(&draft->message.base, raw));
	if (raw->len > MESSAGE_SIZE_MAX)
		return fault_say(FAULT_TOO_LARGE, "the message has %zu bytes; the limit is %d: long texts go as attachments",
			raw->len, MESSAGE_SIZE_MAX);
	digest_of(draft->sha256, span_of(raw));
	return OK;
}

static void fill_state(struct draft *draft, struct txn *txn, const Comity__Case *kase, size_t size, uint32_t uid)
{
	Comity__MessageState *state = &draft->state;
	state->has_number = state->has_sha256 = state->has_size = state->has_transport = 1;
	state->has_attachments = 1;
	state->has_actor_uid = uid != NOBODY;
	state->number = txn_next(txn, "messages");
	state->message_id = draft->message.message_id;
	state->from = draft->message.from;
	state->to = draft->message.to;
	state->request_id = draft->message.request_id;
	state->reference = case_own_reference(kase);
	state->sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, draft->sha256 };
	state->size = size;
	state->transport = COMITY__TRANSPORT__VALUE__QUEUED;
	state->attachments = (uint32_t)draft->count;
	state->has_urgency = draft->message.has_urgency;
	state->urgency = draft->message.urgency;
	state->actor_uid = uid;
}

static void mark_sent(struct txn *txn, const Comity__Case *kase, struct draft *draft)
{
	for (size_t i = 0; i < draft->count; i++) {
		Comity__AttachmentState *state = draft->chosen[i];
		state->presence = COMITY__PRESENCE__VALUE__SENT;
		state->message_id = draft->id;
		state->has_index = 1;
		state->index = (uint32_t)i + 1;
		case_keep_attachment(txn, kase, state);
	}
}

static uint64_t tell_queued(struct txn *txn, const Comity__Case *kase, const struct draft *draft, uint32_t uid)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.axis = "transport";
	data.request = (char *)casework_our_reference(kase);
	data.request_id = kase->request_id;
	data.peer = kase->peer;
	data.message_id = (char *)draft->id;
	data.has_actor_uid = uid != NOBODY;
	data.actor_uid = uid;
	data.n_acts = draft->state.n_acts;
	data.acts = draft->state.acts;
	return events_append(txn, EVENT_MESSAGE_QUEUED, *data.request ? data.request : kase->request_id, &data);
}

static void fill_answer(const Comity__Case *kase, const struct draft *draft, struct arena *arena, Comity__Submitted *submitted)
{
	submitted->schema = "comity.submitted/1";
	submitted->ref = record_text(arena, casework_our_reference(kase));
	submitted->request_id = kase->request_id;
	submitted->message_id = record_text(arena, draft->id);
	submitted->peer = kase->peer;
	submitted->has_transport = submitted->has_attachments = submitted->has_attachment_bytes = submitted->has_status = 1;
	submitted->transport = COMITY__TRANSPORT__VALUE__QUEUED;
	submitted->attachments = (uint32_t)draft->count;
	for (size_t i = 0; i < draft->count; i++)
		submitted->attachment_bytes += draft->attachments[i]->size;
	submitted->status = kase->status;
}

/* Everything is decided: write what belongs together. */
static void write_all(struct casework *casework, struct txn *txn, Comity__Case *kase, struct draft *draft,
	struct span raw, uint32_t uid, struct arena *arena, Comity__Submitted *submitted)
{
	fill_state(draft, txn, kase, raw.len, uid);
	struct key key = key_of_message(draft->message.from, draft->id);
	record_keep(txn, TABLE_SEEN, key_span(&key), &draft->state.base);
	mark_sent(txn, kase, draft);
	case_keep(txn, kase);
	case_file_message(txn, kase, &draft->state);
	record_keep_message(txn, &draft->state, raw);
	fill_answer(kase, draft, arena, submitted);
	submitted->has_seq = 1;
	submitted->seq = tell_queued(txn, kase, draft, uid);
	case_tell(txn, kase, &draft->verdict, submitted->message_id, uid);
	casework->submitted(casework->owner, txn, &draft->state);
}

/* That there was a draft is nobody's business over there when it was never shown: it is not told to be dropped. */
static bool tells_of_unseen(const Comity__Case *kase, const Comity__Message *message)
{
	return case_find_act(message, COMITY__ACT__KIND_ABANDON) && !case_is_known_there(kase);
}

/* All that is decided, in memory. */
static enum fault prepare(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *template,
	bool all_staged, struct arena *arena, struct draft *draft)
{
	bool wants_sealed = false, is_unseen = tells_of_unseen(kase, template);
	comity__message_state__init(&draft->state);
	TRY(case_must_be_written(kase));
	TRY(case_may_send(txn, kase->peer, &wants_sealed));
	TRY(choose(txn, kase, template, all_staged, arena, draft));
	address(casework, txn, draft, kase, template);
	TRY(case_check_attachments(&draft->message));
	TRY(case_check_protected(&draft->message));
	if (wants_sealed || template->sealed)
		TRY(case_check_sealed(&draft->message, arena));
	TRY(case_check_links(txn, kase, &draft->message, arena));
	TRY(case_apply(kase, &draft->message, &draft->state, arena, &draft->verdict));
	if (is_unseen)
		return fault_say(FAULT_USAGE, "%s has never seen %s: drop it with: comity request abandon %s", kase->peer,
			casework_name(kase), casework_name(kase));
	/* The act may just have given our own reference: it is quoted from this message on. */
	draft->message.requested_reference = kase->requested_reference;
	return OK;
}

static enum fault submit_one(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *template,
	bool all_staged, uint32_t uid, struct arena *arena, Comity__Submitted *submitted)
{
	struct bytes raw = { 0 };
	struct draft *draft = arena_alloc(arena, sizeof *draft);
	if (!draft)
		return arena_fault(arena);
	TRY(prepare(casework, txn, kase, template, all_staged, arena, draft));
	enum fault fault = pack_message(draft, &raw);
	if (!fault)
		write_all(casework, txn, kase, draft, span_of(&raw), uid, arena, submitted);
	bytes_clear(&raw);
	return fault ? fault : txn->fault;
}

/* What has a command of its own is said with it. */
static enum fault check_template(const Comity__Case *kase, const Comity__Message *message)
{
	if (!message->n_acts)
		return fault_say(FAULT_BAD_DOCUMENT, "a message carries at least one act");
	for (size_t i = 0; i < message->n_acts; i++) {
		if (!act_rule(message->acts[i]->kind_case))
			return fault_say(FAULT_BAD_DOCUMENT, "act %zu is of no kind that is known here", i + 1);
		if (message->acts[i]->kind_case == COMITY__ACT__KIND_REQUEST)
			return fault_say(FAULT_USAGE, "a request is sent with: comity request send %s", casework_name(kase));
		if (message->acts[i]->kind_case == COMITY__ACT__KIND_DESTRUCTION_NOTICE)
			return fault_say(FAULT_USAGE, "a destruction is told of with: comity case notify %s", casework_name(kase));
	}
	return !message->text || text_is_clean(span_of_text(message->text)) ? OK : fault_say(FAULT_BAD_TEXT, "the text has control characters");
}

enum fault casework_submit(struct casework *casework, struct txn *txn, Comity__Case *kase, Comity__Message *message,
	bool all_staged, uint32_t uid, struct arena *arena, Comity__Submitted *submitted)
{
	TRY(check_template(kase, message));
	return submit_one(casework, txn, kase, message, all_staged, uid, arena, submitted);
}

enum fault casework_check(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *message,
	bool all_staged, struct arena *arena)
{
	struct bytes raw = { 0 };
	struct draft *draft = arena_alloc(arena, sizeof *draft);
	if (!draft)
		return arena_fault(arena);
	TRY(check_template(kase, message));
	TRY(prepare(casework, txn, kase, message, all_staged, arena, draft));
	enum fault fault = pack_message(draft, &raw);
	bytes_clear(&raw);
	return fault;
}

enum fault case_submit(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *template, uint32_t uid,
	struct arena *arena, Comity__Submitted *submitted)
{
	return submit_one(casework, txn, kase, template, false, uid, arena, submitted);
}

/* ── requests ─────────────────────────────────────────────────────────────────────────────────── */

const Comity__Attachment **case_staged(struct txn *txn, const Comity__Case *kase, struct arena *arena, size_t *count)
{
	Comity__AttachmentList *list = kase ? casework_attachments(txn, kase, arena) : NULL;
	const Comity__Attachment **attachments = arena_alloc(arena, ((list ? list->n_data : 0) + 1) * sizeof *attachments);
	*count = 0;
	for (size_t i = 0; attachments && list && i < list->n_data; i++)
		if (list->data[i]->presence == COMITY__PRESENCE__VALUE__STAGED)
			attachments[(*count)++] = list->data[i]->attachment;
	return attachments;
}

/* The draft as it lies here, judged. */
static enum fault take_draft(struct casework *casework, struct txn *txn, Comity__Case *kase, struct arena *arena,
	Comity__Submitted *submitted, Comity__Request **document)
{
	Comity__Validation validation = COMITY__VALIDATION__INIT;
	*document = casework_document(txn, kase, arena);
	if (!*document)
		return txn->fault ? txn->fault : fault_say(FAULT_NOT_FOUND, "%s has no text", casework_name(kase));
	TRY(casework_validate(casework, txn, kase, *document, kase->peer, arena, &validation));
	submitted->n_warnings = validation.n_problems;
	submitted->warnings = validation.problems;
	if (!validation.ok)
		return fault_say(FAULT_INCOMPLETE, "%s cannot be sent to %s yet", casework_name(kase), kase->peer);
	return case_must_be_approved(casework, txn, kase, arena);
}

/* As it was sealed and approved, to the byte. */
static enum fault take_kept(const struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message **sealed,
	struct arena *arena)
{
	const Comity__SealedDraft *kept = casework_sealed_draft(txn, kase, arena);
	if (!kept)
		return txn->fault;
	TRY(case_seal_must_hold(txn, kase, kept, arena));
	TRY(case_must_be_approved(casework, txn, kase, arena));
	*sealed = kept->message;
	return OK;
}

/* What is approved must be what goes, so it must lie here before. */
static enum fault judge_sealed(const struct casework *casework, const Comity__Case *kase)
{
	return casework->approvals <= 1 ? OK : fault_say(FAULT_APPROVAL_MISSING, "%s is first sealed, then approved by %u officers, then sent: "
		"comity request seal %s", casework_name(kase), casework->approvals, casework_name(kase));
}

enum fault casework_send(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *sealed,
	const char *officer, uint32_t uid, struct arena *arena, Comity__Submitted *submitted)
{
	Comity__Message template = COMITY__MESSAGE__INIT;
	Comity__Act act = COMITY__ACT__INIT, *acts = &act;
	if (!case_is_our_draft(kase))
		return fault_say(FAULT_NOT_DRAFT, "%s is \"%s\": it was sent already", casework_name(kase),
			status_name(kase->status));
	TRY(sealed ? judge_sealed(casework, kase) : take_kept(casework, txn, kase, &sealed, arena));
	if (sealed)
		TRY(case_take_sealed(kase, sealed, &template, &act.request));
	else
		TRY(take_draft(casework, txn, kase, arena, submitted, &act.request));
	case_note_zone(txn, kase, arena);
	act.kind_case = COMITY__ACT__KIND_REQUEST;
	template.n_acts = 1;
	template.acts = &acts;
	template.officer = (char *)officer;
	template.subject = sealed || casework_is_discreet(kase) ? NULL : kase->subject;	/* art. 18(20) */
	TRY(submit_one(casework, txn, kase, &template, true, uid, arena, submitted));
	if (sealed)
		case_keep_document(txn, kase, act.request);
	case_drop_sealed(txn, kase);
	return txn->fault;
}
