#include "daemon/desks/supplier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger/blobs.h"
#include "daemon/line/peers.h"
#include "daemon/line/throttle.h"
#include "daemon/ledger/porter.h"
#include "proto/frame.h"
#include "proto/manifest.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum {
	ORDERS_MAX = 16,			/* of one peer, waiting */
	READ_SIZE = 4 * BULK_SIZE_MAX,		/* from the disk at once */
	READ_ALL = 8 << 20,			/* the same of all peers: in like parts, and one frame each at least */
	OPEN_MAX = 16,				/* so many peers' attachments stay open between two pieces */
};

/* One fetch. */
struct order {
	struct order *next;
	struct fetch fetch;
	uint8_t request[UUID_SIZE];
	uint64_t done;				/* bytes sent of it */
};

/* The orders of one line, worked off in turn. */
struct counter {
	struct counter *next;
	struct supplier *supplier;
	uint64_t link_id;
	char peer[MANIFEST_ID_SIZE];
	struct order *first, *last;
	size_t count;
	bool is_reading;
	struct errand errand;
	struct lane lane;
	struct turn turn;			/* when its peer may have more */
	struct blob *blob;			/* the porter's */
	struct fetch open;			/* what the blob is of; told by its digest */
	uint8_t *buffer;			/* `want` bytes, from the reading until they are said */
	size_t want, got;
	bool is_brief;				/* the blob is closed again at once: there are many */
	uint64_t from;
	enum fault fault;
};

struct supplier {
	struct supplier_rooms rooms;
	struct counter *counters;
};

static void serve(struct counter *counter);

static void drop_first(struct counter *counter)
{
	struct order *order = counter->first;
	counter->first = order->next;
	if (!counter->first)
		counter->last = NULL;
	counter->count--;
	free(order);
}

/* ── on the porter's thread ───────────────────────────────────────────────────────────────────── */

static void read_piece(struct errand *errand)
{
	struct counter *counter = container_of(errand, struct counter, errand);
	const struct order *order = counter->first;
	counter->got = 0;
	counter->fault = OK;
	if (!counter->blob || memcmp(counter->open.sha256, order->fetch.sha256, DIGEST_SIZE) ||
	    memcmp(counter->open.message_id, order->fetch.message_id, UUID_SIZE)) {
		blob_close(counter->blob);
		counter->blob = NULL;
		struct blob_id id = { order->request, order->fetch.sha256 };
		counter->fault = blob_open(counter->supplier->rooms.blobs, id, &counter->blob);
		counter->open = order->fetch;
	}
	if (!counter->fault && !(counter->buffer = malloc(counter->want)))
		counter->fault = FAULT_NO_MEMORY;
	if (!counter->fault)
		counter->fault = blob_read(counter->blob, counter->from, counter->buffer, counter->want, &counter->got);
	if (!counter->fault && counter->got < counter->want)
		counter->fault = FAULT_STORE_BROKEN;	/* shorter than it was announced */
	if (counter->is_brief) {
		blob_close(counter->blob);
		counter->blob = NULL;
	}
}

static void close_blob(struct errand *errand)
{
	struct counter *counter = container_of(errand, struct counter, errand);
	blob_close(counter->blob);
	counter->blob = NULL;
}

/* ── on the loop ──────────────────────────────────────────────────────────────────────────────── */

static void counter_free(struct counter *counter)
{
	while (counter->first)
		drop_first(counter);
	free(counter->buffer);
	free(counter);
}

static void unlink_counter(struct counter *counter)
{
	struct counter **at = &counter->supplier->counters;
	while (*at != counter)
		at = &(*at)->next;
	*at = counter->next;
}

static void on_closed(struct errand *errand)
{
	struct counter *counter = container_of(errand, struct counter, errand);
	unlink_counter(counter);
	counter_free(counter);
}

