#include "proto/field.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const size_t sizes[] = {
	[PROTOBUF_C_TYPE_INT32] = 4, [PROTOBUF_C_TYPE_SINT32] = 4, [PROTOBUF_C_TYPE_SFIXED32] = 4,
	[PROTOBUF_C_TYPE_INT64] = 8, [PROTOBUF_C_TYPE_SINT64] = 8, [PROTOBUF_C_TYPE_SFIXED64] = 8,
	[PROTOBUF_C_TYPE_UINT32] = 4, [PROTOBUF_C_TYPE_FIXED32] = 4,
	[PROTOBUF_C_TYPE_UINT64] = 8, [PROTOBUF_C_TYPE_FIXED64] = 8,
	[PROTOBUF_C_TYPE_FLOAT] = sizeof(float), [PROTOBUF_C_TYPE_DOUBLE] = sizeof(double),
	[PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean), [PROTOBUF_C_TYPE_ENUM] = sizeof(int32_t),
	[PROTOBUF_C_TYPE_STRING] = sizeof(char *), [PROTOBUF_C_TYPE_BYTES] = sizeof(ProtobufCBinaryData),
	[PROTOBUF_C_TYPE_MESSAGE] = sizeof(ProtobufCMessage *),
};

size_t field_value_size(const ProtobufCFieldDescriptor *field)
{
	return sizes[field->type];
}

bool field_is_repeated(const ProtobufCFieldDescriptor *field)
{
	return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static bool is_in_oneof(const ProtobufCFieldDescriptor *field)
{
	return field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}

/* A pointer says by itself whether it is there; the others have a has_ beside them. */
static bool is_pointer(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

static void *member(const ProtobufCMessage *message, unsigned offset)
{
	return (uint8_t *)(uintptr_t)message + offset;
}

size_t field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (field_is_repeated(field))
		return *(const size_t *)member(message, field->quantifier_offset);
	if (is_in_oneof(field) && *(const uint32_t *)member(message, field->quantifier_offset) != field->id)
		return 0;
	if (is_pointer(field)) {
		const void *at = *(void *const *)member(message, field->offset);
		return at && at != field->default_value;	/* protobuf-c points absent texts to their default */
	}
	if (is_in_oneof(field) || field->label == PROTOBUF_C_LABEL_REQUIRED)
		return 1;
	return *(const protobuf_c_boolean *)member(message, field->quantifier_offset) != 0;
}

const void *field_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index)
{
	const uint8_t *at = member(message, field->offset);
	if (field_is_repeated(field))
		at = *(const uint8_t *const *)(const void *)at;
	return at + index * field_value_size(field);
}

const char *field_text(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index)
{
	return *(char *const *)field_value(message, field, index);
}

const ProtobufCMessage *field_message(const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, size_t index)
{
	return *(ProtobufCMessage *const *)field_value(message, field, index);
}

void *field_make(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t count,
	struct arena *arena)
{
	void *at = member(message, field->offset);
	if (field_is_repeated(field)) {
		void *values = arena_alloc(arena, count * field_value_size(field));
		*(void **)at = values;
		*(size_t *)member(message, field->quantifier_offset) = values ? count : 0;
		return values;
	}
	if (is_in_oneof(field))
		*(uint32_t *)member(message, field->quantifier_offset) = field->id;
	else if (!is_pointer(field) && field->label != PROTOBUF_C_LABEL_REQUIRED)
		*(protobuf_c_boolean *)member(message, field->quantifier_offset) = true;
	return memset(at, 0, field_value_size(field));
}

bool field_oneof_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return is_in_oneof(field) && *(const uint32_t *)member(message, field->quantifier_offset);
}

/* ProtoJSON's spelling: each '_' goes and the letter after it is a capital. */
static bool is_camel(const char *camel, const char *name)
{
	for (; *name; name++, camel++) {
		bool is_raised = *name == '_';
		name += is_raised;
		if (*camel != (is_raised ? (char)toupper((unsigned char)*name) : *name) || !*name)
			return false;
	}
	return !*camel;
}

const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *type, const char *name)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, name);
	for (unsigned i = 0; !field && i < type->n_fields; i++)
		if (is_camel(name, type->fields[i].name))
			field = &type->fields[i];
	return field;
}

const ProtobufCMessageDescriptor *field_type(const ProtobufCFieldDescriptor *field)
{
	return field->descriptor;
}

const ProtobufCEnumDescriptor *field_enum(const ProtobufCFieldDescriptor *field)
{
	return field->descriptor;
}

void type_spell(const ProtobufCMessageDescriptor *type, char *text, size_t size)
{
	size_t used = 0;
	for (const char *at = type->short_name; *at && used + 2 < size; at++) {
		if (isupper((unsigned char)*at) && at > type->short_name)
			text[used++] = '_';
		text[used++] = (char)tolower((unsigned char)*at);
	}
	text[used] = 0;
}

static size_t append_steps(const struct path *path, char *text, size_t size)
{
	if (!path->parent) {
		type_spell(path->type, text, size);
		return strlen(text);
	}
	size_t used = append_steps(path->parent, text, size);
	bool is_one_of_many = field_is_repeated(path->field) && path->index != PATH_WHOLE;
	const char *form = is_one_of_many ? ".%s[%zu]" : ".%s";
	int count = used < size ? snprintf(text + used, size - used, form, path->field->name, path->index) : 0;
	return used + (size_t)count;
}

void path_write(const struct path *path, char *text, size_t size)
{
	append_steps(path, text, size);
}
