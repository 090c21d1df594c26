#include "tests/unit/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <sys/syscall.h>

#include "certs/digest.h"
#include "daemon/ledger/blobs.h"

enum { MIB = 1 << 20 };

/* ── a disk that fails: these stand before the C library's ───────────────────────────────────── */

static size_t disk_room = SIZE_MAX;	/* bytes that still fit */
static bool sync_fails;

ssize_t write_at(int fd, const void *from, size_t count, off_t offset) __asm__("pwrite");
ssize_t write_at_64(int fd, const void *from, size_t count, off_t offset) __asm__("pwrite64");

ssize_t write_at(int fd, const void *from, size_t count, off_t offset)
{
	if (!disk_room) {
		errno = ENOSPC;
		return -1;
	}
	if (count > disk_room)
		count = disk_room;
	disk_room -= count;
	return syscall(SYS_pwrite64, fd, from, count, offset);
}

ssize_t write_at_64(int fd, const void *from, size_t count, off_t offset)
{
	return write_at(fd, from, count, offset);
}

int fdatasync(int fd)
{
	errno = EIO;
	return sync_fails ? -1 : (int)syscall(SYS_fdatasync, fd);
}

/* ── a world ────────────────────────────────────────────────────────────────────────────────── */

static const uint8_t case_a[CASE_ID_SIZE] = "the case of A..", case_b[CASE_ID_SIZE] = "the case of B..";

struct world {
	struct scratch scratch;
	char dir[80];
	struct blobs *blobs;
	uint8_t *content;		/* CONTENT_SIZE bytes, no two pieces alike */
	uint8_t digest[DIGEST_SIZE];
};

enum { CONTENT_SIZE = 3 * MIB + 17 };

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	scratch_new(&world->scratch);
	snprintf(world->dir, sizeof world->dir, "%s/blobs", world->scratch.dir);
	assert_int_equal(blobs_create(world->dir), OK);
	assert_int_equal(blobs_open(world->dir, &world->blobs), OK);
	world->content = malloc(CONTENT_SIZE);
	for (uint32_t i = 0, x = 1; i < CONTENT_SIZE; i++, x = x * 1664525 + 1013904223)
		world->content[i] = (uint8_t)(x >> 24);
	digest_of(world->digest, (struct span){ world->content, CONTENT_SIZE });
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	disk_room = SIZE_MAX;
	sync_fails = false;
	blobs_close(world->blobs);
	scratch_remove(&world->scratch);
	free(world->content);
	free(world);
	return 0;
}

static struct blob_id id_of(struct world *world, const uint8_t *case_id)
{
	return (struct blob_id){ case_id, world->digest };
}

static struct blob_part *begin(struct world *world, const uint8_t *case_id)
{
	struct blob_part *part;
	assert_int_equal(blob_begin(world->blobs, case_id, SPAN(world->digest), &part), OK);
	return part;
}

/* Bring the content from where the part is to `end`. */
static enum fault bring(struct world *world, struct blob_part *part, size_t end)
{
	while (blob_part_size(part) < end) {
		size_t at = (size_t)blob_part_size(part), left = end - at;
		TRY(blob_write(part, (struct span){ world->content + at, left < 65536 ? left : 65536 }));
	}
	return OK;
}

static void store_whole(struct world *world, const uint8_t *case_id)
{
	struct blob_part *part = begin(world, case_id);
	assert_int_equal(bring(world, part, CONTENT_SIZE), OK);
	assert_int_equal(blob_finish(part, CONTENT_SIZE, world->digest, NULL), OK);
}

static int count_files(struct world *world, const char *below)
{
	char path[128];
	int count = 0;
	snprintf(path, sizeof path, "%s/%s", world->dir, below);
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir)); )
		count += entry->d_type == DT_REG;
	if (dir)
		closedir(dir);
	return count;
}

static char *path_of(struct world *world, const uint8_t *case_id, char path[256])
{
	char name[BLOB_NAME_SIZE];
	assert_int_equal(blobs_name(world->blobs, id_of(world, case_id), name), OK);
	snprintf(path, 256, "%s/%s", world->dir, name);
	return path;
}

