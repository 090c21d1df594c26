#include "proto/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/csv_parts.h"
#include "proto/text.h"

struct reader {
	struct document *document;
	struct span rest;
	char separator;
	unsigned line;			/* of what comes next */
	struct csv_columns columns;
	const char **unknown;		/* of each column the part of its name that nobody knows; NULL: all of it is known */
	struct bytes cell;
};

/* One cell, as it was cut: where it began, and whether its row goes on. */
struct cut {
	unsigned line, number;
	bool is_last;
};

static enum fault blame(const struct reader *reader, const struct cut *cut, const char *what)
{
	return fault_say(FAULT_BAD_DOCUMENT, "%s:%u:%u: %s", reader->document->name, cut->line, cut->number, what);
}

/* ── cells ────────────────────────────────────────────────────────────────────────────────────── */

static char take(struct reader *reader)
{
	char letter = (char)*reader->rest.at;
	reader->rest.at++;
	reader->rest.len--;
	reader->line += letter == '\n';
	return letter;
}

static bool next_is(const struct reader *reader, char letter)
{
	return reader->rest.len && *reader->rest.at == (uint8_t)letter;
}

static enum fault add(struct reader *reader, char letter)
{
	return bytes_append(&reader->cell, (struct span){ (const uint8_t *)&letter, 1 });
}

static enum fault cut_quoted(struct reader *reader, const struct cut *cut)
{
	take(reader);
	while (reader->rest.len) {
		char letter = take(reader);
		if (letter == '"' && !next_is(reader, '"'))
			return OK;
		if (letter == '"')
			take(reader);
		TRY(add(reader, letter));
	}
	return blame(reader, cut, "the quotation mark that begins this cell is not closed");
}

static bool is_line_end(char letter)
{
	return letter == '\n' || letter == '\r';
}

/* Behind a cell: its separator, the end of the line (LF, CR LF), or the end of it all. */
static enum fault end_cell(struct reader *reader, struct cut *cut)
{
	cut->is_last = !reader->rest.len || is_line_end((char)*reader->rest.at);
	if (!reader->rest.len)
		return OK;
	char letter = take(reader);
	if (letter == reader->separator)
		return OK;
	if (!is_line_end(letter))
		return blame(reader, cut, "something follows the closing quotation mark of this cell");
	if (letter == '\r' && next_is(reader, '\n'))
		take(reader);
	else
		reader->line += letter == '\r';
	return OK;
}

/* The next cell is in reader->cell. */
static enum fault cut_cell(struct reader *reader, struct cut *cut)
{
	cut->line = reader->line;
	cut->number++;
	reader->cell.len = 0;
	if (next_is(reader, '"')) {
		TRY(cut_quoted(reader, cut));
	} else {
		while (reader->rest.len && !next_is(reader, reader->separator) && !is_line_end((char)*reader->rest.at))
			TRY(add(reader, take(reader)));
	}
	struct span cell = span_of(&reader->cell);
	if (cell.len && memchr(cell.at, 0, cell.len))
		return blame(reader, cut, "the cell holds a NUL");
	return end_cell(reader, cut);
}

/* Without the apostrophe that keeps a spreadsheet from calculating with it. */
static struct span cell_text(const struct reader *reader)
{
	struct span text = span_of(&reader->cell);
	if (text.len > 1 && *text.at == '\'' && csv_is_formula((const char *)text.at, text.len))
		text = (struct span){ text.at + 1, text.len - 1 };
	return text;
}

/* ── the header ───────────────────────────────────────────────────────────────────────────────── */

static char find_separator(struct span text)
{
	for (size_t i = 0; i < text.len && !is_line_end((char)text.at[i]); i++)
		if (text.at[i] && strchr(",;\t", text.at[i]))
			return (char)text.at[i];
	return ',';
}

