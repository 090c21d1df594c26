/* What is said to the peer that has it.  How far ahead is asked: what is asked for may come at once, and lies in memory
 * until it is written. */
#include <string.h>

#include "daemon/desks/fetcher_parts.h"
#include "daemon/line/peers.h"
#include "proto/frame.h"

enum {
	PIECE_SIZE = 1 << 20,			/* asked for at once, at most */
	WINDOW_PIECES = 4,
	WINDOW_SIZE = WINDOW_PIECES * PIECE_SIZE,	/* asked for and not yet written, of one peer */
};

struct link *haul_link(const struct haul *haul)
{
	return haul->link_id ? peers_find_link_by_id(haul->fetcher->rooms.peers, haul->link_id) : NULL;
}

size_t haul_window(size_t fetching)
{
	size_t share = HAUL_WINDOW_ALL / (fetching ? fetching : 1);
	return share > WINDOW_SIZE ? WINDOW_SIZE : share < BULK_SIZE_MAX ? BULK_SIZE_MAX : share;
}

static size_t count_fetching(const struct fetcher *fetcher)
{
	size_t count = 0;
	for (const struct haul *haul = fetcher->hauls; haul; haul = haul->next)
		count += haul->state == HAUL_FETCHING && haul->link_id;
	return count;
}

static void ask_piece(struct haul *haul, struct link *link, uint64_t length)
{
	struct fetch fetch = { .stream = haul->stream, .index = haul->index, .offset = haul->asked, .length = length,
		.is_own = haul->is_own };
	memcpy(fetch.message_id, haul->message, UUID_SIZE);
	memcpy(fetch.sha256, haul->sha256, DIGEST_SIZE);
	link_send_fetch(link, &fetch);
	haul->asked += length;
}

/* Never in more pieces than a peer takes orders: those get smaller where little is allowed, and so does the window. */
void haul_ask(struct haul *haul, struct link *link)
{
	struct throttle *throttle = haul->fetcher->rooms.throttle;
	size_t window = haul_window(count_fetching(haul->fetcher)), fair = window / WINDOW_PIECES;
	size_t piece = throttle_piece(throttle, BULK_SIZE_MAX, fair > BULK_SIZE_MAX ? fair : BULK_SIZE_MAX);
	if (window > WINDOW_PIECES * piece)
		window = WINDOW_PIECES * piece;
	while (haul->asked < haul->size && haul->asked - haul->written + piece <= window) {
		uint64_t left = haul->size - haul->asked, length = left < piece ? left : piece;
		if (!throttle_take(throttle, haul->peer, length, &haul->turn))
			return;		/* and the turn comes here again */
		ask_piece(haul, link, length);
	}
}

void haul_say_waits(const struct haul *haul)
{
	struct link *link = haul_link(haul);
	struct waiting waiting = { .index = haul->index, .reason = fault_slug(haul->fault) };
	if (!link || haul->is_own || (haul->fault != FAULT_QUOTA && haul->fault != FAULT_DISK_FULL))
		return;
	memcpy(waiting.message_id, haul->message, UUID_SIZE);
	link_send_waiting(link, &waiting);
}
