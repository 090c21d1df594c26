/* A copy of the ledger: whole, consistent while others write, and never written to by who looks into it. */
#include "tests/unit/scratch.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/vaults.h"

enum { MIB = 1 << 20, ROWS = 2000 };

struct world {
	struct scratch scratch;
	char dir[80], copy[80];
	struct store *store;
	atomic_bool must_stop;
	uint64_t written;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	scratch_new(&world->scratch);
	snprintf(world->dir, sizeof world->dir, "%s/store", world->scratch.dir);
	snprintf(world->copy, sizeof world->copy, "%s/copy.mdb", world->scratch.dir);
	assert_int_equal(store_create(world->dir), OK);
	assert_int_equal(store_open_unlocked(world->dir, 256 * MIB, &world->store), OK);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	store_close(world->store);
	scratch_remove(&world->scratch);
	free(world);
	return 0;
}

static struct key key_of(uint64_t number)
{
	struct key key = { 0 };
	key_u64(&key, number);
	return key;
}

/* Two rows that belong together: a copy has both or neither. */
static void write_pair(struct world *world, uint64_t number)
{
	static const uint8_t value[3000];
	struct key key = key_of(number);
	struct txn txn;
	enum fault fault;
	do {
		assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
		txn_put(&txn, TABLE_MESSAGES, key_span(&key), SPAN(value));
		txn_put(&txn, TABLE_SEEN, key_span(&key), span_of_text("seen"));
		fault = txn_commit(&txn);
		if (fault == FAULT_STORE_FULL)
			assert_int_equal(store_grow(world->store), OK);
	} while (fault == FAULT_STORE_FULL);
	assert_int_equal(fault, OK);
	world->written = number;
}

static void *write_on(void *argument)
{
	struct world *world = argument;
	while (!atomic_load(&world->must_stop))
		write_pair(world, world->written + 1);
	return NULL;
}

