/* Their chain: what fits on it and what does not. */
#include "tests/unit/correspondence.h"

static void what_is_accepted_is_kept_to_the_letter(void **state)
{
	struct ledger *ledger = *state;
	struct said said[3] = { 0 };
	hear(ledger, said, 2);
	Comity__StoredManifest *kept = held(ledger, DIRECTION_THEIRS, 2);
	assert_true(span_equal(span_of_binary(kept->text), said[2].text));
	assert_true(span_is(span_of_binary(kept->signature), "signature"));
	assert_int_equal(kept->signer.data[0], 7);
	assert_int_equal(head_of(ledger, DIRECTION_THEIRS).number, 2);
	assert_int_equal(head_of(ledger, DIRECTION_OURS).number, 0);
}

static void what_we_hold_already_is_a_repeat(void **state)
{
	struct ledger *ledger = *state;
	struct said said[4] = { 0 };
	hear(ledger, said, 3);
	for (int number = 1; number <= 3; number++) {
		enum chain_fit fit = CHAIN_NEXT;
		assert_ok(judge(ledger, &said[number], &fit));
		assert_int_equal(fit, CHAIN_REPEAT);
	}
}

static void the_first_manifest_has_none_before_it(void **state)
{
	static const uint8_t something[DIGEST_SIZE] = { 1 };
	enum chain_fit fit;
	struct said said = say(*state, 1, something, "words");
	assert_fault(judge(*state, &said, &fit), FAULT_CHAIN_FORK);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct ledger *ledger = *state;
	struct said said[4] = { 0 };
	hear(ledger, said, 3);
	static const uint8_t zeros[DIGEST_SIZE];
	uint8_t head[DIGEST_SIZE];
	digest_of(head, said[3].text);
	const struct { const char *what; uint64_t number; const uint8_t *previous; const char *words; enum fault fault; } cases[] = {
		{ "one is missing",                5,          head,                       "words", FAULT_CHAIN_GAP },
		{ "many are missing",              1000000,    head,                       "words", FAULT_CHAIN_GAP },
		{ "another one before it",         4,          said[3].manifest.previous,  "words", FAULT_CHAIN_FORK },
		{ "none before it",                4,          zeros,                      "words", FAULT_CHAIN_FORK },
		{ "the last one said otherwise",   3,          said[3].manifest.previous,  "other", FAULT_CHAIN_FORK },
		{ "an earlier one said otherwise", 2,          said[2].manifest.previous,  "other", FAULT_CHAIN_FORK },
		{ "the first one said otherwise",  1,          zeros,                      "other", FAULT_CHAIN_FORK },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum chain_fit fit;
		struct said other = say(ledger, cases[i].number, cases[i].previous, cases[i].words);
		enum fault fault = judge(ledger, &other, &fit);
		if (fault != cases[i].fault)
			fail_msg("%s: %s", cases[i].what, fault_slug(fault));
	}
}

/* Both hashes are of the number that is spoken of, not of the head. */
static void a_fork_is_told_with_both_hashes_of_its_number(void **state)
{
	struct ledger *ledger = *state;
	struct said said[4] = { 0 };
	uint8_t hash[DIGEST_SIZE];
	char here[DIGEST_HEX_SIZE + 1], there[DIGEST_HEX_SIZE + 1];
	enum chain_fit fit;
	hear(ledger, said, 3);
	struct said other = say(ledger, 2, said[2].manifest.previous, "other");
	assert_fault(judge(ledger, &other, &fit), FAULT_CHAIN_FORK);
	digest_of(hash, said[2].text);
	hex_write(here, SPAN(hash));
	digest_of(hash, other.text);
	hex_write(there, SPAN(hash));
	here[16] = there[16] = 0;
	const char *detail = fault_detail(FAULT_CHAIN_FORK);
	assert_non_null(strstr(detail, "number 2"));
	assert_non_null(strstr(detail, here));
	assert_non_null(strstr(detail, there));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(what_is_accepted_is_kept_to_the_letter),
		LEDGER_TEST(what_we_hold_already_is_a_repeat),
		LEDGER_TEST(the_first_manifest_has_none_before_it),
		LEDGER_TEST(what_does_not_fit_is_refused),
		LEDGER_TEST(a_fork_is_told_with_both_hashes_of_its_number),
	};
	return cmocka_run_group_tests(tests, make_authorities, free_authorities);
}
