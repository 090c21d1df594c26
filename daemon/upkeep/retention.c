#include "daemon/upkeep/retention.h"

#include <stdio.h>
#include <string.h>

#include "daemon/ledger/consumers.h"
#include "daemon/ledger/events.h"
#include "daemon/ledger/quota.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum { CASES_PER_STEP = 256, MESSAGES_PER_STEP = 256, EVENTS_PER_STEP = 1000 };

static bool is_before(const char *stamp, int64_t moment)
{
	int64_t at;
	return stamp && stamp_read(stamp, &at) && at < moment;
}

static bool is_over(const Comity__Case *kase)
{
	return kase->status == COMITY__REQUEST_STATUS__VALUE__CLOSED || kase->status == COMITY__REQUEST_STATUS__VALUE__WITHDRAWN ||
		kase->status == COMITY__REQUEST_STATUS__VALUE__ABANDONED;
}

/* What came to a case after it was purged has its own time. */
static bool is_due(const Comity__Case *kase, const struct retention *retention)
{
	return is_over(kase) && is_before(kase->changed_at, retention->cases_before) &&
		(!kase->purged_at || strcmp(kase->purged_at, kase->changed_at) < 0);
}

static bool begins(struct txn *txn, enum table table, struct key prefix)
{
	struct span key, value;
	struct walk walk;
	walk_from(&walk, txn, table, key_span(&prefix), (struct span){ 0 });
	bool is_there = walk_next(&walk, &key, &value);
	walk_end(&walk);
	return is_there;
}

/* A shell whose files were not removed yet: the power went. */
static bool is_half_purged(struct txn *txn, const Comity__Case *kase)
{
	return kase->purged_at && strcmp(kase->purged_at, kase->changed_at) >= 0 &&
		begins(txn, TABLE_BLOBS, key_of_uuid(kase->request_id));
}

/* ── is anything of it still on its way? ──────────────────────────────────────────────────────── */

static bool is_settled_state(const Comity__MessageState *state)
{
	return state->transport == COMITY__TRANSPORT__VALUE__COMPLETE || state->transport == COMITY__TRANSPORT__VALUE__REFUSED ||
		state->transport == COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE || state->transport == COMITY__TRANSPORT__VALUE__REJECTED ||
		(state->transport == COMITY__TRANSPORT__VALUE__WITHDRAWN && state->has_manifest);	/* the record of it is signed */
}

static bool is_settled(struct txn *txn, const Comity__Case *kase, struct arena *arena)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	bool is_well = true;
	walk_from(&walk, txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	while (is_well && walk_next(&walk, &key, &value)) {
		const Comity__MessageState *state =
			record_find(txn, TABLE_SEEN, value, &comity__message_state__descriptor, arena);
		is_well = state && is_settled_state(state);
	}
	walk_end(&walk);
	return is_well && !txn->fault;
}

/* ── destroying ───────────────────────────────────────────────────────────────────────────────── */

/* The bytes of some messages; what was seen stays, and says since when they are gone.  True when all are. */
static bool purge_messages(struct txn *txn, const Comity__Case *kase, struct retention_round *round, char *now)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	struct arena arena;
	size_t count = 0;
	arena_init(&arena, UNPACK_ARENA);
	walk_from(&walk, txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	while (count < MESSAGES_PER_STEP && walk_next(&walk, &key, &value)) {
		struct key message = { 0 };
		key_bytes(&message, value);
		arena_reset(&arena);
		Comity__MessageState *state =
			record_find(txn, TABLE_SEEN, key_span(&message), &comity__message_state__descriptor, &arena);
		if (!state || state->purged_at)
			continue;
		count++;
		state->purged_at = now;
		state->reason_text = NULL;
		record_keep(txn, TABLE_SEEN, key_span(&message), &state->base);
		txn_delete(txn, TABLE_MESSAGES, key_span(&message));
	}
	walk_end(&walk);
	arena_clear(&arena);
	round->messages += count;
	return count < MESSAGES_PER_STEP;
}

static void purge_attachments(struct txn *txn, const Comity__Case *kase)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	walk_from(&walk, txn, TABLE_ATTACHMENTS, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value))
		txn_delete(txn, TABLE_ATTACHMENTS, key);
	walk_end(&walk);
}

