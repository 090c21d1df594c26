/* Keys as a whole: whose vault they are under, how one is destroyed, and how all come under another vault key. */
#include "certs/seal.h"
#include "daemon/ledger/store_seal.h"
#include "daemon/ledger/vault.h"
#include "daemon/mischief.h"

static const char check_key[] = "vault";	/* in TABLE_KEYS: what tells whose keys these are */

/* ── the vault ────────────────────────────────────────────────────────────────────────────────── */

static enum fault mark_ledger(struct store *store, struct vault *vault)
{
	struct txn txn;
	uint8_t check[VAULT_CHECK_SIZE];
	TRY(vault_check(vault, check));
	TRY(txn_begin(store, TXN_WRITE, &txn));
	txn_use_reserve(&txn);
	store_put_plain(&txn, TABLE_KEYS, span_of_text(check_key), SPAN(check));
	return txn_commit(&txn);
}

enum fault store_fit_vault(struct store *store, struct vault *vault)
{
	struct txn txn;
	struct span check;
	TRY(txn_begin(store, TXN_READ, &txn));
	bool is_marked = store_get_plain(&txn, TABLE_KEYS, span_of_text(check_key), &check);
	bool has_keys = txn_count(&txn, TABLE_KEYS) > 0;
	enum fault fault = txn.fault;
	if (!fault && is_marked)
		fault = vault_settle(vault, check);
	else if (!fault && has_keys)
		fault = fault_say(FAULT_STORE_BROKEN, "store: it has keys, and not the mark of their vault");
	txn_abort(&txn);
	return fault || is_marked ? fault : mark_ledger(store, vault);
}

enum fault store_unlock(struct store *store, struct vault *vault)
{
	enum fault fault = store_fit_vault(store, vault);
	if (fault)
		vault_close(vault);
	else
		store->vault = vault;
	return fault;
}

struct vault *store_vault(const struct store *store)
{
	return store->vault;
}

/* ── destroying ───────────────────────────────────────────────────────────────────────────────── */

void store_destroy_key(struct txn *txn, const uint8_t *owner)
{
	txn_delete(txn, TABLE_KEYS, (struct span){ owner, STORE_OWNER_SIZE });
	bench_let_go(txn);
}

static void wrap_anew(struct txn *txn, struct span id, struct span wrapped)
{
	uint8_t fresh[SEAL_WRAPPED_SIZE];
	struct seal *seal;
	enum fault fault = vault_unwrap(txn->store->vault, id, wrapped, &seal);
	if (fault == FAULT_STORE_KEY)
		return;		/* it was altered: it stays as lost as it is */
	if (!fault)
		fault = vault_wrap(txn->store->vault, id, seal, fresh);
	seal_free(seal);
	if (fault)
		txn_fail(txn, fault);
	else
		store_put_plain(txn, TABLE_KEYS, id, SPAN(fresh));
}

void store_wrap_anew(struct txn *txn)
{
	uint8_t check[VAULT_CHECK_SIZE];
	struct span key, value;
	struct walk walk;
	enum fault fault = vault_check(txn->store->vault, check);
	if (fault)
		txn_fail(txn, fault);
	walk_from(&walk, txn, TABLE_KEYS, (struct span){ 0 }, (struct span){ 0 });
	while (walk_next(&walk, &key, &value)) {
		struct key id = { 0 };
		key_bytes(&id, key);
		if (key.len == STORE_OWNER_SIZE)
			wrap_anew(txn, key_span(&id), value);
	}
	walk_end(&walk);
	store_put_plain(txn, TABLE_KEYS, span_of_text(check_key), SPAN(check));
	bench_let_go(txn);
}

/* ── another vault key ────────────────────────────────────────────────────────────────────────── */

static enum fault write_anew(struct store *store)
{
	struct txn txn;
	TRY(txn_begin(store, TXN_WRITE, &txn));
	txn_use_reserve(&txn);
	store_wrap_anew(&txn);
	return txn_commit(&txn);
}

/* Readers that began before the commit still need the one before: behind the door there are none. */
static enum fault settle_on_new(struct store *store)
{
	enum fault fault = vault_change_end(store->vault);
	pthread_rwlock_wrlock(&store->door);
	vault_drop(store->vault);
	pthread_rwlock_unlock(&store->door);
	return fault;
}

/* Nobody knows what is on disk: what is there then tells which key it is. */
static enum fault find_out(struct store *store)
{
	TRY(store_reopen(store));
	TRY(vault_tidy(store->vault));
	return fault_say(FAULT_IN_DOUBT, "store: whether the keys are wrapped anew was in doubt; repeat it");
}

enum fault store_change_vault(struct store *store)
{
	if (!store->vault)
		return fault_say(FAULT_STORE_KEY, "the store is locked: its key is not here");
	TRY(vault_change_begin(store->vault));
	mischief("before-wrap", "vault");
	enum fault fault = write_anew(store);
	while (fault == FAULT_STORE_FULL && !store_grow(store))
		fault = write_anew(store);
	mischief("after-wrap", "vault");
	if (!fault)
		return settle_on_new(store);
	if (fault == FAULT_IN_DOUBT)
		return find_out(store);
	vault_change_undo(store->vault);
	return fault;
}
