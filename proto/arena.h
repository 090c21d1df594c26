#pragma once
/* Memory that is taken piece by piece and given back all at once, up to a budget.
 *
 * What a stranger's bytes are unpacked into comes from an arena: a few bytes on the line can ask for
 * many in memory (an empty sub-message is two bytes there and a hundred here), and the budget is
 * where that ends.  An arena lives in its owner; zero-initialised it has no budget and gives nothing.
 * Not for use by two threads at once.
 */
#include <protobuf-c/protobuf-c.h>

#include "proto/bytes.h"

struct arena {
	struct arena_block *blocks;	/* newest first */
	size_t used, budget;		/* bytes handed out, and how many may be */
	bool was_refused;		/* something got NULL since arena_init(), arena_reset(), arena_clear() ... */
	bool is_out_of_memory;		/* ... because the system gave nothing, not for the budget */
};

void arena_init(struct arena *arena, size_t budget);
/* Zeroed, aligned for any type.  Lasts until arena_reset() or arena_clear().  NULL: see arena_fault(). */
void *arena_alloc(struct arena *arena, size_t size);
/* A NUL-terminated copy. */
char *arena_text(struct arena *arena, struct span text);
/* Why arena_alloc() gave NULL: too large (the budget is spent) or no memory. */
enum fault arena_fault(const struct arena *arena);
/* All that was handed out is void; one block of at most 1 MiB is kept for the next round; the budget stays. */
void arena_reset(struct arena *arena);
void arena_clear(struct arena *arena);		/* frees; again is harmless */
void arena_wipe(struct arena *arena);		/* the same for what must not be left lying in memory: overwrites first */

/* The arena as protobuf-c knows it; its free does nothing. */
ProtobufCAllocator arena_allocator(struct arena *arena);
