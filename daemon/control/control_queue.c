/* What waits, and why: the operator's view of the outbox and of attachments that are still to be fetched.
 *
 * The ledger says what waits, the lines say why; both are brought together here, for each item anew, so that there is no
 * second list to keep in step.  Answered in pages, for much may wait. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "certs/identity.h"
#include "daemon/ledger/chain.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/fetcher.h"
#include "daemon/ledger/hold.h"
#include "daemon/desks/outbox.h"
#include "daemon/line/peers.h"
#include "daemon/desks/registry.h"
#include "proto/stamp.h"

enum {
	PAGE_ITEMS = 500,
	WANTED_ITEMS_MAX = 1000,	/* of one peer */
	UNCONFIRMED_MAX = 320,		/* our newest manifests that are looked into: more are never without a receipt */
};

/* One peer while its items are told. */
struct correspondent {
	char id[AUTHORITY_ID_SIZE];
	bool is_up;
	struct peer_report report;
	const Comity__Refusal *refusal;		/* the last one, of which the ledger knows; NULL */
	const Comity__Hold *hold;		/* of all traffic with it; NULL */
	bool is_blocked;
};

struct queue_page {
	struct inquiry *inquiry;
	Comity__QueueList *list;
	struct correspondent peer;
};

static enum fault meet(struct queue_page *listing, const char *id)
{
	struct inquiry *inquiry = listing->inquiry;
	struct correspondent *peer = &listing->peer;
	struct key key = key_of_peer(id);
	if (!strcmp(peer->id, id))
		return OK;
	*peer = (struct correspondent){ 0 };
	snprintf(peer->id, sizeof peer->id, "%s", id);
	peer->is_up = peers_report(inquiry->rooms->peers, id, &peer->report) && peer->report.condition == PEER_UP;
	const Comity__Peer *known = record_find(inquiry->txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, inquiry->arena);
	peer->refusal = known ? known->refusal : NULL;
	peer->is_blocked = known && known->standing == COMITY__STANDING__VALUE__BLOCKED;
	peer->hold = hold_find(inquiry->txn, HOLD_EVERYBODY, inquiry->arena);
	if (!peer->hold)
		peer->hold = hold_find(inquiry->txn, id, inquiry->arena);
	return inquiry_fault(inquiry);
}

static Comity__QueueItem *add_item(struct queue_page *listing)
{
	Comity__QueueItem *item;
	if (!inquiry_make(listing->inquiry, &comity__queue_item__descriptor, &item) ||
	    !record_append(listing->inquiry->arena, &listing->list->n_data, &listing->list->data, &item, sizeof item))
		return NULL;
	item->schema = "comity.queue-item/1";
	item->peer = record_text(listing->inquiry->arena, listing->peer.id);
	item->has_attempts = item->has_is_moving = 1;
	return item;
}

/* ── why ──────────────────────────────────────────────────────────────────────────────────────── */

static void because(struct queue_page *listing, Comity__QueueItem *item, const char *state, const char *code, const char *text)
{
	item->queue_state = (char *)state;
	item->reason_code = (char *)code;
	item->reason_text = record_text(listing->inquiry->arena, text);
}

static void because_held(struct queue_page *listing, Comity__QueueItem *item, const Comity__Hold *hold, const char *what)
{
	char text[512];
	bool is_restored = hold->kind == COMITY__HOLD_KIND__VALUE__RESTORED, has_reason = hold->reason && *hold->reason;
	if (is_restored)
		snprintf(text, sizeof text, "%s is held since the store was restored", what);
	else
		snprintf(text, sizeof text, "%s is held by uid %u%s%s", what, hold->actor_uid, has_reason ? ": " : "",
			has_reason ? hold->reason : "");
	because(listing, item, "held", fault_slug(FAULT_HELD), text);
	item->hold = (Comity__Hold *)hold;
}

/* Why there is no line, as the line itself knows it, else as the ledger remembers it. */
static void because_no_line(struct queue_page *listing, Comity__QueueItem *item, const char *state)
{
	const struct correspondent *peer = &listing->peer;
	const Comity__Refusal *refusal = peer->refusal;
	if (peer->is_blocked)
		because(listing, item, state, fault_slug(FAULT_PEER_BLOCKED), "the peer is blocked");
	else if (peer->report.fault)
		because(listing, item, state, fault_slug(peer->report.fault), peer->report.detail);
	else if (refusal && refusal->reason)
		because(listing, item, state, refusal->reason, refusal->text ? refusal->text : "");
	else
		because(listing, item, state, fault_slug(FAULT_PEER_AWAY), "there is no line yet");
	item->attempts = peer->report.attempts || !refusal ? peer->report.attempts : (uint32_t)refusal->count;
	if (peer->report.next_attempt_ms)
		item->next_attempt_at = reply_stamp(listing->inquiry, stamp_clock() + (int64_t)peer->report.next_attempt_ms * 1000);
}

static void because_of_order(struct queue_page *listing, Comity__QueueItem *item, const Comity__MessageState *before)
{
	char text[128];
	snprintf(text, sizeof text, "after %s: order per case", before->message_id);
	because(listing, item, "waiting", fault_slug(FAULT_ORDER), text);
	item->blocked_by = before->message_id;
}

