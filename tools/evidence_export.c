/* comity evidence export: one case, with all that proves it, in one file.
 *
 * Composed from what the daemon tells, message by message and manifest by manifest, in constant memory. */
#include <inttypes.h>
#include <string.h>

#include "certs/digest.h"
#include "proto/json.h"
#include "proto/stamp.h"
#include "tools/acts.h"
#include "tools/commands.h"
#include "tools/evidence_stamp.h"
#include "tools/evidence_tar.h"
#include "tools/evidence_text.h"
#include "tools/evidence_writer.h"
#include "tools/print.h"
#include "tools/record.h"
#include "tools/watching.h"

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
			writer_leave_out(writer, state->message_id, "a message that was not sent yet");
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
		fault = writer_add(writer, name, span_of(&json));
	bytes_clear(&json);
	return fault;
}

/* The manifests that sign its digest, and the receipts for it, are there all the same. */
static void tell_purged(struct dossier_writer *writer, const Comity__MessageState *state)
{
	char why[200];
	snprintf(why, sizeof why, "its content%s was destroyed on %.10s by the retention policy; what was signed about it is here",
		state->attachments ? " and its attachments" : "", state->purged_at);
	writer_leave_out(writer, state->message_id, why);
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
		tell_purged(writer, view->state);
		return OK;
	}
	if (!view->state || !view->state->message_id || !view->has_raw)
		return fault_say(FAULT_BAD_FRAME, "comityd did not give the signed bytes of message %s", id);
	snprintf(name, sizeof name, "messages/%.40s", id);
	TRY(writer_add(writer, name, (struct span){ view->raw.data, view->raw.len }));
	writer->report.messages++;
	writer_note_conditions(writer, view);
	TRY(writer_note_theirs(writer, view));
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
	return writer_list(writer, name, sum);
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
			writer_leave_out(writer, state->attachment->name, why_not(state));
		else
			fault = add_attachment(writer, state);
	}
	progress_end(&writer->progress);
	return fault;
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
		fault = writer_add(writer, "SUMMARY.txt", span_of(&tool->out));
	bytes_clear(&tool->out);
	tool->out = before;
	tool->format = format;
	tool->is_utc = is_utc;
	return fault;
}

/* README and list of contents, as they are with this outcome of asking for a stamp. */
static enum fault write_texts(const struct dossier_writer *writer, enum stamping stamping, const char *why, struct bytes *readme,
	struct bytes *contents)
{
	static const char *const remarks[] = { [STAMPING_NONE] = "", [STAMPING_DONE] = REMARK_STAMPED "\n", [STAMPING_PENDING] = REMARK_PENDING "\n" };
	struct evidence_facts facts = { writer->view, writer->sides[OURS].authority, writer->sides[THEIRS].authority,
		writer->left_out, writer->report.n_left_out, writer->conditions, writer->report.n_conditions, stamping, why };
	uint8_t sum[DIGEST_SIZE];
	char hex[DIGEST_HEX_SIZE + 1];
	readme->len = contents->len = 0;
	TRY(evidence_readme(&facts, readme));
	digest_of(sum, span_of(readme));
	hex_write(hex, SPAN(sum));
	TRY(bytes_append(contents, span_of(&writer->contents)));
	return bytes_printf(contents, "%s  README.txt\n%s", hex, remarks[stamping]);
}

static enum fault add_texts(struct dossier_writer *writer, const struct bytes *readme, const struct bytes *contents)
{
	TRY(tar_add(writer->archive, "README.txt", span_of(readme)));
	return tar_add(writer->archive, "CONTENTS.sha256", span_of(contents));
}

static void tell_stamp(struct dossier_writer *writer, const struct timestamp *stamp)
{
	char at[STAMP_SIZE];
	stamp_write(at, stamp->at * STAMP_SECOND);
	writer->report.stamped_at = arena_text(&writer->tool->arena, span_of_text(at));
	writer->report.stamped_by = arena_text(&writer->tool->arena, span_of_text(stamp->authority));
}

/* What is stamped says already that it is; when no stamp comes, it is written again, and says that. */
static enum fault add_stamped(struct dossier_writer *writer, struct bytes *readme, struct bytes *contents)
{
	struct stamp_made made;
	TRY(write_texts(writer, STAMPING_DONE, NULL, readme, contents));
	enum fault fault = stamp_make(writer->tsa, NULL, span_of(contents), &made);
	if (!fault) {
		tell_stamp(writer, &made.stamp);
		fault = add_texts(writer, readme, contents);
		if (!fault)
			fault = stamp_add(&made, writer->tsa, NULL, writer->archive);
	} else if (fault == FAULT_TIMESTAMP_PENDING) {
		writer->report.pending = arena_text(&writer->tool->arena, span_of_text(fault_detail(fault)));
		fault = write_texts(writer, STAMPING_PENDING, writer->report.pending, readme, contents);
		if (!fault)
			fault = add_texts(writer, readme, contents);
	}
	stamp_made_clear(&made);
	return fault;
}

/* Behind all parts, because the README says what is not in it. */
static enum fault add_end(struct dossier_writer *writer)
{
	struct bytes readme = { 0 }, contents = { 0 };
	enum fault fault = writer->tsa ? add_stamped(writer, &readme, &contents) :
		write_texts(writer, STAMPING_NONE, NULL, &readme, &contents);
	if (!fault && !writer->tsa)
		fault = add_texts(writer, &readme, &contents);
	bytes_clear(&readme);
	bytes_clear(&contents);
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
	TRY(writer_note_ours(writer));
	TRY(writer_add_destructions(writer));
	TRY(writer_add_side(writer, OURS));
	TRY(writer_add_side(writer, THEIRS));
	return add_end(writer);
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
	writer->report.conditions = writer->conditions;
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
	for (size_t i = 0; i < report->n_conditions; i++)
		print(tool, "  condition of use: %s\n", report->conditions[i]);
	if (report->stamped_at)
		print(tool, "  time stamp: %s, %s\n", report->stamped_at, safe(tool, report->stamped_by));
	if (report->pending)
		print(tool, "  time stamp pending: %s\n", safe(tool, report->pending));
	if (report->pending)
		next_step(tool, "comity evidence stamp %s    (later; all else is there)", safe(tool, report->file));
	next_step(tool, "comity evidence verify %s    (anywhere, without the daemon)", safe(tool, report->file));
}

enum fault cmd_evidence_export(struct tool *tool)
{
	struct dossier_writer writer;
	struct tsa tsa;
	const Comity__RequestView *view;
	TRY(get_request(tool, argument(tool, 0), &view));
	if (!view->request->peer || !view->request->requesting_authority || !view->request->requested_authority)
		return fault_say(FAULT_NOT_YET, "the request has no other side yet");
	begin(&writer, tool, view);
	if (given(tool, "timestamp")) {
		TRY(tsa_find(tool, &tsa));
		writer.tsa = &tsa;
	}
	TRY(tar_create(writer.report.file, stamp_clock() / STAMP_SECOND, &writer.archive));
	writer.digest = digest_new();
	enum fault fault = writer.digest ? compose(&writer) : FAULT_NO_MEMORY;
	digest_free(writer.digest);
	bytes_clear(&writer.contents);
	if (fault)
		tar_abandon(writer.archive);
	else
		fault = tar_finish(writer.archive, &writer.report.size);
	if (fault == FAULT_DISK_FULL)
		return hinted(tool, fault, "make room there, or write it to another disk with -o, and repeat");
	if (!fault)
		tell(tool, &writer.report);
	return fault;
}
