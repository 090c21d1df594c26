#pragma once
/* What people hand to the tool: files and standard input, texts and documents. */
#include "tools/tool.h"

/* All of a file, at most size_max bytes, appended; "-" is standard input.  Faults: no input, too large. */
enum fault file_take(const char *path, size_t size_max, struct bytes *content) MUST_CHECK;
/* The words in a file, as a text that lives as long as the tool.  Faults: bad text, also when there is none. */
enum fault text_take(struct tool *tool, const char *path, char **text) MUST_CHECK;

/* The card in a file, checked; to be cleared.  What is wrong with it names the file.  Faults: as of card_read(); no input. */
struct card;
enum fault card_take(const char *path, struct card *card) MUST_CHECK;

/* A YAML or JSON document of this type.  All that is wrong in it is told at once, each with its line:
 * then the tool counts as told.  The message lives as long as the tool. */
enum fault document_take(struct tool *tool, const char *path, const ProtobufCMessageDescriptor *type,
	ProtobufCMessage **message) MUST_CHECK;
/* The same of a document that was read already. */
struct document;
enum fault document_map(struct tool *tool, const struct document *document, const ProtobufCMessageDescriptor *type,
	ProtobufCMessage **message) MUST_CHECK;
/* The same of a text already here; `name` is what faults call it. */
enum fault document_parse(struct tool *tool, const char *name, struct span text,
	const ProtobufCMessageDescriptor *type, ProtobufCMessage **message) MUST_CHECK;
