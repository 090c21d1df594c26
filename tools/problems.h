#pragma once
/* What is wrong with something, or worth a second look: one row each, with its place and its article. */
#include "tools/tool.h"

/* For people aligned; with --plain severity, code, place, what to do, article. */
void print_problems(struct tool *tool, Comity__Problem *const *problems, size_t count);
