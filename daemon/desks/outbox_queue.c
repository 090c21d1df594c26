/* What an operator does to a message that waits: find it, hold it, let it go, drop it. */
#include <string.h>

#include "daemon/ledger/events.h"
#include "daemon/desks/outbox_parts.h"
#include "proto/stamp.h"

enum { PREFIX_MIN = 6 };

/* ── finding ──────────────────────────────────────────────────────────────────────────────────── */

/* The bytes that a prefix of an id fixes: whole pairs of digits up to its first dash. */
static bool front_of(const char *name, struct key *front)
{
	uint8_t bytes[UUID_SIZE];
	size_t digits = strcspn(name, "-") & ~(size_t)1;
	if (strlen(name) < PREFIX_MIN || digits > 2 * UUID_SIZE ||
	    !hex_read(bytes, digits / 2, (struct span){ (const uint8_t *)name, digits }))
		return false;
	key_bytes(front, (struct span){ bytes, digits / 2 });
	return true;
}

static bool is_on_its_way(const Comity__MessageState *state)
{
	return state->transport == COMITY__TRANSPORT__VALUE__QUEUED || state->transport == COMITY__TRANSPORT__VALUE__SENT;
}

enum fault outbox_find(struct outbox *outbox, struct txn *txn, const char *name, struct arena *arena,
	Comity__MessageState **found)
{
	struct key front = key_of_peer(identity_authority(outbox->identity));
	struct span key, value;
	struct walk walk;
	size_t matches = 0;
	if (!front_of(name, &front))
		return fault_say(FAULT_NOT_FOUND, "\"%.40s\" is neither a peer nor the beginning of a message's id", name);
	walk_from(&walk, txn, TABLE_SEEN, key_span(&front), (struct span){ 0 });
	while (matches < 2 && walk_next(&walk, &key, &value)) {
		Comity__MessageState *state = record_read(txn, value, &comity__message_state__descriptor, arena);
		if (!state || strncmp(state->message_id, name, strlen(name)) || !is_on_its_way(state))
			continue;
		*found = state;
		matches++;
	}
	walk_end(&walk);
	if (txn->fault)
		return txn->fault;
	return matches == 1 ? OK : matches ? fault_say(FAULT_AMBIGUOUS, "\"%s\" may be several messages: give more of the id", name) :
		fault_say(FAULT_NOT_FOUND, "no message \"%s\" of ours is on its way", name);
}

/* ── doing ────────────────────────────────────────────────────────────────────────────────────── */

static void tell(struct txn *txn, const Comity__MessageState *state, const char *type, const char *text, uint32_t uid)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.axis = "transport";
	data.request = state->reference;
	data.request_id = state->request_id;
	data.peer = state->to;
	data.message_id = state->message_id;
	data.text = (char *)text;
	data.has_actor_uid = 1;
	data.actor_uid = uid;
	data.n_acts = state->n_acts;
	data.acts = state->acts;
	events_append(txn, type, state->reference ? state->reference : state->to, &data);
}

static enum fault must_wait(const Comity__MessageState *state)
{
	if (state->transport == COMITY__TRANSPORT__VALUE__QUEUED)
		return OK;
	return fault_say(FAULT_ALREADY_SIGNED, "message %s is in our signed manifest %llu", state->message_id,
		(unsigned long long)state->manifest);
}

enum fault outbox_hold(struct outbox *outbox, struct txn *txn, Comity__MessageState *state, const char *reason, uint32_t uid)
{
	char now[STAMP_SIZE];
	Comity__Hold hold = COMITY__HOLD__INIT;
	TRY(must_wait(state));
	stamp_now(now);
	hold.has_kind = hold.has_actor_uid = 1;
	hold.kind = COMITY__HOLD_KIND__VALUE__OPERATOR;
	hold.at = now;
	hold.reason = (char *)reason;
	hold.actor_uid = uid;
	state->hold = &hold;
	outbox_keep_state(txn, state);
	outbox_settle_lanes(outbox, txn, state);
	tell(txn, state, EVENT_MESSAGE_HELD, reason, uid);
	state->hold = NULL;		/* it was ours */
	return txn->fault;
}

enum fault outbox_release(struct outbox *outbox, struct txn *txn, Comity__MessageState *state, uint32_t uid)
{
	if (!state->hold)
		return fault_say(FAULT_NOT_FOUND, "message %s is not held itself", state->message_id);
	state->hold = NULL;
	outbox_keep_state(txn, state);
	outbox_settle_lanes(outbox, txn, state);
	outbox_touch(outbox, state->to);
	tell(txn, state, EVENT_MESSAGE_RELEASED, NULL, uid);
	return txn->fault;
}

enum fault outbox_drop(struct outbox *outbox, struct txn *txn, Comity__MessageState *state, const char *reason, uint32_t uid)
{
	TRY(must_wait(state));
	struct key waits = outbox_key_of(state, outbox_lane_of(state)), record = outbox_key_of(state, LANE(WITHDRAWN));
	struct key id = key_of_uuid(state->message_id);
	txn_use_reserve(txn);	/* it shrinks what waits */
	txn_delete(txn, TABLE_OUTBOX, key_span(&waits));
	txn_put(txn, TABLE_OUTBOX, key_span(&record), key_span(&id));
	state->transport = COMITY__TRANSPORT__VALUE__WITHDRAWN;
	state->reason = "withdrawn";
	state->reason_text = (char *)reason;
	state->has_lane = 0;
	state->hold = NULL;
	outbox_keep_state(txn, state);
	outbox_settle_lanes(outbox, txn, state);
	outbox_touch(outbox, state->to);
	tell(txn, state, EVENT_MESSAGE_WITHDRAWN, reason, uid);
	return txn->fault;
}
