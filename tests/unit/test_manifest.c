/* Manifests: one form only, and every departure from it is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/manifest.h"

#define HASH_A "3f8c000000000000000000000000000000000000000000000000000000000001"
#define HASH_B "77ab000000000000000000000000000000000000000000000000000000000002"
#define ZEROS  "0000000000000000000000000000000000000000000000000000000000000000"
#define ID_A   "0192f3c1-7d0e-7c3a-9a54-1f6b2c8d9e01"
#define ID_B   "0192f3c1-7d11-7b02-8b1c-6f0e9d2c4a77"
#define HEAD(purpose) "# comity-manifest 1\n# from: xf-ca\n# to: xs-ca\n# purpose: " purpose "\n# number: 41\n" \
	"# previous: " ZEROS "\n# at: 2026-11-23T10:12:03.412Z\n"

static enum fault read(const char *text, struct arena *arena, struct manifest *manifest)
{
	arena_init(arena, 1 << 20);
	return manifest_read(span_of_text(text), arena, manifest);
}

static void what_is_written_is_read_to_the_letter(void **state)
{
	static const char *const texts[] = {
		HEAD("dispatch") HASH_A "  " ID_A "\n" HASH_B "  " ID_A ".1\n" HASH_B "  " ID_B "\n",
		HEAD("receipt") HASH_A "  " ID_A "\n# refused: " HASH_B " " ID_B " status-transition\n",
		HEAD("complete") HASH_A "  " ID_A "\n" HASH_B "  " ID_A ".1\n",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct arena arena;
		struct manifest manifest;
		struct bytes again = { 0 };
		assert_int_equal(read(texts[i], &arena, &manifest), OK);
		assert_int_equal(manifest_begin(&again, &manifest), OK);
		for (size_t k = 0; k < manifest.count; k++)
			assert_int_equal(manifest_add(&again, &manifest.entries[k]), OK);
		assert_string_equal(bytes_text(&again), texts[i]);
		bytes_clear(&again);
		arena_clear(&arena);
	}
}

static void its_parts_are_found(void **state)
{
	struct arena arena;
	struct manifest manifest;
	(void)state;
	assert_int_equal(read(HEAD("receipt") HASH_A "  " ID_A "\n# refused: " HASH_B " " ID_B " id-reused\n", &arena, &manifest), OK);
	assert_string_equal(manifest.from, "xf-ca");
	assert_string_equal(manifest.to, "xs-ca");
	assert_int_equal(manifest.purpose, PURPOSE_RECEIPT);
	assert_int_equal(manifest.number, 41);
	assert_int_equal(manifest.count, 2);
	assert_null(manifest.entries[0].refused);
	assert_string_equal(manifest.entries[1].refused, "id-reused");
	assert_string_equal(manifest.entries[1].message_id, ID_B);
	arena_clear(&arena);
}

static void every_other_form_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"# comity-manifest 2\n",
		"# comity-manifest 1\n# to: xs-ca\n",
		HEAD("dispatch"),				/* no entries */
		HEAD("delivery") HASH_A "  " ID_A "\n",
		HEAD("dispatch") HASH_A " " ID_A "\n",		/* one blank */
		HEAD("dispatch") HASH_A "  " ID_A,		/* the line does not end */
		HEAD("dispatch") HASH_A "  " ID_A " \n",
		HEAD("dispatch") HASH_A "  " ID_A ".0\n",
		HEAD("dispatch") HASH_A "  " ID_A ".01\n",
		HEAD("dispatch") HASH_A "  ../../etc/passwd\n",
		HEAD("dispatch") "3F8C000000000000000000000000000000000000000000000000000000000001  " ID_A "\n",
		HEAD("dispatch") "# refused: " HASH_B " " ID_B " id-reused\n",
		HEAD("receipt") "# refused: " HASH_B " " ID_B " Not-A-Slug\n",
		HEAD("dispatch") "# a remark\n" HASH_A "  " ID_A "\n",
		"# comity-manifest 1\n# from: xf-ca\n# to: xs-ca\n# purpose: dispatch\n# number: 041\n# previous: " ZEROS
			"\n# at: 2026-11-23T10:12:03.412Z\n" HASH_A "  " ID_A "\n",
		"# comity-manifest 1\n# from: xf-ca\n# to: xs-ca\n# purpose: dispatch\n# number: 41\n# previous: " ZEROS
			"\n# at: 2026-11-23T11:12:03.412+01:00\n" HASH_A "  " ID_A "\n",
		"# comity-manifest 1\n# from: XF/CA\n# to: xs-ca\n# purpose: dispatch\n# number: 41\n# previous: " ZEROS
			"\n# at: 2026-11-23T10:12:03.412Z\n" HASH_A "  " ID_A "\n",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct arena arena;
		struct manifest manifest;
		if (read(texts[i], &arena, &manifest) != FAULT_BAD_MANIFEST)
			fail_msg("accepted: %s", texts[i]);
		assert_non_null(strstr(fault_detail(FAULT_BAD_MANIFEST), "line"));
		arena_clear(&arena);
	}
}

