#include "proto/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "proto/text.h"

enum { SENTENCE_SIZE = 160 };

/* Past the closing quote of a string that starts here. */
static size_t skip_string(struct span text, size_t at)
{
	for (at++; at < text.len && text.at[at] != '"'; at++)
		at += text.at[at] == '\\';
	return at;
}

/* The parser would first build all of it in memory; so depth and number are counted before. */
static enum fault check_size(const char *name, struct span text)
{
	size_t depth = 0, values = 1;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t letter = text.at[i];
		if (letter == '"')
			i = skip_string(text, i);
		values += letter == ',' || letter == '{' || letter == '[';
		depth += letter == '{' || letter == '[';
		depth -= depth && (letter == '}' || letter == ']');
		if (depth > DOCUMENT_DEPTH_MAX)
			return fault_say(FAULT_TOO_DEEP, "%s: nested more than %d deep", name, DOCUMENT_DEPTH_MAX);
		if (values > DOCUMENT_NODES_MAX)
			return fault_say(FAULT_TOO_LARGE, "%s: more than %d values", name, DOCUMENT_NODES_MAX);
	}
	return OK;
}

static enum node_kind kind_of(const json_t *value)
{
	static const enum node_kind kinds[] = {
		[JSON_OBJECT] = NODE_MAP, [JSON_ARRAY] = NODE_LIST, [JSON_STRING] = NODE_TEXT,
		[JSON_INTEGER] = NODE_NUMBER, [JSON_REAL] = NODE_NUMBER,
		[JSON_TRUE] = NODE_BOOL, [JSON_FALSE] = NODE_BOOL, [JSON_NULL] = NODE_ABSENT,
	};
	return kinds[json_typeof(value)];
}

static enum fault set_text(struct document *document, struct node *node, const json_t *value)
{
	char number[40] = "";
	struct span string = { (const uint8_t *)json_string_value(value), json_string_length(value) };
	if (json_is_string(value))
		return document_set_text(document, node, string);
	if (json_is_integer(value))
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		snprintf(number, sizeof number, "%.17g", json_real_value(value));
	if (json_is_boolean(value))
		snprintf(number, sizeof number, "%s", json_is_true(value) ? "true" : "false");
	return document_set_text(document, node, span_of_text(number));
}

/* As deep as check_size() let the text be. */
static enum fault take(struct document *document, struct node *parent, const char *key,
	unsigned depth, json_t *value)
{
	struct node *node;
	TRY(document_add(document, parent, kind_of(value), key, depth, &node));
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			TRY(take(document, node, NULL, depth + 1, json_array_get(value, i)));
		return OK;
	}
	if (!json_is_object(value))
		return set_text(document, node, value);
	for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at))
		TRY(take(document, node, json_object_iter_key(at), depth + 1, json_object_iter_value(at)));
	return OK;
}

static enum fault from_jansson(const char *name, const json_error_t *error)
{
	if (json_error_code(error) == json_error_out_of_memory)
		return FAULT_NO_MEMORY;
	char sentence[SENTENCE_SIZE];
	text_excerpt(sentence, sizeof sentence, span_of_text(error->text));
	bool is_text = json_error_code(error) == json_error_invalid_utf8;
	return fault_say(is_text ? FAULT_BAD_TEXT : FAULT_BAD_DOCUMENT,
		"%s:%d:%d: %s", name, error->line, error->column, sentence);
}

enum fault json_read(struct document *document, const char *name, struct span text)
{
	TRY(document_begin(document, name, text));
	TRY(check_size(name, text));
	json_error_t error;
	json_t *value = json_loadb(text.len ? (const char *)text.at : "", text.len, JSON_REJECT_DUPLICATES, &error);
	if (!value)
		return from_jansson(name, &error);
	enum fault fault = take(document, NULL, NULL, 1, value);
	json_decref(value);
	return fault;
}
