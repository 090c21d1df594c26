/* The kinds that carry cards, each read and written. */
#include "proto/packet_parts.h"

enum fault packet_read_announce(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	ProtobufCBinaryData card = frame->announce->card, revocation = frame->announce->revocation;
	if (revocation.len > PACKET_REVOCATION_MAX)
		return BAD("announce.revocation has %zu bytes, at most %d are allowed", revocation.len, PACKET_REVOCATION_MAX);
	if (card.len && revocation.len)
		return BAD("announce has a card and a revocation, one of them is allowed");
	if (!revocation.len && (!card.len || card.len > PACKET_CARD_MAX))
		return BAD("announce.card has %zu bytes, 1 to %d are allowed", card.len, PACKET_CARD_MAX);
	packet->announce = (struct announce){ take_span(card), take_span(revocation) };
	return OK;
}

enum fault packet_write_announce(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Announce to = COMITY__ANNOUNCE__INIT;
	to.has_card = packet->announce.card.len > 0;
	to.card = give_span(packet->announce.card);
	to.has_revocation = packet->announce.revocation.len > 0;
	to.revocation = give_span(packet->announce.revocation);
	frame->announce = &to;
	return frame_pack(out, &frame->base);
}

enum fault packet_read_announced(struct arena *arena, const Comity__Frame *frame, struct packet *packet)
{
	(void)arena;
	packet->announced.serial = frame->announced->serial;
	return take_slug("announced.reason", frame->announced->reason, &packet->announced.reason);
}

enum fault packet_write_announced(const struct packet *packet, Comity__Frame *frame, struct bytes *out)
{
	Comity__Announced to = COMITY__ANNOUNCED__INIT;
	to.has_serial = true;
	to.serial = packet->announced.serial;
	to.reason = (char *)packet->announced.reason;
	frame->announced = &to;
	return frame_pack(out, &frame->base);
}
