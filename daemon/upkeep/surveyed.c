#include "daemon/upkeep/surveyed.h"

#include "proto/stamp.h"

static struct key key_of_survey(void)
{
	struct key key = { 0 };
	key_text(&key, "survey");
	return key;
}

Comity__Surveyed *surveyed_find(struct txn *txn, struct arena *arena)
{
	struct key key = key_of_survey();
	return record_find(txn, TABLE_META, key_span(&key), &comity__surveyed__descriptor, arena);
}

void surveyed_keep(struct txn *txn, uint64_t found, bool is_deep)
{
	struct key key = key_of_survey();
	char now[STAMP_SIZE];
	Comity__Surveyed surveyed = COMITY__SURVEYED__INIT;
	stamp_now(now);
	surveyed.at = now;
	surveyed.has_found = surveyed.has_deep = 1;
	surveyed.found = found;
	surveyed.deep = is_deep;
	record_keep(txn, TABLE_META, key_span(&key), &surveyed.base);
}
