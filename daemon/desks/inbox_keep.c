/* What was heard goes into the ledger, with our receipt for it: on the scribe's thread. */
#include "daemon/desks/inbox_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/identity.h"
#include "daemon/ledger/certificates.h"
#include "daemon/ledger/events.h"
#include "daemon/ledger/intake.h"
#include "proto/stamp.h"
#include "proto/unpack.h"

static void reject(Comity__MessageState *state, struct arena *arena, enum fault why)
{
	state->transport = COMITY__TRANSPORT__VALUE__REJECTED;
	state->reason = (char *)fault_slug(why);
	state->reason_text = record_text(arena, fault_detail(why));
	state->attachments_missing = 0;
}

static enum fault check_envelope(const struct arrival *arrival, const struct manifest_entry *entry, const Comity__Message *message)
{
	const char *own = identity_authority(arrival->inbox->identity);
	if (!message->from || !message->to || strcmp(message->from, arrival->manifest.from) || strcmp(message->to, own))
		return fault_say(FAULT_WRONG_ADDRESSEE, "it says it is from %s to %s, and came from %s to %s",
			message->from ? message->from : "nobody", message->to ? message->to : "nobody", arrival->manifest.from, own);
	if (!message->message_id || strcmp(message->message_id, entry->message_id))
		return fault_say(FAULT_BAD_DOCUMENT, "the message does not have the id under which it is listed");
	return OK;
}

/* Judge a new message; what it is refused for, OK otherwise. */
static enum fault judge(struct arrival *arrival, struct txn *txn, const struct manifest_entry *entry, struct span raw,
	Comity__MessageState *state, struct arena *arena)
{
	ProtobufCMessage *unpacked;
	TRY(unpack(&comity__message__descriptor, raw, arena, FAULT_BAD_DOCUMENT, &unpacked));
	const Comity__Message *message = (const Comity__Message *)unpacked;
	TRY(check_envelope(arrival, entry, message));
	state->request_id = message->request_id;
	return arrival->inbox->listener->arrived(arrival->inbox->owner, txn, message, state, arena);
}

static void take_new(struct arrival *arrival, struct txn *txn, struct manifest_entry *entry, struct span raw, struct arena *arena)
{
	struct key key = key_of_message(arrival->manifest.from, entry->message_id);
	char now[STAMP_SIZE];
	stamp_now(now);
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	state.has_number = state.has_sha256 = state.has_size = state.has_transport = state.has_manifest = 1;
	state.has_attachments = state.has_attachments_missing = 1;
	state.number = txn_next(txn, "messages");
	state.message_id = entry->message_id;
	state.from = arrival->manifest.from;
	state.to = arrival->manifest.to;
	state.sha256 = (ProtobufCBinaryData){ DIGEST_SIZE, entry->sha256 };
	state.size = raw.len;
	state.manifest = arrival->manifest.number;
	state.arrived_at = now;
	state.transport = COMITY__TRANSPORT__VALUE__ARRIVED;
	enum fault fault = judge(arrival, txn, entry, raw, &state, arena);
	if (fault && fault_remedy(fault) != REMEDY_REFUSE && fault_remedy(fault) != REMEDY_HANG_UP) {
		txn_fail(txn, fault);	/* our trouble, not theirs: they will try again */
		return;
	}
	if (fault) {
		reject(&state, arena, fault);
		entry->refused = state.reason;
	} else if (!state.attachments_missing) {
		state.transport = COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE;
	}
	record_keep_message(txn, &state, raw);
	/* The receipt follows in this transaction, as our next manifest. */
	state.has_receipt = 1;
	state.receipt = chain_head(txn, state.from, DIRECTION_OURS).number + 1;
	record_keep(txn, TABLE_SEEN, key_span(&key), &state.base);
	events_append_message(txn, fault ? EVENT_INBOX_REJECTED : EVENT_INBOX_ARRIVED, state.from, &state);
}

/* The same id again: the same message gets its receipt again, another one is refused and reported. */
static void note_again(struct arrival *arrival, uint64_t receipt)
{
	for (size_t i = 0; i < arrival->again_count; i++)
		if (arrival->again[i] == receipt)
			return;
	if (receipt && arrival->again_count < AGAIN_MAX)
		arrival->again[arrival->again_count++] = receipt;
}

static void take_again(struct arrival *arrival, struct txn *txn, const Comity__MessageState *seen, struct manifest_entry *entry)
{
	bool is_same = seen->sha256.len == DIGEST_SIZE && !memcmp(seen->sha256.data, entry->sha256, DIGEST_SIZE);
	if (is_same)
		note_again(arrival, seen->receipt);
	if (is_same && seen->transport != COMITY__TRANSPORT__VALUE__REJECTED)
		return;
	entry->refused = is_same && seen->reason ? seen->reason : fault_slug(FAULT_ID_REUSED);
	if (is_same)
		return;
	Comity__MessageState report = *seen;
	report.reason = (char *)fault_slug(FAULT_ID_REUSED);
	memcpy(arrival->reused, entry->message_id, sizeof arrival->reused);
	events_append_message(txn, EVENT_INBOX_REJECTED, report.from, &report);
}

