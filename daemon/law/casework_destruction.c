/* That one side has destroyed what it held of a case: told by it, with the certificate that it signed then, and believed by the other
 * for that alone. */
#include <stdio.h>
#include <string.h>

#include "daemon/law/casework_parts.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"

#define DAY (24 * INT64_C(3600) * STAMP_SECOND)

/* ── what was said ────────────────────────────────────────────────────────────────────────────── */

static bool is_over(const Comity__Case *kase)
{
	return kase->status == COMITY__REQUEST_STATUS__VALUE__CLOSED || kase->status == COMITY__REQUEST_STATUS__VALUE__WITHDRAWN ||
		kase->status == COMITY__REQUEST_STATUS__VALUE__ABANDONED;
}

/* A reference that one side never learned is empty there. */
static bool differs(const char *said, const char *known)
{
	return *said && known && *known && strcmp(said, known);
}

static enum fault check_head(const Comity__Case *kase, const Comity__Message *message, const struct destroyed *said)
{
	if (strcmp(said->authority, message->from))
		return fault_say(FAULT_FALSE_NOTICE, "the certificate is of %s, and %s hands it over as its own", said->authority, message->from);
	if (strcmp(said->request_id, kase->request_id))
		return fault_say(FAULT_FALSE_NOTICE, "the certificate is of another request, %s", said->request_id);
	if (differs(said->requesting_reference, kase->requesting_reference) || differs(said->requested_reference, kase->requested_reference))
		return fault_say(FAULT_FALSE_NOTICE, "the references in the certificate are not those of %s", casework_name(kase));
	return is_over(kase) ? OK : fault_say(FAULT_FALSE_NOTICE, "%s is \"%s\": only what is over can have been destroyed", casework_name(kase),
		status_name(kase->status));
}

/* By the clocks of the two sides, which may be apart: not before there was a case, not after it was told. */
static enum fault check_date(const Comity__Case *kase, const Comity__Message *message, const struct destroyed *said)
{
	int64_t at = 0, began, told;
	const char *beginning = kase->sent_at ? kase->sent_at : kase->created_at;
	bool is_known = stamp_read(said->at, &at) && message->created_at && stamp_read(message->created_at, &told);
	if (!is_known || at > told)
		return fault_say(FAULT_FALSE_NOTICE, "the certificate is dated %s, after the message that hands it over", said->at);
	if (beginning && stamp_read(beginning, &began) && at < began - DAY)
		return fault_say(FAULT_FALSE_NOTICE, "the certificate is dated %s, before there was a request", said->at);
	return OK;
}

/* What we know of a message, whoever wrote it, must be what they say that they destroyed; of others they may know alone. */
static enum fault check_destroyed(struct txn *txn, const Comity__Case *kase, const char *author, const struct destroyed_message *message,
	struct arena *arena)
{
	struct key key = key_of_message(author, message->id);
	const Comity__MessageState *state = record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
	if (!state || state->sha256.len != DIGEST_SIZE)
		return txn->fault;
	bool is_of_case = state->request_id && !strcmp(state->request_id, kase->request_id);
	return is_of_case && !memcmp(state->sha256.data, message->sha256, DIGEST_SIZE) ? OK :
		fault_say(FAULT_FALSE_NOTICE, "the certificate names message %s, which is another one here", message->id);
}

static enum fault check_messages(const struct casework *casework, struct txn *txn, const Comity__Case *kase, const struct destroyed *said)
{
	struct arena scratch;
	enum fault fault = OK;
	arena_init(&scratch, 1 << 20);
	for (size_t i = 0; i < said->count && !fault; i++) {
		arena_reset(&scratch);
		fault = check_destroyed(txn, kase, kase->peer, &said->messages[i], &scratch);
		if (!fault)
			fault = check_destroyed(txn, kase, casework->own_id, &said->messages[i], &scratch);
	}
	arena_clear(&scratch);
	return fault;
}

