/* What is promised of content that is kept. */
#include "daemon/ledger/disk_stream.h"
#include "tests/unit/blob_worlds.h"

static void a_blob_is_there_once_it_is_finished(void **state)
{
	struct world *world = *state;
	uint64_t size;
	struct blob_part *part = begin(world, case_a);
	assert_int_equal(blob_reserve(part, CONTENT_SIZE), OK);
	assert_int_equal(bring(world, part, CONTENT_SIZE), OK);
	assert_false(blobs_has(world->blobs, id_of(world, case_a), NULL));
	assert_int_equal(blob_finish(part, CONTENT_SIZE, world->digest, NULL), OK);
	assert_true(blobs_has(world->blobs, id_of(world, case_a), &size));
	assert_int_equal(size, CONTENT_SIZE);
	assert_reads(world, case_a);
	assert_int_equal(count_files(world, "incoming"), 0);
}

static void names_are_the_same_after_reopening_and_tell_nothing(void **state)
{
	struct world *world = *state;
	char before[BLOB_NAME_SIZE], after[BLOB_NAME_SIZE], other[BLOB_NAME_SIZE];
	char hex[DIGEST_HEX_SIZE + 1];
	store_whole(world, case_a);
	assert_int_equal(blobs_name(world->blobs, id_of(world, case_a), before), OK);
	blobs_close(world->blobs);
	assert_int_equal(blobs_open_with_keys(world->dir, &world->blobs), OK);
	assert_int_equal(blobs_name(world->blobs, id_of(world, case_a), after), OK);
	assert_int_equal(blobs_name(world->blobs, id_of(world, case_b), other), OK);
	assert_string_equal(before, after);
	assert_string_not_equal(before, other);
	assert_int_equal(strlen(before), BLOB_NAME_SIZE - 1);
	hex_write(hex, SPAN(world->digest));
	assert_null(strstr(before, hex + 2));
	assert_reads(world, case_a);
}

static void what_was_interrupted_goes_on_where_it_was(void **state)
{
	static const size_t cuts[] = { 0, 1, 65536, 1 * MIB + 5, CONTENT_SIZE };	/* what is no whole chunk comes again */
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
		struct blob_part *part = begin(world, case_a);
		assert_int_equal(blob_part_size(part), i ? cuts[i - 1] / SEAL_CHUNK * SEAL_CHUNK : 0);
		assert_int_equal(bring(world, part, cuts[i]), OK);
		blob_leave(part);
		blobs_close(world->blobs);	/* as if the daemon had died */
		assert_int_equal(blobs_open_with_keys(world->dir, &world->blobs), OK);
	}
	store_whole(world, case_a);
	assert_reads(world, case_a);
}

/* There are only so many pieces: who has none is slower, and no different. */
static void more_may_be_written_and_read_at_once_than_there_are_pieces(void **state)
{
	enum { MANY = DISK_PIECES_MAX + 4 };
	struct world *world = *state;
	struct blob_part *parts[MANY];
	struct blob *blobs[MANY];
	uint8_t ids[MANY][CASE_ID_SIZE] = { 0 }, read[1000];
	size_t got;
	for (int i = 0; i < MANY; i++) {
		ids[i][0] = (uint8_t)(i + 1);
		parts[i] = begin(world, ids[i]);
	}
	for (size_t end = 0; end < CONTENT_SIZE; ) {
		end = end + 300007 < CONTENT_SIZE ? end + 300007 : CONTENT_SIZE;
		for (int i = 0; i < MANY; i++)
			assert_int_equal(bring(world, parts[i], end), OK);
	}
	blob_leave(parts[MANY - 1]);
	parts[MANY - 1] = begin(world, ids[MANY - 1]);
	assert_int_equal(bring(world, parts[MANY - 1], CONTENT_SIZE), OK);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(blob_finish(parts[i], CONTENT_SIZE, world->digest, NULL), OK);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(blob_open(world->blobs, id_of(world, ids[i]), &blobs[i]), OK);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(blob_read(blobs[i], CONTENT_SIZE - 1500, read, sizeof read, &got), OK);
		assert_int_equal(got, sizeof read);
		assert_memory_equal(read, world->content + CONTENT_SIZE - 1500, sizeof read);
		assert_reads(world, ids[i]);
	}
	for (int i = 0; i < MANY; i++)
		blob_close(blobs[i]);
}

