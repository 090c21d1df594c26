/* Content on a disk that rots, fills up or fails, and the directory it lies in. */
#include <errno.h>
#include <sys/syscall.h>

#include "daemon/ledger/disk.h"
#include "daemon/ledger/disk_stream.h"
#include "tests/unit/blob_worlds.h"

/* ── a disk that fails: these stand before the C library's ───────────────────────────────────── */

static size_t disk_room = SIZE_MAX;	/* bytes that still fit */
static bool sync_fails;
static size_t largest;			/* of what was written at once */

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
	largest = count > largest ? count : largest;
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

static int sound_again(void **state)
{
	disk_room = SIZE_MAX;
	sync_fails = false;
	return teardown(state);
}

/* ── rot ────────────────────────────────────────────────────────────────────────────────────────── */

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
	assert_int_equal(blob_part_size(part), 0);	/* from there on it is asked for again */
	assert_int_equal(bring(world, part, CONTENT_SIZE), OK);
	assert_int_equal(blob_finish(part, CONTENT_SIZE, world->digest, NULL), OK);
	assert_reads(world, case_a);
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

static bool is_left_alone(void)
{
	for (int i = 0; i < 500 && disk_is_awaited(); i++)
		usleep(10000);
	return !disk_is_awaited();
}

static void while_somebody_waits_for_the_disk_it_has_little_in_hand(void **state)
{
	struct world *world = *state;
	assert_true(is_left_alone());
	store_whole(world, case_a);
	assert_int_equal(largest, DISK_PIECE_SIZE);
	struct blob_part *part = begin(world, case_b);
	for (size_t end = 65536; end < CONTENT_SIZE + 65536; end += 65536) {
		disk_await_sync();
		largest = end == 65536 ? 0 : largest;
		assert_int_equal(bring(world, part, end < CONTENT_SIZE ? end : CONTENT_SIZE), OK);
	}
	assert_int_equal(largest, DISK_STEP_SIZE);
	assert_int_equal(blob_finish(part, CONTENT_SIZE, world->digest, NULL), OK);
	disk_await_sync();
	assert_reads(world, case_b);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, sound_again)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_part_that_rotted_while_it_waited_is_found),
		TEST(rot_is_found_and_storing_again_heals_it),
		TEST(a_full_disk_refuses_and_nothing_is_corrupt),
		TEST(what_could_not_be_synced_is_not_there_and_not_resumed),
		TEST(while_somebody_waits_for_the_disk_it_has_little_in_hand),
		TEST(more_than_the_disk_has_is_refused_before_it_comes),
		TEST(blobs_are_not_opened_without_their_salt),
		TEST(only_the_owner_may_read_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
