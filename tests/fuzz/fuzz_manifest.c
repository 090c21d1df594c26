/* Whatever bytes come as a manifest: refused or read, and what was read is written again to the letter. */
#include <stdlib.h>

#include "proto/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct manifest manifest;
	struct span text = { data, size };
	arena_init(&arena, 8 << 20);
	if (!manifest_read(text, &arena, &manifest)) {
		struct bytes again = { 0 };
		enum fault fault = manifest_begin(&again, &manifest);
		for (size_t i = 0; !fault && i < manifest.count; i++)
			fault = manifest_add(&again, &manifest.entries[i]);
		if (fault || !span_equal(span_of(&again), text))
			abort();
		bytes_clear(&again);
	}
	arena_clear(&arena);
	return 0;
}
