/* Tables: rows that are aligned when all are known, and on a terminal no wider than it is, as far as that can be had. */
#include <string.h>
#include <unistd.h>

#include "proto/text.h"
#include "tools/print.h"

enum { CUT_MIN = 12, GAP = 2 };		/* columns of what is cut, and between two */

void table_row(struct tool *tool, struct table *table, const char *const *cells)
{
	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : 16;
		const char **larger = arena_alloc(&tool->arena, room * table->columns * sizeof *larger);
		if (!larger)
			return;
		if (table->count)
			memcpy(larger, table->cells, table->count * table->columns * sizeof *larger);
		table->cells = larger;
		table->room = room;
	}
	memcpy(table->cells + table->count++ * table->columns, cells, table->columns * sizeof *cells);
}

/* May it be cut?  Text may; what somebody copies from the table may not. */
static bool is_text(const struct table *table, size_t column)
{
	return *table->headings[column] == '~';
}

static const char *heading(const struct table *table, size_t column)
{
	return table->headings[column] + (*table->headings[column] == '>' || is_text(table, column));
}

static size_t width_of(const struct table *table, size_t column)
{
	size_t width = text_width(span_of_text(heading(table, column)));
	for (size_t row = 0; row < table->count; row++) {
		size_t own = text_width(span_of_text(table->cells[row * table->columns + column]));
		width = own > width ? own : width;
	}
	return width;
}

static void print_cell(struct tool *tool, const struct table *table, size_t column, const char *text, size_t width)
{
	bool is_last = column + 1 == table->columns;
	int fill = (int)(width - text_width(span_of_text(text)));
	if (tool->format == FORMAT_PLAIN)
		print(tool, "%s%s", text, is_last ? "\n" : "\t");
	else if (*table->headings[column] == '>')
		print(tool, "%*s%s%s", fill, "", text, is_last ? "\n" : "  ");
	else
		print(tool, "%s%*s%s", text, is_last ? 0 : fill, "", is_last ? "\n" : "  ");
}

static size_t widest_text(const struct table *table, const size_t *widths)
{
	size_t widest = table->columns;
	for (size_t column = 0; column < table->columns; column++)
		if (is_text(table, column) && widths[column] > CUT_MIN && (widest == table->columns || widths[column] > widths[widest]))
			widest = column;
	return widest;
}

/* A line that breaks at the edge of the terminal makes all of the table hard to read. */
static void shrink(const struct table *table, size_t *widths, size_t room)
{
	size_t needed = GAP * (table->columns - 1), widest;
	for (size_t column = 0; column < table->columns; column++)
		needed += widths[column];
	while (needed > room && (widest = widest_text(table, widths)) < table->columns) {
		widths[widest]--;
		needed--;
	}
}

void table_print(struct tool *tool, const struct table *table)
{
	int room = tool->format == FORMAT_TEXT ? terminal_columns(STDOUT_FILENO) : 0;
	size_t widths[TABLE_COLUMNS_MAX];
	for (size_t column = 0; column < table->columns; column++)
		widths[column] = width_of(table, column);
	if (room)
		shrink(table, widths, (size_t)room);
	for (size_t column = 0; column < table->columns && tool->format == FORMAT_TEXT && !table->is_bare; column++)
		print_cell(tool, table, column, heading(table, column), widths[column]);
	for (size_t row = 0; row < table->count; row++)
		for (size_t column = 0; column < table->columns; column++)
			print_cell(tool, table, column, cut(tool, table->cells[row * table->columns + column], widths[column]), widths[column]);
}
