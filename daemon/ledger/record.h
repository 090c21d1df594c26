#pragma once
/* Records: what lies in the tables, as messages of proto/ledger.proto.  Packing and unpacking in one place. */
#include "daemon/ledger/store.h"
#include "proto/arena.h"
#include "proto/ledger.pb-c.h"

/* Find and unpack a record into the arena; NULL when there is none, or a fault (then it is in txn). */
void *record_find(struct txn *txn, enum table table, struct span key,
	const ProtobufCMessageDescriptor *type, struct arena *arena);
/* Unpack what a walk gave. */
void *record_read(struct txn *txn, struct span value, const ProtobufCMessageDescriptor *type, struct arena *arena);
/* Pack and put. */
void record_keep(struct txn *txn, enum table table, struct span key, const ProtobufCMessage *record);

/* The exact bytes of a message: sealed with the key of the case in which it is filed by now, else with the ledger's own. */
void record_keep_message(struct txn *txn, const Comity__MessageState *state, struct span raw);

/* Keys that several rooms use. */
struct key key_of_peer(const char *peer);
struct key key_of_uuid(const char *uuid);			/* empty (and so a fault) when it is none */
struct key key_of_message(const char *sender, const char *message_id);
struct key key_of_blob(const char *request_id, struct span sha256);
struct key key_of_number(const char *uuid, uint32_t number);	/* (request id, number) */
struct key key_of_comeback(const char *peer);			/* in TABLE_CORRESPONDENCES, while our past comes back */

/* Copies in the arena; NULL for NULL, and when the budget is spent. */
char *record_text(struct arena *arena, const char *text);
ProtobufCBinaryData record_bytes(struct arena *arena, struct span span);
struct span span_of_binary(ProtobufCBinaryData data);
/* Append to a repeated field: a new array in the arena. */
bool record_append(struct arena *arena, size_t *count, void *array, const void *element, size_t element_size);
/* The same for long lists: a new array only when the count doubles.  Only for what nobody else has filled. */
bool record_push(struct arena *arena, size_t *count, void *array, const void *element, size_t element_size);
