/* All that waits, page by page, however much it is.
 *
 * Four sections, one after the other: what is signed and has no receipt, attachments that are still to be fetched, what
 * waits in the lanes, and attachments of ours that a peer does not take yet.  A page ends with enough items, or when enough was looked at; the next goes on from there. */
#include <string.h>
#include <strings.h>

#include "certs/identity.h"
#include "daemon/control/control_queue.h"
#include "daemon/desks/registry.h"
#include "daemon/desks/waits.h"
#include "daemon/ledger/chain.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

enum { PAGE_ITEMS = 500, PAGE_LOOKS = 1024 };

static bool is_full(const struct queue_page *page)
{
	return page->list->n_data >= PAGE_ITEMS || (page->looks >= PAGE_LOOKS && !page->filter->message);
}

/* The next page goes on here. */
static void end_page(struct queue_page *page, struct span place)
{
	struct key next = { 0 };
	key_u8(&next, page->section);
	key_bytes(&next, place);
	page->list->has_next = 1;
	page->list->next = record_bytes(page->inquiry->arena, key_span(&next));
}

static bool is_meant(const struct queue_page *page, const char *peer)
{
	const char *only = page->filter->peer;
	return !only || !*only || !strcasecmp(only, peer);
}

/* ── what is signed and has no receipt ────────────────────────────────────────────────────────── */

static enum fault add_if_unconfirmed(struct queue_page *page, const struct manifest *manifest, size_t i)
{
	struct inquiry *inquiry = page->inquiry;
	struct key key = key_of_message(manifest->from, manifest->entries[i].message_id);
	if (manifest->entries[i].index)
		return OK;
	Comity__MessageState *state = record_find(inquiry->txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor,
		inquiry->arena);
	if (!state || state->transport != COMITY__TRANSPORT__VALUE__SENT)
		return inquiry_fault(inquiry);
	return queue_add_message(page, state, COMITY__LANE__VALUE__UNSPECIFIED);
}

static enum fault add_unconfirmed(struct queue_page *page, uint64_t number)
{
	struct manifest manifest;
	struct arena arena;
	enum fault fault = OK;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__StoredManifest *held = chain_find(page->inquiry->txn, page->peer.id, DIRECTION_OURS, number, &arena);
	bool is_dispatch = held && !manifest_read(span_of_binary(held->text), &arena, &manifest) &&
		manifest.purpose == PURPOSE_DISPATCH;
	for (size_t i = 0; is_dispatch && !fault && i < manifest.count; i++)
		fault = add_if_unconfirmed(page, &manifest, i);
	arena_clear(&arena);
	page->looks++;
	return fault ? fault : inquiry_fault(page->inquiry);
}

/* Up to where all was receipted when somebody looked last nobody needs to look again: a chain may be years long. */
static enum fault list_chain(struct queue_page *page, uint64_t from)
{
	struct outbox *outbox = page->inquiry->rooms->outbox;
	const char *peer = page->peer.id;
	uint64_t settled = outbox_settled_up_to(outbox, peer);
	uint64_t last = chain_head(page->inquiry->txn, peer, DIRECTION_OURS).number;
	uint64_t number = from > settled ? from : settled + 1;
	for (; number <= last && !is_full(page); number++) {
		size_t before = page->list->n_data;
		TRY(add_unconfirmed(page, number));
		if (page->list->n_data == before && settled == number - 1)
			settled = number;
	}
	outbox_settle_up_to(outbox, peer, settled);
	struct key place = key_of_peer(peer);
	key_u64(&place, number);
	if (number <= last)
		end_page(page, key_span(&place));
	return OK;
}

static enum fault list_signed(struct queue_page *page, struct span after)
{
	struct span key, value;
	struct walk walk;
	const char *peer = "", *first = "";
	uint64_t from = 1;
	enum fault fault = OK;
	if (after.len && (!key_take_text(&after, &first) || !key_take_u64(&after, &from)))
		return fault_say(FAULT_USAGE, "no page ended there");
	struct key start = key_of_peer(first);
	walk_from(&walk, page->inquiry->txn, TABLE_PEERS, (struct span){ 0 }, *first ? key_span(&start) : (struct span){ 0 });
	while (!fault && !page->list->has_next && walk_next(&walk, &key, &value)) {
		if (!key_take_text(&key, &peer) || !is_meant(page, peer))
			continue;
		fault = queue_meet(page, peer);
		if (!fault)
			fault = list_chain(page, strcmp(peer, first) ? 1 : from);
	}
	walk_end(&walk);
	return fault ? fault : inquiry_fault(page->inquiry);
}

/* ── what lies in a table ─────────────────────────────────────────────────────────────────────── */

static enum fault add_wanted(struct queue_page *page, struct span key, struct span value)
{
	const char *peer, *message = page->filter->message;
	Comity__Wanted *wanted = record_read(page->inquiry->txn, value, &comity__wanted__descriptor, page->inquiry->arena);
	if (!wanted || !wanted->message_id || !key_take_text(&key, &peer) || !is_meant(page, peer))
		return OK;
	if (message && strncmp(wanted->message_id, message, strlen(message)))
		return OK;
	TRY(queue_meet(page, peer));
	return queue_add_attachment(page, wanted);
}

static enum fault add_waiting(struct queue_page *page, struct span key, struct span id)
{
	struct inquiry *inquiry = page->inquiry;
	const char *peer;
	uint8_t lane;
	char message_id[UUID_TEXT_SIZE];
	if (!key_take_text(&key, &peer) || !key_take_u8(&key, &lane) || id.len != UUID_SIZE || !is_meant(page, peer))
		return OK;
	uuid_text(message_id, id.at);
	struct key seen = key_of_message(identity_authority(inquiry->rooms->identity), message_id);
	Comity__MessageState *state = record_find(inquiry->txn, TABLE_SEEN, key_span(&seen), &comity__message_state__descriptor,
		inquiry->arena);
	if (!state)
		return inquiry_fault(inquiry);
	TRY(queue_meet(page, peer));
	return queue_add_message(page, state, (outbox_lane)lane);
}

