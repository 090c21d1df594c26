#include "proto/csv.h"

#include <stdio.h>
#include <string.h>

#include "proto/csv_parts.h"
#include "proto/scalar.h"

/* ── which columns ────────────────────────────────────────────────────────────────────────────── */

struct gathering {
	struct csv_columns *columns;
	const ProtobufCMessage *const *rows;
	size_t count;
};

/* The message at the end of these steps; NULL when it is not there. */
static const ProtobufCMessage *message_at(const ProtobufCMessage *row, const struct csv_step *steps, size_t depth)
{
	for (size_t i = 0; row && i < depth; i++) {
		size_t index = steps[i].index == PATH_WHOLE ? 0 : steps[i].index;
		row = index < field_count(row, steps[i].field) ? field_message(row, steps[i].field, index) : NULL;
	}
	return row;
}

/* How many there are at most in any row. */
static size_t most(const struct gathering *gathering, const struct csv_column *so_far, const ProtobufCFieldDescriptor *field)
{
	size_t found = 0;
	for (size_t i = 0; i < gathering->count; i++) {
		const ProtobufCMessage *message = message_at(gathering->rows[i], so_far->steps, so_far->depth);
		size_t count = message ? field_count(message, field) : 0;
		found = count > found ? count : found;
	}
	return found < CSV_INDEX_MAX ? found : CSV_INDEX_MAX;
}

static bool is_there(const struct csv_columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->count; i++)
		if (!strcmp(columns->at[i].name, name))
			return true;
	return false;
}

static enum fault gather(const struct gathering *gathering, const ProtobufCMessageDescriptor *type, const struct csv_column *so_far);

static enum fault gather_field(const struct gathering *gathering, const ProtobufCFieldDescriptor *field, const struct csv_column *so_far)
{
	bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE, is_list = is_message && field_is_repeated(field);
	size_t count = most(gathering, so_far, field);
	for (size_t i = 0; i < (is_list ? count : count != 0); i++) {
		struct csv_column column = *so_far;
		char number[16] = "";
		if (is_list)
			snprintf(number, sizeof number, "[%zu]", i + 1);
		size_t used = strlen(column.name);
		int wrote = snprintf(column.name + used, sizeof column.name - used, "%s%s%s", used ? "." : "", field->name, number);
		if (column.depth == CSV_STEPS_MAX || wrote >= (int)(sizeof column.name - used))
			return fault_say(FAULT_TOO_LARGE, "a column is nested too deep");
		column.steps[column.depth++] = (struct csv_step){ field, is_list ? i : PATH_WHOLE };
		if (is_message) {
			TRY(gather(gathering, field_type(field), &column));
			continue;
		}
		struct csv_column *kept = is_there(gathering->columns, column.name) ? &column : csv_add_column(gathering->columns);
		if (!kept)
			return fault_say(FAULT_TOO_LARGE, "more than %d columns", CSV_COLUMNS_MAX);
		*kept = column;
	}
	return OK;
}

static enum fault gather(const struct gathering *gathering, const ProtobufCMessageDescriptor *type, const struct csv_column *so_far)
{
	for (unsigned i = 0; i < type->n_fields; i++)
		TRY(gather_field(gathering, &type->fields[i], so_far));
	return OK;
}

static enum fault add_first(struct csv_columns *columns, const ProtobufCMessageDescriptor *type, const char *const *first)
{
	for (size_t i = 0; first && first[i]; i++) {
		const char *unknown;
		struct csv_column *column = csv_add_column(columns);
		if (!column)
			return FAULT_NO_MEMORY;
		snprintf(column->name, sizeof column->name, "%s", first[i]);
		if (csv_resolve(column, type, &unknown) || unknown)
			return fault_say(FAULT_UNKNOWN_KEY, "there is no column \"%s\"", first[i]);
	}
	return OK;
}

/* ── cells ────────────────────────────────────────────────────────────────────────────────────── */

