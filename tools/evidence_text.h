#pragma once
/* The two texts that people read first in an evidence file. */
#include "tools/tool.h"

/* What became of asking for a time stamp. */
enum stamping { STAMPING_NONE, STAMPING_DONE, STAMPING_PENDING };

struct evidence_facts {
	const Comity__RequestView *view;
	const char *own, *peer;			/* authority ids */
	char *const *left_out;			/* sentences */
	size_t n_left_out;
	char *const *conditions;		/* sentences */
	size_t n_conditions;
	enum stamping stamping;
	const char *why;			/* it is pending */
};

/* What this is, what it proves and does not, and the commands that check it.  Appended. */
enum fault evidence_readme(const struct evidence_facts *facts, struct bytes *out) MUST_CHECK;
