/* comity evidence verify: what the file proves, in words, and everything in it that is wrong.
 *
 * Nothing is asked of the daemon, and nothing in the file is believed but what a manifest covers whose
 * signature leads to the identity of the authority it speaks for. */
#include <inttypes.h>
#include <string.h>

#include "certs/card.h"
#include "certs/digest.h"
#include "certs/revocation.h"
#include "certs/signature.h"
#include "certs/trust.h"
#include "proto/stamp.h"
#include "tools/commands.h"
#include "tools/evidence_verdict.h"
#include "tools/files.h"
#include "tools/print.h"

/* ── whose keys ───────────────────────────────────────────────────────────────────────────────── */

/* What was signed before its certificate was revoked counts, whatever the list is called today: trust judges by its dates. */
static void judge_lists(struct verdict *verdict, const struct dossier_authority *authority)
{
	char where[80];
	const struct certificate_set *lists = &authority->lists;
	snprintf(where, sizeof where, "revocations/%s", authority->id);
	for (size_t i = 0; i < lists->count; i++)
		if (!certificates_issued(&authority->certificates[0], lists->list[i]) && !certificates_issued(&authority->certificates[1], lists->list[i]))
			verdict_wrong(verdict, FAULT_BAD_REVOCATION, where, "a list of an issuer that is not in the file, or that it did not sign");
	if (trust_set_revocations(verdict->trust, authority->id, lists->list, lists->count))
		verdict_wrong(verdict, FAULT_BAD_REVOCATION, where, "the lists cannot be used");
	if (!lists->count)
		verdict_unproven(verdict, "that no key of %s was revoked when it signed: its revocation lists are not in the file", authority->id);
}

static enum fault judge_authority(struct verdict *verdict, const struct dossier_authority *authority)
{
	struct bytes pinned = { 0 };
	struct tool *tool = verdict->tool;
	const struct certificate_set *identities = &authority->certificates[0];
	char digits[IDENTITY_DIGITS_SIZE];
	Comity__EvidenceAuthority *shown = arena_alloc(&tool->arena, sizeof *shown);
	if (!shown)
		return FAULT_NO_MEMORY;
	comity__evidence_authority__init(shown);
	shown->authority = arena_text(&tool->arena, span_of_text(authority->id));
	verdict->authorities[verdict->report.n_authorities++] = shown;
	if (identities->count != 1) {
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, authority->id, "its one identity certificate is not there");
		return OK;
	}
	enum fault fault = certificate_pin(identities->list[0], authority->id, &pinned);
	if (!fault) {
		identity_digits(digits, span_of(&pinned));
		shown->digits = arena_text(&tool->arena, span_of_text(digits));
		fault = trust_set_peer(verdict->trust, authority->id, identities->list[0], STANDING_VERIFIED);
	}
	bytes_clear(&pinned);
	if (fault)
		verdict_wrong(verdict, fault, authority->id, fault_detail(fault));
	else
		judge_lists(verdict, authority);
	return OK;
}

static const struct dossier_authority *find_authority(const struct dossier *dossier, const char *id, size_t *at)
{
	for (*at = 0; *at < dossier->n_authorities; ++*at)
		if (!strcmp(dossier->authorities[*at].id, id))
			return &dossier->authorities[*at];
	return NULL;
}

/* The identity in the card must be the one in the file; the rest of the card may be newer or older. */
static void pin(struct verdict *verdict, const struct card *card, const char *path)
{
	size_t at;
	struct bytes ours = { 0 }, theirs = { 0 };
	const struct dossier_authority *authority = find_authority(&verdict->dossier, card->authority, &at);
	if (!authority || authority->certificates[0].count != 1) {
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, path, "the authority of this card has no part in the evidence");
		return;
	}
	bool is_same = !certificate_pin(card->certificates[ROLE_IDENTITY], card->authority, &ours)
		&& !certificate_pin(authority->certificates[0].list[0], card->authority, &theirs) && span_equal(span_of(&ours), span_of(&theirs));
	bytes_clear(&ours);
	bytes_clear(&theirs);
	verdict->authorities[at]->has_pinned = verdict->authorities[at]->pinned = is_same;
	if (!is_same)
		verdict_wrong(verdict, FAULT_IDENTITY_CHANGED, card->authority, "its identity in the evidence is not the one in the card");
}

