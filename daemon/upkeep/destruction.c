#include "daemon/upkeep/destruction.h"

#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/identity.h"
#include "certs/signature.h"
#include "proto/unpack.h"

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static enum fault write_head(struct bytes *text, const struct destruction *destruction, const Comity__Case *kase)
{
	struct destroyed head = { .requesting_reference = or_nothing(kase->requesting_reference),
		.requested_reference = or_nothing(kase->requested_reference), .uid = destruction->uid, .reason = destruction->reason };
	snprintf(head.authority, sizeof head.authority, "%s", identity_authority(destruction->identity));
	snprintf(head.request_id, sizeof head.request_id, "%s", kase->request_id);
	snprintf(head.at, sizeof head.at, "%s", kase->purged_at);
	return destroyed_begin(text, &head);
}

static enum fault write_message(struct bytes *text, const Comity__MessageState *state)
{
	struct destroyed_message message;
	if (state->sha256.len != DIGEST_SIZE)
		return OK;	/* not even its hash is known */
	memcpy(message.sha256, state->sha256.data, DIGEST_SIZE);
	snprintf(message.id, sizeof message.id, "%s", state->message_id);
	return destroyed_add(text, &message);
}

static enum fault write_messages(struct txn *txn, struct bytes *text, const Comity__Case *kase)
{
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	struct arena arena;
	enum fault fault = OK;
	arena_init(&arena, UNPACK_ARENA);
	walk_from(&walk, txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	while (!fault && walk_next(&walk, &key, &value)) {
		arena_reset(&arena);
		const Comity__MessageState *state = record_find(txn, TABLE_SEEN, value, &comity__message_state__descriptor, &arena);
		if (state)
			fault = write_message(text, state);
	}
	walk_end(&walk);
	arena_clear(&arena);
	return fault ? fault : txn->fault;
}

static ProtobufCBinaryData certificate(const struct identity *identity, enum role role)
{
	struct span der = identity_certificate(identity, role);
	return (ProtobufCBinaryData){ der.len, (uint8_t *)der.at };
}

static enum fault keep(struct txn *txn, const struct destruction *destruction, Comity__Case *kase, struct bytes *text,
	struct bytes *signature)
{
	Comity__Destruction record = COMITY__DESTRUCTION__INIT;
	uint8_t digest[DIGEST_SIZE];
	char signer[DIGEST_HEX_SIZE + 1];
	struct key id = key_of_uuid(kase->request_id);
	digest_of(digest, identity_certificate(destruction->identity, ROLE_SIGNING));
	hex_write(signer, SPAN(digest));
	record.at = kase->purged_at;
	record.reason = (char *)destruction->reason;
	record.has_actor_uid = record.has_signature = record.has_signing = record.has_delegation = record.has_identity = 1;
	record.actor_uid = destruction->uid;
	record.text = (char *)bytes_text(text);
	record.signature = (ProtobufCBinaryData){ signature->len, signature->at };
	record.signer = signer;
	record.signing = certificate(destruction->identity, ROLE_SIGNING);
	record.delegation = certificate(destruction->identity, ROLE_DELEGATION);
	record.identity = certificate(destruction->identity, ROLE_IDENTITY);
	kase->destruction = &record;
	record_keep(txn, TABLE_CASES, key_span(&id), &kase->base);
	kase->destruction = NULL;	/* it dies with this call */
	return txn->fault;
}

static enum fault certify(struct txn *txn, const struct destruction *destruction, Comity__Case *kase, struct bytes *text,
	struct bytes *signature)
{
	int64_t at;
	if (!kase->purged_at || !stamp_read(kase->purged_at, &at))
		return fault_say(FAULT_STORE_BROKEN, "the case is no shell");
	TRY(write_head(text, destruction, kase));
	TRY(write_messages(txn, text, kase));
	TRY(signature_make(destruction->identity, span_of(text), at / STAMP_SECOND, signature));
	return keep(txn, destruction, kase, text, signature);
}

enum fault destruction_fits(struct txn *txn, const Comity__Case *kase)
{
	enum { HEAD_SIZE = 1024 + DESTROYED_REASON_MAX };
	struct key prefix = key_of_uuid(kase->request_id);
	struct span key, value;
	struct walk walk;
	size_t count = 0, head = HEAD_SIZE + strlen(or_nothing(kase->requesting_reference)) + strlen(or_nothing(kase->requested_reference));
	walk_from(&walk, txn, TABLE_CASE_MESSAGES, key_span(&prefix), (struct span){ 0 });
	while (walk_next(&walk, &key, &value))
		count++;
	walk_end(&walk);
	if (txn->fault || head + count * DESTROYED_LINE_SIZE <= DESTROYED_TEXT_MAX)
		return txn->fault;
	return fault_say(FAULT_TOO_LARGE, "its certificate would name %zu messages, and has room for %zu; nothing was destroyed", count,
		(DESTROYED_TEXT_MAX - head) / DESTROYED_LINE_SIZE);
}

enum fault destruction_certify(struct txn *txn, const struct destruction *destruction)
{
	struct key id = key_of_uuid(destruction->request_id);
	struct bytes text = { 0 }, signature = { 0 };
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	Comity__Case *kase = record_find(txn, TABLE_CASES, key_span(&id), &comity__case__descriptor, &arena);
	enum fault fault = kase ? certify(txn, destruction, kase, &text, &signature) : txn->fault ? txn->fault : FAULT_NOT_FOUND;
	bytes_clear(&text);
	bytes_clear(&signature);
	arena_clear(&arena);
	return fault;
}
