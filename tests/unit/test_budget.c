/* Memory that wires share.  For frames that are not whole: bounded, and whoever came first goes on; for what waits to leave:
 * bounded, and who reads is never given up for one who does not. */
#include "tests/unit/scratch.h"

#include "daemon/line/exchange.h"

enum { WIRES = 200, LARGE = 2 << 20 };

static unsigned granted;

static void on_granted(struct berth *berth)
{
	assert_true(berth->is_held);
	granted++;
}

static void prepare(struct berth *berths, size_t count)
{
	granted = 0;
	for (size_t i = 0; i < count; i++)
		berths[i] = (struct berth){ .granted = on_granted };
}

static void so_many_are_held_at_once_and_each_has_its_turn(void **state)
{
	(void)state;
	struct budget budget = { 0 };
	struct berth berths[WIRES];
	prepare(berths, WIRES);
	size_t held = 0;
	for (size_t i = 0; i < WIRES; i++)
		held += budget_claim(&budget, &berths[i], LARGE);
	assert_int_equal(held, BUDGET_ALL / LARGE);
	assert_true(budget_is_short(&budget));
	for (size_t i = 0; i < WIRES; i++) {
		assert_true(berths[i].is_held);		/* in the order in which they came */
		assert_true(budget.held <= BUDGET_ALL);
		budget_release(&budget, &berths[i]);
	}
	assert_int_equal(granted, WIRES - held);
	assert_int_equal(budget.held, 0);
	assert_false(budget_is_short(&budget));
}

static void the_only_one_goes_on_whatever_its_size(void **state)
{
	(void)state;
	struct budget budget = { 0 };
	struct berth berths[2];
	prepare(berths, 2);
	assert_true(budget_claim(&budget, &berths[0], 2 * (size_t)BUDGET_ALL));
	assert_false(budget_claim(&budget, &berths[1], 1));
	budget_release(&budget, &berths[0]);
	assert_true(berths[1].is_held);
	budget_release(&budget, &berths[1]);
}

/* Small ones would always find room, and a large one would never. */
static void who_came_first_is_not_passed_by_what_is_smaller(void **state)
{
	(void)state;
	struct budget budget = { 0 };
	struct berth berths[3];
	prepare(berths, 3);
	assert_true(budget_claim(&budget, &berths[0], BUDGET_ALL - 10));
	assert_false(budget_claim(&budget, &berths[1], LARGE));
	assert_false(budget_claim(&budget, &berths[2], 10));
	budget_release(&budget, &berths[0]);
	assert_true(berths[1].is_held && berths[2].is_held);
	budget_release(&budget, &berths[1]);
	budget_release(&budget, &berths[2]);
	assert_int_equal(budget.held, 0);
}

static void asked_again_it_is_the_same_claim_unless_it_grew(void **state)
{
	(void)state;
	struct budget budget = { 0 };
	struct berth berths[3];
	prepare(berths, 3);
	assert_true(budget_claim(&budget, &berths[0], BUDGET_ALL / 2));
	assert_true(budget_claim(&budget, &berths[0], 10));
	assert_int_equal(budget.held, BUDGET_ALL / 2);
	assert_false(budget_claim(&budget, &berths[1], BUDGET_ALL));
	assert_false(budget_claim(&budget, &berths[1], BUDGET_ALL));
	assert_false(budget_claim(&budget, &berths[2], 10));
	assert_false(budget_claim(&budget, &berths[0], BUDGET_ALL));	/* larger: behind those that wait */
	assert_true(berths[1].is_held);
	budget_release(&budget, &berths[1]);
	assert_true(berths[2].is_held);
	budget_release(&budget, &berths[2]);
	assert_true(berths[0].is_held);
	budget_release(&budget, &berths[0]);
	assert_int_equal(budget.held, 0);
}

static void who_gives_up_while_it_waits_leaves_no_hole(void **state)
{
	(void)state;
	struct budget budget = { 0 };
	struct berth berths[3];
	prepare(berths, 3);
	assert_true(budget_claim(&budget, &berths[0], BUDGET_ALL));
	assert_false(budget_claim(&budget, &berths[1], LARGE));
	assert_false(budget_claim(&budget, &berths[2], LARGE));
	budget_release(&budget, &berths[1]);
	budget_release(&budget, &berths[1]);
	budget_release(&budget, &berths[0]);
	assert_true(berths[2].is_held);
	assert_int_equal(granted, 1);
	budget_release(&budget, &berths[2]);
	assert_int_equal(budget.held, 0);
}

/* ── what waits to leave ──────────────────────────────────────────────────────────────────────── */

static struct unsent *given_up;

static void on_unread(struct unsent *unsent)
{
	given_up = unsent;
}

static void too_much_costs_the_line_that_was_not_read_for_longest(void **state)
{
	(void)state;
	struct exchange exchange = { 0 };
	struct unsent reads = { .unread = on_unread }, late = { .stuck_since = 7, .unread = on_unread },
		early = { .stuck_since = 5, .unread = on_unread };
	exchange_enter(&exchange, &reads);
	exchange_enter(&exchange, &late);
	exchange_enter(&exchange, &early);
	given_up = NULL;
	exchange_count(&exchange, &early, 1);
	exchange_count(&exchange, &late, EXCHANGE_UNSENT_SHORT);
	assert_true(exchange_is_short(&exchange));
	exchange_count(&exchange, &reads, EXCHANGE_UNSENT_MAX - EXCHANGE_UNSENT_SHORT - 1);
	assert_null(given_up);
	exchange_count(&exchange, &reads, EXCHANGE_UNSENT_MAX - EXCHANGE_UNSENT_SHORT);
	assert_ptr_equal(given_up, &early);
	exchange_leave(&exchange, &early);
	exchange_count(&exchange, &reads, EXCHANGE_UNSENT_MAX);
	assert_ptr_equal(given_up, &late);
	exchange_leave(&exchange, &late);
	given_up = NULL;
	exchange_count(&exchange, &reads, 2 * (size_t)EXCHANGE_UNSENT_MAX);	/* it is on its way: one turn's worth */
	assert_null(given_up);
	exchange_count(&exchange, &reads, 0);
	assert_false(exchange_is_short(&exchange));
	exchange_leave(&exchange, &reads);
	assert_int_equal(exchange.unsent, 0);
	assert_null(exchange.wires);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_are_held_at_once_and_each_has_its_turn),
		cmocka_unit_test(the_only_one_goes_on_whatever_its_size),
		cmocka_unit_test(who_came_first_is_not_passed_by_what_is_smaller),
		cmocka_unit_test(asked_again_it_is_the_same_claim_unless_it_grew),
		cmocka_unit_test(who_gives_up_while_it_waits_leaves_no_hole),
		cmocka_unit_test(too_much_costs_the_line_that_was_not_read_for_longest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
