/* Watching: events in their order, from a number on, as they are committed.
 *
 * Each batch is read in a short transaction and sent as one reply; the next follows when the client has taken the
 * last, so a client that does not read holds one batch of memory and nothing else. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/law/casework.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/consumers.h"
#include "daemon/ledger/events.h"
#include "proto/unpack.h"

enum { WATCH_BATCH = 256 };

struct watch {
	uint64_t seq;			/* the stream has come up to here */
	uint64_t left;			/* how many may still be told */
	bool follows, has_told;
	char request_id[40];		/* only of this request; "" all */
};

static bool is_of(const struct watch *watch, const Comity__Event *event)
{
	return !watch->request_id[0] ||
		(event->data && event->data->request_id && !strcmp(event->data->request_id, watch->request_id));
}

/* Of a case that is another officer's not even that it moves is told, where officers see their own: articles 12, 18(20). */
static bool is_for(const struct session *session, struct txn *txn, const Comity__Event *event)
{
	struct arena arena;
	if (session->desk != DESK_OFFICER || !session->control->rooms.casework->sees_assigned_only || !event->data || !event->data->request_id)
		return true;
	arena_init(&arena, UNPACK_ARENA);
	struct key key = key_of_uuid(event->data->request_id);
	const Comity__Case *kase = record_find(txn, TABLE_CASES, key_span(&key), &comity__case__descriptor, &arena);
	bool is_seen = kase ? session_sees(session, kase) : !arena.was_refused;
	arena_clear(&arena);
	return is_seen;
}

/* The next events into the list, up to a batch of those looked at. */
static enum fault gather(struct watch *watch, struct inquiry *inquiry, Comity__EventList *list, bool *is_at_end)
{
	const char *own_id = inquiry->rooms->casework->own_id;
	uint64_t last = events_last(inquiry->txn);
	for (int i = 0; i < WATCH_BATCH && watch->seq < last && watch->left; i++) {
		Comity__Event *event = events_find(inquiry->txn, own_id, watch->seq + 1, inquiry->arena);
		TRY(inquiry_fault(inquiry));
		if (!event)
			return fault_say(FAULT_EVENTS_EXPIRED, "event %" PRIu64 " is no longer kept; the oldest that is kept is %" PRIu64,
				watch->seq + 1, events_first(inquiry->txn));
		watch->seq++;
		if (!is_of(watch, event) || !is_for(inquiry->session, inquiry->txn, event))
			continue;
		watch->left--;
		if (!record_push(inquiry->arena, &list->n_data, &list->data, &event, sizeof event))
			return inquiry_fault(inquiry);
	}
	*is_at_end = watch->seq >= last;
	return OK;
}

static enum fault read_batch(struct session *session, struct arena *arena, Comity__EventList *list, bool *is_at_end)
{
	struct txn txn;
	struct inquiry inquiry = { .rooms = &session->control->rooms, .txn = &txn, .arena = arena, .session = session };
	TRY(txn_begin(inquiry.rooms->store, TXN_READ, &txn));
	enum fault fault = gather(session->state, &inquiry, list, is_at_end);
	if (!fault)
		fault = txn.fault;
	txn_abort(&txn);
	return fault;
}

/* One batch.  An empty one is told at the beginning, so that the client knows that it is listened to, and whenever
 * there is more to look at, for its being written is what drives the next. */
static void tell(struct session *session)
{
	struct watch *watch = session->state;
	struct arena arena;
	bool is_at_end = false;
	Comity__EventList list = COMITY__EVENT_LIST__INIT;
	Comity__Reply reply = COMITY__REPLY__INIT;
	if (session_is_congested(session))
		return;
	arena_init(&arena, SESSION_ARENA);
	enum fault fault = read_batch(session, &arena, &list, &is_at_end);
	bool more = watch->left && (watch->follows || !is_at_end);
	list.schema = "comity.event-list/1";
	list.has_seq = 1;
	list.seq = watch->seq;
	reply.kind_case = COMITY__REPLY__KIND_EVENTS;
	reply.events = &list;
	if (fault)
		session_refuse(session, fault);
	else if (list.n_data || !watch->has_told || !is_at_end || !more) {
		watch->has_told = true;
		session_reply(session, &reply, more);
	}
	arena_clear(&arena);
}

