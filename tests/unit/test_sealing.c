/* The tool's loop over sealed files: nothing gets its name that was not verified to the end. */
#include "tests/unit/authorities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/digest.h"
#include "tools/sealing.h"

enum { MOST = 2 * SEAL_CHUNK + 1 };

static char directory[] = "/tmp/test-sealing-XXXXXX";
static char sealed_path[64], path[64], part[80];

static int begin(void **state)
{
	(void)state;
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(sealed_path, sizeof sealed_path, "%s/sealed", directory);
	snprintf(path, sizeof path, "%s/plain", directory);
	snprintf(part, sizeof part, "%s.open", path);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(sealed_path);
	unlink(path);
	return rmdir(directory);
}

static void put(struct span bytes)
{
	FILE *file = fopen(sealed_path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.at, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

static void close_all(struct seal *seal, size_t size, struct bytes *sealed)
{
	static uint8_t plain[MOST];
	for (size_t i = 0; i < size; i++)
		plain[i] = (uint8_t)(i * 7 + i / SEAL_CHUNK);
	sealed->len = 0;
	assert_ok(parcel_close(seal, (struct span){ plain, size }, sealed));
}

static void opens(struct seal *seal, size_t size)
{
	struct bytes sealed = { 0 };
	uint64_t got;
	uint8_t sum[DIGEST_SIZE];
	close_all(seal, size, &sealed);
	put(span_of(&sealed));
	assert_ok(sealing_open_file(seal, sealed_path, path, &got, sum));
	assert_int_equal(got, size);
	assert_fault(sealing_open_file(seal, sealed_path, path, &got, sum), FAULT_EXISTS);
	assert_int_equal(unlink(path), 0);
	bytes_clear(&sealed);
}

static void releases_nothing(struct seal *seal, struct span sealed)
{
	uint64_t size;
	uint8_t sum[DIGEST_SIZE];
	put(sealed);
	assert_fault(sealing_open_file(seal, sealed_path, path, &size, sum), FAULT_SEAL_BROKEN);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_not_equal(access(part, F_OK), 0);
}

static void files_of_any_number_of_chunks_open(void **state)
{
	static const size_t sizes[] = { 0, 1, SEAL_CHUNK - 1, SEAL_CHUNK, SEAL_CHUNK + 1, 2 * SEAL_CHUNK, MOST };
	struct seal *seal;
	(void)state;
	assert_ok(seal_make(&seal));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		opens(seal, sizes[i]);
	seal_free(seal);
}

static void a_file_that_was_cut_gives_nothing(void **state)
{
	static const size_t borders[] = { 0, SEAL_OVERHEAD, SEAL_CHUNK_SEALED, 2 * SEAL_CHUNK_SEALED };
	struct bytes sealed = { 0 };
	struct seal *seal;
	(void)state;
	assert_ok(seal_make(&seal));
	close_all(seal, MOST, &sealed);
	for (size_t i = 0; i < ARRAY_LEN(borders); i++)
		for (size_t near = borders[i] ? borders[i] - 1 : 0; near <= borders[i] + 1; near++)
			releases_nothing(seal, (struct span){ sealed.at, near });
	releases_nothing(seal, (struct span){ sealed.at, sealed.len - 1 });
	bytes_clear(&sealed);
	seal_free(seal);
}

static void flipped_and_swapped_chunks_give_nothing(void **state)
{
	static uint8_t first[SEAL_CHUNK_SEALED];
	struct bytes sealed = { 0 };
	struct seal *seal;
	(void)state;
	assert_ok(seal_make(&seal));
	close_all(seal, MOST, &sealed);
	for (size_t border = 0; border < sealed.len; border += SEAL_CHUNK_SEALED) {
		size_t after = border + SEAL_CHUNK_SEALED < sealed.len ? border + SEAL_CHUNK_SEALED : sealed.len;
		size_t places[] = { border, after - 1 };
		for (size_t i = 0; i < ARRAY_LEN(places); i++) {
			sealed.at[places[i]] ^= 1;
			releases_nothing(seal, span_of(&sealed));
			sealed.at[places[i]] ^= 1;
		}
	}
	memcpy(first, sealed.at, sizeof first);
	memcpy(sealed.at, sealed.at + SEAL_CHUNK_SEALED, SEAL_CHUNK_SEALED);
	memcpy(sealed.at + SEAL_CHUNK_SEALED, first, sizeof first);
	releases_nothing(seal, span_of(&sealed));
	bytes_clear(&sealed);
	seal_free(seal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_of_any_number_of_chunks_open, begin, end),
		cmocka_unit_test_setup_teardown(a_file_that_was_cut_gives_nothing, begin, end),
		cmocka_unit_test_setup_teardown(flipped_and_swapped_chunks_give_nothing, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
