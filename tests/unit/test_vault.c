/* The vault and what it guards: the right key or none, and every step of a change survived. */
#include "tests/unit/stores.h"

#include <lmdb.h>

static char names_text[200];

static const char *source_of(const struct world *world)
{
	snprintf(names_text, sizeof names_text, "file:%s.key", world->dir);
	return names_text;
}

static char path_text[200];

/* Beside the store, or in it. */
static const char *beside(const struct world *world, const char *name)
{
	snprintf(path_text, sizeof path_text, "%s%s", world->dir, name);
	return path_text;
}

static bool is_there(const struct world *world, const char *name)
{
	return !access(beside(world, name), F_OK);
}

static void copy_file(const struct world *world, const char *from, const char *to)
{
	char content[256], target[200];
	snprintf(target, sizeof target, "%s%s", world->dir, to);
	FILE *in = fopen(beside(world, from), "r"), *out = fopen(target, "w");
	assert_true(in && out);
	size_t size = fread(content, 1, sizeof content, in);
	assert_int_equal(fwrite(content, 1, size, out), size);
	fclose(in);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(target, 0600), 0);
}

static void close_store(struct world *world)
{
	store_close(world->store);
	world->store = NULL;
}

/* As a daemon starts. */
static enum fault start(struct world *world)
{
	struct vault *vault;
	close_store(world);
	TRY(store_open(world->dir, world->map_size, &world->store));
	TRY(vault_open(world->dir, source_of(world), &vault));
	TRY(store_unlock(world->store, vault));
	return vault_tidy(store_vault(world->store));
}

