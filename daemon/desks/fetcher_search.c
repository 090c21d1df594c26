/* Which attachment is fetched next: the oldest that is wanted of that peer and was not passed over. */
#include <stdio.h>
#include <string.h>

#include "daemon/desks/fetcher_parts.h"
#include "proto/unpack.h"
#include "proto/uuid.h"

void haul_pass_over(struct haul *haul)
{
	haul->after = haul->wanted;
	key_u8(&haul->after, 0);	/* just behind it */
}

static bool load(struct haul *haul, struct span key, const Comity__Wanted *wanted)
{
	bool is_other = !span_equal(key, key_span(&haul->wanted));
	haul->wanted.len = 0;
	key_bytes(&haul->wanted, key);
	if (is_other)
		haul->tries = 0;
	if (wanted->sha256.len != DIGEST_SIZE || !wanted->message_id || !wanted->request_id ||
	    !uuid_read(haul->message, span_of_text(wanted->message_id)) ||
	    !uuid_read(haul->request, span_of_text(wanted->request_id)))
		return false;
	memcpy(haul->sha256, wanted->sha256.data, DIGEST_SIZE);
	snprintf(haul->message_id, sizeof haul->message_id, "%s", wanted->message_id);
	snprintf(haul->request_id, sizeof haul->request_id, "%s", wanted->request_id);
	haul->index = wanted->index;
	haul->number = wanted->number;
	haul->size = wanted->size;
	haul->is_own = wanted->own;
	haul->written = 0;
	haul->is_lost = false;
	haul->fault = OK;
	return true;
}

/* There is no room for it still, and that is on record: others may fit. */
static bool waits_for_room(const struct haul *haul, const Comity__Wanted *wanted)
{
	return haul->fault == FAULT_QUOTA && wanted->reason && !strcmp(wanted->reason, fault_slug(FAULT_QUOTA));
}

bool haul_find(struct haul *haul)
{
	struct txn txn;
	struct arena arena;
	struct walk walk;
	struct span key, value;
	bool is_found = false;
	struct key prefix = key_of_peer(haul->peer);
	if (txn_begin(haul->fetcher->rooms.store, TXN_READ, &txn))
		return false;
	arena_init(&arena, UNPACK_ARENA);
	walk_from(&walk, &txn, TABLE_WANTED, key_span(&prefix), key_span(&haul->after));
	for (bool goes_on = true; goes_on && walk_next(&walk, &key, &value); ) {
		arena_reset(&arena);
		const Comity__Wanted *wanted = record_read(&txn, value, &comity__wanted__descriptor, &arena);
		is_found = wanted && load(haul, key, wanted);
		goes_on = is_found && !haul_has_room(haul, &txn, wanted) && waits_for_room(haul, wanted);
		if (goes_on) {
			haul_pass_over(haul);
			if (haul->untold && haul->untold--)
				haul_say_waits(haul);
			is_found = false;
		}
	}
	walk_end(&walk);
	arena_clear(&arena);
	txn_abort(&txn);
	return is_found;
}
