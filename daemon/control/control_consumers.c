/* Named consumers of the events: added, shown, moved on, removed (daemon/ledger/consumers.h).  Watching as one: control_watch.c. */
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/consumers.h"
#include "daemon/ledger/events.h"
#include "proto/stamp.h"

static int64_t gone_since(const struct inquiry *inquiry)
{
	return inquiry->rooms->consumer_lag_ms < 0 ? INT64_MIN : stamp_clock() - inquiry->rooms->consumer_lag_ms * 1000;
}

static Comity__ConsumerView *view_of(struct inquiry *inquiry, const Comity__Consumer *consumer)
{
	Comity__ConsumerView *view = arena_alloc(inquiry->arena, sizeof *view);
	if (!view)
		return NULL;
	uint64_t last = events_last(inquiry->txn);
	comity__consumer_view__init(view);
	view->name = consumer->name;
	view->has_seq = view->has_epoch = view->has_lag = view->has_gone = 1;
	view->seq = consumer->seq;
	view->epoch = events_epoch(inquiry->txn, consumer->seq);
	view->lag = last > consumer->seq ? last - consumer->seq : 0;
	view->gone = consumer_is_gone(consumer, gone_since(inquiry));
	view->added_at = consumer->added_at;
	view->heard_at = consumer->heard_at;
	view->has_actor_uid = consumer->has_actor_uid;
	view->actor_uid = consumer->actor_uid;
	return view;
}

enum fault answer_consumer_list(struct inquiry *inquiry)
{
	Comity__ConsumerList *list;
	Comity__Consumer **consumers;
	size_t count;
	if (!inquiry_make(inquiry, &comity__consumer_list__descriptor, &list) ||
	    !consumers_list(inquiry->txn, inquiry->arena, &consumers, &count))
		return inquiry_fault(inquiry);
	list->schema = "comity.consumer-list/1";
	list->has_seq = 1;
	list->seq = events_last(inquiry->txn);
	for (size_t i = 0; i < count; i++) {
		Comity__ConsumerView *view = view_of(inquiry, consumers[i]);
		if (!view || !record_push(inquiry->arena, &list->n_data, &list->data, &view, sizeof view))
			return inquiry_fault(inquiry);
	}
	inquiry->reply->kind_case = COMITY__REPLY__KIND_CONSUMERS;
	inquiry->reply->consumers = list;
	return OK;
}

/* As it is now, in the same transaction. */
static enum fault show(struct inquiry *inquiry, const char *name)
{
	const Comity__Consumer *consumer = consumer_find(inquiry->txn, name, inquiry->arena);
	Comity__ConsumerView *view = consumer ? view_of(inquiry, consumer) : NULL;
	if (!view)
		return inquiry_fault(inquiry);
	view->schema = "comity.consumer/1";
	inquiry->reply->kind_case = COMITY__REPLY__KIND_CONSUMER;
	inquiry->reply->consumer = view;
	return OK;
}

/* Unless told, from now on. */
enum fault change_consumer_add(struct inquiry *inquiry)
{
	const Comity__ConsumerChange *call = inquiry->call->consumer_add;
	TRY(consumer_add(inquiry->txn, call->subject, call->has_seq ? call->seq : events_last(inquiry->txn), inquiry->uid));
	return show(inquiry, call->subject);
}

enum fault change_consumer_acknowledge(struct inquiry *inquiry)
{
	const Comity__ConsumerChange *call = inquiry->call->consumer_acknowledge;
	if (!call->has_seq)
		return fault_say(FAULT_USAGE, "up to which event was not said");
	TRY(consumer_acknowledge(inquiry->txn, call->subject, call->seq, call->has_epoch ? &call->epoch : NULL));
	return show(inquiry, call->subject);
}

enum fault change_consumer_remove(struct inquiry *inquiry)
{
	const Comity__ConsumerChange *call = inquiry->call->consumer_remove;
	Comity__Done *done;
	if (!inquiry_make(inquiry, &comity__done__descriptor, &done))
		return inquiry_fault(inquiry);
	TRY(consumer_remove(inquiry->txn, call->subject));
	done->schema = "comity.done/1";
	done->text = "no events are kept for it any more";
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DONE;
	inquiry->reply->done = done;
	return OK;
}
