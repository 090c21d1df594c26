/* What a record of each table must agree with. */
#include <inttypes.h>
#include <string.h>

#include "certs/digest.h"
#include "daemon/upkeep/survey_parts.h"
#include "proto/casework.pb-c.h"
#include "proto/stamp.h"

static struct key key_of_span(struct span span)
{
	struct key key = { 0 };
	key_bytes(&key, span);
	return key;
}

/* ── cases ────────────────────────────────────────────────────────────────────────────────────── */

static void judge_case(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	const Comity__Case *kase = record;
	struct key id = key_of_uuid(kase->request_id);
	(void)value;
	if (!span_equal(key_span(&id), key))
		survey_tell(surveyor, "key-differs", "the case has another id than its key");
	else if (kase->message_id && !survey_has(surveyor, TABLE_SEEN,
			key_of_message(kase->requesting_authority ? kase->requesting_authority : "", kase->message_id)))
		survey_tell(surveyor, "dangling", "the message %s, which carried the request, is not on record", kase->message_id);
}

static void judge_reference(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	const char *reference;
	(void)value, (void)record;
	if (!key_take_text(&key, &reference) || !survey_has(surveyor, TABLE_CASES, key_of_span(key)))
		survey_tell(surveyor, "dangling", "the reference leads to no case");
}

static void judge_draft(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	(void)value, (void)record;
	if (!survey_has(surveyor, TABLE_CASES, key_of_span(key)))
		survey_tell(surveyor, "dangling", "the document belongs to no case");
}

static void judge_case_message(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	struct span id;
	(void)record;
	if (!key_take_bytes(&key, CASE_ID_SIZE, &id) || !survey_has(surveyor, TABLE_CASES, key_of_span(id)))
		survey_tell(surveyor, "dangling", "the message is filed in no case");
	if (!survey_has(surveyor, TABLE_SEEN, key_of_span(value)))
		survey_tell(surveyor, "dangling", "the case names a message that is not on record");
}

static void judge_loose(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	(void)key, (void)record;
	if (!survey_has(surveyor, TABLE_SEEN, key_of_span(value)))
		survey_tell(surveyor, "dangling", "a message that belongs to no case is not on record");
}

/* ── messages ─────────────────────────────────────────────────────────────────────────────────── */

static void judge_message(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	uint8_t digest[DIGEST_SIZE];
	const Comity__MessageState *state =
		survey_find(surveyor, TABLE_SEEN, key_of_span(key), &comity__message_state__descriptor);
	(void)record;
	surveyor->report->messages++;
	digest_of(digest, value);
	if (!state)
		survey_tell(surveyor, "dangling", "the message is not on record as seen");
	else if (state->sha256.len != DIGEST_SIZE || memcmp(state->sha256.data, digest, DIGEST_SIZE))
		survey_tell(surveyor, fault_slug(FAULT_DIGEST_MISMATCH), "the message has not the digest that is on record");
}

static bool has_manifest(struct surveyor *surveyor, const char *peer, enum direction direction, uint64_t number)
{
	arena_reset(&surveyor->arena);
	bool is_there = chain_find(surveyor->txn, peer, direction, number, &surveyor->arena) != NULL;
	bool was_broken = surveyor->txn->fault == FAULT_STORE_BROKEN;
	if (was_broken)
		surveyor->txn->fault = OK;
	return is_there || was_broken;
}

/* What it says of manifests must be on the chains: its dispatch on the sender's, its receipts on the receiver's. */
static void judge_state(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	Comity__MessageState state = *(const Comity__MessageState *)record;
	bool is_ours = state.from && !strcmp(state.from, surveyor->subject.own_id);
	char peer[MANIFEST_ID_SIZE];
	(void)value;
	if (!state.from || !state.to || strlen(is_ours ? state.to : state.from) >= sizeof peer) {
		survey_tell(surveyor, "unreadable", "it does not say between whom");
		return;
	}
	strcpy(peer, is_ours ? state.to : state.from);
	if (!survey_has(surveyor, TABLE_MESSAGES, key_of_span(key)) && !state.purged_at)
		survey_tell(surveyor, "lost", "the message's bytes are not there, and were not purged");
	const struct { bool is_told; uint64_t number; enum direction direction; const char *what; } signed_[] = {
		{ state.has_manifest, state.manifest, is_ours ? DIRECTION_OURS : DIRECTION_THEIRS, "dispatch" },
		{ state.has_receipt, state.receipt, is_ours ? DIRECTION_THEIRS : DIRECTION_OURS, "receipt" },
		{ state.has_completion, state.completion, is_ours ? DIRECTION_THEIRS : DIRECTION_OURS, "completion" },
	};
	for (size_t i = 0; i < ARRAY_LEN(signed_); i++)
		if (signed_[i].is_told && !has_manifest(surveyor, peer, signed_[i].direction, signed_[i].number))
			survey_tell(surveyor, "dangling", "its %s, manifest %" PRIu64 ", is not there", signed_[i].what,
				signed_[i].number);
}

static void judge_outbox(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	struct key message = key_of_peer(surveyor->subject.own_id);
	(void)key, (void)record;
	key_bytes(&message, value);
	if (!survey_has(surveyor, TABLE_MESSAGES, message) || !survey_has(surveyor, TABLE_SEEN, message))
		survey_tell(surveyor, "dangling", "the message that waits is not there");
}

