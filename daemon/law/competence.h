#pragma once
/* Is this authority the one that receives what is asked?  UNTOC 18(13); by its entry in the directory. */
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