static enum fault pin_cards(struct verdict *verdict)
{
	const char *path;
	for (size_t i = 0; (path = given_at(verdict->tool, "trust", i)); i++) {
		struct bytes text = { 0 };
		struct card card = { 0 };
		enum fault fault = file_take(path, CARD_SIZE_MAX, &text);
		if (!fault)
			fault = card_read(span_of(&text), stamp_clock() / STAMP_SECOND, &card);
		if (!fault)
			pin(verdict, &card, path);
		card_clear(&card);
		bytes_clear(&text);
		TRY(fault);
	}
	return OK;
}

/* ── who signed ───────────────────────────────────────────────────────────────────────────────── */

/* Does one of its delegations make this signing certificate speak for the authority, at that time? */
static enum fault judge_signer(struct verdict *verdict, const struct dossier_authority *authority, struct span signing, int64_t at)
{
	enum fault fault = fault_say(FAULT_CERT_UNTRUSTED, "no delegation of %s is there", authority->id);
	for (size_t i = 0; i < authority->certificates[1].count; i++) {
		char peer[AUTHORITY_ID_SIZE];
		struct span chain[] = { signing, authority->certificates[1].list[i], authority->certificates[0].list[0] };
		struct claim claim = { chain, ARRAY_LEN(chain), USAGE_SIGNING, authority->id, at };
		fault = trust_judge(verdict->trust, &claim, peer);
		if (!fault)
			return OK;
	}
	return fault;
}

static enum fault verify_with(struct verdict *verdict, const struct dossier_authority *authority, struct span signing,
	const struct dossier_manifest *manifest)
{
	int64_t signed_at;
	struct signer *signer;
	TRY(signer_new(signing, &signer));
	enum fault fault = signature_verify(signer, manifest->text, manifest->signature, &signed_at);
	signer_free(signer);
	return fault ? fault : judge_signer(verdict, authority, signing, signed_at);
}

static enum fault verify_signature(struct verdict *verdict, const struct dossier_manifest *manifest)
{
	size_t at;
	const struct dossier_authority *authority = find_authority(&verdict->dossier, manifest->authority, &at);
	enum fault fault = fault_say(FAULT_BAD_SIGNATURE, "the certificates of %s are not there", manifest->authority);
	if (!manifest->signature.len)
		return fault_say(FAULT_BAD_SIGNATURE, "its signature is not there");
	for (size_t i = 0; authority && authority->certificates[0].count == 1 && i < authority->certificates[2].count; i++) {
		fault = verify_with(verdict, authority, authority->certificates[2].list[i], manifest);
		if (!fault)
			return OK;
	}
	return fault;
}

static enum fault verify_manifest(struct verdict *verdict, struct dossier_manifest *manifest)
{
	if (!manifest->text.len)
		return fault_say(FAULT_BAD_EVIDENCE, "the manifest is not there, only its signature");
	TRY(manifest_read(manifest->text, &verdict->dossier.arena, &manifest->manifest));
	if (strcmp(manifest->manifest.from, manifest->authority) || manifest->manifest.number != manifest->number)
		return fault_say(FAULT_BAD_EVIDENCE, "it is number %" PRIu64 " of %s, and lies in another's place",
			manifest->manifest.number, manifest->manifest.from);
	TRY(verify_signature(verdict, manifest));
	manifest->is_verified = true;
	return OK;
}

/* ── in one chain ─────────────────────────────────────────────────────────────────────────────── */

static enum fault verify_link(const struct dossier_manifest *before, const struct dossier_manifest *manifest)
{
	uint8_t sum[DIGEST_SIZE];
	if (!before || strcmp(before->authority, manifest->authority) || !manifest->is_verified)
		return OK;
	if (before->number + 1 != manifest->number)
		return fault_say(FAULT_CHAIN_GAP, "between %" PRIu64 " and %" PRIu64 " something is missing", before->number, manifest->number);
	digest_of(sum, before->text);
	if (memcmp(sum, manifest->manifest.previous, DIGEST_SIZE))
		return fault_say(FAULT_CHAIN_FORK, "it does not continue number %" PRIu64 " as it is here", before->number);
	return OK;
}

static void note_range(struct verdict *verdict, const struct dossier_manifest *manifest)
{
	size_t at;
	if (!find_authority(&verdict->dossier, manifest->authority, &at))
		return;
	Comity__EvidenceAuthority *shown = verdict->authorities[at];
	if (!shown->has_first)
		shown->first = manifest->number;
	shown->has_first = shown->has_last = 1;
	shown->last = manifest->number;
}

