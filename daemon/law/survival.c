/* The curve of Kaplan and Meier over a table of days. */
#include "daemon/law/survival.h"

static const double ROUNDING = 1e-9;	/* a half that was multiplied together is a half */

void survival_add(struct survival *survival, int64_t days, bool is_over)
{
	if (days > SURVIVAL_DAYS) {
		days = SURVIVAL_DAYS;
		is_over = false;
	}
	uint32_t *column = is_over ? survival->ended : survival->open;
	column[days < 0 ? 0 : days]++;
}

static uint64_t sum(const uint32_t *column)
{
	uint64_t all = 0;
	for (size_t day = 0; day <= SURVIVAL_DAYS; day++)
		all += column[day];
	return all;
}

uint64_t survival_ended(const struct survival *survival)
{
	return sum(survival->ended);
}

uint64_t survival_open(const struct survival *survival)
{
	return sum(survival->open);
}

/* What is open after a day was still at risk on that day: it leaves after what ended on it. */
bool survival_reaches(const struct survival *survival, unsigned percent, uint32_t *days)
{
	double left = 1, wanted = 1 - percent / 100.0 + ROUNDING;
	uint64_t at_risk = survival_ended(survival) + survival_open(survival);
	for (uint32_t day = 0; day <= SURVIVAL_DAYS && at_risk; day++) {
		left *= (double)(at_risk - survival->ended[day]) / (double)at_risk;
		if (left <= wanted) {
			*days = day;
			return true;
		}
		at_risk -= survival->ended[day] + survival->open[day];
	}
	return false;
}

size_t survival_curve(const struct survival *survival, uint64_t least, struct survival_point *points, size_t max)
{
	uint64_t ended = survival_ended(survival), at_risk = ended + survival_open(survival), in_step = 0, before = at_risk;
	double open = 1;
	size_t n = 0;
	if (least < ended / max + 1)
		least = ended / max + 1;
	for (uint32_t day = 0; day <= SURVIVAL_DAYS && at_risk && n < max; day++) {
		open *= (double)(at_risk - survival->ended[day]) / (double)at_risk;
		in_step += survival->ended[day];
		if (in_step >= least) {
			points[n++] = (struct survival_point){ .at = day, .open = open, .at_risk = before };
			in_step = 0;
			before = at_risk - survival->ended[day] - survival->open[day];
		}
		at_risk -= survival->ended[day] + survival->open[day];
	}
	return n;
}