static enum fault add_column(struct reader *reader, const struct cut *cut, const ProtobufCMessageDescriptor *type)
{
	struct span name = span_of(&reader->cell);
	while (name.len && name.at[name.len - 1] == ' ')
		name.len--;
	while (name.len && *name.at == ' ')
		name.at++, name.len--;
	if (!name.len || name.len >= CSV_NAME_SIZE || !utf8_is_valid(name))
		return blame(reader, cut, "a column has a name: the path of a field, such as state or contacts[1].phone");
	struct csv_column *column = csv_add_column(&reader->columns);
	if (!column)
		return fault_say(FAULT_TOO_LARGE, "%s: more than %d columns", reader->document->name, CSV_COLUMNS_MAX);
	memcpy(column->name, name.at, name.len);
	for (size_t i = 0; i + 1 < reader->columns.count; i++)
		if (!strcmp(reader->columns.at[i].name, column->name))
			return blame(reader, cut, "the same column is there already");
	const char *unknown, *wrong = csv_resolve(column, type, &unknown);
	(void)unknown;
	return wrong ? blame(reader, cut, wrong) : OK;
}

static enum fault read_header(struct reader *reader, const ProtobufCMessageDescriptor *type)
{
	struct cut cut = { .number = 0 };
	while (!cut.is_last) {
		TRY(cut_cell(reader, &cut));
		TRY(add_column(reader, &cut, type));
	}
	reader->unknown = calloc(reader->columns.count, sizeof *reader->unknown);
	if (!reader->unknown)
		return FAULT_NO_MEMORY;
	for (size_t i = 0; i < reader->columns.count; i++)	/* they do not move any more */
		if (csv_resolve(&reader->columns.at[i], type, &reader->unknown[i]))
			return FAULT_BAD_DOCUMENT;
	return OK;
}

/* ── rows ─────────────────────────────────────────────────────────────────────────────────────── */

static enum fault place(struct reader *reader, struct node *parent, enum node_kind kind, const char *key, const struct cut *cut,
	unsigned depth, struct node **node)
{
	TRY(document_add(reader->document, parent, kind, key, depth, node));
	(*node)->line = (*node)->key_line = cut->line;
	(*node)->column = (*node)->key_column = cut->number;
	return OK;
}

static struct node *find_child(struct node *map, const char *key)
{
	struct node *node = map->first;
	while (node && strcmp(node->key, key))
		node = node->next;
	return node;
}

/* A list has only those of its messages that have a cell; which one a node is stands where a key would. */
static struct node *find_numbered(struct node *list, size_t index)
{
	struct node *node = list->first;
	while (node && node->key_column != index)
		node = node->next;
	return node;
}

/* Into the message that this step leads to, which may not be there yet. */
static enum fault step_into(struct reader *reader, struct node **at, const struct csv_step *step, const struct cut *cut, unsigned *depth)
{
	bool is_list = step->index != PATH_WHOLE;
	struct node *node = find_child(*at, step->field->name);
	if (!node)
		TRY(place(reader, *at, is_list ? NODE_LIST : NODE_MAP, step->field->name, cut, ++*depth, &node));
	if (is_list) {
		struct node *list = node;
		node = find_numbered(list, step->index);
		if (!node) {
			TRY(place(reader, list, NODE_MAP, NULL, cut, ++*depth, &node));
			node->key_column = (unsigned)step->index;
		}
	}
	*at = node;
	return OK;
}

/* The next of the values in a cell, appended to `one`; blanks around it go, but for those behind a backslash. */
static enum fault cut_value(struct span *rest, struct bytes *one)
{
	size_t keep = 0;
	one->len = 0;
	while (rest->len) {
		char letter = (char)*rest->at;
		bool is_escaped = letter == '\\' && rest->len > 1;
		*rest = (struct span){ rest->at + 1 + is_escaped, rest->len - 1 - is_escaped };
		if (letter == ';')
			break;
		if (is_escaped)
			letter = (char)rest->at[-1];
		bool is_blank = !is_escaped && strchr(" \t\r\n", letter);
		if (is_blank && !one->len)
			continue;
		TRY(bytes_append(one, (struct span){ (const uint8_t *)&letter, 1 }));
		keep = is_blank ? keep : one->len;
	}
	one->len = keep;
	return OK;
}

