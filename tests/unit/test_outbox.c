/* What waits to leave: the order of the lanes, and how much is signed ahead. */
#include "tests/unit/outbox_world.h"

/* ── order ────────────────────────────────────────────────────────────────────────────────────── */

static void what_waits_together_leaves_in_one_manifest(void **state)
{
	(void)state;
	struct said one = say(1, URGENCY(ROUTINE)), two = say(2, URGENCY(ROUTINE));
	come_up(0);
	settle();
	assert_int_equal(world.n_sent, 1);
	assert_int_equal(world.sent[0].manifest.number, 1);
	assert_order(&one, &two);
}

static void the_more_urgent_goes_first(void **state)
{
	(void)state;
	struct said routine = say(1, URGENCY(ROUTINE)), urgent = say(2, URGENCY(URGENT)), emergency = say(3, URGENCY(EMERGENCY));
	struct said nothing_said = say(4, URGENCY(UNSPECIFIED));
	come_up(0);
	settle();
	assert_order(&emergency, &urgent);
	assert_order(&urgent, &routine);
	assert_order(&routine, &nothing_said);
}

static void an_urgent_message_takes_its_predecessors_along(void **state)
{
	(void)state;
	struct said other = say(2, URGENCY(ROUTINE));
	struct said first = say(1, URGENCY(ROUTINE)), second = say(1, URGENCY(URGENT)), third = say(1, URGENCY(ROUTINE));
	struct said fourth = say(1, URGENCY(EMERGENCY)), fifth = say(1, URGENCY(ROUTINE));
	come_up(0);
	settle();
	assert_order(&first, &second);
	assert_order(&second, &third);
	assert_order(&third, &fourth);
	assert_order(&fourth, &other);
	assert_order(&other, &fifth);
}

static void what_was_signed_already_is_not_pulled(void **state)
{
	(void)state;
	come_up(0);
	struct said first = say(1, URGENCY(ROUTINE));
	settle();
	struct said second = say(1, URGENCY(EMERGENCY));
	settle();
	assert_int_equal(world.n_sent, 2);
	assert_order(&first, &second);
}

/* ── share ────────────────────────────────────────────────────────────────────────────────────── */

static void routine_is_not_starved_by_a_flood_of_emergencies(void **state)
{
	(void)state;
	struct said routine = say(1, URGENCY(ROUTINE)), urgent = say(2, URGENCY(URGENT));
	for (unsigned i = 0; i < 600; i++)
		say(3 + i, URGENCY(EMERGENCY));
	come_up(0);
	settle();
	assert_in_range(place_of(&routine), 0, EACH_PER_MANIFEST - 1);
	assert_in_range(place_of(&urgent), 0, EACH_PER_MANIFEST - 1);
}

static void a_large_routine_message_has_its_turn_too(void **state)
{
	(void)state;
	struct said routine = say_much(1, URGENCY(ROUTINE), 1 << 20);
	come_up(0);
	world.is_congested = true;
	for (unsigned i = 0; i < 60; i++)
		say_much(2 + i, URGENCY(URGENT), 700 << 10);
	world.is_congested = false;
	confirm(0);
	settle();
	assert_int_not_equal(place_of(&routine), -1);
	assert_in_range(place_of(&routine) / EACH_PER_MANIFEST, 0, 16);
}

static void the_share_of_the_lower_lanes_lets_nobody_overtake_within_a_request(void **state)
{
	(void)state;
	struct said pulled[600], last;
	for (unsigned i = 0; i < ARRAY_LEN(pulled); i++)
		pulled[i] = say(1, URGENCY(URGENT));
	last = say(1, URGENCY(ROUTINE));
	struct said other = say(2, URGENCY(ROUTINE));
	come_up(0);
	settle();
	for (unsigned i = 1; i < ARRAY_LEN(pulled); i++)
		assert_order(&pulled[i - 1], &pulled[i]);
	assert_order(&pulled[ARRAY_LEN(pulled) - 1], &last);
	assert_order(&other, &last);
	assert_in_range(place_of(&other), 0, EACH_PER_MANIFEST - 1);
}

/* ── how much is signed ───────────────────────────────────────────────────────────────────────── */

static void little_is_signed_before_the_line_takes_it(void **state)
{
	(void)state;
	come_up(0);
	world.is_congested = true;	/* it takes nothing */
	for (unsigned i = 0; i < 50; i++)
		say_much(i, URGENCY(ROUTINE), 1 << 20);
	settle();
	assert_int_equal(world.n_sent, 0);
	assert_in_range(our_head().number, 1, 4);
	struct said urgent = say(99, URGENCY(URGENT));
	world.is_congested = false;
	confirm(0);
	settle();
	assert_in_range(place_of(&urgent) / EACH_PER_MANIFEST, 1, 5);
	assert_int_equal(world.n_sent, our_head().number);
	assert_int_equal(world.n_sent, 51);
}

static void nothing_is_signed_without_a_line(void **state)
{
	(void)state;
	say(1, URGENCY(EMERGENCY));
	settle();
	assert_int_equal(our_head().number, 0);
	come_up(0);
	settle();
	assert_int_equal(our_head().number, 1);
	outbox_closed(world.outbox, line);
	world.is_up = false;
	say(1, URGENCY(EMERGENCY));
	settle();
	assert_int_equal(our_head().number, 1);
}

