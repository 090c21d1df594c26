#include "daemon/law/completeness_parts.h"
#include "proto/field.h"

/* Codes that this version does not know are kept and relayed, and pointed out: DOMAIN 8, rule 22. */

const char *code_name(const ProtobufCEnumDescriptor *codes, int value)
{
	for (unsigned i = 0; i < codes->n_values; i++)
		if (codes->values[i].value == value)
			return codes->values[i].name;
	return NULL;
}

static void check_code(const struct check *check, const struct path *path, const ProtobufCMessage *message)
{
	int value = *(const int *)field_value(message, path->field, path->index);
	if (code_name(field_enum(path->field), value))
		return;
	char place[256];
	path_write(path, place, sizeof place);
	WARN(check, "unknown-code", NULL, place, "this version does not know the code %d; it is sent as it is",
		value);
}

/* The schema has no type that contains itself, so the depth is bounded by it. */
static void walk(const struct check *check, const struct path *parent, const ProtobufCMessage *message)
{
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		for (size_t index = 0; index < field_count(message, field); index++) {
			struct path path = { .parent = parent, .field = field, .index = index };
			if (field->type == PROTOBUF_C_TYPE_ENUM)
				check_code(check, &path, message);
			if (field->type == PROTOBUF_C_TYPE_MESSAGE)
				walk(check, &path, field_message(message, field, index));
		}
	}
}

void check_codes(const struct check *check)
{
	struct path root = { .type = check->request->base.descriptor };
	walk(check, &root, &check->request->base);
}