static void wrong_content_is_discarded_and_can_be_fetched_anew(void **state)
{
	struct world *world = *state;
	struct blob_part *part = begin(world, case_a);
	world->content[0] ^= 1;
	assert_int_equal(bring(world, part, CONTENT_SIZE), OK);
	world->content[0] ^= 1;
	assert_int_equal(blob_finish(part, CONTENT_SIZE, world->digest, NULL), FAULT_DIGEST_MISMATCH);
	assert_false(blobs_has(world->blobs, id_of(world, case_a), NULL));

	part = begin(world, case_a);
	assert_int_equal(blob_part_size(part), 0);
	assert_int_equal(bring(world, part, CONTENT_SIZE - 1), OK);
	assert_int_equal(blob_finish(part, CONTENT_SIZE, world->digest, NULL), FAULT_DIGEST_MISMATCH);
	store_whole(world, case_a);
	assert_reads(world, case_a);
}

static bool stands_in(const char *path, const uint8_t *what, size_t size)
{
	static uint8_t all[2 * CONTENT_SIZE];
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	size_t got = fread(all, 1, sizeof all, file);
	fclose(file);
	return memmem(all, got, what, size) != NULL;
}

static void nothing_lies_there_in_the_clear_also_while_it_arrives(void **state)
{
	struct world *world = *state;
	char path[128], command[512], whole[256];
	struct blob_part *part = begin(world, case_a);
	assert_int_equal(bring(world, part, 2 * MIB), OK);
	blob_leave(part);
	snprintf(path, sizeof path, "%s/part", world->scratch.dir);
	snprintf(command, sizeof command, "cp %s/incoming/*.part %s", world->dir, path);
	assert_int_equal(system(command), 0);
	store_whole(world, case_b);
	for (size_t at = 0; at < MIB; at += 65536) {
		assert_false(stands_in(path, world->content + at, 16));
		assert_false(stands_in(path_of(world, case_b, whole), world->content + at, 16));
	}
	FILE *plain = fopen(path, "w");			/* and it would be found if it did */
	assert_int_equal(fwrite(world->content, 1, MIB, plain), MIB);
	fclose(plain);
	assert_true(stands_in(path, world->content + 65536, 16));
}

static void blobs_cannot_be_exchanged_cut_or_turned_round(void **state)
{
	static const struct { const char *what, *command; } acts[] = {
		{ "the last chunk is cut off", "truncate -s %d $f" },
		{ "a chunk twice, and one dropped", "dd if=$f of=$f bs=1 skip=68 seek=65632 count=65564 conv=notrunc status=none" },
		{ "another salt", "printf xxxxxxxx | dd of=$f bs=1 seek=20 conv=notrunc status=none" },
		{ "another label", "printf xxxxxxxx | dd of=$f bs=1 seek=50 conv=notrunc status=none" },
		{ "a tag", "printf xxxxxxxx | dd of=$f bs=1 seek=65630 conv=notrunc status=none" },
		{ "another attachment of the case", "cp $other $f" },
	};
	struct world *world = *state;
	char path[256], other[256], name[BLOB_NAME_SIZE], command[2048];
	uint8_t digest[DIGEST_SIZE];
	struct blob_part *part;
	assert_int_equal(blob_begin(world->blobs, case_a, span_of_text("other"), &part), OK);
	assert_int_equal(blob_write(part, (struct span){ world->content + 1, CONTENT_SIZE - 1 }), OK);
	assert_int_equal(blob_finish(part, CONTENT_SIZE - 1, NULL, digest), OK);
	assert_int_equal(blobs_name(world->blobs, (struct blob_id){ case_a, digest }, name), OK);
	snprintf(other, sizeof other, "%s/%s", world->dir, name);
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		int length = snprintf(command, sizeof command, "f=%s; other=%s; ", path_of(world, case_a, path), other);
		snprintf(command + length, sizeof command - (size_t)length, acts[i].command, SEAL_HEAD_SIZE + 48 * SEAL_CHUNK_SEALED);
		store_whole(world, case_a);
		assert_int_equal(blobs_verify(world->blobs, id_of(world, case_a)), OK);
		assert_int_equal(system(command), 0);
		if (blobs_verify(world->blobs, id_of(world, case_a)) != FAULT_DIGEST_MISMATCH)
			fail_msg("%s is not noticed", acts[i].what);
	}
}

