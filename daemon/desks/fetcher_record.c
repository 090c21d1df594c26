/* What the ledger says of a fetched attachment, and the signed `complete` for the last one of a message. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "certs/identity.h"
#include "daemon/ledger/chain.h"
#include "daemon/ledger/events.h"
#include "daemon/desks/fetcher_parts.h"
#include "daemon/ledger/quota.h"
#include "proto/unpack.h"

static void tell(struct txn *txn, const struct haul *haul, const Comity__MessageState *state, const char *type, const char *reason)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.peer = (char *)haul->peer;
	data.message_id = (char *)haul->message_id;
	data.request = state ? state->reference : NULL;
	data.request_id = (char *)haul->request_id;
	data.has_attachment = data.has_bytes_total = 1;
	data.attachment = haul->number;
	data.bytes_total = haul->size;
	data.reason = (char *)reason;
	events_append(txn, type, data.request ? data.request : haul->request_id, &data);
}

static struct key key_of_state(const struct haul *haul)
{
	return key_of_message(haul->is_own ? identity_authority(haul->fetcher->rooms.identity) : haul->peer, haul->message_id);
}

static void record_presence(struct txn *txn, const struct haul *haul, struct arena *arena)
{
	struct key key = key_of_number(haul->request_id, haul->number);
	Comity__AttachmentState *state =
		record_find(txn, TABLE_ATTACHMENTS, key_span(&key), &comity__attachment_state__descriptor, arena);
	if (!state)
		return;
	state->has_presence = state->has_bytes_done = 1;
	state->presence = haul->is_own ? COMITY__PRESENCE__VALUE__SENT : COMITY__PRESENCE__VALUE__HERE;
	state->bytes_done = haul->size;
	record_keep(txn, TABLE_ATTACHMENTS, key_span(&key), &state->base);
}

/* What a case holds already costs nothing more, whoever brought it. */
static void record_blob(struct txn *txn, const struct haul *haul)
{
	struct key key = key_of_blob(haul->request_id, SPAN(haul->sha256));
	if (txn_get(txn, TABLE_BLOBS, key_span(&key), NULL))
		return;
	char now[STAMP_SIZE];
	stamp_now(now);
	Comity__Blob blob = COMITY__BLOB__INIT;
	blob.has_size = 1;
	blob.size = haul->size;
	blob.stored_at = now;
	blob.from = haul->is_own ? NULL : (char *)haul->peer;
	record_keep(txn, TABLE_BLOBS, key_span(&key), &blob.base);
	if (blob.from)
		quota_change(txn, blob.from, blob.size, 0);
}

/* Say, signed, that all of a message is here. */
static void sign_complete(struct txn *txn, const struct haul *haul, Comity__MessageState *state, struct arena *arena)
{
	struct key key = key_of_message(haul->peer, haul->message_id);
	struct span raw;
	ProtobufCMessage *unpacked;
	if (!txn_get(txn, TABLE_MESSAGES, key_span(&key), &raw) ||
	    unpack(&comity__message__descriptor, raw, arena, FAULT_STORE_BROKEN, &unpacked)) {
		txn_fail(txn, FAULT_STORE_BROKEN);
		return;
	}
	const Comity__Message *message = (const Comity__Message *)unpacked;
	struct manifest_entry *entries = arena_alloc(arena, (message->n_attachments + 1) * sizeof *entries);
	if (!entries) {
		txn_fail(txn, arena_fault(arena));
		return;
	}
	memcpy(entries[0].sha256, state->sha256.data, DIGEST_SIZE);
	snprintf(entries[0].message_id, sizeof entries[0].message_id, "%s", haul->message_id);
	for (size_t i = 0; i < message->n_attachments; i++) {
		entries[i + 1] = entries[0];
		entries[i + 1].index = (uint32_t)i + 1;
		if (!hex_read(entries[i + 1].sha256, DIGEST_SIZE, span_of_text(message->attachments[i]->sha256)))
			txn_fail(txn, FAULT_STORE_BROKEN);
	}
	state->has_completion = 1;
	state->completion = chain_append(txn, haul->fetcher->rooms.identity, haul->peer, PURPOSE_COMPLETE, entries,
		message->n_attachments + 1);
	char now[STAMP_SIZE];
	stamp_now(now);
	state->complete_at = record_text(arena, now);
}

/* The last one of its message is here.  It may have been complete before this store was lost: that is signed already. */
static void make_complete(struct txn *txn, const struct haul *haul, Comity__MessageState *state, struct arena *arena)
{
	if (!state->has_completion)
		sign_complete(txn, haul, state, arena);
	state->has_transport = 1;
	state->transport = COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE;
	events_append_message(txn, EVENT_INBOX_COMPLETE, haul->peer, state);
}

