/* What the other side is told of it, once it is on disk: on the loop. */
#include "daemon/desks/inbox_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "daemon/line/peers.h"
#include "daemon/log.h"

void inbox_hang_up(struct inbox *inbox, struct link *link, enum fault why)
{
	char detail[1024];
	snprintf(detail, sizeof detail, "%s", fault_detail(why));
	inbox->listener->broken(inbox->owner, link_peer(link), why, detail);
	link_close(link, why, detail);
}

/* What came before gets the very receipt that it got then; what came under a used id is shown where the peer is. */
static void tell_repeats(struct inbox *inbox, const struct arrival *arrival, struct link *link)
{
	char detail[128];
	if (link && arrival->again_count && inbox->listener->again)
		inbox->listener->again(inbox->owner, link, arrival->again, arrival->again_count);
	if (!arrival->reused[0])
		return;
	snprintf(detail, sizeof detail, "another message came under the id %s, which was used before", arrival->reused);
	log_unusual("inbox %s: %s", arrival->manifest.from, detail);
	if (inbox->listener->reused)
		inbox->listener->reused(inbox->owner, arrival->manifest.from, detail);
}

static void confirm(struct inbox *inbox, const struct arrival *arrival, struct link *link)
{
	tell_repeats(inbox, arrival, link);
	if (!link)
		return;
	link_send_confirm(link, &arrival->position);
	inbox->listener->kept(inbox->owner, link);
}

/* Our receipts and acts are on the line already, before the goodbye; theirs come when there is room for what is before them. */
static void turn_away(struct inbox *inbox, const struct arrival *arrival, struct link *link)
{
	log_unusual_about(arrival->row->peer, "inbox %s: %s", arrival->manifest.from, fault_text(FAULT_MESSAGE_QUOTA));
	if (link)
		inbox_hang_up(inbox, link, fault_say(FAULT_MESSAGE_QUOTA, "%" PRIu64 " messages of yours were taken in within a day",
			inbox->messages_a_day));
}

void inbox_answer(struct job *job, enum fault fault)
{
	struct arrival *arrival = container_of(job, struct arrival, job);
	struct inbox *inbox = arrival->inbox;
	struct link *link = peers_find_link_by_id(inbox->peers, arrival->link_id);
	/* The line may be another one by now. */
	bool opens = window_empty(&arrival->row->window, &inbox->bytes, arrival->bytes);
	struct link *current = opens ? peers_find_link(inbox->peers, arrival->row->peer) : NULL;
	if (current)
		link_resume(current);
	switch (fault_remedy(fault)) {
	case REMEDY_NONE:
		(arrival->is_beyond_quota ? turn_away : confirm)(inbox, arrival, link);
		break;
	case REMEDY_RETRY:		/* our trouble: we say nothing, and they repeat it on the next line */
	case REMEDY_CALL_OPERATOR:
		log_broken("inbox %s: a manifest cannot be kept: %s", arrival->manifest.from, fault_detail(fault));
		if (link)
			inbox_hang_up(inbox, link, fault);
		break;
	case REMEDY_REFUSE:
	case REMEDY_HANG_UP:
		log_unusual("inbox %s: %s", arrival->manifest.from, fault_detail(fault));
		if (link)
			inbox_hang_up(inbox, link, fault);
		break;
	}
	inbox_free_arrival(arrival);
}
