#include "proto/mapping.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/scalar.h"
#include "proto/suggest.h"
#include "proto/text.h"

enum { PATH_SIZE = 256, EXCERPT_SIZE = 64 };

struct mapper {
	const struct document *document;
	struct arena *arena;
	struct mapping_faults *faults;
};

/* ── what is wrong ── */

void mapping_faults_clear(struct mapping_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		bytes_clear(&faults->list[i].sentence);
	*faults = (struct mapping_faults){ 0 };
}

/* The sentence without its place.  A sentence for which there is no memory is an empty one. */
static void complain(struct mapper *mapper, unsigned line, unsigned column, enum fault fault,
	const char *sentence)
{
	struct mapping_faults *faults = mapper->faults;
	if (faults->count == MAPPING_FAULTS_MAX) {
		faults->more++;
		return;
	}
	struct mapping_fault *mine = &faults->list[faults->count++];
	const char *name = mapper->document->name;
	mine->fault = fault;
	enum fault written = line
		? bytes_printf(&mine->sentence, "%s:%u:%u: %s", name, line, column, sentence)
		: bytes_printf(&mine->sentence, "%s: %s", name, sentence);
	if (written || !bytes_text(&mine->sentence))
		bytes_clear(&mine->sentence);
}

/* About the value at this path: `request.urgency.level: "hot" is not ...`. */
static void blame(struct mapper *mapper, const struct node *node, const struct path *path,
	enum fault fault, const char *what)
{
	char where[PATH_SIZE], sentence[PATH_SIZE + 640];
	path_write(path, where, sizeof where);
	snprintf(sentence, sizeof sentence, "%s: %s", where, what);
	complain(mapper, node->line, node->column, fault, sentence);
}

static void blame_key(struct mapper *mapper, const struct node *node, const struct path *path,
	const ProtobufCMessageDescriptor *type)
{
	struct suggestion near = { .word = node->key };
	for (unsigned i = 0; i < type->n_fields; i++)
		suggest_try(&near, type->fields[i].name);
	char where[PATH_SIZE], key[EXCERPT_SIZE], sentence[PATH_SIZE + 2 * EXCERPT_SIZE];
	path_write(path, where, sizeof where);
	text_excerpt(key, sizeof key, span_of_text(node->key));
	snprintf(sentence, sizeof sentence, "unknown key \"%s\" in %s%s%s%s", key, where,
		near.best ? "; did you mean \"" : "", near.best ? near.best : "", near.best ? "\"?" : "");
	complain(mapper, node->key_line, node->key_column, FAULT_UNKNOWN_KEY, sentence);
}

static void blame_kind(struct mapper *mapper, const struct node *node, const struct path *path,
	const char *wanted)
{
	char found[EXCERPT_SIZE], what[2 * EXCERPT_SIZE];
	text_excerpt(found, sizeof found, (struct span){ (const uint8_t *)node->text, node->len });
	const char *name = node->kind == NODE_LIST ? "a list" : node->kind == NODE_MAP ? "a map"
		: node->kind == NODE_ABSENT ? "nothing" : found;
	const char *quote = node->kind == NODE_TEXT || node->kind == NODE_PLAIN ? "\"" : "";
	snprintf(what, sizeof what, "%s%s%s is not %s", quote, name, quote, wanted);
	blame(mapper, node, path, FAULT_WRONG_TYPE, what);
}

/* ── reading ──
 * What returns a fault here has run out of memory or budget and ends the reading; what is wrong with
 * the document is noted and the reading goes on. */

static enum fault read_map(struct mapper *mapper, const struct node *map,
	ProtobufCMessage *message, const struct path *path);

static bool has_text_fault(struct mapper *mapper, const struct node *node, const struct path *path,
	struct span text)
{
	const char *reason;
	enum fault fault = path->field->type == PROTOBUF_C_TYPE_STRING ? check_text(path->field, text, &reason) : OK;
	if (!fault)
		return false;
	char excerpt[EXCERPT_SIZE], what[3 * EXCERPT_SIZE];
	text_excerpt(excerpt, sizeof excerpt, text);
	snprintf(what, sizeof what, "\"%s\" %s", excerpt, reason);
	blame(mapper, node, path, fault, what);
	return true;
}

static enum fault read_scalar(struct mapper *mapper, const struct node *node, void *value,
	const struct path *path)
{
	struct span text = { (const uint8_t *)node->text, node->len };
	if (has_text_fault(mapper, node, path, text))
		return OK;
	enum fault fault = scalar_read(path->field, text, value, mapper->arena);
	if (fault != FAULT_WRONG_TYPE)
		return fault;
	blame(mapper, node, path, fault, fault_detail(fault));
	return OK;
}

static enum fault read_message(struct mapper *mapper, const struct node *node,
	ProtobufCMessage **value, const struct path *path)
{
	const ProtobufCMessageDescriptor *type = field_type(path->field);
	*value = arena_alloc(mapper->arena, type->sizeof_message);
	if (!*value)
		return arena_fault(mapper->arena);
	type->message_init(*value);
	return read_map(mapper, node, *value, path);
}

