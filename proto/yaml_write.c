#include <string.h>
#include <strings.h>

#include "proto/scalar.h"
#include "proto/text.h"
#include "proto/yaml.h"

struct writer {
	struct bytes *out;
	struct bytes scratch;	/* the text of one value */
};

enum { STEP = 2 };	/* columns of indent per level */

static enum fault indent(struct writer *writer, unsigned columns)
{
	for (unsigned i = 0; i < columns; i++)
		TRY(bytes_append_text(writer->out, " "));
	return OK;
}

/* What one or the other version of YAML takes for a truth value or for nothing. */
static bool is_taken(struct span text)
{
	static const char *const words[] = { "y", "yes", "n", "no", "true", "false", "on", "off", "null" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (text.len == strlen(words[i]) && !strncasecmp((const char *)text.at, words[i], text.len))
			return true;
	return false;
}

static bool is_letter(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Bare only what starts with a letter and has nothing but letters, digits and harmless signs: numbers,
 * dates and all that has a meaning for some YAML reader go into quotes. */
static bool may_be_bare(struct span text)
{
	if (!text.len || text.len > 128 || !is_letter(text.at[0]) || text.at[text.len - 1] == ' ' || is_taken(text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.at[i];
		if (!is_letter(byte) && !(byte >= '0' && byte <= '9') && (!byte || !strchr(" _-./+(),;'", byte)))
			return false;
	}
	return true;
}

/* Characters that YAML does not take as they are, or takes for the end of a line. */
static bool needs_escape(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028
		|| character == 0x2029 || character == 0xfeff || character == 0xfffe || character == 0xffff;
}

/* The next line off the front of the text, without its line feed. */
static struct span take_line(struct span *text)
{
	const uint8_t *end = memchr(text->at, '\n', text->len);
	struct span line = { text->at, end ? (size_t)(end - text->at) : text->len };
	text->at += line.len + (end != NULL);
	text->len -= line.len + (end != NULL);
	return line;
}

static bool may_be_line_of_block(struct span line)
{
	bool is_blank = line.len > 0;
	while (line.len) {
		uint32_t character;
		utf8_next(&line, &character);
		if (needs_escape(character) && character != '\t')
			return false;
		is_blank = is_blank && (character == ' ' || character == '\t');
	}
	return !is_blank;
}

/* A block keeps the text as it is, if it does not begin in a way that looks like indent, no line of it
 * consists of blanks, and it ends with one line feed at most. */
static bool may_be_block(struct span text)
{
	if (!text.len || !memchr(text.at, '\n', text.len) || strchr(" \t\n", text.at[0]))
		return false;
	if (text.at[text.len - 1] == '\n' && text.at[text.len - 2] == '\n')
		return false;
	while (text.len)
		if (!may_be_line_of_block(take_line(&text)))
			return false;
	return true;
}

static enum fault write_block(struct writer *writer, struct span text, unsigned columns)
{
	bool ends_with_line_feed = text.at[text.len - 1] == '\n';
	TRY(bytes_append_text(writer->out, ends_with_line_feed ? "|\n" : "|-\n"));
	while (text.len) {
		struct span line = take_line(&text);
		TRY(indent(writer, line.len ? columns : 0));
		TRY(bytes_append(writer->out, line));
		TRY(bytes_append_text(writer->out, "\n"));
	}
	return OK;
}

static enum fault write_quoted(struct writer *writer, struct span text)
{
	TRY(bytes_append_text(writer->out, "\""));
	while (text.len) {
		const uint8_t *start = text.at;
		uint32_t character;
		utf8_next(&text, &character);
		if (character == '"' || character == '\\')
			TRY(bytes_printf(writer->out, "\\%c", (char)character));
		else if (character == '\n' || character == '\t')
			TRY(bytes_append_text(writer->out, character == '\n' ? "\\n" : "\\t"));
		else if (needs_escape(character))
			TRY(bytes_printf(writer->out, "\\u%04X", character));
		else
			TRY(bytes_append(writer->out, (struct span){ start, (size_t)(text.at - start) }));
	}
	return bytes_append_text(writer->out, "\"\n");
}

static enum fault write_scalar(struct writer *writer, const ProtobufCFieldDescriptor *field,
	const void *value, unsigned columns)
{
	enum scalar_form form;
	writer->scratch.len = 0;
	TRY(scalar_write(field, value, &writer->scratch, &form));
	struct span text = span_of(&writer->scratch);
	if (!utf8_is_valid(text))
		return fault_say(FAULT_BAD_TEXT, "%s: not valid UTF-8", field->name);
	bool is_number = form == SCALAR_BARE || form == SCALAR_WIDE;
	if (is_number || (form != SCALAR_BASE64 && may_be_bare(text))) {
		TRY(bytes_append(writer->out, text));
		return bytes_append_text(writer->out, "\n");
	}
	return may_be_block(text) ? write_block(writer, text, columns + STEP) : write_quoted(writer, text);
}

static bool is_empty(const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++)
		if (field_count(message, &message->descriptor->fields[i]))
			return false;
	return true;
}

static enum fault write_map(struct writer *writer, const ProtobufCMessage *message,
	unsigned columns, bool hangs);

static enum fault write_list(struct writer *writer, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, unsigned columns)
{
	TRY(bytes_append_text(writer->out, "\n"));
	for (size_t i = 0; i < field_count(message, field); i++) {
		TRY(indent(writer, columns));
		TRY(bytes_append_text(writer->out, "- "));
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			TRY(write_map(writer, field_message(message, field, i), columns + STEP, true));
		else
			TRY(write_scalar(writer, field, field_value(message, field, i), columns));
	}
	return OK;
}

static enum fault write_field(struct writer *writer, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, unsigned columns)
{
	TRY(bytes_append_text(writer->out, field->name));
	TRY(bytes_append_text(writer->out, ":"));
	if (field_is_repeated(field))
		return write_list(writer, message, field, columns + STEP);
	if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
		TRY(bytes_append_text(writer->out, " "));
		return write_scalar(writer, field, field_value(message, field, 0), columns);
	}
	const ProtobufCMessage *below = field_message(message, field, 0);
	TRY(bytes_append_text(writer->out, is_empty(below) ? " " : "\n"));
	return write_map(writer, below, columns + STEP, is_empty(below));
}

/* hangs: what is before the first key stands on its line already ("- "). */
static enum fault write_map(struct writer *writer, const ProtobufCMessage *message,
	unsigned columns, bool hangs)
{
	if (is_empty(message))
		return bytes_append_text(writer->out, "{}\n");
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		if (!field_count(message, field))
			continue;
		TRY(indent(writer, hangs ? 0 : columns));
		TRY(write_field(writer, message, field, columns));
		hangs = false;
	}
	return OK;
}

enum fault yaml_write(const ProtobufCMessage *message, struct bytes *out)
{
	struct writer writer = { .out = out };
	enum fault fault = write_map(&writer, message, 0, false);
	bytes_clear(&writer.scratch);
	return fault;
}

enum fault yaml_write_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, unsigned columns, struct bytes *out)
{
	struct writer writer = { .out = out };
	enum fault fault = write_field(&writer, message, field, columns);
	bytes_clear(&writer.scratch);
	return fault;
}
