/* The heads of an exported audit log: who signed them, and over which lines. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "certs/card.h"
#include "certs/certificate.h"
#include "certs/trust.h"
#include "proto/audit_head.h"
#include "proto/stamp.h"
#include "tools/audit_reading.h"
#include "tools/files.h"

static struct span lent(ProtobufCBinaryData bytes)
{
	return (struct span){ bytes.data, bytes.len };
}

/* ── who signed ───────────────────────────────────────────────────────────────────────────────── */

static Comity__EvidenceAuthority *find_authority(struct audit_file *file, const char *id, const char *digits)
{
	for (size_t i = 0; i < file->report.n_authorities; i++)
		if (!strcmp(file->authorities[i]->authority, id) && !strcmp(file->authorities[i]->digits, digits))
			return file->authorities[i];
	return NULL;
}

/* Its digits are for people to compare; nothing in the file says whose they are. */
static enum fault note_authority(struct audit_file *file, const char *id, struct span identity)
{
	struct bytes pinned = { 0 };
	char digits[IDENTITY_DIGITS_SIZE];
	TRY(certificate_pin(identity, id, &pinned));
	identity_digits(digits, span_of(&pinned));
	bytes_clear(&pinned);
	if (find_authority(file, id, digits) || file->report.n_authorities == AUTHORITIES_MAX)
		return OK;
	Comity__EvidenceAuthority *made = arena_alloc(&file->kept, sizeof *made);
	if (!made)
		return arena_fault(&file->kept);
	comity__evidence_authority__init(made);
	made->authority = arena_text(&file->kept, span_of_text(id));
	made->digits = arena_text(&file->kept, span_of_text(digits));
	file->authorities[file->report.n_authorities++] = made;
	return OK;
}

enum fault audit_take_signer(struct audit_file *file, const Comity__AuditSigner *signer)
{
	struct certificate_facts leaf;
	struct signatory *made = arena_alloc(&file->kept, sizeof *made);
	if (!made)
		return arena_fault(&file->kept);
	if (signer->n_chain != CHAIN)
		return fault_say(FAULT_AUDIT_BROKEN, "the certificates of who signed a head are not all there");
	*made = (struct signatory){ .next = file->signatories };
	for (size_t i = 0; i < CHAIN; i++) {
		struct span der = lent(signer->chain[i]);
		made->chain[i] = (struct span){ (const uint8_t *)arena_text(&file->kept, der), der.len };
	}
	if (file->kept.was_refused)
		return arena_fault(&file->kept);
	digest_of(made->sum, made->chain[0]);
	made->trust = trust_new();
	file->signatories = made;
	if (!made->trust)
		return FAULT_NO_MEMORY;
	enum fault fault = certificate_read(made->chain[0], &leaf);
	if (!fault)
		fault = trust_set_peer(made->trust, leaf.authority, made->chain[CHAIN - 1], STANDING_VERIFIED);
	if (!fault)
		fault = note_authority(file, leaf.authority, made->chain[CHAIN - 1]);
	return fault ? fault_say(FAULT_AUDIT_BROKEN, "the certificates of who signed a head: %s", fault_detail(fault)) : OK;
}

static const struct signatory *find_signatory(const struct audit_file *file, struct span sum)
{
	const struct signatory *one = file->signatories;
	while (one && !span_equal(SPAN(one->sum), sum))
		one = one->next;
	return one;
}

/* ── heads ────────────────────────────────────────────────────────────────────────────────────── */

static const char *judge_proof(const struct audit_file *file, const struct audit_proof *proof, struct span signer)
{
	int64_t at;
	char peer[AUTHORITY_ID_SIZE];
	const struct signatory *one = find_signatory(file, signer);
	if (!one)
		return "the certificate of who signed the head over it is not there";
	const char *what = audit_proof_fault(proof, one->chain[0], &at);
	if (what)
		return what;
	struct claim claim = { one->chain, CHAIN, USAGE_SIGNING, proof->signatory, at };
	enum fault fault = trust_judge(one->trust, &claim, peer);
	return fault ? fault_detail(fault) : NULL;
}

static bool is_line_as_signed(const struct audit_file *file, const Comity__AuditHead *head)
{
	uint64_t place = head->number - file->check.from;
	struct span kept = { file->hashes.at + place * DIGEST_SIZE, DIGEST_SIZE };
	return head->number < file->check.from || span_equal(kept, lent(head->hash));
}

static enum fault judge_head(struct audit_file *file, const Comity__AuditHead *head)
{
	struct audit_proof proof = { file->authority, file->authority, head, lent(head->text), lent(head->signature), head->at };
	if (head->number > file->check.head.number)
		return audit_broken(file->check.head.number + 1, "it is missing: a head was signed over a later one");
	if (!is_line_as_signed(file, head))
		return audit_broken(head->number, "it is not the one over which a head was signed");
	const char *what = judge_proof(file, &proof, lent(head->signer));
	for (size_t i = 0; !what && i < head->n_witnesses; i++) {
		const Comity__AuditWitness *witness = head->witnesses[i];
		proof = (struct audit_proof){ file->authority, witness->authority ? witness->authority : "", head, lent(witness->text),
			lent(witness->signature), witness->at };
		what = judge_proof(file, &proof, lent(witness->signer));
	}
	return what ? fault_say(FAULT_AUDIT_BROKEN, "the head over line %" PRIu64 ": %s", head->number, what) : OK;
}

enum fault audit_take_head(struct audit_file *file, Comity__AuditHead *head)
{
	struct audit_statement statement;
	if (!*file->authority && !audit_statement_read(lent(head->text), &statement))
		snprintf(file->authority, sizeof file->authority, "%s", statement.authority);
	TRY(judge_head(file, head));
	if (head->number <= file->newest)
		return fault_say(FAULT_AUDIT_BROKEN, "the head over line %" PRIu64 ": it is there twice, or out of its place", head->number);
	file->newest = head->number;
	file->report.heads_checked++;
	memmove(file->heads + 1, file->heads, sizeof file->heads - sizeof *file->heads);
	file->heads[0] = head;
	file->report.n_heads += file->report.n_heads < HEADS_SHOWN;
	return OK;
}

/* ── whose keys ───────────────────────────────────────────────────────────────────────────────── */

static enum fault pin(struct audit_file *file, const struct card *card)
{
	struct bytes pinned = { 0 };
	char digits[IDENTITY_DIGITS_SIZE];
	TRY(certificate_pin(card->certificates[ROLE_IDENTITY], card->authority, &pinned));
	identity_digits(digits, span_of(&pinned));
	bytes_clear(&pinned);
	Comity__EvidenceAuthority *one = find_authority(file, card->authority, digits);
	if (!one)
		return fault_say(FAULT_IDENTITY_CHANGED, "the identity of %s in the card signed no head in the file", card->authority);
	one->has_pinned = one->pinned = 1;
	return OK;
}

enum fault audit_pin_cards(struct audit_file *file)
{
	const char *path;
	for (size_t i = 0; (path = given_at(file->tool, "trust", i)); i++) {
		struct card card = { 0 };
		TRY(card_take(path, &card));
		enum fault fault = pin(file, &card);
		card_clear(&card);
		TRY(fault);
	}
	return OK;
}
