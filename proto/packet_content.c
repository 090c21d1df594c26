/* The kinds that carry the correspondence, each read and written. */
#include <string.h>

#include "proto/audit_head.h"
#include "proto/packet_parts.h"

static enum fault read_messages(struct arena *arena, const ProtobufCBinaryData *from, size_t count, size_t size_min,
	struct signed_manifest *to)
{
	if (count > PACKET_MESSAGES_MAX)
		return BAD("manifest.messages has %zu entries, the limit is %d", count, PACKET_MESSAGES_MAX);
	struct span *messages = arena_alloc(arena, count * sizeof *messages);
	if (count && !messages)
		return fault_say(arena_fault(arena), "a manifest of %zu messages needs more memory than it may", count);
	for (size_t i = 0; i < count; i++) {
		if (from[i].len < size_min || from[i].len > MESSAGE_SIZE_MAX)
			return BAD("manifest.messages[%zu] has %zu bytes, %zu to %d are allowed", i, from[i].len, size_min, MESSAGE_SIZE_MAX);
		messages[i] = take_span(from[i]);
	}
	to->messages = messages;
	to->message_count = count;
	return OK;
}

static enum fault read_signed(ProtobufCBinaryData text, ProtobufCBinaryData signature, struct signed_manifest *to)
{
	if (!text.len || text.len > MANIFEST_TEXT_MAX)
		return BAD("manifest.text has %zu bytes, 1 to %d are allowed", text.len, MANIFEST_TEXT_MAX);
	if (!signature.len || signature.len > PACKET_SIGNATURE_MAX)
		return BAD("manifest.signature has %zu bytes, 1 to %d are allowed", signature.len, PACKET_SIGNATURE_MAX);
	to->text = take_span(text);
	to->signature = take_span(signature);
	return OK;
}

/* "DER, under which it was signed, with its delegation" */
static enum fault read_certificates(ProtobufCBinaryData signing, ProtobufCBinaryData delegation, struct signed_manifest *to)
{
	to->signing = take_span(signing);
	to->delegation = take_span(delegation);
	if (!to->signing.len != !to->delegation.len)
		return BAD("one certificate of the two came with a manifest");
	if (to->signing.len > PACKET_CERTIFICATE_MAX || to->delegation.len > PACKET_CERTIFICATE_MAX)
		return BAD("a certificate of more than %d bytes came with a manifest", PACKET_CERTIFICATE_MAX);
	return OK;
}

enum fault packet_read_manifest(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	const Comity__SignedManifest *from = frame->manifest;
	TRY(read_signed(from->text, from->signature, &packet->manifest));
	TRY(read_certificates(from->signing_certificate, from->delegation_certificate, &packet->manifest));
	return read_messages(arena, from->messages, from->n_messages, 1, &packet->manifest);
}

static enum fault lend_messages(const struct signed_manifest *from, ProtobufCBinaryData messages[PACKET_MESSAGES_MAX])
{
	if (from->message_count > PACKET_MESSAGES_MAX)
		return fault_say(FAULT_FRAME_TOO_LARGE, "a manifest of %zu messages; the limit is %d",
			from->message_count, PACKET_MESSAGES_MAX);
	for (size_t i = 0; i < from->message_count; i++)
		messages[i] = give_span(from->messages[i]);
	return OK;
}

