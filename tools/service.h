#pragma once
/* comityd itself, run for one task that is done without a daemon: making a store, restoring a backup. */
#include "tools/tool.h"

/* Run it with our --home and these words (the last is NULL); what it wrote to standard output is appended to `out`, unless
 * that is NULL.  Its refusal is returned as its fault.  Faults: no input (it was not found), and whatever it says. */
enum fault service_run(struct tool *tool, const char *const *words, struct bytes *out) MUST_CHECK;
/* The same, and what it said to standard error is appended to `complaints`, also with a fault. */
enum fault service_hear(struct tool *tool, const char *const *words, struct bytes *out,
	struct bytes *complaints) MUST_CHECK;
