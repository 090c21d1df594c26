/* comity evidence export: one case, with all that proves it, in one file.
 *
 * Composed from what the daemon tells, message by message and manifest by manifest, in constant memory. */
#include <inttypes.h>
#include <string.h>

#include "certs/digest.h"
#include "certs/revocation.h"
#include "proto/json.h"
#include "proto/stamp.h"
#include "tools/acts.h"
#include "tools/evidence_tar.h"
#include "tools/commands.h"
#include "tools/evidence_parts.h"
#include "tools/evidence_text.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/record.h"
#include "tools/watching.h"

enum { OURS, THEIRS, CHAINS };
enum { KEPT_ROLES = 3, LEFT_OUT_MAX = 64 };

static const char *const role_names[KEPT_ROLES] = { "identity", "delegation", "signing" };

/* What one side signed, as far as it is about this case. */
struct side {
	const char *authority;
	uint64_t first, last;			/* numbers of its manifests; 0: none */
	struct certificate_set certificates[KEPT_ROLES];
	struct certificate_set lists;		/* of revoked certificates, as held now */
};

struct dossier_writer {
	struct tool *tool;
	const char *ref;
	const Comity__RequestView *view;
	struct side sides[CHAINS];
	struct tar_writer *archive;
	char *left_out[LEFT_OUT_MAX];
	struct bytes contents;			/* a line for each part, for sha256sum */
	struct digest *digest;			/* of the attachment that is being written */
	struct progress progress;
	uint64_t done;				/* bytes of attachments */
	Comity__EvidenceWritten report;
};

static void leave_out(struct dossier_writer *writer, const char *what, const char *why)
{
	char sentence[300];
	snprintf(sentence, sizeof sentence, "%s: %s", safe(writer->tool, what), why);
	char *kept = arena_text(&writer->tool->arena, span_of_text(sentence));
	if (kept && writer->report.n_left_out < LEFT_OUT_MAX)
		writer->left_out[writer->report.n_left_out++] = kept;
}

static enum fault list_part(struct dossier_writer *writer, const char *name, const uint8_t sum[DIGEST_SIZE])
{
	char hex[DIGEST_HEX_SIZE + 1];
	hex_write(hex, (struct span){ sum, DIGEST_SIZE });
	return bytes_printf(&writer->contents, "%s  %s\n", hex, name);
}

/* A part of the record, if only for reading: its absence must be noticed as well as its alteration. */
static enum fault add_part(struct dossier_writer *writer, const char *name, struct span content)
{
	uint8_t sum[DIGEST_SIZE];
	digest_of(sum, content);
	TRY(list_part(writer, name, sum));
	return tar_add(writer->archive, name, content);
}

/* ── which manifests ──────────────────────────────────────────────────────────────────────────── */

static void reach_to(struct side *side, uint64_t number)
{
	if (!number)
		return;
	if (!side->first || number < side->first)
		side->first = number;
	if (number > side->last)
		side->last = number;
}

static bool is_ours(const struct dossier_writer *writer, const Comity__MessageState *state)
{
	return state->from && !strcmp(state->from, writer->sides[OURS].authority);
}

/* A message nobody has signed for yet is no evidence. */
static bool is_signed(const Comity__MessageState *state)
{
	return state->manifest > 0 && state->message_id;
}

static void find_ranges(struct dossier_writer *writer)
{
	for (size_t i = 0; i < writer->view->n_messages; i++) {
		const Comity__MessageState *state = writer->view->messages[i];
		bool ours = is_ours(writer, state);
		struct side *sender = &writer->sides[ours ? OURS : THEIRS], *receiver = &writer->sides[ours ? THEIRS : OURS];
		if (!is_signed(state)) {
			leave_out(writer, state->message_id, "a message that was not sent yet");
			continue;
		}
		reach_to(sender, state->manifest);
		reach_to(receiver, state->receipt);
		reach_to(receiver, state->completion);
	}
}

/* ── messages ─────────────────────────────────────────────────────────────────────────────────── */

static enum fault add_readable(struct dossier_writer *writer, const Comity__MessageView *view)
{
	char name[80];
	struct bytes json = { 0 };
	if (!view->message)
		return OK;
	snprintf(name, sizeof name, "readable/%.40s.json", view->state->message_id);
	enum fault fault = json_write(&view->message->base, JSON_PRETTY_STYLE, &json);
	if (!fault)
		fault = add_part(writer, name, span_of(&json));
	bytes_clear(&json);
	return fault;
}

