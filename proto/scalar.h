#pragma once
/* Single values between their place in a message and their text: what JSON and YAML have in common. */
#include "proto/field.h"

/* How the text of a value is to be written. */
enum scalar_form {
	SCALAR_BARE,	/* a number, true or false: as it is */
	SCALAR_WIDE,	/* a 64-bit integer: JSON puts it in quotes */
	SCALAR_NAME,	/* the name of an enum value; NaN, Infinity */
	SCALAR_TEXT,	/* somebody's words */
	SCALAR_BASE64,
};
/* Append the text of a value that is not a message.  Faults: no memory. */
enum fault scalar_write(const ProtobufCFieldDescriptor *field, const void *value,
	struct bytes *out, enum scalar_form *form) MUST_CHECK;

/* Which kinds of node can stand for a value of this field (a mask of enum node_kind). */
unsigned scalar_kinds(const ProtobufCFieldDescriptor *field);
/* What the field wants, for people: "a date", "true or false". */
const char *scalar_wants(const ProtobufCFieldDescriptor *field);
/* Read the text into the value.  Faults: wrong type, too large (the arena), no memory. */
enum fault scalar_read(const ProtobufCFieldDescriptor *field, struct span text, void *value,
	struct arena *arena) MUST_CHECK;
