/* Certificates of destructions: one form only, and every departure from it is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/destroyed.h"

#define HASH "3f8c000000000000000000000000000000000000000000000000000000000001"
#define ID   "0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e01"
#define HEAD "# comity-destruction 1\n# authority: xf-ca\n# request: " ID "\n# requesting-reference: FRD-CA/2026/0412\n" \
	"# requested-reference: \n# at: 2026-11-23T10:12:03.412Z\n# by: uid 1000\n# reason: returned on request\n"

static enum fault read(const char *text, struct arena *arena, struct destroyed *destroyed)
{
	arena_init(arena, 1 << 20);
	return destroyed_read(span_of_text(text), arena, destroyed);
}

static void what_is_written_is_read_to_the_letter(void **state)
{
	static const char text[] = HEAD HASH "  " ID "\n" HASH "  " ID "\n";
	struct arena arena;
	struct destroyed destroyed;
	struct bytes again = { 0 };
	(void)state;
	assert_int_equal(read(text, &arena, &destroyed), OK);
	assert_string_equal(destroyed.authority, "xf-ca");
	assert_string_equal(destroyed.request_id, ID);
	assert_string_equal(destroyed.requesting_reference, "FRD-CA/2026/0412");
	assert_string_equal(destroyed.requested_reference, "");
	assert_string_equal(destroyed.reason, "returned on request");
	assert_int_equal(destroyed.uid, 1000);
	assert_int_equal(destroyed.count, 2);
	assert_int_equal(destroyed_begin(&again, &destroyed), OK);
	for (size_t i = 0; i < destroyed.count; i++)
		assert_int_equal(destroyed_add(&again, &destroyed.messages[i]), OK);
	assert_string_equal(bytes_text(&again), text);
	bytes_clear(&again);
	arena_clear(&arena);
}

/* Each with the line that is named. */
static void every_departure_is_refused(void **state)
{
	static const struct { const char *from, *to; const char *where; } cases[] = {
		{ "comity-destruction 1", "comity-destruction 2", "line 1" },
		{ "comity-destruction 1", "comity-manifest 1", "line 1" },
		{ "authority: xf-ca", "authority: ", "line 2" },
		{ "authority: xf-ca", "authority: xf-ca-the-authority-of-a-very-long-name", "line 2" },
		{ "request: 0", "request: x", "line 3" },
		{ "requesting-reference: FRD", "requesting-reference: \033FRD", "line 4" },
		{ "requesting-reference", "requested-reference", "line 4" },
		{ ".412Z", "Z", "line 6" },
		{ "03.412Z", "03.412+00:00", "line 6" },
		{ "uid 1000", "uid", "line 7" },
		{ "uid 1000", "1000", "line 7" },
		{ "uid 1000", "uid 01000", "one form" },
		{ "uid 1000", "uid 1000 and more", "one form" },
		{ "uid 1000", "uid 4294967296", "one form" },
		{ "uid 1000", "uid -1", "one form" },
		{ "returned on request", "", "line 8" },
		{ "returned", "\xff\xfe", "line 8" },
		{ "  0192", " 0192", "line 9" },
		{ "3f8c", "3F8C", "line 9" },
		{ "1  0192", "1  x192", "line 9" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const char text[] = HEAD HASH "  " ID "\n";
		char altered[2 * sizeof text];
		struct arena arena;
		struct destroyed destroyed;
		const char *at = strstr(text, cases[i].from);
		assert_non_null(at);
		snprintf(altered, sizeof altered, "%.*s%s%s", (int)(at - text), text, cases[i].to, at + strlen(cases[i].from));
		assert_int_equal(read(altered, &arena, &destroyed), FAULT_BAD_DOCUMENT);
		if (!strstr(fault_detail(FAULT_BAD_DOCUMENT), cases[i].where))
			fail_msg("%s -> %s: %s", cases[i].from, cases[i].to, fault_detail(FAULT_BAD_DOCUMENT));
		arena_clear(&arena);
	}
}

static void what_is_cut_anywhere_is_refused(void **state)
{
	static const char text[] = HEAD HASH "  " ID "\n" HASH "  " ID "\n";
	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++) {
		struct arena arena;
		struct destroyed destroyed;
		arena_init(&arena, 1 << 20);
		enum fault fault = destroyed_read((struct span){ (const uint8_t *)text, len }, &arena, &destroyed);
		bool is_whole = len == sizeof HEAD - 1 || len == sizeof HEAD - 1 + strlen(HASH "  " ID "\n");
		assert_int_equal(fault, is_whole ? OK : FAULT_BAD_DOCUMENT);
		arena_clear(&arena);
	}
}

static void a_reason_is_one_line(void **state)
{
	char longest[DESTROYED_REASON_MAX + 2];
	(void)state;
	memset(longest, 'x', sizeof longest);
	longest[DESTROYED_REASON_MAX + 1] = 0;
	assert_int_equal(destroyed_check_reason("returned on request"), OK);
	assert_int_equal(destroyed_check_reason(longest + 1), OK);
	assert_int_equal(destroyed_check_reason(longest), FAULT_USAGE);
	assert_int_equal(destroyed_check_reason(NULL), FAULT_USAGE);
	assert_int_equal(destroyed_check_reason(""), FAULT_USAGE);
	assert_int_equal(destroyed_check_reason("two\nlines"), FAULT_USAGE);
	assert_int_equal(destroyed_check_reason("\xc3"), FAULT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_to_the_letter),
		cmocka_unit_test(every_departure_is_refused),
		cmocka_unit_test(what_is_cut_anywhere_is_refused),
		cmocka_unit_test(a_reason_is_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