/* The manifests that sign its digest, and the receipts for it, are there all the same. */
static void leave_out_purged(struct dossier_writer *writer, const Comity__MessageState *state)
{
	char why[200];
	snprintf(why, sizeof why, "its content%s was destroyed on %.10s by the retention policy; what was signed about it is here",
		state->attachments ? " and its attachments" : "", state->purged_at);
	leave_out(writer, state->message_id, why);
}

static enum fault add_message(struct dossier_writer *writer, const char *id)
{
	char name[80];
	const Comity__Reply *reply;
	Comity__ByMessage by = COMITY__BY_MESSAGE__INIT;
	by.ref = (char *)writer->ref;
	by.message = (char *)id;
	Comity__Call call = CALL(MESSAGE_SHOW, message_show, &by);
	TRY(ask(writer->tool, &call, COMITY__REPLY__KIND_MESSAGE, &reply));
	const Comity__MessageView *view = reply->message;
	if (view->state && view->state->purged_at) {
		leave_out_purged(writer, view->state);
		return OK;
	}
	if (!view->state || !view->state->message_id || !view->has_raw)
		return fault_say(FAULT_BAD_FRAME, "comityd did not give the signed bytes of message %s", id);
	snprintf(name, sizeof name, "messages/%.40s", id);
	TRY(add_part(writer, name, (struct span){ view->raw.data, view->raw.len }));
	writer->report.messages++;
	return add_readable(writer, view);
}

static enum fault add_messages(struct dossier_writer *writer)
{
	for (size_t i = 0; i < writer->view->n_messages; i++)
		if (is_signed(writer->view->messages[i]))
			TRY(add_message(writer, writer->view->messages[i]->message_id));
	return OK;
}

/* ── attachments ──────────────────────────────────────────────────────────────────────────────── */

static enum fault write_content(void *owner, uint64_t offset, struct span data)
{
	struct dossier_writer *writer = owner;
	(void)offset;
	writer->done += data.len;
	progress_show(&writer->progress, writer->done);
	digest_update(writer->digest, data);
	return tar_write(writer->archive, data);
}

static enum fault add_attachment(struct dossier_writer *writer, const Comity__AttachmentState *state)
{
	char name[100], number[16];
	struct client *client;
	const Comity__Reply *reply;
	struct client_stream stream = { .write = write_content, .owner = writer };
	Comity__AttachGet get = COMITY__ATTACH_GET__INIT;
	snprintf(name, sizeof name, "messages/%.40s.%u", state->message_id, state->index);
	snprintf(number, sizeof number, "%u", state->number);
	get.ref = (char *)writer->ref;
	get.attachment = number;
	Comity__Call call = CALL(ATTACH_GET, attach_get, &get);
	TRY(reach(writer->tool, &client));
	TRY(tar_begin(writer->archive, name, state->attachment->size));
	uint64_t before = writer->done;
	TRY(client_download(client, &call, &stream, &reply));
	TRY(expect(reply, COMITY__REPLY__KIND_ATTACHMENT));
	if (writer->done - before != state->attachment->size)
		return fault_say(FAULT_BAD_FRAME, "attachment %u has not the size that was announced", state->number);
	writer->report.attachments++;
	uint8_t sum[DIGEST_SIZE];
	digest_finish(writer->digest, sum);
	return list_part(writer, name, sum);
}

static bool is_whole(const Comity__AttachmentState *state)
{
	return state->presence == COMITY__PRESENCE__VALUE__HERE || state->presence == COMITY__PRESENCE__VALUE__SENT;
}

static const char *why_not(const Comity__AttachmentState *state)
{
	if (!state->message_id || !*state->message_id)
		return "an attachment that was not sent yet";
	return is_whole(state) ? NULL : "an attachment that has not arrived yet";
}

static enum fault add_attachments(struct dossier_writer *writer)
{
	uint64_t total = 0;
	enum fault fault = OK;
	for (size_t i = 0; i < writer->view->n_attachments; i++)
		if (writer->view->attachments[i]->attachment && !why_not(writer->view->attachments[i]))
			total += writer->view->attachments[i]->attachment->size;
	progress_begin(&writer->progress, writer->tool, "attachments", 0, total);
	for (size_t i = 0; i < writer->view->n_attachments && !fault; i++) {
		const Comity__AttachmentState *state = writer->view->attachments[i];
		if (!state->attachment)
			continue;
		if (why_not(state))
			leave_out(writer, state->attachment->name, why_not(state));
		else
			fault = add_attachment(writer, state);
	}
	progress_end(&writer->progress);
	return fault;
}