/* The line is gone: so are its orders. */
static void wind_up(struct counter *counter)
{
	throttle_forget(counter->supplier->rooms.throttle, &counter->turn);
	counter->is_reading = true;
	counter->errand = (struct errand){ .work = close_blob, .done = on_closed, .lane = &counter->lane };
	porter_add(counter->supplier->rooms.porter, &counter->errand);
}

static void send_piece(struct counter *counter, struct link *link)
{
	struct order *order = counter->first;
	for (size_t sent = 0; sent < counter->got; ) {
		size_t size = counter->got - sent < BULK_SIZE_MAX ? counter->got - sent : BULK_SIZE_MAX;
		link_send_bulk(link, order->fetch.stream, counter->from + sent, (struct span){ counter->buffer + sent, size });
		sent += size;
	}
	order->done += counter->got;
	if (order->done == order->fetch.length)
		drop_first(counter);
}

static void on_read(struct errand *errand)
{
	struct counter *counter = container_of(errand, struct counter, errand);
	struct link *link = counter->link_id ? peers_find_link_by_id(counter->supplier->rooms.peers, counter->link_id) : NULL;
	counter->is_reading = false;
	if (link && counter->fault) {
		link_send_missing(link, counter->first->fetch.stream, fault_slug(counter->fault));
		drop_first(counter);
	} else if (link) {
		send_piece(counter, link);
	}
	free(counter->buffer);
	counter->buffer = NULL;
	serve(counter);
}

static size_t count_counters(const struct supplier *supplier)
{
	size_t count = 0;
	for (const struct counter *counter = supplier->counters; counter; counter = counter->next)
		count++;
	return count;
}

static size_t fair_piece(size_t count)
{
	size_t share = READ_ALL / (count ? count : 1);
	return share > READ_SIZE ? READ_SIZE : share < BULK_SIZE_MAX ? BULK_SIZE_MAX : share;
}

static void serve(struct counter *counter)
{
	if (counter->is_reading)
		return;
	struct link *link = counter->link_id ? peers_find_link_by_id(counter->supplier->rooms.peers, counter->link_id) : NULL;
	if (!link) {
		wind_up(counter);
		return;
	}
	if (!counter->first || link_is_bulk_congested(link))
		return;
	struct order *order = counter->first;
	struct throttle *throttle = counter->supplier->rooms.throttle;
	uint64_t left = order->fetch.length - order->done;
	size_t count = count_counters(counter->supplier);
	size_t piece = throttle_piece(throttle, BULK_SIZE_MAX, fair_piece(count));
	counter->want = left < piece ? (size_t)left : piece;
	if (!throttle_take(throttle, counter->peer, counter->want, &counter->turn))
		return;
	counter->from = order->fetch.offset + order->done;
	counter->is_reading = true;
	counter->is_brief = count > OPEN_MAX;
	counter->errand = (struct errand){ .work = read_piece, .done = on_read, .lane = &counter->lane,
		.bytes = counter->want };
	porter_add(counter->supplier->rooms.porter, &counter->errand);
}

static void on_turn(struct turn *turn)
{
	serve(container_of(turn, struct counter, turn));
}

/* Did a message of ours to this peer announce it, or one of its own to us, if it wants that back? */
static enum fault find(struct supplier *supplier, struct txn *txn, const char *peer, const struct fetch *fetch,
	struct arena *arena, uint8_t request[UUID_SIZE])
{
	char id[UUID_TEXT_SIZE], sha256[DIGEST_HEX_SIZE + 1];
	uuid_text(id, fetch->message_id);
	hex_write(sha256, SPAN(fetch->sha256));
	struct key key = key_of_message(fetch->is_own ? peer : supplier->rooms.own_id, id);
	const char *to = fetch->is_own ? supplier->rooms.own_id : peer;
	struct span raw;
	ProtobufCMessage *unpacked;
	if (!txn_get(txn, TABLE_MESSAGES, key_span(&key), &raw))
		return txn->fault ? txn->fault : FAULT_NOT_FOUND;
	TRY(unpack(&comity__message__descriptor, raw, arena, FAULT_STORE_BROKEN, &unpacked));
	const Comity__Message *message = (const Comity__Message *)unpacked;
	if (!message->to || strcmp(message->to, to) || fetch->index > message->n_attachments || !message->request_id)
		return FAULT_NOT_FOUND;
	const Comity__Attachment *attachment = message->attachments[fetch->index - 1];
	if (!attachment->sha256 || strcmp(attachment->sha256, sha256) || fetch->offset + fetch->length > attachment->size)
		return FAULT_NOT_FOUND;
	return uuid_read(request, span_of_text(message->request_id)) ? OK : FAULT_STORE_BROKEN;
}

