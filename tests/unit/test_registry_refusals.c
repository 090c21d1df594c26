/* Lines that did not come about: what is kept of them, and what a flood of them costs. */
#include "tests/unit/registries.h"

static void refuse(struct world *world, enum line_proof proof, enum fault fault, const char *address)
{
	registry_refused(world->registry, "xs-ca", proof, address, fault, NULL);
}

static Comity__Peer *after(struct world *world, int64_t seconds)
{
	now += seconds * STAMP_SECOND;
	registry_write_refusals(world->registry);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	return find(world, "xs-ca");
}

static void refused_lines_are_counted_and_written_once_in_a_while(void **state)
{
	struct world *world = *state;
	make_verified(world);
	for (int i = 0; i < 100; i++)
		refuse(world, LINE_PROVEN, FAULT_TLS, "192.0.2.1:7443");
	Comity__Peer *peer = after(world, 0);
	assert_int_equal(peer->n_refusals, 1);
	assert_int_equal(peer->refusals[0]->count, 1);
	refuse(world, LINE_PROVEN, FAULT_TLS, "192.0.2.2:7443");
	registry_refused(world->registry, "a-stranger", LINE_PROVEN, "192.0.2.1:7443", FAULT_TLS, NULL);
	peer = after(world, 6);
	assert_int_equal(peer->n_refusals, 1);
	assert_int_equal(peer->refusals[0]->count, 101);
	assert_string_equal(peer->refusals[0]->reason, "tls");
	assert_string_equal(peer->refusals[0]->address, "192.0.2.2:7443");
	assert_false(peer->refusals[0]->claimed);
	registry_opened(world->registry, "xs-ca");
	assert_int_equal(after(world, 0)->n_refusals, 0);
}

static void a_later_reason_does_not_hide_an_earlier_one(void **state)
{
	struct world *world = *state;
	make_verified(world);
	refuse(world, LINE_PROVEN, FAULT_CERT_EXPIRED, "192.0.2.1:1");
	assert_int_equal(after(world, 1)->n_refusals, 1);
	refuse(world, LINE_PROVEN, FAULT_GOODBYE, "192.0.2.1:2");
	Comity__Peer *peer = after(world, 1);
	assert_int_equal(peer->n_refusals, 2);
	assert_string_equal(peer->refusals[0]->reason, fault_slug(FAULT_GOODBYE));
	assert_string_equal(peer->refusals[1]->reason, "cert-expired");
	refuse(world, LINE_PROVEN, FAULT_CERT_EXPIRED, "192.0.2.1:3");
	peer = after(world, 6);
	assert_string_equal(peer->refusals[0]->reason, "cert-expired");
	assert_int_equal(peer->refusals[0]->count, 2);
	assert_string_not_equal(peer->refusals[0]->first_at, peer->refusals[0]->refused_at);
}

static void what_is_claimed_is_kept_apart_and_drives_nothing_out(void **state)
{
	struct world *world = *state;
	make_verified(world);
	refuse(world, LINE_PROVEN, FAULT_CERT_EXPIRED, "192.0.2.1:1");
	refuse(world, LINE_CLAIMED, FAULT_CERT_EXPIRED, "198.51.100.1:1");
	for (enum fault fault = OK + 1; fault < FAULT_COUNT; fault++) {
		refuse(world, LINE_CLAIMED, fault, "198.51.100.1:2");
		after(world, 6);
	}
	Comity__Peer *peer = find(world, "xs-ca");
	size_t claims = 0;
	for (size_t i = 0; i < peer->n_refusals; i++)
		claims += peer->refusals[i]->claimed != 0;
	assert_int_equal(claims, REFUSALS_KEPT);
	assert_int_equal(peer->n_refusals, REFUSALS_KEPT + 1);
	Comity__Refusal *own = peer->refusals[REFUSALS_KEPT];
	assert_string_equal(own->reason, "cert-expired");
	assert_string_equal(own->address, "192.0.2.1:1");
	registry_opened(world->registry, "xs-ca");
	assert_int_equal(after(world, 0)->n_refusals, REFUSALS_KEPT);
}

static void what_is_about_a_message_outlives_the_lines(void **state)
{
	struct world *world = *state;
	make_verified(world);
	refuse(world, LINE_PROVEN, FAULT_ID_REUSED, "");
	refuse(world, LINE_PROVEN, FAULT_TLS, "192.0.2.1:1");
	assert_int_equal(after(world, 1)->n_refusals, 2);
	refuse(world, LINE_PROVEN, FAULT_ID_REUSED, "");		/* not written yet when the line opens */
	registry_opened(world->registry, "xs-ca");
	Comity__Peer *peer = after(world, 6);
	assert_int_equal(peer->n_refusals, 1);
	assert_string_equal(peer->refusals[0]->reason, "id-reused");
	assert_int_equal(peer->refusals[0]->count, 2);
}

static void a_flood_of_refused_lines_is_no_flood_of_commits(void **state)
{
	struct world *world = *state;
	make_verified(world);
	uint64_t before = scribe_stat(world->scribe).commits;
	for (int second = 0; second < 60; second++) {
		for (int i = 0; i < 1000; i++) {
			refuse(world, LINE_CLAIMED, FAULT_STRANGER, "198.51.100.1:1");
			refuse(world, LINE_PROVEN, FAULT_TLS, "192.0.2.1:1");
			registry_opened(world->registry, "xs-ca");
		}
		after(world, 1);
	}
	uint64_t commits = scribe_stat(world->scribe).commits - before;
	assert_in_range(commits, 1, 60 / 5 * 3 + 3);	/* the claim, the refusal, the forgetting */
	Comity__Peer *peer = after(world, 6);
	for (size_t i = 0; i < peer->n_refusals; i++)
		if (peer->refusals[i]->claimed)
			assert_int_equal(peer->refusals[i]->count, 60000);
}

static enum fault leave_an_old_record(struct world *world)
{
	WITHIN(world, txn);
	Comity__Peer *peer = NULL;
	Comity__Refusal old = COMITY__REFUSAL__INIT;
	enum fault fault = registry_find(&txn, "xs-ca", &world->arena, &peer);
	old.reason = "tls";
	old.has_count = 1;
	old.count = 7;
	old.refused_at = "2026-11-01T10:00:00.000Z";
	if (!fault) {
		peer->refusal = &old;
		struct key key = key_of_peer("xs-ca");
		record_keep(&txn, TABLE_PEERS, key_span(&key), &peer->base);
	}
	txn_fail(&txn, fault);
	return txn_commit(&txn);
}

static void what_an_older_daemon_noted_goes_on(void **state)
{
	struct world *world = *state;
	make_verified(world);
	assert_int_equal(leave_an_old_record(world), OK);
	assert_int_equal(find(world, "xs-ca")->refusal->count, 7);
	refuse(world, LINE_PROVEN, FAULT_TLS, "192.0.2.1:1");
	Comity__Peer *peer = after(world, 0);
	assert_null(peer->refusal);
	assert_int_equal(peer->n_refusals, 1);
	assert_int_equal(peer->refusals[0]->count, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refused_lines_are_counted_and_written_once_in_a_while),
		TEST(a_later_reason_does_not_hide_an_earlier_one),
		TEST(what_is_claimed_is_kept_apart_and_drives_nothing_out),
		TEST(what_is_about_a_message_outlives_the_lines),
		TEST(a_flood_of_refused_lines_is_no_flood_of_commits),
		TEST(what_an_older_daemon_noted_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
