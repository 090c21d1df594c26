#pragma once
/* The name of an authority, everywhere: lower case, a State and an office, such as `xf-ca`.
 *
 *	[a-z][a-z0-9]*(-[a-z0-9]+)+	3 to 32 characters
 *
 * In certificates it stands as the one subjectAltName URI, `comity:xf-ca`.  Accepting other ways of
 * writing it is the business of whoever faces people. */
#include <stdbool.h>

#include "proto/bytes.h"

enum {
	AUTHORITY_ID_MAX = 32,
	AUTHORITY_ID_SIZE = AUTHORITY_ID_MAX + 1,	/* with its NUL */
	AUTHORITY_NAME_MAX = 200,			/* bytes of UTF-8 in a display name */
};

bool authority_id_is_valid(struct span id);

/* May this be shown to people as a name: 1 to AUTHORITY_NAME_MAX bytes of valid UTF-8 without control
 * characters, line separators or marks that turn the direction of the text? */
bool authority_name_is_valid(struct span name);

/* One line of text, by the same rules, of any length up to `max`; empty is fine. */
bool text_is_one_line(struct span text, size_t max);
