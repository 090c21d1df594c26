/* Small counts, and those that would give them away. */
#include "daemon/law/discretion.h"

static bool is_small(uint64_t count, uint32_t threshold)
{
	return count && count < threshold;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

enum telling discretion_alone(uint64_t count, uint64_t whole, uint32_t threshold)
{
	return is_small(count, threshold) ? BELOW : whole && is_small(whole - count, threshold) ? HIDDEN : TOLD;
}

/* ── what a reader can work out ───────────────────────────────────────────────────────────────── */

struct range {
	uint64_t least, most;
};

/* By its word alone, and by the other table where that tells the whole of it. */
static struct range range_of(const struct figure *figure, uint32_t threshold, uint64_t sum)
{
	uint64_t whole = figure->whole && !figure->is_secret ? figure->whole : sum;
	if (figure->telling == BELOW)
		return (struct range){ 1, min(threshold - 1, whole) };
	return (struct range){ threshold, max(threshold, min(whole, sum)) };
}

struct reading {
	uint64_t sum;			/* of all that is hidden: it follows from the total */
	uint64_t least, most;		/* of it, by the words */
	size_t hidden;
};

static struct reading read(const struct figure *figures, size_t n, uint32_t threshold)
{
	struct reading reading = { 0 };
	for (size_t i = 0; i < n; i++)
		reading.sum += figures[i].telling == TOLD ? 0 : figures[i].count;
	for (size_t i = 0; i < n; i++) {
		if (figures[i].telling == TOLD)
			continue;
		struct range range = range_of(&figures[i], threshold, reading.sum);
		reading.least += range.least;
		reading.most += range.most;
		reading.hidden++;
	}
	return reading;
}

/* What is left of its range when the others are taken at their most, and at their least. */
static struct range narrowed(const struct reading *reading, struct range range)
{
	uint64_t others_least = reading->least - range.least, others_most = reading->most - range.most;
	uint64_t least = reading->sum > others_most ? reading->sum - others_most : 0;
	uint64_t most = reading->sum > others_least ? reading->sum - others_least : 0;
	return (struct range){ max(range.least, least), min(range.most, most) };
}

/* A small one keeps all of its range; where the rest is small, that keeps all of its own; what is secret keeps a range as wide.
 * What is hidden only for the sake of these needs nothing. */
static bool is_kept(const struct figure *figure, const struct reading *reading, uint32_t threshold)
{
	struct range range = range_of(figure, threshold, reading->sum), left = narrowed(reading, range);
	uint64_t whole = figure->whole;
	if (figure->telling == BELOW)
		return left.least == range.least && left.most == range.most;
	if (figure->is_secret)
		return left.most - left.least >= threshold - 1;
	if (whole && is_small(whole - figure->count, threshold))
		return left.least <= max(threshold, whole - (threshold - 1)) && left.most >= whole - 1;
	return true;
}

static bool are_kept(const struct figure *figures, size_t n, uint32_t threshold)
{
	struct reading reading = read(figures, n, threshold);
	for (size_t i = 0; i < n; i++)
		if (figures[i].telling != TOLD && (reading.hidden == 1 || !is_kept(&figures[i], &reading, threshold)))
			return false;
	return true;
}

/* ── hiding ───────────────────────────────────────────────────────────────────────────────────── */

static struct figure *smallest_told(struct figure *figures, size_t n)
{
	struct figure *smallest = NULL;
	for (size_t i = 0; i < n; i++)
		if (figures[i].telling == TOLD && (!smallest || figures[i].count < smallest->count))
			smallest = &figures[i];
	return smallest;
}

/* Then HIDDEN may be anything from 1 on.  One row alone is the total. */
static bool hide_all(struct figure *figures, size_t n, uint32_t threshold)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++) {
		figures[i].telling = HIDDEN;
		sum += figures[i].count;
	}
	return n > 1 && sum - n >= threshold - 1;
}

bool discretion_apply(struct figure *figures, size_t n, uint32_t threshold)
{
	struct figure *next;
	if (threshold < 1)
		threshold = 1;
	for (size_t i = 0; i < n; i++) {
		enum telling alone = discretion_alone(figures[i].count, figures[i].whole, threshold);
		figures[i].telling = alone == TOLD && figures[i].is_secret ? HIDDEN : alone;
	}
	while (!are_kept(figures, n, threshold)) {
		if (!(next = smallest_told(figures, n)))
			return hide_all(figures, n, threshold);
		next->telling = HIDDEN;
	}
	return true;
}
