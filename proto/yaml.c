#include "proto/yaml.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "proto/text.h"

enum { EXCERPT_SIZE = 64 };

struct reader {
	struct document *document;
	struct span text;
	struct node *open[DOCUMENT_DEPTH_MAX + 1];	/* the maps and lists that we are in */
	unsigned depth;
	const char *key;				/* read, its value not yet; in the arena */
	unsigned key_line, key_column;
	unsigned documents;
	bool is_over;
};

static enum fault blame(const struct reader *reader, enum fault fault, yaml_mark_t mark, const char *what)
{
	return fault_say(fault, "%s:%zu:%zu: %s", reader->document->name, mark.line + 1, mark.column + 1, what);
}

static struct node *innermost(const struct reader *reader)
{
	return reader->depth ? reader->open[reader->depth - 1] : NULL;
}

static bool wants_key(const struct reader *reader)
{
	const struct node *parent = innermost(reader);
	return parent && parent->kind == NODE_MAP && !reader->key;
}

static enum fault add(struct reader *reader, const yaml_event_t *event, enum node_kind kind, struct node **node)
{
	enum fault fault = document_add(reader->document, innermost(reader), kind, reader->key, reader->depth + 1, node);
	if (fault == FAULT_TOO_DEEP)
		return blame(reader, fault, event->start_mark, "nested more than 32 deep");
	TRY(fault);
	(*node)->line = (unsigned)event->start_mark.line + 1;
	(*node)->column = (unsigned)event->start_mark.column + 1;
	(*node)->key_line = reader->key_line;
	(*node)->key_column = reader->key_column;
	reader->key = NULL;
	return OK;
}

static enum fault read_key(struct reader *reader, const yaml_event_t *event)
{
	struct span text = { event->data.scalar.value, event->data.scalar.length };
	char excerpt[EXCERPT_SIZE], sentence[EXCERPT_SIZE + 32];
	text_excerpt(excerpt, sizeof excerpt, text);
	if (memchr(text.at, 0, text.len))
		return blame(reader, FAULT_BAD_TEXT, event->start_mark, "a key holds a NUL");
	reader->key = arena_text(&reader->document->arena, text);
	if (!reader->key)
		return arena_fault(&reader->document->arena);
	reader->key_line = (unsigned)event->start_mark.line + 1;
	reader->key_column = (unsigned)event->start_mark.column + 1;
	if (!node_find(innermost(reader), reader->key))
		return OK;
	snprintf(sentence, sizeof sentence, "the key \"%s\" is given twice", excerpt);
	return blame(reader, FAULT_BAD_DOCUMENT, event->start_mark, sentence);
}

static bool is_null(struct span text)
{
	return !text.len || span_is(text, "~")
		|| span_is(text, "null") || span_is(text, "Null") || span_is(text, "NULL");
}

static enum fault no_anchor_or_tag(const struct reader *reader, const yaml_event_t *event,
	const void *anchor, const void *tag)
{
	if (anchor)
		return blame(reader, FAULT_BAD_DOCUMENT, event->start_mark, "anchors (&) are not allowed here");
	return tag ? blame(reader, FAULT_BAD_DOCUMENT, event->start_mark, "tags (!) are not allowed here") : OK;
}

static enum fault on_scalar(struct reader *reader, const yaml_event_t *event)
{
	TRY(no_anchor_or_tag(reader, event, event->data.scalar.anchor, event->data.scalar.tag));
	if (wants_key(reader))
		return read_key(reader, event);
	struct span text = { event->data.scalar.value, event->data.scalar.length };
	bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	enum node_kind kind = !is_plain ? NODE_TEXT : is_null(text) ? NODE_ABSENT : NODE_PLAIN;
	struct node *node;
	TRY(add(reader, event, kind, &node));
	return document_set_text(reader->document, node, text);
}

static enum fault open_node(struct reader *reader, const yaml_event_t *event, enum node_kind kind)
{
	if (wants_key(reader))
		return blame(reader, FAULT_BAD_DOCUMENT, event->start_mark, "a key must be a text");
	struct node *node;
	TRY(add(reader, event, kind, &node));
	reader->open[reader->depth++] = node;
	return OK;
}

