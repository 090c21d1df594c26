#include "proto/document.h"

#include <string.h>

#include "proto/json.h"
#include "proto/yaml.h"

/* A node of 100-odd bytes can stand for two of text; the number of nodes bounds it better than the text. */
enum { DOCUMENT_ARENA = 2 * DOCUMENT_SIZE_MAX + DOCUMENT_NODES_MAX * (sizeof(struct node) + 64) };

enum fault document_begin(struct document *document, const char *name, struct span text)
{
	*document = (struct document){ .name = name };
	if (text.len > DOCUMENT_SIZE_MAX)
		return fault_say(FAULT_TOO_LARGE, "%s: %zu bytes; the limit for a document is 1 MiB", name, text.len);
	arena_init(&document->arena, DOCUMENT_ARENA);
	return OK;
}

void document_clear(struct document *document)
{
	arena_clear(&document->arena);
	document->root = NULL;
}

static void append(struct node *parent, struct node *node)
{
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
}

enum fault document_add(struct document *document, struct node *parent, enum node_kind kind,
	const char *key, unsigned depth, struct node **node)
{
	if (depth > DOCUMENT_DEPTH_MAX)
		return fault_say(FAULT_TOO_DEEP, "%s: nested more than %d deep", document->name, DOCUMENT_DEPTH_MAX);
	if (document->nodes++ >= DOCUMENT_NODES_MAX)
		return fault_say(FAULT_TOO_LARGE, "%s: more than %d values", document->name, DOCUMENT_NODES_MAX);
	if (parent && parent->kind == NODE_MAP && parent->count >= DOCUMENT_KEYS_MAX)
		return fault_say(FAULT_TOO_LARGE, "%s: more than %d keys in one map", document->name, DOCUMENT_KEYS_MAX);
	*node = arena_alloc(&document->arena, sizeof **node);
	if (!*node)
		return arena_fault(&document->arena);
	(*node)->kind = kind;
	if (key && !((*node)->key = arena_text(&document->arena, span_of_text(key))))
		return arena_fault(&document->arena);
	if (parent)
		append(parent, *node);
	else
		document->root = *node;
	return OK;
}

enum fault document_set_text(struct document *document, struct node *node, struct span text)
{
	if (text.len && memchr(text.at, 0, text.len))
		return fault_say(FAULT_BAD_TEXT, "%s:%u:%u: a text holds a NUL", document->name, node->line, node->column);
	node->text = arena_text(&document->arena, text);
	node->len = text.len;
	return node->text ? OK : arena_fault(&document->arena);
}

const struct node *node_find(const struct node *map, const char *key)
{
	for (const struct node *node = map->first; node; node = node->next)
		if (node->key && !strcmp(node->key, key))
			return node;
	return NULL;
}

static bool looks_like_json(const char *name, struct span text)
{
	size_t len = strlen(name);
	if (len > 5 && !strcmp(name + len - 5, ".json"))
		return true;
	while (text.len && strchr(" \t\r\n", *text.at) && *text.at)
		text.at++, text.len--;
	return text.len && *text.at == '{';
}

enum fault document_read(struct document *document, const char *name, struct span text)
{
	return looks_like_json(name, text) ? json_read(document, name, text) : yaml_read(document, name, text);
}