static Comity__MessageState *find_state(struct txn *txn, const struct haul *haul, struct arena *arena)
{
	struct key key = key_of_state(haul);
	return record_find(txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, arena);
}

static Comity__Wanted *find_wanted(struct txn *txn, const struct haul *haul, struct arena *arena)
{
	return record_find(txn, TABLE_WANTED, key_span(&haul->wanted), &comity__wanted__descriptor, arena);
}

bool haul_has_room(struct haul *haul, struct txn *txn, const Comity__Wanted *wanted)
{
	struct key key = key_of_blob(haul->request_id, SPAN(haul->sha256));
	if (!haul->fetcher->rooms.has_quota || haul->is_own || txn_get(txn, TABLE_BLOBS, key_span(&key), NULL))
		return true;
	uint64_t quota = haul->fetcher->rooms.quota, used = quota_used(txn, haul->peer);
	uint64_t others = used > wanted->bytes_here ? used - wanted->bytes_here : 0;
	if (others <= quota && haul->size <= quota - others)
		return true;
	haul->fault = FAULT_QUOTA;
	snprintf(haul->detail, sizeof haul->detail, "it has %" PRIu64 " bytes, and %" PRIu64 " of the %" PRIu64
		" that attachments of %s may take are taken (limits.peer_quota)", haul->size, others, quota, haul->peer);
	return false;
}

enum fault haul_record(struct txn *txn, struct job *job)
{
	struct haul *haul = container_of(job, struct haul, job);
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	const Comity__Wanted *wanted = find_wanted(txn, haul, &arena);
	if (!wanted) {
		arena_clear(&arena);
		return txn->fault;	/* recorded before */
	}
	txn_use_reserve(txn);
	txn_delete(txn, TABLE_WANTED, key_span(&haul->wanted));
	if (wanted->bytes_here)
		quota_change(txn, haul->peer, 0, wanted->bytes_here);	/* the whole of it counts from here on */
	struct key key = key_of_state(haul);
	Comity__MessageState *state = find_state(txn, haul, &arena);
	record_blob(txn, haul);
	record_presence(txn, haul, &arena);
	tell(txn, haul, state, EVENT_ATTACHMENT_HERE, NULL);
	if (state && state->attachments_missing) {
		if (!--state->attachments_missing)
			make_complete(txn, haul, state, &arena);
		record_keep(txn, TABLE_SEEN, key_span(&key), &state->base);
	}
	arena_clear(&arena);
	return txn->fault;
}

/* Nobody has it any more: it is not asked for again, and whoever looks at the case sees it. */
static void record_loss(struct txn *txn, const struct haul *haul, struct arena *arena)
{
	struct key key = key_of_number(haul->request_id, haul->number);
	Comity__AttachmentState *state =
		record_find(txn, TABLE_ATTACHMENTS, key_span(&key), &comity__attachment_state__descriptor, arena);
	txn_delete(txn, TABLE_WANTED, key_span(&haul->wanted));
	if (!state)
		return;
	state->presence = COMITY__PRESENCE__VALUE__LOST;
	record_keep(txn, TABLE_ATTACHMENTS, key_span(&key), &state->base);
}

/* For those who ask why it is not here. */
static void note_failure(struct txn *txn, struct haul *haul, struct arena *arena)
{
	Comity__Wanted *wanted = find_wanted(txn, haul, arena);
	if (!wanted)
		return;
	if (!haul->is_own && haul->written > wanted->bytes_here) {
		quota_change(txn, haul->peer, haul->written - wanted->bytes_here, 0);
		wanted->has_bytes_here = 1;
		wanted->bytes_here = haul->written;
	}
	wanted->has_attempts = 1;
	wanted->attempts++;
	wanted->reason = (char *)fault_slug(haul->fault);
	wanted->reason_text = haul->detail;
	record_keep(txn, TABLE_WANTED, key_span(&haul->wanted), &wanted->base);
}

enum fault haul_record_failure(struct txn *txn, struct job *job)
{
	struct haul *haul = container_of(job, struct haul, job);
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	note_failure(txn, haul, &arena);
	tell(txn, haul, find_state(txn, haul, &arena), EVENT_ATTACHMENT_FAILED, fault_slug(haul->fault));
	if (haul->is_lost)
		record_loss(txn, haul, &arena);
	arena_clear(&arena);
	return txn->fault;
}
