/* What operators do to the queue and to the whole daemon: hold, release, retry, drop, drain. */
#include <stdio.h>
#include <string.h>

#include "certs/authority.h"
#include "daemon/law/casework.h"
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/fetcher.h"
#include "daemon/ledger/hold.h"
#include "daemon/desks/outbox.h"
#include "daemon/line/peers.h"
#include "daemon/desks/registry.h"

#define OPERATOR COMITY__HOLD_KIND__VALUE__OPERATOR

static enum fault reply_done(struct inquiry *inquiry, const char *peer, const char *text)
{
	Comity__Done *done;
	if (!inquiry_make(inquiry, &comity__done__descriptor, &done))
		return inquiry_fault(inquiry);
	done->schema = "comity.done/1";
	done->peer = record_text(inquiry->arena, peer);
	done->text = record_text(inquiry->arena, text);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DONE;
	inquiry->reply->done = done;
	return inquiry_fault(inquiry);
}

/* What a call speaks of: a peer, when there is one of that name, else a message of ours on its way. */
struct subject {
	Comity__Peer *peer;
	Comity__MessageState *message;
};

static enum fault find_subject(struct inquiry *inquiry, const Comity__QueueChange *call, struct subject *subject)
{
	*subject = (struct subject){ 0 };
	if (!call->subject || !*call->subject)
		return fault_say(FAULT_USAGE, "neither a peer nor a message is named");
	enum fault fault = registry_find(inquiry->txn, call->subject, inquiry->arena, &subject->peer);
	if (fault != FAULT_PEER_UNKNOWN)
		return fault;
	return outbox_find(inquiry->rooms->outbox, inquiry->txn, call->subject, inquiry->arena, &subject->message);
}

/* ── hold and release ─────────────────────────────────────────────────────────────────────────── */

enum fault change_queue_hold(struct inquiry *inquiry)
{
	const Comity__QueueChange *call = inquiry->call->queue_hold;
	struct subject subject;
	TRY(find_subject(inquiry, call, &subject));
	if (subject.message) {
		TRY(outbox_hold(inquiry->rooms->outbox, inquiry->txn, subject.message, call->reason, inquiry->uid));
		return reply_done(inquiry, subject.message->to, "held, and with it what comes after it in its request");
	}
	hold_set(inquiry->txn, subject.peer->authority, OPERATOR, call->reason, inquiry->uid);
	return reply_done(inquiry, subject.peer->authority, "held: nothing new is sent to it; what it sends is taken");
}

enum fault change_queue_release(struct inquiry *inquiry)
{
	const Comity__QueueChange *call = inquiry->call->queue_release;
	struct subject subject;
	TRY(find_subject(inquiry, call, &subject));
	if (subject.message) {
		TRY(outbox_release(inquiry->rooms->outbox, inquiry->txn, subject.message, inquiry->uid));
		return reply_done(inquiry, subject.message->to, "released");
	}
	if (!hold_clear(inquiry->txn, subject.peer->authority))
		return fault_say(FAULT_NOT_FOUND, "the traffic with %s is not held", subject.peer->authority);
	outbox_touch(inquiry->rooms->outbox, subject.peer->authority);
	return reply_done(inquiry, subject.peer->authority, "released");
}

/* ── drop ─────────────────────────────────────────────────────────────────────────────────────── */

enum fault change_queue_drop(struct inquiry *inquiry)
{
	const Comity__QueueChange *call = inquiry->call->queue_drop;
	Comity__MessageState *state;
	TRY(outbox_find(inquiry->rooms->outbox, inquiry->txn, call->subject ? call->subject : "", inquiry->arena, &state));
	TRY(outbox_drop(inquiry->rooms->outbox, inquiry->txn, state, call->reason, inquiry->uid));
	TRY(casework_dropped(inquiry->rooms->casework, inquiry->txn, state, inquiry->arena));
	return reply_done(inquiry, state->to, "dropped; the signed record of that follows to the other side");
}

/* ── try now: on the loop, nothing is written ─────────────────────────────────────────────────── */

static enum fault try_now(struct inquiry *inquiry, const char *peer)
{
	struct span key, value;
	struct walk walk;
	const char *id;
	fetcher_retry(inquiry->rooms->fetcher);
	if (peer) {
		peers_dial_now(inquiry->rooms->peers, peer);
		return OK;
	}
	walk_from(&walk, inquiry->txn, TABLE_PEERS, (struct span){ 0 }, (struct span){ 0 });
	while (walk_next(&walk, &key, &value))
		if (key_take_text(&key, &id))
			peers_dial_now(inquiry->rooms->peers, id);
	walk_end(&walk);
	return inquiry->txn->fault;
}

enum fault answer_queue_flush(struct inquiry *inquiry)
{
	const char *name = inquiry->call->queue_flush->peer;
	Comity__Peer *peer = NULL;
	if (name && *name)
		TRY(registry_find(inquiry->txn, name, inquiry->arena, &peer));
	TRY(try_now(inquiry, peer ? peer->authority : NULL));
	return reply_done(inquiry, peer ? peer->authority : NULL, "tried now; the pauses between attempts begin anew");
}

enum fault answer_queue_retry(struct inquiry *inquiry)
{
	struct subject subject;
	TRY(find_subject(inquiry, inquiry->call->queue_retry, &subject));
	const char *peer = subject.peer ? subject.peer->authority : subject.message->to;
	TRY(try_now(inquiry, peer));
	return reply_done(inquiry, peer, "tried now");
}

/* ── the whole daemon ─────────────────────────────────────────────────────────────────────────── */

enum fault change_daemon_hold(struct inquiry *inquiry)
{
	hold_set(inquiry->txn, HOLD_EVERYBODY, OPERATOR, inquiry->call->daemon_hold->reason, inquiry->uid);
	return reply_done(inquiry, NULL, "held: nothing new is sent to anybody; receiving and receipts go on");
}

enum fault answer_daemon_drain(struct inquiry *inquiry)
{
	struct control *control = control_of(inquiry->rooms);
	control->is_draining = inquiry->call->daemon_drain->on;
	return reply_done(inquiry, NULL, control->is_draining ? "draining: no submissions are taken until the daemon is started anew" : "submissions are taken again");
}
