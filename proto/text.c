#include "proto/text.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

/* The four lengths of RFC 3629 section 3: what the first byte looks like, and the least character
 * that needs this many (anything smaller would be a second spelling of it). */
static const struct form {
	uint8_t mask, lead;
	uint32_t least;
} forms[] = {
	{ 0x80, 0x00, 0 },
	{ 0xe0, 0xc0, 0x80 },
	{ 0xf0, 0xe0, 0x800 },
	{ 0xf8, 0xf0, 0x10000 },
};

static const struct form *form_of(uint8_t first)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if ((first & forms[i].mask) == forms[i].lead)
			return &forms[i];
	return NULL;
}

static bool is_scalar(uint32_t character)
{
	return character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
}

bool utf8_next(struct span *text, uint32_t *character)
{
	uint8_t first = *text->at;
	const struct form *form = form_of(first);
	size_t len = form ? (size_t)(form - forms) + 1 : SIZE_MAX;
	uint32_t value = form ? first & (uint8_t)~form->mask : 0;
	bool is_valid = len <= text->len;
	for (size_t i = 1; is_valid && i < len; i++) {
		is_valid = (text->at[i] & 0xc0) == 0x80;
		value = value << 6 | (text->at[i] & 0x3f);
	}
	is_valid = is_valid && value >= form->least && is_scalar(value);
	*character = is_valid ? value : first;
	text->at += is_valid ? len : 1;
	text->len -= is_valid ? len : 1;
	return is_valid;
}

/* Are all eight printable ASCII?  A byte below 0x20 borrows, one above 0x7e carries or has the bit already. */
static bool are_plain(const uint8_t at[8])
{
	const uint64_t ones = 0x0101010101010101, top = ones * 0x80;
	uint64_t eight;
	memcpy(&eight, at, sizeof eight);
	return !((eight | (eight - ones * 0x20) | (eight + ones)) & top);
}

/* Most text is printable ASCII, of which nothing needs to be asked. */
static void skip_plain(struct span *text)
{
	while (text->len >= 8 && are_plain(text->at))
		text->at += 8, text->len -= 8;
	while (text->len && *text->at >= 0x20 && *text->at < 0x7f)
		text->at++, text->len--;
}

bool utf8_is_valid(struct span text)
{
	uint32_t character;
	for (skip_plain(&text); text.len; skip_plain(&text))
		if (!utf8_next(&text, &character))
			return false;
	return true;
}

enum fault utf8_append(struct bytes *out, uint32_t character)
{
	size_t more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
	uint8_t coded[4];
	for (size_t i = more; i > 0; i--, character >>= 6)
		coded[i] = (uint8_t)(0x80 | (character & 0x3f));
	coded[0] = (uint8_t)(forms[more].lead | character);
	return bytes_append(out, (struct span){ coded, more + 1 });
}

static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* What turns the direction of writing makes "gpj.exe" look like "exe.jpg"; U+2028 and U+2029 end a line. */
static bool is_treacherous(uint32_t character)
{
	return (character >= 0x2028 && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

bool text_is_clean(struct span text)
{
	uint32_t character;
	for (skip_plain(&text); text.len; skip_plain(&text))
		if (!utf8_next(&text, &character) || (is_control(character) && character != '\n' && character != '\t'))
			return false;
	return true;
}

enum { SHOWN_SIZE = 12 };	/* the longest: \u{10ffff} would be 10 and a NUL */

/* The next character of the text as a terminal may have it; returns its length. */
static size_t show_next(struct span *text, const char *kept, char shown[SHOWN_SIZE])
{
	const uint8_t *start = text->at;
	uint32_t character;
	bool is_valid = utf8_next(text, &character);
	bool is_kept = is_valid && character && character < 0x80 && strchr(kept, (int)character);
	if (is_kept || (is_valid && !is_control(character) && !is_treacherous(character))) {
		size_t len = (size_t)(text->at - start);
		memcpy(shown, start, len);
		return len;
	}
	if (character == '\n' || character == '\t')
		return (size_t)snprintf(shown, SHOWN_SIZE, "\\%c", character == '\n' ? 'n' : 't');
	return (size_t)snprintf(shown, SHOWN_SIZE, character < 0x100 ? "\\x%02x" : "\\u%04x", character);
}

static enum fault append_safe(struct bytes *out, struct span text, const char *kept)
{
	char shown[SHOWN_SIZE];
	while (text.len) {
		size_t len = show_next(&text, kept, shown);
		TRY(bytes_append(out, (struct span){ (const uint8_t *)shown, len }));
	}
	return OK;
}

enum fault text_safe(struct bytes *out, struct span text)
{
	return append_safe(out, text, "");
}

enum fault text_safe_lines(struct bytes *out, struct span text)
{
	return append_safe(out, text, "\n\t");
}

void text_excerpt(char *out, size_t size, struct span text)
{
	char shown[SHOWN_SIZE];
	size_t used = 0, fits = 0;	/* fits: where "..." still has room */
	while (text.len) {
		size_t len = show_next(&text, "", shown);
		if (used + len >= size) {
			snprintf(out + fits, size - fits, "...");
			return;
		}
		memcpy(out + used, shown, len);
		used += len;
		fits = used + sizeof "..." <= size ? used : fits;
	}
	out[used] = 0;
}

size_t text_width(struct span text)
{
	size_t width = 0;
	while (text.len) {
		uint32_t character;
		bool is_valid = utf8_next(&text, &character);
		int columns = is_valid ? wcwidth((wchar_t)character) : 1;
		width += columns < 0 ? 1 : (size_t)columns;
	}
	return width;
}

static bool is_fit_for_a_name(uint32_t character)
{
	return character != '/' && !is_control(character) && !is_treacherous(character);
}

bool name_is_safe(struct span name)
{
	if (!name.len || name.len > NAME_MAX_BYTES || span_is(name, ".") || span_is(name, ".."))
		return false;
	uint32_t character;
	while (name.len)
		if (!utf8_next(&name, &character) || !is_fit_for_a_name(character))
			return false;
	return true;
}

enum fault name_make_safe(struct bytes *out, struct span name)
{
	if (!name.len || span_is(name, ".") || span_is(name, ".."))
		return bytes_append_text(out, "unnamed");
	size_t end = out->len + NAME_MAX_BYTES;
	while (name.len) {
		uint32_t character;
		bool is_valid = utf8_next(&name, &character);
		size_t before = out->len;
		TRY(utf8_append(out, is_valid && is_fit_for_a_name(character) ? character : '_'));
		if (out->len > end) {		/* this character is the one too many */
			out->len = before;
			return OK;
		}
	}
	return OK;
}
