#pragma once
/* Is a request fit to be sent?  Judged against UNTOC 18(15), 13(3), 18(14), 18(24) and the instruments that
 * ask for more, and against the addressee's own card.  All problems are found at once, each with its article
 * and the place to mend.  Pure: no store, no loop, no clock.
 *
 * What the form of a text must be (UTF-8, dates, digests) was checked when the document was read
 * (proto/check.h); here its sense is judged.  What the requested State may still wish to grant is never an
 * error: a lack of dual criminality, an unknown person (18(15)(e)), a code of a later version are warnings. */
#include "daemon/law/problems.h"
#include "proto/casework.pb-c.h"
#include "proto/profile.pb-c.h"

/* `attachments` are those that go along; NULL when none are chosen yet: then the request's own descriptions
 * are judged in their place.  `addressee` may be NULL.  *problems is added to, its problems are the caller's.
 * OK also with warnings.  Faults: incomplete (the detail counts them and quotes the first error), no memory. */
enum fault completeness_check(const Comity__Request *request, const Comity__Attachment *const *attachments, size_t n,
	const Comity__Profile *addressee, struct problems *problems) MUST_CHECK;

/* Is it a request in law at all, whoever it is sent to?  For one that came: only what an article wants said and nobody has said
 * counts, so that what the requesting side may do by its reading of the law stays between the two; and what our own entry in the
 * directory (NULL: none) takes from nobody: a formal request where it wants another channel, files beyond the size that it names.
 * Faults: incomplete (the detail quotes the first), no memory. */
enum fault completeness_check_received(const Comity__Request *request, const Comity__Attachment *const *attachments,
	size_t n, const Comity__Profile *own) MUST_CHECK;
