/* Why something waits: the ledger says what does, the lines say why; both are brought together here, for each item anew,
 * so that there is no second list to keep in step. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/control/control_queue.h"
#include "daemon/desks/fetcher.h"
#include "daemon/desks/waits.h"
#include "daemon/ledger/hold.h"
#include "proto/stamp.h"

/* The newest reason that is sure to be the peer's own. */
static const Comity__Refusal *last_refusal(const Comity__Peer *peer)
{
	for (size_t i = 0; i < peer->n_refusals; i++)
		if (!peer->refusals[i]->claimed)
			return peer->refusals[i];
	return peer->refusal;
}

enum fault queue_meet(struct queue_page *page, const char *id)
{
	struct inquiry *inquiry = page->inquiry;
	struct correspondent *peer = &page->peer;
	struct key key = key_of_peer(id);
	if (!strcmp(peer->id, id))
		return OK;
	*peer = (struct correspondent){ 0 };
	snprintf(peer->id, sizeof peer->id, "%s", id);
	peer->is_up = peers_report(inquiry->rooms->peers, id, &peer->report) && peer->report.condition == PEER_UP;
	const Comity__Peer *known = record_find(inquiry->txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, inquiry->arena);
	peer->refusal = known ? last_refusal(known) : NULL;
	peer->is_blocked = known && known->standing == COMITY__STANDING__VALUE__BLOCKED;
	peer->hold = hold_find(inquiry->txn, HOLD_EVERYBODY, inquiry->arena);
	if (!peer->hold)
		peer->hold = hold_find(inquiry->txn, id, inquiry->arena);
	return inquiry_fault(inquiry);
}

static Comity__QueueItem *add_item(struct queue_page *page)
{
	Comity__QueueItem *item;
	if (!inquiry_make(page->inquiry, &comity__queue_item__descriptor, &item) ||
	    !record_push(page->inquiry->arena, &page->list->n_data, &page->list->data, &item, sizeof item))
		return NULL;
	item->schema = "comity.queue-item/1";
	item->peer = record_text(page->inquiry->arena, page->peer.id);
	item->has_attempts = item->has_is_moving = 1;
	return item;
}

/* ── why ──────────────────────────────────────────────────────────────────────────────────────── */

static void because(struct queue_page *page, Comity__QueueItem *item, const char *state, const char *code, const char *text)
{
	item->queue_state = (char *)state;
	item->reason_code = (char *)code;
	item->reason_text = record_text(page->inquiry->arena, text);
}

static void because_held(struct queue_page *page, Comity__QueueItem *item, const Comity__Hold *hold, const char *what)
{
	char text[512];
	bool is_restored = hold->kind == COMITY__HOLD_KIND__VALUE__RESTORED, has_reason = hold->reason && *hold->reason;
	if (is_restored)
		snprintf(text, sizeof text, "%s is held since the store was restored", what);
	else
		snprintf(text, sizeof text, "%s is held by uid %u%s%s", what, hold->actor_uid, has_reason ? ": " : "",
			has_reason ? hold->reason : "");
	because(page, item, "held", fault_slug(FAULT_HELD), text);
	item->hold = (Comity__Hold *)hold;
}

/* Why there is no line, as the line itself knows it, else as the ledger remembers it. */
static void because_no_line(struct queue_page *page, Comity__QueueItem *item, const char *state)
{
	const struct correspondent *peer = &page->peer;
	const Comity__Refusal *refusal = peer->refusal;
	if (peer->is_blocked)
		because(page, item, state, fault_slug(FAULT_PEER_BLOCKED), "the peer is blocked");
	else if (peer->report.fault)
		because(page, item, state, fault_slug(peer->report.fault), peer->report.detail);
	else if (refusal && refusal->reason)
		because(page, item, state, refusal->reason, refusal->text ? refusal->text : "");
	else
		because(page, item, state, fault_slug(FAULT_PEER_AWAY), "there is no line yet");
	item->attempts = peer->report.attempts || !refusal ? peer->report.attempts : (uint32_t)refusal->count;
	if (peer->report.next_attempt_ms)
		item->next_attempt_at = reply_stamp(page->inquiry, stamp_clock() + (int64_t)peer->report.next_attempt_ms * 1000);
}

static void because_of_order(struct queue_page *page, Comity__QueueItem *item, const Comity__MessageState *before)
{
	char text[128];
	snprintf(text, sizeof text, "after %s: order per case", before->message_id);
	because(page, item, "waiting", fault_slug(FAULT_ORDER), text);
	item->blocked_by = before->message_id;
}

