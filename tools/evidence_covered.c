/* What the verified manifests of an evidence file cover: sent, receipted, complete; and what nobody signed. */
#include <string.h>

#include "tools/evidence_judges.h"

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

void judge_covered(struct verdict *verdict)
{
	cover_all(verdict);
	judge_messages(verdict);
	judge_loose_parts(verdict);
}
