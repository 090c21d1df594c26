#include "daemon/control/control_lists.h"

#include "daemon/control/control_room.h"
#include "daemon/ledger/events.h"

/* One page ends at the first of these, and has one row at least, or a head that fills it. */
enum {
	PAGE_ROWS = 256,
	PAGE_BYTES = 512 << 10,		/* packed; a row may have a message of 1 MiB, and a frame twice that */
	PAGE_LOOKS = 1024,		/* rows that were looked at, wanted or not: the loop has others to serve */
	PAGE_MEMORY = SESSION_ARENA / 4,
};

static bool is_full(const struct paging *paging, const struct arena *arena, size_t looks)
{
	return (paging->count && *paging->count >= PAGE_ROWS) || paging->bytes >= PAGE_BYTES || looks >= PAGE_LOOKS || arena->used >= PAGE_MEMORY;
}

static enum fault add_row(struct inquiry *inquiry, struct paging *paging, struct span value)
{
	const ProtobufCMessage *row = paging->listing->show(inquiry, paging, value);
	TRY(inquiry_fault(inquiry));
	if (!row)
		return OK;
	paging->place++;
	paging->bytes += protobuf_c_message_get_packed_size(row);
	if (!paging->count)
		return OK;
	return record_push(inquiry->arena, paging->count, paging->data, &row, sizeof row) ? OK : inquiry_fault(inquiry);
}

/* The rows of one table, as far as the page holds them. */
static enum fault gather(struct inquiry *inquiry, struct paging *paging, size_t *looks)
{
	const struct listing *listing = paging->listing;
	struct walk walk;
	struct span key, value;
	enum fault fault = OK;
	(listing->order == NEWEST_FIRST ? walk_last : walk_from)(&walk, inquiry->txn, listing->table,
		key_span(&paging->prefix), key_span(&paging->after));
	while (!fault && !is_full(paging, inquiry->arena, *looks)) {
		if (!walk_next(&walk, &key, &value)) {
			paging->is_at_end = true;
			break;
		}
		if (span_equal(key, key_span(&paging->after)))
			continue;	/* the last one of the page before */
		paging->after.len = 0;
		key_bytes(&paging->after, key);
		++*looks;
		fault = add_row(inquiry, paging, value);
	}
	walk_end(&walk);
	return fault ? fault : inquiry_fault(inquiry);
}

static enum fault read_page(struct inquiry *inquiry, struct paging *paging)
{
	size_t looks = 0;
	paging->bytes = 0;
	for (;;) {
		TRY(paging->listing->open(inquiry, paging));
		TRY(gather(inquiry, paging, &looks));
		if (!paging->is_at_end || !paging->listing->then)
			break;
		paging->listing = paging->listing->then;
		paging->after.len = 0;
		paging->is_at_end = false;
	}
	paging->is_first = false;
	return OK;
}

static void send_page(struct session *session)
{
	struct paging *paging = session->state;
	struct txn txn;
	struct arena arena;
	Comity__Reply reply = COMITY__REPLY__INIT;
	struct inquiry inquiry = {
		.rooms = &session->control->rooms, .txn = &txn, .arena = &arena,
		.call = session->call, .session = session, .uid = session->uid, .reply = &reply,
	};
	arena_init(&arena, SESSION_ARENA);
	enum fault fault = txn_begin(inquiry.rooms->store, TXN_READ, &txn);
	if (!fault)
		fault = read_page(&inquiry, paging);
	txn_abort(&txn);
	if (fault)
		session_refuse(session, fault);
	else
		session_reply(session, &reply, !paging->is_at_end);	/* its being written is what drives the next */
	arena_clear(&arena);
}

static void ended(struct session *session)
{
	(void)session;	/* the state dies with the arena */
}

static const struct pursuit listing_on = { .drained = send_page, .ended = ended };

static enum fault start(struct session *session, struct paging *paging)
{
	struct txn txn;
	struct inquiry inquiry = {
		.rooms = &session->control->rooms, .txn = &txn, .arena = &session->arena, .call = session->call, .session = session,
	};
	stamp_now(paging->generated_at);
	TRY(txn_begin(inquiry.rooms->store, TXN_READ, &txn));
	enum fault fault = paging->listing->narrow ? paging->listing->narrow(&inquiry, &paging->prefix) : OK;
	paging->seq = events_last(&txn);
	if (!fault)
		fault = inquiry_fault(&inquiry);
	txn_abort(&txn);
	return fault;
}

void lists_begin(struct session *session, const struct listing *listing)
{
	struct paging *paging = arena_alloc(&session->arena, sizeof *paging);
	if (paging)
		*paging = (struct paging){ .listing = listing, .is_first = true };
	enum fault fault = paging ? start(session, paging) : FAULT_NO_MEMORY;
	if (fault) {
		session_refuse(session, fault);
		return;
	}
	session->state = paging;
	session->pursuit = &listing_on;
	send_page(session);
}
