/* Our keys under watch: a holder that died while nobody signed is replaced, and whoever watches is told when the keys
 * cannot be used, and when they can again. */
#include "daemon/comityd_parts.h"
#include "daemon/ledger/events.h"

enum { LOOK_MS = 1000 };

/* On the scribe's thread, who is the one that would have to wait for a holder anyway. */
static enum fault write_keys(struct txn *txn, struct job *job)
{
	struct comityd *comityd = container_of(job, struct comityd, keys.job);
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	comityd->keys.now = keyholder_mend(comityd->keyholder);
	if (!comityd->keys.now == !comityd->keys.told)
		return OK;
	data.reason = comityd->keys.now ? (char *)fault_slug(comityd->keys.now) : NULL;
	txn_use_reserve(txn);
	events_append(txn, comityd->keys.now ? EVENT_KEYS_UNAVAILABLE : EVENT_KEYS_OK, NULL, &data);
	return txn->fault;
}

/* What could not be told is told with the next look. */
static void on_written(struct job *job, enum fault fault)
{
	struct comityd *comityd = container_of(job, struct comityd, keys.job);
	comityd->keys.is_writing = false;
	if (fault)
		return;
	bool are_back = comityd->keys.told && !comityd->keys.now;
	comityd->keys.told = comityd->keys.now;
	if (!are_back)
		return;
	fetcher_retry(comityd->fetcher);
	outbox_retry(comityd->outbox);
}

static void on_look(uv_timer_t *timer)
{
	struct comityd *comityd = timer->data;
	if (comityd->keys.is_writing || (!comityd->keys.told && !keyholder_needs_mending(comityd->keyholder)))
		return;
	comityd->keys.is_writing = true;
	comityd->keys.job = (struct job){ .write = write_keys, .done = on_written };
	scribe_add(comityd->scribe, &comityd->keys.job);
}

enum fault keys_watch(struct comityd *comityd)
{
	comityd->keys.timer.data = comityd;
	if (uv_timer_init(&comityd->loop, &comityd->keys.timer) || uv_timer_start(&comityd->keys.timer, on_look, LOOK_MS, LOOK_MS))
		return fault_say(FAULT_IO, "no timer can be had");
	return OK;
}