static void copy_store(struct world *world)
{
	int file = open(world->copy, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(file >= 0);
	assert_int_equal(store_copy(world->store, file), OK);
	assert_int_equal(close(file), 0);
}

static uint64_t count(struct store *store, enum table table)
{
	struct txn txn;
	struct walk walk;
	struct span key, value;
	uint64_t found = 0;
	assert_int_equal(txn_begin(store, TXN_READ, &txn), OK);
	walk_from(&walk, &txn, table, (struct span){ 0 }, (struct span){ 0 });
	while (walk_next(&walk, &key, &value))
		found++;
	assert_int_equal(txn.fault, OK);
	txn_abort(&txn);
	return found;
}

static void a_copy_made_while_others_write_is_one_moment(void **state)
{
	struct world *world = *state;
	struct store *view;
	pthread_t writer;
	for (uint64_t number = 1; number <= ROWS; number++)
		write_pair(world, number);
	assert_int_equal(pthread_create(&writer, NULL, write_on, world), 0);
	copy_store(world);
	atomic_store(&world->must_stop, true);
	pthread_join(writer, NULL);
	assert_int_equal(store_view(world->copy, &view), OK);
	assert_int_equal(store_unlock_from(view, world->dir), OK);
	uint64_t messages = count(view, TABLE_MESSAGES);
	assert_true(messages >= ROWS && messages <= world->written);
	assert_int_equal(count(view, TABLE_SEEN), messages);
	store_close(view);
}

static void looking_into_a_copy_changes_nothing_of_it(void **state)
{
	struct world *world = *state;
	struct store *view;
	struct stat before, after;
	write_pair(world, 1);
	copy_store(world);
	assert_int_equal(chmod(world->copy, 0400), 0);
	assert_int_equal(stat(world->copy, &before), 0);
	assert_int_equal(store_view(world->copy, &view), OK);
	assert_int_equal(store_unlock_from(view, world->dir), OK);
	assert_int_equal(count(view, TABLE_MESSAGES), 1);
	store_close(view);
	assert_int_equal(stat(world->copy, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_int_equal(before.st_size, after.st_size);
	char lock[96];
	snprintf(lock, sizeof lock, "%s-lock", world->copy);
	assert_int_equal(access(lock, F_OK), -1);
}

static void a_copy_that_was_cut_short_is_broken(void **state)
{
	struct world *world = *state;
	struct store *view;
	struct stat file;
	for (uint64_t number = 1; number <= 10; number++)
		write_pair(world, number);
	copy_store(world);
	assert_int_equal(stat(world->copy, &file), 0);
	assert_int_equal(truncate(world->copy, file.st_size - 4096), 0);
	assert_int_equal(store_view(world->copy, &view), FAULT_STORE_BROKEN);
	assert_null(view);
}

static void a_copy_can_be_opened_as_a_store_again(void **state)
{
	struct world *world = *state;
	struct store *store;
	char dir[96], file[128];
	write_pair(world, 7);
	copy_store(world);
	snprintf(dir, sizeof dir, "%s/again", world->scratch.dir);
	snprintf(file, sizeof file, "%s/data.mdb", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(rename(world->copy, file), 0);
	struct vault_names from = vault_names_of(world->dir), to = vault_names_of(dir);
	assert_int_equal(link(from.file, to.file), 0);
	assert_int_equal(link(from.source + strlen("file:"), to.source + strlen("file:")), 0);
	assert_int_equal(store_open_unlocked(dir, 64 * MIB, &store), OK);
	assert_int_equal(count(store, TABLE_MESSAGES), 1);
	store_close(store);
}

/* ── compacting ─────────────────────────────────────────────────────────────────────────────── */

static void *read_on(void *argument)
{
	struct world *world = argument;
	while (!atomic_load(&world->must_stop)) {
		uint64_t before = count(world->store, TABLE_MESSAGES);
		assert_true(count(world->store, TABLE_MESSAGES) >= before);
	}
	return NULL;
}

static void delete_half(struct world *world)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	for (uint64_t number = 1; number <= ROWS / 2; number++) {
		struct key key = key_of(number);
		txn_delete(&txn, TABLE_MESSAGES, key_span(&key));
		txn_delete(&txn, TABLE_SEEN, key_span(&key));
	}
	assert_int_equal(txn_commit(&txn), OK);
}

static void compacting_loses_nothing_that_is_written_meanwhile(void **state)
{
	struct world *world = *state;
	struct store_stat before, after;
	pthread_t writer, reader;
	for (uint64_t number = 1; number <= ROWS; number++)
		write_pair(world, number);
	delete_half(world);
	assert_int_equal(store_stat(world->store, &before), OK);
	assert_int_equal(store_compact(world->store), OK);
	assert_int_equal(store_stat(world->store, &after), OK);
	assert_true(after.file_bytes < before.file_bytes * 3 / 4);

	assert_int_equal(pthread_create(&writer, NULL, write_on, world), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_on, world), 0);
	for (int times = 0; times < 5; times++)
		assert_int_equal(store_compact(world->store), OK);
	atomic_store(&world->must_stop, true);
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	assert_int_equal(count(world->store, TABLE_MESSAGES), world->written - ROWS / 2);
	assert_int_equal(count(world->store, TABLE_SEEN), world->written - ROWS / 2);
	assert_int_equal(access(scratch_path(&world->scratch, "store/data.mdb.compact"), F_OK), -1);
	store_close(world->store);
	assert_int_equal(store_open_unlocked(world->dir, 256 * MIB, &world->store), OK);
	assert_int_equal(count(world->store, TABLE_MESSAGES), world->written - ROWS / 2);
}

/* ── limits ─────────────────────────────────────────────────────────────────────────────────── */

static void the_map_may_be_raised_while_it_is_used(void **state)
{
	struct world *world = *state;
	struct store_stat stat;
	struct txn txn;
	assert_int_equal(store_raise(world->store, 512 * MIB), OK);
	assert_int_equal(store_stat(world->store, &stat), OK);
	assert_int_equal(stat.map_bytes, 512 * MIB);
	assert_int_equal(store_raise(world->store, 1 * MIB), FAULT_USAGE);
	store_set_limits(world->store, 50, 0);
	assert_int_equal(store_stat(world->store, &stat), OK);
	assert_in_range(stat.ordinary_bytes, 255 * MIB, 256 * MIB);
	assert_int_equal(store_lack(world->store), OK);

	store_set_limits(world->store, 50, UINT64_MAX);		/* the disk has never that much */
	assert_int_equal(store_lack(world->store), FAULT_DISK_FULL);
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_put(&txn, TABLE_META, span_of_text("ordinary"), span_of_text("1"));
	assert_int_equal(txn.fault, FAULT_DISK_FULL);
	txn_abort(&txn);
	assert_int_equal(txn_begin(world->store, TXN_WRITE, &txn), OK);
	txn_use_reserve(&txn);
	txn_put(&txn, TABLE_META, span_of_text("receipt"), span_of_text("1"));
	assert_int_equal(txn_commit(&txn), OK);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_copy_made_while_others_write_is_one_moment, setup, teardown),
		cmocka_unit_test_setup_teardown(looking_into_a_copy_changes_nothing_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_copy_that_was_cut_short_is_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_copy_can_be_opened_as_a_store_again, setup, teardown),
		cmocka_unit_test_setup_teardown(compacting_loses_nothing_that_is_written_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(the_map_may_be_raised_while_it_is_used, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