static enum fault read_value(struct mapper *mapper, const struct node *node, void *value,
	const struct path *path)
{
	if (!(node->kind & scalar_kinds(path->field))) {
		blame_kind(mapper, node, path, scalar_wants(path->field));
		return OK;
	}
	return path->field->type == PROTOBUF_C_TYPE_MESSAGE
		? read_message(mapper, node, value, path) : read_scalar(mapper, node, value, path);
}

static enum fault read_list(struct mapper *mapper, const struct node *list,
	ProtobufCMessage *message, struct path *path)
{
	if (list->kind != NODE_LIST) {
		blame_kind(mapper, list, path, "a list");
		return OK;
	}
	if (list->count > CHECK_REPEATED_MAX) {
		blame(mapper, list, path, FAULT_TOO_LARGE, "more than 10,000 values");
		return OK;
	}
	if (!list->count)
		return OK;
	uint8_t *values = field_make(message, path->field, list->count, mapper->arena);
	if (!values)
		return arena_fault(mapper->arena);
	path->index = 0;
	for (const struct node *node = list->first; node; node = node->next, path->index++)
		TRY(read_value(mapper, node, values + path->index * field_value_size(path->field), path));
	return OK;
}

static enum fault read_field(struct mapper *mapper, const struct node *node,
	ProtobufCMessage *message, struct path *path)
{
	bool is_there = field_count(message, path->field) && path->field->label != PROTOBUF_C_LABEL_REQUIRED;
	if (is_there || field_oneof_is_set(message, path->field)) {
		blame(mapper, node, path, FAULT_BAD_DOCUMENT,
			is_there ? "given twice" : "only one of these can be given");
		return OK;
	}
	if (field_is_repeated(path->field))
		return read_list(mapper, node, message, path);
	return read_value(mapper, node, field_make(message, path->field, 1, mapper->arena), path);
}

static bool is_given(const struct node *map, const ProtobufCMessageDescriptor *type,
	const ProtobufCFieldDescriptor *field)
{
	for (const struct node *node = map->first; node; node = node->next)
		if (node->kind != NODE_ABSENT && field_find(type, node->key) == field)
			return true;
	return false;
}

static void find_missing(struct mapper *mapper, const struct node *map,
	const ProtobufCMessage *message, const struct path *path)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		if (field->label != PROTOBUF_C_LABEL_REQUIRED || is_given(map, type, field))
			continue;
		char what[EXCERPT_SIZE + 16];
		snprintf(what, sizeof what, "needs \"%.*s\"", EXCERPT_SIZE, field->name);
		blame(mapper, map, path, FAULT_INCOMPLETE, what);
	}
}

static enum fault read_map(struct mapper *mapper, const struct node *map,
	ProtobufCMessage *message, const struct path *path)
{
	for (const struct node *node = map->first; node; node = node->next) {
		const ProtobufCFieldDescriptor *field = field_find(message->descriptor, node->key);
		struct path below = { .parent = path, .field = field, .index = PATH_WHOLE };
		if (!field)
			blame_key(mapper, node, path, message->descriptor);
		else if (node->kind != NODE_ABSENT)
			TRY(read_field(mapper, node, message, &below));
	}
	find_missing(mapper, map, message, path);
	return OK;
}

static enum fault read_root(struct mapper *mapper, const ProtobufCMessageDescriptor *type,
	ProtobufCMessage **message)
{
	const struct node *root = mapper->document->root;
	struct path path = { .type = type };
	*message = arena_alloc(mapper->arena, type->sizeof_message);
	if (!*message)
		return arena_fault(mapper->arena);
	type->message_init(*message);
	if (root->kind & (NODE_MAP | NODE_ABSENT))
		return read_map(mapper, root, *message, &path);
	blame_kind(mapper, root, &path, "a map");
	return OK;
}

static enum fault verdict(enum fault fault, const struct document *document,
	const struct mapping_faults *faults)
{
	if (fault)
		return fault_say(fault, "%s: %s", document->name,
			fault == FAULT_TOO_LARGE ? "needs more memory than it may" : fault_text(fault));
	if (!faults->count)
		return OK;
	const struct mapping_fault *first = &faults->list[0];
	return first->sentence.at ? fault_say(first->fault, "%s", (const char *)first->sentence.at) : first->fault;
}

enum fault mapping_read(const struct document *document, const ProtobufCMessageDescriptor *type,
	struct arena *arena, ProtobufCMessage **message, struct mapping_faults *faults)
{
	struct mapping_faults own = { 0 };
	struct mapper mapper = { .document = document, .arena = arena, .faults = faults ? faults : &own };
	ProtobufCMessage *read = NULL;
	enum fault fault = read_root(&mapper, type, &read);
	fault = verdict(fault, document, mapper.faults);
	*message = fault ? NULL : read;
	mapping_faults_clear(&own);
	return fault;
}
