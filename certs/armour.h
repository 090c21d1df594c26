#pragma once
/* The text around a card: readable lines, a blank line, base64, between BEGIN and END (certs/card.h).
 * One content has one form: what cannot be written back to the very same text is refused. */
#include "proto/bytes.h"

/* Appended.  The summary is lines, each with its newline, none of them blank. */
enum fault armour_write(struct span summary, struct span der, struct bytes *text) MUST_CHECK;
/* Both appended.  Line ends may be CR LF, blank space around is skipped.  Fault: bad card. */
enum fault armour_read(struct span text, struct bytes *summary, struct bytes *der) MUST_CHECK;
