/* Whatever a peer sends: cut, read, and what was read written and read again. */
#include <stdlib.h>

#include "proto/arena.h"
#include "proto/frame.h"
#include "proto/packet.h"
#include "proto/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

static void read_and_repeat(struct span payload)
{
	struct packet packet, again;
	struct bytes out = { 0 };
	arena_reset(&arena);
	if (packet_read(&arena, payload, &packet))
		return;
	if (packet_write(&packet, &out))
		abort();	/* what may be heard may be said */
	struct span said = { out.at + FRAME_HEAD_SIZE, out.len - FRAME_HEAD_SIZE };
	if (packet_read(&arena, said, &again) || again.kind != packet.kind)
		abort();
	bytes_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!arena.budget)
		arena_init(&arena, UNPACK_ARENA);
	struct span stream = { data, size };
	struct frame frame;
	while (!frame_cut(&stream, FRAME_SIZE_MAX, &frame) && frame.kind != FRAME_NONE)
		if (frame.kind == FRAME_MESSAGE)
			read_and_repeat(frame.payload);
	read_and_repeat((struct span){ data, size });	/* and without its head, which is hard to guess */
	return 0;
}