enum fault packet_write_manifest(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct signed_manifest *from = &packet->manifest;
	ProtobufCBinaryData messages[PACKET_MESSAGES_MAX];
	TRY(lend_messages(from, messages));
	Comity__SignedManifest to = COMITY__SIGNED_MANIFEST__INIT;
	to.has_text = to.has_signature = true;
	to.text = give_span(from->text);
	to.signature = give_span(from->signature);
	to.n_messages = from->message_count;
	to.messages = messages;
	to.has_signing_certificate = to.has_delegation_certificate = from->signing.len > 0;
	to.signing_certificate = give_span(from->signing);
	to.delegation_certificate = give_span(from->delegation);
	frame->manifest = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_confirm(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	return take_position("confirm.received", frame->confirm->received, &packet->confirm.received);
}

enum fault packet_write_confirm(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Confirm to = COMITY__CONFIRM__INIT;
	Comity__Position received = give_position(&packet->confirm.received);
	to.received = &received;
	frame->confirm = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_fetch(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	const Comity__Fetch *from = frame->fetch;
	struct fetch *to = &packet->fetch;
	TRY(take_fixed("fetch.message_id", from->has_message_id, from->message_id, to->message_id, sizeof to->message_id));
	TRY(take_fixed("fetch.sha256", from->has_sha256, from->sha256, to->sha256, DIGEST_SIZE));
	if (!from->index)
		return BAD("fetch.index counts from 1");
	if (!from->length || from->length > FETCH_SIZE_MAX)	/* "at most FETCH_SIZE_MAX" */
		return BAD("fetch.length is %llu, 1 to %d are allowed", (unsigned long long)from->length, FETCH_SIZE_MAX);
	if (from->offset > INT64_MAX - from->length)
		return BAD("fetch.offset is beyond any file");
	to->stream = from->stream;
	to->index = from->index;
	to->offset = from->offset;
	to->length = from->length;
	to->is_own = from->own;
	return OK;
}

enum fault packet_write_fetch(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct fetch *from = &packet->fetch;
	Comity__Fetch to = COMITY__FETCH__INIT;
	to.has_stream = to.has_message_id = to.has_index = to.has_sha256 = to.has_offset = to.has_length = true;
	to.stream = from->stream;
	to.message_id = give_span(SPAN(from->message_id));
	to.index = from->index;
	to.sha256 = give_span(SPAN(from->sha256));
	to.offset = from->offset;
	to.length = from->length;
	to.has_own = to.own = from->is_own;
	frame->fetch = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_missing(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	packet->missing.stream = frame->missing->stream;
	return take_slug("missing.reason", frame->missing->reason, &packet->missing.reason);
}

enum fault packet_write_missing(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Missing to = COMITY__MISSING__INIT;
	to.has_stream = true;
	to.stream = packet->missing.stream;
	to.reason = (char *)packet->missing.reason;
	frame->missing = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_waiting(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	const Comity__Waiting *from = frame->waiting;
	struct waiting *to = &packet->waiting;
	TRY(take_fixed("waiting.message_id", from->has_message_id, from->message_id, to->message_id, sizeof to->message_id));
	if (!from->index)
		return BAD("waiting.index counts from 1");
	to->index = from->index;
	return take_slug("waiting.reason", from->reason, &to->reason);
}

enum fault packet_write_waiting(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct waiting *from = &packet->waiting;
	Comity__Waiting to = COMITY__WAITING__INIT;
	to.has_message_id = to.has_index = true;
	to.message_id = give_span(SPAN(from->message_id));
	to.index = from->index;
	to.reason = (char *)from->reason;
	frame->waiting = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_whose(const char *field, Comity__Whose__Value from, enum whose *to)
{
	*to = (enum whose)from;
	return from == COMITY__WHOSE__VALUE__ASKERS || from == COMITY__WHOSE__VALUE__GIVERS ? OK :
		BAD("%s is neither the asker's nor the giver's", field);
}

enum fault packet_read_recall(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	const Comity__Recall *from = frame->recall;
	struct recall *to = &packet->recall;
	TRY(read_whose("recall.chain", from->chain, &to->chain));
	if (!from->from || from->from > INT64_MAX)
		return BAD("recall.from counts from 1");
	if (!from->count || from->count > PACKET_RECALL_MAX)
		return BAD("recall.count is %u, 1 to %d are allowed", from->count, PACKET_RECALL_MAX);
	to->from = from->from;
	to->count = from->count;
	return OK;
}

enum fault packet_write_recall(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct recall *from = &packet->recall;
	Comity__Recall to = COMITY__RECALL__INIT;
	to.has_chain = to.has_from = to.has_count = true;
	to.chain = (Comity__Whose__Value)from->chain;
	to.from = from->from;
	to.count = from->count;
	frame->recall = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_recalled(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	const Comity__Recalled *from = frame->recalled;
	struct recalled *to = &packet->recalled;
	TRY(read_whose("recalled.chain", from->chain, &to->chain));
	if (!from->number)
		return BAD("recalled.number counts from 1");
	to->number = from->number;
	to->has_more = from->more;
	if (!from->text.len)	/* "the giver does not have it, and the answer ends" */
		return from->more || from->n_messages ? BAD("recalled has no text, but more") : OK;
	TRY(read_signed(from->text, from->signature, &to->manifest));
	TRY(read_certificates(from->signing_certificate, from->delegation_certificate, &to->manifest));
	return read_messages(arena, from->messages, from->n_messages, 0, &to->manifest);
}

enum fault packet_write_recalled(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct recalled *from = &packet->recalled;
	ProtobufCBinaryData messages[PACKET_MESSAGES_MAX];
	TRY(lend_messages(&from->manifest, messages));
	Comity__Recalled to = COMITY__RECALLED__INIT;
	to.has_chain = to.has_number = true;
	to.chain = (Comity__Whose__Value)from->chain;
	to.number = from->number;
	to.has_text = to.has_signature = from->manifest.text.len > 0;
	to.text = give_span(from->manifest.text);
	to.signature = give_span(from->manifest.signature);
	to.n_messages = from->manifest.message_count;
	to.messages = messages;
	to.has_signing_certificate = to.has_delegation_certificate = from->manifest.signing.len > 0;
	to.signing_certificate = give_span(from->manifest.signing);
	to.delegation_certificate = give_span(from->manifest.delegation);
	to.has_more = to.more = from->has_more;
	frame->recalled = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_summary(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	const Comity__Summary *from = frame->summary;
	struct summary *to = &packet->summary;
	TRY(take_position("summary.sent", from->sent, &to->sent));
	TRY(take_position("summary.received", from->received, &to->received));
	to->messages_sent = from->messages_sent;
	to->messages_received = from->messages_received;
	to->is_answer = from->answer;
	return OK;
}

enum fault packet_write_summary(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct summary *from = &packet->summary;
	Comity__Summary to = COMITY__SUMMARY__INIT;
	Comity__Position sent = give_position(&from->sent), received = give_position(&from->received);
	to.sent = &sent;
	to.received = &received;
	to.has_messages_sent = to.has_messages_received = true;
	to.messages_sent = from->messages_sent;
	to.messages_received = from->messages_received;
	to.has_answer = to.answer = from->is_answer;
	frame->summary = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_audit_head(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	const Comity__AuditHeadSigned *from = frame->audit_head;
	if (!from->text.len || from->text.len > AUDIT_HEAD_SIZE_MAX)
		return BAD("audit_head.text has %zu bytes, 1 to %d are allowed", from->text.len, AUDIT_HEAD_SIZE_MAX);
	if (!from->signature.len || from->signature.len > PACKET_SIGNATURE_MAX)
		return BAD("audit_head.signature has %zu bytes, 1 to %d are allowed", from->signature.len, PACKET_SIGNATURE_MAX);
	packet->audit_head = (struct signed_head){ take_span(from->text), take_span(from->signature) };
	return OK;
}

enum fault packet_write_audit_head(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__AuditHeadSigned to = COMITY__AUDIT_HEAD_SIGNED__INIT;
	to.has_text = to.has_signature = true;
	to.text = give_span(packet->audit_head.text);
	to.signature = give_span(packet->audit_head.signature);
	frame->audit_head = &to;
	return frame_pack(out, &frame->base);
}
