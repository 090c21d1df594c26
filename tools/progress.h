#pragma once
/* How far a transfer is, told on stderr: a bar on a terminal, a line every ten seconds elsewhere, with
 * --json a document at most once a second; nothing with --quiet. */
#include "tools/tool.h"

struct progress {
	const struct tool *tool;
	const char *name;
	uint64_t total, from;		/* bytes: of all, and where this run began */
	int64_t began, told;		/* microseconds */
	bool is_terminal, has_bar;
};

void progress_begin(struct progress *progress, const struct tool *tool, const char *name, uint64_t from, uint64_t total);
void progress_show(struct progress *progress, uint64_t done);
void progress_end(struct progress *progress);		/* removes the bar */
