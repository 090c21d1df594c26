#pragma once
/* How long something takes when part of it is not over yet: the estimate of Kaplan and Meier (1958), in whole days.  To leave
 * out what is open would flatter the figures, since what takes long is open longest.
 *
 * Pure, and of one size however much is added. */
#include <stdbool.h>
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
