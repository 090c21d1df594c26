#include "proto/suggest.h"

#include <string.h>

enum { WORD_MAX = 63 };

static char fold(char letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return (char)(letter - 'A' + 'a');
	return letter == '-' ? '_' : letter;
}

bool word_is(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b))
		a++, b++;
	return !*a && !*b;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau-Levenshtein with adjacent swaps (optimal string alignment); three rows are all it needs. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1];
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool differs = fold(a[i - 1]) != fold(b[j - 1]);
			now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + differs);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

void suggest_try(struct suggestion *suggestion, const char *candidate)
{
	size_t word_len = strlen(suggestion->word), len = strlen(candidate);
	if (!word_len || word_len > WORD_MAX || len > WORD_MAX)
		return;
	unsigned apart = distance(suggestion->word, word_len, candidate, len);
	unsigned near = 1 + (unsigned)(word_len / 4);	/* "cart" is near "card", not near "show" */
	if (apart > near || apart >= len || (suggestion->best && apart >= suggestion->distance))
		return;
	suggestion->best = candidate;
	suggestion->distance = apart;
}

const char *suggest(const char *word, const char *const *candidates, size_t count)
{
	struct suggestion suggestion = { .word = word };
	for (size_t i = 0; i < count; i++)
		suggest_try(&suggestion, candidates[i]);
	return suggestion.best;
}
