#pragma once
/* Text that others wrote: is it UTF-8, may it be shown on a terminal, may it name a file? */
#include "proto/bytes.h"

enum { NAME_MAX_BYTES = 255 };

/* Shortest forms only, no surrogates, nothing above U+10FFFF (RFC 3629 section 3).  NUL is valid UTF-8. */
bool utf8_is_valid(struct span text);
/* Take the next character off the front of *text.  False (and one byte taken) where it is not UTF-8;
 * *text must not be empty. */
bool utf8_next(struct span *text, uint32_t *character);
/* Append one character.  Faults: no memory. */
enum fault utf8_append(struct bytes *out, uint32_t character) MUST_CHECK;
/* Valid, and no control characters (C0, DEL, C1) but line feed and tab. */
bool text_is_clean(struct span text);

/* Append any bytes so that a terminal shows them and obeys none: control characters (line feed and tab
 * too), what turns the direction of writing (U+202A..U+202E, U+2066..U+2069) and what is not UTF-8 come
 * out as escapes (\n, \x1b, \u202e).  One line in any case.  Faults: no memory. */
enum fault text_safe(struct bytes *out, struct span text) MUST_CHECK;
/* The same for a text of several lines: line feeds and tabs stay. */
enum fault text_safe_lines(struct bytes *out, struct span text) MUST_CHECK;
/* The same for a sentence: one line in a buffer of `size` bytes, NUL-terminated, "..." at its end when cut. */
void text_excerpt(char *out, size_t size, struct span text);
/* Columns on a terminal: wide characters count two, combining ones none.  What libc's locale does not
 * know counts one. */
size_t text_width(struct span text);

/* May this be the name of a file, as it stands?  Not empty, "." or "..", no '/', no control characters,
 * nothing that turns the direction of writing, UTF-8, at most NAME_MAX_BYTES. */
bool name_is_safe(struct span name);
/* Append a safe name as like to this one as can be: what is not allowed becomes '_'.  Faults: no memory. */
enum fault name_make_safe(struct bytes *out, struct span name) MUST_CHECK;
