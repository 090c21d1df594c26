#include "daemon/line/wire_queue.h"

#include "daemon/line/wire.h"
#include "proto/frame.h"

enum {
	SEAL_SIZE = 132 << 10,		/* sealed and written at once: two bulk frames */
	TURN_OF_BULK = 1 << 20,		/* after so many bytes of other frames a piece of bulk goes, whatever else waits */
};

static size_t waiting(const struct queue *queue)
{
	return queue->frames.len - queue->gone;
}

static void forget_gone(struct queue *queue)
{
	if (queue->gone < waiting(queue))
		return;		/* not yet: each byte is moved once at most */
	bytes_consume(&queue->frames, queue->gone);
	queue->gone = 0;
	if (!queue->frames.len)
		bytes_clear(&queue->frames);	/* an idle wire keeps nothing */
}

/* As many whole frames as go into one piece; one at least. */
static size_t whole_frames(const struct queue *queue)
{
	struct span rest = { queue->frames.at + queue->gone, waiting(queue) };
	size_t size = 0, all = rest.len;
	struct frame frame;
	do
		size = all - rest.len;
	while (!frame_cut(&rest, FRAME_SIZE_MAX, &frame) && frame.kind != FRAME_NONE && (all - rest.len <= SEAL_SIZE || !size));
	return size;
}

/* NULL when nothing waits. */
static struct queue *whose_turn(struct queues *queues)
{
	if (queues->said.owed || queues->bulk.owed)
		return queues->said.owed ? &queues->said : &queues->bulk;
	if (waiting(&queues->bulk) && (!waiting(&queues->said) || queues->passed >= TURN_OF_BULK))
		return &queues->bulk;
	return waiting(&queues->said) ? &queues->said : NULL;
}

struct span queues_next(struct queues *queues)
{
	struct queue *queue = queues->turn = whose_turn(queues);
	if (!queue)
		return (struct span){ 0 };
	if (!queue->owed)
		queue->owed = whole_frames(queue);
	queues->piece = queue->owed < SEAL_SIZE ? queue->owed : SEAL_SIZE;
	return (struct span){ queue->frames.at + queue->gone, queues->piece };
}

void queues_gone(struct queues *queues)
{
	struct queue *queue = queues->turn;
	queue->gone += queues->piece;
	queue->owed -= queues->piece;
	queues->passed = queue == &queues->said && waiting(&queues->bulk) ? queues->passed + queues->piece : 0;
	forget_gone(queue);
}

size_t queues_waiting(const struct queues *queues)
{
	return waiting(&queues->said) + waiting(&queues->bulk);
}

void queues_note(struct queues *queues, bool is_short)
{
	queues->said.is_high |= waiting(&queues->said) >= (is_short ? 1 : WIRE_QUEUE_HIGH);
	queues->bulk.is_high |= waiting(&queues->bulk) >= (is_short ? 1 : WIRE_BULK_HIGH);
}

static bool has_drained(struct queue *queue, size_t low)
{
	if (!queue->is_high || waiting(queue) > low)
		return false;
	queue->is_high = false;
	return true;
}

bool queues_drained(struct queues *queues, bool is_short)
{
	bool is_low = has_drained(&queues->said, is_short ? 0 : WIRE_QUEUE_LOW);
	bool is_bulk_low = has_drained(&queues->bulk, is_short ? 0 : WIRE_BULK_LOW);
	return is_low || is_bulk_low;
}

void queues_drop_bulk(struct queues *queues)
{
	queues->bulk.frames.len = queues->bulk.gone + queues->bulk.owed;
}

void queues_clear(struct queues *queues)
{
	bytes_clear(&queues->said.frames);
	bytes_clear(&queues->bulk.frames);
	*queues = (struct queues){ 0 };
}
