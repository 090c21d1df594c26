#pragma once
/* The officers of a case: the daemon knows them by the user ids of this system, people by their names. */
#include "tools/tool.h"

/* What this system calls the user; "uid 4711" when nothing. */
const char *user_name(struct tool *tool, uint32_t uid);
/* A user of this system, by name or number.  Faults: not found. */
enum fault user_read(const char *text, uint32_t *uid) MUST_CHECK;
/* Lines of `request show`: whose it is, how many approved it. */
void print_people(struct tool *tool, const Comity__RequestView *view);
/* A line of it: for whom alone an attachment is, if it is for somebody alone. */
void print_protected(struct tool *tool, const Comity__AttachmentState *state);
