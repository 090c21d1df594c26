#include "proto/packet.h"

#include <string.h>

#include "proto/frame.h"
#include "proto/stamp.h"
#include "proto/unpack.h"
#include "proto/wire.pb-c.h"

#define BAD(...) fault_say(FAULT_BAD_FRAME, __VA_ARGS__)

/* ── what a field must be ────────────────────────────────────────────────────────────────────────── */

static enum fault read_fixed(const char *field, bool is_there, ProtobufCBinaryData from, uint8_t *to, size_t size)
{
	if (!is_there || from.len != size)
		return BAD("%s has %zu bytes instead of %zu", field, is_there ? from.len : 0, size);
	memcpy(to, from.data, size);
	return OK;
}

static enum fault read_text(const char *field, const char *text, size_t size_max, const char **to)
{
	size_t size = text ? strlen(text) : 0;
	if (size > size_max)
		return BAD("%s is %zu bytes long, the limit is %zu", field, size, size_max);
	*to = text ? text : "";
	return OK;
}

static enum fault read_authority(const char *field, const char *text, const char **to)
{
	if (!text || !*text)
		return BAD("%s is missing", field);
	return read_text(field, text, PACKET_AUTHORITY_MAX, to);
}

static enum fault read_slug(const char *field, const char *text, const char **to)
{
	TRY(read_text(field, text, PACKET_SLUG_MAX, to));
	if (strspn(*to, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(*to))
		return BAD("%s is not a slug", field);
	return OK;
}

static enum fault read_stamp(const char *field, const char *text, int64_t *to)
{
	if (!text || !stamp_read(text, to))
		return BAD("%s is not a time", field);
	return OK;
}

/* "0: nothing yet" and "absent when number is 0"; a position that is absent itself is the same. */
static enum fault read_position(const char *field, const Comity__Position *from, struct position *to)
{
	*to = (struct position){ 0 };
	if (!from || !from->number) {
		if (from && from->has_hash)
			return BAD("%s has a hash but no number", field);
		return OK;
	}
	to->number = from->number;
	return read_fixed(field, from->has_hash, from->hash, to->hash, DIGEST_SIZE);
}

static Comity__Position write_position(const struct position *from)
{
	Comity__Position to = COMITY__POSITION__INIT;
	to.has_number = true;
	to.number = from->number;
	to.has_hash = from->number != 0;
	to.hash = (ProtobufCBinaryData){ DIGEST_SIZE, (uint8_t *)from->hash };
	return to;
}

static ProtobufCBinaryData binary(struct span span)
{
	return (ProtobufCBinaryData){ span.len, (uint8_t *)span.at };
}

static struct span borrowed(ProtobufCBinaryData data)
{
	return (struct span){ data.data, data.len };
}

/* ── the kinds, each read and written ────────────────────────────────────────────────────────────── */

static enum fault read_hello(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	const Comity__Hello *from = frame->hello;
	struct hello *to = &packet->hello;
	if (from->n_versions < 1 || from->n_versions > PACKET_VERSIONS_MAX)
		return BAD("hello.versions has %zu entries, 1 to %d are allowed", from->n_versions, PACKET_VERSIONS_MAX);
	to->versions = from->versions;
	to->version_count = from->n_versions;
	TRY(read_authority("hello.authority", from->authority, &to->authority));
	TRY(read_authority("hello.addressee", from->addressee, &to->addressee));
	TRY(read_stamp("hello.sent_at", from->sent_at, &to->sent_at));
	TRY(read_position("hello.sent", from->sent, &to->sent));
	TRY(read_position("hello.received", from->received, &to->received));
	return read_text("hello.software", from->software, PACKET_TEXT_MAX, &to->software);
}

static enum fault write_hello(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct hello *from = &packet->hello;
	Comity__Hello to = COMITY__HELLO__INIT;
	Comity__Position sent = write_position(&from->sent), received = write_position(&from->received);
	char stamp[STAMP_SIZE];
	stamp_write(stamp, from->sent_at);
	to.n_versions = from->version_count;
	to.versions = (uint32_t *)from->versions;
	to.authority = (char *)from->authority;
	to.addressee = (char *)from->addressee;
	to.sent_at = stamp;
	to.sent = &sent;
	to.received = &received;
	to.software = (char *)from->software;
	frame->hello = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_ready(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	packet->ready.version = frame->ready->version;
	return frame->ready->version ? OK : BAD("ready.version is missing");
}

static enum fault write_ready(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Ready to = COMITY__READY__INIT;
	to.has_version = true;
	to.version = packet->ready.version;
	frame->ready = &to;
	return frame_pack(out, &frame->base);
}

/* The messages of a manifest; one that is sent anew is never empty. */
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
		messages[i] = borrowed(from[i]);
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
	to->text = borrowed(text);
	to->signature = borrowed(signature);
	return OK;
}

static enum fault read_manifest(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	const Comity__SignedManifest *from = frame->manifest;
	TRY(read_signed(from->text, from->signature, &packet->manifest));
	return read_messages(arena, from->messages, from->n_messages, 1, &packet->manifest);
}

static enum fault lend_messages(const struct signed_manifest *from, ProtobufCBinaryData messages[PACKET_MESSAGES_MAX])
{
	if (from->message_count > PACKET_MESSAGES_MAX)
		return fault_say(FAULT_FRAME_TOO_LARGE, "a manifest of %zu messages; the limit is %d",
			from->message_count, PACKET_MESSAGES_MAX);
	for (size_t i = 0; i < from->message_count; i++)
		messages[i] = binary(from->messages[i]);
	return OK;
}

static enum fault write_manifest(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct signed_manifest *from = &packet->manifest;
	ProtobufCBinaryData messages[PACKET_MESSAGES_MAX];
	TRY(lend_messages(from, messages));
	Comity__SignedManifest to = COMITY__SIGNED_MANIFEST__INIT;
	to.has_text = to.has_signature = true;
	to.text = binary(from->text);
	to.signature = binary(from->signature);
	to.n_messages = from->message_count;
	to.messages = messages;
	frame->manifest = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_confirm(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	return read_position("confirm.received", frame->confirm->received, &packet->confirm.received);
}

static enum fault write_confirm(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Confirm to = COMITY__CONFIRM__INIT;
	Comity__Position received = write_position(&packet->confirm.received);
	to.received = &received;
	frame->confirm = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_fetch(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	const Comity__Fetch *from = frame->fetch;
	struct fetch *to = &packet->fetch;
	TRY(read_fixed("fetch.message_id", from->has_message_id, from->message_id, to->message_id, sizeof to->message_id));
	TRY(read_fixed("fetch.sha256", from->has_sha256, from->sha256, to->sha256, DIGEST_SIZE));
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

static enum fault write_fetch(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct fetch *from = &packet->fetch;
	Comity__Fetch to = COMITY__FETCH__INIT;
	to.has_stream = to.has_message_id = to.has_index = to.has_sha256 = to.has_offset = to.has_length = true;
	to.stream = from->stream;
	to.message_id = binary(SPAN(from->message_id));
	to.index = from->index;
	to.sha256 = binary(SPAN(from->sha256));
	to.offset = from->offset;
	to.length = from->length;
	to.has_own = to.own = from->is_own;
	frame->fetch = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_missing(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	packet->missing.stream = frame->missing->stream;
	return read_slug("missing.reason", frame->missing->reason, &packet->missing.reason);
}

static enum fault write_missing(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Missing to = COMITY__MISSING__INIT;
	to.has_stream = true;
	to.stream = packet->missing.stream;
	to.reason = (char *)packet->missing.reason;
	frame->missing = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_ping(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	packet->ping.number = frame->ping->number;
	return OK;
}

static enum fault write_ping(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Ping to = COMITY__PING__INIT;
	to.has_number = true;
	to.number = packet->ping.number;
	frame->ping = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_pong(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	packet->pong.number = frame->pong->number;
	return read_stamp("pong.sent_at", frame->pong->sent_at, &packet->pong.sent_at);
}

static enum fault write_pong(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Pong to = COMITY__PONG__INIT;
	char stamp[STAMP_SIZE];
	stamp_write(stamp, packet->pong.sent_at);
	to.has_number = true;
	to.number = packet->pong.number;
	to.sent_at = stamp;
	frame->pong = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_goodbye(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	TRY(read_slug("goodbye.reason", frame->goodbye->reason, &packet->goodbye.reason));
	return read_text("goodbye.text", frame->goodbye->text, PACKET_TEXT_MAX, &packet->goodbye.text);
}

static enum fault write_goodbye(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Goodbye to = COMITY__GOODBYE__INIT;
	to.reason = (char *)packet->goodbye.reason;
	to.text = (char *)packet->goodbye.text;
	frame->goodbye = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_whose(const char *field, Comity__Whose__Value from, enum whose *to)
{
	*to = (enum whose)from;
	return from == COMITY__WHOSE__VALUE__ASKERS || from == COMITY__WHOSE__VALUE__GIVERS ? OK :
		BAD("%s is neither the asker's nor the giver's", field);
}

static enum fault read_recall(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
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

static enum fault write_recall(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
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

/* "DER, under which it was signed; with the delegation, if it is held" */
static enum fault read_certificates(const Comity__Recalled *from, struct recalled *to)
{
	to->signing = borrowed(from->signing_certificate);
	to->delegation = borrowed(from->delegation_certificate);
	if (!to->signing.len != !to->delegation.len)
		return BAD("recalled has one certificate of the two");
	if (to->signing.len > PACKET_CERTIFICATE_MAX || to->delegation.len > PACKET_CERTIFICATE_MAX)
		return BAD("recalled has a certificate of more than %d bytes", PACKET_CERTIFICATE_MAX);
	return OK;
}

static enum fault read_recalled(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
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
	TRY(read_certificates(from, to));
	return read_messages(arena, from->messages, from->n_messages, 0, &to->manifest);
}

static enum fault write_recalled(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct recalled *from = &packet->recalled;
	ProtobufCBinaryData messages[PACKET_MESSAGES_MAX];
	TRY(lend_messages(&from->manifest, messages));
	Comity__Recalled to = COMITY__RECALLED__INIT;
	to.has_chain = to.has_number = true;
	to.chain = (Comity__Whose__Value)from->chain;
	to.number = from->number;
	to.has_text = to.has_signature = from->manifest.text.len > 0;
	to.text = binary(from->manifest.text);
	to.signature = binary(from->manifest.signature);
	to.n_messages = from->manifest.message_count;
	to.messages = messages;
	to.has_signing_certificate = to.has_delegation_certificate = from->signing.len > 0;
	to.signing_certificate = binary(from->signing);
	to.delegation_certificate = binary(from->delegation);
	to.has_more = to.more = from->has_more;
	frame->recalled = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_summary(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	const Comity__Summary *from = frame->summary;
	struct summary *to = &packet->summary;
	TRY(read_position("summary.sent", from->sent, &to->sent));
	TRY(read_position("summary.received", from->received, &to->received));
	to->messages_sent = from->messages_sent;
	to->messages_received = from->messages_received;
	to->is_answer = from->answer;
	return OK;
}

static enum fault write_summary(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct summary *from = &packet->summary;
	Comity__Summary to = COMITY__SUMMARY__INIT;
	Comity__Position sent = write_position(&from->sent), received = write_position(&from->received);
	to.sent = &sent;
	to.received = &received;
	to.has_messages_sent = to.has_messages_received = true;
	to.messages_sent = from->messages_sent;
	to.messages_received = from->messages_received;
	to.has_answer = to.answer = from->is_answer;
	frame->summary = &to;
	return frame_pack(out, &frame->base);
}

/* ── the table ───────────────────────────────────────────────────────────────────────────────────── */

static const struct row {
	const char *name;
	enum fault (*read)(struct arena *arena, const Comity__Frame *frame, struct packet *packet);
	enum fault (*write)(const struct packet *packet, Comity__Frame *frame, struct bytes *out);
} rows[PACKET_KINDS] = {
	[PACKET_HELLO]    = { "hello",    read_hello,    write_hello },
	[PACKET_READY]    = { "ready",    read_ready,    write_ready },
	[PACKET_MANIFEST] = { "manifest", read_manifest, write_manifest },
	[PACKET_CONFIRM]  = { "confirm",  read_confirm,  write_confirm },
	[PACKET_FETCH]    = { "fetch",    read_fetch,    write_fetch },
	[PACKET_MISSING]  = { "missing",  read_missing,  write_missing },
	[PACKET_PING]     = { "ping",     read_ping,     write_ping },
	[PACKET_PONG]     = { "pong",     read_pong,     write_pong },
	[PACKET_GOODBYE]  = { "goodbye",  read_goodbye,  write_goodbye },
	[PACKET_RECALL]   = { "recall",   read_recall,   write_recall },
	[PACKET_RECALLED] = { "recalled", read_recalled, write_recalled },
	[PACKET_SUMMARY]  = { "summary",  read_summary,  write_summary },
};

_Static_assert((int)PACKET_SUMMARY == (int)COMITY__FRAME__KIND_SUMMARY, "the kinds are numbered as in wire.proto");

static const struct row *row_of(unsigned kind)
{
	return kind < PACKET_KINDS && rows[kind].name ? &rows[kind] : NULL;
}

const char *packet_name(enum packet_kind kind)
{
	const struct row *row = row_of(kind);
	return row ? row->name : "?";
}

enum fault packet_read(struct arena *arena, struct span payload, struct packet *packet)
{
	ProtobufCMessage *message;
	enum fault fault = unpack(&comity__frame__descriptor, payload, arena, FAULT_BAD_FRAME, &message);
	if (fault == FAULT_NO_MEMORY)
		return fault;
	if (fault)	/* however it is bad, from a peer it is a bad frame */
		return BAD("%s", fault_detail(fault));
	const Comity__Frame *frame = (const Comity__Frame *)message;
	const struct row *row = row_of(frame->kind_case);
	if (!row)
		return BAD("a frame of no kind that this version knows");
	*packet = (struct packet){ .kind = (enum packet_kind)frame->kind_case };
	return row->read(arena, frame, packet);
}

enum fault packet_write(const struct packet *packet, struct bytes *frame)
{
	const struct row *row = row_of(packet->kind);
	if (!row)
		return fault_say(FAULT_INTERNAL, "there is no packet of kind %d", (int)packet->kind);
	Comity__Frame generated = COMITY__FRAME__INIT;
	generated.kind_case = (Comity__Frame__KindCase)packet->kind;
	return row->write(packet, &generated, frame);
}
