#include "tests/unit/scratch.h"

#include "certs/seal_stream.h"

static const struct span nothing;

static struct span text(const char *words)
{
	return span_of_text(words);
}

static struct seal *make(void)
{
	struct seal *seal;
	assert_int_equal(seal_make(&seal), OK);
	return seal;
}

static void what_was_sealed_opens_again(void **state)
{
	uint8_t sealed[64], plain[64];
	struct seal *seal = make();
	(void)state;
	assert_int_equal(seal_close(seal, text("cases"), text("7"), text("a secret"), sealed), OK);
	assert_null(memmem(sealed, sizeof sealed, "secret", 6));
	assert_true(seal_open(seal, text("cases"), text("7"), (struct span){ sealed, 8 + SEAL_OVERHEAD }, plain));
	assert_memory_equal(plain, "a secret", 8);
	assert_int_equal(seal_close(seal, text("cases"), nothing, nothing, sealed), OK);
	assert_true(seal_open(seal, text("cases"), nothing, (struct span){ sealed, SEAL_OVERHEAD }, plain));
	seal_free(seal);
}

static void every_flipped_bit_is_noticed_and_nothing_comes_out(void **state)
{
	enum { SIZE = 40 + SEAL_OVERHEAD };
	uint8_t sealed[SIZE], plain[40], zeros[40] = { 0 };
	struct seal *seal = make();
	(void)state;
	assert_int_equal(seal_close(seal, text("t"), text("k"), (struct span){ (const uint8_t *)"0123456789012345678901234567890123456789", 40 },
		sealed), OK);
	for (size_t bit = 0; bit < 8 * SIZE; bit++) {	/* nonce, ciphertext, tag */
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(seal_open(seal, text("t"), text("k"), SPAN(sealed), plain));
		assert_memory_equal(plain, zeros, sizeof plain);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < SIZE; len++)
		assert_false(seal_open(seal, text("t"), text("k"), (struct span){ sealed, len }, plain));
	assert_true(seal_open(seal, text("t"), text("k"), SPAN(sealed), plain));
	seal_free(seal);
}

static void what_belongs_elsewhere_or_to_another_key_does_not_open(void **state)
{
	uint8_t sealed[5 + SEAL_OVERHEAD], plain[5];
	struct seal *seal = make(), *other = make();
	(void)state;
	assert_int_equal(seal_close(seal, text("cases"), text("one"), text("hello"), sealed), OK);
	assert_false(seal_open(seal, text("cases"), text("two"), SPAN(sealed), plain));
	assert_false(seal_open(seal, text("drafts"), text("one"), SPAN(sealed), plain));
	assert_false(seal_open(seal, text("cases"), nothing, SPAN(sealed), plain));
	assert_false(seal_open(other, text("cases"), text("one"), SPAN(sealed), plain));
	assert_true(seal_open(seal, text("cases"), text("one"), SPAN(sealed), plain));
	seal_free(seal);
	seal_free(other);
}

static int compare_nonces(const void *left, const void *right)
{
	return memcmp(left, right, SEAL_NONCE_SIZE);
}

static void no_nonce_comes_twice_also_not_from_a_copy_of_the_key(void **state)
{
	enum { COUNT = 4096 };
	static uint8_t nonces[COUNT][SEAL_NONCE_SIZE];
	uint8_t key[SEAL_KEY_SIZE], sealed[SEAL_OVERHEAD];
	struct seal *seal = make(), *copy;
	(void)state;
	seal_key(seal, key);
	assert_int_equal(seal_new(key, &copy), OK);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(seal_close(i % 2 ? seal : copy, nothing, nothing, nothing, sealed), OK);
		memcpy(nonces[i], sealed, SEAL_NONCE_SIZE);
	}
	qsort(nonces, COUNT, SEAL_NONCE_SIZE, compare_nonces);
	for (size_t i = 1; i < COUNT; i++)
		assert_memory_not_equal(nonces[i - 1], nonces[i], SEAL_NONCE_SIZE);
	seal_free(seal);
	seal_free(copy);
}

