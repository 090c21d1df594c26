/* The record of one peer: found, kept, and told about. */
#include "daemon/desks/registry_parts.h"

#include <ctype.h>
#include <string.h>

#include "daemon/ledger/events.h"
#include "proto/stamp.h"
#include "proto/text.h"

void registry_tell(struct txn *txn, const char *type, const Comity__Peer *peer, uint32_t uid, const char *text)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.peer = peer->authority;
	data.text = (char *)text;
	data.has_actor_uid = 1;
	data.actor_uid = uid;
	events_append(txn, type, peer->authority, &data);
}

void registry_keep(struct txn *txn, const Comity__Peer *peer)
{
	struct key key = key_of_peer(peer->authority);
	record_keep(txn, TABLE_PEERS, key_span(&key), &peer->base);
}

void registry_set_standing(Comity__Peer *peer, Comity__Standing__Value standing)
{
	peer->has_standing = 1;
	peer->standing = standing;
}

char *registry_now(struct arena *arena)
{
	char now[STAMP_SIZE];
	stamp_now(now);
	return record_text(arena, now);
}

enum fault registry_fault(const struct txn *txn, const struct arena *arena)
{
	if (txn->fault)
		return txn->fault;
	return arena->was_refused ? arena_fault(arena) : OK;
}

Comity__Peer *registry_record(struct txn *txn, const char *peer, struct arena *arena)
{
	struct key key = key_of_peer(peer);
	return record_find(txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, arena);
}

enum fault registry_find(struct txn *txn, const char *peer, struct arena *arena, Comity__Peer **found)
{
	char id[AUTHORITY_ID_SIZE] = "";
	size_t length = peer ? strlen(peer) : 0;
	for (size_t i = 0; i < length && length < sizeof id; i++)
		id[i] = (char)tolower((unsigned char)peer[i]);
	*found = authority_id_is_valid(span_of_text(id)) ? registry_record(txn, id, arena) : NULL;
	if (*found || txn->fault)
		return txn->fault;
	return fault_say(FAULT_PEER_UNKNOWN, "there is no peer \"%s\"", peer ? peer : "");
}

char *registry_safe(const char *text, struct arena *arena)
{
	struct bytes out = { 0 };
	char *copy = text_safe(&out, span_of_text(text)) ? NULL : arena_text(arena, span_of(&out));
	bytes_clear(&out);
	return copy;
}