static enum fault add_values(struct reader *reader, struct node *list, const struct cut *cut, unsigned depth)
{
	struct span rest = cell_text(reader);
	struct bytes one = { 0 };
	enum fault fault = OK;
	while (!fault && rest.len) {
		struct node *node;
		fault = cut_value(&rest, &one);
		if (fault || !one.len)
			continue;
		fault = place(reader, list, NODE_PLAIN, NULL, cut, depth, &node);
		if (!fault)
			fault = document_set_text(reader->document, node, span_of(&one));
	}
	bytes_clear(&one);
	return fault;
}

static enum fault add_cell(struct reader *reader, struct node *row, size_t index, const struct cut *cut)
{
	const struct csv_column *column = &reader->columns.at[index];
	const char *unknown = reader->unknown[index];
	unsigned depth = 3;
	struct node *node;
	size_t steps = unknown ? column->depth : column->depth - 1;
	for (size_t i = 0; i < steps; i++)
		TRY(step_into(reader, &row, &column->steps[i], cut, &depth));
	bool is_list = !unknown && field_is_repeated(column->steps[steps].field);
	const char *name = unknown ? unknown : column->steps[steps].field->name;
	TRY(place(reader, row, is_list ? NODE_LIST : NODE_PLAIN, name, cut, depth + 1, &node));
	return is_list ? add_values(reader, node, cut, depth + 2) : document_set_text(reader->document, node, cell_text(reader));
}

/* A column that nobody knows is a mistake of the header, told once. */
static enum fault add_unknown(struct reader *reader, struct node *row)
{
	for (size_t i = 0; i < reader->columns.count; i++) {
		const struct cut header = { .line = 1, .number = (unsigned)i + 1 };
		reader->cell.len = 0;
		if (reader->unknown[i])
			TRY(add_cell(reader, row, i, &header));
	}
	return OK;
}

static enum fault read_row(struct reader *reader, struct node *list)
{
	struct cut cut = { .number = 0 };
	struct node *row = NULL;
	while (!cut.is_last) {
		TRY(cut_cell(reader, &cut));
		if (!reader->cell.len)
			continue;
		if (cut.number > reader->columns.count)
			return blame(reader, &cut, "this cell has no column: the header has fewer");
		if (!row) {
			TRY(place(reader, list, NODE_MAP, NULL, &cut, 2, &row));
			row->column = 1;
		}
		if (!reader->unknown[cut.number - 1])
			TRY(add_cell(reader, row, cut.number - 1, &cut));
	}
	return row && list->count == 1 ? add_unknown(reader, row) : OK;
}

static enum fault read_all(struct reader *reader, const char *list_name, const ProtobufCMessageDescriptor *type)
{
	const struct cut top = { .line = 1, .number = 1 };
	struct node *root, *list;
	TRY(place(reader, NULL, NODE_MAP, NULL, &top, 0, &root));
	TRY(place(reader, root, NODE_LIST, list_name, &top, 1, &list));
	TRY(read_header(reader, type));
	while (reader->rest.len)
		TRY(read_row(reader, list));
	return OK;
}

enum fault csv_read(struct document *document, const char *name, struct span text, const char *list,
	const ProtobufCMessageDescriptor *type)
{
	struct reader reader = { .document = document, .rest = text, .line = 1 };
	TRY(document_begin(document, name, text));
	if (reader.rest.len >= 3 && !memcmp(reader.rest.at, "\xEF\xBB\xBF", 3))	/* what a spreadsheet puts there */
		reader.rest = (struct span){ reader.rest.at + 3, reader.rest.len - 3 };
	reader.separator = find_separator(reader.rest);
	enum fault fault = read_all(&reader, list, type);
	csv_clear_columns(&reader.columns);
	free(reader.unknown);
	bytes_clear(&reader.cell);
	return fault;
}
