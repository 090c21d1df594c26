#include "daemon/upkeep/backups.h"

#include "proto/stamp.h"

static struct key key_of_backups(void)
{
	struct key key = { 0 };
	key_text(&key, "backup");
	return key;
}

Comity__Backups *backups_find(struct txn *txn, struct arena *arena)
{
	struct key key = key_of_backups();
	return record_find(txn, TABLE_META, key_span(&key), &comity__backups__descriptor, arena);
}

/* Change what is there, which is nothing at first. */
static void change(struct txn *txn, void (*set)(Comity__Backups *backups, const char *const *values),
	const char *const *values)
{
	struct arena arena;
	struct key key = key_of_backups();
	Comity__Backups none = COMITY__BACKUPS__INIT;
	arena_init(&arena, 64 << 10);
	Comity__Backups *backups = backups_find(txn, &arena);
	backups = backups ? backups : &none;
	set(backups, values);
	record_keep(txn, TABLE_META, key_span(&key), &backups->base);
	arena_clear(&arena);
}

static void set_made(Comity__Backups *backups, const char *const *values)
{
	backups->directory = (char *)values[0];
	backups->made_path = (char *)values[1];
	backups->made_at = (char *)values[2];
}

static void set_verified(Comity__Backups *backups, const char *const *values)
{
	backups->verified_path = (char *)values[0];
	backups->verified_at = (char *)values[1];
}

void backups_made(struct txn *txn, const char *directory, const char *path, const char *at)
{
	change(txn, set_made, (const char *const[]){ directory, path, at });
}

void backups_verified(struct txn *txn, const char *path)
{
	char now[STAMP_SIZE];
	stamp_now(now);
	change(txn, set_verified, (const char *const[]){ path, now });
}
