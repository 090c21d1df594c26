/* Signed heads in the ledger. */
#include <stdio.h>
#include <string.h>

#include "certs/signature.h"
#include "daemon/desks/witness_parts.h"
#include "daemon/ledger/audit.h"
#include "proto/unpack.h"

static struct key key_of_head(const char *authority, uint64_t number)
{
	struct key key = { 0 };
	key_text(&key, authority);
	key_u64(&key, number);
	return key;
}

static struct key key_of_heads(const char *authority)
{
	struct key key = { 0 };
	key_text(&key, authority);
	return key;
}

enum fault witness_find(struct txn *txn, const char *authority, size_t most, struct arena *arena, size_t *count,
	Comity__AuditHead ***heads)
{
	struct key prefix = key_of_heads(authority);
	struct walk walk;
	struct span key, value;
	*count = 0;
	*heads = NULL;
	walk_last(&walk, txn, TABLE_AUDIT_HEADS, key_span(&prefix), (struct span){ 0 });
	while (*count < most && walk_next(&walk, &key, &value)) {
		Comity__AuditHead *head = record_read(txn, value, &comity__audit_head__descriptor, arena);
		if (!head || !record_append(arena, count, heads, &head, sizeof head))
			break;
	}
	walk_end(&walk);
	return txn->fault ? txn->fault : arena->was_refused ? arena_fault(arena) : OK;
}

void witness_keep(struct txn *txn, const char *authority, const Comity__AuditHead *head)
{
	struct key key = key_of_head(authority, head->number);
	record_keep(txn, TABLE_AUDIT_HEADS, key_span(&key), &head->base);
}

void witness_forget(struct txn *txn, const char *authority, uint64_t number)
{
	struct key key = key_of_head(authority, number);
	txn_delete(txn, TABLE_AUDIT_HEADS, key_span(&key));
}

enum fault witness_state(const struct identity *identity, struct audit_statement *statement, struct bytes *text,
	struct bytes *signature)
{
	int64_t now = stamp_clock();
	stamp_write(statement->at, now);
	TRY(signature_check_time(identity, now / STAMP_SECOND));
	TRY(audit_statement_write(text, statement));
	return signature_make(identity, span_of(text), now / STAMP_SECOND, signature);
}

static enum fault fill_head(const struct identity *whose, const struct audit_head *now, struct arena *arena,
	Comity__AuditHead *head)
{
	const struct identity *identity = identity_now(whose);
	struct audit_statement statement = { .number = now->number };
	struct bytes text = { 0 }, signature = { 0 };
	uint8_t signer[DIGEST_SIZE];
	snprintf(statement.authority, sizeof statement.authority, "%s", identity_authority(identity));
	memcpy(statement.hash, now->hash, DIGEST_SIZE);
	enum fault fault = witness_state(identity, &statement, &text, &signature);
	digest_of(signer, identity_certificate(identity, ROLE_SIGNING));
	head->has_number = head->has_hash = head->has_text = head->has_signature = head->has_signer = 1;
	head->number = now->number;
	head->hash = record_bytes(arena, SPAN(now->hash));
	head->text = record_bytes(arena, span_of(&text));
	head->signature = record_bytes(arena, span_of(&signature));
	head->signer = record_bytes(arena, SPAN(signer));
	head->at = record_text(arena, statement.at);
	bytes_clear(&text);
	bytes_clear(&signature);
	return fault ? fault : arena->was_refused ? arena_fault(arena) : OK;
}

enum fault witness_sign(struct txn *txn, const struct identity *identity, struct arena *arena, Comity__AuditHead **head)
{
	const char *own_id = identity_authority(identity);
	struct audit_head now = audit_head(txn);
	size_t count;
	Comity__AuditHead **held;
	TRY(witness_find(txn, own_id, 1, arena, &count, &held));
	if (!now.number)
		return fault_say(FAULT_NOT_FOUND, "nothing is in the audit log yet");
	*head = count ? held[0] : NULL;
	if (count && held[0]->number == now.number)
		return OK;
	*head = arena_alloc(arena, sizeof **head);
	if (!*head)
		return arena_fault(arena);
	comity__audit_head__init(*head);
	TRY(fill_head(identity, &now, arena, *head));
	witness_keep(txn, own_id, *head);
	return txn->fault;
}
