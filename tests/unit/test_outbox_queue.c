/* What an operator does to messages that wait. */
#include "tests/unit/outbox_world.h"

static Comity__MessageState *find(struct txn *txn, const struct said *said)
{
	Comity__MessageState *state;
	assert_ok(outbox_find(world.outbox, txn, said->id, &world.arena, &state));
	return state;
}

static void hold_it(struct txn *txn, const void *said)    { assert_ok(outbox_hold(world.outbox, txn, find(txn, said), "to be read again", 7)); }
static void release_it(struct txn *txn, const void *said) { assert_ok(outbox_release(world.outbox, txn, find(txn, said), 7)); }
static void drop_it(struct txn *txn, const void *said)    { assert_ok(outbox_drop(world.outbox, txn, find(txn, said), "hasty", 7)); }

static void a_held_message_keeps_those_behind_it_and_nobody_else(void **state)
{
	(void)state;
	struct said before = say(1, URGENCY(ROUTINE)), held = say(1, URGENCY(ROUTINE)), behind = say(1, URGENCY(ROUTINE));
	batch(hold_it, &held);
	struct said urgent = say(1, URGENCY(EMERGENCY)), other = say(2, URGENCY(ROUTINE));
	come_up(0);
	settle();
	assert_order(&before, &other);
	assert_int_equal(place_of(&held), -1);
	assert_int_equal(place_of(&behind), -1);
	assert_int_equal(place_of(&urgent), -1);
	batch(release_it, &held);
	settle();
	assert_order(&other, &held);
	assert_order(&held, &behind);
	assert_order(&behind, &urgent);
}

static void two_holds_are_lifted_one_by_one(void **state)
{
	(void)state;
	struct said first = say(1, URGENCY(ROUTINE)), second = say(1, URGENCY(URGENT)), third = say(1, URGENCY(ROUTINE));
	batch(hold_it, &first);
	batch(hold_it, &third);
	come_up(0);
	batch(release_it, &first);
	settle();
	assert_order(&first, &second);
	assert_int_equal(place_of(&third), -1);
	batch(release_it, &third);
	settle();
	assert_order(&second, &third);
}

static void what_was_dropped_never_leaves_but_is_recorded_when_the_line_is_ready(void **state)
{
	(void)state;
	struct said dropped = say(1, URGENCY(ROUTINE)), kept = say(1, URGENCY(ROUTINE));
	batch(drop_it, &dropped);
	settle();
	assert_int_equal(our_head().number, 0);		/* our chain grows only while the positions agree */
	come_up(0);
	settle();
	assert_int_equal(world.n_sent, 2);
	assert_int_equal(world.sent[0].manifest.purpose, PURPOSE_WITHDRAWAL);
	assert_string_equal(world.sent[0].entries[0].message_id, dropped.id);
	assert_int_equal(world.sent[1].manifest.count, 1);
	assert_string_equal(world.sent[1].entries[0].message_id, kept.id);
	settle();
	assert_int_equal(world.n_sent, 2);
}

static void a_drop_frees_those_that_it_held(void **state)
{
	(void)state;
	struct said held = say(1, URGENCY(ROUTINE)), behind = say(1, URGENCY(ROUTINE));
	come_up(0);
	outbox_closed(world.outbox, line);
	batch(hold_it, &held);
	come_up(0);
	settle();
	assert_int_equal(place_of(&behind), -1);
	batch(drop_it, &held);
	settle();
	assert_int_not_equal(place_of(&behind), -1);
}

static void what_is_signed_is_neither_held_nor_dropped(void **state)
{
	(void)state;
	struct txn txn;
	come_up(0);
	struct said said = say(1, URGENCY(ROUTINE));
	settle();
	assert_ok(txn_begin(world.store, TXN_WRITE, &txn));
	Comity__MessageState *signed_one = find(&txn, &said);
	assert_fault(outbox_hold(world.outbox, &txn, signed_one, NULL, 7), FAULT_ALREADY_SIGNED);
	assert_fault(outbox_drop(world.outbox, &txn, signed_one, NULL, 7), FAULT_ALREADY_SIGNED);
	txn_abort(&txn);
}

static void a_message_is_found_by_a_part_of_its_id(void **state)
{
	(void)state;
	struct txn txn;
	Comity__MessageState *found;
	char front[UUID_TEXT_SIZE];
	struct said said = say(1, URGENCY(ROUTINE));
	assert_ok(txn_begin(world.store, TXN_READ, &txn));
	static const struct { int length; enum fault fault; } rows[] = { { 36, OK }, { 23, OK }, { 7, OK }, { 6, OK }, { 5, FAULT_NOT_FOUND } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(front, sizeof front, "%.*s", rows[i].length, said.id);
		assert_fault(outbox_find(world.outbox, &txn, front, &world.arena, &found), rows[i].fault);
	}
	assert_fault(outbox_find(world.outbox, &txn, "no message at all", &world.arena, &found), FAULT_NOT_FOUND);
	txn_abort(&txn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_held_message_keeps_those_behind_it_and_nobody_else),
		TEST(two_holds_are_lifted_one_by_one),
		TEST(what_was_dropped_never_leaves_but_is_recorded_when_the_line_is_ready),
		TEST(a_drop_frees_those_that_it_held),
		TEST(what_is_signed_is_neither_held_nor_dropped),
		TEST(a_message_is_found_by_a_part_of_its_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
