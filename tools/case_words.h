#pragma once
/* What the list, the view and the track of a request say alike. */
#include "tools/tool.h"

/* What it is called here: by us, else by them, else by its id.  Lives as long as the tool. */
const char *case_name(struct tool *tool, const Comity__RequestView *view);
/* Its first lines: name, kind, between whom. */
void print_case_head(struct tool *tool, const Comity__RequestView *view);
/* What is owed, by whom; whoever reminds again sees how often that was done. */
void print_dues(struct tool *tool, const Comity__Case *request);