static void explain_waiting(struct queue_page *listing, Comity__QueueItem *item, const Comity__MessageState *state)
{
	const struct control_rooms *rooms = listing->inquiry->rooms;
	const Comity__MessageState *before = outbox_before(rooms->outbox, listing->inquiry->txn, state, listing->inquiry->arena);
	item->is_moving = listing->peer.is_up && !listing->peer.hold && item->lane != COMITY__LANE__VALUE__HELD;
	if (state->hold)
		because_held(listing, item, state->hold, "the message");
	else if (listing->peer.hold)
		because_held(listing, item, listing->peer.hold, "the traffic");
	else if (before)
		because_of_order(listing, item, before);
	else if (!listing->peer.is_up)
		because_no_line(listing, item, "deferred");
	else
		item->queue_state = "active";
}

static void explain_signed(struct queue_page *listing, Comity__QueueItem *item, const Comity__MessageState *state)
{
	char text[128];
	item->is_moving = listing->peer.is_up;
	item->has_manifest = 1;
	item->manifest = state->manifest;
	if (!listing->peer.is_up) {
		because_no_line(listing, item, "unconfirmed");
		return;
	}
	snprintf(text, sizeof text, "signed in manifest %" PRIu64 ", not receipted yet", state->manifest);
	because(listing, item, "unconfirmed", fault_slug(FAULT_NOT_YET), text);
}

/* ── what ─────────────────────────────────────────────────────────────────────────────────────── */

static enum fault add_message(struct queue_page *listing, Comity__MessageState *state, outbox_lane lane)
{
	Comity__QueueItem *item = add_item(listing);
	if (!item)
		return inquiry_fault(listing->inquiry);
	item->message = state->message_id;
	item->kind = lane == COMITY__LANE__VALUE__WITHDRAWN ? "withdrawal" : state->n_acts ? state->acts[0] : "message";
	item->ref = state->reference;
	item->first_queued_at = state->queued_at;
	item->has_size = 1;
	item->size = state->size;
	item->has_lane = lane != COMITY__LANE__VALUE__UNSPECIFIED;
	item->lane = lane;
	if (state->transport == COMITY__TRANSPORT__VALUE__SENT)
		explain_signed(listing, item, state);
	else
		explain_waiting(listing, item, state);
	return inquiry_fault(listing->inquiry);
}

/* The messages of one of our manifests that have no receipt. */
static enum fault add_unconfirmed(struct queue_page *listing, uint64_t number)
{
	struct inquiry *inquiry = listing->inquiry;
	struct manifest manifest;
	enum fault fault = OK;
	const Comity__StoredManifest *held = chain_find(inquiry->txn, listing->peer.id, DIRECTION_OURS, number, inquiry->arena);
	if (!held || manifest_read(span_of_binary(held->text), inquiry->arena, &manifest) || manifest.purpose != PURPOSE_DISPATCH)
		return inquiry_fault(inquiry);
	for (size_t i = 0; !fault && i < manifest.count; i++) {
		struct key key = key_of_message(manifest.from, manifest.entries[i].message_id);
		Comity__MessageState *state = manifest.entries[i].index ? NULL :
			record_find(inquiry->txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, inquiry->arena);
		if (state && state->transport == COMITY__TRANSPORT__VALUE__SENT)
			fault = add_message(listing, state, COMITY__LANE__VALUE__UNSPECIFIED);
	}
	return fault ? fault : inquiry_fault(inquiry);
}

static enum fault add_all_unconfirmed(struct queue_page *listing)
{
	uint64_t last = chain_head(listing->inquiry->txn, listing->peer.id, DIRECTION_OURS).number;
	for (uint64_t number = last > UNCONFIRMED_MAX ? last - UNCONFIRMED_MAX + 1 : 1; number <= last; number++)
		TRY(add_unconfirmed(listing, number));
	return OK;
}

static enum fault add_attachment(struct queue_page *listing, Comity__Wanted *wanted)
{
	Comity__QueueItem *item = add_item(listing);
	if (!item)
		return inquiry_fault(listing->inquiry);
	item->message = wanted->message_id;
	item->kind = "attach";
	item->first_queued_at = wanted->since;
	item->has_size = item->has_bytes_done = item->has_attachment = 1;
	item->size = wanted->size;
	item->attachment = wanted->number;
	item->is_moving = listing->peer.is_up;
	bool is_flowing = fetcher_progress(listing->inquiry->rooms->fetcher, wanted->request_id, wanted->number, &item->bytes_done);
	if (!listing->peer.is_up)
		because_no_line(listing, item, "deferred");
	else if (wanted->reason && !is_flowing)
		because(listing, item, "deferred", wanted->reason, wanted->reason_text ? wanted->reason_text : "");
	else
		item->queue_state = "active";
	item->attempts = listing->peer.is_up ? wanted->attempts : item->attempts;
	return inquiry_fault(listing->inquiry);
}

