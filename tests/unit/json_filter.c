/* For tests/differential.py: Sample messages through our JSON and YAML.  On stdin and stdout are frames
 * of a big-endian length and so many bytes; `json_filter to-json|from-json|yaml`.  What cannot be
 * converted comes out as an empty frame, its fault on stderr. */
#include <stdio.h>
#include <string.h>

#include "proto/json.h"
#include "proto/mapping.h"
#include "proto/unpack.h"
#include "proto/yaml.h"
#include "sample.pb-c.h"

typedef enum fault (*document_reader)(struct document *, const char *, struct span);

static enum fault read_message(document_reader read, struct span text, struct arena *arena, struct bytes *out)
{
	struct document document;
	ProtobufCMessage *message;
	enum fault fault = read(&document, "stdin", text);
	if (!fault)
		fault = mapping_read(&document, &sample__sample__descriptor, arena, &message, NULL);
	if (!fault)
		fault = pack(message, out);
	document_clear(&document);
	return fault;
}

static enum fault to_json(struct span in, struct arena *arena, struct bytes *out)
{
	ProtobufCMessage *message;
	TRY(unpack(&sample__sample__descriptor, in, arena, FAULT_BAD_DOCUMENT, &message));
	return json_write(message, JSON_COMPACT_STYLE, out);
}

static enum fault from_json(struct span in, struct arena *arena, struct bytes *out)
{
	return read_message(json_read, in, arena, out);
}

static enum fault through_yaml(struct span in, struct arena *arena, struct bytes *out)
{
	ProtobufCMessage *message;
	struct bytes yaml = { 0 };
	TRY(unpack(&sample__sample__descriptor, in, arena, FAULT_BAD_DOCUMENT, &message));
	enum fault fault = yaml_write(message, &yaml);
	if (!fault)
		fault = read_message(yaml_read, span_of(&yaml), arena, out);
	bytes_clear(&yaml);
	return fault;
}

static const struct { const char *name; enum fault (*convert)(struct span, struct arena *, struct bytes *); } ways[] = {
	{ "to-json", to_json }, { "from-json", from_json }, { "yaml", through_yaml },
};

static void put_frame(const struct bytes *frame)
{
	uint8_t size[4];
	put_u32(size, (uint32_t)frame->len);
	fwrite(size, 1, sizeof size, stdout);
	fwrite(frame->at, 1, frame->len, stdout);
}

static bool take_frame(struct bytes *frame)
{
	uint8_t size[4];
	frame->len = 0;
	if (fread(size, 1, sizeof size, stdin) != sizeof size || bytes_reserve(frame, get_u32(size)))
		return false;
	frame->len = fread(frame->at, 1, get_u32(size), stdin);
	return frame->len == get_u32(size);
}

int main(int argc, char **argv)
{
	size_t way = 0;
	while (way < ARRAY_LEN(ways) && (argc != 2 || strcmp(argv[1], ways[way].name)))
		way++;
	if (way == ARRAY_LEN(ways))
		return 64;
	struct bytes in = { 0 }, out = { 0 };
	struct arena arena;
	arena_init(&arena, UNPACK_ARENA);
	while (take_frame(&in)) {
		out.len = 0;
		enum fault fault = ways[way].convert(span_of(&in), &arena, &out);
		if (fault)
			fprintf(stderr, "%s: %s\n", fault_slug(fault), fault_detail(fault));
		out.len = fault ? 0 : out.len;
		put_frame(&out);
		arena_reset(&arena);
	}
	arena_clear(&arena);
	bytes_clear(&in);
	bytes_clear(&out);
	return 0;
}