static enum fault read_notice(const Comity__DestructionNotice *notice, struct arena *arena, struct destroyed *said)
{
	return notice->certificate ? destroyed_read(span_of_text(notice->certificate), arena, said) :
		fault_say(FAULT_BAD_DOCUMENT, "the notice of a destruction has no certificate");
}

/* ── received ─────────────────────────────────────────────────────────────────────────────────── */

enum fault case_hear_destruction(struct casework *casework, struct txn *txn, Comity__Case *kase, const Comity__Message *message,
	struct arena *arena)
{
	const Comity__Act *act = case_find_act(message, COMITY__ACT__KIND_DESTRUCTION_NOTICE);
	struct destroyed said = { 0 };
	struct span identity = { 0 };
	if (!act)
		return OK;
	if (message->n_acts != 1 || message->n_attachments)
		return fault_say(FAULT_BAD_DOCUMENT, "the notice of a destruction stands alone in its message");
	TRY(read_notice(act->destruction_notice, arena, &said));
	TRY(check_head(kase, message, &said));
	TRY(check_date(kase, message, &said));
	TRY(check_messages(casework, txn, kase, &said));
	if (!casework->prove_destruction)
		return fault_say(FAULT_FALSE_NOTICE, "nobody here can prove it");
	TRY(casework->prove_destruction(casework->owner, txn, kase->peer, act->destruction_notice, &said, arena, &identity));
	if (!kase->destroyed_there || !identity.len)
		return OK;	/* it was noted when the act was applied */
	kase->destroyed_there->identity = record_bytes(arena, identity);
	kase->destroyed_there->has_identity = 1;
	return kase->destroyed_there->identity.data ? OK : arena_fault(arena);
}

void case_tell_destruction(struct txn *txn, const Comity__Case *kase, const Comity__Message *message)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	const char *reference = casework_our_reference(kase);
	if (!kase->destroyed_there || strcmp(kase->destroyed_there->message_id, message->message_id))
		return;
	data.request = (char *)reference;
	data.request_id = kase->request_id;
	data.peer = kase->peer;
	data.message_id = message->message_id;
	data.text = casework_is_discreet(kase) ? NULL : kase->destroyed_there->reason;
	events_append(txn, EVENT_REQUEST_DESTROYED_THERE, *reference ? reference : kase->request_id, &data);
}

/* ── what it does to the case ─────────────────────────────────────────────────────────────────── */

static void note_theirs(Comity__Case *kase, const Comity__Message *message, const struct destroyed *said, struct arena *arena)
{
	char by[32];
	Comity__DestructionThere *there = arena_alloc(arena, sizeof *there);
	if (!there)
		return;
	comity__destruction_there__init(there);
	snprintf(by, sizeof by, "uid %u", said->uid);
	there->at = record_text(arena, said->at);
	there->by = record_text(arena, by);
	there->reason = record_text(arena, said->reason);
	there->message_id = record_text(arena, message->message_id);
	there->has_messages = 1;
	there->messages = (uint32_t)said->count;
	if (kase->destroyed_there && !strcmp(kase->destroyed_there->message_id, there->message_id)) {	/* told again: it was verified then */
		there->has_identity = kase->destroyed_there->has_identity;
		there->identity = kase->destroyed_there->identity;
	}
	kase->destroyed_there = there;
}

/* A store that is from before its own certificate: what was destroyed is here again, and the word that it is not was given. */
static Comity__Destruction *ours_again(const Comity__DestructionNotice *notice, const struct destroyed *said, struct arena *arena)
{
	Comity__Destruction *ours = arena_alloc(arena, sizeof *ours);
	if (!ours)
		return NULL;
	comity__destruction__init(ours);
	ours->at = record_text(arena, said->at);
	ours->reason = record_text(arena, said->reason);
	ours->has_actor_uid = ours->has_signature = ours->has_signing = ours->has_delegation = 1;
	ours->actor_uid = said->uid;
	ours->text = record_text(arena, notice->certificate);
	ours->signature = record_bytes(arena, span_of_binary(notice->signature));
	ours->signing = record_bytes(arena, span_of_binary(notice->signing));
	ours->delegation = record_bytes(arena, span_of_binary(notice->delegation));
	return ours;
}

