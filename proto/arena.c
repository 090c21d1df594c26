#include "proto/arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_LEAST = 16 << 10, BLOCK_MOST = 1 << 20, ALIGN = 16 };

struct arena_block {
	struct arena_block *older;
	size_t used, room;
	_Alignas(ALIGN) uint8_t at[];
};

void arena_init(struct arena *arena, size_t budget)
{
	*arena = (struct arena){ .budget = budget };
}

/* Each block is twice the one before, so that large documents need few; never more than the budget. */
static struct arena_block *add_block(struct arena *arena, size_t size)
{
	size_t room = arena->blocks ? arena->blocks->room * 2 : BLOCK_LEAST;
	room = room > BLOCK_MOST ? BLOCK_MOST : room;
	room = room > arena->budget ? arena->budget : room;
	room = room < size ? size : room;
	struct arena_block *block = malloc(sizeof *block + room);
	if (!block)
		return NULL;
	*block = (struct arena_block){ .older = arena->blocks, .room = room };
	return arena->blocks = block;
}

static void *refuse(struct arena *arena, bool is_out_of_memory)
{
	arena->was_refused = true;
	arena->is_out_of_memory = is_out_of_memory;
	return NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (arena->used > arena->budget || size > arena->budget - arena->used)
		return refuse(arena, false);
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct arena_block *block = arena->blocks;
	if (!block || size > block->room - block->used)
		block = add_block(arena, size);
	if (!block)
		return refuse(arena, true);
	void *at = block->at + block->used;
	block->used += size;
	arena->used += size;
	return memset(at, 0, size);
}

char *arena_text(struct arena *arena, struct span text)
{
	char *copy = text.len < SIZE_MAX ? arena_alloc(arena, text.len + 1) : NULL;
	if (copy && text.len)
		memcpy(copy, text.at, text.len);
	return copy;
}

enum fault arena_fault(const struct arena *arena)
{
	return arena->is_out_of_memory ? FAULT_NO_MEMORY : FAULT_TOO_LARGE;
}

static void free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *older = block->older;
		free(block);
		block = older;
	}
}

void arena_clear(struct arena *arena)
{
	free_blocks(arena->blocks);
	arena->blocks = NULL;
	arena->used = 0;
	arena->was_refused = arena->is_out_of_memory = false;
}

void arena_wipe(struct arena *arena)
{
	for (struct arena_block *block = arena->blocks; block; block = block->older)
		explicit_bzero(block->at, block->used);
	arena_clear(arena);
}

void arena_reset(struct arena *arena)
{
	arena->used = 0;
	arena->was_refused = arena->is_out_of_memory = false;
	if (!arena->blocks)
		return;
	free_blocks(arena->blocks->older);
	arena->blocks->older = NULL;
	arena->blocks->used = 0;
	if (arena->blocks->room > BLOCK_MOST)	/* one large message must not be paid for ever after */
		arena_clear(arena);
}

static void *take(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void leave(void *arena, void *pointer)
{
	(void)arena, (void)pointer;	/* all goes at once */
}

ProtobufCAllocator arena_allocator(struct arena *arena)
{
	return (ProtobufCAllocator){ .alloc = take, .free = leave, .allocator_data = arena };
}
