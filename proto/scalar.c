#include "proto/scalar.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base64.h"
#include "proto/document.h"
#include "proto/suggest.h"
#include "proto/text.h"

enum { EXCERPT_SIZE = 64, LISTED_MAX = 12 };

static enum fault wrong(const ProtobufCFieldDescriptor *field, struct span text)
{
	char excerpt[EXCERPT_SIZE];
	text_excerpt(excerpt, sizeof excerpt, text);
	return fault_say(FAULT_WRONG_TYPE, "\"%s\" is not %s", excerpt, scalar_wants(field));
}

/* ── writing ── */

static enum fault write_signed(const ProtobufCFieldDescriptor *field, const void *value, struct bytes *out)
{
	bool is_wide = field_value_size(field) == sizeof(int64_t);
	return bytes_printf(out, "%" PRId64, is_wide ? *(const int64_t *)value : *(const int32_t *)value);
}

static enum fault write_unsigned(const ProtobufCFieldDescriptor *field, const void *value, struct bytes *out)
{
	bool is_wide = field_value_size(field) == sizeof(uint64_t);
	return bytes_printf(out, "%" PRIu64, is_wide ? *(const uint64_t *)value : *(const uint32_t *)value);
}

static enum fault write_bool(const ProtobufCFieldDescriptor *field, const void *value, struct bytes *out)
{
	(void)field;
	return bytes_append_text(out, *(const protobuf_c_boolean *)value ? "true" : "false");
}

/* As few digits as bring back the very same value. */
static enum fault write_real(const ProtobufCFieldDescriptor *field, const void *value, struct bytes *out)
{
	bool is_float = field->type == PROTOBUF_C_TYPE_FLOAT;
	double real = is_float ? (double)*(const float *)value : *(const double *)value;
	if (isnan(real))
		return bytes_append_text(out, "NaN");
	if (isinf(real))
		return bytes_append_text(out, real < 0 ? "-Infinity" : "Infinity");
	if (real == 0 && signbit(real))
		return bytes_append_text(out, "-0.0");	/* "-0" would be read as an integer, which has no -0 */
	char text[32];
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, real);
		if (is_float ? strtof(text, NULL) == (float)real : strtod(text, NULL) == real)
			break;
	}
	return bytes_append_text(out, text);
}

static enum fault write_enum(const ProtobufCFieldDescriptor *field, const void *value, struct bytes *out)
{
	int32_t number = *(const int32_t *)value;
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(field_enum(field), number);
	return known ? bytes_append_text(out, known->name) : bytes_printf(out, "%" PRId32, number);
}

static enum fault write_text(const ProtobufCFieldDescriptor *field, const void *value, struct bytes *out)
{
	(void)field;
	return bytes_append_text(out, *(char *const *)value);
}

static enum fault write_bytes(const ProtobufCFieldDescriptor *field, const void *value, struct bytes *out)
{
	(void)field;
	const ProtobufCBinaryData *data = value;
	return base64_append(out, (struct span){ data->data, data->len });
}

/* ── reading ── */

/* An integer may also be written as a real without a fraction (ProtoJSON: 1e3, 5.0). */
static bool is_whole_real(const char *text, int64_t *number)
{
	char *end;
	double real = strtod(text, &end);
	if (*end || end == text || text[strspn(text, "0123456789+-.eE")] || fabs(real) > 0x1p53 || floor(real) != real)
		return false;
	*number = (int64_t)real;
	return true;
}

static bool is_decimal(const char *text)
{
	text += *text == '-';
	return *text && !text[strspn(text, "0123456789")] && (*text != '0' || !text[1]);	/* 0412: octal or not? */
}

static enum fault read_signed(const ProtobufCFieldDescriptor *field, struct span text, void *value,
	struct arena *arena)
{
	(void)arena;
	bool is_wide = field_value_size(field) == sizeof(int64_t);
	const char *digits = (const char *)text.at;
	errno = 0;
	int64_t number = strtoll(digits, NULL, 10);
	if ((errno || !is_decimal(digits)) && !(strpbrk(digits, ".eE") && is_whole_real(digits, &number)))
		return wrong(field, text);
	if (!is_wide && (number < INT32_MIN || number > INT32_MAX))
		return wrong(field, text);
	if (is_wide)
		*(int64_t *)value = number;
	else
		*(int32_t *)value = (int32_t)number;
	return OK;
}

