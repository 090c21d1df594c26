#pragma once
/* Paper to draw on: A4 upright, in points of 1/72 inch from the upper left corner, saved as SVG or PDF.  All of cairo is in here.
 *
 * Texts are UTF-8 that safe() has seen.  In a PDF they can be selected and searched.  What goes wrong on the way is told by
 * canvas_close(). */
#include <stdbool.h>
#include <stddef.h>

#include "proto/fault.h"

#define PAPER_WIDTH 595.28
#define PAPER_HEIGHT 841.89

struct canvas;

/* INK_A to INK_D can be told apart by everybody who sees colours in any way (Okabe and Ito), and in grey. */
enum ink { INK_TEXT, INK_FAINT, INK_RULE, INK_BAR, INK_A, INK_B, INK_C, INK_D };
enum align { ALIGN_LEFT, ALIGN_RIGHT, ALIGN_MIDDLE };

struct words {
	double size;
	enum ink ink;
	enum align align;
	bool is_bold;
	double width;		/* cut to it, with an ellipsis; 0: as wide as it is */
};

struct point {
	double x, y;
};

/* Its ending says which: .svg or .pdf.  Faults: usage (another ending), no memory. */
enum fault canvas_open(struct canvas **canvas, const char *path, const char *title) MUST_CHECK;
/* How many pages can there be?  An SVG has one. */
bool canvas_has_pages(const struct canvas *canvas);
void canvas_next_page(struct canvas *canvas);
/* Write the file, which must not be there yet; the canvas is gone in any case.  With a fault of the drawing: nothing is
 * written.  Faults: those of file_create(), no memory. */
enum fault canvas_close(struct canvas *canvas, enum fault drawn, size_t *size) MUST_CHECK;

double canvas_measure(struct canvas *canvas, const struct words *words, const char *text);
/* On the base line at y.  Returns how wide it came out. */
double canvas_text(struct canvas *canvas, double x, double y, const struct words *words, const char *text);
void canvas_box(struct canvas *canvas, double x, double y, double width, double height, enum ink ink);
void canvas_hatch(struct canvas *canvas, double x, double y, double width, double height);	/* a box of which nothing is told */
void canvas_line(struct canvas *canvas, double x, double y, double to_x, double to_y, double width, enum ink ink);
/* From each point to the next.  Each ink of A to D has its own dashes. */
void canvas_path(struct canvas *canvas, const struct point *points, size_t n, double width, enum ink ink);
