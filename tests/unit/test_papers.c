/* Nobody is surprised by an end. */
#include "certs/revocation.h"
#include "daemon/desks/papers.h"
#include "tests/unit/registries.h"

static const struct thresholds usual = { .seconds = { 30 * 86400, 14 * 86400, 7 * 86400, 2 * 86400 }, .count = 4 };

static struct {
	unsigned seen[PAPER_STATES], ours, theirs, lists;
} counted;

static void count(void *owner, const struct paper *paper)
{
	(void)owner;
	counted.seen[paper->state]++;
	counted.ours += paper->is_ours;
	counted.theirs += !paper->is_ours;
	counted.lists += paper->is_list;
}

static struct papers look(struct world *world, struct txn *txn, int64_t later)
{
	static char dir[128];
	snprintf(dir, sizeof dir, "%s/us", world->dir);
	memset(&counted, 0, sizeof counted);
	return (struct papers){ .txn = txn, .identity = world->us, .directory = dir, .thresholds = &usual,
		.now = now / STAMP_SECOND + later, .each = count };
}

static bool events_seen(struct world *world)
{
	struct txn txn;
	assert_int_equal(txn_begin(world->store, TXN_READ, &txn), OK);
	bool has_any = events_last(&txn) > 0;
	txn_abort(&txn);
	return has_any;
}

/* Warn by a clock that shows so many days later; how many events that made, of which type the last. */
static uint64_t warned(struct world *world, int days, const char **type)
{
	WITHIN(world, txn);
	struct papers papers = look(world, &txn, days * INT64_C(86400));
	uint64_t before = events_last(&txn);
	assert_int_equal(papers_warn(&papers), OK);
	uint64_t count_of = events_last(&txn) - before;
	assert_int_equal(txn_commit(&txn), OK);
	if (type)
		*type = events_seen(world) ? last_event(world)->type : "";
	return count_of;
}

static void walk_at(struct world *world, int days)
{
	WITHIN(world, txn);
	struct papers papers = look(world, &txn, days * INT64_C(86400));
	assert_int_equal(papers_walk(&papers), OK);
	txn_abort(&txn);
}

static void all_of_ours_and_of_verified_peers_are_seen(void **state)
{
	struct world *world = *state;
	walk_at(world, 0);
	assert_int_equal(counted.ours, ROLE_COUNT);
	assert_int_equal(counted.theirs, 0);
	assert_int_equal(add(world, card_of(world, world->them, 1)), OK);
	walk_at(world, 0);
	assert_int_equal(counted.theirs, 0);			/* unverified: nothing rests on it */
	make_verified(world);
	walk_at(world, 70);
	assert_int_equal(counted.theirs, ROLE_COUNT);
	assert_int_equal(counted.seen[PAPER_ENDING], 2);	/* both channels live 90 days */
	assert_int_equal(counted.seen[PAPER_GOOD], 2 * ROLE_COUNT - 2);
}

static void each_threshold_is_told_once(void **state)
{
	struct world *world = *state;
	const char *type;
	static const struct { int day; unsigned events; } days[] = {
		{ 0, 0 }, { 59, 0 }, { 60, 1 }, { 60, 0 }, { 75, 0 }, { 76, 1 }, { 80, 0 }, { 83, 1 }, { 88, 1 }, { 89, 0 }, { 90, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(days); i++)
		assert_int_equal(warned(world, days[i].day, &type), days[i].events);
	assert_string_equal(type, EVENT_CERTIFICATE_ENDING);
	Comity__Event *event = last_event(world);
	assert_string_equal(event->data->role, "channel");
	assert_non_null(strstr(event->data->text, "our channel certificate ends in 2 days"));
	assert_int_equal(warned(world, 91, &type), 1);
	assert_string_equal(type, EVENT_CERTIFICATE_EXPIRED);
	assert_int_equal(warned(world, 92, NULL), 0);
}

/* Whoever was off for long hears the nearest only. */
static void thresholds_that_passed_together_are_told_as_one(void **state)
{
	struct world *world = *state;
	make_verified(world);
	assert_int_equal(warned(world, 85, NULL), 2);
	assert_int_equal(warned(world, 86, NULL), 0);
	assert_int_equal(warned(world, 88, NULL), 2);
}

static void what_a_wrong_clock_told_is_told_again_in_its_time(void **state)
{
	struct world *world = *state;
	assert_int_equal(warned(world, 91, NULL), 1);
	assert_int_equal(warned(world, 1, NULL), 0);
	assert_int_equal(warned(world, 60, NULL), 1);
	assert_int_equal(warned(world, 91, NULL), 1);
}

static void a_list_that_is_not_renewed_is_told_once(void **state)
{
	struct world *world = *state;
	char dir[128];
	unsigned issued;
	snprintf(dir, sizeof dir, "%s/us", world->dir);
	assert_int_equal(revocation_refresh(dir, now / STAMP_SECOND, NULL, &issued), OK);
	assert_int_equal(warned(world, 30, NULL), 0);
	assert_int_equal(warned(world, 31, NULL), 1);
	Comity__Event *event = last_event(world);
	assert_string_equal(event->type, EVENT_REVOCATIONS_STALE);
	assert_string_equal(event->data->role, "delegation");
	assert_non_null(strstr(event->data->text, "our delegation revocation list should have been renewed"));
	assert_int_equal(warned(world, 32, NULL), 0);
}

static void what_is_revoked_is_shown_so_and_not_warned_of(void **state)
{
	struct world *world = *state;
	char dir[128];
	struct certificate_facts facts;
	snprintf(dir, sizeof dir, "%s/us", world->dir);
	assert_int_equal(certificate_read(identity_certificate(world->us, ROLE_CHANNEL), &facts), OK);
	struct revocation_order order = { .issuer = ROLE_DELEGATION, .serial = facts.serial, .now = now / STAMP_SECOND };
	assert_int_equal(revocation_enter(dir, &order), OK);
	walk_at(world, 0);
	assert_int_equal(counted.seen[PAPER_REVOKED], 1);
	assert_int_equal(counted.lists, 1);
	assert_int_equal(warned(world, 20, NULL), 0);
	assert_int_equal(warned(world, 91, NULL), 1);		/* its list, and not the certificate */
	assert_string_equal(last_event(world)->type, EVENT_REVOCATIONS_STALE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_of_ours_and_of_verified_peers_are_seen),
		TEST(each_threshold_is_told_once),
		TEST(thresholds_that_passed_together_are_told_as_one),
		TEST(what_a_wrong_clock_told_is_told_again_in_its_time),
		TEST(a_list_that_is_not_renewed_is_told_once),
		TEST(what_is_revoked_is_shown_so_and_not_warned_of),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
