#pragma once
/* Records that were opened or sealed last, so that what is read again and again (a case, a peer, the head of the audit log)
 * is opened once: for the files of the store; nobody else includes this.
 *
 * Found only if what lies in the ledger is, byte for byte, what was opened: so a record that was changed, taken back,
 * damaged, or moved to another key is never mistaken for it.  Belongs to one bench, and is emptied with its keys. */
#include "daemon/ledger/store.h"

enum { WARM_SLOTS = 64, WARM_SIZE_MAX = 32 << 10 };

struct warm {
	uint8_t *at;				/* the key, the sealed record, the value, one behind the other */
	size_t room, size, key_size;		/* of `at`; of the sealed record; of the key */
	size_t value_size;
	enum table table;
	uint64_t lent;				/* the last time at which its value was lent */
};

/* What the record holds; borrowed for as long as others keep their records at this same time, or earlier.  False when it is
 * not here. */
bool warm_find(struct warm *warms, uint64_t time, enum table table, struct span key, struct span record, struct span *value);
/* Where memory is short, the record large or of a table that is not read again, or what is in its place lent at this time, nothing is kept. */
void warm_keep(struct warm *warms, uint64_t time, enum table table, struct span key, struct span record, struct span value);
/* Wiped. */
void warm_empty(struct warm *warms);
