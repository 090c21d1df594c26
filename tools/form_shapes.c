#include "tools/form_shapes.h"

#include <string.h>

enum { WIDTH_MAX = 118 };

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && !strcmp(text + len - end_len, end);
}

const char *shape_of(const ProtobufCFieldDescriptor *field)
{
	static const char stamp[] = "YYYY-MM-DDThh:mm:ss+hh:mm", date[] = "YYYY-MM-DD";
	if (field->type == PROTOBUF_C_TYPE_BOOL)
		return "true or false";
	if (field->type == PROTOBUF_C_TYPE_ENUM)
		return "one of these";
	if (field->type != PROTOBUF_C_TYPE_STRING)
		return "a number";
	return ends_with(field->name, "_at") ? stamp : ends_with(field->name, "_on") ? date : "text";
}

enum fault shape_choices(struct bytes *out, const ProtobufCEnumDescriptor *codes, bool is_comment, unsigned columns)
{
	size_t begun = 0;
	for (unsigned i = 0; i < codes->n_values; i++) {
		if (!codes->values[i].value)
			continue;
		bool is_new = !begun || out->len - begun + strlen(codes->values[i].name) > WIDTH_MAX;
		if (is_new) {
			TRY(bytes_append_text(out, begun ? ",\n" : ""));
			begun = out->len;
			TRY(bytes_printf(out, "%s%*s", is_comment ? "#" : "", (int)columns, ""));
		}
		TRY(bytes_printf(out, "%s%s", is_new ? "#   " : ", ", codes->values[i].name));
	}
	return bytes_append_text(out, "\n");
}
