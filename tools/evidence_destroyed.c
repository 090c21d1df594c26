/* Certificates of destructions in an evidence file: written, read and judged. */
#include <stdio.h>
#include <string.h>

#include "proto/destroyed.h"
#include "tools/evidence_judges.h"
#include "tools/evidence_writer.h"

/* ── written ──────────────────────────────────────────────────────────────────────────────────── */

static struct span kept(struct dossier_writer *writer, ProtobufCBinaryData bytes)
{
	const char *copy = arena_text(&writer->tool->arena, (struct span){ bytes.data, bytes.len });
	return (struct span){ (const uint8_t *)copy, copy ? bytes.len : 0 };
}

static enum fault note(struct dossier_writer *writer, int which, const char *text, ProtobufCBinaryData signature,
	const ProtobufCBinaryData certificates[KEPT_ROLES])
{
	struct side *side = &writer->sides[which];
	const ProtobufCBinaryData bytes = { strlen(text), (uint8_t *)text };
	for (int i = 0; i < KEPT_ROLES; i++)
		if (certificates[i].len)
			TRY(certificates_add(&side->certificates[i], kept(writer, certificates[i]), &writer->tool->arena));
	writer->destructions[which] = (struct destruction_part){ kept(writer, bytes), kept(writer, signature) };
	return writer->tool->arena.was_refused ? arena_fault(&writer->tool->arena) : OK;
}

enum fault writer_note_ours(struct dossier_writer *writer)
{
	const Comity__Destruction *ours = writer->view->request->destruction;
	if (!ours || !ours->text || !ours->has_signature || !ours->has_signing)
		return OK;
	const ProtobufCBinaryData certificates[KEPT_ROLES] = { ours->identity, ours->delegation, ours->signing };
	return note(writer, OURS, ours->text, ours->signature, certificates);
}

/* The last that counts: what was refused here is on file as a message, and proves nothing. */
enum fault writer_note_theirs(struct dossier_writer *writer, const Comity__MessageView *view)
{
	const Comity__DestructionThere *there = writer->view->request->destroyed_there;
	bool is_it = there && there->message_id && !strcmp(there->message_id, view->state->message_id);
	for (size_t i = 0; is_it && view->message && i < view->message->n_acts; i++) {
		const Comity__Act *act = view->message->acts[i];
		if (act->kind_case != COMITY__ACT__KIND_DESTRUCTION_NOTICE || !act->destruction_notice->certificate)
			continue;
		const Comity__DestructionNotice *notice = act->destruction_notice;
		const ProtobufCBinaryData certificates[KEPT_ROLES] = { there->identity, notice->delegation, notice->signing };
		return note(writer, THEIRS, notice->certificate, notice->signature, certificates);
	}
	return OK;
}

enum fault writer_add_destructions(struct dossier_writer *writer)
{
	for (int i = 0; i < CHAINS; i++) {
		char name[80];
		const struct destruction_part *part = &writer->destructions[i];
		if (!part->text.len)
			continue;
		snprintf(name, sizeof name, "destructions/%s.txt", writer->sides[i].authority);
		TRY(writer_add(writer, name, part->text));
		snprintf(name, sizeof name, "destructions/%s.p7s", writer->sides[i].authority);
		TRY(writer_add(writer, name, part->signature));
	}
	return OK;
}

/* ── judged ───────────────────────────────────────────────────────────────────────────────────── */

/* What it names and what is in the file must be the same. */
static enum fault judge_messages(const struct verdict *verdict, const struct destroyed *said)
{
	for (size_t i = 0; i < said->count; i++) {
		const struct dossier_message *message = dossier_message(&verdict->dossier, said->messages[i].id);
		if (message && memcmp(message->part->sha256, said->messages[i].sha256, DIGEST_SIZE))
			return fault_say(FAULT_DIGEST_MISMATCH, "message %s, which it names, is another one in this file", said->messages[i].id);
	}
	return OK;
}

static enum fault judge_request(const struct verdict *verdict, const struct destroyed *said)
{
	const struct dossier_message *message = verdict->dossier.messages;
	while (message && !*message->request_id)
		message = message->next;
	return !message || !strcmp(message->request_id, said->request_id) ? OK :
		fault_say(FAULT_BAD_EVIDENCE, "it is of another request, %s", said->request_id);
}

static enum fault judge(struct verdict *verdict, const struct dossier_destruction *one, struct destroyed *said)
{
	if (!one->text.len)
		return fault_say(FAULT_BAD_EVIDENCE, "the certificate is not there, only its signature");
	TRY(destroyed_read(one->text, &verdict->dossier.arena, said));
	if (strcmp(said->authority, one->authority))
		return fault_say(FAULT_BAD_EVIDENCE, "it is of %s, and lies in another's place", said->authority);
	TRY(judge_request(verdict, said));
	TRY(judge_messages(verdict, said));
	return judge_signature(verdict, one->authority, one->text, one->signature);
}

void judge_destructions(struct verdict *verdict)
{
	for (const struct dossier_destruction *one = verdict->dossier.destructions; one; one = one->next) {
		char where[80];
		struct destroyed said = { 0 };
		snprintf(where, sizeof where, "destructions/%s", one->authority);
		enum fault fault = judge(verdict, one, &said);
		if (fault)
			verdict_wrong(verdict, fault, where, fault_detail(fault));
		else
			verdict_proven(verdict, "%s signed that it destroyed what it held of this request, %zu messages, at %s by its own clock (by uid "
				"%u: %.200s)", one->authority, said.count, said.at, said.uid, said.reason);
		if (!fault)
			verdict_unproven(verdict, "that no copy is left with %s, or with whoever had it from there", one->authority);
	}
}
