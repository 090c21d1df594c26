#include "daemon/ledger/store_warm.h"

#include <stdlib.h>
#include <string.h>

#include "certs/seal.h"
#include "daemon/ledger/store_seal.h"

/* What is read again and again.  The others would only drive these out: each message has records of its own there. */
static const bool is_read_again[TABLE_COUNT] = {
	[TABLE_META] = true, [TABLE_PEERS] = true, [TABLE_CASES] = true, [TABLE_AUDIT] = true,
};

/* By its nonce, which is random. */
static size_t slot_of(struct span record)
{
	return record.at[STORE_OWNER_SIZE] % WARM_SLOTS;
}

static bool lies_at(const struct warm *warm, size_t offset, struct span span)
{
	return !memcmp(warm->at + offset, span.at, span.len);
}

bool warm_find(struct warm *warms, uint64_t time, enum table table, struct span key, struct span record, struct span *value)
{
	struct warm *warm = &warms[slot_of(record)];
	if (!warm->size || warm->size != record.len || warm->table != table || warm->key_size != key.len ||
	    !lies_at(warm, 0, key) || !lies_at(warm, key.len, record))
		return false;
	*value = (struct span){ warm->at + key.len + record.len, warm->value_size };
	warm->lent = time;
	return true;
}

static void forget(struct warm *warm)
{
	if (warm->at)
		seal_wipe(warm->at, warm->room);
	free(warm->at);
	*warm = (struct warm){ 0 };
}

static bool make_room(struct warm *warm, size_t size)
{
	if (warm->room >= size)
		return true;
	forget(warm);
	warm->at = malloc(size);
	warm->room = warm->at ? size : 0;
	return warm->at != NULL;
}

void warm_keep(struct warm *warms, uint64_t time, enum table table, struct span key, struct span record, struct span value)
{
	struct warm *warm = &warms[slot_of(record)];
	size_t size = key.len + record.len + value.len;
	if (!is_read_again[table] || size > WARM_SIZE_MAX || (warm->size && warm->lent == time) || !make_room(warm, size))
		return;
	memcpy(warm->at, key.at, key.len);
	memcpy(warm->at + key.len, record.at, record.len);
	if (value.len)
		memcpy(warm->at + key.len + record.len, value.at, value.len);
	warm->table = table;
	warm->key_size = key.len;
	warm->size = record.len;
	warm->value_size = value.len;
}

void warm_empty(struct warm *warms)
{
	for (size_t i = 0; i < WARM_SLOTS; i++)
		forget(&warms[i]);
}
