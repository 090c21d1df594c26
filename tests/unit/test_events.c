/* The numbered log of events. */
#include "tests/unit/ledgers.h"

static uint64_t append(struct ledger *ledger, const char *type, const char *subject)
{
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	data.peer = "xs-ca";
	WRITING(ledger, txn);
	uint64_t number = events_append(&txn, type, subject, &data);
	assert_ok(ledger_end(&txn, OK));
	return number;
}

static void before_anything_happened_there_is_none(void **state)
{
	assert_int_equal(ledger_events(*state), 0);
	assert_null(ledger_event(*state, 0));
	assert_null(ledger_event(*state, 1));
}

static void numbers_are_dense_across_faults_and_restarts(void **state)
{
	struct ledger *ledger = *state;
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	for (uint64_t number = 1; number <= 5; number++) {
		WRITING(ledger, txn);
		assert_int_equal(events_append(&txn, EVENT_PEER_ALARM, NULL, &data), number);
		assert_fault(ledger_end(&txn, FAULT_STATUS_TRANSITION), FAULT_STATUS_TRANSITION);
		assert_null(ledger_event(ledger, number));
		assert_int_equal(append(ledger, EVENT_PEER_ADDED, "xs-ca"), number);
		ledger_reopen(ledger);
		assert_int_equal(ledger_events(ledger), number);
	}
	for (uint64_t number = 1; number <= 5; number++)
		assert_int_equal(ledger_event(ledger, number)->comityseq, number);
	assert_null(ledger_event(ledger, 6));
}

static void several_of_one_transaction_follow_one_another(void **state)
{
	struct ledger *ledger = *state;
	Comity__EventData data = COMITY__EVENT_DATA__INIT;
	WRITING(ledger, txn);
	assert_int_equal(events_append(&txn, EVENT_REQUEST_STATUS, "R", &data), 1);
	assert_int_equal(events_append(&txn, EVENT_MESSAGE_QUEUED, "R", &data), 2);
	assert_int_equal(events_last(&txn), 2);
	assert_ok(ledger_end(&txn, OK));
	assert_string_equal(ledger_event(ledger, 1)->type, EVENT_REQUEST_STATUS);
	assert_string_equal(ledger_event(ledger, 2)->type, EVENT_MESSAGE_QUEUED);
}

static void an_event_is_shown_in_the_form_of_cloudevents(void **state)
{
	struct ledger *ledger = *state;
	stamp_clock = clock_at_noon;
	append(ledger, EVENT_PEER_ADDED, "xs-ca");
	append(ledger, EVENT_PEER_VERIFIED, "xs-ca");
	stamp_clock = stamp_system_clock;
	const Comity__Event *event = ledger_event(ledger, 2);
	assert_string_equal(event->specversion, "1.0");
	assert_string_equal(event->id, "xf-ca/1/2");		/* authority, epoch, number */
	assert_string_equal(event->source, "comity:xf-ca");
	assert_string_equal(event->type, "comity.peer.verified.v1");
	assert_string_equal(event->subject, "xs-ca");
	assert_string_equal(event->time, "2026-11-23T12:00:00.000Z");
	assert_string_equal(event->datacontenttype, "application/json");
	assert_int_equal(event->comityseq, 2);
	assert_int_equal(event->comityepoch, 1);
	assert_string_equal(event->data->peer, "xs-ca");
}

static void numbers_that_are_given_again_are_of_another_epoch(void **state)
{
	struct ledger *ledger = *state;
	append(ledger, EVENT_PEER_ADDED, "xs-ca");
	append(ledger, EVENT_PEER_VERIFIED, "xs-ca");
	for (int i = 0; i < 2; i++) {
		WRITING(ledger, txn);
		events_begin_epoch(&txn);
		assert_ok(ledger_end(&txn, OK));
		append(ledger, EVENT_PEER_BLOCKED, "xs-ca");
	}
	assert_string_equal(ledger_event(ledger, 2)->id, "xf-ca/1/2");
	assert_string_equal(ledger_event(ledger, 3)->id, "xf-ca/2/3");
	assert_string_equal(ledger_event(ledger, 4)->id, "xf-ca/3/4");
	assert_int_equal(ledger_event(ledger, 4)->comityepoch, 3);
}

static void a_subject_may_be_missing(void **state)
{
	struct ledger *ledger = *state;
	append(ledger, EVENT_PEER_ADDED, NULL);
	assert_null(ledger_event(ledger, 1)->subject);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(before_anything_happened_there_is_none),
		LEDGER_TEST(numbers_are_dense_across_faults_and_restarts),
		LEDGER_TEST(several_of_one_transaction_follow_one_another),
		LEDGER_TEST(an_event_is_shown_in_the_form_of_cloudevents),
		LEDGER_TEST(numbers_that_are_given_again_are_of_another_epoch),
		LEDGER_TEST(a_subject_may_be_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