static void a_wrapped_key_opens_under_its_own_and_in_its_place_only(void **state)
{
	uint8_t wrapped[SEAL_WRAPPED_SIZE], sealed[5 + SEAL_OVERHEAD], plain[5];
	struct seal *seal = make(), *under = make(), *other = make(), *again;
	(void)state;
	assert_int_equal(seal_wrap(under, text("case 1"), seal, wrapped), OK);
	assert_int_equal(seal_unwrap(under, text("case 1"), SPAN(wrapped), &again), OK);
	assert_int_equal(seal_close(seal, nothing, nothing, text("hello"), sealed), OK);
	assert_true(seal_open(again, nothing, nothing, SPAN(sealed), plain));
	seal_free(again);
	assert_int_equal(seal_unwrap(other, text("case 1"), SPAN(wrapped), &again), FAULT_BAD_KEY);
	assert_null(again);
	assert_int_equal(seal_unwrap(under, text("case 2"), SPAN(wrapped), &again), FAULT_BAD_KEY);
	assert_int_equal(seal_unwrap(under, text("case 1"), (struct span){ wrapped, 59 }, &again), FAULT_BAD_KEY);
	seal_free(seal);
	seal_free(under);
	seal_free(other);
}

/* The derivation is on the disk for decades: RFC 5869 with what OpenSSL's own tool says.
 *	openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:0b…(32) -kdfopt hexsalt:01…(32) -kdfopt info:test HKDF */
static void a_derived_key_is_what_the_rfc_says(void **state)
{
	static const uint8_t expected[SEAL_KEY_SIZE] = {
		0xbd, 0x3b, 0xb0, 0x35, 0x16, 0xc1, 0x5f, 0xd5, 0x00, 0x9f, 0x1f, 0x3f, 0x81, 0x79, 0xfc, 0x89,
		0x52, 0xfc, 0xf7, 0x0f, 0x5c, 0x1c, 0xa0, 0x38, 0x26, 0x80, 0x37, 0x2a, 0x2e, 0x87, 0xf1, 0x81 };
	uint8_t key[SEAL_KEY_SIZE], salt[SEAL_SALT_SIZE];
	struct seal *from, *derived;
	(void)state;
	memset(key, 0x0b, sizeof key);
	memset(salt, 0x01, sizeof salt);
	assert_int_equal(seal_new(key, &from), OK);
	assert_int_equal(seal_derive(from, salt, "test", &derived), OK);
	seal_key(derived, key);
	assert_memory_equal(key, expected, sizeof key);
	seal_free(from);
	seal_free(derived);
}

/* ── streams ────────────────────────────────────────────────────────────────────────────────── */

struct stream {
	struct seal *owner, *seal;
	uint8_t head[SEAL_HEAD_SIZE];
	uint8_t chunks[3][SEAL_CHUNK_SEALED];	/* two whole ones and a last of 5 bytes */
};

static uint8_t room[SEAL_CHUNK];

static int setup(void **state)
{
	struct stream *stream = calloc(1, sizeof *stream);
	stream->owner = make();
	assert_int_equal(seal_stream_begin(stream->owner, stream->head, &stream->seal), OK);
	for (int i = 0; i < 2; i++) {
		memset(room, 'a' + i, sizeof room);
		assert_int_equal(seal_chunk_close(stream->seal, (uint64_t)i, false, SPAN(room), stream->chunks[i]), OK);
	}
	assert_int_equal(seal_chunk_close(stream->seal, 2, true, text("final"), stream->chunks[2]), OK);
	*state = stream;
	return 0;
}

static int teardown(void **state)
{
	struct stream *stream = *state;
	seal_free(stream->owner);
	seal_free(stream->seal);
	free(stream);
	return 0;
}

static struct span chunk(struct stream *stream, int which)
{
	return (struct span){ stream->chunks[which], which == 2 ? 5 + SEAL_OVERHEAD : SEAL_CHUNK_SEALED };
}

static void a_stream_opens_from_any_place(void **state)
{
	struct stream *stream = *state;
	struct seal *again;
	assert_int_equal(seal_stream_again(stream->owner, stream->head, &again), OK);
	assert_true(seal_chunk_open(again, 2, true, chunk(stream, 2), room));
	assert_memory_equal(room, "final", 5);
	assert_true(seal_chunk_open(again, 1, false, chunk(stream, 1), room));
	assert_int_equal(room[SEAL_CHUNK - 1], 'b');
	seal_free(again);
}

