#pragma once
/* What daemons read of an act that is sealed end to end (docs/PROTOCOL.md, 6.1): the kind, references, urgency, dates and those
 * codes by which a case moves on and is counted.  All else is in the sealed body.
 *
 * One table says so, field by field; what it does not name is sealed, so that a field that is added to the schema is hidden until
 * somebody decides otherwise.  Where the law asks whether something was said, and not what, a mark stands in its place. */
#include "proto/arena.h"
#include "proto/casework.pb-c.h"

#define CLEAR_MARK "(sealed)"

/* The part that stays clear.  Borrows its texts; the rest is from the arena.  NULL: arena_fault(). */
Comity__Act *clear_part(const Comity__Act *act, struct arena *arena);
/* Is there nothing in it but what stays clear, to the byte?  Faults: sealing required (there is), too large, no memory. */
enum fault clear_check(const Comity__Act *act, struct arena *arena) MUST_CHECK;
/* Is `part` what stays clear of `whole`, to the byte?  Faults: bad document (it is not), too large, no memory. */
enum fault clear_matches(const Comity__Act *part, const Comity__Act *whole, struct arena *arena) MUST_CHECK;