/* One of several values in a cell. */
static enum fault append_escaped(struct bytes *cell, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool is_end = i == 0 || i + 1 == text.len, is_blank = strchr(" \t\n", text.at[i]) != NULL;
		if (text.at[i] == ';' || text.at[i] == '\\' || (is_end && is_blank))
			TRY(bytes_append_text(cell, "\\"));
		TRY(bytes_append(cell, (struct span){ text.at + i, 1 }));
	}
	return OK;
}

static enum fault write_values(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, struct bytes *cell)
{
	enum scalar_form form;
	struct bytes one = { 0 };
	enum fault fault = OK;
	if (!field_is_repeated(field))
		return scalar_write(field, field_value(message, field, 0), cell, &form);
	for (size_t i = 0; !fault && i < field_count(message, field); i++) {
		one.len = 0;
		fault = scalar_write(field, field_value(message, field, i), &one, &form);
		if (!fault && i)
			fault = bytes_append_text(cell, "; ");
		if (!fault)
			fault = append_escaped(cell, span_of(&one));
	}
	bytes_clear(&one);
	return fault;
}

static enum fault write_quoted(struct span cell, bool is_formula, struct bytes *out)
{
	TRY(bytes_append_text(out, is_formula ? "\"'" : "\""));
	for (size_t i = 0; i < cell.len; i++) {
		if (cell.at[i] == '"')
			TRY(bytes_append_text(out, "\""));
		TRY(bytes_append(out, (struct span){ cell.at + i, 1 }));
	}
	return bytes_append_text(out, "\"");
}

static bool must_quote(struct span cell)
{
	for (size_t i = 0; i < cell.len; i++)
		if (cell.at[i] && strchr(",;\"\r\n\t", cell.at[i]))
			return true;
	return cell.len && (cell.at[0] == ' ' || cell.at[cell.len - 1] == ' ');
}

static enum fault write_cell(struct span cell, struct bytes *out)
{
	bool is_formula = csv_is_formula((const char *)cell.at, cell.len);
	return is_formula || must_quote(cell) ? write_quoted(cell, is_formula, out) : bytes_append(out, cell);
}

static enum fault write_row(const struct csv_columns *columns, const ProtobufCMessage *row, struct bytes *out)
{
	struct bytes cell = { 0 };
	enum fault fault = OK;
	for (size_t i = 0; !fault && i < columns->count; i++) {
		const struct csv_column *column = &columns->at[i];
		const ProtobufCFieldDescriptor *field = column->steps[column->depth - 1].field;
		const ProtobufCMessage *message = message_at(row, column->steps, column->depth - 1);
		cell.len = 0;
		fault = i ? bytes_append_text(out, ",") : OK;
		if (!fault && message && field_count(message, field))
			fault = write_values(message, field, &cell);
		if (!fault)
			fault = write_cell(span_of(&cell), out);
	}
	bytes_clear(&cell);
	return fault ? fault : bytes_append_text(out, "\r\n");
}

static enum fault write_all(const struct gathering *gathering, const ProtobufCMessageDescriptor *type, const char *const *first,
	struct bytes *out)
{
	const struct csv_column root = { .depth = 0 };
	TRY(add_first(gathering->columns, type, first));
	TRY(gather(gathering, type, &root));
	for (size_t i = 0; i < gathering->columns->count; i++)
		TRY(bytes_printf(out, "%s%s", i ? "," : "", gathering->columns->at[i].name));
	TRY(bytes_append_text(out, "\r\n"));
	for (size_t i = 0; i < gathering->count; i++)
		TRY(write_row(gathering->columns, gathering->rows[i], out));
	return OK;
}

enum fault csv_write(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *const *rows, size_t count,
	const char *const *first, struct bytes *out)
{
	struct csv_columns columns = { 0 };
	const struct gathering gathering = { .columns = &columns, .rows = rows, .count = count };
	enum fault fault = write_all(&gathering, type, first, out);
	csv_clear_columns(&columns);
	return fault;
}
