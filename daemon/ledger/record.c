#include "daemon/ledger/record.h"

#include <string.h>

#include "proto/unpack.h"
#include "proto/uuid.h"

void *record_read(struct txn *txn, struct span value, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
	ProtobufCMessage *message;
	enum fault fault = unpack_own(type, value, arena, FAULT_STORE_BROKEN, &message);
	if (fault) {
		txn_fail(txn, fault);
		return NULL;
	}
	return message;
}

void *record_find(struct txn *txn, enum table table, struct span key,
	const ProtobufCMessageDescriptor *type, struct arena *arena)
{
	struct span value;
	struct lent mark = txn_mark(txn);
	void *record = txn_get(txn, table, key, &value) ? record_read(txn, value, type, arena) : NULL;
	txn_give_back(txn, mark);
	return record;
}

void record_keep(struct txn *txn, enum table table, struct span key, const ProtobufCMessage *record)
{
	uint8_t small[2048];
	struct bytes large = { 0 };
	size_t size = protobuf_c_message_get_packed_size(record);
	uint8_t *at = small;
	if (size > sizeof small) {
		if (bytes_reserve(&large, size)) {
			txn_fail(txn, FAULT_NO_MEMORY);
			return;
		}
		at = large.at;
	}
	protobuf_c_message_pack(record, at);
	txn_put(txn, table, key, (struct span){ at, size });
	bytes_clear(&large);
}

void record_keep_message(struct txn *txn, const Comity__MessageState *state, struct span raw)
{
	struct key owner = key_of_uuid(state->request_id), key = key_of_message(state->from, state->message_id), filed = owner;
	key_u64(&filed, state->number);
	bool is_filed = owner.len && txn_get(txn, TABLE_CASE_MESSAGES, key_span(&filed), NULL);
	txn_put_of(txn, is_filed ? owner.at : NULL, TABLE_MESSAGES, key_span(&key), raw);
}

/* These two are made for each record, and a key has room for the longest: it is not zeroed to be filled. */
struct key key_of_peer(const char *peer)
{
	struct key key;
	key.len = 0;
	key_text(&key, peer);
	return key;
}

struct key key_of_uuid(const char *uuid)
{
	struct key key;
	uint8_t id[UUID_SIZE];
	key.len = 0;
	if (uuid && uuid_read(id, span_of_text(uuid)))
		key_bytes(&key, SPAN(id));
	return key;
}

struct key key_of_message(const char *sender, const char *message_id)
{
	struct key key = key_of_peer(sender), id = key_of_uuid(message_id);
	key_bytes(&key, key_span(&id));
	return key;
}

struct key key_of_blob(const char *request_id, struct span sha256)
{
	struct key key = key_of_uuid(request_id);
	key_bytes(&key, sha256);
	return key;
}

struct key key_of_number(const char *uuid, uint32_t number)
{
	struct key key = key_of_uuid(uuid);
	key_u32(&key, number);
	return key;
}

struct key key_of_comeback(const char *peer)
{
	struct key key = key_of_peer(peer);
	key_text(&key, "comeback");
	return key;
}

char *record_text(struct arena *arena, const char *text)
{
	return text ? arena_text(arena, span_of_text(text)) : NULL;
}

ProtobufCBinaryData record_bytes(struct arena *arena, struct span span)
{
	uint8_t *copy = arena_alloc(arena, span.len ? span.len : 1);
	if (!copy)
		return (ProtobufCBinaryData){ 0, NULL };
	if (span.len)
		memcpy(copy, span.at, span.len);
	return (ProtobufCBinaryData){ span.len, copy };
}

struct span span_of_binary(ProtobufCBinaryData data)
{
	return (struct span){ data.data, data.len };
}

static uint8_t *grow(struct arena *arena, size_t count, size_t room, void *array, size_t element_size)
{
	uint8_t *grown = arena_alloc(arena, room * element_size), *old;
	if (!grown)
		return NULL;
	memcpy(&old, array, sizeof old);
	if (count)
		memcpy(grown, old, count * element_size);
	memcpy(array, &grown, sizeof grown);
	return grown;
}

bool record_append(struct arena *arena, size_t *count, void *array, const void *element, size_t element_size)
{
	uint8_t *grown = grow(arena, *count, *count + 1, array, element_size);
	if (!grown)
		return false;
	memcpy(grown + (*count)++ * element_size, element, element_size);
	return true;
}

bool record_push(struct arena *arena, size_t *count, void *array, const void *element, size_t element_size)
{
	bool is_full = !(*count & (*count - 1));	/* at 0 and at each power of two */
	uint8_t *at;
	memcpy(&at, array, sizeof at);
	if (is_full && !(at = grow(arena, *count, *count ? *count * 2 : 1, array, element_size)))
		return false;
	memcpy(at + (*count)++ * element_size, element, element_size);
	return true;
}
