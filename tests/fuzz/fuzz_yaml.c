/* Any bytes as a form: read as YAML and as JSON, mapped, written and read again.  What was accepted once
 * must come back the same. */
#include <stdlib.h>

#include "proto/casework.pb-c.h"
#include "proto/check.h"
#include "proto/json.h"
#include "proto/mapping.h"
#include "proto/unpack.h"
#include "proto/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum fault (*document_reader)(struct document *, const char *, struct span);

static ProtobufCMessage *read_request(document_reader read, struct span text, struct arena *arena)
{
	struct document document;
	ProtobufCMessage *message = NULL;
	enum fault fault = read(&document, "fuzz", text);
	if (!fault)
		fault = mapping_read(&document, &comity__request__descriptor, arena, &message, NULL);
	document_clear(&document);
	return fault ? NULL : message;
}

static void must_come_back(const ProtobufCMessage *message, document_reader read, const struct bytes *text, struct arena *arena)
{
	struct bytes before = { 0 }, after = { 0 };
	ProtobufCMessage *again = read_request(read, span_of(text), arena);
	bool is_too_large = !again && text->len > DOCUMENT_SIZE_MAX;
	if (!again && !is_too_large)
		abort();
	if (again && !pack(message, &before) && !pack(again, &after) && !span_equal(span_of(&before), span_of(&after)))
		abort();
	bytes_clear(&before);
	bytes_clear(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const document_reader readers[] = { yaml_read, json_read };
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		struct arena arena;
		struct bytes json = { 0 }, yaml = { 0 };
		arena_init(&arena, UNPACK_ARENA);
		const ProtobufCMessage *message = read_request(readers[i], (struct span){ data, size }, &arena);
		if (message && (check_message(message) || json_write(message, JSON_COMPACT_STYLE, &json) || yaml_write(message, &yaml)))
			abort();
		if (message)
			must_come_back(message, json_read, &json, &arena);
		if (message)
			must_come_back(message, yaml_read, &yaml, &arena);
		bytes_clear(&json);
		bytes_clear(&yaml);
		arena_clear(&arena);
	}
	return 0;
}