static enum fault list_table(struct queue_page *page, enum table table, struct span after,
	enum fault (*add)(struct queue_page *page, struct span key, struct span value))
{
	struct span key, value;
	struct walk walk;
	struct key place = { 0 };
	enum fault fault = OK;
	key_bytes(&place, after);
	walk_from(&walk, page->inquiry->txn, table, (struct span){ 0 }, after);
	while (!fault && walk_next(&walk, &key, &value)) {
		if (after.len && span_equal(key, after))
			continue;
		if (is_full(page)) {
			end_page(page, key_span(&place));
			break;
		}
		page->looks++;
		place.len = 0;
		key_bytes(&place, key);
		fault = add(page, key, value);
	}
	walk_end(&walk);
	return fault ? fault : inquiry_fault(page->inquiry);
}

static enum fault list_wanted(struct queue_page *page, struct span after)
{
	return list_table(page, TABLE_WANTED, after, add_wanted);
}

static enum fault list_lanes(struct queue_page *page, struct span after)
{
	return list_table(page, TABLE_OUTBOX, after, add_waiting);
}

/* ── attachments of ours that wait at a peer ──────────────────────────────────────────────────── */

static enum fault add_refused(struct queue_page *page, const struct wait_told *wait)
{
	struct inquiry *inquiry = page->inquiry;
	const char *message = page->filter->message;
	struct key key = key_of_message(identity_authority(inquiry->rooms->identity), wait->message_id);
	if (message && strncmp(wait->message_id, message, strlen(message)) != 0)
		return OK;
	const Comity__MessageState *state = record_find(inquiry->txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor,
		inquiry->arena);
	if (!state || !is_meant(page, state->to))
		return inquiry_fault(inquiry);
	TRY(queue_meet(page, state->to));
	return queue_add_refused(page, state, wait);
}

/* The place is how many were told: what comes or goes between two pages may be told twice or not at all, and is by the next
 * list. */
static enum fault list_refused(struct queue_page *page, struct span after)
{
	const struct waits *waits = page->inquiry->rooms->waits;
	uint64_t told = 0, number = 0;
	if (after.len && !key_take_u64(&after, &told))
		return fault_say(FAULT_USAGE, "no page ended there");
	for (const struct wait *wait = waits_next(waits, NULL); wait; wait = waits_next(waits, wait), number++) {
		struct key place = { 0 };
		struct wait_told one = wait_tell(wait);
		key_u64(&place, number);
		if (is_full(page)) {
			end_page(page, key_span(&place));
			return OK;
		}
		if (number >= told)
			TRY(add_refused(page, &one));
	}
	return OK;
}

/* ── pages ────────────────────────────────────────────────────────────────────────────────────── */

enum { SECTION_WANTED = 1, SECTION_REFUSED = 3 };
static enum fault (*const sections[])(struct queue_page *page, struct span after) = {
	list_signed, [SECTION_WANTED] = list_wanted, list_lanes, [SECTION_REFUSED] = list_refused,
};

static enum fault list_all(struct queue_page *page, struct span after)
{
	if (after.len && !key_take_u8(&after, &page->section))
		return FAULT_INTERNAL;
	for (; page->section < ARRAY_LEN(sections) && !page->list->has_next; page->section++) {
		TRY(sections[page->section](page, after));
		after.len = 0;
	}
	return OK;
}

/* One message of ours, its attachments that wait at the peer, or the attachments of one of theirs. */
static enum fault list_one(struct queue_page *page, struct span after)
{
	struct inquiry *inquiry = page->inquiry;
	Comity__MessageState *state;
	if (after.len)
		return list_all(page, after);
	enum fault fault = outbox_find(inquiry->rooms->outbox, inquiry->txn, page->filter->message, inquiry->arena, &state);
	if (fault == FAULT_NOT_FOUND) {
		page->section = SECTION_WANTED;
		TRY(list_wanted(page, after));
		TRY(list_refused(page, after));
		return page->list->n_data ? OK : fault;
	}
	TRY(fault);
	TRY(queue_meet(page, state->to));
	return queue_add_message(page, state, state->transport == COMITY__TRANSPORT__VALUE__QUEUED ? outbox_lane_of(state) :
		COMITY__LANE__VALUE__UNSPECIFIED);
}

enum fault queue_look(struct inquiry *inquiry, const Comity__QueueFilter *filter, Comity__QueueList **list)
{
	struct queue_page page = { .inquiry = inquiry, .filter = filter };
	struct span after = filter->has_after ? span_of_binary(filter->after) : (struct span){ 0 };
	Comity__Peer *peer;
	if (!inquiry_make(inquiry, &comity__queue_list__descriptor, &page.list))
		return inquiry_fault(inquiry);
	if (filter->peer && *filter->peer)
		TRY(registry_find(inquiry->txn, filter->peer, inquiry->arena, &peer));
	page.list->schema = "comity.queue/1";
	page.list->generated_at = reply_stamp(inquiry, stamp_clock());
	*list = page.list;
	return filter->message && *filter->message ? list_one(&page, after) : list_all(&page, after);
}

enum fault answer_queue_list(struct inquiry *inquiry)
{
	inquiry->reply->kind_case = COMITY__REPLY__KIND_QUEUE;
	return queue_look(inquiry, inquiry->call->queue_list, &inquiry->reply->queue);
}
