#pragma once
/* A document as it was written, before any schema is asked: maps, lists and scalars with their places.
 * yaml_read() and json_read() make one, mapping_read() makes a message of it.  Everything in it lives
 * in the document's arena until document_clear(). */
#include "proto/arena.h"

enum {
	DOCUMENT_SIZE_MAX = 1 << 20,	/* bytes of text */
	DOCUMENT_DEPTH_MAX = 32,	/* maps and lists in each other */
	DOCUMENT_NODES_MAX = 100000,
	DOCUMENT_KEYS_MAX = 1000,		/* of one map: what makes looking a key up one by one good enough */
};

/* Single bits, so that a reader can say what it takes. */
enum node_kind {
	NODE_ABSENT = 1,	/* null, ~ or nothing */
	NODE_TEXT = 2,		/* quoted or block text */
	NODE_PLAIN = 4,		/* a bare YAML scalar: what it is depends on the field it is for */
	NODE_NUMBER = 8,	/* a JSON number */
	NODE_BOOL = 16,		/* a JSON true or false */
	NODE_LIST = 32,
	NODE_MAP = 64,
	NODE_SCALARS = NODE_TEXT | NODE_PLAIN | NODE_NUMBER | NODE_BOOL,
};

struct node {
	enum node_kind kind;
	unsigned line, column;		/* from 1; line 0 when not known */
	const char *text;		/* of a scalar, as written; NUL-terminated, holds no other NUL */
	size_t len;
	const char *key;		/* when the parent is a map */
	unsigned key_line, key_column;
	size_t count;			/* of children */
	struct node *first, *last, *next;	/* children, and the next sibling */
};

struct document {
	struct arena arena;
	const char *name;		/* for faults: the file's name as the user gave it; borrowed */
	struct node *root;
	size_t nodes;
};

/* JSON when the name ends in ".json" or the text starts with '{', else YAML.  Faults as theirs. */
enum fault document_read(struct document *document, const char *name, struct span text) MUST_CHECK;
void document_clear(struct document *document);		/* again, or zero-initialised, is harmless */

/* The child with this key, or NULL. */
const struct node *node_find(const struct node *map, const char *key);

/* For the readers.  A text that is too large is refused before anything is taken for it. */
enum fault document_begin(struct document *document, const char *name, struct span text) MUST_CHECK;
/* A new node below parent (NULL: the root), depth and number checked.  Key is NULL but in a map.
 * Faults: too large, too deep, no memory; duplicate keys are the reader's to find (node_find). */
enum fault document_add(struct document *document, struct node *parent, enum node_kind kind,
	const char *key, unsigned depth, struct node **node) MUST_CHECK;
enum fault document_set_text(struct document *document, struct node *node, struct span text) MUST_CHECK;
