#include "daemon/desks/waits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/unpack.h"

struct wait {
	struct wait *next;
	uint64_t link_id;
	uint8_t message_id[UUID_SIZE];
	uint32_t index;
	char reason[PACKET_SLUG_MAX + 1];
};

struct waits {
	struct store *store;
	const char *own_id;
	struct wait *first;
};

static bool is_of(const struct wait *wait, const uint8_t message_id[UUID_SIZE], uint32_t index)
{
	return wait->index == index && !memcmp(wait->message_id, message_id, UUID_SIZE);
}

/* Where it stands on that line; at the end when it does not.  How many the line has is counted up to there. */
static struct wait **find(struct waits *waits, uint64_t link, const uint8_t message_id[UUID_SIZE], uint32_t index, size_t *count)
{
	struct wait **at = &waits->first;
	for (*count = 0; *at && !((*at)->link_id == link && is_of(*at, message_id, index)); at = &(*at)->next)
		*count += (*at)->link_id == link;
	return at;
}

static void drop(struct wait **at)
{
	struct wait *wait = *at;
	*at = wait->next;
	free(wait);
}

/* Did a message of ours to that peer announce it? */
static bool is_ours(const struct waits *waits, const char *peer, const struct waiting *waiting)
{
	struct txn txn;
	struct arena arena;
	char id[UUID_TEXT_SIZE];
	if (txn_begin(waits->store, TXN_READ, &txn))
		return false;
	uuid_text(id, waiting->message_id);
	struct key key = key_of_message(waits->own_id, id);
	arena_init(&arena, UNPACK_ARENA);
	const Comity__MessageState *state =
		record_find(&txn, TABLE_SEEN, key_span(&key), &comity__message_state__descriptor, &arena);
	bool is_one = state && state->to && !strcmp(state->to, peer) && waiting->index <= state->attachments;
	arena_clear(&arena);
	txn_abort(&txn);
	return is_one;
}

void waits_hear(struct waits *waits, const struct link *link, const struct waiting *waiting)
{
	size_t count;
	struct wait **at = find(waits, link_id(link), waiting->message_id, waiting->index, &count);
	if (!*at && (count >= WAITS_MAX || !is_ours(waits, link_peer(link), waiting) || !(*at = calloc(1, sizeof **at))))
		return;
	(*at)->link_id = link_id(link);
	(*at)->index = waiting->index;
	memcpy((*at)->message_id, waiting->message_id, UUID_SIZE);
	snprintf((*at)->reason, sizeof (*at)->reason, "%s", waiting->reason);
}

void waits_end(struct waits *waits, const struct link *link, const struct fetch *fetch)
{
	size_t count;
	struct wait **at = find(waits, link_id(link), fetch->message_id, fetch->index, &count);
	if (*at)
		drop(at);
}

void waits_closed(struct waits *waits, const struct link *link)
{
	for (struct wait **at = &waits->first; *at; )
		if ((*at)->link_id == link_id(link))
			drop(at);
		else
			at = &(*at)->next;
}

const char *waits_reason(const struct waits *waits, const char *message_id, uint32_t index)
{
	uint8_t id[UUID_SIZE];
	if (!uuid_read(id, span_of_text(message_id)))
		return NULL;
	for (const struct wait *wait = waits->first; wait; wait = wait->next)
		if (is_of(wait, id, index))
			return wait->reason;
	return NULL;
}

const struct wait *waits_next(const struct waits *waits, const struct wait *at)
{
	return at ? at->next : waits->first;
}

struct wait_told wait_tell(const struct wait *wait)
{
	struct wait_told told = { .index = wait->index, .reason = wait->reason };
	uuid_text(told.message_id, wait->message_id);
	return told;
}

enum fault waits_open(struct store *store, const char *own_id, struct waits **waits)
{
	*waits = calloc(1, sizeof **waits);
	if (!*waits)
		return FAULT_NO_MEMORY;
	**waits = (struct waits){ .store = store, .own_id = own_id };
	return OK;
}

void waits_close(struct waits *waits)
{
	while (waits && waits->first)
		drop(&waits->first);
	free(waits);
}