/* Every word about it goes; states, dates, kinds and references stay. */
static void make_shell(Comity__Case *kase, char *now)
{
	kase->subject = kase->unavoidable_disclosure = kase->competent_authority = kase->competent_authority_reference = NULL;
	for (size_t i = 0; i < kase->n_history; i++)
		kase->history[i]->note = kase->history[i]->officer = NULL;
	for (size_t i = 0; i < kase->n_measures; i++)
		kase->measures[i]->note = NULL;
	if (kase->destroyed_there)
		kase->destroyed_there->reason = NULL;
	for (size_t i = 0; i < kase->n_conditions; i++)
		kase->conditions[i]->condition->text = kase->conditions[i]->condition->counter = NULL;
	if (kase->oral)
		kase->oral->by = kase->oral->to = NULL;
	kase->purged_at = now;
}

static void tell(struct txn *txn, const Comity__Case *kase, const char *type, const char *text, uint32_t uid)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	const char *ours = kase->role == COMITY__ROLE__VALUE__REQUESTING ? kase->requesting_reference : kase->requested_reference;
	data.request = (char *)ours;
	data.request_id = kase->request_id;
	data.peer = kase->peer;
	data.text = (char *)text;
	data.has_actor_uid = uid != UINT32_MAX;
	data.actor_uid = uid;
	events_append(txn, type, ours && *ours ? ours : kase->request_id, &data);
}

static void keep_case(struct txn *txn, const Comity__Case *kase)
{
	struct key id = key_of_uuid(kase->request_id);
	record_keep(txn, TABLE_CASES, key_span(&id), &kase->base);
}

static void note_case(struct retention_round *round, const Comity__Case *kase)
{
	const char *ours = kase->role == COMITY__ROLE__VALUE__REQUESTING ? kase->requesting_reference : kase->requested_reference;
	const char *name = ours && *ours ? ours : kase->request_id;
	size_t used = strlen(round->refs);
	round->cases++;
	if (used + strlen(name) + 2 < sizeof round->refs)
		snprintf(round->refs + used, sizeof round->refs - used, "%s\n", name);
}

/* True when the case is a shell. */
static bool purge(struct txn *txn, const struct retention *retention, Comity__Case *kase, struct retention_round *round)
{
	char now[STAMP_SIZE];
	struct key id = key_of_uuid(kase->request_id);
	stamp_now(now);
	if (!purge_messages(txn, kase, round, now))
		return false;
	txn_delete(txn, TABLE_DRAFTS, key_span(&id));
	txn_delete(txn, TABLE_SEALED_DRAFTS, key_span(&id));
	purge_attachments(txn, kase);
	make_shell(kase, now);
	store_destroy_key(txn, id.at);		/* what is left has another one */
	keep_case(txn, kase);
	tell(txn, kase, EVENT_REQUEST_PURGED, retention->reason, retention->only ? retention->uid : UINT32_MAX);
	note_case(round, kase);
	return true;
}

/* ── the files ────────────────────────────────────────────────────────────────────────────────── */

static void gather_blobs(struct txn *txn, const Comity__Case *kase, struct retention_round *round)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	memcpy(round->request, prefix.at, sizeof round->request);
	walk_from(&walk, txn, TABLE_BLOBS, key_span(&prefix), (struct span){ 0 });
	while (round->digest_count < RETENTION_BLOBS_MAX && walk_next(&walk, &key, &value))
		if (key.len == sizeof round->request + DIGEST_SIZE)
			memcpy(round->digests[round->digest_count++], key.at + sizeof round->request, DIGEST_SIZE);
	walk_end(&walk);
}

void retention_forget_blobs(struct txn *txn, struct retention_round *round)
{
	struct arena arena;
	txn_use_reserve(txn);
	arena_init(&arena, UNPACK_ARENA);
	for (size_t i = 0; i < round->digest_count; i++) {
		struct key key = { 0 };
		key_bytes(&key, SPAN(round->request));
		key_bytes(&key, SPAN(round->digests[i]));
		const Comity__Blob *blob = record_find(txn, TABLE_BLOBS, key_span(&key), &comity__blob__descriptor, &arena);
		round->attachments += blob != NULL;
		round->attachment_bytes += blob ? blob->size : 0;
		if (blob && blob->from)
			quota_change(txn, blob->from, 0, blob->size);
		txn_delete(txn, TABLE_BLOBS, key_span(&key));
	}
	arena_clear(&arena);
}

/* ── a step ───────────────────────────────────────────────────────────────────────────────────── */

