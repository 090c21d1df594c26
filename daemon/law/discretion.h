#pragma once
/* Which counts of a table are told.  A count below the threshold names its cases to whoever knows some of them, so it is hidden,
 * and so are others, until what is told does not give it away (complementary suppression).
 *
 * One call is one table: counts of 1 and more that add up to a total which is told.  Whoever reads it knows the total, what is
 * told, and what the words say: BELOW is from 1 to one less than the threshold, HIDDEN is the threshold or more.  Each count that
 * is BELOW can still be any such number, by all of that.  Where no choice of further counts achieves it, all are HIDDEN and
 * none is said to be small.
 *
 * A filter makes a second table, of a part.  Whoever has both can subtract; so with the filter a count is also hidden where the
 * rest is small, and where it is hidden without the filter (`is_secret`).  Nothing is remembered between two calls: two
 * periods of which one holds the other can still be subtracted.  docs/man/comity-stats.1.scd says so.
 *
 * Pure. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum telling { TOLD, BELOW, HIDDEN };

struct figure {
	uint64_t count;		/* 1 or more */
	uint64_t whole;		/* of the same cell without the filter; 0 where there is no filter */
	bool is_secret;		/* in: it is hidden whatever it is, since it is in the other table */
	enum telling telling;	/* out */
};

/* A count by itself, of which no sum is told. */
enum telling discretion_alone(uint64_t count, uint64_t whole, uint32_t threshold);
/* Of one table.  With a threshold of 0 or 1 all is told, unless it is secret.  False: not even the names of its rows can be told
 * together with the total. */
bool discretion_apply(struct figure *figures, size_t n, uint32_t threshold);
