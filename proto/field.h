#pragma once
/* The values of a message, field by field, for whatever walks over descriptors: absent, single and
 * repeated fields and the members of a oneof all look the same here, as a count of values. */
#include <protobuf-c/protobuf-c.h>

#include "proto/arena.h"

/* How many values the field has: 0 when absent, 1, or the length of a repeated field. */
size_t field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* The value: a char *const * for strings, a ProtobufCMessage *const * for messages, a ProtobufCBinaryData,
 * int32_t, uint64_t, double ... for the rest.  index < field_count(). */
const void *field_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index);
const char *field_text(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index);
const ProtobufCMessage *field_message(const ProtobufCMessage *message,
	const ProtobufCFieldDescriptor *field, size_t index);

/* Bytes that one value takes in the struct. */
size_t field_value_size(const ProtobufCFieldDescriptor *field);
/* Make the field present with `count` zeroed values and return the first; a former oneof member is
 * forgotten.  NULL when the arena gives nothing. */
void *field_make(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t count,
	struct arena *arena);
/* Was any member of the field's oneof set before?  False for fields outside a oneof. */
bool field_oneof_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* By its schema name (`from_on`) or the ProtoJSON spelling of it (`fromOn`); NULL when there is none. */
const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *type, const char *name);
const ProtobufCMessageDescriptor *field_type(const ProtobufCFieldDescriptor *field);	/* of a message field */
const ProtobufCEnumDescriptor *field_enum(const ProtobufCFieldDescriptor *field);	/* of an enum field */
bool field_is_repeated(const ProtobufCFieldDescriptor *field);

/* A type as people read it at the root of a path: MeasureReport is "measure_report". */
void type_spell(const ProtobufCMessageDescriptor *type, char *text, size_t size);

#define PATH_WHOLE SIZE_MAX	/* not one value: the field as such */

/* Where a walk is, from the root: parents live on the walkers' stacks. */
struct path {
	const struct path *parent;			/* NULL: the root */
	const ProtobufCMessageDescriptor *type;		/* the root's */
	const ProtobufCFieldDescriptor *field;		/* else the field ... */
	size_t index;					/* ... and which of its values, when repeated; or PATH_WHOLE */
};
/* `request.measures[2].period`, always terminated; a path that does not fit ends early. */
void path_write(const struct path *path, char *text, size_t size);