static bool wants_more(struct session *session)
{
	(void)session;
	return true;	/* nothing, but its end must be noticed */
}

static void ended(struct session *session)
{
	(void)session;	/* the state dies with the arena */
}

static const struct pursuit watching = {
	.wants_more = wants_more, .drained = tell, .announced = tell, .ended = ended,
};

/* A number alone may be of a store that is no more; with its epoch it is sure which event was meant. */
static enum fault check_since(struct txn *txn, const Comity__Watch *call, const char *own_id)
{
	uint64_t last = events_last(txn);
	uint32_t epoch = events_epoch(txn, call->since);
	if (call->authority && strcasecmp(call->authority, own_id))
		return fault_say(FAULT_USAGE, "that event is of %.40s; this is %s", call->authority, own_id);
	if (call->has_epoch && call->since && call->epoch != epoch)
		return fault_say(FAULT_ANOTHER_EPOCH, "event %" PRIu64 " of epoch %u is no event of this store: here that number is of epoch %u",
			call->since, call->epoch, epoch);
	if (call->since > last)
		return fault_say(FAULT_EVENTS_EXPIRED, "there is no event %" PRIu64 ": the newest is %" PRIu64
			"; this store is older than the one that told you", call->since, last);
	return OK;
}

/* Where it is; what that place does not name is not chosen: who hears of one request only has not dealt with the others. */
static enum fault begin_at_consumer(struct txn *txn, const Comity__Watch *call, struct arena *arena, struct watch *watch)
{
	const Comity__Consumer *consumer = consumer_find(txn, call->consumer, arena);
	if (call->has_since || (call->ref && *call->ref))
		return fault_say(FAULT_USAGE, "a consumer hears all events, from where it is: neither since nor ref go with it");
	if (!consumer)
		return txn->fault ? txn->fault : fault_say(FAULT_NOT_FOUND, "there is no consumer \"%.60s\"", call->consumer);
	watch->seq = consumer->seq;
	return OK;
}

static enum fault start(struct session *session, struct watch *watch)
{
	const Comity__Watch *call = session->call->watch;
	struct txn txn;
	Comity__Case *kase = NULL;
	enum fault fault = OK;
	TRY(txn_begin(session->control->rooms.store, TXN_READ, &txn));
	if (call->ref && *call->ref)
		fault = session_find_case(session, &txn, call->ref, &session->arena, &kase);
	uint64_t last = events_last(&txn), first = events_first(&txn);
	if (!fault && call->consumer && *call->consumer)
		fault = begin_at_consumer(&txn, call, &session->arena, watch);
	else if (!fault && call->has_since && !call->from_first)
		fault = check_since(&txn, call, session->control->rooms.casework->own_id);
	if (!fault)
		fault = txn.fault;
	txn_abort(&txn);
	if (!fault && kase)
		snprintf(watch->request_id, sizeof watch->request_id, "%s", kase->request_id);
	if (call->from_first)
		watch->seq = first ? first - 1 : last;
	else if (!call->consumer || !*call->consumer)
		watch->seq = call->has_since ? call->since : last;
	watch->left = call->limit ? call->limit : UINT64_MAX;
	watch->follows = call->follow;
	return fault;
}

void pursue_watch(struct session *session)
{
	struct watch *watch = arena_alloc(&session->arena, sizeof *watch);
	enum fault fault = watch ? start(session, watch) : FAULT_NO_MEMORY;
	if (fault) {
		session_refuse(session, fault);
		return;
	}
	session->state = watch;
	session->pursuit = &watching;
	tell(session);
}
