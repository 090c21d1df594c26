#pragma once
/* YAML, as much of it as a form needs: maps, lists, scalars in every style, comments.  Anchors, aliases,
 * tags, several documents and repeated keys are refused: none of them can be told from a mistake. */
#include "proto/document.h"

/* Faults name the place, `request.yaml:12:3: ...`: bad document, too large, too deep, no memory.  The
 * document must be cleared by the caller in any case. */
enum fault yaml_read(struct document *document, const char *name, struct span text) MUST_CHECK;

/* Append the message as a block-style YAML map; quoted wherever YAML could take a text for something
 * else, texts of several lines as blocks.  yaml_read() and mapping_read() give the same message again.
 * Faults: bad text, no memory. */
enum fault yaml_write(const ProtobufCMessage *message, struct bytes *out) MUST_CHECK;
/* One field of it, as it stands in such a map at this indent, without the indent before its name.  It must be there. */
enum fault yaml_write_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, unsigned columns,
	struct bytes *out) MUST_CHECK;
