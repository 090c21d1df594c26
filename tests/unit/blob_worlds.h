#pragma once
/* A directory of blobs and a content of some pieces, for tests of them. */
#include "tests/unit/scratch.h"

#include <dirent.h>

#include "certs/digest.h"
#include "tests/unit/blob_keys.h"

enum { MIB = 1 << 20 };

static const uint8_t case_a[CASE_ID_SIZE] = "the case of A..", case_b[CASE_ID_SIZE] = "the case of B..";

struct world {
	struct scratch scratch;
	char dir[80];
	struct blobs *blobs;
	uint8_t *content;		/* CONTENT_SIZE bytes, no two pieces alike */
	uint8_t digest[DIGEST_SIZE];
};

enum { CONTENT_SIZE = 3 * MIB + 17 };

static inline int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	scratch_new(&world->scratch);
	snprintf(world->dir, sizeof world->dir, "%s/blobs", world->scratch.dir);
	assert_int_equal(blobs_create(world->dir), OK);
	assert_int_equal(blobs_open_with_keys(world->dir, &world->blobs), OK);
	world->content = malloc(CONTENT_SIZE);
	for (uint32_t i = 0, x = 1; i < CONTENT_SIZE; i++, x = x * 1664525 + 1013904223)
		world->content[i] = (uint8_t)(x >> 24);
	digest_of(world->digest, (struct span){ world->content, CONTENT_SIZE });
	*state = world;
	return 0;
}

static inline int teardown(void **state)
{
	struct world *world = *state;
	blobs_close(world->blobs);
	scratch_remove(&world->scratch);
	free(world->content);
	free(world);
	return 0;
}

static inline struct blob_id id_of(struct world *world, const uint8_t *case_id)
{
	return (struct blob_id){ case_id, world->digest };
}

static inline struct blob_part *begin(struct world *world, const uint8_t *case_id)
{
	struct blob_part *part;
	assert_int_equal(blob_begin(world->blobs, case_id, SPAN(world->digest), &part), OK);
	return part;
}

/* Bring the content from where the part is to `end`. */
static inline enum fault bring(struct world *world, struct blob_part *part, size_t end)
{
	while (blob_part_size(part) < end) {
		size_t at = (size_t)blob_part_size(part), left = end - at;
		TRY(blob_write(part, (struct span){ world->content + at, left < 65536 ? left : 65536 }));
	}
	return OK;
}

static inline void store_whole(struct world *world, const uint8_t *case_id)
{
	struct blob_part *part = begin(world, case_id);
	assert_int_equal(bring(world, part, CONTENT_SIZE), OK);
	assert_int_equal(blob_finish(part, CONTENT_SIZE, world->digest, NULL), OK);
}

static inline int count_files(struct world *world, const char *below)
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

static inline char *path_of(struct world *world, const uint8_t *case_id, char path[256])
{
	char name[BLOB_NAME_SIZE];
	assert_int_equal(blobs_name(world->blobs, id_of(world, case_id), name), OK);
	snprintf(path, 256, "%s/%s", world->dir, name);
	return path;
}

static inline void assert_reads(struct world *world, const uint8_t *case_id)
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
