#pragma once
/* For tests: a directory of one's own, gone afterwards with all that is in it.  Includes first what
 * cmocka.h wants included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char dir[64];
	char path[128];			/* what scratch_path() gave last */
};

static inline void scratch_new(struct scratch *scratch)
{
	strcpy(scratch->dir, "/tmp/comity-test-XXXXXX");
	assert_non_null(mkdtemp(scratch->dir));
}

/* That name below the directory; lasts until the next one. */
static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
	snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->dir, name);
	return scratch->path;
}

static inline int scratch_remove_one(const char *path, const struct stat *file, int kind,
                                     struct FTW *ftw)
{
	(void)file, (void)kind, (void)ftw;
	return remove(path);
}

static inline void scratch_remove(struct scratch *scratch)
{
	nftw(scratch->dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
