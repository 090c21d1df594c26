#pragma once
/* Events as they happen, and the track of one request. */
#include "tools/tool.h"

/* Print the events that the call asks for, for ever when it follows.  Each is given out at once.  Faults: daemon away, when
 * the daemon ends. */
enum fault watch_events(struct tool *tool, Comity__Watch *watch) MUST_CHECK;

/* N, EPOCH/N, or AUTHORITY/EPOCH/N as the id of an event has it, into since, epoch and authority.  `what` names it in the sentence.
 * Faults: usage. */
enum fault watch_since(struct tool *tool, const char *what, const char *text, Comity__Watch *watch) MUST_CHECK;

/* All that happened to a request, on both axes, as text after what was printed so far. */
enum fault track_text(struct tool *tool, const Comity__RequestView *view) MUST_CHECK;
