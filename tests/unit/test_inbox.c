/* What arrives and is good: kept once, receipted in the same transaction, confirmed when it is on disk. */
#include "tests/unit/arrivals.h"

static void a_dispatch_is_kept_receipted_and_confirmed(void **state)
{
	struct world *world = *state;
	const char *ids[] = { one, two };
	struct span messages[] = { message_of(world, "xs-ca", "xf-ca", one, "first"), message_of(world, "xs-ca", "xf-ca", two, "second") };
	struct bundle bundle = bundle_of(world, "xf-ca", messages, ids, 2);
	take_in(world, &bundle);
	assert_true(is_kept(world, "xs-ca", one, messages[0]) && is_kept(world, "xs-ca", two, messages[1]));
	assert_int_equal(seen(world, "xs-ca", one)->transport, COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE);
	assert_int_equal(seen(world, "xs-ca", one)->manifest, 1);
	assert_int_equal(seen(world, "xs-ca", one)->receipt, 1);
	assert_int_equal(world->link->confirms, 1);
	assert_int_equal(world->link->confirmed.number, 1);
	assert_int_equal(world->kept, 1);
	assert_int_equal(world->broken, 0);
	assert_int_equal(head_of(&world->ours, DIRECTION_THEIRS).number, 1);

	struct manifest receipt = receipt_of(world, 1);
	assert_string_equal(receipt.to, "xs-ca");
	assert_int_equal(receipt.count, 2);
	for (size_t i = 0; i < 2; i++) {
		uint8_t digest[DIGEST_SIZE];
		digest_of(digest, messages[i]);
		assert_memory_equal(receipt.entries[i].sha256, digest, DIGEST_SIZE);
		assert_string_equal(receipt.entries[i].message_id, ids[i]);
		assert_null(receipt.entries[i].refused);
	}
	assert_int_equal(ledger_events(&world->ours), 2);
	assert_string_equal(ledger_event(&world->ours, 2)->type, EVENT_INBOX_ARRIVED);
	assert_string_equal(ledger_event(&world->ours, 2)->data->message_id, two);
}

static void a_repeat_is_confirmed_again_and_nothing_is_done_twice(void **state)
{
	struct world *world = *state;
	struct bundle bundle = say_one(world, one, "words");
	for (unsigned times = 1; times <= 3; times++) {
		take_in(world, &bundle);
		assert_int_equal(world->link->confirms, times);
		assert_int_equal(world->link->confirmed.number, 1);
		assert_int_equal(world->arrived, 1);
		assert_int_equal(ledger_events(&world->ours), 1);
		assert_int_equal(head_of(&world->ours, DIRECTION_OURS).number, 1);
	}
}

/* As after a restore of theirs: the message comes in another manifest. */
static void the_same_message_again_is_receipted_again_and_not_done_again(void **state)
{
	struct world *world = *state;
	struct bundle first = say_one(world, one, "words"), again = say_one(world, one, "words");
	take_in(world, &first);
	take_in(world, &again);
	assert_int_equal(world->arrived, 1);
	assert_int_equal(ledger_events(&world->ours), 1);
	assert_null(receipt_of(world, 2).entries[0].refused);
	assert_string_equal(receipt_of(world, 2).entries[0].message_id, one);
	assert_int_equal(world->link->confirmed.number, 2);
}

static void another_message_under_a_used_id_is_refused_and_reported(void **state)
{
	struct world *world = *state;
	struct span good = message_of(world, "xs-ca", "xf-ca", one, "words");
	struct bundle first = say_one(world, one, "words"), other = say_one(world, one, "other words");
	take_in(world, &first);
	take_in(world, &other);
	assert_true(is_kept(world, "xs-ca", one, good));
	assert_string_equal(receipt_of(world, 2).entries[0].refused, "id-reused");
	assert_int_equal(world->arrived, 1);
	assert_int_equal(seen(world, "xs-ca", one)->transport, COMITY__TRANSPORT__VALUE__ARRIVED_COMPLETE);
	const Comity__Event *event = ledger_event(&world->ours, 2);
	assert_string_equal(event->type, EVENT_INBOX_REJECTED);
	assert_string_equal(event->data->reason, "id-reused");
	assert_int_equal(world->broken, 0);
}

