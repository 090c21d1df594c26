#pragma once
/* Statistics as tables, for `comity stats` and `comity portfolio`. */
#include "tools/print.h"
#include "tools/tool.h"

/* Counts, then times; with --csv as that. */
void print_statistics(struct tool *tool, const Comity__Statistics *statistics);
/* Comma-separated, as RFC 4180 has it. */
void print_csv(struct tool *tool, const struct table *table);
