#include "tools/statuses.h"

#include <string.h>

#include "tools/print.h"

#define STATUS(name) COMITY__REQUEST_STATUS__VALUE__##name

static const struct row {
	Comity__RequestStatus__Value from, to;
	const char *side, *act, *condition, *source;
} rows[] = {
#define STEP(from, to, side, act, condition, source) { STATUS(from), STATUS(to), side, act, condition, source },
#include "tools/statuses_rows.h"
};

/* A draft is made and a request is sent by commands of their own. */
static bool has_own_command(const struct row *row)
{
	return !strcmp(row->act, "create") || !strcmp(row->act, "request");
}

/* The last row that leads there is none of those that lead back after a question or a consultation: these stand before. */
const char *act_leading(Comity__RequestStatus__Value from, Comity__RequestStatus__Value to)
{
	const char *act = NULL;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].to != to || has_own_command(&rows[i]))
			continue;
		if (rows[i].from == from)
			return rows[i].act;
		act = rows[i].act;
	}
	return act;
}

static const char *spelled(struct tool *tool, Comity__RequestStatus__Value status)
{
	return status ? word_of(tool, &comity__request_status__value__descriptor, (int)status) : "none";
}

void print_statuses(struct tool *tool)
{
	struct table table = TABLE("FROM", "TO", "BY THE", "ACT", "~WITH");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ROW(tool, &table, spelled(tool, rows[i].from), spelled(tool, rows[i].to), rows[i].side, rows[i].act, rows[i].condition);
	print(tool, "\nAllowed, and nothing else (comity request show tells what is allowed now):\n");
	table_print(tool, &table);
}
