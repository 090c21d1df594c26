/* The letter as text and as pages: lines broken between words, by columns or by points. */
#include <string.h>

#include "proto/text.h"
#include "tools/canvas.h"
#include "tools/letter.h"

enum { COLUMNS = 78, STEP_COLUMNS = 2, PIECE_SIZE = 400 };

/* ── breaking lines ───────────────────────────────────────────────────────────────────────────── */

/* How wide a text comes out, and how wide it may. */
struct measure {
	double (*width)(void *context, const char *text, size_t len);
	void *context;
	double room;
};

/* As many whole words as have room, one at least; a word that has none by itself is broken. */
static size_t take_words(const struct measure *measure, const char *text)
{
	size_t line = strcspn(text, "\n"), taken = 0;
	line = line < PIECE_SIZE - 1 ? line : PIECE_SIZE - 1;
	for (size_t at = 0; at < line;) {
		size_t end = at + strspn(text + at, " ");
		end += strcspn(text + end, " \n");
		end = end < line ? end : line;
		if (measure->width(measure->context, text, end) > measure->room)
			break;
		at = taken = end;
	}
	for (size_t len = 1; !taken && len <= line; len++) {
		while (len < line && ((unsigned char)text[len] & 0xc0) == 0x80)
			len++;
		if (len > 1 && measure->width(measure->context, text, len) > measure->room)
			break;
		if (len == line || measure->width(measure->context, text, len + 1) > measure->room)
			return len;
	}
	while (taken && taken < strlen(text) && ((unsigned char)text[taken] & 0xc0) == 0x80)
		taken--;
	return taken ? taken : line;
}

/* The next piece off the front; false at the end.  A line feed ends a piece. */
static bool next_piece(const struct measure *measure, const char **text, char piece[PIECE_SIZE])
{
	if (!**text)
		return false;
	size_t len = take_words(measure, *text);
	memcpy(piece, *text, len);
	piece[len] = '\0';
	*text += len;
	*text += **text == '\n' ? 1 : strspn(*text, " ");
	return true;
}

/* ── text ─────────────────────────────────────────────────────────────────────────────────────── */

static double columns_of(void *context, const char *text, size_t len)
{
	(void)context;
	return (double)text_width((struct span){ (const uint8_t *)text, len });
}

static enum fault write_line(const struct letter_line *line, struct bytes *out)
{
	char piece[PIECE_SIZE];
	const char *rest = line->text;
	int indent = (int)line->depth * STEP_COLUMNS;
	struct measure measure = { columns_of, NULL, COLUMNS - indent };
	bool is_first = true;
	if (line->style == LETTER_HEADING)
		TRY(bytes_append_text(out, "\n"));
	while (next_piece(&measure, &rest, piece)) {
		TRY(bytes_printf(out, "%*s%s\n", indent + (is_first ? 0 : STEP_COLUMNS), "", piece));
		measure.room = COLUMNS - indent - STEP_COLUMNS;
		is_first = false;
	}
	return OK;
}

enum fault letter_write(const struct letter *letter, struct bytes *out)
{
	for (size_t i = 0; i < letter->n; i++)
		TRY(write_line(&letter->at[i], out));
	return OK;
}

/* ── pages ────────────────────────────────────────────────────────────────────────────────────── */

#define MARGIN 62.0
#define TOP 72.0
#define BOTTOM (PAPER_HEIGHT - 66.0)
#define STEP 14.0

static const struct look {
	double size, before, height;
	bool is_bold;
} looks[] = {
	[LETTER_TITLE]   = { 14, 0, 20, true },
	[LETTER_HEADING] = { 10.5, 10, 15, true },
	[LETTER_ITEM]    = { 9.5, 4, 13, true },
	[LETTER_LINE]    = { 9.5, 1, 13, false },
};

struct sheet {
	struct canvas *canvas;
	const char *name;
	double y;
	unsigned page;
	struct words words;
};

static double points_of(void *context, const char *text, size_t len)
{
	char piece[PIECE_SIZE];
	struct sheet *sheet = context;
	memcpy(piece, text, len);
	piece[len] = '\0';
	return canvas_measure(sheet->canvas, &sheet->words, piece);
}

static void draw_foot(struct sheet *sheet)
{
	char number[24];
	const struct words small = { .size = 8, .ink = INK_FAINT, .width = PAPER_WIDTH - 2 * MARGIN - 60 };
	const struct words right = { .size = 8, .ink = INK_FAINT, .align = ALIGN_RIGHT };
	snprintf(number, sizeof number, "page %u", sheet->page);
	canvas_line(sheet->canvas, MARGIN, PAPER_HEIGHT - 48, PAPER_WIDTH - MARGIN, PAPER_HEIGHT - 48, 0.5, INK_RULE);
	canvas_text(sheet->canvas, MARGIN, PAPER_HEIGHT - 36, &small, sheet->name);
	canvas_text(sheet->canvas, PAPER_WIDTH - MARGIN, PAPER_HEIGHT - 36, &right, number);
}

static void take_room(struct sheet *sheet, double height)
{
	if (sheet->y + height <= BOTTOM)
		return;
	draw_foot(sheet);
	canvas_next_page(sheet->canvas);
	sheet->page++;
	sheet->y = TOP;
}

static void draw_line(struct sheet *sheet, const struct letter_line *line)
{
	const struct look *look = &looks[line->style];
	char piece[PIECE_SIZE];
	const char *rest = line->text;
	double x = MARGIN + line->depth * STEP;
	struct measure measure = { points_of, sheet, PAPER_WIDTH - MARGIN - x };
	sheet->words = (struct words){ .size = look->size, .is_bold = look->is_bold };
	/* a heading does not stand alone at the end of a page */
	take_room(sheet, look->before + look->height * (line->style == LETTER_LINE ? 1 : 3));
	sheet->y += look->before;
	while (next_piece(&measure, &rest, piece)) {
		take_room(sheet, look->height);
		sheet->y += look->height;
		canvas_text(sheet->canvas, x, sheet->y, &sheet->words, piece);
	}
}

enum fault letter_draw(const struct letter *letter, const char *path, const char *name, size_t *size)
{
	struct canvas *canvas;
	TRY(canvas_open(&canvas, path, name));
	struct sheet sheet = { .canvas = canvas, .name = name, .y = TOP - looks[LETTER_TITLE].height, .page = 1 };
	for (size_t i = 0; i < letter->n; i++)
		draw_line(&sheet, &letter->at[i]);
	draw_foot(&sheet);
	return canvas_close(canvas, OK, size);
}
