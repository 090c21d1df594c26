/* The kinds that are about the line itself, each read and written. */
#include "proto/packet_parts.h"
#include "proto/stamp.h"

enum fault packet_read_hello(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	const Comity__Hello *from = frame->hello;
	struct hello *to = &packet->hello;
	if (from->n_versions < 1 || from->n_versions > PACKET_VERSIONS_MAX)
		return BAD("hello.versions has %zu entries, 1 to %d are allowed", from->n_versions, PACKET_VERSIONS_MAX);
	to->versions = from->versions;
	to->version_count = from->n_versions;
	TRY(take_authority("hello.authority", from->authority, &to->authority));
	TRY(take_authority("hello.addressee", from->addressee, &to->addressee));
	TRY(take_stamp("hello.sent_at", from->sent_at, &to->sent_at));
	TRY(take_position("hello.sent", from->sent, &to->sent));
	TRY(take_position("hello.received", from->received, &to->received));
	to->card_serial = from->card_serial;
	to->card_held = from->card_held;
	return take_text("hello.software", from->software, PACKET_TEXT_MAX, &to->software);
}

enum fault packet_write_hello(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct hello *from = &packet->hello;
	Comity__Hello to = COMITY__HELLO__INIT;
	Comity__Position sent = give_position(&from->sent), received = give_position(&from->received);
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
	to.has_card_serial = from->card_serial > 0;
	to.card_serial = from->card_serial;
	to.has_card_held = from->card_held > 0;
	to.card_held = from->card_held;
	frame->hello = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_ready(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	packet->ready.version = frame->ready->version;
	return frame->ready->version ? OK : BAD("ready.version is missing");
}

enum fault packet_write_ready(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Ready to = COMITY__READY__INIT;
	to.has_version = true;
	to.version = packet->ready.version;
	frame->ready = &to;
	return frame_pack(out, &frame->base);
}
enum fault packet_read_ping(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	packet->ping.number = frame->ping->number;
	return OK;
}

enum fault packet_write_ping(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Ping to = COMITY__PING__INIT;
	to.has_number = true;
	to.number = packet->ping.number;
	frame->ping = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_pong(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	packet->pong.number = frame->pong->number;
	return take_stamp("pong.sent_at", frame->pong->sent_at, &packet->pong.sent_at);
}

enum fault packet_write_pong(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
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

enum fault packet_read_goodbye(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	TRY(take_slug("goodbye.reason", frame->goodbye->reason, &packet->goodbye.reason));
	return take_text("goodbye.text", frame->goodbye->text, PACKET_TEXT_MAX, &packet->goodbye.text);
}

enum fault packet_write_goodbye(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Goodbye to = COMITY__GOODBYE__INIT;
	to.reason = (char *)packet->goodbye.reason;
	to.text = (char *)packet->goodbye.text;
	frame->goodbye = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_checkup(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena, (void)frame, (void)packet;
	return OK;
}

enum fault packet_write_checkup(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Checkup to = COMITY__CHECKUP__INIT;
	(void)packet;
	frame->checkup = &to;
	return frame_pack(out, &frame->base);
}

static enum fault read_finding(const Comity__Finding *from, struct finding *to)
{
	TRY(take_slug("findings.rung", from->rung, &to->rung));
	TRY(take_slug("findings.reason", from->reason, &to->reason));
	return take_text("findings.text", from->text, PACKET_TEXT_MAX, &to->text);
}

enum fault packet_read_findings(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	const Comity__Findings *from = frame->findings;
	if (from->n_findings > PACKET_FINDINGS_MAX)
		return BAD("findings has %zu entries, %d are allowed", from->n_findings, PACKET_FINDINGS_MAX);
	struct finding *list = arena_alloc(arena, (from->n_findings ? from->n_findings : 1) * sizeof *list);
	if (!list)
		return arena_fault(arena);
	for (size_t i = 0; i < from->n_findings; i++)
		TRY(read_finding(from->findings[i], &list[i]));
	packet->findings = (struct findings){ list, from->n_findings };
	return OK;
}

enum fault packet_write_findings(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	const struct findings *from = &packet->findings;
	Comity__Findings to = COMITY__FINDINGS__INIT;
	Comity__Finding list[PACKET_FINDINGS_MAX], *each[PACKET_FINDINGS_MAX];
	for (size_t i = 0; i < from->count && i < PACKET_FINDINGS_MAX; i++) {
		list[i] = (Comity__Finding)COMITY__FINDING__INIT;
		list[i].rung = (char *)from->list[i].rung;
		list[i].reason = *from->list[i].reason ? (char *)from->list[i].reason : NULL;
		list[i].text = (char *)from->list[i].text;
		each[to.n_findings++] = &list[i];
	}
	to.findings = each;
	frame->findings = &to;
	return frame_pack(out, &frame->base);
}
