/* What a filled form says: not that there are places for more. */
#include "proto/field.h"
#include "tools/form.h"

static bool tidy(ProtobufCMessage *message);

static ProtobufCMessage **values_of(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	char *at = (char *)message + field->offset;
	return field_is_repeated(field) ? *(ProtobufCMessage ***)at : (ProtobufCMessage **)at;
}

static void tidy_list(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	ProtobufCMessage **values = values_of(message, field);
	size_t count = field_count(message, field), kept = 0;
	for (size_t i = 0; i < count; i++)
		if (tidy(values[i]))
			values[kept++] = values[i];
	*(size_t *)((char *)message + field->quantifier_offset) = kept;
}

/* Is anything left? */
static bool tidy(ProtobufCMessage *message)
{
	bool is_said = false;
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		bool is_one_of = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
		if (field->type == PROTOBUF_C_TYPE_MESSAGE && field_is_repeated(field))
			tidy_list(message, field);
		else if (field->type == PROTOBUF_C_TYPE_MESSAGE && !is_one_of && field_count(message, field) && !tidy(*values_of(message, field)))
			*values_of(message, field) = NULL;
		is_said = is_said || field_count(message, field);
	}
	return is_said;
}

void form_tidy(ProtobufCMessage *message)
{
	tidy(message);
}