static void another_key_opens_nothing_and_touches_nothing(void **state)
{
	struct world *world = *state;
	struct stat before, after;
	write_one(world, "secret", "the evidence");
	close_store(world);
	copy_file(world, ".key", ".aside");
	assert_int_equal(unlink(beside(world, ".key")), 0);
	struct vault *vault;
	assert_int_equal(vault_open(world->dir, source_of(world), &vault), FAULT_STORE_KEY);
	assert_non_null(strstr(fault_detail(FAULT_STORE_KEY), ".key"));
	assert_int_equal(stat(beside(world, "/data.mdb"), &before), 0);
	assert_int_equal(vault_make_store_key(source_of(world)), OK);
	assert_int_equal(vault_open(world->dir, source_of(world), &vault), FAULT_STORE_KEY);
	assert_null(vault);
	assert_int_equal(stat(beside(world, "/data.mdb"), &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	copy_file(world, ".aside", ".key");
	assert_int_equal(start(world), OK);
	assert_holds(world, "secret", "the evidence");
}

static void a_key_that_others_may_read_is_refused(void **state)
{
	struct world *world = *state;
	assert_int_equal(chmod(beside(world, ".key"), 0644), 0);
	assert_int_equal(start(world), FAULT_STORE_KEY);
}

static void a_vault_of_another_ledger_is_refused(void **state)
{
	struct world *world = *state;
	write_one(world, "secret", "the evidence");
	close_store(world);
	assert_int_equal(unlink(beside(world, "/vault.sealed")), 0);
	assert_int_equal(start(world), FAULT_STORE_MISSING);
	assert_int_equal(vault_create(world->dir, source_of(world)), OK);
	assert_int_equal(start(world), FAULT_STORE_KEY);
	assert_non_null(strstr(fault_detail(FAULT_STORE_KEY), "not that of this ledger"));
}

static void a_locked_store_gives_no_sealed_record(void **state)
{
	struct world *world = *state;
	char found[64];
	write_one(world, "secret", "the evidence");
	close_store(world);
	assert_int_equal(store_open(world->dir, world->map_size, &world->store), OK);
	assert_int_equal(read_one(world, "secret", found, sizeof found), FAULT_STORE_KEY);
	assert_string_equal(found, "");
}

static void another_store_key_opens_the_same(void **state)
{
	struct world *world = *state;
	write_one(world, "secret", "the evidence");
	copy_file(world, ".key", ".old");
	assert_int_equal(vault_rekey(store_vault(world->store)), OK);
	write_one(world, "more", "of it");
	assert_int_equal(start(world), OK);
	assert_holds(world, "secret", "the evidence");
	assert_holds(world, "more", "of it");
	assert_false(is_there(world, ".key.next"));
	copy_file(world, ".old", ".key");	/* the old one opens nothing any more */
	assert_int_equal(start(world), FAULT_STORE_KEY);
}

/* The power went after the new store key was written; after the vault was sealed with it; and before its old name. */
static void a_rekey_that_was_cut_short_is_gone_on_with_or_forgotten(void **state)
{
	struct world *world = *state;
	write_one(world, "secret", "the evidence");
	copy_file(world, ".key", ".key.next");
	assert_int_equal(start(world), OK);
	assert_false(is_there(world, ".key.next"));

	copy_file(world, ".key", ".old");
	assert_int_equal(vault_rekey(store_vault(world->store)), OK);
	copy_file(world, ".key", ".key.next");	/* as if the last step had not been */
	copy_file(world, ".old", ".key");
	assert_int_equal(start(world), OK);
	assert_holds(world, "secret", "the evidence");
	assert_false(is_there(world, ".key.next"));
	assert_int_equal(start(world), OK);
}

/* ── another vault key ──────────────────────────────────────────────────────────────────────── */

static void change(struct world *world, enum fault outcome)
{
	struct txn txn;
	assert_int_equal(vault_change_begin(store_vault(world->store)), OK);
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	store_wrap_anew(&txn);
	txn_fail(&txn, outcome);
	assert_int_equal(txn_commit(&txn), outcome);
}

static size_t stands_in_ledger(struct world *world, const uint8_t *what, size_t size)
{
	FILE *file = fopen(beside(world, "/data.mdb"), "r");
	static uint8_t all[8 << 20];
	size_t got = fread(all, 1, sizeof all, file), count = 0;
	fclose(file);
	for (const uint8_t *at = all; (at = memmem(at, (size_t)(all + got - at), what, size)); at++)
		count++;
	return count;
}

static void another_vault_key_makes_the_old_wraps_worthless(void **state)
{
	struct world *world = *state;
	static const uint8_t id[STORE_OWNER_SIZE] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	uint8_t old[SEAL_WRAPPED_SIZE];
	struct txn txn;
	struct span wrapped;
	struct seal *seal;
	write_one(world, "secret", "the evidence");
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	assert_true(txn_get(&txn, TABLE_KEYS, SPAN(id), &wrapped));
	memcpy(old, wrapped.at, sizeof old);
	txn_abort(&txn);
	assert_int_equal(vault_unwrap(store_vault(world->store), SPAN(id), SPAN(old), &seal), OK);
	seal_free(seal);
	change(world, OK);
	assert_int_equal(vault_change_end(store_vault(world->store)), OK);
	vault_drop(store_vault(world->store));
	assert_true(stands_in_ledger(world, old, sizeof old) > 0);	/* in a free page, as LMDB leaves it */
	assert_int_equal(vault_unwrap(store_vault(world->store), SPAN(id), SPAN(old), &seal), FAULT_STORE_KEY);
	assert_holds(world, "secret", "the evidence");
	write_one(world, "more", "of it");
	assert_int_equal(start(world), OK);
	assert_holds(world, "secret", "the evidence");
	assert_holds(world, "more", "of it");
	assert_int_equal(vault_unwrap(store_vault(world->store), SPAN(id), SPAN(old), &seal), FAULT_STORE_KEY);
}

static void a_change_that_was_cut_short_before_the_commit_never_was(void **state)
{
	struct world *world = *state;
	write_one(world, "secret", "the evidence");
	assert_int_equal(vault_change_begin(store_vault(world->store)), OK);
	assert_true(is_there(world, "/vault.sealed.next"));
	assert_int_equal(start(world), OK);
	assert_false(is_there(world, "/vault.sealed.next"));
	assert_holds(world, "secret", "the evidence");
	change(world, FAULT_INTERNAL);		/* the transaction was taken back */
	assert_holds(world, "secret", "the evidence");
	vault_change_undo(store_vault(world->store));
	write_one(world, "more", "of it");
	assert_int_equal(start(world), OK);
	assert_holds(world, "secret", "the evidence");
	assert_holds(world, "more", "of it");
}

static void a_change_that_was_cut_short_after_the_commit_is_ended(void **state)
{
	struct world *world = *state;
	write_one(world, "secret", "the evidence");
	change(world, OK);
	assert_int_equal(start(world), OK);
	assert_false(is_there(world, "/vault.sealed.next"));
	assert_holds(world, "secret", "the evidence");
	assert_int_equal(start(world), OK);
	assert_holds(world, "secret", "the evidence");
}

static void reopening_in_the_middle_of_a_change_loses_no_key(void **state)
{
	struct world *world = *state;
	struct txn txn;
	write_one(world, "secret", "the evidence");
	assert_int_equal(vault_change_begin(store_vault(world->store)), OK);
	assert_int_equal(store_reopen(world->store), OK);	/* another thread's commit was in doubt */
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	store_wrap_anew(&txn);
	assert_int_equal(txn_commit(&txn), OK);
	assert_int_equal(store_reopen(world->store), OK);	/* and once more, before it is ended */
	assert_int_equal(vault_change_end(store_vault(world->store)), OK);
	vault_drop(store_vault(world->store));
	assert_holds(world, "secret", "the evidence");
	assert_int_equal(start(world), OK);
	assert_holds(world, "secret", "the evidence");
	assert_int_equal(store_change_vault(world->store), OK);
	assert_int_equal(start(world), OK);
	assert_holds(world, "secret", "the evidence");
}

/* ── records ────────────────────────────────────────────────────────────────────────────────── */

/* Put one record's bytes in another's place, as somebody can who has the disk. */
static void swap_in_file(struct world *world, const char *from_table, const char *from, const char *to_table, const char *to)
{
	MDB_env *env;
	MDB_txn *mdb;
	MDB_dbi source, target;
	MDB_val key = { strlen(from), (void *)(uintptr_t)from }, value, other = { strlen(to), (void *)(uintptr_t)to };
	close_store(world);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 64), 0);
	assert_int_equal(mdb_env_set_mapsize(env, world->map_size), 0);
	assert_int_equal(mdb_env_open(env, world->dir, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &mdb), 0);
	assert_int_equal(mdb_dbi_open(mdb, from_table, 0, &source), 0);
	assert_int_equal(mdb_dbi_open(mdb, to_table, 0, &target), 0);
	assert_int_equal(mdb_get(mdb, source, &key, &value), 0);
	uint8_t copy[256];
	assert_true(value.mv_size <= sizeof copy);
	memcpy(copy, value.mv_data, value.mv_size);
	value.mv_data = copy;
	assert_int_equal(mdb_put(mdb, target, &other, &value, 0), 0);
	assert_int_equal(mdb_txn_commit(mdb), 0);
	mdb_env_close(env);
	assert_int_equal(start(world), OK);
}

