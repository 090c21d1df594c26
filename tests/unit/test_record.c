/* Records of the ledger, and the keys that several rooms use. */
#include "tests/unit/ledgers.h"

static const char id[] = "019aafd8-1c2e-7000-8000-0123456789ab";

static void keep(struct ledger *ledger, const char *peer, const char *card)
{
	Comity__Peer peer_record = COMITY__PEER__INIT;
	struct key key = key_of_peer(peer);
	peer_record.authority = (char *)peer;
	peer_record.card = (char *)card;
	WRITING(ledger, txn);
	record_keep(&txn, TABLE_PEERS, key_span(&key), &peer_record.base);
	assert_ok(ledger_end(&txn, OK));
}

static void what_is_kept_is_found_small_or_large(void **state)
{
	static const size_t sizes[] = { 0, 1, 2000, 2030, 2048, 2100, 1 << 20 };
	struct ledger *ledger = *state;
	char *card = malloc((1 << 20) + 1);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		memset(card, 'c', sizes[i]);
		card[sizes[i]] = 0;
		keep(ledger, "xs-ca", card);
		struct key key = key_of_peer("xs-ca");
		READING(ledger, txn);
		const Comity__Peer *found =
			record_find(&txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, &ledger->arena);
		txn_abort(&txn);
		assert_string_equal(found->authority, "xs-ca");
		assert_string_equal(found->card, card);		/* and it outlives its transaction */
	}
	free(card);
}

static void what_is_not_there_is_no_fault(void **state)
{
	struct ledger *ledger = *state;
	struct key key = key_of_peer("xs-ca");
	READING(ledger, txn);
	assert_null(record_find(&txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, &ledger->arena));
	assert_int_equal(txn.fault, OK);
	txn_abort(&txn);
}

static void what_is_no_record_is_a_broken_store(void **state)
{
	struct ledger *ledger = *state;
	struct key key = key_of_peer("xs-ca");
	WRITING(ledger, txn);
	txn_put(&txn, TABLE_PEERS, key_span(&key), span_of_text("\x0a\x7f" "cut short"));
	assert_null(record_find(&txn, TABLE_PEERS, key_span(&key), &comity__peer__descriptor, &ledger->arena));
	assert_int_equal(txn.fault, FAULT_STORE_BROKEN);
	txn_abort(&txn);
}

static void keys_sort_by_their_parts(void **state)
{
	(void)state;
	static const uint8_t digest[DIGEST_SIZE] = { 9 };
	struct key uuid = key_of_uuid(id), message = key_of_message("xs-ca", id), blob = key_of_blob(id, SPAN(digest));
	struct key second = key_of_number(id, 2), tenth = key_of_number(id, 10), large = key_of_number(id, 0x01000000);
	assert_int_equal(uuid.len, 16);
	assert_memory_equal(message.at, "xs-ca\0", 6);
	assert_memory_equal(message.at + 6, uuid.at, 16);
	assert_int_equal(message.len, 22);
	assert_int_equal(blob.len, 16 + DIGEST_SIZE);
	assert_memory_equal(second.at, uuid.at, 16);
	assert_int_equal(second.len, 20);
	assert_true(memcmp(second.at, tenth.at, 20) < 0 && memcmp(tenth.at, large.at, 20) < 0);
}

static void what_is_no_uuid_makes_no_key(void **state)
{
	(void)state;
	static const char *const wrong[] = { NULL, "", "MLA-1", "019AAFD8-1C2E-7000-8000-0123456789AB", "019aafd81c2e700080000123456789ab",
		"019aafd8-1c2e-7000-8000-0123456789a", "019aafd8-1c2e-7000-8000-0123456789ab0", "../../../../../../../etc/passwd-----" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(key_of_uuid(wrong[i]).len, 0);
}

static void copies_last_as_long_as_their_arena(void **state)
{
	struct ledger *ledger = *state;
	char text[] = "text";
	uint8_t bytes[] = { 1, 2, 3 };
	char *copy = record_text(&ledger->arena, text);
	ProtobufCBinaryData data = record_bytes(&ledger->arena, SPAN(bytes));
	text[0] = 'n';
	bytes[0] = 9;
	assert_string_equal(copy, "text");
	assert_int_equal(data.len, 3);
	assert_int_equal(data.data[0], 1);
	assert_null(record_text(&ledger->arena, NULL));
	assert_non_null(record_bytes(&ledger->arena, (struct span){ 0 }).data);
}

static void a_spent_budget_gives_nothing_and_breaks_nothing(void **state)
{
	(void)state;
	struct arena arena;
	size_t count = 0;
	char **list = NULL, *element = "element";
	arena_init(&arena, 100);
	assert_null(record_text(&arena, "a text that is longer than a hundred bytes, so that the budget of this arena, which is small, is spent at once"));
	while (record_append(&arena, &count, &list, &element, sizeof element))
		;
	assert_true(count > 0 && count < 10);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(list[i], element);		/* what was there stays */
	assert_int_equal(arena_fault(&arena), FAULT_TOO_LARGE);
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(what_is_kept_is_found_small_or_large),
		LEDGER_TEST(what_is_not_there_is_no_fault),
		LEDGER_TEST(what_is_no_record_is_a_broken_store),
		LEDGER_TEST(keys_sort_by_their_parts),
		LEDGER_TEST(what_is_no_uuid_makes_no_key),
		LEDGER_TEST(copies_last_as_long_as_their_arena),
		LEDGER_TEST(a_spent_budget_gives_nothing_and_breaks_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
