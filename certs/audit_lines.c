#include "certs/audit_lines.h"

#include <stdio.h>
#include <string.h>

#include "certs/signature.h"
#include "proto/audit_head.h"
#include "proto/json.h"
#include "proto/mapping.h"

Comity__AuditEntry *audit_read(struct span line, struct arena *arena)
{
	struct document document = { 0 };
	ProtobufCMessage *entry = NULL;
	if (json_read(&document, "audit", line) ||
	    mapping_read(&document, &comity__audit_entry__descriptor, arena, &entry, NULL))
		entry = NULL;
	document_clear(&document);
	return (Comity__AuditEntry *)entry;
}

void audit_find_broken(struct audit_check *check, uint64_t number, const char *what)
{
	check->broken_at = number;
	snprintf(check->what, sizeof check->what, "%s", what);
}

void audit_hold(struct audit_check *check, uint64_t number, struct span line, struct arena *arena)
{
	char previous[DIGEST_HEX_SIZE + 1];
	bool is_first = !check->lines && check->from > 1;	/* what came before it is not known */
	uint64_t next = is_first ? check->from : check->head.number + 1;
	const Comity__AuditEntry *entry = audit_read(line, arena);
	hex_write(previous, (struct span){ check->head.hash, DIGEST_SIZE });
	if (!entry || !entry->previous)
		audit_find_broken(check, number ? number : next, "it cannot be read");
	else if (number && entry->number != number)
		audit_find_broken(check, number, "it bears another number");
	else if (entry->number < next)
		audit_find_broken(check, entry->number, "it is there twice, or out of its place");
	else if (!is_first && entry->number != next)
		audit_find_broken(check, next, "it is missing");
	else if (!is_first && strcmp(entry->previous, previous))
		audit_find_broken(check, entry->number, "the line before it is not the one that was there when it was written");
	if (!entry || check->broken_at)
		return;
	check->head.number = entry->number;
	digest_of(check->head.hash, line);
	check->lines++;
}

/* ── heads ────────────────────────────────────────────────────────────────────────────────────── */

static struct span span_of_hash(const Comity__AuditHead *head)
{
	return (struct span){ head->hash.data, head->hash.len };
}

static bool says_so(const struct audit_proof *proof)
{
	struct audit_statement statement;
	bool is_own = !strcmp(proof->authority, proof->signatory);
	return !audit_statement_read(proof->text, &statement) && !strcmp(statement.authority, proof->authority) &&
		!strcmp(statement.witness, is_own ? "" : proof->signatory) && proof->at && !strcmp(statement.at, proof->at) &&
		statement.number == proof->head->number && span_equal(SPAN(statement.hash), span_of_hash(proof->head));
}

const char *audit_proof_fault(const struct audit_proof *proof, struct span certificate, int64_t *at)
{
	struct signer *signer = NULL;
	if (!says_so(proof))
		return "its signed text says something else";
	bool holds = certificate.len && !signer_new(certificate, &signer) && !strcmp(signer_authority(signer), proof->signatory) &&
		!signature_verify(signer, proof->text, proof->signature, at);
	signer_free(signer);
	return holds ? NULL : "its signature does not verify";
}
