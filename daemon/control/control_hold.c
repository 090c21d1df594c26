/* The end of a hold of the whole daemon, an operator's or that after a restore. */
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/events.h"
#include "daemon/upkeep/gap.h"
#include "daemon/ledger/hold.h"
#include "daemon/desks/outbox.h"
#include "daemon/desks/registry.h"

enum fault change_daemon_release(struct inquiry *inquiry)
{
	struct txn *txn = inquiry->txn;
	Comity__Done *done;
	if (!inquiry_make(inquiry, &comity__done__descriptor, &done))
		return inquiry_fault(inquiry);
	txn_use_reserve(txn);
	bool was_held = hold_clear(txn, HOLD_EVERYBODY);
	gap_clear_all(txn);
	outbox_touch(inquiry->rooms->outbox, NULL);
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.has_actor_uid = 1;
	data.actor_uid = inquiry->uid;
	if (was_held)
		events_append(txn, EVENT_DAEMON_RELEASED, NULL, &data);
	done->schema = "comity.done/1";
	done->text = was_held ? "released: lines are opened, and what waits goes" :
		control_of(inquiry->rooms)->is_draining ? "submissions are taken again" : "it was not on hold";
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DONE;
	inquiry->reply->done = done;
	return OK;
}

void settle_release(struct inquiry *inquiry)
{
	control_of(inquiry->rooms)->is_draining = false;
	registry_apply_all(inquiry->rooms->registry);
}