static void verify_chains(struct verdict *verdict)
{
	const struct dossier_manifest *before = NULL;
	for (struct dossier_manifest *one = verdict->dossier.manifests; one; before = one, one = one->next) {
		char where[80];
		snprintf(where, sizeof where, "manifests/%s/%012" PRIu64, one->authority, one->number);
		verdict->report.manifests++;
		enum fault fault = verify_manifest(verdict, one);
		if (!fault)
			fault = verify_link(before, one);
		if (fault)
			verdict_wrong(verdict, fault, where, fault_detail(fault));
		note_range(verdict, one);
	}
}

/* ── what they cover ──────────────────────────────────────────────────────────────────────────── */

static void cover_dispatch(struct verdict *verdict, const struct dossier_manifest *manifest, struct dossier_message *message)
{
	if (strcmp(message->from, manifest->authority) || strcmp(message->to, manifest->manifest.to))
		verdict_wrong(verdict, FAULT_WRONG_ADDRESSEE, message->part->name, "it is not from and to whom the manifest says");
	message->is_dispatched = true;
}

/* It was dropped before it was sent: its sender says so, signed. */
static void cover_withdrawal(struct verdict *verdict, const struct dossier_manifest *manifest, struct dossier_message *message)
{
	cover_dispatch(verdict, manifest, message);
	message->is_withdrawn = true;
}

static void cover_receipt(struct verdict *verdict, const struct dossier_manifest *manifest,
	const struct manifest_entry *entry, struct dossier_message *message)
{
	if (strcmp(message->to, manifest->authority) || strcmp(message->from, manifest->manifest.to)) {
		verdict_wrong(verdict, FAULT_WRONG_ADDRESSEE, message->part->name, "a receipt for it is not between those who exchanged it");
		return;
	}
	message->receipted_by = manifest->authority;
	message->receipted_at = manifest->manifest.at;
	message->is_receipted |= !entry->refused;
	message->refused = entry->refused;
	message->is_complete |= manifest->manifest.purpose == PURPOSE_COMPLETE && !entry->refused;
}

static void cover_attachment(struct verdict *verdict, const struct manifest_entry *entry)
{
	struct dossier_part *part = dossier_attachment(&verdict->dossier, entry->message_id, entry->index);
	if (part && memcmp(part->sha256, entry->sha256, DIGEST_SIZE))
		verdict_wrong(verdict, FAULT_DIGEST_MISMATCH, part->name, "it is not what was signed");
}

static void cover(struct verdict *verdict, const struct dossier_manifest *manifest, const struct manifest_entry *entry)
{
	if (entry->index) {
		cover_attachment(verdict, entry);
		return;
	}
	struct dossier_message *message = dossier_message(&verdict->dossier, entry->message_id);
	if (!message)
		return;		/* about another matter */
	if (memcmp(message->part->sha256, entry->sha256, DIGEST_SIZE))
		verdict_wrong(verdict, FAULT_DIGEST_MISMATCH, message->part->name, "it is not what was signed");
	else if (manifest->manifest.purpose == PURPOSE_DISPATCH)
		cover_dispatch(verdict, manifest, message);
	else if (manifest->manifest.purpose == PURPOSE_WITHDRAWAL)
		cover_withdrawal(verdict, manifest, message);
	else
		cover_receipt(verdict, manifest, entry, message);
}

static void cover_all(struct verdict *verdict)
{
	for (const struct dossier_manifest *one = verdict->dossier.manifests; one; one = one->next)
		for (size_t i = 0; one->is_verified && i < one->manifest.count; i++)
			cover(verdict, one, &one->manifest.entries[i]);
}

static void judge_attachments(struct verdict *verdict, const struct dossier_message *message)
{
	for (size_t i = 0; i < message->n_attachments; i++) {
		struct dossier_part *part = dossier_attachment(&verdict->dossier, message->id, (uint32_t)i + 1);
		if (!part) {
			/* perhaps it never arrived; if it was taken out, CONTENTS.sha256, which nobody signs, may not tell */
			verdict_unproven(verdict, "what was in attachment %zu of message %s: it is not in the file", i + 1, message->id);
			continue;
		}
		part->is_named = !memcmp(part->sha256, message->attachments[i], DIGEST_SIZE);
		verdict->report.attachments += part->is_named;
		if (!part->is_named)
			verdict_wrong(verdict, FAULT_DIGEST_MISMATCH, part->name, "it is not the attachment that the signed message names");
	}
}

