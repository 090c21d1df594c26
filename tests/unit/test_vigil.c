/* What the daemon says of deadlines by itself. */
#include "tests/unit/ledgers.h"

#include "daemon/desks/vigil.h"

/* An acknowledged request of ours whose execution is owed to us by yesterday. */
static void open_overdue(struct ledger *ledger)
{
	static const char id[] = "019aafd8-1c2e-7000-8000-000000000001";
	Comity__Due due = COMITY__DUE__INIT, *dues = &due;
	Comity__Case kase = COMITY__CASE__INIT;
	struct key key = key_of_uuid(id);
	due.has_kind = due.has_side = 1;
	due.kind = COMITY__DUE_KIND__VALUE__EXECUTION;
	due.side = COMITY__ROLE__VALUE__REQUESTED;
	due.by = "2026-11-20";
	due.message_id = (char *)id;
	kase.request_id = (char *)id;
	kase.peer = kase.requested_authority = "xs-ca";
	kase.requesting_authority = "xf-ca";
	kase.requesting_reference = "XF-CA-2026-000001";
	kase.has_role = kase.has_status = 1;
	kase.role = COMITY__ROLE__VALUE__REQUESTING;
	kase.status = COMITY__REQUEST_STATUS__VALUE__ACKNOWLEDGED;
	kase.n_dues = 1;
	kase.dues = &dues;
	WRITING(ledger, txn);
	record_keep(&txn, TABLE_CASES, key_span(&key), &kase.base);
	assert_ok(ledger_end(&txn, OK));
}

static void know_peer(struct ledger *ledger)
{
	Comity__Peer peer = COMITY__PEER__INIT;
	struct key key = key_of_peer("xs-ca"), comeback = key_of_comeback("xs-ca");
	peer.authority = "xs-ca";
	peer.has_standing = 1;
	peer.standing = COMITY__STANDING__VALUE__VERIFIED;
	WRITING(ledger, txn);
	record_keep(&txn, TABLE_PEERS, key_span(&key), &peer.base);
	txn_put(&txn, TABLE_CORRESPONDENCES, key_span(&comeback), (struct span){ 0 });
	assert_ok(ledger_end(&txn, OK));
}

/* A reminder cannot be said to whom our past is still being fetched back from.  The round goes on all the same. */
static void deadlines_are_told_while_a_past_is_fetched_back(void **state)
{
	struct ledger *ledger = *state;
	struct vigil *vigil;
	struct casework casework = { .own_id = "xf-ca", .reference_pattern = "{authority}-{year}-{number}" };
	struct vigil_rooms rooms = { .casework = &casework, .silence_ms = -1, .remind_ms = 1000, .deadlines = { .seconds = { 86400 }, .count = 1 } };
	stamp_clock = clock_at_noon;
	open_overdue(ledger);
	know_peer(ledger);
	assert_ok(vigil_open(&rooms, &vigil));
	WRITING(ledger, txn);
	vigil_look(vigil, &txn, clock_at_noon());
	assert_ok(ledger_end(&txn, OK));
	const Comity__Event *event = ledger_event(ledger, 1);
	assert_non_null(event);
	assert_string_equal(event->type, EVENT_REQUEST_DEADLINE);
	vigil_close(vigil);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(deadlines_are_told_while_a_past_is_fetched_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
