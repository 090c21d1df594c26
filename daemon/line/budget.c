#include "daemon/line/budget.h"

static bool has_room(const struct budget *budget, size_t size)
{
	return !budget->held || (budget->held < BUDGET_ALL && size <= BUDGET_ALL - budget->held);
}

static void hold(struct budget *budget, struct berth *berth)
{
	berth->is_held = true;
	budget->held += berth->size;
}

static struct berth **find(struct budget *budget, const struct berth *berth)
{
	struct berth **at = &budget->first;
	while (*at != berth)
		at = &(*at)->next;
	return at;
}

static void grant(struct budget *budget)
{
	while (budget->first && has_room(budget, budget->first->size)) {
		struct berth *berth = budget->first;
		budget->first = berth->next;
		berth->waits = false;
		hold(budget, berth);
		berth->granted(berth);
	}
}

bool budget_claim(struct budget *budget, struct berth *berth, size_t size)
{
	if ((berth->is_held || berth->waits) && size <= berth->size)
		return berth->is_held;
	budget_release(budget, berth);
	berth->size = size;
	if (!budget->first && has_room(budget, size)) {
		hold(budget, berth);
		return true;
	}
	berth->waits = true;
	berth->next = NULL;
	*find(budget, NULL) = berth;
	return false;
}

void budget_release(struct budget *budget, struct berth *berth)
{
	if (berth->waits)
		*find(budget, berth) = berth->next;
	if (berth->is_held)
		budget->held -= berth->size;
	berth->waits = berth->is_held = false;
	grant(budget);
}

bool budget_is_short(const struct budget *budget)
{
	return budget->first;
}
