/* The audit log, as auditors ask for it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "certs/identity.h"
#include "daemon/control/control_chore.h"
#include "daemon/control/control_lists.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/witness.h"
#include "daemon/ledger/audit.h"
#include "daemon/ledger/certificates.h"

enum { HEADS_SHOWN = 8 };

/* ── the lines ────────────────────────────────────────────────────────────────────────────────────── */

static enum fault open_list(struct inquiry *inquiry, struct paging *paging)
{
	Comity__AuditList *list;
	if (!inquiry_make(inquiry, &comity__audit_list__descriptor, &list))
		return inquiry_fault(inquiry);
	list->schema = "comity.audit/1";
	list->generated_at = paging->generated_at;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_AUDIT;
	inquiry->reply->audit = list;
	paging->count = &list->n_data;
	paging->data = &list->data;
	return OK;
}

static bool is_as_wanted(const char *wanted, const char *text)
{
	return !wanted || (text && !strcmp(text, wanted));
}

static bool is_wanted(const Comity__AuditFilter *filter, const Comity__AuditEntry *entry)
{
	bool is_refused = entry->result && strcmp(entry->result, AUDIT_OK) && strcmp(entry->result, AUDIT_BEGUN);
	return entry->number >= filter->from && (!filter->has_uid || (entry->has_uid && entry->uid == filter->uid)) &&
		is_as_wanted(filter->act, entry->act) && is_as_wanted(filter->role, entry->role) && (!filter->refused || is_refused);
}

static const ProtobufCMessage *show_line(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	(void)paging;
	const Comity__AuditFilter *filter = inquiry->call->audit_list;
	Comity__AuditEntry *entry = audit_read(value, inquiry->arena);
	Comity__AuditRow *row;
	if (!entry)
		txn_fail(inquiry->txn, fault_say(FAULT_STORE_BROKEN, "a line of the audit log cannot be read: comity audit verify"));
	if (!entry || !is_wanted(filter, entry) || !inquiry_make(inquiry, &comity__audit_row__descriptor, &row))
		return NULL;
	row->entry = filter->raw ? NULL : entry;
	row->line = filter->raw ? arena_text(inquiry->arena, value) : NULL;
	return &row->base;
}

const struct listing listing_audit = { .table = TABLE_AUDIT, .open = open_list, .show = show_line };

/* ── the heads, with what it takes to check them ──────────────────────────────────────────────────── */

static enum fault narrow_to_ours(struct inquiry *inquiry, struct key *prefix)
{
	key_text(prefix, identity_authority(inquiry->rooms->identity));
	return OK;
}

static enum fault open_heads(struct inquiry *inquiry, struct paging *paging)
{
	Comity__AuditSeals *seals;
	if (!inquiry_make(inquiry, &comity__audit_seals__descriptor, &seals))
		return inquiry_fault(inquiry);
	seals->schema = "comity.audit-seals/1";
	seals->generated_at = paging->generated_at;
	inquiry->reply->kind_case = COMITY__REPLY__KIND_AUDIT_SEALS;
	inquiry->reply->audit_seals = seals;
	paging->count = &seals->n_data;
	paging->data = &seals->data;
	return OK;
}

/* Those that are kept here: a chain with a gap is shown as far as it goes, and does not verify. */
static void add_signer(struct inquiry *inquiry, Comity__AuditSeal *seal, ProtobufCBinaryData signer)
{
	struct span chain[3];
	Comity__AuditSigner *made;
	certificates_find_signer(inquiry->txn, span_of_binary(signer), inquiry->arena, chain);
	if (!chain[0].len || !inquiry_make(inquiry, &comity__audit_signer__descriptor, &made))
		return;
	made->chain = arena_alloc(inquiry->arena, sizeof *made->chain * ARRAY_LEN(chain));
	for (size_t i = 0; made->chain && i < ARRAY_LEN(chain) && chain[i].len; i++)
		made->chain[made->n_chain++] = (ProtobufCBinaryData){ chain[i].len, (uint8_t *)chain[i].at };
	record_push(inquiry->arena, &seal->n_signers, &seal->signers, &made, sizeof made);
}