static void take(struct arrival *arrival, struct txn *txn, struct manifest_entry *entry, struct span raw, struct arena *arena)
{
	struct key key = key_of_message(arrival->manifest.from, entry->message_id);
	const Comity__MessageState *seen =
		record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
	if (txn->fault)
		return;
	if (seen)
		take_again(arrival, txn, seen, entry);
	else
		take_new(arrival, txn, entry, raw, arena);
}

/* The messages of a dispatch, then our receipt for them. */
static enum fault keep_dispatch(struct arrival *arrival, struct txn *txn)
{
	struct arena arena;
	size_t count = 0, at = 0;
	struct manifest_entry *receipt = calloc(arrival->message_count + 1, sizeof *receipt);
	if (!receipt)
		return FAULT_NO_MEMORY;
	arena_init(&arena, UNPACK_ARENA);
	for (size_t i = 0; i < arrival->manifest.count && !txn->fault; i++) {
		if (arrival->manifest.entries[i].index)
			continue;
		receipt[count] = arrival->manifest.entries[i];
		receipt[count].refused = NULL;
		take(arrival, txn, &receipt[count], arrival->messages[at++], &arena);
		/* The slug may lie in the arena, which the next message takes over. */
		if (receipt[count].refused)
			receipt[count].refused = fault_slug(fault_from_slug(receipt[count].refused));
		count++;
		arena_reset(&arena);
	}
	if (!txn->fault && count)
		chain_append(txn, arrival->inbox->identity, arrival->manifest.from, PURPOSE_RECEIPT, receipt, count);
	arena_clear(&arena);
	free(receipt);
	return txn->fault;
}

static enum fault keep_receipt(struct arrival *arrival, struct txn *txn)
{
	arrival->inbox->listener->receipted(arrival->inbox->owner, txn, &arrival->manifest);
	return txn->fault;
}

/* What they took back before it left: the chain keeps that they said so, and there is nothing else to do. */
static enum fault keep_withdrawal(struct arrival *arrival, struct txn *txn)
{
	(void)arrival;
	return txn->fault;
}

/* The one that reaches the quota is kept still: a manifest may be larger than what is left of it. */
static bool is_beyond_quota(const struct arrival *arrival, struct txn *txn)
{
	const char *peer = arrival->manifest.from;
	uint64_t quota = arrival->inbox->messages_a_day;
	int64_t now = stamp_clock();
	char detail[160];
	if (arrival->manifest.purpose != PURPOSE_DISPATCH)
		return false;
	uint64_t came = intake_find(txn, peer, now).messages;
	snprintf(detail, sizeof detail, "%" PRIu64 " messages of %s came within a day", came, peer);
	intake_judge(txn, peer, now, came >= quota, detail);
	if (came < quota)
		intake_add(txn, peer, now, arrival->message_count);
	return came >= quota;
}

/* For whoever checks the manifest years later. */
static void keep_chain(const struct arrival *arrival, struct txn *txn)
{
	struct arena arena;
	struct key key = key_of_peer(arrival->manifest.from);
	struct span certificates[ROLE_COUNT] = { [ROLE_SIGNING] = arrival->chain[0], [ROLE_DELEGATION] = arrival->chain[1] };
	if (!arrival->chain[0].len)
		return;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__Peer *peer = record_find(txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, &arena);
	if (peer)
		certificates[ROLE_IDENTITY] = certificates_identity(peer, arrival->chain[1]);
	certificates_keep(txn, certificates);
	arena_clear(&arena);
}

enum fault inbox_keep(struct txn *txn, struct job *job)
{
	static enum fault (*const keepers[PURPOSE_COUNT])(struct arrival *, struct txn *) = {
		[PURPOSE_DISPATCH] = keep_dispatch, [PURPOSE_RECEIPT] = keep_receipt, [PURPOSE_COMPLETE] = keep_receipt,
		[PURPOSE_WITHDRAWAL] = keep_withdrawal,
	};
	struct arrival *arrival = container_of(job, struct arrival, job);
	enum chain_fit fit;
	arrival->again_count = 0;	/* it may run more than once */
	arrival->reused[0] = 0;
	TRY(chain_judge(txn, &arrival->manifest, arrival->text, &fit));
	if (arrival->manifest.purpose != PURPOSE_DISPATCH)
		txn_use_reserve(txn);	/* a receipt shrinks what waits */
	arrival->is_beyond_quota = fit == CHAIN_NEXT && is_beyond_quota(arrival, txn);
	if (fit == CHAIN_NEXT && !arrival->is_beyond_quota) {
		keep_chain(arrival, txn);
		chain_accept(txn, &arrival->manifest, arrival->text, arrival->signature, arrival->signer);
		TRY(keepers[arrival->manifest.purpose](arrival, txn));
	}
	arrival->position = chain_head(txn, arrival->manifest.from, DIRECTION_THEIRS);
	return txn->fault;
}
