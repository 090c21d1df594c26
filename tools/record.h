#pragma once
/* One document with --plain: a line for each value, its path in the schema, a tab, the value. */
#include "tools/tool.h"

/* With --json: the document.  With --plain: its values.  And true; else false: print it for people.
 * Lists do not come here: with --plain they are a line for each of what they list (print.h). */
bool printed_document(struct tool *tool, const ProtobufCMessage *document);