static const ProtobufCMessage *show_head(struct inquiry *inquiry, const struct paging *paging, struct span value)
{
	(void)paging;
	Comity__AuditSeal *seal;
	Comity__AuditHead *head = record_read(inquiry->txn, value, &comity__audit_head__descriptor, inquiry->arena);
	if (!head || !inquiry_make(inquiry, &comity__audit_seal__descriptor, &seal))
		return NULL;
	seal->head = head;
	add_signer(inquiry, seal, head->signer);
	for (size_t i = 0; i < head->n_witnesses; i++)
		add_signer(inquiry, seal, head->witnesses[i]->signer);
	return &seal->base;
}

const struct listing listing_audit_heads = { .table = TABLE_AUDIT_HEADS, .narrow = narrow_to_ours, .open = open_heads, .show = show_head };

/* ── whether it holds ─────────────────────────────────────────────────────────────────────────────── */

static char *hex_text(struct arena *arena, const uint8_t hash[DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE + 1];
	hex_write(hex, (struct span){ hash, DIGEST_SIZE });
	return record_text(arena, hex);
}

static void fill_report(struct arena *arena, Comity__AuditReport *report, const struct audit_check *lines,
	const struct witness_check *heads)
{
	uint64_t broken_at = lines->broken_at ? lines->broken_at : heads->broken_at;
	report->schema = "comity.audit-report/1";
	report->has_ok = report->has_lines = report->has_from = report->has_head = report->has_heads_checked = 1;
	report->ok = !broken_at;
	report->lines = lines->lines;
	report->from = lines->from;
	report->head = lines->head.number;
	report->hash = hex_text(arena, lines->head.hash);
	report->heads_checked = heads->heads;
	report->has_broken_at = broken_at != 0;
	report->broken_at = broken_at;
	report->text = record_text(arena, lines->broken_at ? lines->what : heads->what);
}

static enum fault verify(struct chore *chore)
{
	const char *own_id = identity_authority(chore->rooms->identity);
	struct txn txn;
	struct audit_check lines;
	struct witness_check heads = { 0 };
	Comity__AuditReport *report;
	if (!chore_make(chore, &comity__audit_report__descriptor, &report))
		return arena_fault(&chore->arena);
	TRY(txn_begin(chore->rooms->store, TXN_READ, &txn));
	enum fault fault = audit_check(&txn, chore->call->audit_verify->from, &lines);
	if (!fault)
		fault = witness_check(&txn, own_id, &chore->arena, &heads);
	if (!fault)
		fault = witness_find(&txn, own_id, HEADS_SHOWN, &chore->arena, &report->n_heads, &report->heads);
	txn_abort(&txn);
	TRY(fault);
	fill_report(&chore->arena, report, &lines, &heads);
	chore->reply.kind_case = COMITY__REPLY__KIND_AUDIT_REPORT;
	chore->reply.audit_report = report;
	return OK;
}

static const struct chore_kind verifying = { .work = verify };

void pursue_audit_verify(struct session *session)
{
	chore_begin(session, &verifying);
}

/* ── the head, signed now ─────────────────────────────────────────────────────────────────────────── */

enum fault change_audit_head(struct inquiry *inquiry)
{
	Comity__AuditReport *report;
	Comity__AuditHead *head;
	if (!inquiry_make(inquiry, &comity__audit_report__descriptor, &report))
		return inquiry_fault(inquiry);
	const struct identity *identity = inquiry->rooms->identity;
	TRY(witness_sign(inquiry->txn, identity, inquiry->arena, &head));
	TRY(witness_find(inquiry->txn, identity_authority(identity), HEADS_SHOWN, inquiry->arena, &report->n_heads, &report->heads));
	report->schema = "comity.audit-report/1";
	report->has_ok = report->has_head = 1;
	report->ok = 1;
	report->head = head->number;
	report->hash = hex_text(inquiry->arena, head->hash.data);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_AUDIT_REPORT;
	inquiry->reply->audit_report = report;
	return inquiry_fault(inquiry);
}

/* It is on disk: whoever is connected is asked to counter-sign. */
void settle_audit_head(struct inquiry *inquiry)
{
	witness_day(inquiry->rooms->witness);
}
