#pragma once
/* What a form says of a value that is to be filled in. */
#include "proto/field.h"

#include "proto/bytes.h"

/* "text", "a number", "YYYY-MM-DD": by the type, and by the names that the schema's head explains. */
const char *shape_of(const ProtobufCFieldDescriptor *field);
/* The values there are to choose from, on lines of their own at this indent. */
enum fault shape_choices(struct bytes *out, const ProtobufCEnumDescriptor *codes, bool is_comment, unsigned columns) MUST_CHECK;