/* ── manifests and certificates ───────────────────────────────────────────────────────────────── */

static struct span lent(protobuf_c_boolean has, ProtobufCBinaryData bytes)
{
	return has ? (struct span){ bytes.data, bytes.len } : (struct span){ 0 };
}

static enum fault keep_certificates(struct dossier_writer *writer, struct side *side, const Comity__ManifestView *view)
{
	const struct span found[KEPT_ROLES] = {
		lent(view->has_identity_certificate, view->identity_certificate),
		lent(view->has_delegation_certificate, view->delegation_certificate),
		lent(view->has_signing_certificate, view->signing_certificate),
	};
	for (int i = 0; i < KEPT_ROLES; i++)
		if (found[i].len)
			TRY(certificates_add(&side->certificates[i], found[i], &writer->tool->arena));
	for (size_t i = 0; i < view->n_revocations; i++)
		TRY(certificates_add(&side->lists, lent(1, view->revocations[i]), &writer->tool->arena));
	return OK;
}

static enum fault add_manifest(struct dossier_writer *writer, struct side *side, bool theirs, uint64_t number)
{
	char name[100];
	const Comity__Reply *reply;
	Comity__ManifestGet get = COMITY__MANIFEST_GET__INIT;
	get.peer = (char *)writer->sides[THEIRS].authority;
	get.has_theirs = get.has_number = 1;
	get.theirs = theirs;
	get.number = number;
	get.has_revocations = 1;
	get.revocations = number == side->last;
	Comity__Call call = CALL(MANIFEST_GET, manifest_get, &get);
	TRY(ask(writer->tool, &call, COMITY__REPLY__KIND_MANIFEST, &reply));
	const Comity__StoredManifest *manifest = reply->manifest->manifest;
	if (!manifest || !manifest->has_text || !manifest->has_signature)
		return fault_say(FAULT_BAD_FRAME, "comityd gave manifest %" PRIu64 " without text or signature", number);
	snprintf(name, sizeof name, "manifests/%s/%012" PRIu64 ".manifest", side->authority, number);
	TRY(add_part(writer, name, lent(1, manifest->text)));
	snprintf(name, sizeof name, "manifests/%s/%012" PRIu64 ".p7s", side->authority, number);
	TRY(add_part(writer, name, lent(1, manifest->signature)));
	writer->report.manifests++;
	return keep_certificates(writer, side, reply->manifest);
}

static enum fault add_certificates(struct dossier_writer *writer, const struct side *side)
{
	for (int i = 0; i < KEPT_ROLES; i++) {
		char name[100];
		struct bytes pem = { 0 };
		snprintf(name, sizeof name, "certificates/%s/%s.pem", side->authority, role_names[i]);
		if (side->first && !side->certificates[i].count)
			leave_out(writer, name, "the certificate is not kept here");
		enum fault fault = certificates_write(&side->certificates[i], &pem);
		if (!fault && pem.len)
			fault = add_part(writer, name, span_of(&pem));
		bytes_clear(&pem);
		TRY(fault);
	}
	return OK;
}

static enum fault add_list(struct dossier_writer *writer, const struct side *side, size_t number)
{
	char name[100];
	struct bytes pem = { 0 };
	snprintf(name, sizeof name, "revocations/%s/%zu.pem", side->authority, number);
	enum fault fault = revocation_pem(side->lists.list[number - 1], &pem);
	if (!fault)
		fault = add_part(writer, name, span_of(&pem));
	bytes_clear(&pem);
	return fault;
}

/* Those of the issuers in the file: a list of a delegation that signed none of this says nothing about it. */
static enum fault add_lists(struct dossier_writer *writer, const struct side *side)
{
	for (int role = 0; role < 2; role++) {
		bool is_there = false;
		for (size_t i = 0; i < side->lists.count; i++)
			if (certificates_issued(&side->certificates[role], side->lists.list[i])) {
				TRY(add_list(writer, side, i + 1));
				is_there = true;
			}
		if (side->first && !is_there)
			leave_out(writer, side->authority, role ? "the revocation list of its delegation is not kept here" :
				"the revocation list of its identity is not kept here");
	}
	return OK;
}

static enum fault add_side(struct dossier_writer *writer, int which)
{
	struct side *side = &writer->sides[which];
	for (uint64_t number = side->first; number && number <= side->last; number++)
		TRY(add_manifest(writer, side, which == THEIRS, number));
	TRY(add_certificates(writer, side));
	return add_lists(writer, side);
}

