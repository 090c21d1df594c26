#pragma once
/* The form of a request: its YAML, with what each part is for and which article asks for it. */
#include "tools/tool.h"

/* Append the form.  What the document has stands there; of the rest, what a request usually needs is
 * proposed in comments. */
enum fault form_write(const Comity__Request *document, struct bytes *out) MUST_CHECK;

/* Let the user change it in $VISUAL or $EDITOR, again and again until it can be read or is given up;
 * the new document lives as long as the tool.  Faults: needs answer, bad document and its kin. */
enum fault form_edit(struct tool *tool, const Comity__Request *document, Comity__Request **edited) MUST_CHECK;