static void assert_reads(struct world *world, const uint8_t *case_id)
{
	static const struct { uint64_t offset; size_t size, got; } cases[] = {
		{ 0, 1000, 1000 }, { 65535, 3, 3 }, { CONTENT_SIZE - 5, 100, 5 }, { CONTENT_SIZE, 1, 0 },
		{ UINT64_MAX, 10, 0 }, { INT64_MAX, 10, 0 }, { 0, 0, 0 },
	};
	struct blob *blob;
	uint8_t read[1000];
	size_t got;
	assert_int_equal(blob_open(world->blobs, id_of(world, case_id), &blob), OK);
	assert_int_equal(blob_size(blob), CONTENT_SIZE);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(blob_read(blob, cases[i].offset, read, cases[i].size, &got), OK);
		assert_int_equal(got, cases[i].got);
		if (got)
			assert_memory_equal(read, world->content + cases[i].offset, got);
	}
	blob_close(blob);
	assert_int_equal(blobs_verify(world->blobs, id_of(world, case_id)), OK);
}

/* ── what is promised ───────────────────────────────────────────────────────────────────────── */

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
	assert_int_equal(blobs_open(world->dir, &world->blobs), OK);
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
	static const size_t cuts[] = { 0, 1, 65536, 1 * MIB + 5, CONTENT_SIZE };
	struct world *world = *state;
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
		struct blob_part *part = begin(world, case_a);
		assert_int_equal(blob_part_size(part), i ? cuts[i - 1] : 0);
		assert_int_equal(bring(world, part, cuts[i]), OK);
		blob_leave(part);
		blobs_close(world->blobs);	/* as if the daemon had died */
		assert_int_equal(blobs_open(world->dir, &world->blobs), OK);
	}
	store_whole(world, case_a);
	assert_reads(world, case_a);
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

