/* A human says that our clock is right. */
#include <stdio.h>

#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/ledger/clock.h"
#include "proto/stamp.h"

enum fault change_clock_confirm(struct inquiry *inquiry)
{
	struct clock_reading now;
	struct clock clock;
	char stamp[STAMP_SIZE], text[128];
	Comity__Done *done;
	if (!inquiry_make(inquiry, &comity__done__descriptor, &done))
		return inquiry_fault(inquiry);
	clock_read(&now);
	clock_load(&clock, inquiry->txn, &now);
	bool was_in_doubt = clock.is_in_doubt;
	clock_confirm(&clock, &now);
	clock_keep(&clock, inquiry->txn, inquiry->uid);
	stamp_write(stamp, now.wall);
	snprintf(text, sizeof text, "%s: it is %s", was_in_doubt ? "our clock is believed again" : "our clock was not in doubt", stamp);
	done->schema = "comity.done/1";
	done->text = record_text(inquiry->arena, text);
	inquiry->reply->kind_case = COMITY__REPLY__KIND_DONE;
	inquiry->reply->done = done;
	return OK;
}

/* It is on disk.  What the daemon wrote of its doubt meanwhile is written over with the next look. */
void settle_clock(struct inquiry *inquiry)
{
	struct clock_reading now;
	clock_read(&now);
	clock_confirm(inquiry->rooms->clock, &now);
}
