#pragma once
/* Keys of the ledger, built and taken apart in one place.
 *
 * A key is a row of parts.  Numbers are big-endian and texts end in a NUL, so that memcmp(3), which
 * is the ledger's order, sorts keys by their parts in turn, and "xf" is no prefix of "xf-ca".  Parts
 * of fixed size (uuids, digests) stand as they are.  Put what is ordered by time first: random keys
 * cost three to five times as much.
 *
 *	struct key key = { 0 };
 *	key_text(&key, "xf-ca");
 *	key_u64(&key, number);
 *	txn_put(txn, TABLE_OUTBOX, key_span(&key), value);
 */
#include "proto/bytes.h"

enum { KEY_SIZE_MAX = 511 };	/* LMDB's limit; an empty key is none either */

/* Zero-initialised is empty.  A key that grew too long stays so: the transaction that is given it
 * faults with FAULT_TOO_LARGE, so nobody needs to ask on the way. */
struct key {
	size_t len;
	uint8_t at[KEY_SIZE_MAX + 1];
};

void key_text(struct key *key, const char *text);
/* Bytes of a fixed size.  For a text that is a span use key_text_span(). */
void key_bytes(struct key *key, struct span bytes);
/* A text without its NUL; what follows a NUL inside it is cut off. */
void key_text_span(struct key *key, struct span text);
void key_u8(struct key *key, uint8_t number);
void key_u32(struct key *key, uint32_t number);
void key_u64(struct key *key, uint64_t number);
/* Borrowed from the key. */
struct span key_span(const struct key *key);

/* Take the next part off the front of a key that a walk gave.  False when it is not there: the key
 * is of another form.  Texts and bytes are borrowed from the key; texts are NUL-terminated. */
bool key_take_text(struct span *key, const char **text) MUST_CHECK;
bool key_take_bytes(struct span *key, size_t size, struct span *bytes) MUST_CHECK;
bool key_take_u8(struct span *key, uint8_t *number) MUST_CHECK;
bool key_take_u32(struct span *key, uint32_t *number) MUST_CHECK;
bool key_take_u64(struct span *key, uint64_t *number) MUST_CHECK;
