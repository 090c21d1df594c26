#include "tools/record.h"

#include "proto/field.h"
#include "proto/scalar.h"
#include "tools/print.h"

static void print_message(struct tool *tool, const char *path, const ProtobufCMessage *message);

static void print_scalar(struct tool *tool, const char *path, const ProtobufCFieldDescriptor *field, const void *value)
{
	struct bytes text = { 0 };
	enum scalar_form form;
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		print(tool, "%s\t%s\n", path, word_of(tool, field_enum(field), *(const int *)value));
	else if (!scalar_write(field, value, &text, &form))
		print(tool, "%s\t%s\n", path, safe(tool, bytes_text(&text)));
	bytes_clear(&text);
}

static void print_value(struct tool *tool, const char *path, const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, size_t index)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		print_message(tool, path, field_message(message, field, index));
	else
		print_scalar(tool, path, field, field_value(message, field, index));
}

/* The path is that of JSON: request.measures[0].status */
static void print_message(struct tool *tool, const char *path, const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		size_t count = field_count(message, field);
		for (size_t index = 0; index < count; index++) {
			struct bytes deeper = { 0 };
			char which[24] = "";
			if (field_is_repeated(field))
				snprintf(which, sizeof which, "[%zu]", index);
			if (!bytes_printf(&deeper, "%s%s%s%s", path, *path ? "." : "", field->name, which) && bytes_text(&deeper))
				print_value(tool, bytes_text(&deeper), message, field, index);
			bytes_clear(&deeper);
		}
	}
}

bool printed_document(struct tool *tool, const ProtobufCMessage *document)
{
	if (printed_json(tool, document))
		return true;
	if (tool->format != FORMAT_PLAIN)
		return false;
	print_message(tool, "", document);
	return true;
}
