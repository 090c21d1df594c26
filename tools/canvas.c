/* Drawing, by cairo. */
#include "tools/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "certs/files.h"
#include "proto/bytes.h"

struct canvas {
	cairo_t *cairo;
	cairo_surface_t *surface;
	struct bytes written;
	enum fault fault;
	const char *path;
	bool is_pdf;
};

static const struct {
	double red, green, blue;
	double dashes[4];
	int n_dashes;
} inks[] = {
	[INK_TEXT]  = { 0.13, 0.13, 0.15, { 0 }, 0 },
	[INK_FAINT] = { 0.42, 0.43, 0.46, { 0 }, 0 },
	[INK_RULE]  = { 0.80, 0.81, 0.83, { 0 }, 0 },
	[INK_BAR]   = { 0.36, 0.52, 0.66, { 0 }, 0 },
	[INK_A]     = { 0.00, 0.45, 0.70, { 0 }, 0 },
	[INK_B]     = { 0.84, 0.37, 0.00, { 4, 2 }, 2 },
	[INK_C]     = { 0.00, 0.55, 0.40, { 1.5, 1.5 }, 2 },
	[INK_D]     = { 0.55, 0.25, 0.50, { 6, 2, 1.5, 2 }, 4 },
};

static cairo_status_t keep(void *closure, const unsigned char *bytes, unsigned length)
{
	struct canvas *canvas = closure;
	if (!canvas->fault)
		canvas->fault = bytes_append(&canvas->written, (struct span){ bytes, length });
	return canvas->fault ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static bool ends_in(const char *path, const char *ending)
{
	size_t length = strlen(path), wanted = strlen(ending);
	return length > wanted && !strcasecmp(path + length - wanted, ending);
}

enum fault canvas_open(struct canvas **opened, const char *path, const char *title)
{
	bool is_pdf = ends_in(path, ".pdf");
	if (!is_pdf && !ends_in(path, ".svg"))
		return fault_say(FAULT_USAGE, "\"%.200s\" ends neither in .svg nor in .pdf", path);
	struct canvas *canvas = *opened = calloc(1, sizeof *canvas);
	if (!canvas)
		return FAULT_NO_MEMORY;
	canvas->path = path;
	canvas->is_pdf = is_pdf;
	canvas->surface = (is_pdf ? cairo_pdf_surface_create_for_stream : cairo_svg_surface_create_for_stream)(keep, canvas, PAPER_WIDTH, PAPER_HEIGHT);
	canvas->cairo = cairo_create(canvas->surface);
	if (is_pdf)
		cairo_pdf_surface_set_metadata(canvas->surface, CAIRO_PDF_METADATA_TITLE, title);
	return OK;
}

bool canvas_has_pages(const struct canvas *canvas)
{
	return canvas->is_pdf;
}

void canvas_next_page(struct canvas *canvas)
{
	cairo_show_page(canvas->cairo);
}

enum fault canvas_close(struct canvas *canvas, enum fault drawn, size_t *size)
{
	cairo_status_t status = cairo_status(canvas->cairo);
	cairo_destroy(canvas->cairo);
	cairo_surface_finish(canvas->surface);
	if (!status)
		status = cairo_surface_status(canvas->surface);
	cairo_surface_destroy(canvas->surface);
	enum fault fault = drawn ? drawn : canvas->fault;
	if (!fault && status)
		fault = status == CAIRO_STATUS_NO_MEMORY ? FAULT_NO_MEMORY : fault_say(FAULT_INTERNAL, "drawing: %s", cairo_status_to_string(status));
	if (!fault)
		fault = file_create(canvas->path, FILE_PRIVATE, span_of(&canvas->written));
	*size = canvas->written.len;
	bytes_clear(&canvas->written);
	free(canvas);
	cairo_debug_reset_static_data();	/* the tool draws once: its fonts go back, and nothing hides a leak */
	FcFini();
	return fault;
}

static void take_ink(struct canvas *canvas, enum ink ink)
{
	cairo_set_source_rgb(canvas->cairo, inks[ink].red, inks[ink].green, inks[ink].blue);
}

/* ── texts ────────────────────────────────────────────────────────────────────────────────────── */

double canvas_measure(struct canvas *canvas, const struct words *words, const char *text)
{
	cairo_text_extents_t extents;
	cairo_select_font_face(canvas->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
		words->is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(canvas->cairo, words->size);
	cairo_text_extents(canvas->cairo, text, &extents);
	return extents.x_advance;
}

/* The longest beginning that has room with an ellipsis behind it. */
static double shorten(struct canvas *canvas, const struct words *words, const char *text, char *cut, size_t size)
{
	size_t length = strlen(text);
	length = length < size - 4 ? length : size - 4;
	for (;;) {
		while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
		snprintf(cut, size, "%.*s…", (int)length, text);
		double width = canvas_measure(canvas, words, cut);
		if (width <= words->width || !length)
			return width;
		length--;
	}
}

double canvas_text(struct canvas *canvas, double x, double y, const struct words *words, const char *text)
{
	char cut[256];
	double width = canvas_measure(canvas, words, text);
	if (words->width > 0 && width > words->width) {
		width = shorten(canvas, words, text, cut, sizeof cut);
		text = cut;
	}
	take_ink(canvas, words->ink);
	cairo_move_to(canvas->cairo, x - (words->align == ALIGN_LEFT ? 0 : words->align == ALIGN_RIGHT ? width : width / 2), y);
	cairo_show_text(canvas->cairo, text);
	return width;
}

/* ── shapes ───────────────────────────────────────────────────────────────────────────────────── */

void canvas_box(struct canvas *canvas, double x, double y, double width, double height, enum ink ink)
{
	take_ink(canvas, ink);
	cairo_rectangle(canvas->cairo, x, y, width, height);
	cairo_fill(canvas->cairo);
}

void canvas_hatch(struct canvas *canvas, double x, double y, double width, double height)
{
	static const double step = 3;
	cairo_save(canvas->cairo);
	cairo_rectangle(canvas->cairo, x, y, width, height);
	cairo_clip(canvas->cairo);
	int lines = (int)((width + height) / step);
	for (int i = 0; i <= lines; i++) {
		double at = x - height + step * i;
		canvas_line(canvas, at, y + height, at + height, y, 0.6, INK_BAR);
	}
	cairo_restore(canvas->cairo);
}

void canvas_line(struct canvas *canvas, double x, double y, double to_x, double to_y, double width, enum ink ink)
{
	const struct point ends[] = { { x, y }, { to_x, to_y } };
	canvas_path(canvas, ends, ARRAY_LEN(ends), width, ink);
}

void canvas_path(struct canvas *canvas, const struct point *points, size_t n, double width, enum ink ink)
{
	take_ink(canvas, ink);
	cairo_set_line_width(canvas->cairo, width);
	cairo_set_dash(canvas->cairo, inks[ink].dashes, inks[ink].n_dashes, 0);
	cairo_new_path(canvas->cairo);
	for (size_t i = 0; i < n; i++)
		cairo_line_to(canvas->cairo, points[i].x, points[i].y);
	cairo_stroke(canvas->cairo);
}
