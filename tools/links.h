#pragma once
/* What requests are to one another, in words. */
#include "tools/tool.h"

/* The first one, in words; "" when there is none. */
const char *first_link(struct tool *tool, const Comity__RequestView *view);
/* A line for each link of a request. */
void print_links(struct tool *tool, const Comity__RequestView *view);
