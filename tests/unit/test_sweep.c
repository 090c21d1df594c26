/* Parts that were left: which are swept. */
#include "tests/unit/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "certs/digest.h"
#include "tests/unit/blob_keys.h"

enum { HOUR = 3600 };

static const uint8_t case_id[CASE_ID_SIZE] = "a case of ours.";

struct world {
	struct scratch scratch;
	char incoming[96];
	struct blobs *blobs;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	char dir[80];
	scratch_new(&world->scratch);
	snprintf(dir, sizeof dir, "%s/blobs", world->scratch.dir);
	snprintf(world->incoming, sizeof world->incoming, "%s/incoming", dir);
	assert_int_equal(blobs_create(dir), OK);
	assert_int_equal(blobs_open_with_keys(dir, &world->blobs), OK);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;
	blobs_close(world->blobs);
	scratch_remove(&world->scratch);
	free(world);
	return 0;
}

static struct blob_part *begin(struct world *world, const char *token)
{
	struct blob_part *part;
	assert_int_equal(blob_begin(world->blobs, case_id, span_of_text(token), &part), OK);
	assert_int_equal(blob_write(part, span_of_text("what has come so far")), OK);
	return part;
}

/* Make all files there so many hours old; how many there are. */
static size_t age(struct world *world, int hours)
{
	DIR *dir = opendir(world->incoming);
	size_t count = 0;
	for (const struct dirent *entry; (entry = readdir(dir)); ) {
		struct timespec times[2] = { { .tv_sec = time(NULL) - hours * HOUR }, { .tv_sec = time(NULL) - hours * HOUR } };
		if (entry->d_name[0] == '.')
			continue;
		assert_int_equal(utimensat(dirfd(dir), entry->d_name, times, 0), 0);
		count++;
	}
	closedir(dir);
	return count;
}

static size_t sweep(struct world *world, const char *needed)
{
	struct blob_leftovers *leftovers;
	size_t swept = 0;
	assert_int_equal(blob_leftovers_open(world->blobs, time(NULL) - 24 * HOUR, &leftovers), OK);
	while (blob_leftovers_next(leftovers)) {
		if (needed)
			assert_int_equal(blob_leftovers_spare(leftovers, case_id, span_of_text(needed)), OK);
		swept += blob_leftovers_delete(leftovers);
	}
	blob_leftovers_close(leftovers);
	return swept;
}

static void what_is_old_and_not_needed_goes(void **state)
{
	struct world *world = *state;
	char token[16];
	for (int i = 0; i < 200; i++) {
		snprintf(token, sizeof token, "part %d", i);
		blob_leave(begin(world, token));
	}
	assert_int_equal(age(world, 23), 200);
	assert_int_equal(sweep(world, NULL), 0);
	assert_int_equal(age(world, 25), 200);
	assert_int_equal(sweep(world, "part 7"), 199);
	assert_int_equal(age(world, 25), 1);
	struct blob_part *part;
	assert_int_equal(blob_begin(world->blobs, case_id, span_of_text("part 7"), &part), OK);
	assert_int_equal(blob_part_size(part), 0);	/* of what came the head alone is there: it was no whole chunk */
	blob_discard(part);
}

static void what_is_being_written_stays_however_old(void **state)
{
	struct world *world = *state;
	struct blob_part *part = begin(world, "slow");
	blob_leave(begin(world, "left"));
	assert_int_equal(age(world, 1000), 2);
	assert_int_equal(sweep(world, NULL), 1);
	assert_int_equal(age(world, 1000), 1);
	blob_discard(part);
}

static void what_is_no_part_stays(void **state)
{
	struct world *world = *state;
	char path[160];
	snprintf(path, sizeof path, "%s/notes-of-the-operator.part", world->incoming);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(age(world, 1000), 1);
	assert_int_equal(sweep(world, NULL), 0);
	assert_int_equal(age(world, 1000), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_old_and_not_needed_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_being_written_stays_however_old, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_part_stays, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
