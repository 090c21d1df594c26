#include "proto/packet_parts.h"

#define ROW(KIND, kind) [PACKET_##KIND] = { #kind, packet_read_##kind, packet_write_##kind },
static const struct row {
	const char *name;
	enum fault (*read)(struct arena *arena, const Comity__Frame *frame, struct packet *packet);
	enum fault (*write)(const struct packet *packet, Comity__Frame *frame, struct bytes *out);
} rows[PACKET_KINDS] = { PACKETS(ROW) };
#undef ROW

#define CHECK(KIND, kind) \
	_Static_assert((int)PACKET_##KIND == (int)COMITY__FRAME__KIND_##KIND, "the kinds are numbered as in wire.proto");
PACKETS(CHECK)
#undef CHECK

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