static void a_record_in_the_place_of_another_does_not_open(void **state)
{
	struct world *world = *state;
	char found[64];
	write_one(world, "one", "the first");
	write_one(world, "two", "the second");
	swap_in_file(world, "cases", "one", "cases", "two");
	assert_holds(world, "one", "the first");
	assert_int_equal(read_one(world, "two", found, sizeof found), FAULT_STORE_BROKEN);
	swap_in_file(world, "cases", "one", "drafts", "one");
	struct txn txn;
	struct span value;
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	assert_false(txn_get(&txn, TABLE_DRAFTS, text("one"), &value));
	assert_int_equal(txn.fault, FAULT_STORE_BROKEN);
	txn_abort(&txn);
}

static void put_of(struct world *world, const char *owner, const char *key, const char *value)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_put_of(&txn, (const uint8_t *)owner, TABLE_MESSAGES, text(key), text(value));
	assert_int_equal(txn_commit(&txn), OK);
}

static bool opens(struct world *world, const char *key)
{
	struct txn txn;
	struct span value;
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	bool is_well = txn_get(&txn, TABLE_MESSAGES, text(key), &value) && value.len;
	txn_abort(&txn);
	return is_well;
}

static void what_was_sealed_with_a_destroyed_key_never_opens_again(void **state)
{
	struct world *world = *state;
	struct txn txn;
	put_of(world, "the case of A...", "a", "words");
	put_of(world, "the case of B...", "b", "words");
	assert_true(opens(world, "a") && opens(world, "b"));
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	store_destroy_key(&txn, (const uint8_t *)"the case of A...");
	txn_put_of(&txn, (const uint8_t *)"the case of A...", TABLE_MESSAGES, text("after"), text("a shell"));
	assert_int_equal(txn_commit(&txn), OK);
	assert_false(opens(world, "a"));
	assert_true(opens(world, "b") && opens(world, "after"));
	assert_int_equal(start(world), OK);
	assert_false(opens(world, "a"));
	assert_true(opens(world, "b") && opens(world, "after"));
}