/* A paper that was slipped in: no message names it, so nobody signed it. */
static void judge_loose_parts(struct verdict *verdict)
{
	for (const struct dossier_part *part = verdict->dossier.parts; part; part = part->next)
		if (!strncmp(part->name, "messages/", 9) && !part->message && !part->is_named)
			verdict_wrong(verdict, FAULT_BAD_EVIDENCE, part->name, "no message in the file names it as its attachment");
}

static void judge_messages(struct verdict *verdict)
{
	for (const struct dossier_message *one = verdict->dossier.messages; one; one = one->next) {
		verdict->report.messages++;
		verdict->report.receipted += one->is_receipted;
		verdict->report.complete += one->is_complete || (one->is_receipted && !one->n_attachments);
		if (!one->is_dispatched)
			verdict_wrong(verdict, FAULT_BAD_EVIDENCE, one->part->name, "no manifest of its sender covers it");
		judge_attachments(verdict, one);
	}
}

/* ── is all of it there ───────────────────────────────────────────────────────────────────────── */

static enum fault check_line(struct verdict *verdict, struct span line)
{
	uint8_t sum[DIGEST_SIZE];
	char name[256];
	size_t head = DIGEST_HEX_SIZE + 2;
	if (line.len <= head || line.len - head >= sizeof name || !hex_read(sum, DIGEST_SIZE, (struct span){ line.at, DIGEST_HEX_SIZE }))
		return fault_say(FAULT_BAD_EVIDENCE, "a line of it is not a digest and a name");
	snprintf(name, sizeof name, "%.*s", (int)(line.len - head), (const char *)line.at + head);
	struct dossier_part *part = dossier_part(&verdict->dossier, name);
	if (!part)
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, name, "it is listed, but it is not there");
	else if (memcmp(part->sha256, sum, DIGEST_SIZE))
		verdict_wrong(verdict, FAULT_DIGEST_MISMATCH, name, "it is not as it is listed");
	else
		part->is_listed = true;
	return OK;
}

static void check_contents(struct verdict *verdict)
{
	static const char where[] = "CONTENTS.sha256";
	struct span rest = verdict->dossier.contents;
	enum fault fault = rest.len ? OK : fault_say(FAULT_BAD_EVIDENCE, "it is not there: whether anything is missing cannot be told");
	while (rest.len && !fault) {
		const uint8_t *end = memchr(rest.at, '\n', rest.len);
		struct span line = { rest.at, end ? (size_t)(end - rest.at) : rest.len };
		fault = check_line(verdict, line);
		rest.at += line.len + (end != NULL);
		rest.len -= line.len + (end != NULL);
	}
	if (fault)
		verdict_wrong(verdict, fault, where, fault_detail(fault));
	for (const struct dossier_part *part = verdict->dossier.parts; part && !fault; part = part->next)
		if (!part->is_listed)
			verdict_wrong(verdict, FAULT_BAD_EVIDENCE, part->name, "it is there, but it is not listed");
}

/* ── all of it ────────────────────────────────────────────────────────────────────────────────── */

static enum fault judge(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->dossier.n_authorities; i++)
		TRY(judge_authority(verdict, &verdict->dossier.authorities[i]));
	TRY(pin_cards(verdict));
	verify_chains(verdict);
	cover_all(verdict);
	judge_messages(verdict);
	judge_loose_parts(verdict);
	check_contents(verdict);
	if (!verdict->dossier.messages)
		verdict_wrong(verdict, FAULT_BAD_EVIDENCE, argument(verdict->tool, 0), "there is no message in it");
	return verdict->dossier.arena.was_refused ? arena_fault(&verdict->dossier.arena) : OK;
}

enum fault cmd_evidence_verify(struct tool *tool)
{
	struct verdict *verdict = arena_alloc(&tool->arena, sizeof *verdict);
	if (!verdict)
		return FAULT_NO_MEMORY;
	*verdict = (struct verdict){ .tool = tool, .trust = trust_new(), .report = COMITY__EVIDENCE_REPORT__INIT };
	Comity__EvidenceReport *report = &verdict->report;
	report->schema = "comity.evidence-report/1";
	report->has_valid = report->has_messages = report->has_receipted = report->has_complete = report->has_attachments
		= report->has_manifests = 1;
	enum fault fault = verdict->trust ? dossier_read(&verdict->dossier, argument(tool, 0)) : FAULT_NO_MEMORY;
	if (!fault)
		fault = judge(verdict);
	if (!fault)
		fault = verdict_tell(verdict);
	dossier_clear(&verdict->dossier);
	trust_free(verdict->trust);
	return fault;
}
