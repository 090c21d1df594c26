#pragma once
/* Sealed records, for the files of the store; nobody else includes this.
 *
 *	16 bytes	whose key: the owner's id, or of the ledger's own keys, eight zeros and a number
 *	12, n, 16	nonce, ciphertext, tag (certs/seal.h), bound to the table's name and the record's key
 *
 * Keys lie in TABLE_KEYS, by their id, sealed under the vault key.  A key that was opened is remembered together with the
 * sealed one that it was opened from, and used only as long as that is what lies in the ledger, as this transaction sees
 * it: so what was taken back, destroyed, or came from another copy is never used by mistake.
 *
 * How often does a key seal?  An owner's, a few times for each message and act of a case, which is bounded in size
 * (daemon/law/casework_parts.h).  The ledger's own is new with each start, and again after LEDGER_SEALS_MAX; its number
 * goes on from the last that is there. */
#include "daemon/ledger/store_env.h"

struct vault;

enum { SEALED_OVERHEAD = STORE_OWNER_SIZE + 28 };

/* A place of work for one transaction: keys ready for use, and the memory of what it lends. */
struct bench;

/* Given back when the transaction ends; NULL is fine. */
void bench_return(struct store *store, struct bench *bench);
/* Of all threads.  No transaction may live any more. */
void benches_clear(struct store *store);
/* What was remembered of keys is not to be trusted: a child was taken back, or keys were changed. */
void bench_doubt(struct txn *txn);

/* Keys were destroyed or wrapped anew: nobody is to remember any. */
void bench_let_go(struct txn *txn);

bool store_is_plain(enum table table, struct span key);
/* Whose a record with that key is, unless it is told; NULL: the ledger's own. */
const uint8_t *store_owner_of(enum table table, struct span key);
/* Open; the value is lent by the bench. */
enum soundness store_open_record(struct txn *txn, enum table table, struct span key, struct span record, struct span *value);
/* Make sure of the key with which `owner` seals, and that it has an id.  NULL after a fault. */
struct seal *store_sealing_key(struct txn *txn, const uint8_t *owner, uint8_t id[STORE_OWNER_SIZE]);
/* Fill a record of SEALED_OVERHEAD more bytes than the value. */
enum fault store_seal_record(struct txn *txn, struct seal *seal, const uint8_t id[STORE_OWNER_SIZE], enum table table,
	struct span key, struct span value, uint8_t *to) MUST_CHECK;

/* Plain records: of the keys themselves, of counters and the schema. */
bool store_get_plain(struct txn *txn, enum table table, struct span key, struct span *value);
void store_put_plain(struct txn *txn, enum table table, struct span key, struct span value);
/* Is the vault that of the ledger?  A ledger without any is given its mark. */
enum fault store_fit_vault(struct store *store, struct vault *vault) MUST_CHECK;