static enum fault add_wanted(struct queue_page *listing, const char *message)
{
	struct inquiry *inquiry = listing->inquiry;
	struct key prefix = key_of_peer(listing->peer.id);
	struct span key, value;
	struct walk walk;
	enum fault fault = OK;
	walk_from(&walk, inquiry->txn, TABLE_WANTED, key_span(&prefix), (struct span){ 0 });
	for (size_t n = 0; !fault && n < WANTED_ITEMS_MAX && walk_next(&walk, &key, &value); n++) {
		Comity__Wanted *wanted = record_read(inquiry->txn, value, &comity__wanted__descriptor, inquiry->arena);
		if (wanted && wanted->message_id && (!message || !strncmp(wanted->message_id, message, strlen(message))))
			fault = add_attachment(listing, wanted);
	}
	walk_end(&walk);
	return fault ? fault : inquiry_fault(inquiry);
}

/* ── pages ────────────────────────────────────────────────────────────────────────────────────── */

static bool is_wanted_peer(const Comity__QueueFilter *filter, const char *id)
{
	return !filter->peer || !*filter->peer || !strcasecmp(filter->peer, id);
}

/* Before the first page: what does not wait in a lane. */
static enum fault list_others(struct queue_page *listing, const Comity__QueueFilter *filter, const char *message)
{
	struct span key, value;
	struct walk walk;
	const char *id;
	enum fault fault = OK;
	walk_from(&walk, listing->inquiry->txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
	while (!fault && walk_next(&walk, &key, &value)) {
		if (!key_take_text(&key, &id) || !is_wanted_peer(filter, id))
			continue;
		fault = meet(listing, id);
		if (!fault && !message)
			fault = add_all_unconfirmed(listing);
		if (!fault)
			fault = add_wanted(listing, message);
	}
	walk_end(&walk);
	return fault;
}

static enum fault add_row(struct queue_page *listing, const Comity__QueueFilter *filter, struct span key, struct span id)
{
	struct inquiry *inquiry = listing->inquiry;
	const char *peer;
	uint8_t lane;
	char message_id[UUID_TEXT_SIZE];
	if (!key_take_text(&key, &peer) || !key_take_u8(&key, &lane) || id.len != UUID_SIZE || !is_wanted_peer(filter, peer))
		return OK;
	uuid_text(message_id, id.at);
	struct key seen = key_of_message(identity_authority(inquiry->rooms->identity), message_id);
	Comity__MessageState *state = record_find(inquiry->txn, TABLE_SEEN, key_span(&seen), &comity__message_state__descriptor,
		inquiry->arena);
	if (!state)
		return inquiry_fault(inquiry);
	TRY(meet(listing, peer));
	return add_message(listing, state, (outbox_lane)lane);
}

static enum fault list_rows(struct queue_page *listing, const Comity__QueueFilter *filter)
{
	struct inquiry *inquiry = listing->inquiry;
	struct span after = filter->has_after ? span_of_binary(filter->after) : (struct span){ 0 }, key, value;
	struct walk walk;
	enum fault fault = OK;
	walk_from(&walk, inquiry->txn, TABLE_OUTBOX, (struct span){ 0 }, after);
	for (size_t n = 0; !fault && walk_next(&walk, &key, &value);) {
		if (after.len && span_equal(key, after))
			continue;
		fault = add_row(listing, filter, key, value);
		if (++n < PAGE_ITEMS)
			continue;
		listing->list->has_next = 1;
		listing->list->next = record_bytes(inquiry->arena, key);
		break;
	}
	walk_end(&walk);
	return fault ? fault : inquiry_fault(inquiry);
}

/* One message of ours, or the attachments of one of theirs. */
static enum fault list_one(struct queue_page *listing, const Comity__QueueFilter *filter)
{
	struct inquiry *inquiry = listing->inquiry;
	Comity__MessageState *state;
	TRY(list_others(listing, filter, filter->message));
	if (listing->list->n_data)
		return OK;
	TRY(outbox_find(inquiry->rooms->outbox, inquiry->txn, filter->message, inquiry->arena, &state));
	TRY(meet(listing, state->to));
	return add_message(listing, state, state->transport == COMITY__TRANSPORT__VALUE__QUEUED ? outbox_lane_of(state) :
		COMITY__LANE__VALUE__UNSPECIFIED);
}

enum fault answer_queue_list(struct inquiry *inquiry)
{
	const Comity__QueueFilter *filter = inquiry->call->queue_list;
	struct queue_page listing = { .inquiry = inquiry };
	Comity__Peer *peer;
	if (!inquiry_make(inquiry, &comity__queue_list__descriptor, &listing.list))
		return inquiry_fault(inquiry);
	if (filter->peer && *filter->peer)
		TRY(registry_find(inquiry->txn, filter->peer, inquiry->arena, &peer));
	listing.list->schema = "comity.queue/1";
	listing.list->generated_at = reply_stamp(inquiry, stamp_clock());
	inquiry->reply->kind_case = COMITY__REPLY__KIND_QUEUE;
	inquiry->reply->queue = listing.list;
	if (filter->message && *filter->message)
		return list_one(&listing, filter);
	if (!filter->has_after)
		TRY(list_others(&listing, filter, NULL));
	return list_rows(&listing, filter);
}
