#pragma once
/* The written record of a request: UNTOC 18(14) wants it in writing, or by any means that gives a written record from which its
 * authenticity can be established.  A formal letter, in the order of 18(15), with nothing of the request left out, and how what
 * it says is held to what was signed. */
#include "tools/tool.h"

enum letter_style { LETTER_TITLE, LETTER_HEADING, LETTER_ITEM, LETTER_LINE };

struct letter_line {
	enum letter_style style;
	unsigned depth;			/* how far it stands to the right */
	const char *text;		/* UTF-8 without control characters but line feeds */
};

/* Zero-initialised is empty.  Its lines live as long as the tool. */
struct letter {
	struct letter_line *at;
	size_t n, room;
};

/* Faults: not found (its content is not here: sealed, or destroyed), no memory. */
enum fault letter_compose(struct tool *tool, const Comity__RequestView *view, struct letter *letter) MUST_CHECK;

/* As text, for the terminal or a file. */
enum fault letter_write(const struct letter *letter, struct bytes *out) MUST_CHECK;
/* As a PDF of A4 pages with their numbers; `name` stands on each.  The file must not be there yet.  Faults: those of the canvas. */
enum fault letter_draw(const struct letter *letter, const char *path, const char *name, size_t *size) MUST_CHECK;
