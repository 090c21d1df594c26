/* Summaries: what two sides say of one correspondence, held against one another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/desks/comparison_parts.h"

/* Ours: our chain, then theirs; and what the other side says when it holds the same. */
static const struct summary ours = { .sent = { 7, { 1 } }, .received = { 5, { 2 } }, .messages_sent = 4, .messages_received = 3 };

static struct summary theirs(void)
{
	return (struct summary){ .sent = ours.received, .received = ours.sent, .messages_sent = ours.messages_received,
		.messages_received = ours.messages_sent };
}

static void the_same_is_alike(void **state)
{
	(void)state;
	char difference[DIFFERENCE_SIZE];
	struct summary same = theirs(), nothing = { 0 };
	assert_int_equal(summaries_compare(&ours, &same, difference), ALIKE);
	assert_string_equal(difference, "");
	assert_int_equal(summaries_compare(&nothing, &nothing, difference), ALIKE);
}

static void spoil_our_hash(struct summary *one)     { one->received.hash[31] ^= 1; }
static void spoil_their_hash(struct summary *one)   { one->sent.hash[0] ^= 1; }
static void spoil_our_count(struct summary *one)    { one->messages_received++; }
static void spoil_their_count(struct summary *one)  { one->messages_sent--; }
static void move_ours(struct summary *one)          { one->received.number--; }
static void move_theirs(struct summary *one)        { one->sent.number++; }
static void move_and_spoil(struct summary *one)     { one->received.number--; one->sent.hash[0] ^= 1; }

static void what_differs_is_named(void **state)
{
	(void)state;
	static const struct {
		void (*spoil)(struct summary *one);
		enum likeness likeness;
		const char *words;
	} rows[] = {
		{ spoil_our_hash,    UNLIKE, "number 7 of our chain is another manifest here than there" },
		{ spoil_their_hash,  UNLIKE, "number 5 of their chain is another manifest here than there" },
		{ spoil_our_count,   UNLIKE, "of our messages 4 are here and 5 there" },
		{ spoil_their_count, UNLIKE, "of their messages 3 are here and 2 there" },
		{ move_ours,         MOVING, "our chain goes to 7 here and to 6 there" },
		{ move_theirs,       MOVING, "their chain goes to 5 here and to 6 there" },
		{ move_and_spoil,    UNLIKE, "number 5 of their chain is another manifest here than there" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char difference[DIFFERENCE_SIZE];
		struct summary one = theirs();
		rows[i].spoil(&one);
		assert_int_equal(summaries_compare(&ours, &one, difference), rows[i].likeness);
		assert_string_equal(difference, rows[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_alike),
		cmocka_unit_test(what_differs_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
