#pragma once
/* What was destroyed of a case, here and at the counterpart, and who was told. */
#include "tools/tool.h"

/* In `request show`. */
void print_destruction(struct tool *tool, const Comity__RequestView *view);
