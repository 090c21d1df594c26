/* What others may make us keep or hold in memory has an end. */
#include "tests/unit/ledgers.h"

#include "daemon/law/casework_parts.h"
#include "proto/unpack.h"

static enum fault apply_nothing(Comity__Case *kase, struct arena *arena)
{
	Comity__Message message = COMITY__MESSAGE__INIT;
	Comity__MessageState state = COMITY__MESSAGE_STATE__INIT;
	struct verdict verdict;
	return case_apply(kase, &message, &state, arena, &verdict);
}

static void a_case_does_not_outgrow_the_store(void **state)
{
	struct arena arena;
	char note[60000];
	(void)state;
	memset(note, 'x', sizeof note - 1);
	note[sizeof note - 1] = '\0';
	arena_init(&arena, 64 << 20);
	Comity__Case *kase = case_new(&arena, "01234567-89ab-7def-8123-456789abcdef", "xs-ca", COMITY__ROLE__VALUE__REQUESTED);
	assert_non_null(kase);
	for (int i = 0; i < CASE_SIZE_MAX / (int)sizeof note; i++) {
		Comity__StatusStep *step = arena_alloc(&arena, sizeof *step);
		comity__status_step__init(step);
		step->note = note;
		assert_ok(apply_nothing(kase, &arena));
		assert_true(record_append(&arena, &kase->n_history, &kase->history, &step, sizeof step));
	}
	kase->subject = note;
	assert_fault(apply_nothing(kase, &arena), FAULT_TOO_LARGE);
	arena_clear(&arena);
}

static void a_case_has_so_many_attachments_and_no_more(void **state)
{
	Comity__Case kase = COMITY__CASE__INIT;
	(void)state;
	kase.request_id = "01234567-89ab-7def-8123-456789abcdef";
	kase.attachments = CASE_ATTACHMENTS_MAX - 1;
	assert_ok(case_check_room(&kase, 1));
	assert_fault(case_check_room(&kase, 2), FAULT_TOO_LARGE);
	assert_fault(case_check_room(&kase, SIZE_MAX), FAULT_TOO_LARGE);
	kase.attachments = UINT32_MAX;
	assert_fault(case_check_room(&kase, 1), FAULT_TOO_LARGE);
}

static void a_long_list_costs_no_more_than_its_length(void **state)
{
	struct arena arena;
	size_t count = 0, *list = NULL;
	(void)state;
	arena_init(&arena, 4 << 20);
	for (size_t i = 0; i < 100000; i++)
		assert_true(record_push(&arena, &count, &list, &i, sizeof i));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(list[i], i);
	arena_clear(&arena);
}

static void what_the_budget_refused_is_not_forgotten(void **state)
{
	struct arena arena;
	struct bytes packed = { 0 };
	ProtobufCMessage *message;
	Comity__Token token = COMITY__TOKEN__INIT;
	(void)state;
	token.at = "2026-11-25T10:00:00.000Z";
	assert_ok(pack(&token.base, &packed));
	arena_init(&arena, 1 << 20);
	assert_null(arena_alloc(&arena, 2 << 20));
	assert_ok(unpack_own(&comity__token__descriptor, span_of(&packed), &arena, FAULT_STORE_BROKEN, &message));
	assert_true(arena.was_refused);
	arena_clear(&arena);
	assert_false(arena.was_refused);
	bytes_clear(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_case_does_not_outgrow_the_store),
		cmocka_unit_test(a_case_has_so_many_attachments_and_no_more),
		cmocka_unit_test(a_long_list_costs_no_more_than_its_length),
		cmocka_unit_test(what_the_budget_refused_is_not_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
