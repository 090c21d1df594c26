#pragma once
/* CSV (RFC 4180), for lists of messages that people keep in a spreadsheet: a row a message, a column a field.
 *
 * A column's name is the path of its field, numbered from 1 where there may be several: `state`, `hours.time_zone`,
 * `contacts[1].phone`.  A list of texts or words is one cell: `en; fr`; in it `\;` is a semicolon, `\\` a backslash, `\ ` a space at
 * the end.  An empty cell is as if the field were not there.
 *
 * A cell that begins as a formula would in a spreadsheet (= + - @) gets an apostrophe before it, which is taken away again when it is
 * read: others wrote these texts.  Read are commas, semicolons or tabs between the cells, whatever follows the first name. */
#include "proto/document.h"

enum { CSV_COLUMNS_MAX = 1000, CSV_INDEX_MAX = 1000 };

/* As a map with one list, `list`, of rows of this type, for mapping_read().  The place of a node is its line and the number of its
 * cell.  Faults, with the place: bad document, unknown key (no such column), too large, bad text, no memory.  The document must be
 * cleared in any case. */
enum fault csv_read(struct document *document, const char *name, struct span text, const char *list,
	const ProtobufCMessageDescriptor *type) MUST_CHECK;

/* Append these messages, which are of that type; `first` are columns that are there in any case, before the others, NULL at its end.
 * Faults: too large (more than CSV_COLUMNS_MAX columns), no memory. */
enum fault csv_write(const ProtobufCMessageDescriptor *type, const ProtobufCMessage *const *rows, size_t count,
	const char *const *first, struct bytes *out) MUST_CHECK;