static void chunks_cannot_be_moved_dropped_or_doubled(void **state)
{
	struct stream *stream = *state;
	assert_false(seal_chunk_open(stream->seal, 1, false, chunk(stream, 0), room));	/* reordered, or doubled */
	assert_false(seal_chunk_open(stream->seal, 0, false, chunk(stream, 1), room));	/* the first one dropped */
	assert_false(seal_chunk_open(stream->seal, 1, true, chunk(stream, 1), room));	/* cut off behind it */
	assert_false(seal_chunk_open(stream->seal, 2, false, chunk(stream, 2), room));	/* something put behind the last */
	assert_false(seal_chunk_open(stream->seal, 3, true, chunk(stream, 2), room));	/* the last one once more */
	assert_false(seal_chunk_open(stream->seal, 2, true, (struct span){ stream->chunks[2], 4 + SEAL_OVERHEAD }, room));
}

static void a_chunk_of_another_stream_of_the_same_owner_does_not_fit(void **state)
{
	struct stream *stream = *state;
	struct seal *other;
	uint8_t head[SEAL_HEAD_SIZE];
	assert_int_equal(seal_stream_begin(stream->owner, head, &other), OK);
	assert_false(seal_chunk_open(other, 0, false, chunk(stream, 0), room));
	seal_free(other);
	stream->head[SEAL_MARK_SIZE] ^= 1;	/* a flipped bit in the salt is another stream */
	assert_int_equal(seal_stream_again(stream->owner, stream->head, &other), OK);
	assert_false(seal_chunk_open(other, 0, false, chunk(stream, 0), room));
	seal_free(other);
	stream->head[0] ^= 1;
	assert_int_equal(seal_stream_again(stream->owner, stream->head, &other), FAULT_STORE_BROKEN);
}

static void a_label_holds_for_what_it_was_given_for(void **state)
{
	struct stream *stream = *state;
	assert_false(seal_stream_is(stream->seal, text("report.pdf"), stream->head));	/* not whole yet */
	assert_int_equal(seal_stream_label(stream->seal, text("report.pdf"), stream->head), OK);
	assert_true(seal_stream_is(stream->seal, text("report.pdf"), stream->head));
	assert_false(seal_stream_is(stream->seal, text("other.pdf"), stream->head));
}

static void sizes_are_told_without_opening(void **state)
{
	static const uint64_t sizes[] = { 0, 1, SEAL_CHUNK - 1, SEAL_CHUNK, SEAL_CHUNK + 1, 2 * SEAL_CHUNK, UINT64_C(10) << 30 };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		assert_int_equal(seal_plain_size(seal_sealed_size(sizes[i])), sizes[i]);
	assert_int_equal(seal_plain_size(0), UINT64_MAX);
	assert_int_equal(seal_plain_size(SEAL_HEAD_SIZE), UINT64_MAX);
	assert_int_equal(seal_plain_size(SEAL_HEAD_SIZE + SEAL_OVERHEAD - 1), UINT64_MAX);
	assert_int_equal(seal_plain_size(SEAL_HEAD_SIZE + SEAL_CHUNK_SEALED + 1), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_opens_again),
		cmocka_unit_test(every_flipped_bit_is_noticed_and_nothing_comes_out),
		cmocka_unit_test(what_belongs_elsewhere_or_to_another_key_does_not_open),
		cmocka_unit_test(no_nonce_comes_twice_also_not_from_a_copy_of_the_key),
		cmocka_unit_test(a_wrapped_key_opens_under_its_own_and_in_its_place_only),
		cmocka_unit_test(a_derived_key_is_what_the_rfc_says),
		cmocka_unit_test_setup_teardown(a_stream_opens_from_any_place, setup, teardown),
		cmocka_unit_test_setup_teardown(chunks_cannot_be_moved_dropped_or_doubled, setup, teardown),
		cmocka_unit_test_setup_teardown(a_chunk_of_another_stream_of_the_same_owner_does_not_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(a_label_holds_for_what_it_was_given_for, setup, teardown),
		cmocka_unit_test(sizes_are_told_without_opening),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
