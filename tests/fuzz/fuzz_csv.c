/* Any bytes as a directory in CSV: read, mapped, written and read again.  What was accepted once must come back the same. */
#include <stdlib.h>

#include "proto/check.h"
#include "proto/csv.h"
#include "proto/mapping.h"
#include "proto/profile.pb-c.h"
#include "proto/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Comity__Directory *read_directory(struct span text, struct arena *arena)
{
	struct document document = { 0 };
	ProtobufCMessage *message = NULL;
	enum fault fault = csv_read(&document, "fuzz", text, "entries", &comity__profile__descriptor);
	if (!fault)
		fault = mapping_read(&document, &comity__directory__descriptor, arena, &message, NULL);
	document_clear(&document);
	return fault ? NULL : (Comity__Directory *)message;
}

static enum fault write_directory(const Comity__Directory *directory, struct bytes *out)
{
	return csv_write(&comity__profile__descriptor, (const ProtobufCMessage *const *)directory->entries, directory->n_entries, NULL, out);
}

/* An empty text is as if it were not there, so it is what was written that must come back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct bytes once = { 0 }, twice = { 0 };
	arena_init(&arena, UNPACK_ARENA);
	const Comity__Directory *directory = read_directory((struct span){ data, size }, &arena), *again;
	if (directory && check_message(&directory->base))
		abort();
	if (directory && directory->n_entries && !write_directory(directory, &once) && once.len <= DOCUMENT_SIZE_MAX) {
		again = read_directory(span_of(&once), &arena);
		if (!again || write_directory(again, &twice) || !span_equal(span_of(&once), span_of(&twice)))
			abort();
	}
	bytes_clear(&once);
	bytes_clear(&twice);
	arena_clear(&arena);
	return 0;
}