static void the_same_content_is_kept_once_in_a_case_and_apart_in_two(void **state)
{
	struct world *world = *state;
	char a[256], b[256];
	struct stat of_a, of_b;
	store_whole(world, case_a);
	store_whole(world, case_a);
	store_whole(world, case_b);
	assert_int_equal(stat(path_of(world, case_a, a), &of_a), 0);
	assert_int_equal(stat(path_of(world, case_b, b), &of_b), 0);
	assert_true(of_a.st_ino != of_b.st_ino);
	assert_int_equal(blobs_remove(world->blobs, id_of(world, case_a)), OK);
	assert_int_equal(blobs_remove(world->blobs, id_of(world, case_a)), OK);
	assert_false(blobs_has(world->blobs, id_of(world, case_a), NULL));
	assert_reads(world, case_b);
}

static void content_may_decide_its_own_digest(void **state)
{
	struct world *world = *state;
	struct blob_part *part;
	uint8_t digest[DIGEST_SIZE];
	assert_int_equal(blob_begin(world->blobs, case_a, span_of_text("upload 7"), &part), OK);
	assert_int_equal(bring(world, part, CONTENT_SIZE), OK);
	assert_int_equal(blob_finish(part, CONTENT_SIZE, NULL, digest), OK);
	assert_memory_equal(digest, world->digest, DIGEST_SIZE);
	assert_reads(world, case_a);
}

static void nothing_is_content_too(void **state)
{
	struct world *world = *state;
	struct blob_part *part;
	uint8_t digest[DIGEST_SIZE];
	uint64_t size = 1;
	assert_int_equal(blob_begin(world->blobs, case_a, span_of_text("empty"), &part), OK);
	assert_int_equal(blob_write(part, (struct span){ 0 }), OK);
	assert_int_equal(blob_finish(part, 0, NULL, digest), OK);
	struct blob_id id = { case_a, digest };
	assert_true(blobs_has(world->blobs, id, &size));
	assert_int_equal(size, 0);
	assert_int_equal(blobs_verify(world->blobs, id), OK);
}

static void one_part_has_one_writer(void **state)
{
	struct world *world = *state;
	struct blob_part *first = begin(world, case_a), *second;
	assert_int_equal(blob_begin(world->blobs, case_a, SPAN(world->digest), &second), FAULT_NOT_YET);
	assert_null(second);
	struct blob_part *other = begin(world, case_b);
	blob_discard(other);
	blob_discard(first);
	assert_int_equal(count_files(world, "incoming"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_blob_is_there_once_it_is_finished),
		TEST(names_are_the_same_after_reopening_and_tell_nothing),
		TEST(what_was_interrupted_goes_on_where_it_was),
		TEST(more_may_be_written_and_read_at_once_than_there_are_pieces),
		TEST(wrong_content_is_discarded_and_can_be_fetched_anew),
		TEST(nothing_lies_there_in_the_clear_also_while_it_arrives),
		TEST(blobs_cannot_be_exchanged_cut_or_turned_round),
		TEST(the_same_content_is_kept_once_in_a_case_and_apart_in_two),
		TEST(content_may_decide_its_own_digest),
		TEST(nothing_is_content_too),
		TEST(one_part_has_one_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
