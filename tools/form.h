#pragma once
/* The form of a request: its YAML with what each field is for and which article asks for it, as much of it as its kind, its
 * nature and its forms of assistance need.  What is needed is said by the tables that requests are judged by
 * (daemon/law/completeness_needs.h), what there is by the schema. */
#include "tools/tool.h"

/* Begin a request of --kind and --nature, with a measure for each form of --assistance, or for the usual one of the kind.
 * Faults: usage, with a suggestion. */
enum fault form_begin(struct tool *tool, Comity__Request *document) MUST_CHECK;

/* Append the form.  What the document has stands there; what it needs besides is there with nothing behind its name, and what
 * nobody misses in comments. */
enum fault form_write(const Comity__Request *document, struct bytes *out) MUST_CHECK;

/* Append the form of a message that does this act, with what the schema says of each field: every field, so that nobody needs to
 * know the schema.  It is read by `comity message send --from`. */
enum fault form_write_act(const ProtobufCFieldDescriptor *act, struct bytes *out) MUST_CHECK;

/* Let the user change it in $VISUAL or $EDITOR, again and again until it can be read or is given up;
 * the new document lives as long as the tool.  Faults: needs answer, bad document and its kin. */
enum fault form_edit(struct tool *tool, const Comity__Request *document, Comity__Request **edited) MUST_CHECK;

/* Put away what a form opened and nobody filled in: messages and items without any content. */
void form_tidy(ProtobufCMessage *message);