static enum fault look_up(struct supplier *supplier, const char *peer, const struct fetch *fetch, uint8_t request[UUID_SIZE])
{
	struct txn txn;
	struct arena arena;
	TRY(txn_begin(supplier->rooms.store, TXN_READ, &txn));
	arena_init(&arena, UNPACK_ARENA);
	enum fault fault = find(supplier, &txn, peer, fetch, &arena, request);
	arena_clear(&arena);
	txn_abort(&txn);
	return fault;
}

static struct counter *counter_of(struct supplier *supplier, uint64_t link_id)
{
	struct counter *counter = supplier->counters;
	while (counter && counter->link_id != link_id)
		counter = counter->next;
	return counter;
}

static struct counter *make_counter(struct supplier *supplier, const struct link *link)
{
	struct counter *counter = calloc(1, sizeof *counter);
	if (!counter)
		return NULL;
	counter->supplier = supplier;
	counter->link_id = link_id(link);
	counter->turn.come = on_turn;
	snprintf(counter->peer, sizeof counter->peer, "%s", link_peer(link));
	counter->next = supplier->counters;
	supplier->counters = counter;
	return counter;
}

void supplier_fetch(struct supplier *supplier, struct link *link, const struct fetch *fetch)
{
	struct counter *counter = counter_of(supplier, link_id(link));
	uint8_t request[UUID_SIZE];
	if (counter && counter->count == ORDERS_MAX) {
		link_close(link, FAULT_OUT_OF_TURN, "more fetches at once than the protocol allows");
		return;
	}
	enum fault fault = look_up(supplier, link_peer(link), fetch, request);
	struct order *order = fault ? NULL : calloc(1, sizeof *order);
	if (!counter && order)
		counter = make_counter(supplier, link);
	if (!order || !counter) {
		free(order);
		link_send_missing(link, fetch->stream, fault_slug(fault ? fault : FAULT_NO_MEMORY));
		return;
	}
	order->fetch = *fetch;
	memcpy(order->request, request, UUID_SIZE);
	if (counter->last)
		counter->last->next = order;
	else
		counter->first = order;
	counter->last = order;
	counter->count++;
	serve(counter);
}

void supplier_drained(struct supplier *supplier, struct link *link)
{
	struct counter *counter = counter_of(supplier, link_id(link));
	if (counter)
		serve(counter);
}

void supplier_closed(struct supplier *supplier, struct link *link)
{
	struct counter *counter = counter_of(supplier, link_id(link));
	if (!counter)
		return;
	counter->link_id = 0;
	serve(counter);
}

enum fault supplier_open(const struct supplier_rooms *rooms, struct supplier **supplier)
{
	*supplier = calloc(1, sizeof **supplier);
	if (!*supplier)
		return FAULT_NO_MEMORY;
	(*supplier)->rooms = *rooms;
	return OK;
}

void supplier_close(struct supplier *supplier)
{
	if (!supplier)
		return;
	for (struct counter *counter = supplier->counters, *next; counter; counter = next) {
		next = counter->next;
		blob_close(counter->blob);
		counter_free(counter);
	}
	free(supplier);
}
