#pragma once
/* Is this authority the one that receives what is asked, and may that one ask for it?  UNTOC 18(13); by their entries in the
 * directory. */
#include "proto/casework.pb-c.h"
#include "proto/profile.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

struct sought {
	Comity__RequestKind__Value kind;			/* UNSPECIFIED: whatever it is */
	const Comity__AssistanceForm__Value *forms;		/* none: whatever they are */
	size_t n_forms;
};

/* Of an authority that says nothing of what it covers: everything. */
bool competence_covers(const Comity__Profile *profile, const struct sought *sought);
/* Is it a central authority on that day (YYYY-MM-DD), so that formal requests go to it? */
bool competence_is_central(const Comity__Profile *profile, const char *today);
/* What keeps that authority from making this request at that time (a date, or a stamp); NULL: nothing.  Nothing keeps one that has no entry, or says nothing of what
 * it covers; nor does a copy for information need a central authority (Budapest Convention 27(9), CETS 198 art. 34(2)). */
const char *competence_objection(const Comity__Profile *profile, const Comity__Request *request, const char *at);
