/* What is done by the clock: each a small step, so that nobody waits for it. */
#include "daemon/comityd_parts.h"

enum { TICK_MS = 5000, RETRY_TICKS = 3 };

static void on_tick(uv_timer_t *timer)
{
	struct comityd *comityd = timer->data;
	registry_write_refusals(comityd->registry);
	if (++comityd->chores.ticks % RETRY_TICKS == 0)
		fetcher_retry(comityd->fetcher);	/* attachments that could not be kept */
}

enum fault chores_begin(struct comityd *comityd)
{
	uv_timer_t *timer = &comityd->chores.timer;
	timer->data = comityd;
	if (uv_timer_init(&comityd->loop, timer) || uv_timer_start(timer, on_tick, TICK_MS, TICK_MS))
		return fault_say(FAULT_IO, "no timer can be had");
	return OK;
}