static void count_content(struct txn *txn, const Comity__Case *kase, struct retention_round *round, struct arena *arena)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	walk_from(&walk, txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value))
		round->messages++;
	walk_from(&walk, txn, TABLE_BLOBS, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		const Comity__Blob *blob = record_read(txn, value, &comity__blob__descriptor, arena);
		round->attachments++;
		round->attachment_bytes += blob ? blob->size : 0;
	}
	note_case(round, kase);
}

/* True when the round may go on behind this case. */
static bool visit(struct txn *txn, const struct retention *retention, struct retention_round *round, Comity__Case *kase,
	struct arena *arena)
{
	bool is_half = is_half_purged(txn, kase), is_meant = retention->only && round->cases == 0;
	if (retention->only && !is_over(kase)) {
		round->open++;
		return true;
	}
	if (!is_half && !is_meant && !is_due(kase, retention))
		return true;
	if (kase->legal_hold) {
		round->held++;
		return true;
	}
	if (!is_half && !is_settled(txn, kase, arena)) {
		round->unsettled++;
		return true;
	}
	if (retention->is_dry) {
		count_content(txn, kase, round, arena);
		return true;
	}
	if (!is_half && !purge(txn, retention, kase, round))
		return false;
	gather_blobs(txn, kase, round);
	return round->digest_count == 0;
}

static void visit_cases(struct txn *txn, const struct retention *retention, struct retention_round *round)
{
	struct span key, value;
	struct walk walk;
	struct arena arena;
	size_t looked_at = 0;
	bool may_go_on = true;
	arena_init(&arena, UNPACK_ARENA);
	round->are_cases_done = true;
	struct key only = retention->only ? key_of_uuid(retention->only) : (struct key){ 0 };
	walk_from(&walk, txn, TABLE_CASES, key_span(&only), key_span(&round->at));
	while (may_go_on && walk_next(&walk, &key, &value)) {
		struct key at = { 0 };
		if (round->at.len && span_equal(key, key_span(&round->at)))
			continue;
		key_bytes(&at, key);
		arena_reset(&arena);
		Comity__Case *kase = record_read(txn, value, &comity__case__descriptor, &arena);
		may_go_on = kase && visit(txn, retention, round, kase, &arena);
		if (may_go_on)
			round->at = at;
		if (!may_go_on || ++looked_at == CASES_PER_STEP) {
			round->are_cases_done = false;
			break;
		}
	}
	walk_end(&walk);
	arena_clear(&arena);
}

void retention_step(struct txn *txn, const struct retention *retention, struct retention_round *round)
{
	round->digest_count = 0;
	if (!retention->is_dry)
		txn_use_reserve(txn);
	if (!round->are_cases_done && (retention->only || retention->cases_before != INT64_MIN)) {
		visit_cases(txn, retention, round);
		return;
	}
	uint64_t count = 0;
	if (retention->events_before != INT64_MIN)
		count = events_prune(txn, retention->events_before, consumers_dealt_with(txn, retention->consumers_gone_since), EVENTS_PER_STEP,
			retention->is_dry);
	round->events += count;
	round->is_over = retention->is_dry || count < EVENTS_PER_STEP;
}

/* ── legal hold ───────────────────────────────────────────────────────────────────────────────── */

enum fault retention_hold(struct txn *txn, Comity__Case *kase, const char *reason, uint32_t uid)
{
	char now[STAMP_SIZE];
	Comity__LegalHold hold = COMITY__LEGAL_HOLD__INIT;
	if (kase->legal_hold)
		return fault_say(FAULT_EXISTS, "it is under a legal hold since %s", kase->legal_hold->at);
	stamp_now(now);
	hold.at = now;
	hold.reason = (char *)reason;
	hold.has_actor_uid = 1;
	hold.actor_uid = uid;
	kase->legal_hold = &hold;
	keep_case(txn, kase);
	kase->legal_hold = NULL;	/* it dies with this call */
	tell(txn, kase, EVENT_REQUEST_HELD, reason, uid);
	return txn->fault;
}

enum fault retention_release(struct txn *txn, Comity__Case *kase, uint32_t uid)
{
	if (!kase->legal_hold)
		return fault_say(FAULT_NOT_FOUND, "it is under no legal hold");
	kase->legal_hold = NULL;
	keep_case(txn, kase);
	tell(txn, kase, EVENT_REQUEST_RELEASED, NULL, uid);
	return txn->fault;
}