static void note_ours(Comity__Case *kase, const Comity__Message *message, const Comity__DestructionNotice *notice, const struct destroyed *said,
	struct arena *arena)
{
	if (!kase->destruction)
		kase->destruction = ours_again(notice, said, arena);
	if (kase->destruction && !strcmp(kase->destruction->at, said->at))
		kase->destruction->told_in = record_text(arena, message->message_id);
}

void case_note_destruction(Comity__Case *kase, const Comity__Message *message, const Comity__Act *act, struct arena *arena)
{
	struct destroyed said = { 0 };
	if (read_notice(act->destruction_notice, arena, &said))
		return;		/* whoever hears it refuses it; ours is never so */
	if (!strcmp(message->from, kase->peer))
		note_theirs(kase, message, &said, arena);
	else
		note_ours(kase, message, act->destruction_notice, &said, arena);
}

/* ── told ─────────────────────────────────────────────────────────────────────────────────────── */

/* A draft that was dropped unseen is nobody's business over there. */
static bool was_shown(const Comity__Case *kase)
{
	bool is_shown = kase->sent_at || case_our_side(kase) == SIDE_REQUESTED;
	for (size_t i = 0; i < kase->n_history && !is_shown; i++)
		is_shown = kase->history[i]->status == COMITY__REQUEST_STATUS__VALUE__IN_CONSULTATION;
	return is_shown;
}

static enum fault check_not_told(const struct casework *casework, struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	const char *id = kase->destruction->told_in;
	struct key key = id ? key_of_message(casework->own_id, id) : (struct key){ 0 };
	const Comity__MessageState *state = id ? record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena) : NULL;
	bool is_void = !state || state->transport == COMITY__TRANSPORT__VALUE__REFUSED || state->transport == COMITY__TRANSPORT__VALUE__WITHDRAWN;
	return is_void ? txn->fault : fault_say(FAULT_EXISTS, "%s was told of it in message %s", kase->peer, id);
}

enum fault casework_notify(struct casework *casework, struct txn *txn, Comity__Case *kase, const char *officer, uint32_t uid,
	struct arena *arena, Comity__Submitted *submitted)
{
	const Comity__Destruction *destruction = kase->destruction;
	Comity__DestructionNotice notice = COMITY__DESTRUCTION_NOTICE__INIT;
	Comity__Act act = COMITY__ACT__INIT, *acts = &act;
	Comity__Message template = COMITY__MESSAGE__INIT;
	if (!destruction || !destruction->text || !destruction->has_signing || !kase->purged_at)
		return fault_say(FAULT_NOT_FOUND, "%s was not destroyed by an operator: there is no certificate to tell of", casework_name(kase));
	if (!was_shown(kase))
		return fault_say(FAULT_USAGE, "%s has never seen %s: there is nothing to tell it", kase->peer, casework_name(kase));
	if (strlen(destruction->text) > DESTROYED_TEXT_MAX)	/* from before destruction_fits() was asked */
		return fault_say(FAULT_TOO_LARGE, "the certificate has %zu bytes, and a message has room for %d: hand it over as a file",
			strlen(destruction->text), DESTROYED_TEXT_MAX);
	TRY(check_not_told(casework, txn, kase, arena));
	notice.occurred_at = destruction->at;
	notice.certificate = destruction->text;
	notice.has_signature = notice.has_signing = notice.has_delegation = 1;
	notice.signature = destruction->signature;
	notice.signing = destruction->signing;
	notice.delegation = destruction->delegation;
	act.kind_case = COMITY__ACT__KIND_DESTRUCTION_NOTICE;
	act.destruction_notice = &notice;
	template.n_acts = 1;
	template.acts = &acts;
	template.officer = (char *)officer;
	return case_submit(casework, txn, kase, &template, uid, arena, submitted);
}
