#pragma once
/* JSON by the schema: ProtoJSON (protobuf.dev/programming-guides/json) with the schema's own field
 * names, which its parsers take as well: 64-bit integers as strings, bytes as base64, enums by name,
 * what is absent left out.  Fields that this version does not know are not shown (message_unknown_count). */
#include "proto/document.h"

enum json_style { JSON_COMPACT_STYLE, JSON_PRETTY_STYLE };

/* Repeated keys are refused.  Positions are known for broken JSON only; other faults name the path.
 * Faults: bad document, too large, too deep, no memory.  The document must be cleared in any case. */
enum fault json_read(struct document *document, const char *name, struct span text) MUST_CHECK;

/* Append the message as one JSON object; pretty ends in a line feed.  Faults: bad text, no memory. */
enum fault json_write(const ProtobufCMessage *message, enum json_style style, struct bytes *out) MUST_CHECK;
/* Append a JSON string with its quotes, for what is written around messages.  Faults: bad text, no memory. */
enum fault json_write_text(struct bytes *out, struct span text) MUST_CHECK;