static enum fault on_list(struct reader *reader, const yaml_event_t *event)
{
	TRY(no_anchor_or_tag(reader, event, event->data.sequence_start.anchor, event->data.sequence_start.tag));
	return open_node(reader, event, NODE_LIST);
}

static enum fault on_map(struct reader *reader, const yaml_event_t *event)
{
	TRY(no_anchor_or_tag(reader, event, event->data.mapping_start.anchor, event->data.mapping_start.tag));
	return open_node(reader, event, NODE_MAP);
}

static enum fault on_end(struct reader *reader, const yaml_event_t *event)
{
	(void)event;
	reader->depth--;
	return OK;
}

static enum fault on_alias(struct reader *reader, const yaml_event_t *event)
{
	return blame(reader, FAULT_BAD_DOCUMENT, event->start_mark, "aliases (*) are not allowed here");
}

static enum fault on_document(struct reader *reader, const yaml_event_t *event)
{
	if (reader->documents++)
		return blame(reader, FAULT_BAD_DOCUMENT, event->start_mark, "only one document is allowed in a file");
	return OK;
}

static enum fault on_stream_end(struct reader *reader, const yaml_event_t *event)
{
	reader->is_over = true;
	struct node *nothing;
	return reader->document->root ? OK : add(reader, event, NODE_ABSENT, &nothing);
}

static enum fault (*const handlers[])(struct reader *, const yaml_event_t *) = {
	[YAML_STREAM_END_EVENT] = on_stream_end,
	[YAML_DOCUMENT_START_EVENT] = on_document,
	[YAML_ALIAS_EVENT] = on_alias,
	[YAML_SCALAR_EVENT] = on_scalar,
	[YAML_SEQUENCE_START_EVENT] = on_list,
	[YAML_SEQUENCE_END_EVENT] = on_end,
	[YAML_MAPPING_START_EVENT] = on_map,
	[YAML_MAPPING_END_EVENT] = on_end,
};

static yaml_mark_t mark_at(struct span text, size_t offset)
{
	yaml_mark_t mark = { 0 };
	for (size_t i = 0; i < offset && i < text.len; i++) {
		bool is_line = text.at[i] == '\n', is_inside = (text.at[i] & 0xc0) == 0x80;
		mark.line += is_line;
		mark.column = is_line ? 0 : mark.column + !is_inside;
	}
	return mark;
}

static enum fault from_libyaml(const struct reader *reader, const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return FAULT_NO_MEMORY;
	if (parser->error == YAML_READER_ERROR)		/* has an offset in bytes, no mark */
		return blame(reader, FAULT_BAD_TEXT, mark_at(reader->text, parser->problem_offset), parser->problem);
	char sentence[160];
	snprintf(sentence, sizeof sentence, "%s%s%s", parser->problem ? parser->problem : "not YAML",
		parser->context ? " " : "", parser->context ? parser->context : "");
	return blame(reader, FAULT_BAD_DOCUMENT, parser->problem_mark, sentence);
}

static enum fault read_events(struct reader *reader, yaml_parser_t *parser)
{
	while (!reader->is_over) {
		yaml_event_t event;
		if (!yaml_parser_parse(parser, &event))
			return from_libyaml(reader, parser);
		bool has_handler = event.type < ARRAY_LEN(handlers) && handlers[event.type];
		enum fault fault = has_handler ? handlers[event.type](reader, &event) : OK;
		yaml_event_delete(&event);
		TRY(fault);
	}
	return OK;
}

enum fault yaml_read(struct document *document, const char *name, struct span text)
{
	TRY(document_begin(document, name, text));
	struct reader reader = { .document = document, .text = text };
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return FAULT_NO_MEMORY;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, text.len ? text.at : (const uint8_t *)"", text.len);
	enum fault fault = read_events(&reader, &parser);
	yaml_parser_delete(&parser);
	return fault;
}
