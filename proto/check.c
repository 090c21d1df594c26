#include "proto/check.h"

#include <string.h>

#include "proto/casework.pb-c.h"
#include "proto/destroyed.h"
#include "proto/field.h"
#include "proto/ledger.pb-c.h"
#include "proto/stamp.h"
#include "proto/text.h"
#include "proto/uuid.h"

enum { PATH_SIZE = 256, EXCERPT_SIZE = 64 };

static bool is_stamp(struct span text)
{
	int64_t stamp;
	return stamp_read((const char *)text.at, &stamp);
}

static bool is_date(struct span text)
{
	int64_t day;
	return date_read((const char *)text.at, &day);
}

/* Of any year, so of one that has the 29th of February. */
static bool is_day_of_year(struct span text)
{
	char date[DATE_SIZE] = "2024-";
	int64_t day;
	if (text.len != strlen("MM-DD"))
		return false;
	memcpy(date + strlen(date), text.at, text.len);
	return date_read(date, &day);
}

static bool is_digest(struct span text)
{
	uint8_t digest[DIGEST_SIZE];
	return hex_read(digest, sizeof digest, text);
}

static bool is_uuid(struct span text)
{
	uint8_t id[UUID_SIZE];
	return uuid_read(id, text);
}

/* What the name of a field promises about its text. */
static const struct promise {
	const char *suffix;
	bool (*is_kept)(struct span text);
	const char *reason;
} promises[] = {
	{ "_at",     is_stamp,  "is not a date and time with an offset (2026-11-23T10:12:00+01:00)" },
	{ "_on",     is_date,   "is not a date (YYYY-MM-DD)" },
	{ "_holidays", is_day_of_year, "is not a day of every year (MM-DD)" },
	{ "_sha256", is_digest, "is not a SHA-256 digest of 64 lower-case hex digits" },
	{ "_id",     is_uuid,   "is not a UUID in lower case" },
};

/* What the field's name promises; NULL when nothing.  "_sha256" also stands for a field that is called just so; and `rotate_at`
 * of a configuration is no time but a share of a life, which daemon/config.c judges. */
static const struct promise *promise_of(const char *name)
{
	const char *tail = strrchr(name, '_');
	if (!strcmp(name, "rotate_at"))
		return NULL;
	if (!tail)
		return strcmp(name, "sha256") ? NULL : promise_of("_sha256");
	for (size_t i = 0; i < ARRAY_LEN(promises); i++)
		if (!strcmp(tail, promises[i].suffix))
			return &promises[i];
	return NULL;
}

/* Texts that are signed as they are, and may be longer than what people write. */
static const struct { const ProtobufCMessageDescriptor *type; const char *name; } long_texts[] = {
	{ &comity__destruction_notice__descriptor, "certificate" },
	{ &comity__destruction__descriptor,        "text" },
};

static bool is_long_text(const ProtobufCFieldDescriptor *field)
{
	bool is_one = false;
	for (size_t i = 0; i < ARRAY_LEN(long_texts) && !is_one; i++)
		is_one = protobuf_c_message_descriptor_get_field_by_name(long_texts[i].type, long_texts[i].name) == field;
	return is_one;
}

enum fault check_text(const ProtobufCFieldDescriptor *field, struct span text, const char **reason)
{
	if (text.len > CHECK_TEXT_MAX && !is_long_text(field))
		return *reason = "is longer than 64 KiB", FAULT_TOO_LARGE;
	if (text.len > DESTROYED_TEXT_MAX)
		return *reason = "is longer than 960 KiB", FAULT_TOO_LARGE;
	if (!text_is_clean(text))
		return *reason = utf8_is_valid(text) ? "holds control characters" : "is not valid UTF-8", FAULT_BAD_TEXT;
	const struct promise *promise = text.len ? promise_of(field->name) : NULL;
	if (promise && !promise->is_kept(text))
		return *reason = promise->reason, FAULT_BAD_DOCUMENT;
	return OK;
}

static enum fault blame(const struct path *path, enum fault fault, const char *what)
{
	char where[PATH_SIZE];
	path_write(path, where, sizeof where);
	return fault_say(fault, "%s: %s", where, what);
}

static enum fault check_value(const struct path *path, struct span text)
{
	const char *reason;
	enum fault fault = check_text(path->field, text, &reason);
	if (!fault)
		return OK;
	char where[PATH_SIZE], excerpt[EXCERPT_SIZE];
	path_write(path, where, sizeof where);
	text_excerpt(excerpt, sizeof excerpt, text);
	return fault_say(fault, "%s: \"%s\" %s", where, excerpt, reason);
}

static enum fault check_at(const ProtobufCMessage *message, const struct path *path,
	unsigned depth, size_t *unknown);

static enum fault check_field(const ProtobufCMessage *message, struct path *path, unsigned depth,
	size_t *unknown)
{
	const ProtobufCFieldDescriptor *field = path->field;
	size_t count = field_count(message, field);
	if (count > CHECK_REPEATED_MAX)
		return blame(path, FAULT_TOO_LARGE, "more than 10,000 values");
	for (path->index = 0; path->index < count; path->index++) {
		if (field->type == PROTOBUF_C_TYPE_STRING)
			TRY(check_value(path, span_of_text(field_text(message, field, path->index))));
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			TRY(check_at(field_message(message, field, path->index), path, depth + 1, unknown));
	}
	return OK;
}

static enum fault check_at(const ProtobufCMessage *message, const struct path *path,
	unsigned depth, size_t *unknown)
{
	if (depth > CHECK_DEPTH_MAX)
		return blame(path, FAULT_TOO_DEEP, "nested more than 32 deep");
	*unknown += message->n_unknown_fields;
	if (*unknown > CHECK_UNKNOWN_MAX)
		return blame(path, FAULT_TOO_LARGE, "more than 64 fields that this version does not know");
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		struct path below = { .parent = path, .field = &message->descriptor->fields[i], .index = PATH_WHOLE };
		TRY(check_field(message, &below, depth, unknown));
	}
	return OK;
}

enum fault check_message(const ProtobufCMessage *message)
{
	size_t unknown = 0;
	struct path root = { .type = message->descriptor };
	return check_at(message, &root, 1, &unknown);
}

size_t message_unknown_count(const ProtobufCMessage *message)
{
	size_t unknown = message->n_unknown_fields;
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		size_t count = field->type == PROTOBUF_C_TYPE_MESSAGE ? field_count(message, field) : 0;
		for (size_t j = 0; j < count; j++)
			unknown += message_unknown_count(field_message(message, field, j));
	}
	return unknown;
}

/* The types we are in, from the root; a type that comes again closes a cycle. */
struct ancestry {
	const struct ancestry *parent;
	const ProtobufCMessageDescriptor *type;
	struct path path;
};

static bool is_ancestor(const struct ancestry *line, const ProtobufCMessageDescriptor *type)
{
	for (; line; line = line->parent)
		if (line->type == type)
			return true;
	return false;
}

static enum fault check_type(const struct ancestry *line)
{
	for (unsigned i = 0; i < line->type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &line->type->fields[i];
		if (field->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		struct path path = { .parent = &line->path, .field = field, .index = PATH_WHOLE };
		struct ancestry below = { .parent = line, .type = field_type(field), .path = path };
		if (is_ancestor(line, below.type))
			return blame(&below.path, FAULT_TOO_DEEP, "the type contains itself");
		TRY(check_type(&below));
	}
	return OK;
}

enum fault check_schema(const ProtobufCMessageDescriptor *type)
{
	struct ancestry root = { .type = type, .path = { .type = type } };
	return check_type(&root);
}
