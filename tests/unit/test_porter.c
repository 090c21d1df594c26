/* Errands beside the loop. */
#include "tests/unit/scratch.h"

#include "daemon/ledger/porter.h"
#include "proto/bytes.h"

struct carried {
	struct errand errand;
	int *order, place;
	struct porter *porter;
	bool is_last;
};

static void carry(struct errand *errand)
{
	struct carried *carried = container_of(errand, struct carried, errand);
	carried->place = (*carried->order)++;
}

static void on_carried(struct errand *errand)
{
	struct carried *carried = container_of(errand, struct carried, errand);
	if (carried->is_last)
		porter_close(carried->porter, NULL, NULL);
}

static void the_porter_runs_errands_in_order_and_counts_what_waits(void **state)
{
	(void)state;
	uv_loop_t loop;
	struct porter *porter;
	struct carried carried[20];
	int order = 0;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(porter_open(&loop, &porter), OK);
	assert_true(porter_has_room(porter, 2 * (size_t)PORTER_BACKLOG_MAX));
	for (int i = 0; i < 20; i++) {
		carried[i] = (struct carried){
			.errand = { .work = carry, .done = on_carried, .bytes = PORTER_BACKLOG_MAX / 20 },
			.order = &order, .porter = porter, .is_last = i == 19,
		};
		assert_true(porter_has_room(porter, PORTER_BACKLOG_MAX / 20));
		porter_add(porter, &carried[i].errand);
	}
	assert_int_equal(porter_backlog_bytes(porter), PORTER_BACKLOG_MAX / 20 * 20);
	assert_false(porter_has_room(porter, PORTER_BACKLOG_MAX / 20));
	uv_run(&loop, UV_RUN_DEFAULT);
	for (int i = 0; i < 20; i++)
		assert_int_equal(carried[i].place, i);
	assert_int_equal(uv_loop_close(&loop), 0);
}

/* One brings fifty, another one brings three: these do not wait for those, and each keeps its own order. */
static void the_lanes_take_turns(void **state)
{
	(void)state;
	enum { MANY = 50, FEW = 3 };
	uv_loop_t loop;
	struct porter *porter;
	struct carried many[MANY], few[FEW];
	struct lane busy = { 0 }, calm = { 0 };
	int order = 0;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(porter_open(&loop, &porter), OK);
	for (int i = 0; i < MANY + FEW; i++) {
		struct carried *one = i < MANY ? &many[i] : &few[i - MANY];
		*one = (struct carried){ .errand = { .work = carry, .done = on_carried, .lane = i < MANY ? &busy : &calm },
			.order = &order, .porter = porter };
		porter_add(porter, &one->errand);
	}
	porter_close(porter, NULL, NULL);	/* what waits in the lanes is worked off still */
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(order, MANY + FEW);
	for (int i = 1; i < MANY; i++)
		assert_true(many[i].place > many[i - 1].place);
	for (int i = 0; i < FEW; i++)
		assert_true(few[i].place < 2 * FEW + 5);	/* behind what was in hand, and then each second turn */
	assert_true(few[0].place < few[1].place && few[1].place < few[2].place);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_porter_runs_errands_in_order_and_counts_what_waits),
		cmocka_unit_test(the_lanes_take_turns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