static void two_senders_may_use_the_same_id(void **state)
{
	struct world *world = *state;
	Comity__MessageState other = COMITY__MESSAGE_STATE__INIT;
	struct key key = key_of_message("xm-ca", one);
	other.message_id = one;
	other.from = "xm-ca";
	other.has_sha256 = 1;
	other.sha256 = (ProtobufCBinaryData){ 5, (uint8_t *)"other" };
	WRITING(&world->ours, txn);
	record_keep(&txn, TABLE_SEEN, key_span(&key), &other.base);
	assert_ok(ledger_end(&txn, OK));
	struct bundle bundle = say_one(world, one, "words");
	take_in(world, &bundle);
	assert_int_equal(world->arrived, 1);
	assert_null(receipt_of(world, 1).entries[0].refused);
	assert_int_equal(seen(world, "xm-ca", one)->sha256.len, 5);
}

static void a_receipt_is_never_receipted(void **state)
{
	struct world *world = *state;
	struct manifest_entry entry = entry_of("words");
	struct bundle bundle = { 0 };
	for (enum purpose purpose = PURPOSE_RECEIPT; purpose <= PURPOSE_COMPLETE; purpose++) {
		WRITING(&world->theirs, txn);
		uint64_t number = chain_append(&txn, sylvania.identity, "xf-ca", purpose, &entry, 1);
		const Comity__StoredManifest *said = chain_find(&txn, "xf-ca", DIRECTION_OURS, number, &world->theirs.arena);
		bundle.manifest.text = span_of_binary(said->text);
		bundle.manifest.signature = span_of_binary(said->signature);
		assert_ok(ledger_end(&txn, OK));
		take_in(world, &bundle);
		assert_int_equal(world->receipted, number);
		assert_int_equal(world->link->confirmed.number, number);
	}
	take_in(world, &bundle);		/* a repeat is not told again */
	assert_int_equal(world->receipted, 2);
	assert_int_equal(head_of(&world->ours, DIRECTION_OURS).number, 0);
}

/* ── the quota ────────────────────────────────────────────────────────────────────────────────── */

static char three[] = "019aafd8-1c2e-7000-8000-000000000003";

static void beyond_the_quota_a_dispatch_ends_its_line_and_comes_again(void **state)
{
	struct world *world = *state;
	inbox_set_quota(world->inbox, 2);
	struct bundle first = say_one(world, one, "words"), second = say_one(world, two, "words"), third = say_one(world, three, "words");
	take_in(world, &first);
	take_in(world, &second);
	take_in(world, &second);		/* a repeat is none more */
	assert_int_equal(world->broken, 0);
	for (unsigned times = 1; times <= 2; times++) {
		take_in(world, &third);
		assert_int_equal(world->link->closed_why, FAULT_MESSAGE_QUOTA);
		assert_int_equal(world->broken, times);
		assert_int_equal(head_of(&world->ours, DIRECTION_THEIRS).number, 2);
		assert_int_equal(head_of(&world->ours, DIRECTION_OURS).number, 2);
		assert_int_equal(ledger_events(&world->ours), 3);
	}
	assert_string_equal(ledger_event(&world->ours, 3)->type, EVENT_PEER_OVER_QUOTA);
	inbox_set_quota(world->inbox, 3);
	take_in(world, &third);
	assert_int_equal(head_of(&world->ours, DIRECTION_THEIRS).number, 3);
	assert_int_equal(world->arrived, 3);
	assert_string_equal(ledger_event(&world->ours, 4)->type, EVENT_PEER_IN_QUOTA);
}

static void a_manifest_that_reaches_the_quota_is_kept_whole(void **state)
{
	struct world *world = *state;
	const char *ids[] = { one, two };
	struct span messages[] = { message_of(world, "xs-ca", "xf-ca", one, "first"), message_of(world, "xs-ca", "xf-ca", two, "second") };
	inbox_set_quota(world->inbox, 1);
	struct bundle both = bundle_of(world, "xf-ca", messages, ids, 2), third = say_one(world, three, "words");
	take_in(world, &both);
	assert_int_equal(world->arrived, 2);
	take_in(world, &third);
	assert_int_equal(world->arrived, 2);
}

