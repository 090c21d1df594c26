/* Our clock under watch: what it shows, what peers say of it, what is written down (daemon/ledger/clock). */
#include "daemon/comityd_parts.h"
#include "daemon/log.h"

static enum fault write_clock(struct txn *txn, struct job *job)
{
	const struct comityd *comityd = container_of(job, struct comityd, watch.job);
	clock_keep(&comityd->watch.kept, txn, UINT32_MAX);
	return txn->fault;
}

/* What could not be written is, with the next look. */
static void on_written(struct job *job, enum fault fault)
{
	struct comityd *comityd = container_of(job, struct comityd, watch.job);
	comityd->watch.is_writing = false;
	if (fault)
		comityd->clock.must_keep = true;
}

static void keep(struct comityd *comityd)
{
	if (!comityd->clock.must_keep || comityd->watch.is_writing)
		return;
	comityd->clock.must_keep = false;
	comityd->watch.is_writing = true;
	comityd->watch.kept = comityd->clock;
	comityd->watch.job = (struct job){ .write = write_clock, .done = on_written };
	scribe_add(comityd->scribe, &comityd->watch.job);
}

static void log_change(const struct clock *clock)
{
	if (clock->is_in_doubt)
		log_unusual("clock: in doubt, nothing is destroyed for its age: %s", clock->reason);
	else
		log_info("clock: it is believed again");
}

bool watch_look(struct comityd *comityd)
{
	struct clock_reading now;
	clock_read(&now);
	clock_look(&comityd->clock, &now);
	keep(comityd);
	bool was_doubted = comityd->watch.is_doubted;
	comityd->watch.is_doubted = comityd->clock.is_in_doubt;
	if (was_doubted != comityd->clock.is_in_doubt)
		log_change(&comityd->clock);
	return was_doubted && !comityd->clock.is_in_doubt;
}

enum fault watch_begin(struct comityd *comityd)
{
	struct clock_reading now;
	struct txn txn;
	TRY(txn_begin(comityd->store, TXN_READ, &txn));
	clock_read(&now);
	clock_load(&comityd->clock, &txn, &now);
	enum fault fault = txn.fault;
	txn_abort(&txn);
	TRY(fault);
	watch_look(comityd);
	return OK;
}

void comityd_on_clock(void *owner, const char *peer, int64_t ahead_us)
{
	struct comityd *comityd = owner;
	struct clock_reading now;
	(void)peer;
	clock_read(&now);
	clock_hear(&comityd->clock, &now, ahead_us);
}