/* A batch that the disk does not take. */
static void failing_batch(enum fault fault)
{
	struct txn txn;
	size_t count = world.n_jobs;
	assert_ok(txn_begin(world.store, TXN_WRITE, &txn));
	for (size_t i = 0; i < count; i++)
		assert_ok(world.jobs[i]->write(&txn, world.jobs[i]));
	outbox_form(world.outbox, &txn);
	txn_abort(&txn);
	world.n_jobs = 0;
	for (size_t i = 0; i < count; i++)
		world.jobs[i]->done(world.jobs[i], fault);
	outbox_settled(world.outbox, NULL, fault);
}

static void what_the_disk_did_not_take_waits_for_a_better_time(void **state)
{
	(void)state;
	say(1, URGENCY(ROUTINE));
	come_up(0);
	assert_int_equal(world.n_jobs, 1);
	failing_batch(FAULT_DISK_FULL);
	assert_int_equal(world.n_jobs, 0);	/* not at once again */
	outbox_retry(world.outbox);
	assert_int_equal(world.n_jobs, 1);
	failing_batch(FAULT_IN_DOUBT);
	assert_int_equal(world.n_jobs, 0);
	batch(NULL, NULL);			/* another's, and the disk is back */
	settle();
	assert_int_equal(world.n_sent, 1);
}

static void nothing_is_signed_at_a_time_that_the_certificate_does_not_cover(void **state)
{
	(void)state;
	say(1, URGENCY(ROUTINE));
	come_up(0);
	world_time = NOON + 400 * DAY;
	failing_batch(FAULT_CERT_EXPIRED);
	assert_int_equal(our_head().number, 0);
	assert_int_equal(world.ended_for, FAULT_CERT_EXPIRED);
	world_time = NOON;
	come_up(0);
	settle();
	assert_int_equal(world.n_sent, 1);
}

static void what_they_do_not_have_is_sent_again(void **state)
{
	(void)state;
	come_up(0);
	struct said one = say(1, URGENCY(ROUTINE));
	settle();
	outbox_closed(world.outbox, line);
	world.n_sent = 0;
	come_up(0);
	settle();
	assert_int_equal(world.n_sent, 1);
	assert_int_equal(place_of(&one), 0);
	outbox_closed(world.outbox, line);
	world.n_sent = 0;
	come_up(1);
	settle();
	assert_int_equal(world.n_sent, 0);
}

/* ── holds ────────────────────────────────────────────────────────────────────────────────────── */

static void hold_all(struct txn *txn, const void *peer)
{
	hold_set(txn, peer, COMITY__HOLD_KIND__VALUE__OPERATOR, NULL, 0);
}

static void release_all(struct txn *txn, const void *peer)
{
	hold_clear(txn, peer);
	outbox_touch(world.outbox, NULL);
}

static void what_is_held_is_not_signed_and_goes_on_when_released(void **state)
{
	(void)state;
	static const char *const whom[] = { HOLD_EVERYBODY, THEM };
	come_up(0);
	for (size_t i = 0; i < ARRAY_LEN(whom); i++) {
		batch(hold_all, whom[i]);
		say(1, URGENCY(EMERGENCY));
		settle();
		assert_int_equal(our_head().number, i);
		batch(release_all, whom[i]);
		settle();
		assert_int_equal(our_head().number, i + 1);
		assert_int_equal(world.n_sent, i + 1);
	}
}

/* ── older stores ─────────────────────────────────────────────────────────────────────────────── */

static void make_old(struct txn *txn, const void *what)
{
	struct said *said = (struct said *)what;
	write_said(txn, said);
	struct key lane = outbox_key_of_lane(THEM, LANE(ROUTINE)), old = key_of_peer(THEM), id = key_of_uuid(said->id);
	key_u64(&lane, txn_last(txn, "messages"));
	key_u64(&old, txn_last(txn, "messages"));
	assert_true(txn_delete(txn, TABLE_OUTBOX, key_span(&lane)));
	txn_put(txn, TABLE_OUTBOX, key_span(&old), key_span(&id));
}

static void what_waits_in_an_older_store_is_found(void **state)
{
	(void)state;
	struct said first = { .request = 1 }, second = { .request = 2 };
	batch(make_old, &first);
	batch(make_old, &second);
	outbox_close(world.outbox);
	assert_ok(outbox_open(world.store, world.us.identity, &world.outbox));
	come_up(0);
	settle();
	assert_order(&first, &second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_waits_together_leaves_in_one_manifest),
		TEST(the_more_urgent_goes_first),
		TEST(an_urgent_message_takes_its_predecessors_along),
		TEST(what_was_signed_already_is_not_pulled),
		TEST(routine_is_not_starved_by_a_flood_of_emergencies),
		TEST(a_large_routine_message_has_its_turn_too),
		TEST(the_share_of_the_lower_lanes_lets_nobody_overtake_within_a_request),
		TEST(little_is_signed_before_the_line_takes_it),
		TEST(nothing_is_signed_without_a_line),
		TEST(what_the_disk_did_not_take_waits_for_a_better_time),
		TEST(nothing_is_signed_at_a_time_that_the_certificate_does_not_cover),
		TEST(what_they_do_not_have_is_sent_again),
		TEST(what_is_held_is_not_signed_and_goes_on_when_released),
		TEST(what_waits_in_an_older_store_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
