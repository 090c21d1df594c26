#include "tests/unit/authorities.h"
#include "tests/unit/vaults.h"

#include "daemon/ledger/hold.h"
#include "proto/unpack.h"

#define KIND(name) COMITY__HOLD_KIND__VALUE__##name

struct world {
	struct scratch scratch;
	struct store *store;
	struct txn txn;
	struct arena arena;
};

static int open_world(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	scratch_new(&world->scratch);
	assert_ok(store_create(scratch_path(&world->scratch, "store")));
	assert_ok(store_open_unlocked(world->scratch.path, 16 << 20, &world->store));
	assert_ok(txn_begin(world->store, TXN_WRITE, &world->txn));
	arena_init(&world->arena, UNPACK_ARENA);
	*state = world;
	return 0;
}

static int close_world(void **state)
{
	struct world *world = *state;
	assert_int_equal(world->txn.fault, OK);
	txn_abort(&world->txn);
	arena_clear(&world->arena);
	store_close(world->store);
	scratch_remove(&world->scratch);
	free(world);
	return 0;
}

static void nobody_holds_at_first(void **state)
{
	struct world *world = *state;
	assert_int_equal(hold_kind(&world->txn, HOLD_EVERYBODY), KIND(NONE));
	assert_null(hold_find(&world->txn, "xs-ca", &world->arena));
	assert_false(hold_clear(&world->txn, HOLD_EVERYBODY));
}

static void a_hold_says_who_and_why_and_survives_the_transaction(void **state)
{
	struct world *world = *state;
	hold_set(&world->txn, HOLD_EVERYBODY, KIND(OPERATOR), "the ministry moves house", 1007);
	assert_ok(txn_commit(&world->txn));
	assert_ok(txn_begin(world->store, TXN_WRITE, &world->txn));
	const Comity__Hold *hold = hold_find(&world->txn, HOLD_EVERYBODY, &world->arena);
	assert_non_null(hold);
	assert_int_equal(hold->kind, KIND(OPERATOR));
	assert_string_equal(hold->reason, "the ministry moves house");
	assert_int_equal(hold->actor_uid, 1007);
	assert_non_null(hold->at);
	assert_int_equal(hold_kind(&world->txn, "xs-ca"), KIND(NONE));
	assert_true(hold_clear(&world->txn, HOLD_EVERYBODY));
	assert_int_equal(hold_kind(&world->txn, HOLD_EVERYBODY), KIND(NONE));
}

static void each_peer_has_its_own(void **state)
{
	struct world *world = *state;
	hold_set(&world->txn, "xs-ca", KIND(OPERATOR), NULL, UINT32_MAX);
	assert_int_equal(hold_kind(&world->txn, "xs-ca"), KIND(OPERATOR));
	assert_int_equal(hold_kind(&world->txn, "xs-cab"), KIND(NONE));
	assert_int_equal(hold_kind(&world->txn, HOLD_EVERYBODY), KIND(NONE));
	const Comity__Hold *hold = hold_find(&world->txn, "xs-ca", &world->arena);
	assert_null(hold->reason);
	assert_false(hold->has_actor_uid);
}

static void an_operator_does_not_lift_the_hold_of_a_restore_by_holding(void **state)
{
	struct world *world = *state;
	hold_set(&world->txn, HOLD_EVERYBODY, KIND(OPERATOR), "tired", 1007);
	hold_set(&world->txn, HOLD_EVERYBODY, KIND(RESTORED), "from a backup of yesterday", UINT32_MAX);
	assert_int_equal(hold_kind(&world->txn, HOLD_EVERYBODY), KIND(RESTORED));
	hold_set(&world->txn, HOLD_EVERYBODY, KIND(OPERATOR), "tired", 1007);
	assert_int_equal(hold_kind(&world->txn, HOLD_EVERYBODY), KIND(RESTORED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_holds_at_first, open_world, close_world),
		cmocka_unit_test_setup_teardown(a_hold_says_who_and_why_and_survives_the_transaction, open_world, close_world),
		cmocka_unit_test_setup_teardown(each_peer_has_its_own, open_world, close_world),
		cmocka_unit_test_setup_teardown(an_operator_does_not_lift_the_hold_of_a_restore_by_holding, open_world, close_world),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
