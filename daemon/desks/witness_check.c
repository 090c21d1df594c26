/* Is the audit log what it was when its heads were signed? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/certificates.h"
#include "daemon/desks/registry.h"
#include "daemon/desks/witness_parts.h"
#include "daemon/ledger/audit.h"

static const char *fault_of(struct txn *txn, const struct audit_proof *proof, struct span signer, struct arena *arena)
{
	struct span chain[3];
	certificates_find_signer(txn, signer, arena, chain);
	return audit_proof_fault(proof, chain[0], NULL);
}

/* Also that the line is the one that was signed then. */
static const char *fault_of_head(struct txn *txn, const char *own_id, const Comity__AuditHead *head, struct arena *arena)
{
	uint8_t hash[DIGEST_SIZE];
	struct span line = audit_line(txn, head->number);
	digest_of(hash, line);
	if (!line.len)
		return "its line is missing";
	if (!span_equal(SPAN(hash), span_of_binary(head->hash)))
		return "the log was written anew: its line is not the one that was signed";
	struct audit_proof proof = { own_id, own_id, head, span_of_binary(head->text), span_of_binary(head->signature), head->at };
	const char *what = fault_of(txn, &proof, span_of_binary(head->signer), arena);
	for (size_t i = 0; !what && i < head->n_witnesses; i++) {
		const Comity__AuditWitness *witness = head->witnesses[i];
		proof = (struct audit_proof){ own_id, witness->authority, head, span_of_binary(witness->text),
			span_of_binary(witness->signature), witness->at };
		what = fault_of(txn, &proof, span_of_binary(witness->signer), arena);
	}
	return what;
}

enum fault witness_check(struct txn *txn, const char *own_id, struct arena *arena, struct witness_check *check)
{
	struct walk walk;
	struct span key, value;
	struct key prefix = { 0 };
	*check = (struct witness_check){ 0 };
	key_text(&prefix, own_id);
	walk_from(&walk, txn, TABLE_AUDIT_HEADS, key_span(&prefix), (struct span){ 0 });
	while (!check->what && walk_next(&walk, &key, &value)) {
		const Comity__AuditHead *head = record_read(txn, value, &comity__audit_head__descriptor, arena);
		const char *what = head ? fault_of_head(txn, own_id, head, arena) : NULL;
		check->heads++;
		if (what) {
			check->broken_at = head->number;
			check->what = what;
		}
	}
	walk_end(&walk);
	return txn->fault ? txn->fault : arena->was_refused ? arena_fault(arena) : OK;
}
