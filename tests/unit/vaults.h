#pragma once
/* Stores with their vault: the store key lies beside the store, as DIR.key. */
#include "tests/unit/scratch.h"

#include "daemon/ledger/store.h"
#include "daemon/ledger/vault.h"

struct vault_names {
	char source[160], file[160];
};

static inline struct vault_names vault_names_of(const char *dir)
{
	struct vault_names names;
	snprintf(names.source, sizeof names.source, "file:%s.key", dir);
	snprintf(names.file, sizeof names.file, "%s/vault.sealed", dir);
	return names;
}

/* Unlock with the vault in `dir`, which is made if it is missing. */
static inline enum fault store_unlock_from(struct store *store, const char *dir)
{
	struct vault_names names = vault_names_of(dir);
	struct vault *vault;
	TRY(vault_make_store_key(names.source));
	if (access(names.file, F_OK))
		TRY(vault_create(dir, names.source));
	TRY(vault_open(dir, names.source, &vault));
	return store_unlock(store, vault);
}

static inline enum fault store_open_unlocked(const char *dir, size_t map_size, struct store **store)
{
	char copy[128];		/* `dir` may be what scratch_path() gave */
	snprintf(copy, sizeof copy, "%s", dir);
	TRY(store_open(copy, map_size, store));
	enum fault fault = store_unlock_from(*store, copy);
	if (fault) {
		store_close(*store);
		*store = NULL;
	}
	return fault;
}
