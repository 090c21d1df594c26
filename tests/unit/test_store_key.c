/* What the store is made of: keys and checksums. */
#include "tests/unit/stores.h"

#include "daemon/ledger/store_crc.h"

static void the_checksum_is_crc32c_either_way(void **state)
{
	(void)state;	/* the vectors of RFC 3720, appendix B.4, as numbers */
	static uint8_t zeros[32], ones[32], up[32];
	memset(ones, 0xff, sizeof ones);
	for (uint8_t i = 0; i < sizeof up; i++)
		up[i] = i;
	const struct { struct span bytes; uint32_t crc; } cases[] = {
		{ SPAN(zeros), 0x8a9136aa }, { SPAN(ones), 0x62a8ab43 }, { SPAN(up), 0x46dd794e },
		{ text("123456789"), 0xe3069283 }, { { NULL, 0 }, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct span bytes = cases[i].bytes;
		assert_int_equal(crc32c(0, bytes), cases[i].crc);
		assert_int_equal(crc32c_plain(0, bytes), cases[i].crc);
		for (size_t cut = 0; cut < bytes.len; cut++) {
			struct span head = { bytes.at, cut }, tail = { bytes.at + cut, bytes.len - cut };
			assert_int_equal(crc32c(crc32c(0, head), tail), cases[i].crc);
		}
	}
}

static void keys_sort_by_their_parts(void **state)
{
	(void)state;
	const struct key ordered[] = {
		key_of("xf", 1), key_of("xf", 255), key_of("xf", 256), key_of("xf", UINT64_MAX),
		key_of("xf-ca", 0), key_of("xg", 0),
	};
	for (size_t i = 1; i < ARRAY_LEN(ordered); i++) {
		struct span a = key_span(&ordered[i - 1]), b = key_span(&ordered[i]);
		assert_true(memcmp(a.at, b.at, a.len < b.len ? a.len : b.len) < 0);
	}
}

static void a_key_of_another_form_is_not_taken_apart(void **state)
{
	(void)state;
	struct key key = { 0 };
	key_u8(&key, 7);
	key_u32(&key, 8);
	struct span rest = key_span(&key), bytes;
	const char *name;
	uint8_t seven;
	uint32_t eight;
	uint64_t none;
	assert_false(key_take_u64(&rest, &none));
	assert_true(key_take_u8(&rest, &seven) && seven == 7);
	assert_true(key_take_u32(&rest, &eight) && eight == 8);
	assert_false(key_take_text(&rest, &name));
	assert_false(key_take_bytes(&rest, 1, &bytes));
	rest = text("no end");
	assert_false(key_take_text(&rest, &name));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_crc32c_either_way),
		cmocka_unit_test(keys_sort_by_their_parts),
		cmocka_unit_test(a_key_of_another_form_is_not_taken_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