/* ── texts ────────────────────────────────────────────────────────────────────────────────────── */

/* The track of the request, as the tool shows it, in UTC. */
static enum fault add_summary(struct dossier_writer *writer)
{
	struct tool *tool = writer->tool;
	struct bytes before = tool->out;
	enum format format = tool->format;
	bool is_utc = tool->is_utc;
	tool->out = (struct bytes){ 0 };
	tool->format = FORMAT_TEXT;
	tool->is_utc = true;
	enum fault fault = track_text(tool, writer->view);
	if (!fault)
		fault = add_part(writer, "SUMMARY.txt", span_of(&tool->out));
	bytes_clear(&tool->out);
	tool->out = before;
	tool->format = format;
	tool->is_utc = is_utc;
	return fault;
}

static enum fault add_readme(struct dossier_writer *writer)
{
	struct bytes text = { 0 };
	struct evidence_facts facts = { writer->view, writer->sides[OURS].authority, writer->sides[THEIRS].authority,
		writer->left_out, writer->report.n_left_out };
	enum fault fault = evidence_readme(&facts, &text);
	if (!fault)
		fault = add_part(writer, "README.txt", span_of(&text));
	bytes_clear(&text);
	return fault;
}

/* ── all of it ────────────────────────────────────────────────────────────────────────────────── */

static enum fault compose(struct dossier_writer *writer)
{
	find_ranges(writer);
	if (!writer->sides[OURS].first && !writer->sides[THEIRS].first)
		return fault_say(FAULT_NOT_YET, "nothing of %s was sent or received yet: there is nothing to prove", writer->ref);
	TRY(add_summary(writer));
	TRY(add_messages(writer));
	TRY(add_attachments(writer));
	TRY(add_side(writer, OURS));
	TRY(add_side(writer, THEIRS));
	TRY(add_readme(writer));	/* behind all parts, because it says what is not in it */
	return tar_add(writer->archive, "CONTENTS.sha256", span_of(&writer->contents));
}

static void begin(struct dossier_writer *writer, struct tool *tool, const Comity__RequestView *view)
{
	const Comity__Case *request = view->request;
	bool asks = request->role == COMITY__ROLE__VALUE__REQUESTING;
	*writer = (struct dossier_writer){ .tool = tool, .ref = request->request_id, .view = view,
		.report = COMITY__EVIDENCE_WRITTEN__INIT };
	writer->sides[OURS].authority = asks ? request->requesting_authority : request->requested_authority;
	writer->sides[THEIRS].authority = request->peer;
	writer->report.schema = "comity.evidence/1";
	writer->report.type = "result";
	writer->report.ref = view->our_reference;
	writer->report.file = (char *)given(tool, "output");
	writer->report.left_out = writer->left_out;
	writer->report.has_messages = writer->report.has_manifests = writer->report.has_attachments = writer->report.has_size = 1;
}

static void tell(struct tool *tool, const Comity__EvidenceWritten *report)
{
	if (printed_document(tool, &report->base))
		return;
	print(tool, "Wrote %s, %s: %u messages, %u attachments, %u signed manifests of both sides.\n", safe(tool, report->file),
		size_of(tool, report->size), report->messages, report->attachments, report->manifests);
	for (size_t i = 0; i < report->n_left_out; i++)
		print(tool, "  not in it: %s\n", report->left_out[i]);
	next_step(tool, "comity evidence verify %s    (anywhere, without the daemon)", safe(tool, report->file));
}

enum fault cmd_evidence_export(struct tool *tool)
{
	struct dossier_writer writer;
	const Comity__RequestView *view;
	TRY(get_request(tool, argument(tool, 0), &view));
	if (!view->request->peer || !view->request->requesting_authority || !view->request->requested_authority)
		return fault_say(FAULT_NOT_YET, "the request has no other side yet");
	begin(&writer, tool, view);
	TRY(tar_create(writer.report.file, stamp_clock() / STAMP_SECOND, &writer.archive));
	writer.digest = digest_new();
	enum fault fault = writer.digest ? compose(&writer) : FAULT_NO_MEMORY;
	digest_free(writer.digest);
	bytes_clear(&writer.contents);
	if (fault) {
		tar_abandon(writer.archive);
		return fault;
	}
	TRY(tar_finish(writer.archive, &writer.report.size));
	tell(tool, &writer.report);
	return OK;
}
