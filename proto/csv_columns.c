#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_parts.h"

struct csv_column *csv_add_column(struct csv_columns *columns)
{
	if (columns->count == CSV_COLUMNS_MAX)
		return NULL;
	if (columns->count == columns->room) {
		size_t room = columns->room ? columns->room * 2 : 64;
		struct csv_column *grown = reallocarray(columns->at, room, sizeof *grown);
		if (!grown)
			return NULL;
		columns->at = grown;
		columns->room = room;
	}
	struct csv_column *column = &columns->at[columns->count++];
	memset(column, 0, sizeof *column);
	return column;
}

void csv_clear_columns(struct csv_columns *columns)
{
	free(columns->at);
	*columns = (struct csv_columns){ 0 };
}

bool csv_is_formula(const char *text, size_t len)
{
	while (len && *text == '\'')
		text++, len--;
	return len && *text && strchr("=+-@\t\r", *text);
}

/* "[3]" behind a name: 2; false when it is none. */
static bool read_index(const char **at, size_t *index)
{
	size_t number = 0;
	const char *digit = *at + 1;
	for (; isdigit((unsigned char)*digit) && number <= CSV_INDEX_MAX; digit++)
		number = number * 10 + (size_t)(*digit - '0');
	if (*digit != ']' || number < 1 || number > CSV_INDEX_MAX)
		return false;
	*index = number - 1;
	*at = digit + 1;
	return true;
}

static const char *judge_step(const struct csv_step *step, bool is_last)
{
	bool is_message = step->field->type == PROTOBUF_C_TYPE_MESSAGE, has_index = step->index != PATH_WHOLE;
	if (is_message && field_is_repeated(step->field) && !has_index)
		return "say which of them, as in contacts[1].phone";
	if (has_index && !(is_message && field_is_repeated(step->field)))
		return "there is only one of it: leave the number out";
	if (is_message && is_last)
		return "it has parts: name one of them, as in hours.time_zone";
	return !is_message && !is_last ? "it has no parts" : NULL;
}

const char *csv_resolve(struct csv_column *column, const ProtobufCMessageDescriptor *type, const char **unknown)
{
	const char *at = column->name, *wrong = NULL;
	*unknown = NULL;
	for (column->depth = 0; !wrong; column->depth++) {
		size_t len = strcspn(at, ".[");
		char name[CSV_NAME_SIZE];
		if (column->depth == CSV_STEPS_MAX)
			return "it is too deep";
		memcpy(name, at, len);
		name[len] = 0;
		struct csv_step *step = &column->steps[column->depth];
		*step = (struct csv_step){ .field = field_find(type, name), .index = PATH_WHOLE };
		if (!step->field) {
			*unknown = at;
			return NULL;
		}
		at += len;
		if (*at == '[' && !read_index(&at, &step->index))
			return "the number in [ ] is from 1 to 1000";
		if (*at && *at != '.')
			return "a dot is missing";
		wrong = judge_step(step, !*at);
		if (!*at)
			break;
		type = step->field->type == PROTOBUF_C_TYPE_MESSAGE ? field_type(step->field) : type;
		at++;
	}
	column->depth += !wrong;
	return wrong;
}
