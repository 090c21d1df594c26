#include "daemon/upkeep/destruction.h"

#include <stdio.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/identity.h"
#include "certs/signature.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

enum { LINE_SIZE = 1024 };

enum fault destruction_check_reason(const char *reason)
{
	size_t len = reason ? strlen(reason) : 0;
	bool is_line = true;
	for (size_t i = 0; i < len; i++)
		is_line = is_line && (unsigned char)reason[i] >= ' ' && reason[i] != 127;
	return len && len <= DESTRUCTION_REASON_MAX && is_line ? OK :
		fault_say(FAULT_USAGE, "a destruction needs a reason, in one line of at most %d bytes", DESTRUCTION_REASON_MAX);
}

static enum fault add_line(struct bytes *text, const char *name, const char *value)
{
	char line[LINE_SIZE];
	snprintf(line, sizeof line, "# %s: %s\n", name, value ? value : "");
	return bytes_append_text(text, line);
}

static enum fault write_head(struct bytes *text, const struct destruction *destruction, const Comity__Case *kase)
{
	char by[32];
	snprintf(by, sizeof by, "uid %u", destruction->uid);
	const struct { const char *name, *value; } lines[] = {
		{ "authority", identity_authority(destruction->identity) }, { "request", kase->request_id },
		{ "requesting-reference", kase->requesting_reference }, { "requested-reference", kase->requested_reference },
		{ "at", kase->purged_at }, { "by", by }, { "reason", destruction->reason },
	};
	TRY(bytes_append_text(text, "# comity-destruction 1\n"));
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		TRY(add_line(text, lines[i].name, lines[i].value));
	return OK;
}

static enum fault write_message(struct bytes *text, const Comity__MessageState *state)
{
	char line[LINE_SIZE], hex[DIGEST_HEX_SIZE + 1];
	if (state->sha256.len != DIGEST_SIZE)
		return OK;	/* not even its hash is known */
	hex_write(hex, span_of_binary(state->sha256));
	snprintf(line, sizeof line, "%s  %s\n", hex, state->message_id);
	return bytes_append_text(text, line);
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
	record.has_actor_uid = record.has_signature = 1;
	record.actor_uid = destruction->uid;
	record.text = (char *)bytes_text(text);
	record.signature = (ProtobufCBinaryData){ signature->len, signature->at };
	record.signer = signer;
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