/* Whatever is read is written again to the letter: two texts never say the same, so one statement has one hash. */
static void a_text_altered_anywhere_is_refused_or_says_what_it_says(void **state)
{
	static const char sound[] = HEAD("receipt") HASH_A "  " ID_A "\n# refused: " HASH_B " " ID_B " status-transition\n"
		HASH_B "  " ID_B ".12\n";
	static const uint8_t others[] = { 0, '\n', '\r', ' ', '\t', '#', '0', 'A', 'a', '-', 0x1b, 0x80, 0xff };
	size_t accepted = 0;
	(void)state;
	for (size_t at = 0; at + 1 < sizeof sound; at++)
		for (size_t i = 0; i < ARRAY_LEN(others); i++) {
			uint8_t text[sizeof sound - 1];
			struct arena arena;
			struct manifest manifest;
			struct bytes again = { 0 };
			memcpy(text, sound, sizeof text);
			text[at] = others[i];
			arena_init(&arena, 1 << 20);
			if (!manifest_read(SPAN(text), &arena, &manifest)) {
				assert_int_equal(manifest_begin(&again, &manifest), OK);
				for (size_t k = 0; k < manifest.count; k++)
					assert_int_equal(manifest_add(&again, &manifest.entries[k]), OK);
				assert_true(span_equal(span_of(&again), SPAN(text)));
				accepted++;
			}
			bytes_clear(&again);
			arena_clear(&arena);
		}
	assert_true(accepted > 200 && accepted < sizeof sound * ARRAY_LEN(others) / 2);	/* another digit is another statement */
}

static void a_text_cut_anywhere_is_refused(void **state)
{
	static const char sound[] = HEAD("dispatch") HASH_A "  " ID_A "\n";
	(void)state;
	for (size_t len = 0; len + 1 < sizeof sound; len++) {
		struct arena arena;
		struct manifest manifest;
		arena_init(&arena, 1 << 20);
		assert_int_equal(manifest_read((struct span){ (const uint8_t *)sound, len }, &arena, &manifest), FAULT_BAD_MANIFEST);
		arena_clear(&arena);
	}
}

static void a_manifest_beyond_the_limit_takes_no_memory(void **state)
{
	static uint8_t large[300 << 10];
	struct arena arena;
	struct manifest manifest;
	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(manifest_read(SPAN(large), &arena, &manifest), FAULT_TOO_LARGE);
	assert_int_equal(arena.used, 0);
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_to_the_letter),
		cmocka_unit_test(its_parts_are_found),
		cmocka_unit_test(every_other_form_is_refused),
		cmocka_unit_test(a_text_altered_anywhere_is_refused_or_says_what_it_says),
		cmocka_unit_test(a_text_cut_anywhere_is_refused),
		cmocka_unit_test(a_manifest_beyond_the_limit_takes_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
