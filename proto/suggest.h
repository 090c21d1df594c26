#pragma once
/* "Did you mean ...?"  Words are near when few letters were added, lost, changed or swapped; case and
 * the difference of '-' and '_' do not count. */
#include "proto/bytes.h"

/* Is it the same word, but for case and '-' for '_'? */
bool word_is(const char *a, const char *b);

/* The nearest candidate, or NULL when none is near. */
const char *suggest(const char *word, const char *const *candidates, size_t count);

/* The same one candidate after the other, for lists that are not arrays of texts. */
struct suggestion {
	const char *word;
	const char *best;	/* NULL: none is near so far */
	unsigned distance;
};
void suggest_try(struct suggestion *suggestion, const char *candidate);