static void a_part_that_rotted_while_it_waited_is_found(void **state)
{
	struct world *world = *state;
	struct blob_part *part = begin(world, case_a);
	assert_int_equal(bring(world, part, MIB), OK);
	blob_leave(part);
	char command[256];
	snprintf(command, sizeof command,
	         "cd %s/incoming && printf x | dd of=$(ls) bs=1 seek=99 conv=notrunc status=none", world->dir);
	assert_int_equal(system(command), 0);
	part = begin(world, case_a);
	assert_int_equal(bring(world, part, CONTENT_SIZE), OK);
	assert_int_equal(blob_finish(part, CONTENT_SIZE, world->digest, NULL), FAULT_DIGEST_MISMATCH);
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

static void rot_is_found_and_storing_again_heals_it(void **state)
{
	struct world *world = *state;
	char path[256];
	store_whole(world, case_a);
	int fd = open(path_of(world, case_a, path), O_WRONLY);
	assert_int_equal(write_at(fd, "rot", 3, 70000), 3);
	close(fd);
	assert_int_equal(blobs_verify(world->blobs, id_of(world, case_a)), FAULT_DIGEST_MISMATCH);
	store_whole(world, case_a);
	assert_int_equal(blobs_verify(world->blobs, id_of(world, case_a)), OK);
	assert_int_equal(blobs_remove(world->blobs, id_of(world, case_a)), OK);
	assert_int_equal(blobs_verify(world->blobs, id_of(world, case_a)), FAULT_NOT_FOUND);
}

/* ── a disk that fails ──────────────────────────────────────────────────────────────────────── */

static void a_full_disk_refuses_and_nothing_is_corrupt(void **state)
{
	struct world *world = *state;
	struct blob_part *part = begin(world, case_a);
	assert_int_equal(bring(world, part, 2 * 65536), OK);
	disk_room = 1000;
	assert_int_equal(bring(world, part, CONTENT_SIZE), FAULT_DISK_FULL);
	assert_int_equal(blob_part_size(part), MIB);		/* what had room in memory */
	disk_room = SIZE_MAX;
	assert_int_equal(bring(world, part, 2 * MIB), OK);	/* the same part goes on */
	disk_room = 1000;
	assert_int_equal(bring(world, part, CONTENT_SIZE), FAULT_DISK_FULL);
	blob_leave(part);					/* and one that was left resumes */
	disk_room = SIZE_MAX;
	store_whole(world, case_a);
	assert_reads(world, case_a);
}

static void what_could_not_be_synced_is_not_there_and_not_resumed(void **state)
{
	struct world *world = *state;
	struct blob_part *part = begin(world, case_a);
	assert_int_equal(bring(world, part, CONTENT_SIZE), OK);
	sync_fails = true;
	assert_int_equal(blob_finish(part, CONTENT_SIZE, world->digest, NULL), FAULT_IO);
	sync_fails = false;
	assert_false(blobs_has(world->blobs, id_of(world, case_a), NULL));
	assert_int_equal(count_files(world, "incoming"), 0);
	store_whole(world, case_a);
}

static void more_than_the_disk_has_is_refused_before_it_comes(void **state)
{
	struct world *world = *state;
	struct blob_part *part = begin(world, case_a);
	assert_int_equal(blobs_have_room(world->blobs, 1), OK);
	assert_int_equal(blobs_have_room(world->blobs, UINT64_MAX), FAULT_DISK_FULL);
	assert_int_equal(blob_reserve(part, UINT64_MAX), FAULT_DISK_FULL);
	assert_int_equal(blob_reserve(part, (uint64_t)INT64_MAX), FAULT_DISK_FULL);
	assert_int_equal(blob_reserve(part, 0), OK);
	blob_discard(part);
}

/* ── the directory ──────────────────────────────────────────────────────────────────────────── */

static void blobs_are_not_opened_without_their_salt(void **state)
{
	struct world *world = *state;
	struct blobs *blobs;
	char salt[96];
	snprintf(salt, sizeof salt, "%s/.salt", world->dir);
	assert_int_equal(blobs_create(world->dir), FAULT_EXISTS);
	const char *elsewhere = scratch_path(&world->scratch, "elsewhere");
	assert_int_equal(blobs_open(elsewhere, &blobs), FAULT_STORE_MISSING);
	assert_int_equal(truncate(salt, 31), 0);
	assert_int_equal(blobs_open(world->dir, &blobs), FAULT_STORE_BROKEN);
	assert_int_equal(truncate(salt, 33), 0);
	assert_int_equal(blobs_open(world->dir, &blobs), FAULT_STORE_BROKEN);
	assert_int_equal(unlink(salt), 0);
	assert_int_equal(blobs_open(world->dir, &blobs), FAULT_STORE_BROKEN);
	assert_null(blobs);
}

static void only_the_owner_may_read_them(void **state)
{
	struct world *world = *state;
	char path[256];
	struct stat file;
	store_whole(world, case_a);
	assert_int_equal(stat(path_of(world, case_a, path), &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	assert_int_equal(stat(world->dir, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0700);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_blob_is_there_once_it_is_finished),
		TEST(names_are_the_same_after_reopening_and_tell_nothing),
		TEST(what_was_interrupted_goes_on_where_it_was),
		TEST(wrong_content_is_discarded_and_can_be_fetched_anew),
		TEST(a_part_that_rotted_while_it_waited_is_found),
		TEST(the_same_content_is_kept_once_in_a_case_and_apart_in_two),
		TEST(content_may_decide_its_own_digest),
		TEST(nothing_is_content_too),
		TEST(one_part_has_one_writer),
		TEST(rot_is_found_and_storing_again_heals_it),
		TEST(a_full_disk_refuses_and_nothing_is_corrupt),
		TEST(what_could_not_be_synced_is_not_there_and_not_resumed),
		TEST(more_than_the_disk_has_is_refused_before_it_comes),
		TEST(blobs_are_not_opened_without_their_salt),
		TEST(only_the_owner_may_read_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
