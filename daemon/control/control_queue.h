#pragma once
/* The operator's view of what waits: each thing with its reason (control_queue.c), and all of them, page by page
 * (control_queue_list.c). */
#include "daemon/control/control_calls.h"
#include "daemon/control/control_room.h"
#include "daemon/desks/outbox.h"
#include "daemon/line/peers.h"

/* One peer while its items are told. */
struct correspondent {
	char id[AUTHORITY_ID_SIZE];
	bool is_up;
	struct peer_report report;
	const Comity__Refusal *refusal;		/* the last one, of which the ledger knows; NULL */
	const Comity__Hold *hold;		/* of all traffic with it; NULL */
	bool is_blocked;
};

struct queue_page {
	struct inquiry *inquiry;
	const Comity__QueueFilter *filter;
	Comity__QueueList *list;
	struct correspondent peer;		/* whose items are told now */
	uint8_t section;
	size_t looks;				/* at what may wait, for this page */
};

/* From here on this peer's items are told. */
enum fault queue_meet(struct queue_page *page, const char *id) MUST_CHECK;
/* A message of ours that waits in this lane; UNSPECIFIED: it is signed, and has no receipt. */
enum fault queue_add_message(struct queue_page *page, Comity__MessageState *state, outbox_lane lane) MUST_CHECK;
/* An attachment that is still to be fetched. */
enum fault queue_add_attachment(struct queue_page *page, Comity__Wanted *wanted) MUST_CHECK;

/* An attachment of ours, in a message of ours that has gone, which the peer does not take yet. */
struct wait_told;
enum fault queue_add_refused(struct queue_page *page, const Comity__MessageState *state, const struct wait_told *wait) MUST_CHECK;

/* One page of what waits, in the inquiry's arena.  Faults: usage (no page ended there), not found, ambiguous, peer unknown. */
enum fault queue_look(struct inquiry *inquiry, const Comity__QueueFilter *filter, Comity__QueueList **list) MUST_CHECK;