static enum fault read_unsigned(const ProtobufCFieldDescriptor *field, struct span text,
	void *value, struct arena *arena)
{
	(void)arena;
	bool is_wide = field_value_size(field) == sizeof(uint64_t);
	const char *digits = (const char *)text.at;
	int64_t whole = 0;
	errno = 0;
	uint64_t number = strtoull(digits, NULL, 10);
	if (strpbrk(digits, ".eE") && is_whole_real(digits, &whole) && whole >= 0)
		number = (uint64_t)whole;
	else if (errno || !is_decimal(digits) || *digits == '-')
		return wrong(field, text);
	if (!is_wide && number > UINT32_MAX)
		return wrong(field, text);
	if (is_wide)
		*(uint64_t *)value = number;
	else
		*(uint32_t *)value = (uint32_t)number;
	return OK;
}

static enum fault read_bool(const ProtobufCFieldDescriptor *field, struct span text, void *value,
	struct arena *arena)
{
	(void)arena;
	if (!span_is(text, "true") && !span_is(text, "false"))
		return wrong(field, text);
	*(protobuf_c_boolean *)value = span_is(text, "true");
	return OK;
}

static bool read_real_text(struct span text, double *real)
{
	static const struct { const char *name; double value; } names[] = {
		{ "NaN", NAN }, { "Infinity", INFINITY }, { "-Infinity", -INFINITY },
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (span_is(text, names[i].name))
			return *real = names[i].value, true;
	const char *digits = (const char *)text.at;
	char *end;
	*real = strtod(digits, &end);
	return end != digits && !*end && !digits[strspn(digits, "0123456789+-.eE")] && isfinite(*real);
}

static enum fault read_real(const ProtobufCFieldDescriptor *field, struct span text, void *value,
	struct arena *arena)
{
	(void)arena;
	double real;
	if (!read_real_text(text, &real))
		return wrong(field, text);
	if (field->type == PROTOBUF_C_TYPE_DOUBLE)
		return *(double *)value = real, OK;
	if (isfinite(real) && fabs(real) > 3.4028235677973366e38)	/* half a step above FLT_MAX */
		return wrong(field, text);
	*(float *)value = (float)real;
	return OK;
}

static enum fault wrong_name(const ProtobufCEnumDescriptor *type, struct span text)
{
	struct suggestion near = { .word = (const char *)text.at };
	char excerpt[EXCERPT_SIZE], list[384];
	size_t used = 0;
	unsigned listed = 0;
	for (unsigned i = 0; i < type->n_values; i++) {
		const char *name = type->values[i].name;
		if (!strcmp(name, "UNSPECIFIED"))
			continue;
		suggest_try(&near, name);
		if (listed++ < LISTED_MAX && used < sizeof list)
			used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", listed > 1 ? ", " : "", name);
	}
	text_excerpt(excerpt, sizeof excerpt, text);
	return fault_say(FAULT_WRONG_TYPE, "\"%s\" is not one of %s%s%s%s%s",
		excerpt, list, listed > LISTED_MAX ? ", ..." : "",
		near.best ? "; did you mean \"" : "", near.best ? near.best : "", near.best ? "\"?" : "");
}

static enum fault read_enum(const ProtobufCFieldDescriptor *field, struct span text, void *value,
	struct arena *arena)
{
	const ProtobufCEnumDescriptor *type = field_enum(field);
	for (unsigned i = 0; i < type->n_value_names; i++) {
		if (!word_is((const char *)text.at, type->values_by_name[i].name))
			continue;
		*(int32_t *)value = type->values[type->values_by_name[i].index].value;
		return OK;
	}
	/* A number may be one that only a newer peer knows by name. */
	return is_decimal((const char *)text.at) ? read_signed(field, text, value, arena) : wrong_name(type, text);
}

static enum fault read_text(const ProtobufCFieldDescriptor *field, struct span text, void *value,
	struct arena *arena)
{
	(void)field;
	char *copy = arena_text(arena, text);
	*(char **)value = copy;
	return copy ? OK : arena_fault(arena);
}

static enum fault read_bytes(const ProtobufCFieldDescriptor *field, struct span text, void *value,
	struct arena *arena)
{
	ProtobufCBinaryData *data = value;
	data->data = arena_alloc(arena, base64_room(text.len));
	if (!data->data)
		return arena_fault(arena);
	return base64_read(data->data, &data->len, text) ? OK : wrong(field, text);
}

/* ── the table ── */

enum { WORDS = NODE_TEXT | NODE_PLAIN, NUMBERS = WORDS | NODE_NUMBER, TRUTHS = NODE_PLAIN | NODE_BOOL };

#define SIGNED(form, bits)	{ write_signed, read_signed, form, NUMBERS, "a whole number of " bits " bits" }
#define UNSIGNED(form, range)	{ write_unsigned, read_unsigned, form, NUMBERS, "a whole number" range }

static const struct kind {
	enum fault (*write)(const ProtobufCFieldDescriptor *, const void *, struct bytes *);
	enum fault (*read)(const ProtobufCFieldDescriptor *, struct span, void *, struct arena *);
	enum scalar_form form;
	unsigned nodes;
	const char *wants;
} kinds[] = {
	[PROTOBUF_C_TYPE_INT32]    = SIGNED(SCALAR_BARE, "32"),
	[PROTOBUF_C_TYPE_SINT32]   = SIGNED(SCALAR_BARE, "32"),
	[PROTOBUF_C_TYPE_SFIXED32] = SIGNED(SCALAR_BARE, "32"),
	[PROTOBUF_C_TYPE_INT64]    = SIGNED(SCALAR_WIDE, "64"),
	[PROTOBUF_C_TYPE_SINT64]   = SIGNED(SCALAR_WIDE, "64"),
	[PROTOBUF_C_TYPE_SFIXED64] = SIGNED(SCALAR_WIDE, "64"),
	[PROTOBUF_C_TYPE_UINT32]   = UNSIGNED(SCALAR_BARE, " from 0 to 4294967295"),
	[PROTOBUF_C_TYPE_FIXED32]  = UNSIGNED(SCALAR_BARE, " from 0 to 4294967295"),
	[PROTOBUF_C_TYPE_UINT64]   = UNSIGNED(SCALAR_WIDE, ", 0 or more"),
	[PROTOBUF_C_TYPE_FIXED64]  = UNSIGNED(SCALAR_WIDE, ", 0 or more"),
	[PROTOBUF_C_TYPE_FLOAT]    = { write_real, read_real, SCALAR_BARE, NUMBERS, "a number" },
	[PROTOBUF_C_TYPE_DOUBLE]   = { write_real, read_real, SCALAR_BARE, NUMBERS, "a number" },
	[PROTOBUF_C_TYPE_BOOL]     = { write_bool, read_bool, SCALAR_BARE, TRUTHS, "true or false" },
	[PROTOBUF_C_TYPE_ENUM]     = { write_enum, read_enum, SCALAR_NAME, NUMBERS, "a name" },
	[PROTOBUF_C_TYPE_STRING]   = { write_text, read_text, SCALAR_TEXT, WORDS, "a text" },
	[PROTOBUF_C_TYPE_BYTES]    = { write_bytes, read_bytes, SCALAR_BASE64, WORDS, "base64" },
	[PROTOBUF_C_TYPE_MESSAGE]  = { NULL, NULL, SCALAR_BARE, NODE_MAP, "a map" },
};

enum fault scalar_write(const ProtobufCFieldDescriptor *field, const void *value,
	struct bytes *out, enum scalar_form *form)
{
	size_t start = out->len;
	TRY(kinds[field->type].write(field, value, out));
	*form = kinds[field->type].form;
	if (*form == SCALAR_NAME && strchr("-0123456789", out->at[start]))
		*form = SCALAR_BARE;	/* a value without a name that we know */
	if (*form == SCALAR_BARE && kinds[field->type].write == write_real && out->at[out->len - 1] > '9')
		*form = SCALAR_NAME;	/* NaN, Infinity */
	return OK;
}

unsigned scalar_kinds(const ProtobufCFieldDescriptor *field)
{
	return kinds[field->type].nodes;
}

const char *scalar_wants(const ProtobufCFieldDescriptor *field)
{
	return kinds[field->type].wants;
}

enum fault scalar_read(const ProtobufCFieldDescriptor *field, struct span text, void *value,
	struct arena *arena)
{
	return kinds[field->type].read(field, text, value, arena);
}