/* ── attachments ──────────────────────────────────────────────────────────────────────────────── */

static bool is_kept(const Comity__AttachmentState *state)
{
	return state->presence == COMITY__PRESENCE__VALUE__HERE || state->presence == COMITY__PRESENCE__VALUE__SENT ||
		state->presence == COMITY__PRESENCE__VALUE__STAGED;
}

static void judge_attachment(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	const Comity__AttachmentState *state = record;
	struct span id;
	uint8_t digest[DIGEST_SIZE];
	(void)value;
	if (!key_take_bytes(&key, CASE_ID_SIZE, &id) || !survey_has(surveyor, TABLE_CASES, key_of_span(id))) {
		survey_tell(surveyor, "dangling", "the attachment belongs to no case");
		return;
	}
	if (!is_kept(state))
		return;
	const char *sha256 = state->attachment ? state->attachment->sha256 : NULL;
	struct key blob = key_of_span(id);
	if (!sha256 || !hex_read(digest, DIGEST_SIZE, span_of_text(sha256))) {
		survey_tell(surveyor, "unreadable", "the attachment has no digest");
		return;
	}
	key_bytes(&blob, SPAN(digest));
	if (!survey_has(surveyor, TABLE_BLOBS, blob))
		survey_tell(surveyor, "dangling", "the attachment's content is not on record");
}

static void judge_wanted(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	const Comity__Wanted *wanted = record;
	const char *peer;
	(void)value;
	if (!key_take_text(&key, &peer) || !wanted->message_id ||
	    !survey_has(surveyor, TABLE_SEEN, key_of_message(wanted->own ? surveyor->subject.own_id : peer, wanted->message_id)))
		survey_tell(surveyor, "dangling", "an attachment is wanted for a message that is not on record");
}

/* ── events ───────────────────────────────────────────────────────────────────────────────────── */

/* Dense from the oldest that is kept on. */
static void judge_event(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	uint64_t number;
	(void)value, (void)record;
	if (!key_take_u64(&key, &number))
		survey_tell(surveyor, "unreadable", "the event has no number");
	else if (surveyor->event && number != surveyor->event + 1)
		survey_tell(surveyor, "lost", "events %" PRIu64 " to %" PRIu64 " are not there", surveyor->event + 1, number - 1);
	surveyor->event = number;
}

static void end_events(struct surveyor *surveyor)
{
	uint64_t last = txn_last(surveyor->txn, "events");
	if (surveyor->event && surveyor->event != last)
		survey_tell(surveyor, "lost", "the last event is %" PRIu64 ", and %" PRIu64 " were counted", surveyor->event, last);
}

/* ── keys ─────────────────────────────────────────────────────────────────────────────────────── */

/* Of a case, or one of the ledger's own, which begin with zeros; or the mark of the vault. */
static void judge_key(struct surveyor *surveyor, struct span key, struct span value, const void *record)
{
	static const uint8_t zeros[STORE_OWNER_SIZE / 2];
	(void)value, (void)record;
	if (key.len == STORE_OWNER_SIZE && memcmp(key.at, zeros, sizeof zeros) && !survey_has(surveyor, TABLE_CASES, key_of_span(key)))
		survey_tell(surveyor, "dangling", "the key belongs to no case");
}

const struct survey_row survey_rows[TABLE_COUNT] = {
	[TABLE_PEERS]         = { .type = &comity__peer__descriptor },
	[TABLE_CASES]         = { &comity__case__descriptor, judge_case, NULL },
	[TABLE_REFERENCES]    = { NULL, judge_reference, NULL },
	[TABLE_MESSAGES]      = { NULL, judge_message, NULL },
	[TABLE_SEEN]          = { &comity__message_state__descriptor, judge_state, NULL },
	[TABLE_CASE_MESSAGES] = { NULL, judge_case_message, NULL },
	[TABLE_LOOSE]         = { NULL, judge_loose, NULL },
	[TABLE_OUTBOX]        = { NULL, judge_outbox, NULL },
	[TABLE_MANIFESTS]     = { &comity__stored_manifest__descriptor, survey_manifest, survey_chain_end },
	[TABLE_CHAINS]        = { NULL, survey_chain_head, NULL },
	[TABLE_EVENTS]        = { &comity__event__descriptor, judge_event, end_events },
	[TABLE_ATTACHMENTS]   = { &comity__attachment_state__descriptor, judge_attachment, NULL },
	[TABLE_BLOBS]         = { &comity__blob__descriptor, survey_blob, NULL },
	[TABLE_WANTED]        = { &comity__wanted__descriptor, judge_wanted, NULL },
	[TABLE_DIRECTORY]     = { .type = &comity__directory_entry__descriptor },
	[TABLE_TOKENS]        = { .type = &comity__token__descriptor },
	[TABLE_CORRESPONDENCES] = { .type = &comity__correspondence__descriptor },
	[TABLE_KEYS]          = { NULL, judge_key, NULL },
	[TABLE_DRAFTS]        = { &comity__request__descriptor, judge_draft, NULL },
	[TABLE_SEALED_DRAFTS] = { &comity__sealed_draft__descriptor, judge_draft, NULL },
};
