#pragma once
/* What reading and writing CSV share: columns.  Nobody else includes this. */
#include "proto/csv.h"
#include "proto/field.h"

enum { CSV_STEPS_MAX = 8, CSV_NAME_SIZE = 160 };

/* The way from a row to a value. */
struct csv_column {
	char name[CSV_NAME_SIZE];
	struct csv_step {
		const ProtobufCFieldDescriptor *field;
		size_t index;			/* from 0; PATH_WHOLE: it is not one of several */
	} steps[CSV_STEPS_MAX];
	size_t depth;
};

struct csv_columns {
	struct csv_column *at;			/* owned */
	size_t count, room;
};

/* A further one, zeroed.  NULL: memory is out, or there are CSV_COLUMNS_MAX. */
struct csv_column *csv_add_column(struct csv_columns *columns);
void csv_clear_columns(struct csv_columns *columns);

/* Follow the name through the type.  Returns what is wrong with it, NULL when nothing is; *unknown is the part of the
 * name that the type does not have, after the steps that were found; NULL when it has all. */
const char *csv_resolve(struct csv_column *column, const ProtobufCMessageDescriptor *type, const char **unknown);

/* Does a spreadsheet take it for a formula, but for apostrophes before it? */
bool csv_is_formula(const char *text, size_t len);
