#pragma once
/* Frames that wait to leave on a wire: what is said, and bulk, which leaves behind whatever else is said, but not never.
 *
 * Only wire.c includes this. */
#include "proto/bytes.h"

struct queue {
	struct bytes frames;
	size_t gone;			/* sealed already, at the front */
	size_t owed;			/* of a frame that was begun: nothing else may come between */
	bool is_high;			/* it reached its mark, and has not drained since */
};

struct queues {
	struct queue said, bulk;	/* append whole frames to `frames`, then queues_note() */
	size_t passed;			/* bytes that left before bulk that waited */
	struct queue *turn;		/* of queues_next(), and how much it gave */
	size_t piece;
};

size_t queues_waiting(const struct queues *queues);
/* Something was appended: has a queue reached its mark?  When memory is short, anything that waits has. */
void queues_note(struct queues *queues, bool is_short);
/* Was one high, and is not any more?  Asked once, it is forgotten.  When memory is short, it has to be empty. */
bool queues_drained(struct queues *queues, bool is_short);

/* What is to be sealed next, lent until queues_gone() says that it was; empty when nothing waits. */
struct span queues_next(struct queues *queues);
void queues_gone(struct queues *queues);
/* Nothing but what was said, and the rest of a frame that was begun, leaves any more. */
void queues_drop_bulk(struct queues *queues);
void queues_clear(struct queues *queues);
