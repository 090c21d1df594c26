#include "certs/armour.h"

#include <string.h>

#include "proto/base64.h"

enum { LINE_BYTES = 48 };		/* 64 letters, as in PEM */

static const char begin_line[] = "-----BEGIN COMITY CARD-----\n";
static const char end_line[] = "-----END COMITY CARD-----\n";

enum fault armour_write(struct span summary, struct span der, struct bytes *text)
{
	TRY(bytes_append_text(text, begin_line));
	TRY(bytes_append(text, summary));
	TRY(bytes_append_text(text, "\n"));
	for (size_t at = 0; at < der.len; at += LINE_BYTES) {
		size_t len = der.len - at < LINE_BYTES ? der.len - at : LINE_BYTES;
		TRY(base64_append(text, (struct span){ der.at + at, len }));
		TRY(bytes_append_text(text, "\n"));
	}
	return bytes_append_text(text, end_line);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span text)
{
	while (text.len && is_blank(*text.at))
		text = (struct span){ text.at + 1, text.len - 1 };
	while (text.len && is_blank(text.at[text.len - 1]))
		text.len--;
	return text;
}

/* As it was written, before mail programs changed the ends of its lines. */
static enum fault normalize(struct span text, struct bytes *normal)
{
	text = trim(text);
	TRY(bytes_reserve(normal, text.len + 1));
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != '\r' || text.at[i + 1] != '\n')	/* trimmed: the last is never CR */
			normal->at[normal->len++] = text.at[i];
	normal->at[normal->len++] = '\n';
	return OK;
}

static bool strip(struct span *text, const char *first, const char *last)
{
	size_t first_len = strlen(first), last_len = strlen(last);
	if (text->len < first_len + last_len || memcmp(text->at, first, first_len) ||
	    memcmp(text->at + text->len - last_len, last, last_len))
		return false;
	*text = (struct span){ text->at + first_len, text->len - first_len - last_len };
	return true;
}

static enum fault read_base64(struct span lines, struct bytes *der)
{
	struct bytes letters = { 0 };
	enum fault fault = bytes_reserve(&letters, lines.len);
	if (!fault)
		fault = bytes_reserve(der, base64_room(lines.len));
	for (size_t i = 0; !fault && i < lines.len; i++)
		if (lines.at[i] != '\n')
			letters.at[letters.len++] = lines.at[i];
	size_t size = 0;
	if (!fault && !base64_read(der->at + der->len, &size, span_of(&letters)))
		fault = fault_say(FAULT_BAD_CARD, "the block below the blank line is not base64");
	der->len += size;
	bytes_clear(&letters);
	return fault;
}

static enum fault split(struct span text, struct bytes *summary, struct bytes *der)
{
	if (!strip(&text, begin_line, end_line))
		return fault_say(FAULT_BAD_CARD, "it does not begin and end with the lines of a COMITY CARD");
	const uint8_t *blank = memmem(text.at, text.len, "\n\n", 2);
	if (!blank)
		return fault_say(FAULT_BAD_CARD, "there is no blank line between the readable lines and the block");
	size_t summary_len = (size_t)(blank + 1 - text.at);
	TRY(bytes_append(summary, (struct span){ text.at, summary_len }));
	return read_base64((struct span){ blank + 2, text.len - summary_len - 1 }, der);
}

static enum fault compare(struct span normal, struct span summary, struct span der)
{
	struct bytes again = { 0 };
	enum fault fault = armour_write(summary, der, &again);
	if (!fault && !span_equal(span_of(&again), normal))
		fault = fault_say(FAULT_BAD_CARD, "its lines were broken or something was put between them");
	bytes_clear(&again);
	return fault;
}

static enum fault read(struct span normal, struct bytes *summary, struct bytes *der)
{
	TRY(split(normal, summary, der));
	return compare(normal, span_of(summary), span_of(der));
}

enum fault armour_read(struct span text, struct bytes *summary, struct bytes *der)
{
	struct bytes normal = { 0 };
	enum fault fault = normalize(text, &normal);
	if (!fault)
		fault = read(span_of(&normal), summary, der);
	bytes_clear(&normal);
	return fault;
}