static void explain_waiting(struct queue_page *page, Comity__QueueItem *item, const Comity__MessageState *state)
{
	const struct control_rooms *rooms = page->inquiry->rooms;
	const Comity__MessageState *before = outbox_before(rooms->outbox, page->inquiry->txn, state, page->inquiry->arena);
	item->is_moving = page->peer.is_up && !page->peer.hold && item->lane != COMITY__LANE__VALUE__HELD;
	if (state->hold)
		because_held(page, item, state->hold, "the message");
	else if (page->peer.hold)
		because_held(page, item, page->peer.hold, "the traffic");
	else if (before)
		because_of_order(page, item, before);
	else if (!page->peer.is_up)
		because_no_line(page, item, "deferred");
	else
		item->queue_state = "active";
}

static void explain_signed(struct queue_page *page, Comity__QueueItem *item, const Comity__MessageState *state)
{
	char text[128];
	item->is_moving = page->peer.is_up;
	item->has_manifest = 1;
	item->manifest = state->manifest;
	if (!page->peer.is_up) {
		because_no_line(page, item, "unconfirmed");
		return;
	}
	snprintf(text, sizeof text, "signed in manifest %" PRIu64 ", not receipted yet", state->manifest);
	because(page, item, "unconfirmed", fault_slug(FAULT_NOT_YET), text);
}

/* ── what ─────────────────────────────────────────────────────────────────────────────────────── */

enum fault queue_add_message(struct queue_page *page, Comity__MessageState *state, outbox_lane lane)
{
	Comity__QueueItem *item = add_item(page);
	if (!item)
		return inquiry_fault(page->inquiry);
	item->message = state->message_id;
	item->kind = lane == COMITY__LANE__VALUE__WITHDRAWN ? "withdrawal" : state->n_acts ? state->acts[0] : "message";
	item->ref = state->reference;
	item->first_queued_at = state->queued_at;
	item->has_size = 1;
	item->size = state->size;
	item->has_lane = lane != COMITY__LANE__VALUE__UNSPECIFIED;
	item->lane = lane;
	if (state->transport == COMITY__TRANSPORT__VALUE__SENT)
		explain_signed(page, item, state);
	else
		explain_waiting(page, item, state);
	return inquiry_fault(page->inquiry);
}

enum fault queue_add_attachment(struct queue_page *page, Comity__Wanted *wanted)
{
	Comity__QueueItem *item = add_item(page);
	if (!item)
		return inquiry_fault(page->inquiry);
	item->message = wanted->message_id;
	item->kind = "attach";
	item->first_queued_at = wanted->since;
	item->has_size = item->has_bytes_done = item->has_attachment = 1;
	item->size = wanted->size;
	item->attachment = wanted->number;
	item->is_moving = page->peer.is_up;
	bool is_flowing = fetcher_progress(page->inquiry->rooms->fetcher, wanted->request_id, wanted->number, &item->bytes_done);
	if (!page->peer.is_up)
		because_no_line(page, item, "deferred");
	else if (wanted->reason && !is_flowing)
		because(page, item, "deferred", wanted->reason, wanted->reason_text ? wanted->reason_text : "");
	else
		item->queue_state = "active";
	item->attempts = page->peer.is_up ? wanted->attempts : item->attempts;
	return inquiry_fault(page->inquiry);
}

/* The case knows what it is called and how large it is. */
static void describe_attachment(struct queue_page *page, Comity__QueueItem *item, const Comity__MessageState *state, uint32_t index)
{
	struct walk walk;
	struct span key, value;
	struct inquiry *inquiry = page->inquiry;
	struct key prefix = key_of_uuid(state->request_id);
	walk_from(&walk, inquiry->txn, TABLE_ATTACHMENTS, key_span(&prefix), (struct span){ 0 });
	while (!item->has_attachment && walk_next(&walk, &key, &value)) {
		page->looks++;
		const Comity__AttachmentState *one = record_read(inquiry->txn, value, &comity__attachment_state__descriptor, inquiry->arena);
		if (!one || !one->message_id || strcmp(one->message_id, state->message_id) || one->index != index)
			continue;
		item->has_attachment = item->has_size = 1;
		item->attachment = one->number;
		item->size = one->attachment ? one->attachment->size : 0;
	}
	walk_end(&walk);
}

enum fault queue_add_refused(struct queue_page *page, const Comity__MessageState *state, const struct wait_told *wait)
{
	Comity__QueueItem *item = add_item(page);
	if (!item)
		return inquiry_fault(page->inquiry);
	item->message = state->message_id;
	item->kind = "attach";
	item->ref = state->reference;
	item->first_queued_at = state->queued_at;
	describe_attachment(page, item, state, wait->index);
	because(page, item, "waiting", record_text(page->inquiry->arena, wait->reason),
		"the other side has no room for it yet; it is fetched by itself when there is");
	return inquiry_fault(page->inquiry);
}
