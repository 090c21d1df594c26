#include <string.h>

#include "proto/json.h"
#include "proto/scalar.h"
#include "proto/text.h"

struct writer {
	struct bytes *out;
	bool is_pretty;
	unsigned depth;
	struct bytes scratch;	/* the text of one value */
};

static const char *short_escape(uint32_t character)
{
	static const char *const escapes[0x80] = {
		['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t",
		['\b'] = "\\b", ['\f'] = "\\f",
	};
	return character < ARRAY_LEN(escapes) ? escapes[character] : NULL;
}

/* C1 and U+2028 are legal JSON, but some that read it line by line, or as JavaScript, stumble. */
static bool needs_escape(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 || character == 0x2029;
}

/* How much of it stands for itself: most texts are such a run from beginning to end. */
static size_t plain_run(struct span text)
{
	size_t len = 0;
	while (len < text.len && text.at[len] >= 0x20 && text.at[len] < 0x7f && text.at[len] != '"' && text.at[len] != '\\')
		len++;
	return len;
}

static enum fault write_special(struct bytes *out, struct span *text)
{
	const uint8_t *start = text->at;
	uint32_t character;
	if (!utf8_next(text, &character))
		return fault_say(FAULT_BAD_TEXT, "a text is not valid UTF-8");
	const char *escape = short_escape(character);
	if (escape)
		return bytes_append_text(out, escape);
	if (needs_escape(character))
		return bytes_printf(out, "\\u%04x", character);
	return bytes_append(out, (struct span){ start, (size_t)(text->at - start) });
}

enum fault json_write_text(struct bytes *out, struct span text)
{
	TRY(bytes_append_text(out, "\""));
	while (text.len) {
		size_t run = plain_run(text);
		TRY(bytes_append(out, (struct span){ text.at, run }));
		text = (struct span){ text.at + run, text.len - run };
		if (text.len)
			TRY(write_special(out, &text));
	}
	return bytes_append_text(out, "\"");
}

static enum fault new_line(struct writer *writer)
{
	if (!writer->is_pretty)
		return OK;
	TRY(bytes_append_text(writer->out, "\n"));
	for (unsigned i = 0; i < writer->depth; i++)
		TRY(bytes_append_text(writer->out, "  "));
	return OK;
}

static enum fault write_map(struct writer *writer, const ProtobufCMessage *message);

static enum fault write_value(struct writer *writer, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, size_t index)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return write_map(writer, field_message(message, field, index));
	enum scalar_form form;
	writer->scratch.len = 0;
	TRY(scalar_write(field, field_value(message, field, index), &writer->scratch, &form));
	struct span text = span_of(&writer->scratch);
	return form == SCALAR_BARE ? bytes_append(writer->out, text) : json_write_text(writer->out, text);
}

static enum fault write_list(struct writer *writer, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, size_t count)
{
	TRY(bytes_append_text(writer->out, "["));
	writer->depth++;
	for (size_t i = 0; i < count; i++) {
		TRY(bytes_append_text(writer->out, i ? "," : ""));
		TRY(new_line(writer));
		TRY(write_value(writer, message, field, i));
	}
	writer->depth--;
	TRY(new_line(writer));
	return bytes_append_text(writer->out, "]");
}

static enum fault write_field(struct writer *writer, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, size_t count)
{
	TRY(new_line(writer));
	TRY(bytes_append_text(writer->out, "\""));
	TRY(bytes_append_text(writer->out, field->name));
	TRY(bytes_append_text(writer->out, writer->is_pretty ? "\": " : "\":"));
	return field_is_repeated(field)
		? write_list(writer, message, field, count) : write_value(writer, message, field, 0);
}

static enum fault write_map(struct writer *writer, const ProtobufCMessage *message)
{
	bool is_empty = true;
	TRY(bytes_append_text(writer->out, "{"));
	writer->depth++;
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		size_t count = field_count(message, field);
		if (!count)
			continue;
		TRY(bytes_append_text(writer->out, is_empty ? "" : ","));
		TRY(write_field(writer, message, field, count));
		is_empty = false;
	}
	writer->depth--;
	if (!is_empty)
		TRY(new_line(writer));
	return bytes_append_text(writer->out, "}");
}

enum fault json_write(const ProtobufCMessage *message, enum json_style style, struct bytes *out)
{
	struct writer writer = { .out = out, .is_pretty = style == JSON_PRETTY_STYLE };
	enum fault fault = write_map(&writer, message);
	if (!fault && writer.is_pretty)
		fault = bytes_append_text(out, "\n");
	bytes_clear(&writer.scratch);
	return fault;
}