static void receipts_are_heard_beyond_the_quota(void **state)
{
	struct world *world = *state;
	struct manifest_entry entry = entry_of("words");
	struct bundle first = say_one(world, one, "words"), receipt = { 0 };
	inbox_set_quota(world->inbox, 1);
	take_in(world, &first);
	WRITING(&world->theirs, txn);
	uint64_t number = chain_append(&txn, sylvania.identity, "xf-ca", PURPOSE_RECEIPT, &entry, 1);
	const Comity__StoredManifest *said = chain_find(&txn, "xf-ca", DIRECTION_OURS, number, &world->theirs.arena);
	assert_non_null(said);
	receipt.manifest.text = span_of_binary(said->text);
	receipt.manifest.signature = span_of_binary(said->signature);
	assert_ok(ledger_end(&txn, OK));
	take_in(world, &receipt);
	assert_int_equal(world->receipted, 1);
	assert_int_equal(world->broken, 0);
}

/* ── the line and the window ──────────────────────────────────────────────────────────────────── */

static void what_is_heard_while_the_line_goes_is_kept_and_confirmed_on_the_next(void **state)
{
	struct world *world = *state;
	struct bundle bundle = say_one(world, one, "words");
	hear_only(world, &bundle);
	fake_link_free(world->link);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(head_of(&world->ours, DIRECTION_THEIRS).number, 1);
	assert_int_equal(world->kept, 0);
	world->link = fake_link_open(8, "xs-ca");
	take_in(world, &bundle);
	assert_int_equal(world->link->confirmed.number, 1);
	assert_int_equal(world->arrived, 1);
}

static void a_line_is_not_heard_while_too_much_waits(void **state)
{
	enum { WINDOW = 16 };
	struct world *world = *state;
	struct bundle bundles[WINDOW];
	for (int i = 0; i < WINDOW; i++) {
		char id[UUID_TEXT_SIZE];
		uuid_new(id);
		bundles[i] = say_one(world, id, "words");
	}
	for (int i = 0; i < WINDOW; i++) {
		assert_false(world->link->is_paused);
		hear_only(world, &bundles[i]);
	}
	assert_true(world->link->is_paused);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_false(world->link->is_paused);
	assert_int_equal(world->arrived, WINDOW);
	assert_int_equal(world->link->confirmed.number, WINDOW);
}

static void a_few_large_messages_stop_a_line_like_many_small_ones(void **state)
{
	enum { COUNT = 5, SIZE = 900 << 10 };
	struct world *world = *state;
	struct bundle bundles[COUNT];
	char *text = malloc(SIZE + 1);
	memset(text, 'w', SIZE);
	text[SIZE] = 0;
	for (int i = 0; i < COUNT; i++) {
		char id[UUID_TEXT_SIZE];
		uuid_new(id);
		bundles[i] = say_one(world, id, text);
	}
	for (int i = 0; i < COUNT; i++) {
		assert_false(world->link->is_paused);
		hear_only(world, &bundles[i]);
	}
	assert_true(world->link->is_paused);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_false(world->link->is_paused);
	assert_int_equal(world->link->confirmed.number, COUNT);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_dispatch_is_kept_receipted_and_confirmed),
		WORLD_TEST(a_repeat_is_confirmed_again_and_nothing_is_done_twice),
		WORLD_TEST(the_same_message_again_is_receipted_again_and_not_done_again),
		WORLD_TEST(another_message_under_a_used_id_is_refused_and_reported),
		WORLD_TEST(two_senders_may_use_the_same_id),
		WORLD_TEST(a_receipt_is_never_receipted),
		WORLD_TEST(beyond_the_quota_a_dispatch_ends_its_line_and_comes_again),
		WORLD_TEST(a_manifest_that_reaches_the_quota_is_kept_whole),
		WORLD_TEST(receipts_are_heard_beyond_the_quota),
		WORLD_TEST(what_is_heard_while_the_line_goes_is_kept_and_confirmed_on_the_next),
		WORLD_TEST(a_line_is_not_heard_while_too_much_waits),
		WORLD_TEST(a_few_large_messages_stop_a_line_like_many_small_ones),
	};
	return cmocka_run_group_tests(tests, make_authorities, free_authorities);
}
