/* Any bytes as a packed message: what unpack() accepts stands the check, and can be written and packed. */
#include <stdlib.h>

#include "proto/casework.pb-c.h"
#include "proto/check.h"
#include "proto/json.h"
#include "proto/unpack.h"
#include "proto/wire.pb-c.h"
#include "proto/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const ProtobufCMessageDescriptor *const types[] = { &comity__message__descriptor, &comity__frame__descriptor };
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct arena arena;
		struct bytes out = { 0 };
		ProtobufCMessage *message;
		arena_init(&arena, UNPACK_ARENA);
		enum fault fault = unpack(types[i], (struct span){ data, size }, &arena, FAULT_BAD_FRAME, &message);
		if (!fault && (check_message(message) || json_write(message, JSON_PRETTY_STYLE, &out)
			       || yaml_write(message, &out) || pack(message, &out)))
			abort();
		if (arena.used > UNPACK_GROWTH * size + UNPACK_SLACK)
			abort();
		bytes_clear(&out);
		arena_clear(&arena);
	}
	return 0;
}