static void a_key_that_was_taken_back_is_not_used_again(void **state)
{
	struct world *world = *state;
	struct txn txn, child;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	assert_int_equal(txn_begin_child(&txn, &child), OK);
	txn_put_of(&child, (const uint8_t *)"the case of C...", TABLE_MESSAGES, text("lost"), text("words"));
	txn_abort(&child);
	txn_put_of(&txn, (const uint8_t *)"the case of C...", TABLE_MESSAGES, text("kept"), text("words"));
	assert_int_equal(txn_commit(&txn), OK);
	assert_true(opens(world, "kept"));
	assert_int_equal(start(world), OK);
	assert_true(opens(world, "kept"));
}

static void long_reads_in_one_transaction_give_their_memory_back(void **state)
{
	enum { COUNT = 2000 };
	struct world *world = *state;
	struct txn txn;
	struct walk walk;
	struct span key, value;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	fill_numbers(&txn, COUNT, 4000);
	assert_int_equal(txn_commit(&txn), OK);
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	walk_from(&walk, &txn, TABLE_EVENTS, (struct span){ 0 }, (struct span){ 0 });
	size_t count = 0;
	const uint8_t *first = NULL;
	while (walk_next(&walk, &key, &value)) {
		first = first ? first : value.at;
		assert_ptr_equal(first, value.at);	/* always the same memory */
		count++;
	}
	assert_int_equal(count, COUNT);
	txn_abort(&txn);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(another_key_opens_nothing_and_touches_nothing),
		TEST(a_key_that_others_may_read_is_refused),
		TEST(a_vault_of_another_ledger_is_refused),
		TEST(a_locked_store_gives_no_sealed_record),
		TEST(another_store_key_opens_the_same),
		TEST(a_rekey_that_was_cut_short_is_gone_on_with_or_forgotten),
		TEST(another_vault_key_makes_the_old_wraps_worthless),
		TEST(a_change_that_was_cut_short_before_the_commit_never_was),
		TEST(a_change_that_was_cut_short_after_the_commit_is_ended),
		TEST(reopening_in_the_middle_of_a_change_loses_no_key),
		TEST(a_record_in_the_place_of_another_does_not_open),
		TEST(what_was_sealed_with_a_destroyed_key_never_opens_again),
		TEST(a_key_that_was_taken_back_is_not_used_again),
		TEST(long_reads_in_one_transaction_give_their_memory_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
