#pragma once
/* Requests that were made orally, in words: UNTOC 18(14). */
#include "tools/tool.h"

/* "ORAL, not confirmed", or that it was; "" when it was made in writing. */
const char *oral_mark(const Comity__Case *request);
/* When it was made, by whom and to whom, and whether it was confirmed. */
void print_oral(struct tool *tool, const Comity__Case *request);
