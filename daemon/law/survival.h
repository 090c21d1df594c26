#pragma once
/* How long something takes when part of it is not over yet: the estimate of Kaplan and Meier (1958), in whole days.  To leave
 * out what is open would flatter the figures, since what takes long is open longest.  Days may be hours: the curve does not care.
 *
 * Pure, and of one size however much is added. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SURVIVAL_DAYS = 3650 };	/* what takes longer counts as open after that many */

struct survival {
	uint32_t ended[SURVIVAL_DAYS + 1], open[SURVIVAL_DAYS + 1];	/* how many, after so many days */
};

/* Below 0 counts as 0: clocks of two States differ. */
void survival_add(struct survival *survival, int64_t days, bool is_over);
uint64_t survival_ended(const struct survival *survival);
uint64_t survival_open(const struct survival *survival);
/* The first day by which that share (1 to 99) is over.  False: the curve does not come so far. */
bool survival_reaches(const struct survival *survival, unsigned percent, uint32_t *days);

struct survival_point {
	uint32_t at;
	double open;		/* the share that is not over after it */
	uint64_t at_risk;	/* before it */
};
/* The steps of the curve, `least` and more ends in each, so that none is of one case alone.  Returns how many, at most `max`. */
size_t survival_curve(const struct survival *survival, uint64_t least, struct survival_point *points, size_t max);
